"""What the desk adds to money: proofs of payments received outside and of transfers, credits used,
reversals, refunds, and what a person must look at.

Fields and constraints only; every row says who made it and when. Reversals are numbered documents that never change.
They are part of `payments.models`: import them from there.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client
from payments.columns import cop_field, staff_field


class Proof(models.Model):
    """The paper that shows a payment received outside, kept privately. `name` is ours, never the uploader's."""

    payment = models.OneToOneField("payments.Payment", on_delete=models.PROTECT, related_name="proof")
    path = models.CharField(max_length=200)
    name = models.CharField(max_length=60)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    made_by = staff_field()
    made_at = models.DateTimeField()


class TransferState(models.TextChoices):
    """What became of a transfer's proof. The values are the gateway's own states (payments/gateway.py)."""

    WAITING = "pending", _("En verificación")
    CONFIRMED = "approved", _("Confirmada")
    REJECTED = "declined", _("Rechazada")


class TransferProof(models.Model):
    """The proof of a bank transfer that a client handed in, one for each attempt, and what staff decided. `name` is ours."""

    attempt = models.OneToOneField("payments.Attempt", on_delete=models.PROTECT, related_name="transfer_proof")
    path = models.CharField(max_length=200)
    name = models.CharField(max_length=60)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    state = models.CharField(_("estado"), max_length=10, choices=TransferState.choices, default=TransferState.WAITING)
    bank_reference = models.CharField(_("referencia del banco"), max_length=60, blank=True)
    reason = models.CharField(_("motivo"), max_length=200, blank=True)
    decided_by = staff_field(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("transferencia por verificar")
        verbose_name_plural = _("transferencias por verificar")
        constraints = [
            models.CheckConstraint(condition=Q(state="pending") | Q(decided_by__isnull=False), name="transfer_decided_by"),
            models.CheckConstraint(condition=~Q(state="declined") | ~Q(reason=""), name="transfer_rejected_why"),
        ]
        indexes = [models.Index(fields=["id"], name="transfer_waiting", condition=Q(state="pending"))]


class CreditUse(models.Model):
    """A client's credit put on invoices: by staff, `key` being its form's, or by the agency's rule (`made_by` is nobody), `key`
being the invoice's. The same key applies once."""

    key = models.UUIDField(unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="credit_uses")
    amount = cop_field()
    made_by = staff_field(null=True, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="credit_use_amount")]


class ReversalKind(models.TextChoices):
    """Why money went back."""

    STAFF = "staff", _("Reversado por la inmobiliaria")
    REFUND = "refund", _("Reembolso")
    CHARGEBACK = "chargeback", _("Contracargo")


class Reversal(models.Model):
    """Money of a payment that went back, whole or part: a document of its own, with its negative movements.

    `key` says what it comes from, so that nothing is taken back twice. By staff (`made_by`) or on the gateway's evidence.
    """

    prefix = models.CharField(max_length=10)
    number = models.PositiveBigIntegerField(_("número"))
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=ReversalKind.choices)
    payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, related_name="reversals")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="reversals")
    amount = cop_field()
    reason = models.CharField(_("motivo"), max_length=300)
    evidence = models.JSONField(default=dict)
    made_by = staff_field(null=True, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reversión")
        verbose_name_plural = _("reversiones")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["prefix", "number"], name="reversal_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="reversal_amount"),
            models.CheckConstraint(
                condition=Q(kind="staff", made_by__isnull=False) | (~Q(kind="staff") & ~Q(evidence={})), name="reversal_on_whose_word"
            ),
        ]

    @property
    def full_number(self) -> str:
        """`RV-3`."""
        return f"{self.prefix}-{self.number}"


class RefundState(models.TextChoices):
    """Where a refund asked of the gateway is. Unknown is never declined: a SENT one is asked about."""

    REQUESTED = "requested", _("Por enviar")
    SENT = "sent", _("Enviado, sin respuesta")
    PENDING = "pending", _("En estudio en la pasarela")
    APPROVED = "approved", _("Aprobado")
    DECLINED = "declined", _("Rechazado")


class Refund(models.Model):
    """Money asked back of the gateway by staff, followed to its end. One at a time for a payment."""

    payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, related_name="refunds")
    attempt = models.ForeignKey("payments.Attempt", on_delete=models.PROTECT, related_name="refunds")
    key = models.UUIDField(unique=True)
    amount = cop_field()
    reason = models.CharField(_("motivo"), max_length=200)
    state = models.CharField(_("estado"), max_length=10, choices=RefundState.choices, default=RefundState.REQUESTED)
    message = models.CharField(max_length=300, blank=True)
    gateway_transaction = models.CharField(max_length=80, blank=True)  # of the refund, once the gateway gave it one
    made_by = staff_field()
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("reembolso")
        verbose_name_plural = _("reembolsos")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount"),
            models.CheckConstraint(condition=Q(decided_at=None) | Q(decided_at__gte=F("made_at")), name="refund_decided_later"),
            models.UniqueConstraint(
                fields=["payment"], name="refund_open_once", condition=Q(state__in=["requested", "sent", "pending"])
            ),
        ]


class Review(models.Model):
    """Something about money that a person of the agency must look at."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    text = models.TextField()
    payment = models.ForeignKey("payments.Payment", null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    attempt = models.ForeignKey("payments.Attempt", null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    callback = models.ForeignKey("payments.Callback", null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    evidence = models.JSONField(default=dict, blank=True)  # of the gateway: amount, currency, gateway_transaction, order, state
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = staff_field(null=True, blank=True)
    note = models.TextField(_("nota"), blank=True)  # what was decided

    class Meta:
        verbose_name = _("pago por revisar")
        verbose_name_plural = _("pagos por revisar")
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None) | Q(closed_at__isnull=False, closed_by__isnull=False), name="review_closed_by"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="review_open", condition=Q(closed_at=None))]
