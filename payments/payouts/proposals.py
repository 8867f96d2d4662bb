"""What may be paid to owners now: what was collected of their rents and not paid out before, with what is taken off and why.

Reads only; `payments/payouts/paying.py` writes what this says. Only rent is paid out: of an invoice, its `base`, less what the
renter withheld. Administration and IVA are not the owner's, as in the agencies' books. Of an invoice that is covered in part,
each counts in proportion, in whole pesos, and adds up to the whole once all of it is there.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from django.db.models import Exists, F, Max, Min, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from clientarea.models import Client, Lease, Ownership
from payments.invoicing import monthly
from payments.invoicing import policy as invoicing_policy
from payments.models import (
    Invoice,
    InvoiceKind,
    ItemState,
    Movement,
    MovementKind,
    Payout,
    PayoutCommission,
    PayoutLine,
    PayoutSource,
    RunItem,
    RunKind,
)
from saas.lib.among import among
from saas.lib.money import split_shares

ZERO, PESO = Decimal(0), Decimal(1)
COLLECTED = (MovementKind.APPLIED, MovementKind.REVERSED, MovementKind.RELEASED)  # a note gives nobody money; what it releases goes back
Key = tuple[int, date]  # a lease and a month


@dataclass(frozen=True)
class Source:
    """A movement on a rent, and what of it is rent and what the renter withheld (COP)."""

    movement: Movement
    rent: Decimal
    withheld: Decimal


@dataclass(frozen=True)
class Share:
    """An owner's part of a liquidation (COP). `invoices`: commission invoices to cover, with how much of each; without any,
    the commission is reckoned by the lease's percentage."""

    owner: Client
    share: Decimal
    collected: Decimal
    commission: Decimal
    commission_iva: Decimal
    withholdings: Decimal
    invoices: tuple[tuple[Invoice, Decimal], ...]
    invoiced: bool  # the month's commission has an invoice of its own, paid or not

    @property
    def net(self) -> Decimal:
        """What is left for the owner."""
        return self.collected - self.commission - self.commission_iva - self.withholdings


@dataclass(frozen=True)
class Liquid:
    """What a lease's month has to pay out, and to whom."""

    lease: Lease
    period: date
    sources: tuple[Source, ...]
    shares: tuple[Share, ...]

    @property
    def collected(self) -> Decimal:
        """Rent, COP."""
        return sum((source.rent for source in self.sources), ZERO)


@dataclass(frozen=True)
class Proposal:
    """Everything that may be paid out of what came until a day; `ownerless` waits until the unit has owners."""

    until: date
    liquids: tuple[Liquid, ...]
    ownerless: tuple[Lease, ...]

    @property
    def mark(self) -> str:
        """Of what was seen: another collection, reversal, owner or invoice changes it."""
        told = [
            f"{share.owner.pk}:{liquid.lease.pk}:{liquid.period}:{share.collected}:{share.net}:{[s.movement.pk for s in liquid.sources]}"
            for liquid in self.liquids
            for share in liquid.shares
        ]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def propose(*, until: date) -> Proposal:
    """What came until a day, the day included, and was not paid out: ten queries, whatever the agency's size."""
    sources = _sources(until)
    leases = Lease.objects.select_related("unit").in_bulk({lease for lease, _period in sources})
    owners: dict[int, list[Ownership]] = defaultdict(list)
    for ownership in Ownership.objects.filter(among("unit", {lease.unit_id for lease in leases.values()})).select_related("owner"):
        owners[ownership.unit_id].append(ownership)
    # What came and went back before it was paid out leaves nothing to tell an owner.
    paying = {key: found for key, found in sources.items() if sum((source.rent for source in found), ZERO)}
    ordered = sorted(paying.items(), key=lambda item: (leases[item[0][0]].unit.code, item[0]))
    charges = _charges([(key, [each.owner_id for each in owners[leases[key[0]].unit_id]]) for key, _found in ordered])
    liquids, ownerless = [], {}
    for (lease_id, period), found in ordered:
        lease = leases[lease_id]
        # Whoever owns most comes first: a peso that does not divide goes to the largest remainder, and of equal ones to the first.
        shares = sorted(owners[lease.unit_id], key=lambda ownership: (-ownership.share, ownership.pk))
        if shares:
            liquids.append(Liquid(lease, period, tuple(found), _divide(lease, period, found, shares, charges)))
        else:
            ownerless[lease.pk] = lease
    return Proposal(until, tuple(liquids), tuple(ownerless.values()))


def waiting(*, until: date, most: int = 50) -> list[Invoice]:
    """The rents that fell due until a day and are not collected whole, the oldest first, at most so many."""
    owed = Invoice.objects.owed().filter(kind=InvoiceKind.RENT, lease__isnull=False, due_on__lte=until)
    return list(owed.select_related("lease__unit", "client").order_by("due_on", "pk")[:most])


