"""Statements of account (estado de cuenta): what happened between two days, and what that leaves.

Reads only, and all of one statement as of one moment. Opening balance + lines = closing balance, or Unbalanced: a statement
that does not add up is never shown. Opening and closing come from sums in the database, the lines from its rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.db import connection, transaction
from django.db.models import (
    Case,
    CharField,
    DateField,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from clientarea.access import leases_of, ownerships_of
from clientarea.models import Client
from payments import access
from payments.models import Invoice, InvoiceKind, Movement, MovementKind
from saas.lib import clock

ZERO = Decimal(0)
_AMOUNT = DecimalField(max_digits=16, decimal_places=2)
_NONE = Value(ZERO, output_field=_AMOUNT)


class Account(TextChoices):
    """Which of a client's accounts: the rents that a renter owes, what an owner receives, the commissions that an owner owes."""

    RENT = "arrendamientos", _lazy("Arrendamientos")
    INCOME = "ingresos", _lazy("Ingresos como propietario")
    COMMISSIONS = "comisiones", _lazy("Comisiones")


_KINDS = {Account.RENT: InvoiceKind.RENT, Account.COMMISSIONS: InvoiceKind.COMMISSION}


class Unbalanced(ArithmeticError):
    """Opening balance and lines do not give the closing balance."""


@dataclass(frozen=True)
class Line:
    """One thing that happened. A positive `amount` (COP) raises the balance, a negative one lowers it.

    `page` and `pk` are the name and the id of the page that shows it, if the client has one.
    """

    on: date
    document: str
    concept: str
    unit: str
    amount: Decimal
    page: str = ""
    pk: int = 0

    @property
    def raises(self) -> Decimal | None:
        """What it adds to the balance, or None."""
        return self.amount if self.amount > 0 else None

    @property
    def lowers(self) -> Decimal | None:
        """What it takes off the balance, or None."""
        return -self.amount if self.amount < 0 else None


@dataclass(frozen=True)
class OpenItem:
    """An invoice that was not fully covered on the last day of the statement."""

    pk: int
    number: str
    issued_on: date
    due_on: date
    unit: str
    total: Decimal
    covered: Decimal
    days_late: int

    @property
    def balance(self) -> Decimal:
        """What of it was owed, COP."""
        return self.total - self.covered


@dataclass(frozen=True)
class Statement:
    """An account from `since` to `until`, both included. COP.

    For rents and commissions the balance is what the client owes; for income, what the agency has yet to pay out.
    """

    account: Account
    since: date
    until: date
    opening: Decimal
    lines: tuple[Line, ...]
    closing: Decimal
    open_items: tuple[OpenItem, ...] = ()

    def __post_init__(self) -> None:
        if self.opening + self.raised - self.lowered != self.closing:
            raise Unbalanced(f"{self.account.value}: {self.opening} + {self.raised} - {self.lowered} is not {self.closing}")

    @property
    def raised(self) -> Decimal:
        """All that the lines add."""
        return sum((line.amount for line in self.lines if line.amount > 0), ZERO)

    @property
    def lowered(self) -> Decimal:
        """All that the lines take off."""
        return -sum((line.amount for line in self.lines if line.amount < 0), ZERO)

    @property
    def balances(self) -> list[Decimal]:
        """The balance after each line."""
        return list(accumulate((line.amount for line in self.lines), initial=self.opening))[1:]

    @property
    def rows(self) -> list[tuple[Line, Decimal]]:
        """Each line with the balance after it."""
        return list(zip(self.lines, self.balances, strict=True))

    @property
    def in_favour(self) -> Decimal:
        """Money of the client that covers no invoice of these yet: paid ahead, or in excess."""
        return sum((item.balance for item in self.open_items), ZERO) - self.closing if self.account is not Account.INCOME else ZERO


@dataclass(frozen=True)
class Holdings:
    """What a client has to do with the agency, and so which accounts there are."""

    is_renter: bool
    is_owner: bool
    accounts: tuple[Account, ...]


