"""Money: what is asked for, what was tried, what came in, what was paid out.

Fields, constraints and querysets only. Amounts are COP with two decimals; times UTC. `payments/settlement.py` is the one
place where a payment changes state; movements and receipts are only ever added.

Here are the invoice and the payment; all other models of this app are in modules of their own (`*_models.py`), which point
to these by name. Everybody imports them from here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, Lease
from payments.columns import cop_field, staff_field
from payments.desk_models import (  # noqa: F401
    CreditUse,
    Proof,
    Refund,
    RefundState,
    Reversal,
    ReversalKind,
    Review,
    TransferProof,
    TransferState,
)
from payments.gateway_models import Attempt, AttemptState, Callback, CallbackSource, CallbackState, GatewayAccount  # noqa: F401
from payments.invoicing.models import (  # noqa: F401
    CreditNote,
    InvoiceLine,
    InvoicePaper,
    InvoiceRun,
    InvoicingPolicy,
    ItemState,
    LineKind,
    PaperKind,
    RentIncrease,
    Resolution,
    RunItem,
    RunKind,
    RunState,
    Series,
    YearFigures,
)
from payments.ledger_models import Counter, Movement, MovementKind, Receipt, ReceiptFile  # noqa: F401
from payments.payouts.models import (  # noqa: F401
    AccountKind,
    BankFile,
    DeductionKind,
    Liquidation,
    OrderState,
    OwnerBank,
    Payout,
    PayoutCommission,
    PayoutDeduction,
    PayoutLine,
    PayoutOrder,
    PayoutSource,
)
from payments.policy import PaymentPolicy  # noqa: F401
from payments.reminders.models import Contact, ContactState, Reminder, ReminderKind, ReminderPolicy  # noqa: F401


class InvoiceKind(models.TextChoices):
    """Rent is asked of the renter, commission of the owner."""

    RENT = "rent", _("Arrendamiento")
    COMMISSION = "commission", _("Comisión")


class InvoiceState(models.TextChoices):
    """What an invoice shows. Never stored: it follows from its amounts, dates and open attempts."""

    PENDING = "pending", _("Pendiente")
    IN_PROCESS = "in_process", _("En proceso")
    PAID = "paid", _("Pagada")
    OVERDUE = "overdue", _("Vencida")
    VOID = "void", _("Anulada")
    CREDITED = "credited", _("Con nota crédito")
    PARTLY_PAID = "partly_paid", _("Abonada")


class InvoiceQuerySet(QuerySet["Invoice"]):
    """How invoices are looked at."""

    def with_state(self, *, today: date) -> InvoiceQuerySet:
        """Each row with `state` (InvoiceState) as of `today` and `in_process` (an attempt is open)."""
        open_attempt = Attempt.objects.filter(
            payment__lines__invoice=OuterRef("pk"), state__in=[AttemptState.SENT, AttemptState.PENDING]
        )
        return self.annotate(
            balance_due=F("total") - F("applied"),
            in_process=Exists(open_attempt.filter(Q(state=AttemptState.PENDING) | Q(returned_state="pending"))),
        ).annotate(
            state=models.Case(
                models.When(voided_at__isnull=False, then=models.Value(InvoiceState.VOID)),
                models.When(credited__gt=0, credited__gte=F("total"), then=models.Value(InvoiceState.CREDITED)),
                models.When(applied__gte=F("total"), then=models.Value(InvoiceState.PAID)),
                models.When(in_process=True, then=models.Value(InvoiceState.IN_PROCESS)),
                models.When(due_on__lt=today, then=models.Value(InvoiceState.OVERDUE)),
                models.When(applied__gt=F("credited"), then=models.Value(InvoiceState.PARTLY_PAID)),
                default=models.Value(InvoiceState.PENDING),
                output_field=models.CharField(),
            )
        )

    def owed(self) -> InvoiceQuerySet:
        """Those with a balance."""
        return self.filter(voided_at=None, applied__lt=F("total"))


def full_number(prefix: str, number: int) -> str:
    """An invoice's prefix and number as people write it: `FA-5001`."""
    return f"{prefix}-{number}" if prefix else str(number)