def commission_on(lease: Lease, rent: Decimal, *, iva_rate: Decimal) -> tuple[Decimal, Decimal]:
    """The commission on a rent and its IVA, each to the peso: halves go to the even peso, as the agencies' books do."""
    commission = (rent * lease.commission / 100).quantize(PESO, ROUND_HALF_EVEN)
    return commission, (commission * iva_rate / 100).quantize(PESO, ROUND_HALF_EVEN)


def _sources(until: date) -> dict[Key, list[Source]]:
    """The movements to pay out, by lease and month, each with its rent."""
    # Told apart in the database: the book of years that an agency brought was paid out by its own vouchers.
    brought = ~Exists(PayoutLine.objects.filter(payout=OuterRef("pk")))
    by_book = Payout.objects.filter(brought, lease=OuterRef("invoice__lease"), period=OuterRef("invoice__period"), paid_on__gte=OuterRef("on"))
    # Asked as "there is none", the database knows how many it will find; asked by a join, it reckons with a handful.
    paid_out = Exists(PayoutSource.objects.filter(movement=OuterRef("pk")))
    rents = Movement.objects.filter(
        invoice__kind=InvoiceKind.RENT, invoice__lease__isnull=False, kind__in=COLLECTED
    )
    free = rents.filter(~paid_out, ~Exists(by_book), on__lte=until).select_related("invoice", "payment__receipt", "reversal", "attempt")
    movements = list(free.order_by("on", "pk"))
    these = among("invoice", {movement.invoice_id for movement in movements if movement.invoice_id is not None})
    gone = rents.filter(paid_out | Exists(by_book), these)
    covered = {row["invoice"]: row["sum"] for row in gone.order_by().values("invoice").annotate(sum=Sum("amount"))}
    found: dict[Key, list[Source]] = defaultdict(list)
    for movement in movements:
        invoice = movement.invoice
        if invoice is None or invoice.lease_id is None:
            continue  # the query left them out
        before = covered.get(invoice.pk, ZERO)
        covered[invoice.pk] = after = before + movement.amount
        rent, withheld = (
            _part(whole, after, invoice.total) - _part(whole, before, invoice.total) for whole in (invoice.base, invoice.withholding)
        )
        found[invoice.lease_id, invoice.period].append(Source(movement, rent, withheld))
    return found


def _part(whole: Decimal, covered: Decimal, total: Decimal) -> Decimal:
    """How much of `whole` counts as collected when `covered` of the invoice's total is."""
    return whole if covered == total else (whole * covered / total).quantize(PESO, ROUND_HALF_EVEN)


@dataclass(frozen=True)
class _Charges:
    """What is known of commissions. A run's invoice is for the rent that came in some months, whatever month it was owed for;
    any other commission invoice is for the rent of its own month. What was issued here is taken off what comes next when nothing
    of its own month does; what a book brought is not: the book's own vouchers took it."""

    iva_rate: Decimal
    by_month: dict[tuple[int, int, date], list[Invoice]]  # those of no run, by owner, lease and month
    elsewhere: dict[tuple[int, int, date], list[Invoice]]  # of runs, of other months, of no lease: by owner, lease and month to take them off
    charged: dict[tuple[int, int], tuple[date, date]]  # by owner and lease: the days whose rent the runs charged for
    taken: frozenset[int]  # those that an open line takes off already

    def is_charged(self, owner: int, lease: int, on: date) -> bool:
        """Whether a run's invoice asked for the commission of what came that day."""
        first, last = self.charged.get((owner, lease), (date.max, date.min))
        return first <= on <= last


def _charges(paying: Sequence[tuple[Key, list[int]]]) -> _Charges:
    """Of the leases and months that pay out, each with its owners, in their order."""
    by_month: dict[tuple[int, int, date], list[Invoice]] = defaultdict(list)
    elsewhere: dict[tuple[int, int, date], list[Invoice]] = defaultdict(list)
    months: dict[int, set[date]] = defaultdict(set)
    last: dict[int, Key] = {}  # of each owner
    for key, owners in paying:
        months[key[0]].add(key[1])
        last |= dict.fromkeys(owners, key)
    alive = Invoice.objects.filter(kind=InvoiceKind.COMMISSION, voided_at=None).order_by("issued_on", "pk")
    promised = _promised(months)
    # Of other months than those that pay out, only what is still owed can be taken off.
    owed, asked = Q(applied__lt=F("total")), Q(period__in=set().union(*months.values()))
    for invoice in alive.filter(owed | asked, among("lease", months)):
        lease, month = invoice.lease_id or 0, invoice.period
        if invoice.run_id is None:
            by_month[invoice.client_id, lease, month].append(invoice)
        if invoice.run_id is not None or (invoice.resolution_id is not None and month not in months[lease]):
            elsewhere[invoice.client_id, lease, month if month in months[lease] else max(months[lease])].append(invoice)
    for invoice in alive.filter(owed, lease=None, run=None, resolution__isnull=False, client__in=last):
        elsewhere[(invoice.client_id, *last[invoice.client_id])].append(invoice)
    taken = set(PayoutCommission.objects.filter(movement=None, invoice__client__in=last).values_list("invoice", flat=True))
    for invoice in (each for found in (*by_month.values(), *elsewhere.values()) for each in found):
        # A line that is not paid yet reckons it: once paid it covers the invoice, and only what it does not cover is taken.
        lines = promised.get((invoice.client_id, invoice.lease_id or 0), frozenset())
        if invoice.period in lines or (invoice.run_id is not None and lines):
            taken.add(invoice.pk)
    rate = invoicing_policy.current().commission_iva_rate
    return _Charges(rate, by_month, elsewhere, charged_days(months), frozenset(taken))


