"""Paying owners: liquidate what was collected, take off what staff say, review, and mark as paid.

Whatever is collected is bound to its liquidation in the same transaction (`PayoutSource`), so two people at once cannot pay it
out twice. A voucher (`Payout`) is written when the money is paid, and never before. Rows are locked in one order: the series'
counter, orders by id, invoices by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, Sum

from payments import outgoing, receipts
from payments.announcing import announce_payouts
from payments.models import (
    Counter,
    DeductionKind,
    Invoice,
    InvoiceKind,
    InvoiceQuerySet,
    Liquidation,
    Movement,
    MovementKind,
    OrderState,
    Payout,
    PayoutCommission,
    PayoutDeduction,
    PayoutLine,
    PayoutOrder,
    PayoutSource,
)
from payments.payouts import banks, proposals
from saas.accounts.models import User
from saas.audit import changes
from saas.lib.clock import short_date
from saas.lib.money import cop

PREFIX = "EG"  # of the vouchers made here; those of the agency's book keep their own
SERIES = "payout"
ZERO = Decimal(0)


class PayoutRefused(ValueError):  # noqa: N818
    """Why this cannot be done with an order, in Spanish, for staff."""


@dataclass(frozen=True)
class Transfer:
    """What the bank did: when, and under which reference of its own."""

    paid_on: date
    bank_reference: str = ""


def liquidate(*, until: date, mark: str, staff: User, now: datetime) -> list[Liquidation]:
    """Make what `propose` said, if it still says the same (`mark`), into lines of each owner's draft. Raises PayoutRefused."""
    with transaction.atomic():
        one_at_a_time()
        cover_reckoned(Invoice.objects.all(), now=now)
        proposal = proposals.propose(until=until)
        if proposal.mark != mark:
            raise PayoutRefused("Mientras usted revisaba cambió el recaudo. Mire de nuevo lo que se va a liquidar.")
        if not proposal.liquids:
            raise PayoutRefused("No hay recaudo por liquidar hasta esa fecha.")
        owners = {share.owner.pk for liquid in proposal.liquids for share in liquid.shares}
        drafts = {order.owner_id: order for order in _locked(PayoutOrder.objects.filter(state=OrderState.DRAFT, owner__in=owners))}
        missing = [PayoutOrder(owner_id=owner, made_at=now) for owner in sorted(owners - set(drafts))]
        drafts |= {order.owner_id: order for order in PayoutOrder.objects.bulk_create(missing)}
        made = Liquidation.objects.bulk_create(
            Liquidation(lease=liquid.lease, period=liquid.period, until=until, made_by=staff, made_at=now) for liquid in proposal.liquids
        )
        PayoutSource.objects.bulk_create(
            PayoutSource(movement=source.movement, liquidation=row, rent=source.rent, withheld=source.withheld)
            for row, liquid in zip(made, proposal.liquids, strict=True)
            for source in liquid.sources
        )
        shares = [(row, share) for row, liquid in zip(made, proposal.liquids, strict=True) for share in liquid.shares]
        lines = PayoutLine.objects.bulk_create(
            PayoutLine(
                order=drafts[share.owner.pk], liquidation=row, share=share.share, collected=share.collected, commission=share.commission,
                commission_iva=share.commission_iva, withholdings=share.withholdings, net=share.net,
            )
            for row, share in shares
        )  # fmt: skip
        PayoutCommission.objects.bulk_create(
            PayoutCommission(line=line, invoice=invoice, amount=amount)
            for line, (_row, share) in zip(lines, shares, strict=True)
            for invoice, amount in share.invoices
        )
        changes.keep([
            change
            for order in sorted(drafts.values(), key=lambda order: order.pk)
            for change in changes.differences("payout_order", order.pk, before={}, after={"liquidated": short_date(until)}, by=staff, now=now)
        ])  # fmt: skip
        return made


def discard(liquidation_id: int, *, staff: User, now: datetime) -> None:
    """Undo a liquidation of which every owner's order is still a draft: its money waits again. Raises PayoutRefused."""
    with transaction.atomic():
        one_at_a_time()
        row = Liquidation.objects.filter(pk=liquidation_id).first()
        if row is None:
            return
        orders = _locked(PayoutOrder.objects.filter(lines__liquidation=row))
        if any(order.state != OrderState.DRAFT for order in orders):
            raise PayoutRefused("Uno de los propietarios ya tiene su egreso revisado o girado: esta liquidación no se deshace.")
        told = {"liquidation": f"{row.lease.number} {row.period:%Y-%m}"}
        for order in orders:
            changes.record("payout_order", order.pk, before=told, after={"liquidation": ""}, by=staff, now=now)
        PayoutLine.objects.filter(liquidation=row).delete()
        row.delete()
        PayoutOrder.objects.filter(pk__in=[order.pk for order in orders], lines=None).delete()


