"""The only way from a request to a client's money: every query here is filtered by the client.

Views of the client area take their rows from these functions and nowhere else. What belongs to somebody else is not found.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import Case, DecimalField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, TruncDate

from clientarea.models import Client
from payments.models import (
    Attempt,
    AttemptState,
    Invoice,
    InvoiceKind,
    InvoiceQuerySet,
    Movement,
    Payment,
    PaymentLine,
    PaymentState,
    Payout,
    Receipt,
)

_NOTHING = Value(Decimal(0), output_field=DecimalField(max_digits=14, decimal_places=2))


def invoices_of(client: Client, *, today: date) -> InvoiceQuerySet:
    """The rent invoices asked of a client, with their state, lease and unit."""
    return _invoices(client, InvoiceKind.RENT, today=today)


def commissions_of(client: Client, *, today: date) -> InvoiceQuerySet:
    """The commission invoices asked of an owner, with their state, lease and unit."""
    return _invoices(client, InvoiceKind.COMMISSION, today=today)


def payments_of(client: Client) -> QuerySet[Payment]:
    """A client's payments, newest first, with their invoices and receipt.

    `on` is the day that they are filed under. `shown` is their PaymentState as of the newest attempt: a payment that was
    declined and is being tried again is not declined any more.
    """
    newest = Attempt.objects.filter(payment=OuterRef("pk")).order_by("-pk")
    lines = PaymentLine.objects.select_related("invoice").order_by("invoice__due_on", "invoice_id")
    return (
        Payment.objects.filter(client=client)
        .select_related("receipt__file")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .annotate(
            on=Coalesce("paid_on", TruncDate("created_at")),
            last_state=Subquery(newest.values("state")[:1]),
            last_returned=Subquery(newest.values("returned_state")[:1]),
        )
        .annotate(
            shown=Case(
                When(state__in=[PaymentState.APPROVED, PaymentState.REVERSED], then=F("state")),
                When(last_state=AttemptState.SENT, last_returned="pending", then=Value(PaymentState.PENDING.value)),
                When(last_state=AttemptState.SENT, then=Value(PaymentState.STARTED.value)),
                # From here on the states of an attempt and of a payment have the same names.
                When(last_state__isnull=False, then=F("last_state")),
                default=F("state"),
            )
        )
        .order_by("-on", "-pk")
    )


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
    return Movement.objects.filter(Q(invoice__client=client, invoice__kind=kind) | Q(invoice=None, client=client) & left_over)


def receipts_of(client: Client) -> QuerySet[Receipt]:
    """A client's receipts."""
    return Receipt.objects.filter(client=client).select_related("payment")


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


def _invoices(client: Client, kind: InvoiceKind, *, today: date) -> InvoiceQuerySet:
    return Invoice.objects.filter(client=client, kind=kind).with_state(today=today).select_related("lease__unit")
