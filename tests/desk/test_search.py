"""The desk's search box: what people type finds what they mean, in groups, in few queries, in this agency alone."""

from __future__ import annotations

from typing import Any

import pytest

from payments.models import Payment, Receipt
from saas.lib import clock
from tenants import context
from tests.portal.pages import at, queries_of, text_of
from tests.world import Casts

GROUPS = ("clients", "units", "leases", "invoices", "receipts")


@pytest.fixture
def people(cast: Casts) -> Casts:
    """Rita of alfa with a receipt, and a unit with an accent in its address."""
    one = cast.alfa
    with context.in_agency(one.agency):
        payment = Payment.objects.create(client=one.rita, source="imported", state="approved", amount=1000, paid_on=clock.today())
        Receipt.objects.create(prefix="CP", number=17, payment=payment, client=one.rita, amount=1000, issued_at=clock.now(), code="X")
        one.lease.unit.address = "Avenida Córdoba # 10-20"
        one.lease.unit.save()
    return cast


def _found(people: Casts, browse: Any, typed: str) -> dict[str, list[str]]:
    answer = browse(people.alfa.agency, people.alfa.sara).get(at("desk_search"), {"q": typed})
    assert answer.status_code == 200
    shown = {group: [str(row) if group != "receipts" else row.full_number for row in answer.context.get(group, [])] for group in GROUPS}
    return {group: rows for group, rows in shown.items() if rows}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("nanez", {"clients": ["Rita Arrendataria Ñáñez"]}),
        ("ÓSCAR gomez", {"clients": ["Óscar Propietario Gómez"]}),
        ("1.002", {"clients": ["Óscar Propietario Gómez"]}),
        ("berta@correo", {"clients": ["Berta Ambas Peña"]}),
        ("IN-1", {"units": ["IN-1 · Avenida Córdoba # 10-20"]}),
        ("in-2", {"units": ["IN-2 · Calle 2 # 10-20"]}),
        ("avenida cordoba", {"units": ["IN-1 · Avenida Córdoba # 10-20"]}),
        ("calle 3 #", {"units": ["IN-3 · Calle 3 # 10-20"]}),
        ("ca-3", {"leases": ["CA-3"]}),
        ("FA-2", {"invoices": ["FA-2"]}),
        ("fa 2", {"invoices": ["FA-2"]}),
        ("cp17", {"receipts": ["CP-17"]}),
        ("17", {"receipts": ["CP-17"]}),
        ("nada de nada", {}),
        ("%%", {}),
        ("R", {}),
        ("", {}),
    ],
)
def test_what_is_typed_finds_what_is_meant(people: Casts, browse: Any, typed: str, found: dict[str, list[str]]) -> None:
    assert _found(people, browse, typed) == found


def test_a_telephone_finds_its_people(people: Casts, browse: Any) -> None:
    assert len(_found(people, browse, "+57 300 123 4567")["clients"]) == 4
    assert _found(people, browse, "300 999 4567") == {}


def test_the_other_agency_is_not_searched(people: Casts, browse: Any) -> None:
    answer = browse(people.beta.agency, people.beta.sara).get(at("desk_search"), {"q": "CP-17"})
    assert "Nada coincide con la búsqueda" in text_of(answer)


def test_few_queries_and_the_box_is_on_every_desk_page(people: Casts, browse: Any) -> None:
    sara = browse(people.alfa.agency, people.alfa.sara)
    assert len(queries_of(sara, at("desk_search") + "?q=17")) <= 10
    for page in ("desk", "desk_clients", "desk_units", "desk_leases", "desk_settings", "desk_payu"):
        assert f'<form class="desk-search" method="get" action="{at("desk_search")}"' in sara.get(at(page)).content.decode()