def _promised(leases: Iterable[int]) -> dict[tuple[int, int], frozenset[date]]:
    """By owner and lease: the months of which lines that are not paid yet reckon a commission that no invoice is covered with."""
    lines = PayoutLine.objects.filter(payout=None, commission__gt=0, liquidation__lease__in=leases)
    rows = lines.annotate(covered=Coalesce(Sum("commissions__amount"), ZERO)).filter(covered__lt=F("commission") + F("commission_iva"))
    found: dict[tuple[int, int], frozenset[date]] = {}
    for owner, lease, period in rows.values_list("order__owner", "liquidation__lease", "liquidation__period"):
        found[owner, lease] = found.get((owner, lease), frozenset()) | {period}
    return found


def charged_days(leases: Iterable[int]) -> dict[tuple[int, int], tuple[date, date]]:
    """By owner and lease: the first and the last day of the months that runs of commissions charged for."""
    items = RunItem.objects.filter(
        run__kind=RunKind.COMMISSION, state=ItemState.ISSUED, invoice__voided_at=None, lease__in=leases, owner__isnull=False
    )
    rows = items.order_by().values_list("owner", "lease").annotate(first=Min("run__period"), last=Max("run__period"))
    return {(owner, lease): (first, monthly.last_day(last)) for owner, lease, first, last in rows}


def _divide(lease: Lease, period: date, sources: list[Source], owners: list[Ownership], charges: _Charges) -> tuple[Share, ...]:
    weights = [ownership.share for ownership in owners]
    rent, withheld = sum((s.rent for s in sources), ZERO), sum((s.withheld for s in sources), ZERO)
    rents, withholdings = split_shares(rent, weights), split_shares(withheld, weights)
    shares = []
    for n, ownership in enumerate(owners):
        key = (ownership.owner_id, lease.pk, period)
        known = charges.by_month.get(key, [])
        open_ones = tuple(
            (i, i.balance) for i in (*known, *charges.elsewhere.get(key, [])) if i.balance > 0 and i.pk not in charges.taken
        )
        uncharged = sum((s.rent for s in sources if not charges.is_charged(ownership.owner_id, lease.pk, s.movement.on)), ZERO)
        parts = [_of_invoice(invoice, amount) for invoice, amount in open_ones]
        if not known:
            reckoned = commission_on(lease, uncharged, iva_rate=charges.iva_rate)
            parts.append((split_shares(reckoned[0], weights)[n], split_shares(reckoned[1], weights)[n]))
        shares.append(
            Share(
                owner=ownership.owner, share=ownership.share, collected=rents[n], commission=sum((part[0] for part in parts), ZERO),
                commission_iva=sum((part[1] for part in parts), ZERO), withholdings=withholdings[n], invoices=open_ones,
                invoiced=bool(known or open_ones) or not uncharged,
            )
        )  # fmt: skip
    return tuple(shares)


def _of_invoice(invoice: Invoice, amount: Decimal) -> tuple[Decimal, Decimal]:
    """Commission and IVA in `amount` COP of a commission invoice."""
    tax = invoice.iva if amount == invoice.total else (invoice.iva * amount / invoice.total).quantize(PESO, ROUND_HALF_EVEN)
    return amount - tax, tax


def reckoned_before(invoice: Invoice) -> tuple[PayoutLine | None, Decimal]:
    """The first paid line that took off commission which an invoice asks for and no invoice was covered with yet, and how much
    all such lines took, COP."""
    lines = PayoutLine.objects.filter(payout__isnull=False, order__owner=invoice.client_id, liquidation__lease=invoice.lease_id)
    if invoice.run_id is None:
        lines = lines.filter(liquidation__period=invoice.period)
    else:
        first, _last = charged_days([invoice.lease_id or 0]).get((invoice.client_id, invoice.lease_id or 0), (invoice.period, invoice.period))
        days = PayoutSource.objects.filter(liquidation=OuterRef("liquidation"), movement__on__range=(first, monthly.last_day(invoice.period)))
        lines = lines.filter(Exists(days))
    found = list(lines.order_by("pk").annotate(covered=Coalesce(Sum("commissions__amount"), ZERO)))
    left = [(line, line.commission + line.commission_iva - line.covered) for line in found]
    return next((line for line, amount in left if amount > 0), None), max(sum((amount for _line, amount in left), ZERO), ZERO)
