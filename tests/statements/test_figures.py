"""Statements and certificates against the workbooks of the demo, to the peso: the sums are made from the cells alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from clientarea.models import Client
from payments.models import Payout
from payments.payouts import income
from payments.statements import certificates
from payments.statements.account import Account, statement_of
from saas.book.loading import import_book
from tenants.models import Agency
from tests.statements import sheets
from tests.statements.sheets import Sheets
from tests.world import NOW

DATA = Path(settings.BASE_DIR) / "deploy" / "dev" / "data"
RANGES = [(date(2025, 1, 1), date(2026, 12, 31)), (date(2026, 1, 1), date(2026, 6, 30))]


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def check_what_is_owed(book: Sheets, clients: dict[str, Client]) -> Decimal:
    """Every account of rents and of commissions, in two ranges. Returns what all renters owe at the end."""
    owed = Decimal(0)
    asked = defaultdict(list)
    for invoice in book.invoices.values():
        asked[invoice.client, invoice.rent].append(invoice)
    covered = defaultdict(list)
    for payment in book.payments:
        covered[book.invoices[payment.invoice].client].append(payment)
    for (document, rent), invoices in asked.items():
        account = Account.RENT if rent else Account.COMMISSIONS
        # A commission that is paid was deducted on the day that it was issued.
        credits = [(p.on, p.amount) for p in covered[document]] if rent else [(i.issued, i.total) for i in invoices if i.paid]
        for since, until in RANGES:
            found = statement_of(clients[document], account, since=since, until=until)
            said = (found.opening, found.raised, found.lowered, found.closing)
            before = total(i.total for i in invoices if i.issued < since) - total(a for on, a in credits if on < since)
            raised = total(i.total for i in invoices if since <= i.issued <= until)
            lowered = total(a for on, a in credits if since <= on <= until)
            assert said == (before, raised, lowered, before + raised - lowered), (document, account, since)
            ahead = total(p.amount for p in covered[document] if p.on <= until < book.invoices[p.invoice].issued) if rent else 0
            assert total(item.balance for item in found.open_items) - ahead == found.closing
            assert found.in_favour == ahead
            owed += found.closing if rent and until == RANGES[0][1] else 0
    return owed


def check_income(book: Sheets, clients: dict[str, Client]) -> None:
    """Every owner's account, certificate of each year by unit, and months."""
    by_owner = defaultdict(list)
    for payout in book.payouts:
        by_owner[payout.owner].append(payout)
    for owner, payouts in by_owner.items():
        client = clients[owner]
        for since, until in RANGES:
            found = statement_of(client, Account.INCOME, since=since, until=until)
            collected = total(p.figures[0] for p in payouts if since <= p.on <= until)
            assert (found.opening, found.raised, found.lowered, found.closing) == (0, collected, collected, 0)
            net = total(-line.amount for line in found.lines if line.concept.startswith("Giro"))
            assert net == total(p.figures[5] for p in payouts if since <= p.on <= until)
        years = sorted({p.on.year for p in payouts}, reverse=True)
        assert certificates.years_of(client)[0] == years
        for year in years:
            units: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 6)
            for p in payouts:
                if p.on.year == year:
                    signed = [p.figures[0], *(-figure for figure in p.figures[1:5]), p.figures[5]]
                    units[book.units[p.lease]] = [a + b for a, b in zip(units[book.units[p.lease]], signed, strict=True)]
            found_year = certificates.owner_year(client, year)
            assert {unit: list(figures) for unit, _where, figures in found_year.rows} == dict(units)
            assert total(found_year.totals[:5]) == found_year.totals[5]
            nets = [month.net for month in income.months_of(client, year)]
            assert nets == [total(p.figures[5] for p in payouts if (p.on.year, p.on.month) == (year, m)) for m in range(1, 13)]


def check_renters_years(book: Sheets, clients: dict[str, Client]) -> None:
    """Every renter's certificate of each year, by lease. Every invoice of the workbooks that was paid was paid whole."""
    years: dict[tuple[str, int], dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(lambda: [Decimal(0)] * 5))
    for payment in book.payments:
        i = book.invoices[payment.invoice]
        row = years[i.client, payment.on.year]
        row[i.lease] = [
            a + b for a, b in zip(row[i.lease], (i.base, i.administration, i.iva, -i.withheld, payment.amount), strict=True)
        ]
    for (document, year), leases in years.items():
        found = certificates.renter_year(clients[document], year)
        assert {lease: list(figures) for lease, _where, figures in found.rows} == leases
        assert total(found.totals[:4]) == found.totals[4]
        assert year in certificates.years_of(clients[document])[1]


@pytest.mark.parametrize(
    ("name", "owed", "net", "counts"),
    [("del_rio", 72_750_500, 769_274_833, (615, 270, 327)), ("cordillera", 261_663_000, 2_787_213_212, (2013, 895, 1053))],
)
def test_to_the_peso(inside_alfa: Agency, name: str, owed: int, net: int, counts: tuple[int, int, int]) -> None:
    path = DATA / f"inmobiliaria_{name}.xlsx"
    import_book(path, agency=inside_alfa, dry_run=False, now=NOW)
    book = sheets.read(path)
    assert (len(book.invoices), len(book.payments), len(book.payouts)) == counts
    clients = {client.document: client for client in Client.objects.all()}
    assert check_what_is_owed(book, clients) == owed
    check_income(book, clients)
    assert total(Payout.objects.values_list("net", flat=True)) == total(p.figures[5] for p in book.payouts) == net
    check_renters_years(book, clients)
