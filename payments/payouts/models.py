"""What paying owners is made of: the voucher (`Payout`), what comes before it (liquidations, orders, lines), and bank accounts.

Fields and constraints only. Each movement on a rent belongs to at most one liquidation (`PayoutSource`), so that no collected
peso is paid out twice. They are part of `payments.models`: import them from there.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, Lease
from payments.columns import cop_field, staff_field


class Payout(models.Model):
    """What the agency paid an owner. net = collected − commission − commission_iva − withholdings − other."""

    prefix = models.CharField(max_length=10)
    number = models.PositiveBigIntegerField(_("número"))
    owner = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="payouts")
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="payouts")
    period = models.DateField(_("periodo"))
    paid_on = models.DateField(_("fecha"))
    collected = cop_field(_("canon recaudado"))
    commission = cop_field(_("comisión"))
    commission_iva = cop_field(_("IVA de la comisión"))
    withholdings = cop_field(_("retenciones"))
    other = cop_field(_("otros descuentos"))
    net = cop_field(_("neto girado"))
    bank = models.CharField(_("banco"), max_length=60, blank=True)
    account = models.CharField(_("cuenta"), max_length=30, blank=True)

    class Meta:
        verbose_name = _("ingreso")
        verbose_name_plural = _("ingresos")
        ordering = ["-paid_on", "-number"]
        constraints = [models.UniqueConstraint(fields=["prefix", "number"], name="payout_number_once")]
        indexes = [models.Index(fields=["owner", "-paid_on"], name="payout_of_owner")]

    @property
    def full_number(self) -> str:
        """`CE-3001`."""
        return f"{self.prefix}-{self.number}"


class AccountKind(models.TextChoices):
    """What an account at a bank is."""

    SAVINGS = "savings", _("Ahorros")
    CURRENT = "current", _("Corriente")


class OwnerBank(models.Model):
    """Where an owner is paid. The account's number is sealed (payments/payouts/banks.py); `ending` is shown."""

    owner = models.OneToOneField(Client, on_delete=models.PROTECT, related_name="bank")
    bank = models.CharField(_("banco"), max_length=60)
    kind = models.CharField(_("tipo de cuenta"), max_length=8, choices=AccountKind.choices)
    account = models.TextField(editable=False, blank=True)
    ending = models.CharField(max_length=4)

    class Meta:
        verbose_name = _("cuenta del propietario")
        verbose_name_plural = _("cuentas de los propietarios")


class Liquidation(models.Model):
    """What was collected of the rents of a lease for a month and not paid out before, divided among the unit's owners."""

    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="liquidations")
    period = models.DateField(_("periodo"))
    until = models.DateField(_("recaudado hasta"))
    made_by = staff_field()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("liquidación")
        verbose_name_plural = _("liquidaciones")


class PayoutSource(models.Model):
    """A movement on a rent that a liquidation pays out, and what of it is rent and what the renter withheld. COP, both below
    zero when the movement took money back. The one-to-one is the promise: never twice for the same money."""

    movement = models.OneToOneField("payments.Movement", on_delete=models.PROTECT, related_name="paid_out")
    liquidation = models.ForeignKey(Liquidation, on_delete=models.CASCADE, related_name="sources")
    rent = cop_field()
    withheld = cop_field()


class OrderState(models.TextChoices):
    """Where an order to pay an owner is."""

    DRAFT = "draft", _("Borrador")
    REVIEWED = "reviewed", _("Revisado")
    PAID = "paid", _("Girado")


