"""What the leases ask for in a month: a draft for each, or why there is none. Reads only, and in a fixed number of queries.

Rent and administration by the day in the first and last month (days of that month); IVA on a business rent for the share of
the owners who are liable; withholding where the renter is an agent of it; late interest not charged yet; and an increase of
which the renter was told in time. Of a lease it reads what a draft needs and no more: a month has thousands of them.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, DecimalField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from clientarea.models import Lease, Ownership, Use
from payments.invoicing import late_interest
from payments.invoicing import policy as invoicing_policy
from payments.invoicing.drafts import Draft, interest_lines, refusal
from payments.models import Invoice, InvoiceKind, InvoicingPolicy, RentIncrease, YearFigures
from saas.lib import clock
from saas.lib.among import among
from saas.lib.money import whole

ZERO = Decimal(0)


@dataclass(frozen=True)
class Skipped:
    """A lease without an invoice this month, and why; `instead` is the one that was written by hand for it, and for how much rent."""

    lease_id: int
    lease: str
    client: str
    reason: str
    owner_id: int | None = None
    instead: tuple[int, Decimal] | None = None


class Asking(NamedTuple):
    """What a draft needs of a lease."""

    pk: int
    number: str
    renter_id: int
    renter: str
    withholds: bool
    rent: Decimal
    administration: Decimal
    starts_on: date
    ends_on: date
    payment_day: int
    liable: Decimal


@dataclass(frozen=True)
class Month:
    """What is the same for all drafts of a month."""

    period: date
    end: date
    name: str
    issued_on: date
    rules: Rules


@dataclass(frozen=True)
class Rules:
    """What is the same for all leases of a month."""

    policy: InvoicingPolicy
    figures: dict[int, YearFigures]

    @classmethod
    def now(cls) -> Rules:
        """The agency's rules as they are."""
        return cls(invoicing_policy.current(), invoicing_policy.figures())


def leases_in(period: date) -> list[int]:
    """The ids of the leases that are in force on some day of a month, in the order in which they are invoiced."""
    return list(Lease.objects.filter(starts_on__lte=last_day(period), ends_on__gte=period).order_by("number").values_list("pk", flat=True))


def drafts_of(leases: Iterable[int], *, period: date, issued_on: date, rules: Rules | None = None) -> list[Draft | Skipped]:
    """What each of those leases would ask for in the month of `period`, in their order."""
    ids = list(leases)
    month = Month(period, last_day(period), clock.month_name(period), issued_on, rules or Rules.now())
    asking = _asking(ids)
    there = Invoice.objects.filter(among("lease", ids), period=period, kind=InvoiceKind.RENT, voided_at=None)
    there = there.filter(Q(base__gt=0) | Q(run__isnull=False)).only("lease_id", "prefix", "number")
    asked = {invoice.lease_id: invoice.full_number for invoice in there.order_by("-pk")}
    rising = RentIncrease.objects.filter(among("lease", ids), applied_at=None, notified_at__isnull=False, from_on__lte=period)
    increases = {row.lease_id: row for row in rising.order_by("from_on")}
    interest = late_interest.owed_by_lease(ids, policy=month.rules.policy, on=issued_on)
    made: list[Draft | Skipped] = []
    for pk in ids:
        lease = asking[pk]
        if pk in asked:
            made.append(_skip(lease, f"Ya tiene la factura {asked[pk]} de este mes."))
            continue
        try:
            draft = _draft(lease, month, increase=increases.get(pk), interest=interest.get(pk, []))
        except invoicing_policy.FiguresMissing as missing:
            made.append(_skip(lease, str(missing)))
            continue
        why = refusal(draft)
        made.append(_skip(lease, why) if why else draft)
    return made


def last_day(period: date) -> date:
    """The last day of a month."""
    return period.replace(day=calendar.monthrange(period.year, period.month)[1])


def due_on(payment_day: int, period: date, issued_on: date) -> date:
    """A lease's day of payment in that month, or its last day; never before the invoice is issued."""
    return max(period.replace(day=min(payment_day, last_day(period).day)), issued_on)


def liable_share() -> Case:
    """Of a row of leases: the percentage of its unit on which a rent bears IVA. None for housing; for business, what belongs to the
    owners who are liable, and all of it where no owner is known."""
    owned = Ownership.objects.filter(unit=OuterRef("unit")).order_by().values("unit")
    percent = DecimalField(max_digits=6, decimal_places=2)
    nothing = Value(ZERO, output_field=percent)
    liable = owned.annotate(liable=Coalesce(Sum("share", filter=Q(owner__vat_liable=True)), nothing)).values("liable")
    return Case(When(use=Use.BUSINESS, then=Coalesce(Subquery(liable), Value(Decimal(100)), output_field=percent)), default=nothing)


def iva_of(liable: Decimal, base: Decimal, rules: Rules) -> Decimal:
    """IVA of a rent of which so much bears it (liable_share)."""
    return whole(base * liable / 100 * rules.policy.iva_rate / 100) if liable else ZERO


def leases_with_all(ids: Iterable[int]) -> dict[int, Lease]:
    """Those leases with their renters, units and owners, and as `liable` what of the rent bears IVA."""
    rows = Lease.objects.filter(pk__in=list(ids)).annotate(liable=liable_share())
    return {lease.pk: lease for lease in rows.select_related("renter", "unit").prefetch_related("unit__ownerships__owner")}


def _asking(ids: list[int]) -> dict[int, Asking]:
    rows = Lease.objects.filter(among("pk", ids)).values_list(
        "pk", "number", "renter_id", "renter__name", "renter__withholding_agent", "rent", "administration", "starts_on", "ends_on", "payment_day",
        liable_share(),
    )  # fmt: skip
    return {row[0]: Asking(*row) for row in rows}


def _draft(lease: Asking, month: Month, *, increase: RentIncrease | None, interest: list[late_interest.Interest]) -> Draft:
    period, rules = month.period, month.rules
    days, of = (min(lease.ends_on, month.end) - max(lease.starts_on, period)).days + 1, month.end.day
    if increase is not None and (lease.rent != increase.old_rent or clock.local(increase.notified_at).date() >= increase.from_on):  # type: ignore[arg-type]
        increase = None  # the rent was changed by hand since, or the renter was told too late
    rent = increase.new_rent if increase else lease.rent
    base, administration = (rent, lease.administration) if days == of else (whole(rent * days / of), whole(lease.administration * days / of))
    concept = f"Arrendamiento de {month.name}" + ("" if days == of else f" ({days} de {of} días)")
    return Draft(
        kind=InvoiceKind.RENT, client_id=lease.renter_id, client=lease.renter, period=period, issued_on=month.issued_on,
        due_on=due_on(lease.payment_day, period, month.issued_on), concept=concept, base=base, lease_id=lease.pk, lease=lease.number,
        administration=administration, rent_iva=iva_of(lease.liable, base, rules),
        withholding=invoicing_policy.withholding_of(base, month.issued_on.year, rules.figures) if lease.withholds else ZERO,
        lines=interest_lines(interest, rules.policy.late_rate) if interest else (), increase_id=increase.pk if increase else None,
    )  # fmt: skip


def _skip(lease: Asking, reason: str) -> Skipped:
    return Skipped(lease.pk, lease.number, lease.renter, reason)
