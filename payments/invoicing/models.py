"""What asking for money needs beside the invoice itself: numbering, policy, runs, extra lines, credit notes, official papers.

Fields and constraints only. They are part of `payments.models`: import them from there. A credit note never changes; a
resolution's row is locked while numbers are taken from it, so that there are no gaps.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, Lease
from payments.columns import cop_field, percent_field, staff_field


class Series(models.TextChoices):
    """What is numbered by a resolution."""

    RENT = "rent", _("Facturas de arrendamiento")
    COMMISSION = "commission", _("Facturas de comisión")
    NOTE = "note", _("Notas crédito")


class Resolution(models.Model):
    """Numbers that may be given: from `first` to `last` with a prefix, between two days. `given` is the last one given,
    first − 1 before any; the row is locked while numbers are taken. One of each series is active."""

    series = models.CharField(_("para"), max_length=10, choices=Series.choices)
    prefix = models.CharField(_("prefijo"), max_length=10, blank=True)
    first = models.PositiveBigIntegerField(_("desde el número"))
    last = models.PositiveBigIntegerField(_("hasta el número"))
    given = models.PositiveBigIntegerField()
    text = models.CharField(_("texto de la resolución"), max_length=200, blank=True)
    valid_from = models.DateField(_("vigente desde"), null=True, blank=True)
    valid_until = models.DateField(_("vigente hasta"), null=True, blank=True)
    active = models.BooleanField(default=True)
    made_by = staff_field()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("resolución de numeración")
        verbose_name_plural = _("resoluciones de numeración")
        constraints = [
            models.UniqueConstraint(fields=["series"], name="resolution_active_once", condition=Q(active=True)),
            models.CheckConstraint(condition=Q(first__gte=1, last__gte=F("first")), name="resolution_range"),
            models.CheckConstraint(condition=Q(given__gte=F("first") - 1, given__lte=F("last")), name="resolution_given"),
        ]

    @property
    def left(self) -> int:
        """How many numbers have not been given."""
        return self.last - self.given

    @property
    def next_number(self) -> str:
        """The number that comes, as people write it."""
        return f"{self.prefix}-{self.given + 1}" if self.prefix else str(self.given + 1)


class InvoicingPolicy(models.Model):
    """How the agency asks for money, a single row (id 1). Rates are percents; late interest is by month, simple, by the day."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    late_rate = percent_field(_("interés de mora mensual"), default=Decimal(0))
    late_grace = models.PositiveSmallIntegerField(_("días de gracia"), default=0)
    late_since = models.DateField(_("mora desde"), null=True, blank=True)  # days before it are never charged
    iva_rate = percent_field(_("IVA del arrendamiento comercial"), default=Decimal(19))
    commission_iva_rate = percent_field(_("IVA de la comisión"), default=Decimal(19))

    class Meta:
        verbose_name = _("política de facturación")
        verbose_name_plural = _("políticas de facturación")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="invoicing_policy_single"),
            models.CheckConstraint(
                condition=Q(late_rate__gte=0, late_rate__lte=10, iva_rate__gte=0, iva_rate__lte=100)
                & Q(commission_iva_rate__gte=0, commission_iva_rate__lte=100),
                name="invoicing_policy_rates",
            ),
        ]


class YearFigures(models.Model):
    """A year's official figures, as the agency entered them: its IPC (known when it ends), its UVT, and the withholding on rents."""

    year = models.PositiveSmallIntegerField(_("año"), primary_key=True)
    ipc = percent_field(_("IPC del año"), null=True, blank=True)
    uvt = cop_field("UVT", null=True, blank=True)
    withholding_rate = percent_field(_("retención sobre arrendamientos"), null=True, blank=True)
    withholding_base = models.PositiveSmallIntegerField(_("base de la retención, en UVT"), null=True, blank=True)

    class Meta:
        verbose_name = _("cifras del año")
        verbose_name_plural = _("cifras de los años")
        constraints = [
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2100), name="year_figures_year"),
            models.CheckConstraint(condition=Q(uvt__gt=0, withholding_rate__gte=0, withholding_rate__lte=100), name="year_figures_amounts"),
        ]


class RunKind(models.TextChoices):
    """What a run issues."""

    MONTH = "month", _("Arrendamientos del mes")
    COMMISSION = "commission", _("Comisiones de lo recaudado")


class RunState(models.TextChoices):
    """Where a run is."""

    RUNNING = "running", _("En marcha")
    STOPPED = "stopped", _("Detenida")
    DONE = "done", _("Terminada")


