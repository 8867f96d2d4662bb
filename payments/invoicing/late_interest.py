"""Late interest: simple, by the day, on what of a rent invoice was owed on each day after it was due, never twice for a day.

Interest bears no interest: payments cover it first, and what counts is what is left of the rest. Reads only; the days that
were charged are on the lines of the invoices that charged them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Exists, F, Max, OuterRef, Q, Subquery, Sum

from payments.models import Invoice, InvoiceKind, InvoiceLine, InvoicingPolicy, LineKind, Movement, full_number
from saas.lib.among import among
from saas.lib.money import whole

ZERO = Decimal(0)
DAY = timedelta(days=1)


class Overdue(NamedTuple):
    """A rent that is, or was for some days, overdue: what its interest depends on."""

    pk: int
    prefix: str
    number: int
    lease_id: int
    due_on: date
    total: Decimal
    charged_until: date | None
    of_interest: Decimal | None


@dataclass(frozen=True, slots=True)
class Interest:
    """The interest of one overdue invoice from one day to another, both included, COP."""

    invoice_id: int
    number: str
    lease_id: int
    since: date
    until: date
    days: int
    amount: Decimal


def owed_by_lease(leases: Iterable[int], *, policy: InvoicingPolicy, on: date) -> dict[int, list[Interest]]:
    """The interest that is not charged yet, by lease, through the day before `on`. Two queries, none without a rate."""
    found: dict[int, list[Interest]] = defaultdict(list)
    if not policy.late_rate or policy.late_since is None:
        return found
    charged = InvoiceLine.objects.filter(about=OuterRef("pk"), invoice__voided_at=None).order_by().values("about")
    own = InvoiceLine.objects.filter(invoice=OuterRef("pk"), kind=LineKind.INTEREST).order_by().values("invoice")
    later = Movement.objects.filter(invoice=OuterRef("pk"), on__gt=OuterRef("due_on")).filter(on__gt=policy.late_since)
    rows = (
        Invoice.objects.filter(among("lease", leases), kind=InvoiceKind.RENT, voided_at=None, due_on__lt=on - DAY * policy.late_grace)
        .filter(Q(applied__lt=F("total")) | Exists(later))
        .order_by("due_on", "pk")
        .values_list(
            "pk", "prefix", "number", "lease_id", "due_on", "total",
            Subquery(charged.annotate(most=Max("until")).values("most")), Subquery(own.annotate(sum=Sum("amount")).values("sum")),
        )
    )  # fmt: skip
    invoices = [Overdue(*row) for row in rows]
    moved: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    for invoice_id, day, amount in (
        Movement.objects.filter(among("invoice", [row.pk for row in invoices])).order_by("on", "pk").values_list("invoice_id", "on", "amount")
    ):
        moved[invoice_id or 0].append((day, amount))
    for row in invoices:
        since = max(row.due_on + DAY, policy.late_since, (row.charged_until or row.due_on) + DAY)
        interest = _interest(row, moved[row.pk], since, on, policy=policy, principal=row.total - (row.of_interest or ZERO))
        if interest is not None:
            found[row.lease_id].append(interest)
    return found


def _interest(
    invoice: Overdue, moved: list[tuple[date, Decimal]], since: date, on: date, *, policy: InvoicingPolicy, principal: Decimal
) -> Interest | None:
    """Day by day in stretches of the same balance: a payment counts from its own day on."""
    changes = sorted({day for day, _amount in moved if since < day < on})
    weight, last, total_days = ZERO, None, 0
    for start, stop in zip([since, *changes], [*changes, on], strict=True):
        days = (stop - start).days
        owed = min(principal, invoice.total - sum((amount for day, amount in moved if day <= start), ZERO))
        if owed > 0 and days > 0:
            weight += owed * days
            total_days += days
            last = stop - DAY
    amount = whole(weight * policy.late_rate / 100 / 30)
    if last is None or amount <= 0 or (last - invoice.due_on).days <= policy.late_grace:
        return None
    return Interest(invoice.pk, full_number(invoice.prefix, invoice.number), invoice.lease_id, since, last, total_days, amount)
