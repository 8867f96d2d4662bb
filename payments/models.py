"""Money: what is asked for, what was tried, what came in, what was paid out.

Fields, constraints and querysets only. Amounts are COP with two decimals; times UTC. `payments/settlement.py` is the one
place where a payment changes state; movements and receipts are only ever added.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, Lease
from payments.policy import PaymentPolicy as PaymentPolicy  # a model of this app, in a module of its own


def _amount(label: object, **options: object) -> models.DecimalField:
    return models.DecimalField(label, max_digits=14, decimal_places=2, **options)  # type: ignore[arg-type]


class Counter(models.Model):
    """The last number given in a series, e.g. receipts. Its row is locked while a number is taken: no gaps."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)


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
    base = _amount(_("canon o comisión"))
    administration = _amount(_("administración"), default=0)
    iva = _amount("IVA", default=0)
    withholding = _amount(_("retención"), default=0)
    extras = _amount(_("otros conceptos"), default=0)
    total = _amount(_("total"))
    applied = _amount(_("abonado"), default=0)
    credited = _amount(_("notas crédito"), default=0)
    cufe = models.CharField("CUFE", max_length=200, blank=True)
    voided_at = models.DateTimeField(_("anulada"), null=True, blank=True)
    voided_reason = models.CharField(_("motivo"), max_length=200, blank=True)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Issued here: by which numbering, by which run or which form (the same form issues once), and by whom.
    resolution = models.ForeignKey("Resolution", null=True, blank=True, on_delete=models.PROTECT, related_name="invoices")
    run = models.ForeignKey("InvoiceRun", null=True, blank=True, on_delete=models.PROTECT, related_name="invoices")
    entry_key = models.UUIDField(null=True, blank=True, unique=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
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
        """Prefix and number as people write it: `FA-5001`."""
        return f"{self.prefix}-{self.number}" if self.prefix else str(self.number)

    @property
    def balance(self) -> Decimal:
        """What is still owed, COP."""
        return self.total - self.applied


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
    amount = _amount(_("valor"))
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
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
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
    amount = _amount(_("valor"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "invoice"], name="payment_line_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_line_amount"),
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

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="attempts")
    account = models.ForeignKey(GatewayAccount, on_delete=models.PROTECT, related_name="attempts")
    reference = models.CharField(max_length=60, unique=True)
    amount = _amount(_("valor"))
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
    payment = models.ForeignKey(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    attempt = models.ForeignKey(Attempt, null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    invoice = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    amount = _amount(_("valor"))
    on = models.DateField(_("fecha"))
    made_at = models.DateTimeField(auto_now_add=True)
    # What made it, when it was not the payment itself.
    reversal = models.ForeignKey("Reversal", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    credit_use = models.ForeignKey("CreditUse", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    credit_note = models.ForeignKey("CreditNote", null=True, blank=True, on_delete=models.PROTECT, related_name="movements")

    class Meta:
        verbose_name = _("movimiento")
        verbose_name_plural = _("movimientos")
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="movement_not_zero")]


class Receipt(models.Model):
    """The proof of a payment. Never changes: what it says is kept in `content`; its PDF can be made again from it."""

    prefix = models.CharField(max_length=10)
    number = models.PositiveBigIntegerField(_("número"))
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="receipt")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="receipts")
    amount = _amount(_("valor"))
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


class Review(models.Model):
    """Something about money that a person of the agency must look at."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    text = models.TextField()
    payment = models.ForeignKey(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    attempt = models.ForeignKey(Attempt, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    callback = models.ForeignKey(Callback, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    evidence = models.JSONField(default=dict, blank=True)  # of the gateway: amount, currency, gateway_transaction, order, state
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
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


class Payout(models.Model):
    """What the agency paid an owner. net = collected − commission − commission_iva − withholdings − other."""

    prefix = models.CharField(max_length=10)
    number = models.PositiveBigIntegerField(_("número"))
    owner = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="payouts")
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="payouts")
    period = models.DateField(_("periodo"))
    paid_on = models.DateField(_("fecha"))
    collected = _amount(_("canon recaudado"))
    commission = _amount(_("comisión"))
    commission_iva = _amount(_("IVA de la comisión"))
    withholdings = _amount(_("retenciones"))
    other = _amount(_("otros descuentos"))
    net = _amount(_("neto girado"))
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


# Models of this app in modules of their own; at the end, since they point to those above.
from payments.desk_models import (  # noqa: E402, F401
    CreditUse,
    Proof,
    Refund,
    RefundState,
    Reversal,
    ReversalKind,
    TransferProof,
    TransferState,
)
from payments.invoice_models import (  # noqa: E402, F401
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
from payments.payout_models import (  # noqa: E402, F401
    AccountKind,
    BankFile,
    DeductionKind,
    Liquidation,
    OrderState,
    OwnerBank,
    PayoutCommission,
    PayoutDeduction,
    PayoutLine,
    PayoutOrder,
    PayoutSource,
)
from payments.reminder_models import Contact, ContactState, Reminder, ReminderKind, ReminderPolicy  # noqa: E402, F401
