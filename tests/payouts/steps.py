"""What the tests of paying owners share: liquidating, paying, and what must hold whatever happened."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from clientarea.models import Ownership
from payments import manual, settlement
from payments.models import (
    DeductionKind,
    Invoice,
    Movement,
    OrderState,
    Payment,
    Payout,
    PayoutLine,
    PayoutOrder,
    PayoutSource,
)
from payments.payouts import paying, proposals
from tests.world import NOW, TODAY, Cast


def collect(cast: Cast, invoice: Invoice, amount: int | Decimal | None = None, *, on: date = TODAY) -> Payment:
    """Staff receive money for an invoice: all that it owes if no amount is said."""
    invoice.refresh_from_db()
    paid = invoice.balance if amount is None else Decimal(amount)
    entry = manual.ManualPayment(
        key=uuid.uuid4(), client=invoice.client, amount=paid, means="Efectivo", reference="", paid_on=on, lines=((invoice.pk, paid),)
    )
    return settlement.settle_manual(entry, staff=cast.sara, now=NOW)


def liquidate(cast: Cast, *, until: date = TODAY) -> list[PayoutOrder]:
    """Liquidate what there is; the orders that are drafts now."""
    paying.liquidate(until=until, mark=proposals.propose(until=until).mark, staff=cast.sara, now=NOW)
    return list(PayoutOrder.objects.filter(state=OrderState.DRAFT).order_by("pk"))


def pay(cast: Cast, *orders: PayoutOrder, on: date = TODAY) -> None:
    """Review orders and mark them as paid."""
    for order in orders:
        paying.review([order.pk], staff=cast.sara, now=NOW)
        paying.mark_paid(order.pk, paying.Transfer(on), staff=cast.sara, now=NOW)


def deduct(cast: Cast, line: PayoutLine, amount: int, kind: DeductionKind = DeductionKind.REPAIR, concept: str = "Plomería") -> Any:
    return paying.deduct(line.pk, kind=kind, concept=concept, amount=Decimal(amount), key=uuid.uuid4(), staff=cast.sara, now=NOW)


def share_out(cast: Cast, *shares: tuple[Any, str]) -> None:
    """Give Rita's unit those owners."""
    Ownership.objects.filter(unit=cast.lease.unit).delete()
    for owner, share in shares:
        Ownership.objects.create(unit=cast.lease.unit, owner=owner, share=Decimal(share))


def figures(row: Payout | PayoutLine) -> tuple[int, ...]:
    """collected, commission, IVA, withholdings, other, net."""
    return tuple(int(getattr(row, name)) for name in ("collected", "commission", "commission_iva", "withholdings", "other", "net"))


def check_payouts() -> None:
    """What must be true of the agency that we are inside, whatever was liquidated, taken off, undone and paid."""
    for line in PayoutLine.objects.select_related("payout", "order"):
        assert line.collected - line.commission - line.commission_iva - line.withholdings - line.other == line.net
        taken = list(line.deductions.all())
        assert line.other == sum(d.amount for d in taken if d.kind != DeductionKind.WITHHOLDING)
        assert (line.payout is not None) == (line.order.state == OrderState.PAID)
        if line.payout is not None:
            assert figures(line.payout) == figures(line)
    sources = PayoutSource.objects.select_related("liquidation", "movement__invoice")
    by_liquidation: dict[int, Decimal] = {}
    by_invoice: dict[int, tuple[Invoice, Decimal, Decimal]] = {}
    for source in sources:
        by_liquidation[source.liquidation_id] = by_liquidation.get(source.liquidation_id, Decimal(0)) + source.rent
        invoice = source.movement.invoice
        assert invoice is not None
        _invoice, rent, covered = by_invoice.get(invoice.pk, (invoice, Decimal(0), Decimal(0)))
        by_invoice[invoice.pk] = (invoice, rent + source.rent, covered + source.movement.amount)
    for pk, rent in by_liquidation.items():
        assert sum(line.collected for line in PayoutLine.objects.filter(liquidation=pk)) == rent
    for invoice, rent, covered in by_invoice.values():
        if covered == invoice.total and not Movement.objects.filter(invoice=invoice, paid_out=None).exists():
            assert rent == invoice.base  # of what is all there, the whole rent was shared out
    totals = paying.totals_of(list(PayoutOrder.objects.exclude(state=OrderState.DRAFT)))
    assert all(total >= 0 for total in totals.values())
    numbers = list(Payout.objects.filter(prefix=paying.PREFIX).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