class Invoice(models.Model):
    """An amount asked for. `total` = base + administration + extras + iva − withholding; `extras` is the sum of its lines,
    `applied` what movements covered, `credited` what of it was covered by credit notes."""

    kind = models.CharField(_("tipo"), max_length=10, choices=InvoiceKind.choices)
    prefix = models.CharField(_("prefijo"), max_length=10)
    number = models.PositiveBigIntegerField(_("número"))
    lease = models.ForeignKey(Lease, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="invoices")
    period = models.DateField(_("periodo"))  # first day of the month
    issued_on = models.DateField(_("emisión"))
    due_on = models.DateField(_("vencimiento"))
    concept = models.CharField(_("concepto"), max_length=200)
    base = cop_field(_("canon o comisión"))
    administration = cop_field(_("administración"), default=0)
    iva = cop_field("IVA", default=0)
    withholding = cop_field(_("retención"), default=0)
    extras = cop_field(_("otros conceptos"), default=0)
    total = cop_field(_("total"))
    applied = cop_field(_("abonado"), default=0)
    credited = cop_field(_("notas crédito"), default=0)
    cufe = models.CharField("CUFE", max_length=200, blank=True)
    voided_at = models.DateTimeField(_("anulada"), null=True, blank=True)
    voided_reason = models.CharField(_("motivo"), max_length=200, blank=True)
    voided_by = staff_field(null=True, blank=True)
    # Issued here: by which numbering, by which run or which form (the same form issues once), and by whom.
    resolution = models.ForeignKey("Resolution", null=True, blank=True, on_delete=models.PROTECT, related_name="invoices")
    run = models.ForeignKey("InvoiceRun", null=True, blank=True, on_delete=models.PROTECT, related_name="invoices")
    entry_key = models.UUIDField(null=True, blank=True, unique=True)
    issued_by = staff_field(null=True, blank=True)
    mail_asked_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(_("enviada"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("factura")
        verbose_name_plural = _("facturas")
        ordering = ["-issued_on", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["prefix", "number"], name="invoice_number_once"),
            models.CheckConstraint(condition=Q(total__gte=0, applied__gte=0), name="invoice_amounts"),
            models.CheckConstraint(condition=Q(applied__lte=F("total")), name="invoice_not_overpaid"),
            models.CheckConstraint(condition=Q(credited__gte=0, credited__lte=F("applied")), name="invoice_credited"),
            models.CheckConstraint(
                # What a book brought says what its own papers said.
                condition=Q(resolution=None) | Q(total=F("base") + F("administration") + F("extras") + F("iva") - F("withholding")),
                name="invoice_adds_up",
            ),
            models.UniqueConstraint(
                fields=["lease", "period", "kind", "client"], name="invoice_of_run_once", condition=Q(run__isnull=False, voided_at=None)
            ),
        ]
        indexes = [
            models.Index(fields=["client", "kind", "-issued_on"], name="invoice_of_client"),
            models.Index(fields=["client", "kind", "-period", "-number"], name="invoice_list_of_client"),
            models.Index(fields=["period", "kind"], name="invoice_of_month"),
            models.Index(fields=["due_on"], name="invoice_owed", condition=Q(voided_at=None) & Q(applied__lt=F("total"))),
        ]

    def __str__(self) -> str:
        return self.full_number

    @property
    def full_number(self) -> str:
        """Prefix and number as people write it."""
        return full_number(self.prefix, self.number)

    @property
    def balance(self) -> Decimal:
        """What is still owed, COP."""
        return self.total - self.applied


class PaymentSource(models.TextChoices):
    """Where a payment comes from."""

    GATEWAY = "gateway", _("En línea")
    MANUAL = "manual", _("Registrado por la inmobiliaria")
    IMPORTED = "imported", _("Importado")


class PaymentState(models.TextChoices):
    """Where a payment is. Allowed moves: payments/settlement.py."""

    STARTED = "started", _("Iniciado")
    PENDING = "pending", _("Pendiente")
    APPROVED = "approved", _("Aprobado")
    DECLINED = "declined", _("Rechazado")
    EXPIRED = "expired", _("Vencido")
    REVERSED = "reversed", _("Reversado")


class Basis(models.TextChoices):
    """On whose word a payment was credited. A signature alone credits one payment of an attempt, never two."""

    SIGNATURE = "signature", _("Firma de la pasarela")
    QUERY = "query", _("Consulta a la pasarela")


class Payment(models.Model):
    """One try at paying, for one or several invoices of a client, by whatever means."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="payments")
    source = models.CharField(_("origen"), max_length=10, choices=PaymentSource.choices)
    state = models.CharField(_("estado"), max_length=10, choices=PaymentState.choices, default=PaymentState.STARTED)
    amount = cop_field()
    means = models.CharField(_("medio de pago"), max_length=60, blank=True)
    reference = models.CharField(_("referencia"), max_length=80, blank=True)
    reason = models.CharField(_("motivo"), max_length=200, blank=True)  # why it was declined, for people
    paid_on = models.DateField(_("fecha de pago"), null=True, blank=True)
    payer_name = models.CharField(max_length=150, blank=True)
    payer_email = models.EmailField(blank=True)
    payer_phone = models.CharField(max_length=20, blank=True)
    payer_document_type = models.CharField(max_length=3, blank=True)
    payer_document = models.CharField(max_length=25, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    # Online: the attempt whose money this is, on whose word, and the gateway's id of the charge.
    credited_by = models.ForeignKey("Attempt", null=True, blank=True, on_delete=models.PROTECT, related_name="credits")
    basis = models.CharField(max_length=10, choices=Basis.choices, blank=True)
    gateway_transaction = models.CharField(max_length=80, blank=True)
    # Registered by staff: who, and the key of the form, which registers once however often it is sent.
    entered_by = staff_field(null=True, blank=True)
    entry_key = models.UUIDField(null=True, blank=True, unique=True)

    class Meta:
        verbose_name = _("pago")
        verbose_name_plural = _("pagos")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount"),
            models.UniqueConstraint(fields=["credited_by"], name="payment_signature_once", condition=Q(basis="signature")),
            models.UniqueConstraint(
                fields=["credited_by", "gateway_transaction"], name="payment_charge_once", condition=~Q(gateway_transaction="")
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-created_at"], name="payment_of_client"),
            models.Index(fields=["paid_on"], name="payment_paid_on"),
            models.Index(Upper("reference"), name="payment_reference"),
        ]


class PaymentLine(models.Model):
    """How much of a payment is meant for an invoice."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="lines")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payment_lines")
    amount = cop_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "invoice"], name="payment_line_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_line_amount"),
        ]
