"""Texts with versions: written as a draft, published as a numbered version that never changes again, with who and when.

The database refuses to alter or delete what is published (a trigger of each table).
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class TextState(models.TextChoices):
    """Where a text is."""

    DRAFT = "draft", _("Borrador")
    PUBLISHED = "published", _("Publicada")


class VersionedText(models.Model):
    """A draft, which has no number yet, or a published version."""

    state = models.CharField(_("estado"), max_length=9, choices=TextState.choices, default=TextState.DRAFT)
    version = models.PositiveIntegerField(_("versión"), null=True, blank=True)
    body = models.TextField(_("texto"), max_length=60_000)
    asks_again = models.BooleanField(
        _("pedir que se acepte de nuevo"), default=False, help_text=_("Quien ya aceptó otra versión la verá y la aceptará antes de seguir.")
    )
    edited_at = models.DateTimeField(_("editada"))
    edited_by = models.CharField(_("la editó"), max_length=200)
    published_at = models.DateTimeField(_("publicada"), null=True, blank=True)
    published_by = models.CharField(_("la publicó"), max_length=200, blank=True)

    class Meta:
        abstract = True


def numbered(prefix: str) -> models.CheckConstraint:
    """A draft has no number; a published version has one, and its moment."""
    draft = models.Q(state="draft", version=None, published_at=None)
    return models.CheckConstraint(
        condition=draft | models.Q(state="published", version__gte=1, published_at__isnull=False), name=f"{prefix}_numbered"
    )


class PolicyText(VersionedText):
    """The agency's own policy on personal data: by law it is the one that answers for its clients'."""

    class Meta:
        verbose_name = _("política de datos")
        verbose_name_plural = _("políticas de datos")
        constraints = [
            numbered("policy"),
            models.UniqueConstraint(fields=["version"], name="policy_version_once"),
            models.UniqueConstraint(fields=["state"], condition=models.Q(state="draft"), name="policy_one_draft"),
        ]

    def __str__(self) -> str:
        return f"Política de datos, {self.get_state_display()} {self.version or ''}".strip()
