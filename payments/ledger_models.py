"""The ledger and its proofs: movements of money, receipts with their files, and the counter that numbers them.

Fields and constraints only. Movements and receipts are only ever added to: nothing here is changed or deleted. They are part
of `payments.models`: import them from there.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client
from payments.columns import cop_field


class Counter(models.Model):
    """The last number given in a series, e.g. receipts. Its row is locked while a number is taken: no gaps."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)


class MovementKind(models.TextChoices):
    """Why money moved between a payment and an invoice, or into a client's favour."""

    APPLIED = "applied", _("Aplicado a factura")
    CREDIT = "credit", _("Saldo a favor")
    DEDUCTED = "deducted", _("Descontado del egreso")
    REVERSED = "reversed", _("Reversado")
    NOTE = "note", _("Nota crédito")
    RELEASED = "released", _("Pasado a saldo a favor")


class Movement(models.Model):
    """The ledger, only ever added to. COP; negative for a reversal. Without invoice it is a credit of the client, negative
    when the credit was used. The movements of a payment add up to what it brought less what was reversed."""

    kind = models.CharField(max_length=10, choices=MovementKind.choices)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="movements")
    payment = models.ForeignKey("payments.Payment", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    attempt = models.ForeignKey("payments.Attempt", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    invoice = models.ForeignKey("payments.Invoice", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    amount = cop_field()
    on = models.DateField(_("fecha"))
    made_at = models.DateTimeField(auto_now_add=True)
    # What made it, when it was not the payment itself.
    reversal = models.ForeignKey("payments.Reversal", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    credit_use = models.ForeignKey("payments.CreditUse", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    credit_note = models.ForeignKey("payments.CreditNote", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")

    class Meta:
        verbose_name = _("movimiento")
        verbose_name_plural = _("movimientos")
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="movement_not_zero")]


class Receipt(models.Model):
    """The proof of a payment. Never changes: what it says is kept in `content`; its PDF can be made again from it."""

    prefix = models.CharField(max_length=10)
    number = models.PositiveBigIntegerField(_("número"))
    payment = models.OneToOneField("payments.Payment", on_delete=models.PROTECT, related_name="receipt")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="receipts")
    amount = cop_field()
    issued_at = models.DateTimeField(_("expedido"))
    code = models.CharField(max_length=24, unique=True)
    content = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("comprobante de pago")
        verbose_name_plural = _("comprobantes de pago")
        ordering = ["-issued_at", "-number"]
        constraints = [models.UniqueConstraint(fields=["prefix", "number"], name="receipt_number_once")]

    @property
    def full_number(self) -> str:
        """`CP-17`."""
        return f"{self.prefix}-{self.number}"


class ReceiptFile(models.Model):
    """A receipt's PDF as it was stored. Rebuildable; the hash tells whether the file is still the one made."""

    receipt = models.OneToOneField(Receipt, on_delete=models.CASCADE, related_name="file")
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    made_at = models.DateTimeField(auto_now_add=True)
