"""What an agency's own software is known by, what it was answered, and where it is told of what happens.

A key is kept as a hash. The secrets that sign notices are sealed: they must be opened to sign. A notice holds ids and
amounts, never a person's data. Answers of POSTs are kept for a day or so, and purged by a job.
"""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_STAFF: dict[str, Any] = {"on_delete": models.PROTECT, "related_name": "+"}


class ApiKey(models.Model):
    """A key of the agency's software. `prefix` finds it, `digest` proves it; what was shown once is not kept."""

    name = models.CharField(_("nombre"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20), verbose_name=_("permisos"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, **_STAFF)
    made_at = models.DateTimeField(_("creada"))
    expires_on = models.DateField(_("vence"), null=True, blank=True)  # the last day on which it is good
    last_used_at = models.DateTimeField(_("último uso"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revocada"), null=True, blank=True)

    class Meta:
        verbose_name = _("llave de la API")
        verbose_name_plural = _("llaves de la API")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class KeptAnswer(models.Model):
    """What a POST with an Idempotency-Key was answered: the same again gets the same. Written in the transaction of the fact."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64)  # of the address and the body
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    headers = models.JSONField(default=dict)
    answered_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="kept_answer_once")]


class OutgoingKind(models.TextChoices):
    """What the agency's software can be told of."""

    PAYMENT_APPROVED = "payment.approved", _("Pago aprobado")
    PAYMENT_REVERSED = "payment.reversed", _("Pago reversado, todo o una parte")
    INVOICE_ISSUED = "invoice.issued", _("Factura emitida")
    PAYOUT_PAID = "payout.paid", _("Egreso pagado a un propietario")
    CASE_OPENED = "case.opened", _("PQRS radicada")
    CASE_ANSWERED = "case.answered", _("PQRS respondida")


TEST = "test"  # a kind that nothing publishes but the button *Probar*


class NoticeAddress(models.Model):
    """Where an agency's software listens. Two secrets are valid while one replaces the other."""

    url = models.CharField(_("dirección"), max_length=500)
    kinds = ArrayField(models.CharField(max_length=30), verbose_name=_("avisos"))
    secret = models.TextField(editable=False, blank=True)
    previous_secret = models.TextField(editable=False, blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    active = models.BooleanField(_("activa"), default=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, **_STAFF)
    made_at = models.DateTimeField()
    # The breaker: after some failures in a row nothing is tried until then.
    failures = models.PositiveIntegerField(default=0)
    resting_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("dirección de avisos")
        verbose_name_plural = _("direcciones de avisos")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.url


class NoticeState(models.TextChoices):
    """Where a notice is."""

    WAITING = "waiting", _("Por entregar")
    DELIVERED = "delivered", _("Entregado")
    GIVEN_UP = "given_up", _("Sin entregar")


class Notice(models.Model):
    """One fact for one address, written in the transaction of the fact. `event` is the same for all addresses and tries."""

    address = models.ForeignKey(NoticeAddress, on_delete=models.CASCADE, related_name="notices")
    event = models.UUIDField()
    kind = models.CharField(_("aviso"), max_length=30)
    body = models.TextField()  # the very text that is signed and sent
    state = models.CharField(_("estado"), max_length=10, choices=NoticeState.choices, default=NoticeState.WAITING)
    made_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=1)  # the first, and each time that somebody sent it again

    class Meta:
        verbose_name = _("aviso saliente")
        verbose_name_plural = _("avisos salientes")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["address", "event"], name="notice_once"),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_known"),
        ]
        indexes = [models.Index(fields=["made_at"], name="notice_made")]


class NoticeTry(models.Model):
    """One try at delivering a notice: what came back, how long it took."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # of HTTP; none when nothing came back
    error = models.CharField(max_length=200, blank=True)  # for people
    answer = models.CharField(max_length=500, blank=True)  # its first bytes
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["-pk"]
