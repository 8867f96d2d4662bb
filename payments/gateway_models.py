"""What is between us and a gateway: the agency's account at it, each trip of a payer to it, and everything that it said.

Fields and constraints only. What the gateway said is kept as it came before it is believed (`payments/callbacks.py`); an
attempt moves in `payments/settlement.py` alone. They are part of `payments.models`: import them from there.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.columns import cop_field


class GatewayAccount(models.Model):
    """The agency's own account at a gateway. Secrets are encrypted (AES-256-GCM bound to this row) and never shown."""

    provider = models.CharField(_("pasarela"), max_length=20, default="payu")
    merchant_id = models.CharField(_("comercio"), max_length=12)
    account_id = models.CharField(_("cuenta"), max_length=12)
    api_login = models.TextField(editable=False, blank=True)
    api_key = models.TextField(editable=False, blank=True)
    previous_api_key = models.TextField(editable=False, blank=True)
    hmac_secret = models.TextField(editable=False, blank=True)
    told = models.JSONField(default=dict, blank=True)  # what a payer is told of it; nothing secret
    algorithm = models.CharField(_("algoritmo de firma"), max_length=12, default="MD5")
    test = models.BooleanField(_("modo de pruebas"), default=True)
    active = models.BooleanField(_("activa"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("cuenta de pasarela")
        verbose_name_plural = _("cuentas de pasarela")
        constraints = [
            models.UniqueConstraint(fields=["provider"], name="gateway_account_active", condition=Q(active=True)),
        ]


class AttemptState(models.TextChoices):
    """Where one trip to the gateway is."""

    SENT = "sent", _("Enviado a la pasarela")
    PENDING = "pending", _("Pendiente en la pasarela")
    APPROVED = "approved", _("Aprobado")
    DECLINED = "declined", _("Rechazado")
    EXPIRED = "expired", _("Vencido")


class Attempt(models.Model):
    """One trip to the gateway, under a fresh random reference. Committed before the payer leaves."""

    payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, related_name="attempts")
    account = models.ForeignKey(GatewayAccount, on_delete=models.PROTECT, related_name="attempts")
    reference = models.CharField(max_length=60, unique=True)
    amount = cop_field()
    currency = models.CharField(max_length=3, default="COP")
    test = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=AttemptState.choices, default=AttemptState.SENT)
    # How many payments were credited for this reference. A signature alone credits the first; any further one needs
    # evidence from the Queries API (docs/payments.md).
    credited = models.PositiveSmallIntegerField(default=0)
    gateway_order = models.CharField(max_length=60, blank=True)
    gateway_transaction = models.CharField(max_length=80, blank=True)
    means = models.CharField(max_length=60, blank=True)
    authorisation = models.CharField(max_length=60, blank=True)
    cus = models.CharField(max_length=60, blank=True)
    response_code = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_state = models.CharField(max_length=10, blank=True)  # what the browser brought back: shown, never believed
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_times = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("intento")
        verbose_name_plural = _("intentos")
        ordering = ["-created_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="attempt_amount")]


class CallbackState(models.TextChoices):
    """What became of what the gateway said."""

    NEW = "new", _("Recibida")
    SETTLED = "settled", _("Aplicada")
    IGNORED = "ignored", _("Sin efecto")
    QUARANTINED = "quarantined", _("En cuarentena")


class CallbackSource(models.TextChoices):
    """Who brought it: the gateway itself, or our own question to it."""

    POST = "post", _("Confirmación")
    QUERY = "query", _("Consulta")


class Callback(models.Model):
    """The inbox: everything that the gateway said, kept as it came before it is believed. Order is by `id`."""

    source = models.CharField(max_length=6, choices=CallbackSource.choices, default=CallbackSource.POST)
    digest = models.CharField(max_length=64, unique=True)  # of what was said, less the count of tries
    body = models.TextField()  # the bytes as they came, read as Latin-1
    content_type = models.CharField(max_length=100)
    reference = models.CharField(max_length=60, blank=True, db_index=True)
    attempt = models.ForeignKey(Attempt, null=True, blank=True, on_delete=models.PROTECT, related_name="callbacks")
    remote_address = models.GenericIPAddressField(null=True, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    times = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=12, choices=CallbackState.choices, default=CallbackState.NEW)
    reason = models.CharField(max_length=60, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("aviso de la pasarela")
        verbose_name_plural = _("avisos de la pasarela")
        indexes = [models.Index(fields=["state", "id"], name="callback_state")]
