"""The only way from a request to a client's money: every query here is filtered by the client.

Views of the client area take their rows from these functions and nowhere else. What belongs to somebody else is not found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    F,
    Func,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Lower, TruncDate

from clientarea.models import Client
from payments.models import (
    Attempt,
    CreditNote,
    Invoice,
    InvoiceKind,
    InvoiceQuerySet,
    Movement,
    Payment,
    PaymentLine,
    PaymentState,
    Payout,
    Receipt,
    Reversal,
)
from saas.lib.text import fold

_NOTHING = Value(Decimal(0), output_field=DecimalField(max_digits=14, decimal_places=2))


def invoices_of(client: Client, *, today: date) -> InvoiceQuerySet:
    """The rent invoices asked of a client, with their state, lease and unit."""
    return _invoices(client, InvoiceKind.RENT, today=today)


def shared_invoices_of(client: Client) -> QuerySet[Invoice]:
    """The rents of leases that a client signed beside the renter. They are the renter's: of them this client sees what the
    signed link shows (payments/portal_link.py), and may pay."""
    return Invoice.objects.filter(kind=InvoiceKind.RENT, lease__co_renter=client).exclude(client=client)


def commissions_of(client: Client, *, today: date) -> InvoiceQuerySet:
    """The commission invoices asked of an owner, with their state, lease and unit."""
    return _invoices(client, InvoiceKind.COMMISSION, today=today)


def payments_of(client: Client) -> QuerySet[Payment]:
    """A client's payments, newest first, with their invoices and receipt.

    `on` is the day that they are filed under. `shown` is the PaymentState to show: the stored one, but for a payment of
    which the payer came back saying that it is pending before PayU did.
    """
    newest = Attempt.objects.filter(payment=OuterRef("pk")).order_by("-pk")
    lines = PaymentLine.objects.select_related("invoice").order_by("invoice__due_on", "invoice_id")
    return (
        Payment.objects.filter(client=client)
        .select_related("receipt__file")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .annotate(
            on=Coalesce("paid_on", TruncDate("created_at")), last_returned=Subquery(newest.values("returned_state")[:1])
        )
        .annotate(
            shown=Case(
                When(state=PaymentState.STARTED, last_returned="pending", then=Value(PaymentState.PENDING.value)),
                default=F("state"),
            )
        )
        .order_by("-on", "-pk")
    )


def linked_invoices(*, today: date) -> InvoiceQuerySet:
    """The rent invoices that a signed link may open (payments/links.py says which one), with state and client. The only
    rows here that no logged-in client asks for."""
    return Invoice.objects.filter(kind=InvoiceKind.RENT).with_state(today=today).select_related("client")


def lines_of(attempt: Attempt) -> list[PaymentLine]:
    """The lines of an attempt's payment, with their invoices."""
    return list(PaymentLine.objects.filter(payment=attempt.payment_id).select_related("invoice").order_by("invoice__due_on", "invoice_id"))


def attempts_of(client: Client) -> QuerySet[Attempt]:
    """A client's trips to the gateway, newest first."""
    return Attempt.objects.filter(payment__client=client).select_related("payment", "account").order_by("-pk")


def movements_of(client: Client) -> QuerySet[Movement]:
    """What moved in a client's ledger, oldest first, with its payment and receipt."""
    return Movement.objects.filter(client=client).select_related("payment__receipt").order_by("on", "pk")


def ledger_of(client: Client, kind: InvoiceKind) -> QuerySet[Movement]:
    """What moved in a client's account of rents or of commissions: on their invoices, whoever paid, and money of theirs that
    covers none. Of the latter, what was left of paying a commission belongs to the commissions."""
    commission = Exists(PaymentLine.objects.filter(payment=OuterRef("payment"), invoice__kind=InvoiceKind.COMMISSION))
    left_over = Q(commission) if kind == InvoiceKind.COMMISSION else ~Q(commission)
    # Named one by one, they are found by an index; joined, with OR, the whole ledger would be read.
    invoices = list(Invoice.objects.filter(client=client, kind=kind).order_by().values_list("pk", flat=True))
    return Movement.objects.filter(Q(invoice__in=invoices) | Q(invoice=None, client=client) & left_over)


def reversals_of(client: Client) -> QuerySet[Reversal]:
    """The reversals of a client's payments, oldest first, with the movements that they took back."""
    movements = Prefetch("movements", queryset=Movement.objects.select_related("invoice").order_by("invoice__due_on", "pk"))
    return Reversal.objects.filter(client=client).prefetch_related(movements).order_by("pk")


def receipts_of(client: Client) -> QuerySet[Receipt]:
    """A client's receipts."""
    return Receipt.objects.filter(client=client).select_related("payment")


def notes_of(client: Client) -> QuerySet[CreditNote]:
    """The credit notes of a client's invoices, oldest first."""
    return CreditNote.objects.filter(client=client).select_related("invoice", "client", "resolution").order_by("pk")


def payouts_of(client: Client) -> QuerySet[Payout]:
    """What the agency paid an owner, newest first, with lease and unit."""
    return Payout.objects.filter(owner=client).select_related("lease__unit", "owner")


def owed_by(invoices: InvoiceQuerySet, *, today: date) -> tuple[Decimal, Decimal]:
    """COP that those invoices still ask for, and how much of it is overdue."""
    sums = invoices.owed().aggregate(
        owed=Coalesce(Sum("balance_due"), _NOTHING),
        overdue=Coalesce(Sum("balance_due", filter=Q(due_on__lt=today)), _NOTHING),
    )
    return sums["owed"], sums["overdue"]


@dataclass(frozen=True)
class Totals:
    """What a list of invoices adds up to, COP. Void invoices are listed and count as zero."""

    count: int
    total: Decimal
    balance: Decimal


def totals_of(invoices: InvoiceQuerySet) -> Totals:
    """How many invoices, what was asked and what is still owed, in one query."""
    alive = Q(voided_at=None)
    sums = invoices.order_by().aggregate(
        count=Count("pk"),
        asked=Coalesce(Sum("total", filter=alive), _NOTHING),
        due=Coalesce(Sum("balance_due", filter=alive), _NOTHING),
    )
    return Totals(count=sums["count"], total=sums["asked"], balance=sums["due"])


def search(invoices: InvoiceQuerySet, text: str) -> InvoiceQuerySet:
    """Those in whose number, concept or unit every word of `text` is found; accents and capitals make no difference."""
    haystack = Concat(
        "prefix", Value("-"), Cast("number", CharField()), Value(" "), "concept", Value(" "),
        Coalesce("lease__unit__code", Value("")), Value(" "), Coalesce("lease__unit__address", Value("")), output_field=CharField(),
    )  # fmt: skip
    plain = Func(Lower(haystack), Value("áéíóúüñ"), Value("aeiouun"), function="translate", output_field=CharField())
    found = invoices.annotate(haystack=plain)
    for word in _words(text):
        found = found.filter(haystack__contains=word)
    return found


def _words(text: str) -> Iterable[str]:
    return fold(text).split()[:8]


def _invoices(client: Client, kind: InvoiceKind, *, today: date) -> InvoiceQuerySet:
    return Invoice.objects.filter(client=client, kind=kind).with_state(today=today).select_related("lease__unit")
