"""What a statement says: opening balance, every kind of movement, closing balance, and what is open on its last day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clientarea.models import Client
from payments.desk_models import Reversal
from payments.models import Invoice, InvoiceKind, Movement, MovementKind, Payment, PaymentLine, PaymentSource, PaymentState
from payments.statements.account import Account, Line, Statement, Unbalanced, holdings_of, statement_of
from saas.lib.clock import BOGOTA
from tenants import context
from tenants.models import Agency
from tests.payments.money import say, start
from tests.portal.test_payouts import make_payout
from tests.world import NOW, Cast, Casts, make_invoice

YEAR = {"since": date(2026, 1, 1), "until": date(2026, 11, 30)}


@pytest.fixture
def here(cast: Casts) -> Any:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa


def move(kind: MovementKind, invoice: Invoice | None, amount: int, on: date, *, client: Client, payment: Payment | None = None) -> None:
    """A row of the ledger, and what its invoice has covered."""
    Movement.objects.create(kind=kind, client=client, payment=payment, invoice=invoice, amount=amount, on=on)
    if invoice is not None:
        invoice.applied += amount
        invoice.save()


def pay(invoice: Invoice, amount: int, on: date, *, payer: Client | None = None) -> Payment:
    """A payment of an invoice that the agency took in by hand."""
    client = payer or invoice.client
    payment = Payment.objects.create(
        client=client, source=PaymentSource.MANUAL, state=PaymentState.APPROVED, amount=amount, paid_on=on
    )
    PaymentLine.objects.create(payment=payment, invoice=invoice, amount=amount)
    return payment


def told(found: Statement) -> list[tuple[str, str, int, int]]:
    return [(f"{line.on:%m-%d}", line.concept, int(line.amount), int(balance)) for line, balance in found.rows]


def test_it_opens_moves_and_closes(here: Cast) -> None:
    payment = pay(here.overdue, 500_000, date(2026, 10, 20))
    move(MovementKind.APPLIED, here.overdue, 500_000, date(2026, 10, 20), client=here.rita, payment=payment)
    found = statement_of(here.rita, Account.RENT, **YEAR)
    assert told(found) == [
        ("10-01", "Arrendamiento de octubre de 2026", 1_215_000, 1_215_000),
        ("10-20", "Pago de la factura FA-2", -500_000, 715_000),
        ("11-01", "Arrendamiento de noviembre de 2026", 1_215_000, 1_930_000),
    ]
    assert (found.opening, found.raised, found.lowered, found.closing) == (0, 2_430_000, 500_000, 1_930_000)
    assert [(i.number, i.total, i.covered, i.balance, i.days_late) for i in found.open_items] == [
        ("FA-2", 1_215_000, 500_000, 715_000, 52), ("FA-1", 1_215_000, 0, 1_215_000, 0),
    ]  # fmt: skip
    assert found.in_favour == 0


def test_its_days_are_both_included_and_the_rest_is_opening(here: Cast) -> None:
    payment = pay(here.overdue, 500_000, date(2026, 10, 20))
    move(MovementKind.APPLIED, here.overdue, 500_000, date(2026, 10, 20), client=here.rita, payment=payment)
    found = statement_of(here.rita, Account.RENT, since=date(2026, 10, 20), until=date(2026, 10, 31))
    assert (found.opening, found.lowered, found.closing) == (1_215_000, 500_000, 715_000)
    assert [item.number for item in found.open_items] == ["FA-2"]
    day = statement_of(here.rita, Account.RENT, since=date(2026, 10, 1), until=date(2026, 10, 1))
    assert (day.opening, day.raised, day.closing) == (0, 1_215_000, 1_215_000)
    # On that day nothing had been paid, whatever was later.
    assert day.open_items[0].balance == 1_215_000
    after = statement_of(here.rita, Account.RENT, since=date(2026, 10, 21), until=date(2026, 10, 31))
    assert (after.opening, after.lines, after.closing) == (715_000, (), 715_000)


def test_a_reversal_a_credit_and_its_use_are_told(here: Cast) -> None:
    paid = pay(here.overdue, 1_300_000, date(2026, 10, 5))
    move(MovementKind.APPLIED, here.overdue, 1_215_000, date(2026, 10, 5), client=here.rita, payment=paid)
    move(MovementKind.CREDIT, None, 85_000, date(2026, 10, 5), client=here.rita, payment=paid)
    move(MovementKind.REVERSED, here.overdue, -1_215_000, date(2026, 10, 8), client=here.rita, payment=paid)
    Reversal.objects.create(
        prefix="RV", number=1, key="x", kind="staff", payment=paid, client=here.rita, amount=1_215_000, reason="x", made_by=here.sara,
        made_at=NOW,
    )  # fmt: skip
    move(MovementKind.CREDIT, None, -85_000, date(2026, 11, 2), client=here.rita, payment=paid)
    move(MovementKind.APPLIED, here.invoice, 85_000, date(2026, 11, 2), client=here.rita, payment=paid)
    found = statement_of(here.rita, Account.RENT, **YEAR)
    assert told(found)[1:4] == [
        ("10-05", "Pago de la factura FA-2", -1_215_000, 0),
        ("10-05", "Saldo a favor", -85_000, -85_000),
        ("10-08", "Reversado, factura FA-2", 1_215_000, 1_130_000),
    ]
    assert told(found)[5:] == [
        ("11-02", "Uso del saldo a favor", 85_000, 2_430_000),
        ("11-02", "Pago de la factura FA-1", -85_000, 2_345_000),
    ]
    assert (found.closing, found.in_favour) == (2_345_000, 0)
    then = statement_of(here.rita, Account.RENT, since=date(2026, 1, 1), until=date(2026, 10, 31))
    assert (then.closing, then.in_favour, [i.balance for i in then.open_items]) == (1_130_000, 85_000, [1_215_000])


def test_what_is_voided_comes_off_on_its_day_in_bogota(here: Cast) -> None:
    # Already the 13th in UTC.
    Invoice.objects.filter(pk=here.overdue.pk).update(voided_at=datetime(2026, 10, 12, 23, 30, tzinfo=BOGOTA))
    found = statement_of(here.rita, Account.RENT, **YEAR)
    assert told(found)[1] == ("10-12", "Anulación de la factura FA-2", -1_215_000, 0)
    assert [item.number for item in found.open_items] == ["FA-1"]
    before = statement_of(here.rita, Account.RENT, since=date(2026, 10, 1), until=date(2026, 10, 11))
    assert (before.closing, [item.number for item in before.open_items]) == (1_215_000, ["FA-2"])


def test_what_is_voided_before_it_was_issued_never_counts_below_zero(here: Cast) -> None:
    Invoice.objects.filter(pk=here.invoice.pk).update(voided_at=datetime(2026, 10, 15, tzinfo=BOGOTA))
    found = statement_of(here.rita, Account.RENT, since=date(2026, 10, 10), until=date(2026, 11, 30))
    assert told(found) == [
        ("11-01", "Arrendamiento de noviembre de 2026", 1_215_000, 2_430_000),
        ("11-01", "Anulación de la factura FA-1", -1_215_000, 1_215_000),
    ]


def test_what_another_signer_paid_counts_and_stays_theirs(here: Cast) -> None:
    payment = pay(here.overdue, 1_215_000, date(2026, 10, 5), payer=here.nadie)
    move(MovementKind.APPLIED, here.overdue, 1_215_000, date(2026, 10, 5), client=here.nadie, payment=payment)
    line = statement_of(here.rita, Account.RENT, **YEAR).lines[1]
    assert (line.concept, line.amount, line.document, line.page, line.pk) == ("Pago de la factura FA-2", -1_215_000, "", "", 0)
    assert statement_of(here.nadie, Account.RENT, **YEAR).lines == ()


def test_a_payment_online_is_in_it_with_its_receipt(here: Cast) -> None:
    attempt = start(here)
    assert statement_of(here.rita, Account.RENT, **YEAR).lowered == 0
    say(attempt)
    line = statement_of(here.rita, Account.RENT, **YEAR).lines[-1]
    assert (line.document, line.concept, line.amount) == ("CP-1", "Pago de la factura FA-1", -1_215_000)
    assert (line.page, line.pk) == ("payment", attempt.payment_id)


def test_an_owner_s_income_is_told_in_its_parts(here: Cast) -> None:
    make_payout(here, 3001, month=9)
    make_payout(here, 3002, month=10, withholdings=33_250, other=100_000, net=726_310)
    found = statement_of(here.oscar, Account.INCOME, since=date(2026, 10, 1), until=date(2026, 10, 31))
    assert told(found) == [
        ("10-15", "Canon recaudado de octubre de 2026", 950_000, 950_000),
        ("10-15", "Comisión de octubre de 2026", -76_000, 874_000),
        ("10-15", "IVA de la comisión", -14_440, 859_560),
        ("10-15", "Retenciones", -33_250, 826_310),
        ("10-15", "Otros descuentos", -100_000, 726_310),
        ("10-15", "Giro a Bancolombia", -726_310, 0),
    ]
    assert (found.opening, found.closing, found.open_items, found.in_favour) == (0, 0, (), 0)


def test_commissions_are_an_account_of_their_own(here: Cast) -> None:
    fields: dict[str, Any] = {"kind": InvoiceKind.COMMISSION, "prefix": "FC", "client": here.oscar, "issued_on": date(2026, 10, 15)}
    deducted = make_invoice(here.lease, 901, total=90_440, period=date(2026, 10, 1), **fields)
    make_invoice(here.lease, 902, total=90_440, **{**fields, "issued_on": date(2026, 11, 15)})
    move(MovementKind.DEDUCTED, deducted, 90_440, date(2026, 10, 15), client=here.oscar)
    paid = pay(deducted, 50_000, date(2026, 10, 16))
    move(MovementKind.CREDIT, None, 50_000, date(2026, 10, 16), client=here.oscar, payment=paid)
    found = statement_of(here.oscar, Account.COMMISSIONS, **YEAR)
    assert told(found) == [
        ("10-15", "Comisión de octubre de 2026", 90_440, 90_440),
        ("10-15", "Descuento en el egreso, factura FC-901", -90_440, 0),
        ("10-16", "Saldo a favor", -50_000, -50_000),
        ("11-15", "Comisión de noviembre de 2026", 90_440, 40_440),
    ]
    assert (found.in_favour, [item.number for item in found.open_items]) == (50_000, ["FC-902"])
    # What was left of paying a commission is no rent.
    assert statement_of(here.oscar, Account.RENT, **YEAR).closing == 0


def test_which_accounts_there_are(here: Cast) -> None:
    assert holdings_of(here.rita).accounts == (Account.RENT,)
    assert holdings_of(here.oscar).accounts == (Account.INCOME, Account.COMMISSIONS)
    both = holdings_of(here.berta)
    assert (both.accounts, both.is_renter, both.is_owner) == (tuple(Account), True, True)
    assert holdings_of(here.nadie).accounts == ()
    # Who sold the unit keeps the history.
    make_payout(here, 3001, owner=here.nadie)
    sold = holdings_of(here.nadie)
    assert (sold.accounts, sold.is_owner) == ((Account.INCOME, Account.COMMISSIONS), False)


def test_the_other_agency_is_never_in_it(cast: Casts) -> None:
    with context.in_agency(cast.beta.agency):
        make_invoice(cast.beta.lease, 77, total=7_777_777)
    with context.in_agency(cast.alfa.agency):
        assert statement_of(cast.alfa.rita, Account.RENT, **YEAR).raised == 2_430_000


def test_what_does_not_add_up_is_refused() -> None:
    line = Line(date(2026, 1, 1), "FA-1", "Arrendamiento", "", Decimal(100))
    good = Statement(Account.RENT, date(2026, 1, 1), date(2026, 1, 31), Decimal(10), (line,), Decimal(110))
    assert (good.raised, good.lowered, good.balances) == (100, 0, [110])
    with pytest.raises(Unbalanced, match="arrendamientos: 10 \\+ 100 - 0 is not 111"):
        replace(good, closing=Decimal(111))


def test_five_queries_whatever_there_is(here: Cast, django_assert_num_queries: Any) -> None:
    for number in range(100, 140):
        invoice = make_invoice(here.lease, number)
        payment = pay(invoice, 1_215_000, date(2026, 11, 3))
        move(MovementKind.APPLIED, invoice, 1_215_000, date(2026, 11, 3), client=here.rita, payment=payment)
    with django_assert_num_queries(5):
        found = statement_of(here.rita, Account.RENT, **YEAR)
        assert len(found.rows) == 82


def test_it_is_read_as_of_one_moment(committed: None) -> None:
    with context.in_agency(Agency.objects.get(slug="alfa")), CaptureQueriesContext(connection) as asked:
        statement_of(Client(pk=1), Account.RENT, **YEAR)
    said = [query["sql"] for query in asked if "search_path" not in query["sql"]]
    assert said[:2] == ["BEGIN", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"]
    assert (len(said), said[-1]) == (8, "COMMIT")
