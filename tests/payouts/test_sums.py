"""Payouts against the workbooks of the demo, to the peso, and the sum that must hold of any book: what was collected is what was
paid out, the commissions, their IVA, the withholdings and the other deductions, for each month and owner."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from openpyxl import load_workbook

from clientarea.models import Client
from payments import reversals
from payments.models import (
    DeductionKind,
    Invoice,
    InvoiceKind,
    OrderState,
    Payment,
    PaymentState,
    Payout,
    PayoutOrder,
    PayoutSource,
)
from payments.payouts import income, paying, proposals
from payments.statements import certificates
from payments.statements.account import Account, statement_of
from saas.accounts.models import Role, User
from saas.book.loading import import_book
from tenants import context
from tenants.models import Agency
from tests.payouts.steps import check_payouts, collect, deduct, figures, liquidate, pay, share_out
from tests.statements import sheets
from tests.world import NOW, TODAY, Casts, make_invoice

DATA = Path(settings.BASE_DIR) / "deploy" / "dev" / "data"


def without_payouts(path: Path, to: Path) -> None:
    """The same book before anybody was paid out: no vouchers, and commissions that nobody deducted."""
    book = load_workbook(path)
    sheet = book["Egresos"]
    sheet.delete_rows(2, sheet.max_row)
    invoices = book["Facturas"]
    heading = [cell.value for cell in invoices[1]]
    kind, state = heading.index("Tipo"), heading.index("Estado")
    for row in invoices.iter_rows(min_row=2):
        if str(row[kind].value).strip().lower().startswith("com") and str(row[state].value).strip().lower() == "pagada":
            row[state].value = "Pendiente"
    book.save(to)


@pytest.mark.parametrize("name", ["del_rio", "cordillera"])
def test_the_books_own_payouts_to_the_peso(inside_alfa: Agency, tmp_path: Path, name: str) -> None:
    path = DATA / f"inmobiliaria_{name}.xlsx"
    without_payouts(path, tmp_path / "book.xlsx")
    import_book(tmp_path / "book.xlsx", agency=inside_alfa, dry_run=False, now=NOW)
    staff = User.objects.create_user(username="s", role=Role.STAFF, name="S", email="s@alfa.example", password="x")
    book = sheets.read(path)
    paying.liquidate(until=TODAY, mark=proposals.propose(until=TODAY).mark, staff=staff, now=NOW)
    for order in PayoutOrder.objects.filter(state=OrderState.DRAFT):
        paying.review([order.pk], staff=staff, now=NOW)
        paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=staff, now=NOW)
    check_payouts()
    clients = {client.pk: client for client in Client.objects.all()}
    made: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for payout in Payout.objects.select_related("lease"):
        key = (clients[payout.owner_id].document, payout.lease.number)
        parts = (payout.collected, payout.commission, payout.commission_iva, payout.net + payout.withholdings)
        made[key] = [a + b for a, b in zip(made[key], parts, strict=True)]
    told: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for row in book.payouts:
        collected, commission, iva, _withheld, other, net = row.figures
        # What the book took off for repairs is nothing that a collection tells.
        told[row.owner, row.lease] = [a + b for a, b in zip(told[row.owner, row.lease], (collected, commission, iva, net + other), strict=True)]
    assert made == told
    # What renters withheld never reached the agency: it is taken off here. The books overlook it.
    paid = [i for i in book.invoices.values() if i.rent and i.paid]
    assert sum(p.withholdings for p in Payout.objects.all()) == sum(i.withheld for i in paid if i.lease in {lease for _o, lease in told})
    for owner in {payout.owner_id for payout in Payout.objects.all()}:
        rows = Payout.objects.filter(owner=owner)
        year = certificates.owner_year(clients[owner], TODAY.year)
        assert sum(year.totals[:5]) == year.totals[5] == sum(row.net for row in rows)
        assert sum(month.net for month in income.months_of(clients[owner], TODAY.year)) == year.totals[5]
        statement = statement_of(clients[owner], Account.INCOME, since=TODAY, until=TODAY)
        assert (statement.opening, statement.closing) == (0, 0)
    # Every commission that the book says is paid is paid by its deduction, and no other.
    settled = Invoice.objects.filter(kind=InvoiceKind.COMMISSION, applied=F("total"), voided_at=None)
    assert {invoice.full_number for invoice in settled} == {i.number for i in book.invoices.values() if not i.rent and i.paid}


STEP = st.one_of(
    st.tuples(st.just("collect"), st.integers(0, 2), st.sampled_from([1, 333_333, 400_000, None])),
    st.tuples(st.just("reverse"), st.integers(0, 9), st.none()),
    st.tuples(st.just("liquidate"), st.integers(0, 2), st.none()),
    st.tuples(st.just("deduct"), st.integers(0, 9), st.sampled_from([1, 59_999, 2_000_000])),
    st.tuples(st.just("pay"), st.integers(0, 9), st.none()),
    st.tuples(st.just("undo"), st.integers(0, 9), st.none()),
    st.tuples(st.just("reopen"), st.integers(0, 9), st.none()),
)


def test_any_sequence_pays_out_what_was_collected(cast: Casts) -> None:
    here = cast.alfa
    with context.in_agency(here.agency):
        invoices = [here.invoice, here.overdue, make_invoice(here.lease, 77, base=1_000_001, administration=0, total=1_000_001)]

        def do(what: str, which: int, amount: Any) -> None:
            orders = list(PayoutOrder.objects.order_by("pk"))
            if what == "collect":
                invoices[which].refresh_from_db()
                if invoices[which].balance:
                    collect(here, invoices[which], None if amount is None else min(amount, invoices[which].balance))
            elif what == "reverse":
                payments = list(Payment.objects.filter(state=PaymentState.APPROVED).order_by("pk"))
                if payments:
                    reversals.reverse_by_staff(payments[which % len(payments)].pk, reason="Prueba", staff=here.sara, now=NOW)
            elif what == "liquidate":
                liquidate(here)
            elif orders and what == "deduct":
                kind = DeductionKind.WITHHOLDING if which % 2 else DeductionKind.REPAIR
                lines = list(orders[which % len(orders)].lines.order_by("pk"))
                deduct(here, lines[which % len(lines)], amount, kind)
            elif orders and what == "pay":
                pay(here, orders[which % len(orders)])
            elif orders and what == "undo":
                line = orders[which % len(orders)].lines.order_by("pk")[0]
                paying.discard(line.liquidation_id, staff=here.sara, now=NOW)
            elif orders and what == "reopen":
                paying.reopen(orders[which % len(orders)].pk, staff=here.sara, now=NOW)

        def settle_all() -> None:
            """Everything collected, liquidated and paid: then what was paid out is what was collected."""
            for invoice in invoices:
                do("collect", invoices.index(invoice), None)
            with contextlib.suppress(paying.PayoutRefused):
                liquidate(here)
            for order in PayoutOrder.objects.exclude(state=OrderState.PAID).order_by("pk"):
                try:
                    pay(here, order)
                except paying.PayoutRefused:
                    assert paying.totals_of([order])[order.pk] < 0
            sources = PayoutSource.objects.all()
            waiting = [line for order in PayoutOrder.objects.exclude(state=OrderState.PAID) for line in order.lines.all()]
            for period in {source.liquidation.period for source in sources.select_related("liquidation")}:
                collected = sum(s.rent for s in sources.filter(liquidation__period=period))
                parts = [figures(p) for p in Payout.objects.filter(period=period)]
                parts += [figures(line) for line in waiting if line.liquidation.period == period]
                assert sum(part[0] for part in parts) == collected
                assert sum(sum(part[1:]) for part in parts) == collected
                assert collected == sum(i.base for i in invoices if i.period == period)
            check_payouts()

        @how(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(shares=st.sampled_from([("100",), ("60", "40"), ("33.33", "33.33", "33.34"), ("99.99", "0.01")]), steps=st.lists(STEP, max_size=12))
        def holds(shares: tuple[str, ...], steps: list[Any]) -> None:
            with transaction.atomic():
                share_out(here, *zip((here.oscar, here.berta, here.nadie), shares, strict=False))
                for step in steps:
                    with contextlib.suppress(paying.PayoutRefused, reversals.ReversalRefused):
                        do(*step)
                    check_payouts()
                settle_all()
                transaction.set_rollback(True)

        holds()