class InvoiceRun(models.Model):
    """Many invoices issued at once, some at a time. `key` is its form's; `rounds` counts how often it was begun or resumed."""

    kind = models.CharField(max_length=10, choices=RunKind.choices)
    period = models.DateField(_("periodo"))
    issued_on = models.DateField(_("emisión"))
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.RUNNING)
    key = models.UUIDField(unique=True)
    rounds = models.PositiveSmallIntegerField(default=1)
    note = models.CharField(max_length=300, blank=True)  # why it stopped, for people
    asked_by = staff_field()
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("generación de facturas")
        verbose_name_plural = _("generaciones de facturas")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "period"], name="invoice_run_open_once", condition=Q(state__in=["running", "stopped"])
            ),
        ]


class ItemState(models.TextChoices):
    """What became of one lease of a run."""

    WAITING = "waiting", _("En espera")
    ISSUED = "issued", _("Emitida")
    SKIPPED = "skipped", _("Sin factura")


class RunItem(models.Model):
    """One lease of a run; of a commission, one owner of it, with the rent that was collected for them (COP)."""

    run = models.ForeignKey(InvoiceRun, on_delete=models.CASCADE, related_name="items")
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(Client, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.WAITING)
    reason = models.CharField(max_length=200, blank=True)
    invoice = models.ForeignKey("payments.Invoice", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    collected = cop_field(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "lease", "owner"], name="run_item_once", nulls_distinct=False)]
        indexes = [models.Index(fields=["run", "state"], name="run_item_state")]


class LineKind(models.TextChoices):
    """What an extra line of an invoice is for."""

    INTEREST = "interest", _("Intereses de mora")
    REPAIR = "repair", _("Reparaciones")
    UTILITIES = "utilities", _("Servicios públicos")
    OTHER = "other", _("Otro concepto")


class InvoiceLine(models.Model):
    """A concept beyond rent and administration; the amounts of an invoice's lines add up to its `extras`, their IVA is in its
    `iva`. Late interest says of which invoice and for which days it is, both included."""

    invoice = models.ForeignKey("payments.Invoice", on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=LineKind.choices)
    concept = models.CharField(_("concepto"), max_length=150)
    amount = cop_field()
    iva = cop_field("IVA", default=0)
    about = models.ForeignKey("payments.Invoice", null=True, blank=True, on_delete=models.PROTECT, related_name="interest")
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, iva__gte=0), name="invoice_line_amounts"),
        ]


class RentIncrease(models.Model):
    """A rent that goes up on the anniversary: told to the renter first (`notified_at`), applied by the month's run."""

    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="increases")
    from_on = models.DateField(_("desde"))  # the first day of the month that is asked at the new rent
    percent = percent_field(_("incremento"))
    ipc_year = models.PositiveSmallIntegerField()
    old_rent = cop_field(_("canon anterior"))
    new_rent = cop_field(_("canon nuevo"))
    made_by = staff_field()
    made_at = models.DateTimeField()
    notified_at = models.DateTimeField(_("avisado"), null=True, blank=True)
    applied_at = models.DateTimeField(_("aplicado"), null=True, blank=True)

    class Meta:
        verbose_name = _("incremento del canon")
        verbose_name_plural = _("incrementos del canon")
        constraints = [
            models.UniqueConstraint(fields=["lease", "from_on"], name="rent_increase_once"),
            models.CheckConstraint(condition=Q(new_rent__gt=F("old_rent"), percent__gt=0), name="rent_increase_up"),
            models.CheckConstraint(condition=Q(applied_at=None) | Q(notified_at__isnull=False), name="rent_increase_told_first"),
        ]


class CreditNote(models.Model):
    """A document that takes back part or all of an invoice. `amount` includes `iva`. Never changes."""

    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="+")
    prefix = models.CharField(max_length=10, blank=True)
    number = models.PositiveBigIntegerField(_("número"))
    key = models.UUIDField(unique=True)
    invoice = models.ForeignKey("payments.Invoice", on_delete=models.PROTECT, related_name="notes")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="notes")
    issued_on = models.DateField(_("emisión"))
    amount = cop_field()
    iva = cop_field("IVA", default=0)
    reason = models.CharField(_("motivo"), max_length=200)
    made_by = staff_field()
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("nota crédito")
        verbose_name_plural = _("notas crédito")
        constraints = [
            models.UniqueConstraint(fields=["prefix", "number"], name="credit_note_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, iva__gte=0, iva__lte=F("amount")), name="credit_note_amounts"),
        ]

    @property
    def full_number(self) -> str:
        """`NC-7`."""
        return f"{self.prefix}-{self.number}" if self.prefix else str(self.number)


class PaperKind(models.TextChoices):
    """The two official papers of an invoice."""

    PDF = "pdf", "PDF"
    XML = "xml", "XML"


class InvoicePaper(models.Model):
    """The official paper that the accounting software made, kept privately. Its name is ours, never the uploader's."""

    invoice = models.ForeignKey("payments.Invoice", on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=3, choices=PaperKind.choices)
    path = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    made_by = staff_field()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "kind"], name="invoice_paper_once")]