def holdings_of(client: Client) -> Holdings:
    """Whether a client rents and owns, and their accounts. Somebody who once did keeps the account. One query."""
    invoices = Invoice.objects.filter(client=client)
    asked = Client.objects.filter(pk=client.pk).values(
        has_renter=Exists(leases_of(client)),
        has_owner=Exists(ownerships_of(client)),
        has_rents=Exists(invoices.filter(kind=InvoiceKind.RENT)),
        has_commissions=Exists(invoices.filter(kind=InvoiceKind.COMMISSION)),
        has_payouts=Exists(access.payouts_of(client)),
    )
    known = asked.get()
    owner = known["has_owner"] or known["has_commissions"] or known["has_payouts"]
    there = {Account.RENT: known["has_renter"] or known["has_rents"], Account.INCOME: owner, Account.COMMISSIONS: owner}
    return Holdings(known["has_renter"], known["has_owner"], tuple(account for account in Account if there[account]))


def statement_of(client: Client, account: Account, *, since: date, until: date) -> Statement:
    """A client's account between two days, both included. Raises Unbalanced."""
    with _one_moment():
        if account is Account.INCOME:
            return _income(client, since, until)
        return _owed(client, account, since, until)


@contextmanager
def _one_moment() -> Iterator[None]:
    """What is asked inside is answered as of one moment: a payment that comes meanwhile is in all of it or in none."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


# What a client owes


def _owed(client: Client, account: Account, since: date, until: date) -> Statement:
    kind = _KINDS[account]
    invoices = _invoices(client, kind)
    movements = access.ledger_of(client, kind)
    asked = _sums(
        invoices, "asked",
        before=_sum("total", Q(issued_on__lt=since)) - _sum("total", Q(void_on__lt=since)),
        through=_sum("total", Q(issued_on__lte=until)) - _sum("total", Q(void_on__lte=until)),
    )  # fmt: skip
    covered = _sums(movements, "covered", before=_sum("amount", Q(on__lt=since)), through=_sum("amount", Q(on__lte=until)))
    sums = {what: (before, through) for what, before, through in asked.union(covered, all=True)}
    lines = [
        *_invoice_lines(invoices.filter(Q(issued_on__range=(since, until)) | Q(void_on__range=(since, until))), since, until),
        *_movement_lines(client, movements.filter(on__range=(since, until))),
    ]
    return Statement(
        account=account,
        since=since,
        until=until,
        opening=sums["asked"][0] - sums["covered"][0],
        # Of one day: what was asked, then what was paid, then what was voided.
        lines=tuple(line for _key, line in sorted(lines, key=lambda pair: pair[0])),
        closing=sums["asked"][1] - sums["covered"][1],
        open_items=tuple(_open_items(invoices, until)),
    )


def _sums(rows: QuerySet[Any], what: str, *, before: Any, through: Any) -> QuerySet[Any]:
    """One row with the sums of `rows`, whose name is `what`: to be asked together with others."""
    named = rows.order_by().select_related(None).annotate(what=Value(what, output_field=CharField()))
    return named.values("what").annotate(before=before, through=through).values_list("what", "before", "through")


def _sum(field: str, when: Q) -> Coalesce:
    return Coalesce(Sum(field, filter=when), _NONE, output_field=_AMOUNT)


def _invoices(client: Client, kind: InvoiceKind) -> QuerySet[Any]:
    """A client's invoices of a kind; `void_on` is the day that one was voided, never before it was issued."""
    voided = Greatest("issued_on", TruncDate("voided_at", tzinfo=clock.BOGOTA))
    return (
        Invoice.objects.filter(client=client, kind=kind)
        .select_related("lease__unit")
        .annotate(void_on=Case(When(voided_at__isnull=False, then=voided), output_field=DateField()))
    )


Keyed = tuple[tuple[date, int, int], Line]


def _invoice_lines(invoices: QuerySet[Any], since: date, until: date) -> Iterator[Keyed]:
    for invoice in invoices:
        unit, page = _unit_of(invoice), "invoice" if invoice.kind == InvoiceKind.RENT else "commission"
        number, month = invoice.full_number, clock.month_name(invoice.period)
        if since <= invoice.issued_on <= until:
            concept = _("Arrendamiento de %s") if invoice.kind == InvoiceKind.RENT else _("Comisión de %s")
            yield (invoice.issued_on, 0, invoice.pk), Line(invoice.issued_on, number, concept % month, unit, invoice.total, page, invoice.pk)
        if invoice.void_on and since <= invoice.void_on <= until:
            concept = _("Anulación de la factura %s") % number
            yield (invoice.void_on, 2, invoice.pk), Line(invoice.void_on, number, concept, unit, -invoice.total, page, invoice.pk)


