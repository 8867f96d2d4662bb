"""What changed: one row for each field of each change. Append-only: the database refuses to alter or delete a row.

It names its subject and its author by kind and number, without foreign keys, so that it outlives both and every app may use it.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Change(models.Model):
    """One field of one subject, before and after. `who_name` is kept as it was then; without `who_id` the system did it."""

    at = models.DateTimeField(_("fecha"))
    who_id = models.BigIntegerField(null=True, blank=True)
    who_name = models.CharField(_("quién"), max_length=200)
    subject = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    field = models.CharField(_("dato"), max_length=60)
    before = models.TextField(_("antes"), blank=True)
    after = models.TextField(_("después"), blank=True)

    class Meta:
        verbose_name = _("cambio")
        verbose_name_plural = _("cambios")
        indexes = [models.Index(fields=["subject", "subject_id", "-id"], name="change_of_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id}: {self.field}"
