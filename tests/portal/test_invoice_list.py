"""The list of invoices: search, filters, order, totals of what is shown, boxes to tick; and that it stays fast with 10,000."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from clientarea.models import Unit
from payments.models import Invoice
from tenants import context
from tests.portal.pages import at, queries_of, tags, text_of
from tests.world import NOW, Cast, Casts, make_invoice, make_lease


@pytest.fixture
def here(cast: Casts) -> Cast:
    """alfa's cast; Rita has a second lease, of IN-9, with the invoices FA-90 (small) and FA-91 (with an odd concept)."""
    with context.in_agency(cast.alfa.agency):
        unit = Unit.objects.create(code="IN-9", kind="Local", address="Avenida Boyacá 9", city="Cali")
        lease = make_lease("CA-9", unit, cast.alfa.rita)
        make_invoice(lease, 90, period=date(2025, 3, 1), total=100_000)
        make_invoice(lease, 91, period=date(2025, 4, 1), total=300_000, applied=Decimal(50_000), concept="Reparación del baño 50%")
    return cast.alfa


def listed(response: Any) -> list[str]:
    """The numbers of the rows, in order."""
    return re.findall(r'/facturas/\d+/">(FA-\d+)</a></td>', response.content.decode())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("FA-91", ["FA-91"]),
        ("91", ["FA-91"]),
        ("fa-9", ["FA-91", "FA-90"]),
        ("reparacion BANO", ["FA-91"]),
        ("boyaca", ["FA-91", "FA-90"]),
        ("in-9 90", ["FA-90"]),
        ("calle 1 canon", ["FA-1", "FA-2"]),
        ("50%", ["FA-91"]),
        ("_", []),
        ("FA-3", []),  # Berta's
        ("x' OR 1=1 --", []),
    ],
)
def test_it_is_searched_by_number_concept_and_unit(here: Cast, browse: Any, query: str, expected: list[str]) -> None:
    assert listed(browse(here.agency, here.rita.user).get(at("invoices"), {"q": query})) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"period": "2025"}, ["FA-91", "FA-90"]),
        ({"period": "2025-03"}, ["FA-90"]),
        ({"lease": "CA-9"}, ["FA-91", "FA-90"]),
        ({"lease": "CA-1", "period": "2026-10"}, ["FA-2"]),
        ({"sort": "vence"}, ["FA-90", "FA-91", "FA-2", "FA-1"]),
        ({"sort": "valor"}, ["FA-1", "FA-2", "FA-91", "FA-90"]),
        ({"sort": "saldo", "lease": "CA-9"}, ["FA-91", "FA-90"]),
        ({"period": "1999", "lease": "0", "q": "\0"}, ["FA-1", "FA-2", "FA-91", "FA-90"]),
        ({"q": "x" * 81}, ["FA-1", "FA-2", "FA-91", "FA-90"]),
    ],
)
def test_it_is_filtered_and_ordered(here: Cast, browse: Any, asked: dict[str, str], expected: list[str]) -> None:
    with context.in_agency(here.agency):
        ids = dict(Invoice.objects.values_list("lease__number", "lease_id"))
    asked = {name: str(ids.get(value, value)) for name, value in asked.items()}
    assert listed(browse(here.agency, here.rita.user).get(at("invoices"), asked)) == expected


def test_a_lease_of_somebody_else_filters_nothing_and_is_not_offered(here: Cast, browse: Any) -> None:
    page = browse(here.agency, here.rita.user).get(at("invoices"), {"lease": str(here.berta_lease.pk)})
    assert listed(page) == ["FA-1", "FA-2", "FA-91", "FA-90"]
    assert "CA-3" not in page.content.decode()


def test_totals_are_of_what_is_shown_on_all_its_pages(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        make_invoice(here.lease, 92, period=date(2025, 5, 1), total=777, voided_at=NOW)
        for number in range(200, 225):
            make_invoice(here.lease, number, period=date(2024, 3, 1), total=1_000, applied=Decimal(400))
    rita = browse(here.agency, here.rita.user)
    assert "3 facturas · Valor $ 400.000 · Saldo $ 350.000" in text_of(rita.get(at("invoices"), {"period": "2025"}))
    assert "25 facturas · Valor $ 25.000 · Saldo $ 15.000" in text_of(rita.get(at("invoices"), {"period": "2024", "page": "2"}))
    assert "1 factura · Valor $ 300.000 · Saldo $ 250.000" in text_of(rita.get(at("invoices"), {"q": "baño"}))


def test_what_can_be_paid_has_a_box_and_the_list_leads_to_paying_them_together(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Invoice.objects.filter(number=90).update(applied=100_000)
        ids = dict(Invoice.objects.values_list("number", "pk"))
    rita = browse(here.agency, here.rita.user)
    body = rita.get(at("invoices")).content.decode()
    assert f'<form method="get" action="{at("invoices_pay")}" data-total data-one="marcada" data-many="marcadas">' in body
    boxes = re.findall(r'name="f" value="(\d+)" data-amount="([^"]+)" aria-label="Marcar factura (\S+) para pagar"', body)
    assert boxes == [
        (str(ids[1]), "1215000.00", "FA-1"), (str(ids[2]), "1215000.00", "FA-2"), (str(ids[91]), "250000.00", "FA-91"),
    ]  # fmt: skip
    assert len(tags(rita.get(at("invoices")), "pay-bar")) == 1
    assert tags(rita.get(at("invoices"), {"state": "paid"}), "pay-bar") == []


def test_with_ten_thousand_invoices_no_list_reads_the_whole_table(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    few = {path: len(queries_of(rita, path)) for path in _paths()}
    with context.in_agency(here.agency):
        rows = [
            Invoice(
                kind="rent", prefix="MM", number=number, lease=here.lease if mine else here.berta_lease, client=here.rita if mine else here.berta,
                period=date(2000 + number // 12 % 25, number % 12 + 1, 1), issued_on=date(2024, 1, 1), due_on=date(2024, 1, 30),
                concept="Canon", base=1000, total=1000, applied=0 if number % 5 else 1000,
            )
            for number in range(10_000)
            for mine in [number % 100 == 0]
        ]  # fmt: skip
        Invoice.objects.bulk_create(rows)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE payments_invoice")
    for path in _paths():
        asked = queries_of(rita, path)
        assert len(asked) == few[path] <= 12, path
        looking = [sql for sql in asked if '"payments_invoice"' in sql]
        assert looking
        with context.in_agency(here.agency), connection.cursor() as cursor:
            for sql in looking:
                cursor.execute("EXPLAIN " + sql)
                plan = "\n".join(row[0] for row in cursor.fetchall())
                assert "Seq Scan on payments_invoice" not in plan, f"{sql}\n{plan}"
    assert len(tags(rita.get(at("invoices")), "invoice-row")) == 20


def _paths() -> list[str]:
    return [at("invoices"), *[f"{at('invoices')}?{query}" for query in ("state=overdue", "q=canon", "sort=saldo", "page=2", "period=2026-11")]]