def _movement_lines(client: Client, movements: QuerySet[Movement]) -> Iterator[Keyed]:
    for movement in movements.select_related("payment__receipt", "invoice__lease__unit", "credit_note"):
        # Who signed the lease too may have paid; that payment is not this client's to see.
        own = movement.client_id == client.pk and movement.payment is not None
        receipt = getattr(movement.payment, "receipt", None) if own else None
        yield (movement.on, 1, movement.pk), Line(
            on=movement.on,
            document=receipt.full_number if receipt else movement.credit_note.full_number if movement.credit_note else "",
            concept=_concept(movement),
            unit=_unit_of(movement.invoice),
            amount=-movement.amount,
            page="payment" if own else "",
            pk=(movement.payment_id or 0) if own else 0,
        )


def _concept(movement: Movement) -> str:
    number = movement.invoice.full_number if movement.invoice else ""
    if movement.kind == MovementKind.APPLIED:
        return _("Pago de la factura %s") % number
    if movement.kind == MovementKind.DEDUCTED:
        return _("Descuento en el egreso, factura %s") % number
    if movement.kind == MovementKind.NOTE and movement.credit_note:
        told = {"note": movement.credit_note.full_number, "number": number}
        return _("Nota crédito %(note)s a la factura %(number)s") % told
    if movement.kind == MovementKind.CREDIT and movement.amount < 0:
        return _("Uso del saldo a favor")
    kind = str(movement.get_kind_display())
    return f"{kind}, {_('factura %s') % number}" if number else kind


def _unit_of(invoice: Invoice | None) -> str:
    return invoice.lease.unit.address if invoice and invoice.lease else ""


def _open_items(invoices: QuerySet[Any], until: date) -> Iterator[OpenItem]:
    moved = Movement.objects.filter(invoice=OuterRef("pk"), on__lte=until).order_by().values("invoice").annotate(sum=Sum("amount"))
    rows = (
        invoices.filter(Q(void_on=None) | Q(void_on__gt=until), issued_on__lte=until)
        .annotate(covered=Coalesce(Subquery(moved.values("sum")), _NONE, output_field=_AMOUNT))
        .filter(covered__lt=F("total"))
        .order_by("due_on", "pk")
    )
    for invoice in rows:
        yield OpenItem(
            pk=invoice.pk,
            number=invoice.full_number,
            issued_on=invoice.issued_on,
            due_on=invoice.due_on,
            unit=_unit_of(invoice),
            total=invoice.total,
            covered=invoice.covered,
            days_late=max((until - invoice.due_on).days, 0),
        )


# What an owner receives

_PAYOUT = (
    "pk", "prefix", "number", "paid_on", "period", "collected", "commission", "commission_iva", "withholdings", "other", "net", "bank",
    "lease__unit__address",
)  # fmt: skip


def _income(client: Client, since: date, until: date) -> Statement:
    payouts = access.payouts_of(client)
    left = F("collected") - F("commission") - F("commission_iva") - F("withholdings") - F("other") - F("net")
    kept = payouts.annotate(left=left).aggregate(before=_sum("left", Q(paid_on__lt=since)), through=_sum("left", Q(paid_on__lte=until)))
    lines: list[Line] = []
    # Figures alone: an owner of many units has thousands of payouts in a year.
    rows = payouts.filter(paid_on__range=(since, until)).order_by("paid_on", "number", "pk").values_list(*_PAYOUT, named=True)
    for payout in rows:
        month = clock.month_name(payout.period)
        parts = [
            (_("Canon recaudado de %s") % month, payout.collected),
            (_("Comisión de %s") % month, -payout.commission),
            (_("IVA de la comisión"), -payout.commission_iva),
            (_("Retenciones"), -payout.withholdings),
            (_("Otros descuentos"), -payout.other),
            (_("Giro a %s") % payout.bank if payout.bank else _("Giro"), -payout.net),
        ]
        lines += [
            Line(payout.paid_on, f"{payout.prefix}-{payout.number}", concept, payout.lease__unit__address, amount, "payout", payout.pk)
            for concept, amount in parts
            if amount
        ]
    return Statement(Account.INCOME, since, until, kept["before"], tuple(lines), kept["through"])