class PayoutOrder(models.Model):
    """One transfer to one owner: the sum of its lines. An owner has at most one draft, which takes what is liquidated until
    it is reviewed; below zero it waits for more."""

    owner = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="payout_orders")
    state = models.CharField(_("estado"), max_length=8, choices=OrderState.choices, default=OrderState.DRAFT)
    made_at = models.DateTimeField()
    reviewed_by = staff_field(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    paid_by = staff_field(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    paid_on = models.DateField(_("fecha del giro"), null=True, blank=True)
    bank_reference = models.CharField(_("referencia del banco"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("egreso")
        verbose_name_plural = _("egresos")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner"], name="payout_order_one_draft", condition=Q(state="draft")),
            models.CheckConstraint(condition=~Q(state="paid") | Q(paid_on__isnull=False, paid_by__isnull=False), name="payout_order_paid"),
            models.CheckConstraint(condition=Q(state="draft") | Q(reviewed_by__isnull=False), name="payout_order_reviewed"),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="payout_order_state")]

    @property
    def reference(self) -> str:
        """What the bank is told: `GIRO-12`."""
        return f"GIRO-{self.pk}"


class PayoutLine(models.Model):
    """An owner's share of a liquidation. Once paid it has its voucher. COP; below zero when money went back."""

    order = models.ForeignKey(PayoutOrder, on_delete=models.CASCADE, related_name="lines")
    liquidation = models.ForeignKey(Liquidation, on_delete=models.PROTECT, related_name="lines")
    share = models.DecimalField(_("participación"), max_digits=5, decimal_places=2)
    collected = cop_field(_("canon recaudado"))
    commission = cop_field(_("comisión"))
    commission_iva = cop_field(_("IVA de la comisión"))
    withholdings = cop_field(_("retenciones"))
    other = cop_field(_("otros descuentos"), default=0)
    net = cop_field(_("neto"))
    payout = models.OneToOneField("payments.Payout", null=True, blank=True, on_delete=models.PROTECT, related_name="line")

    class Meta:
        verbose_name = _("línea de egreso")
        verbose_name_plural = _("líneas de egreso")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["liquidation", "order"], name="payout_line_once"),
            models.CheckConstraint(
                condition=Q(net=F("collected") - F("commission") - F("commission_iva") - F("withholdings") - F("other")),
                name="payout_line_adds_up",
            ),
        ]


class PayoutCommission(models.Model):
    """A commission invoice that a line takes off, and how much of it (COP). It is covered when the line is paid."""

    line = models.ForeignKey(PayoutLine, on_delete=models.CASCADE, related_name="commissions")
    invoice = models.ForeignKey("payments.Invoice", on_delete=models.PROTECT, related_name="payout_commissions")
    amount = cop_field()
    movement = models.OneToOneField("payments.Movement", null=True, blank=True, on_delete=models.PROTECT, related_name="payout_commission")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_commission_amount"),
            models.UniqueConstraint(fields=["invoice"], name="payout_commission_open_once", condition=Q(movement=None)),
        ]


class DeductionKind(models.TextChoices):
    """What staff take off a payout."""

    REPAIR = "repair", _("Reparación")
    INSURANCE = "insurance", _("Seguro")
    LEVY = "levy", _("Gravamen a los movimientos financieros (4×1000)")
    WITHHOLDING = "withholding", _("Retención")
    OTHER = "other", _("Otro descuento")


class PayoutDeduction(models.Model):
    """Something that staff took off a line, with its reason. A withholding counts among the line's withholdings."""

    line = models.ForeignKey(PayoutLine, on_delete=models.CASCADE, related_name="deductions")
    kind = models.CharField(_("clase"), max_length=12, choices=DeductionKind.choices)
    concept = models.CharField(_("concepto"), max_length=120)
    amount = cop_field()
    key = models.UUIDField(unique=True)
    made_by = staff_field()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="payout_deduction_amount")]


class BankFile(models.Model):
    """A file in which the bank says what it paid, kept as it was read: no row of it is lost, matched or not."""

    name = models.CharField(max_length=100)
    rows = models.JSONField()  # of each: reference, document, amount, date as written; and the row's number
    made_by = staff_field()
    made_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(default=list)  # what became of each row when it was applied, in words

    class Meta:
        verbose_name = _("archivo del banco")
        verbose_name_plural = _("archivos del banco")
        ordering = ["-pk"]