def deduct(
    line_id: int, *, kind: DeductionKind, concept: str, amount: Decimal, key: UUID, staff: User, now: datetime
) -> PayoutDeduction:
    """Take something off a line of a draft. The same key again takes nothing more. Raises PayoutRefused."""
    try:
        with transaction.atomic():
            line = PayoutLine.objects.select_related("order").get(pk=line_id)
            _draft(line.order_id)
            made = PayoutDeduction.objects.create(
                line=line, kind=kind, concept=concept, amount=amount, key=key, made_by=staff, made_at=now
            )
            _take(made, amount)
            told = f"{made.get_kind_display()}: {concept}, {cop(amount)}"
            changes.record("payout_order", line.order_id, before={}, after={"deduction": told}, by=staff, now=now)
            return made
    except IntegrityError:
        existing = PayoutDeduction.objects.filter(key=key).first()
        if existing is None:
            raise
        return existing


def forgive(deduction_id: int, *, staff: User, now: datetime) -> None:
    """Take back a deduction of a draft. Raises PayoutRefused."""
    with transaction.atomic():
        found = PayoutDeduction.objects.select_related("line").filter(pk=deduction_id).first()
        if found is None:
            return
        _draft(found.line.order_id)
        if not PayoutDeduction.objects.select_for_update().filter(pk=deduction_id).exists():
            return
        _take(found, -found.amount)
        told = f"{found.get_kind_display()}: {found.concept}, {cop(found.amount)}"
        changes.record("payout_order", found.line.order_id, before={"deduction": told}, after={"deduction": ""}, by=staff, now=now)
        found.delete()


def review(order_ids: Sequence[int], *, staff: User, now: datetime) -> list[PayoutOrder]:
    """Say of drafts that they are right. Those already reviewed or paid stay as they are. Raises PayoutRefused: all or none."""
    with transaction.atomic():
        orders = [o for o in _locked(PayoutOrder.objects.filter(pk__in=order_ids)) if o.state == OrderState.DRAFT]
        totals = totals_of(orders)
        for order in orders:
            if totals[order.pk] < 0:
                raise PayoutRefused(f"{order.reference} está en contra del propietario: espera a que se recaude más.")
        for order in orders:
            order.state, order.reviewed_by, order.reviewed_at = OrderState.REVIEWED, staff, now
            order.save(update_fields=["state", "reviewed_by", "reviewed_at"])
            changes.record("payout_order", order.pk, before={"state": "draft"}, after={"state": "reviewed"}, by=staff, now=now)
        return orders


def reopen(order_id: int, *, staff: User, now: datetime) -> None:
    """Make a reviewed order a draft again; lines of a draft that began meanwhile join it. Raises PayoutRefused."""
    with transaction.atomic():
        one_at_a_time()
        order = PayoutOrder.objects.select_for_update(of=("self",)).get(pk=order_id)
        if order.state == OrderState.PAID:
            raise PayoutRefused("Este egreso ya se giró.")
        if order.state == OrderState.DRAFT:
            return
        newer = PayoutOrder.objects.select_for_update(of=("self",)).filter(owner=order.owner_id, state=OrderState.DRAFT).first()
        if newer is not None:
            PayoutLine.objects.filter(order=newer).update(order=order)
            newer.delete()
        order.state, order.reviewed_by, order.reviewed_at = OrderState.DRAFT, None, None
        order.save(update_fields=["state", "reviewed_by", "reviewed_at"])
        changes.record("payout_order", order.pk, before={"state": "reviewed"}, after={"state": "draft"}, by=staff, now=now)


def mark_paid(order_id: int, transfer: Transfer, *, staff: User, now: datetime) -> PayoutOrder:
    """A reviewed order was paid: a voucher for each line, its commission invoices covered, and a mail to the owner. One that
    is paid stays as it is. Raises PayoutRefused."""
    with transaction.atomic():
        one_at_a_time()
        order = PayoutOrder.objects.select_for_update(of=("self",)).select_related("owner").get(pk=order_id)
        if order.state == OrderState.PAID:
            return order
        if order.state != OrderState.REVIEWED:
            raise PayoutRefused(f"{order.reference} no está revisado.")
        lines = list(order.lines.select_related("liquidation").order_by("pk"))
        bank, account = banks.shown(order.owner)
        for line in lines:
            line.payout = Payout.objects.create(
                prefix=PREFIX, number=_next_number(), owner=order.owner, lease_id=line.liquidation.lease_id, period=line.liquidation.period,
                paid_on=transfer.paid_on, collected=line.collected, commission=line.commission, commission_iva=line.commission_iva,
                withholdings=line.withholdings, other=line.other, net=line.net, bank=bank, account=account,
            )  # fmt: skip
            line.save(update_fields=["payout"])
        _cover(list(PayoutCommission.objects.filter(line__in=lines, movement=None)), on=transfer.paid_on, now=now)
        order.state, order.paid_by, order.paid_at = OrderState.PAID, staff, now
        order.paid_on, order.bank_reference = transfer.paid_on, transfer.bank_reference
        order.save(update_fields=["state", "paid_by", "paid_at", "paid_on", "bank_reference"])
        changes.record("payout_order", order.pk, before={"state": "reviewed"}, after={"state": "paid"}, by=staff, now=now)
        made = [line.payout for line in lines if line.payout]
        announce_payouts(order, made, now)
        outgoing.payouts_paid(made, now=now)
        # What these lines reckoned may have been invoiced while they waited.
        cover_reckoned(Invoice.objects.filter(client=order.owner_id), now=now)
        return order


