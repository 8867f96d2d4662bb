"""What the agency earned on the rents that it collected: a draft of commission for each owner of each lease, or why there is
none. Reads only, in a fixed number of queries.

The commission is on the rent alone: of what was paid of an invoice, the part that is rent. What was collected late for a
month that was invoiced already comes with the next one. The owners' parts add up to the commission of the lease. A commission
that somebody wrote by hand for an owner and a lease is taken off the first one that follows for its month or a later one: what is
left is asked for, and where nothing is, the one by hand stands for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Exists, Min, OuterRef, QuerySet, Sum

from clientarea.models import Lease, Ownership
from payments.invoicing.drafts import Draft, refusal
from payments.invoicing.monthly import Rules, Skipped, last_day
from payments.invoicing.policy import percent
from payments.models import Invoice, InvoiceKind, ItemState, Movement, MovementKind, RunItem, RunKind
from saas.lib import clock
from saas.lib.among import among
from saas.lib.money import cop, split_shares, whole

ZERO = Decimal(0)


class Earning(NamedTuple):
    """What a draft needs of a lease."""

    pk: int
    number: str
    unit_id: int
    commission: Decimal


class Owner(NamedTuple):
    """What a draft needs of an owner of its unit."""

    pk: int
    name: str
    share: Decimal


def leases_with_money(period: date) -> list[int]:
    """The ids of the leases of which rent moved in a month, or after an earlier month's commission."""
    moved = _rent_movements().filter(on__range=(period, last_day(period)))
    ids = set(moved.values_list("invoice__lease", flat=True))
    ids |= set(_issued().filter(run__period__lt=period).values_list("lease", flat=True))
    return list(Lease.objects.filter(among("pk", ids)).order_by("number").values_list("pk", flat=True))


def drafts_of(leases: Iterable[int], *, period: date, issued_on: date, rules: Rules | None = None) -> list[Draft | Skipped]:
    """The commission of each owner of each of those leases for what was collected through the month of `period`."""
    rules, ids = rules or Rules.now(), list(leases)
    earning = {row[0]: Earning(*row) for row in Lease.objects.filter(among("pk", ids)).values_list("pk", "number", "unit_id", "commission")}
    owned, rents, written = _owners(lease.unit_id for lease in earning.values()), collected(ids, period), _by_hand(ids, period)
    there: dict[int, dict[int | None, Decimal]] = defaultdict(dict)
    for lease_id, owner_id, amount in _issued().filter(among("lease", ids), run__period=period).values_list("lease", "owner", "collected"):
        there[lease_id][owner_id] = amount
    made: list[Draft | Skipped] = []
    for pk in ids:
        lease, rent, done = earning[pk], rents[pk], there[pk]
        owners = owned[lease.unit_id]
        if not owners:
            made.append(Skipped(pk, lease.number, "", "El inmueble no tiene propietarios registrados."))
            continue
        # Where some owners have theirs of this month, the others get their part of the whole of it.
        month = sum(done.values(), rent)
        shares = [owner.share for owner in owners]
        parts = split_shares(whole(max(month, ZERO) * lease.commission / 100), shares)
        for owner, base, share in zip(owners, parts, split_shares(month, shares), strict=True):
            if owner.pk in done:
                made.append(Skipped(pk, lease.number, owner.name, "Ya tiene su comisión de este mes.", owner.pk))
                continue
            before = written.get((pk, owner.pk), [])
            left = base - sum((invoice.base for invoice in before), ZERO)
            draft = _draft(lease, owner, period, issued_on, base=max(left, ZERO), rent=share, rules=rules, before=before)
            if before and base > 0 and left <= 0:
                why = f"Ya se facturó a mano: {_numbers(before)}."
                made.append(Skipped(pk, lease.number, owner.name, why, owner.pk, (before[-1].pk, share)))
                continue
            why = _why_not(rent, lease, draft)
            made.append(Skipped(pk, lease.number, owner.name, why, owner.pk) if why else draft)
    return made


