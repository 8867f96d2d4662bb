"""The desk's client pages: staff only, search, the state of an account, and one client's page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clientarea.models import Client
from saas.accounts.models import User
from saas.lib import clock
from saas.lib.text import fold
from tenants import context
from tests.world import Casts, make_invoice

DESK = "/oficina/"
CLIENTS = f"{DESK}clientes/"


def _bare(document: str, name: str, **fields: Any) -> Client:
    return Client.objects.create(document_type="CC", document=document, name=name, folded=fold(name), **fields)


@pytest.fixture
def people(cast: Casts) -> Casts:
    """In alfa: Rita active, Oscar deactivated, Berta and Nadie invited, Ana without an account."""
    with context.in_agency(cast.alfa.agency):
        User.objects.update(activated_at=None)
        User.objects.filter(pk=cast.alfa.rita.user_id).update(activated_at=clock.now())
        User.objects.filter(pk=cast.alfa.oscar.user_id).update(activated_at=clock.now(), is_active=False)
        _bare("52123456", "Ana María Peña")
    return cast


def _names(answer: Any) -> list[str]:
    return [client.name for client in answer.context["page_obj"]]


def test_only_staff_comes_in(cast: Casts, browse: Any) -> None:
    pk = cast.alfa.rita.pk
    for path in (DESK, CLIENTS, f"{CLIENTS}{pk}/"):
        assert browse(cast.alfa.agency, cast.alfa.sara).get(path).status_code == 200
        assert browse(cast.alfa.agency, cast.alfa.rita.user).get(path).status_code == 404
        answer = browse(cast.alfa.agency).get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/area-de-clientes/ingresar/?next={path}")
    assert browse(cast.alfa.agency, cast.alfa.sara).get(f"{CLIENTS}99999/").status_code == 404


def test_the_summary_counts(people: Casts, browse: Any) -> None:
    answer = browse(people.alfa.agency, people.alfa.sara).get(DESK)
    assert answer.context["counts"] == {"total": 5, "none": 1, "invited": 2, "bounced": 0, "active": 1, "blocked": 1, "without_email": 1}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("peña", ["Ana María Peña", "Berta Ambas Peña"]),
        ("PENA ana", ["Ana María Peña"]),
        ("oscar", ["Óscar Propietario Gómez"]),
        ("1.001", ["Rita Arrendataria Ñáñez"]),
        ("52 123", ["Ana María Peña"]),
        ("100", ["Berta Ambas Peña", "Nadie Ninguna Ríos", "Óscar Propietario Gómez", "Rita Arrendataria Ñáñez"]),
        ("100%", []),
        ("nadie@", ["Nadie Ninguna Ríos"]),
        ("nadie@otra", []),
        ("300 123", ["Berta Ambas Peña", "Nadie Ninguna Ríos", "Óscar Propietario Gómez", "Rita Arrendataria Ñáñez"]),
    ],
)
def test_searching(people: Casts, browse: Any, query: str, names: list[str]) -> None:
    answer = browse(people.alfa.agency, people.alfa.sara).get(CLIENTS, {"q": query})
    assert _names(answer) == names
    if not names:
        assert "Nadie coincide con la búsqueda" in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("none", ["Ana María Peña"]),
        ("invited", ["Berta Ambas Peña", "Nadie Ninguna Ríos"]),
        ("active", ["Rita Arrendataria Ñáñez"]),
        ("blocked", ["Óscar Propietario Gómez"]),
    ],
)
def test_the_state_of_the_account(people: Casts, browse: Any, state: str, names: list[str]) -> None:
    answer = browse(people.alfa.agency, people.alfa.sara).get(CLIENTS, {"estado": state})
    assert _names(answer) == names
    assert {client.state for client in answer.context["page_obj"]} == {state}


def test_the_list_is_paged_and_its_queries_do_not_grow(cast: Casts, browse: Any) -> None:
    browser = browse(cast.alfa.agency, cast.alfa.sara)
    counts = []
    for more in (1, 40):
        with context.in_agency(cast.alfa.agency):
            first = Client.objects.count()
            for n in range(first, first + more):
                _bare(str(7_000_000 + n), f"Persona {n}")
        browser.get(CLIENTS)
        context.leave()
        with CaptureQueriesContext(connection) as caught:
            answer = browser.get(CLIENTS, {"q": "persona"})
        counts.append(len(caught))
    assert len(answer.context["page_obj"].object_list) == 25
    assert answer.context["page_obj"].paginator.count == 41
    assert counts[0] == counts[1] <= 6
    assert "q=persona" in answer.content.decode()


def test_one_client(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        make_invoice(cast.alfa.lease, 50, applied=Decimal(1_215_000))
    answer = browse(cast.alfa.agency, cast.alfa.sara).get(f"{CLIENTS}{cast.alfa.rita.pk}/")
    assert [invoice.full_number for invoice in answer.context["owed"]] == ["FA-2", "FA-1"]
    assert answer.context["debt"] == {"sum": Decimal(2_430_000), "count": 2}
    text = answer.content.decode()
    for shown in ("Rita Arrendataria Ñáñez", "CA-1", "IN-1", "Óscar Propietario Gómez"):
        assert shown in text
    assert "CA-3" not in text
    text = browse(cast.alfa.agency, cast.alfa.sara).get(f"{CLIENTS}{cast.alfa.oscar.pk}/").content.decode()
    for shown in ("IN-1", "IN-3", "Está al día"):
        assert shown in text
    assert "CA-1" not in text


def test_the_same_id_in_the_other_agency_is_another_client(cast: Casts, browse: Any) -> None:
    for one in (cast.alfa, cast.beta):
        with context.in_agency(one.agency):
            _bare("52123456", f"Ana de {one.agency.slug}", pk=800_001)
    for here, other in ((cast.alfa, cast.beta), (cast.beta, cast.alfa)):
        text = browse(here.agency, here.sara).get(f"{CLIENTS}800001/").content.decode()
        assert f"Ana de {here.agency.slug}" in text
        assert f"Ana de {other.agency.slug}" not in text
    with context.in_agency(cast.beta.agency):
        _bare("52123457", "Solo en beta", pk=800_002)
    assert browse(cast.alfa.agency, cast.alfa.sara).get(f"{CLIENTS}800002/").status_code == 404
