"""What the leases ask for in a month: a draft for each, or why there is none. Reads only, and in a fixed number of queries.

Rent and administration by the day in the first and last month (days of that month); IVA on a business rent for the share of
the owners who are liable; withholding where the renter is an agent of it; late interest not charged yet; and an increase of
which the renter was told in time.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from clientarea.models import Lease, Use
from payments import invoicing_policy, late_interest
from payments.drafts import Draft, interest_line, refusal
from payments.models import Invoice, InvoiceKind, InvoicingPolicy, RentIncrease, YearFigures
from saas.lib import clock
from saas.lib.money import whole

ZERO = Decimal(0)
PIECE = 2000  # leases in one round of queries


@dataclass(frozen=True)
class Skipped:
    """A lease without an invoice this month, and why; `instead` is the one that was written by hand for it, and for how much rent."""

    lease_id: int
    lease: str
    client: str
    reason: str
    owner_id: int | None = None
    instead: tuple[int, Decimal] | None = None


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
    rules = rules or Rules.now()
    ids, made = list(leases), []
    for start in range(0, len(ids), PIECE):
        made += _some(ids[start : start + PIECE], period, issued_on, rules)
    return made


def last_day(period: date) -> date:
    """The last day of a month."""
    return period.replace(day=calendar.monthrange(period.year, period.month)[1])


def due_on(lease: Lease, period: date, issued_on: date) -> date:
    """The lease's day of payment in that month, or its last day; never before the invoice is issued."""
    return max(period.replace(day=min(lease.payment_day, last_day(period).day)), issued_on)


def iva_of(lease: Lease, base: Decimal, rules: Rules) -> Decimal:
    """IVA of a rent: none for housing; for business, on the share of the owners who are liable. Needs the owners at hand."""
    if lease.use != Use.BUSINESS:
        return ZERO
    shares = [(o.share, o.owner.vat_liable) for o in lease.unit.ownerships.all()]
    liable = sum((share for share, is_liable in shares if is_liable), ZERO) if shares else Decimal(100)
    return whole(base * liable / 100 * rules.policy.iva_rate / 100)


def leases_with_all(ids: Iterable[int]) -> dict[int, Lease]:
    """Those leases with what a draft needs."""
    rows = Lease.objects.filter(pk__in=list(ids)).select_related("renter", "unit").prefetch_related("unit__ownerships__owner")
    return {lease.pk: lease for lease in rows}


def _some(ids: list[int], period: date, issued_on: date, rules: Rules) -> list[Draft | Skipped]:
    leases = leases_with_all(ids)
    there = Invoice.objects.filter(lease__in=ids, period=period, kind=InvoiceKind.RENT, voided_at=None).filter(Q(base__gt=0) | Q(run__isnull=False))
    asked = {invoice.lease_id: invoice.full_number for invoice in there.order_by("-pk")}
    rising = RentIncrease.objects.filter(lease__in=ids, applied_at=None, notified_at__isnull=False, from_on__lte=period)
    increases = {row.lease_id: row for row in rising.order_by("from_on")}
    interest = late_interest.owed_by_lease(ids, policy=rules.policy, on=issued_on)
    made: list[Draft | Skipped] = []
    for pk in ids:
        lease = leases[pk]
        if pk in asked:
            made.append(_skip(lease, f"Ya tiene la factura {asked[pk]} de este mes."))
            continue
        try:
            draft = _draft(lease, period, issued_on, rules, increase=increases.get(pk), interest=interest.get(pk, []))
        except invoicing_policy.FiguresMissing as missing:
            made.append(_skip(lease, str(missing)))
            continue
        why = refusal(draft)
        made.append(_skip(lease, why) if why else draft)
    return made


def _draft(
    lease: Lease, period: date, issued_on: date, rules: Rules, *, increase: RentIncrease | None, interest: list[late_interest.Interest]
) -> Draft:
    end = last_day(period)
    days, of = (min(lease.ends_on, end) - max(lease.starts_on, period)).days + 1, end.day
    if increase is not None and (lease.rent != increase.old_rent or clock.local(increase.notified_at).date() >= increase.from_on):  # type: ignore[arg-type]
        increase = None  # the rent was changed by hand since, or the renter was told too late
    rent = increase.new_rent if increase else lease.rent
    base, administration = (rent, lease.administration) if days == of else (whole(rent * days / of), whole(lease.administration * days / of))
    concept = f"Arrendamiento de {clock.month_name(period)}" + ("" if days == of else f" ({days} de {of} días)")
    return Draft(
        kind=InvoiceKind.RENT, client_id=lease.renter_id, client=lease.renter.name, period=period, issued_on=issued_on,
        due_on=due_on(lease, period, issued_on), concept=concept, base=base, lease_id=lease.pk, lease=lease.number,
        administration=administration, rent_iva=iva_of(lease, base, rules),
        withholding=invoicing_policy.withholding_of(base, issued_on.year, rules.figures) if lease.renter.withholding_agent else ZERO,
        lines=tuple(interest_line(each, rules.policy.late_rate) for each in interest), increase_id=increase.pk if increase else None,
    )  # fmt: skip


def _skip(lease: Lease, reason: str) -> Skipped:
    return Skipped(lease.pk, lease.number, lease.renter.name, reason)