def collected(leases: Iterable[int], period: date) -> dict[int, Decimal]:
    """The rent collected of each lease through a month that no commission is for yet, COP. Below zero where it went back."""
    ids = list(leases)
    begun = dict(_issued().filter(among("lease", ids)).order_by().values_list("lease").annotate(first=Min("run__period")))
    before: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for lease, amount in _issued().filter(among("lease", ids)).order_by().values_list("lease").annotate(sum=Sum("collected")):
        before[lease] = amount
    earliest, end = min([period, *begun.values()]), last_day(period)
    touched = _rent_movements().filter(among("invoice__lease", ids), on__range=(earliest, end)).values("invoice")
    rows = (
        _rent_movements()
        .filter(invoice__in=touched, on__lte=end)
        .order_by()
        .values_list("invoice__lease", "invoice_id", "invoice__base", "invoice__total", "on")
        .annotate(sum=Sum("amount"))
    )
    paid: dict[int, list[Decimal]] = {}  # of each invoice: before its lease's first commission, and through the end
    of: dict[int, tuple[int, Decimal, Decimal]] = {}
    for lease, pk, base, total, on, amount in rows:
        of[pk] = (lease, base, total)
        sums = paid.setdefault(pk, [ZERO, ZERO])
        sums[1] += amount
        if on < begun.get(lease, period):
            sums[0] += amount
    found: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for pk, (earlier, through) in paid.items():
        lease, base, total = of[pk]
        found[lease] += _rent_in(through, base, total) - _rent_in(earlier, base, total)
    return {lease: found[lease] - before[lease] for lease in ids}


def _rent_in(paid: Decimal, base: Decimal, total: Decimal) -> Decimal:
    """How much of what was paid of an invoice is rent: all of it in proportion, so that parts never drift from the whole."""
    return whole(paid * base / total) if total else ZERO


def _rent_movements() -> QuerySet[Movement]:
    kept = (MovementKind.APPLIED, MovementKind.REVERSED, MovementKind.RELEASED, MovementKind.DEDUCTED)
    return Movement.objects.filter(kind__in=kept, invoice__kind=InvoiceKind.RENT, invoice__lease__isnull=False)


def _issued() -> QuerySet[RunItem]:
    return RunItem.objects.filter(run__kind=RunKind.COMMISSION, state=ItemState.ISSUED, invoice__voided_at=None)


def _owners(units: Iterable[int]) -> dict[int, list[Owner]]:
    """The owners of those units, those who were written first before the others."""
    found: dict[int, list[Owner]] = defaultdict(list)
    rows = Ownership.objects.filter(among("unit", units)).order_by("pk")
    for unit, pk, name, share in rows.values_list("unit_id", "owner_id", "owner__name", "share"):
        found[unit].append(Owner(pk, name, share))
    return found


def _by_hand(ids: list[int], period: date) -> dict[tuple[int, int], list[Invoice]]:
    """By lease and owner: the commissions that were written here by hand for a month until this one, and that no run counted: one of
    their month or a later one has either taken them off or was there before them."""
    runs = _issued().filter(lease=OuterRef("lease"), owner=OuterRef("client"), run__period__gte=OuterRef("period"))
    rows = Invoice.objects.filter(
        ~Exists(runs), among("lease", ids), kind=InvoiceKind.COMMISSION, run=None, resolution__isnull=False, voided_at=None, period__lte=period
    )
    found: dict[tuple[int, int], list[Invoice]] = defaultdict(list)
    for invoice in rows.order_by("pk"):
        found[invoice.lease_id or 0, invoice.client_id].append(invoice)
    return found


def _numbers(invoices: Sequence[Invoice]) -> str:
    return ", ".join(invoice.full_number for invoice in invoices)


def _why_not(rent: Decimal, lease: Earning, draft: Draft) -> str:
    if rent < 0:
        return f"Se devolvió más de lo que se recaudó ({cop(rent)}): se descuenta del mes siguiente."
    if rent == 0:
        return "No se recaudó canon."
    if lease.commission == 0:
        return "El contrato no tiene comisión."
    return refusal(draft)


def _draft(
    lease: Earning, owner: Owner, period: date, issued_on: date, *, base: Decimal, rent: Decimal, rules: Rules, before: Sequence[Invoice]
) -> Draft:
    of = f"{cop(rent)} de canon recaudado hasta {clock.month_name(period)}"
    concept = f"Comisión del {percent(lease.commission)} % sobre {of}, contrato {lease.number}"
    return Draft(
        kind=InvoiceKind.COMMISSION, client_id=owner.pk, client=owner.name, period=period, issued_on=issued_on, due_on=issued_on,
        concept=f"{concept}, menos {_numbers(before)}" if before else concept,
        base=base, lease_id=lease.pk, lease=lease.number, rent_iva=whole(base * rules.policy.commission_iva_rate / 100), collected=rent,
    )  # fmt: skip
