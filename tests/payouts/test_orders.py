"""Paying owners: what is collected is shared out to the peso, once, and nothing of it is lost whatever happens afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from clientarea.models import Notice, NoticeKind
from clientarea.notice_words import words_of
from payments import reversals
from payments.models import (
    DeductionKind,
    Invoice,
    InvoiceKind,
    Liquidation,
    Movement,
    MovementKind,
    OrderState,
    Payout,
    PayoutLine,
    PayoutOrder,
    PayoutSource,
)
from payments.payouts import income, paying, proposals
from payments.statements import certificates
from payments.statements.account import Account, statement_of
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from tenants import context
from tests.payments.money import check_invariants
from tests.payouts.steps import check_payouts, collect, deduct, figures, liquidate, pay, share_out
from tests.portal.test_payouts import make_payout
from tests.world import NOW, TODAY, Cast, Casts, make_invoice


@pytest.fixture
def here(cast: Casts) -> Any:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa
        check_invariants()
        check_payouts()


def commission(here: Cast, number: int = 900, *, owner: Any = None, base: int = 76_000, iva: int = 14_440, **fields: Any) -> Invoice:
    values = {
        "kind": InvoiceKind.COMMISSION, "prefix": "FC", "client": owner or here.oscar, "base": base, "administration": 0, "iva": iva,
        "total": base + iva, **fields,
    }  # fmt: skip
    return make_invoice(here.lease, number, **values)


# From the collection to the voucher


def test_rent_less_commission_and_its_iva(here: Cast) -> None:
    collect(here, here.invoice)
    (order,) = liquidate(here)
    (line,) = order.lines.all()
    # Of $ 1.215.000 the rent is $ 950.000: the administration is not the owner's.
    assert (order.owner, figures(line)) == (here.oscar, (950_000, 76_000, 14_440, 0, 0, 859_560))
    assert not Payout.objects.exists()
    pay(here, order)
    voucher = Payout.objects.get()
    assert (voucher.full_number, voucher.period, voucher.paid_on, voucher.lease) == ("EG-1", date(2026, 11, 1), TODAY, here.lease)
    assert figures(voucher) == (950_000, 76_000, 14_440, 0, 0, 859_560)


def test_what_is_not_collected_waits(here: Cast) -> None:
    proposal = proposals.propose(until=TODAY)
    assert proposal.liquids == ()
    assert proposals.waiting(until=TODAY) == [here.overdue]
    with pytest.raises(paying.PayoutRefused, match="No hay recaudo"):
        paying.liquidate(until=TODAY, mark=proposal.mark, staff=here.sara, now=NOW)


def test_what_came_after_the_day_waits(here: Cast) -> None:
    collect(here, here.invoice)
    assert proposals.propose(until=TODAY - timedelta(days=1)).liquids == ()


def test_nothing_is_liquidated_twice(here: Cast) -> None:
    collect(here, here.invoice)
    mark = proposals.propose(until=TODAY).mark
    paying.liquidate(until=TODAY, mark=mark, staff=here.sara, now=NOW)
    with pytest.raises(paying.PayoutRefused):
        paying.liquidate(until=TODAY, mark=mark, staff=here.sara, now=NOW)
    source = PayoutSource.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutSource.objects.create(movement=source.movement, liquidation=source.liquidation, rent=1, withheld=0)


def test_what_changed_since_it_was_seen_is_not_liquidated(here: Cast) -> None:
    collect(here, here.invoice)
    seen = proposals.propose(until=TODAY).mark
    collect(here, here.overdue)
    with pytest.raises(paying.PayoutRefused, match="cambió el recaudo"):
        paying.liquidate(until=TODAY, mark=seen, staff=here.sara, now=NOW)
    assert not Liquidation.objects.exists()


def test_parts_add_up_to_the_whole(here: Cast) -> None:
    rents = []
    for amount in (100_000, 333_333, None):
        collect(here, here.invoice, amount)
        pay(here, *liquidate(here))
        rents.append(int(Payout.objects.latest("number").collected))
    assert (rents, sum(rents)) == ([78_189, 260_631, 611_180], 950_000)


@pytest.mark.parametrize(
    ("shares", "collected"),
    [
        (("60", "40"), [570_000, 380_000]), (("33.34", "66.66"), [316_730, 633_270]), (("50", "50"), [475_001, 475_000]),
    ],
)  # fmt: skip
def test_the_peso_that_does_not_divide_goes_to_one_owner(here: Cast, shares: tuple[str, str], collected: list[int]) -> None:
    share_out(here, (here.oscar, shares[0]), (here.berta, shares[1]))
    if shares[0] == "50":
        Invoice.objects.filter(pk=here.invoice.pk).update(base=950_001, total=1_215_001)
    collect(here, here.invoice)
    orders = liquidate(here)
    lines = {order.owner_id: order.lines.get() for order in orders}
    assert [int(lines[owner.pk].collected) for owner in (here.oscar, here.berta)] == collected
    assert sum(line.commission for line in lines.values()) == 76_000
    assert sum(line.commission_iva for line in lines.values()) == 14_440
    pay(here, *orders)


def test_what_the_renter_withheld_is_taken_off(here: Cast) -> None:
    Invoice.objects.filter(pk=here.invoice.pk).update(withholding=33_250, total=1_181_750)
    collect(here, here.invoice)
    (order,) = liquidate(here)
    assert figures(order.lines.get()) == (950_000, 76_000, 14_440, 33_250, 0, 826_310)


def test_a_unit_without_owners_waits(here: Cast) -> None:
    share_out(here)
    collect(here, here.invoice)
    proposal = proposals.propose(until=TODAY)
    assert (proposal.liquids, proposal.ownerless) == ((), (here.lease,))
    share_out(here, (here.oscar, "100"))
    assert len(liquidate(here)) == 1


# What staff take off


def test_repairs_and_withholdings(here: Cast) -> None:
    collect(here, here.invoice)
    (order,) = liquidate(here)
    line = order.lines.get()
    first = deduct(here, line, 120_000)
    deduct(here, line, 9_560, DeductionKind.WITHHOLDING, "ReteICA")
    forgotten = deduct(here, line, 1_000)
    again = paying.deduct(
        line.pk, kind=DeductionKind.REPAIR, concept="x", amount=Decimal(5), key=first.key, staff=here.sara, now=NOW
    )  # the same form again
    assert again == first
    paying.forgive(forgotten.pk, staff=here.sara, now=NOW)
    paying.forgive(forgotten.pk, staff=here.sara, now=NOW)
    pay(here, order)
    assert figures(Payout.objects.get()) == (950_000, 76_000, 14_440, 9_560, 120_000, 730_000)
    for change in (lambda: deduct(here, line, 1), lambda: paying.forgive(first.pk, staff=here.sara, now=NOW)):
        with pytest.raises(paying.PayoutRefused, match="ya se revisó"):
            change()
    told = [c.after or c.before for c in Change.objects.filter(subject="payout_order", field="deduction").order_by("pk")]
    assert told == ["Reparación: Plomería, $\u00a0120.000", "Retención: ReteICA, $\u00a09.560", "Reparación: Plomería, $\u00a01.000"] + [
        "Reparación: Plomería, $\u00a01.000"
    ]


def test_below_zero_it_waits_for_more(here: Cast) -> None:
    collect(here, here.invoice)
    (order,) = liquidate(here)
    deduct(here, order.lines.get(), 900_000)
    with pytest.raises(paying.PayoutRefused, match="en contra del propietario"):
        paying.review([order.pk], staff=here.sara, now=NOW)
    collect(here, here.overdue)
    assert liquidate(here) == [order]
    assert paying.totals_of([order])[order.pk] == 859_560 * 2 - 900_000
    pay(here, order)
    assert sorted(int(p.net) for p in Payout.objects.all()) == [-40_440, 859_560]


# Reversals


def test_rent_reversed_after_it_was_paid_out_is_taken_off_the_next(here: Cast) -> None:
    payment = collect(here, here.overdue)
    pay(here, *liquidate(here))
    reversals.reverse_by_staff(payment.pk, reason="Cheque devuelto", staff=here.sara, now=NOW)
    (order,) = liquidate(here)
    assert figures(order.lines.get()) == (-950_000, -76_000, -14_440, 0, 0, -859_560)
    with pytest.raises(paying.PayoutRefused):
        paying.review([order.pk], staff=here.sara, now=NOW)
    collect(here, here.invoice)
    collect(here, here.overdue)
    liquidate(here)
    pay(here, order)
    assert sum(p.net for p in Payout.objects.all()) == 859_560 * 2
    # The certificate tells what was collected in truth: two rents.
    year = certificates.owner_year(here.oscar, 2026)
    assert [int(each) for each in year.totals] == [1_900_000, -152_000, -28_880, 0, 0, 1_719_120]
    statement = statement_of(here.oscar, Account.INCOME, since=date(2026, 1, 1), until=date(2026, 12, 31))
    assert (statement.opening, statement.closing) == (0, 0)
    assert sum(month.net for month in income.months_of(here.oscar, 2026)) == 1_719_120


def test_rent_reversed_before_it_was_liquidated_gives_nothing(here: Cast) -> None:
    payment = collect(here, here.invoice)
    reversals.reverse_by_staff(payment.pk, reason="Cheque devuelto", staff=here.sara, now=NOW)
    assert proposals.propose(until=TODAY).liquids == ()
    collect(here, here.invoice)
    (order,) = liquidate(here)
    assert figures(order.lines.get()) == (950_000, 76_000, 14_440, 0, 0, 859_560)
    assert PayoutSource.objects.count() == 3


# Commission invoices


def test_the_months_commission_invoice_is_paid_by_deduction(here: Cast) -> None:
    invoice = commission(here, base=80_000, iva=15_200)
    collect(here, here.invoice)
    (order,) = liquidate(here)
    assert figures(order.lines.get()) == (950_000, 80_000, 15_200, 0, 0, 854_800)
    pay(here, order)
    invoice.refresh_from_db()
    movement = Movement.objects.get(kind=MovementKind.DEDUCTED)
    assert (invoice.balance, movement.invoice, movement.amount, movement.on) == (0, invoice, Decimal(95_200), TODAY)
    assert statement_of(here.oscar, Account.COMMISSIONS, since=date(2026, 1, 1), until=date(2026, 12, 31)).closing == 0


def test_a_commission_that_was_paid_is_not_taken_again(here: Cast) -> None:
    collect(here, commission(here))
    collect(here, here.invoice)
    (order,) = liquidate(here)
    assert figures(order.lines.get()) == (950_000, 0, 0, 0, 0, 950_000)


def test_an_invoice_is_taken_by_one_line_only(here: Cast) -> None:
    commission(here)
    collect(here, here.invoice, 600_000)
    liquidate(here)
    collect(here, here.invoice)
    (order,) = liquidate(here)
    assert sorted(int(line.commission) for line in order.lines.all()) == [0, 76_000]
    pay(here, order)


@pytest.mark.parametrize("what", ["voided", "paid"])
def test_an_invoice_that_changed_stops_the_payout(here: Cast, what: str) -> None:
    invoice = commission(here)
    collect(here, here.invoice)
    (order,) = liquidate(here)
    paying.review([order.pk], staff=here.sara, now=NOW)
    if what == "paid":
        collect(here, invoice)
    else:
        Invoice.objects.filter(pk=invoice.pk).update(voided_at=NOW)
    with pytest.raises(paying.PayoutRefused, match="FC-900"):
        paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=here.sara, now=NOW)
    assert not Payout.objects.exists()
    paying.reopen(order.pk, staff=here.sara, now=NOW)
    paying.discard(order.lines.get().liquidation_id, staff=here.sara, now=NOW)
    (again,) = liquidate(here)
    assert int(again.lines.get().commission) == (0 if what == "paid" else 76_000)


def test_an_invoice_made_after_its_commission_was_taken_is_covered(here: Cast) -> None:
    collect(here, here.invoice)
    pay(here, *liquidate(here))
    invoice = commission(here)
    assert paying.cover_reckoned(Invoice.objects.all(), now=NOW) == [invoice]
    assert paying.cover_reckoned(Invoice.objects.all(), now=NOW) == []
    invoice.refresh_from_db()
    assert invoice.balance == 0
    collect(here, here.overdue)
    assert paying.cover_reckoned(Invoice.objects.all(), now=NOW) == []


# The agency's book


def test_what_the_book_paid_out_is_not_paid_again(here: Cast) -> None:
    collect(here, here.overdue, 1_000_000, on=date(2026, 10, 10))
    make_payout(here, 3001, month=10)  # on the fifteenth
    assert proposals.propose(until=TODAY).liquids == ()
    collect(here, here.overdue, on=date(2026, 10, 20))
    (order,) = liquidate(here)
    assert int(order.lines.get().collected) == 950_000 - 781_893


def test_a_voucher_number_that_a_book_brought_is_skipped(here: Cast) -> None:
    brought = make_payout(here, 1, month=9, prefix="EG")
    collect(here, here.invoice)
    pay(here, *liquidate(here))
    assert Payout.objects.latest("pk").full_number == "EG-2"
    assert brought.full_number == "EG-1"


# States


def test_undoing_lets_the_money_wait_again(here: Cast) -> None:
    share_out(here, (here.oscar, "60"), (here.berta, "40"))
    collect(here, here.invoice)
    first, second = liquidate(here)
    liquidation = first.lines.get().liquidation_id
    paying.review([second.pk], staff=here.sara, now=NOW)
    with pytest.raises(paying.PayoutRefused, match="no se deshace"):
        paying.discard(liquidation, staff=here.sara, now=NOW)
    paying.reopen(second.pk, staff=here.sara, now=NOW)
    paying.discard(liquidation, staff=here.sara, now=NOW)
    paying.discard(liquidation, staff=here.sara, now=NOW)
    assert (PayoutOrder.objects.count(), PayoutLine.objects.count(), PayoutSource.objects.count()) == (0, 0, 0)
    assert len(liquidate(here)) == 2


def test_a_payout_is_paid_once(here: Cast) -> None:
    collect(here, here.invoice)
    (order,) = liquidate(here)
    with pytest.raises(paying.PayoutRefused, match="no está revisado"):
        paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=here.sara, now=NOW)
    pay(here, order)
    paying.mark_paid(order.pk, paying.Transfer(TODAY - timedelta(days=1)), staff=here.sara, now=NOW)
    assert (Payout.objects.count(), Job.objects.filter(kind="payments.payout_mail").count()) == (1, 1)
    assert Payout.objects.get().paid_on == TODAY
    with pytest.raises(paying.PayoutRefused, match="ya se giró"):
        paying.reopen(order.pk, staff=here.sara, now=NOW)


def test_what_is_liquidated_after_the_review_goes_to_another_order(here: Cast) -> None:
    collect(here, here.invoice)
    (order,) = liquidate(here)
    paying.review([order.pk], staff=here.sara, now=NOW)
    collect(here, here.overdue)
    (other,) = liquidate(here)
    assert other != order
    paying.reopen(order.pk, staff=here.sara, now=NOW)
    assert (order.lines.count(), PayoutOrder.objects.filter(pk=other.pk).exists()) == (2, False)
    assert PayoutOrder.objects.get().state == OrderState.DRAFT


def test_the_owner_gets_the_vouchers_by_mail(here: Cast) -> None:
    share_out(here, (here.berta, "100"))
    collect(here, here.invoice)
    (order,) = liquidate(here)
    deduct(here, order.lines.get(), 100_000, concept="Arreglo de la ducha")
    pay(here, order)
    job = Job.objects.get(kind="payments.payout_mail")
    assert run_job(job.pk, now=NOW) is True
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["berta@correo.example"], "Le giramos su canon · Inmobiliaria Alfa")
    assert "$\u00a0759.560" in str(letter.body)
    ((name, paper, kind),) = letter.attachments
    assert (name, kind, bytes(paper)[:5]) == ("egreso-EG-1.pdf", "application/pdf", b"%PDF-")
    (notice,) = Notice.objects.filter(client=here.berta, kind=NoticeKind.PAYOUT)
    assert (notice.key, notice.data["number"], notice.data["amount"]) == (f"payout:{order.pk}", "EG-1", "759560.00")
    assert words_of(notice).text == "Comprobante de egreso EG-1, de noviembre de 2026."


def test_a_notice_of_several_months_names_none_of_them(here: Cast) -> None:
    share_out(here, (here.berta, "100"))
    collect(here, here.invoice)
    collect(here, here.overdue)
    pay(here, *liquidate(here))
    (notice,) = Notice.objects.filter(client=here.berta, kind=NoticeKind.PAYOUT)
    assert words_of(notice).text == "Comprobante de egreso EG-1, EG-2."