def totals_of(orders: Sequence[PayoutOrder]) -> dict[int, Decimal]:
    """What each order pays, COP."""
    rows = PayoutLine.objects.filter(order__in=orders).order_by().values("order").annotate(sum=Sum("net"))
    return {**{order.pk: ZERO for order in orders}, **{row["order"]: row["sum"] for row in rows}}


def cover_reckoned(among: InvoiceQuerySet, *, now: datetime) -> list[Invoice]:
    """Cover the commission invoices `among` those given that were made after their commission was taken off a payout: they are owed
    no more. Whoever issues commission invoices may call it at once; a liquidation does before it looks. Returns which."""
    paid = PayoutLine.objects.filter(
        payout__isnull=False, commission__gt=0, order__owner=OuterRef("client"), liquidation__lease=OuterRef("lease")
    )
    # By hand, a commission is of its own month; a run's may ask for what was collected in several.
    reckoned = Exists(paid.filter(liquidation__period=OuterRef("period"))) | (Q(run__isnull=False) & Exists(paid))
    taken = PayoutCommission.objects.filter(invoice=OuterRef("pk"), movement=None)
    covered = []
    with transaction.atomic():
        for invoice in among.owed().filter(reckoned, ~Exists(taken), kind=InvoiceKind.COMMISSION).order_by("pk"):
            line, amount = proposals.reckoned_before(invoice)
            amount = min(amount, invoice.balance)
            if amount > 0 and line is not None:
                made = PayoutCommission.objects.create(line=line, invoice=invoice, amount=amount)
                _cover([made], on=max(line.order.paid_on or invoice.issued_on, invoice.issued_on), now=now)
                covered.append(invoice)
    return covered


def _cover(commissions: Sequence[PayoutCommission], *, on: date, now: datetime) -> None:
    """Put what lines took off on the commission invoices. One that owes less than was taken off is refused."""
    invoices = {
        i.pk: i for i in Invoice.objects.select_for_update().filter(pk__in=[c.invoice_id for c in commissions]).order_by("pk")
    }
    for commission in commissions:
        invoice = invoices[commission.invoice_id]
        if invoice.voided_at is not None or invoice.balance < commission.amount:
            told = "fue anulada" if invoice.voided_at else f"ahora debe {cop(invoice.balance)}"
            raise PayoutRefused(
                f"La factura de comisión {invoice.full_number} {told}, y se le iban a descontar {cop(commission.amount)}."
                " Devuelva el egreso a borrador, deshaga la liquidación y hágala de nuevo."
            )
        invoice.applied += commission.amount
        invoice.save(update_fields=["applied"])
        commission.movement = Movement.objects.create(
            kind=MovementKind.DEDUCTED, client_id=invoice.client_id, invoice=invoice, amount=commission.amount, on=on
        )
        commission.save(update_fields=["movement"])


def one_at_a_time() -> None:
    """Whoever makes or undoes liquidations, or numbers vouchers, waits here for whoever does now."""
    Counter.objects.get_or_create(name=SERIES)
    Counter.objects.select_for_update().get(name=SERIES)


def _next_number() -> int:
    """The next number of a voucher. A book that was exported here and imported elsewhere brings some of them."""
    number = receipts.next_number(SERIES)
    while Payout.objects.filter(prefix=PREFIX, number=number).exists():
        number = receipts.next_number(SERIES)
    return number


def _draft(order_id: int) -> PayoutOrder:
    order = PayoutOrder.objects.select_for_update(of=("self",)).get(pk=order_id)
    if order.state != OrderState.DRAFT:
        raise PayoutRefused("Este egreso ya se revisó: devuélvalo a borrador para cambiarlo.")
    return order


def _take(deduction: PayoutDeduction, amount: Decimal) -> None:
    column = "withholdings" if deduction.kind == DeductionKind.WITHHOLDING else "other"
    PayoutLine.objects.filter(pk=deduction.line_id).update(**{column: F(column) + amount, "net": F("net") - amount})


def _locked(orders: object) -> list[PayoutOrder]:
    ids = list(orders.values_list("pk", flat=True))  # type: ignore[attr-defined]
    return list(PayoutOrder.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
