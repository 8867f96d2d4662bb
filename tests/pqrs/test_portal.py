"""The pages of PQRS: one's own cases, a new one, a reply; nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pqrs.models import Case, CaseState, Message
from saas.lib import clock
from tenants import context
from tests.pqrs.test_cases import open_one
from tests.world import Cast, Casts

LIST = "/area-de-clientes/pqrs/"
NEW = f"{LIST}nueva/"
GOOD = {"kind": "claim", "subject": "repairs", "description": "Hay una <b>gotera</b>."}


@pytest.fixture
def cases(cast: Casts) -> dict[str, Case]:
    """Rita's in alfa; Rita's in beta, with the same radicado; and Berta's in alfa."""
    with context.in_agency(cast.beta.agency):
        beta = open_one(cast.beta, description="De beta")
    with context.in_agency(cast.alfa.agency):
        return {"beta": beta, "rita": open_one(cast.alfa), "berta": open_one(cast.alfa, client=cast.alfa.berta, description="De Berta")}


def test_the_list_has_one_s_own(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.rita.user).get(LIST)
    assert list(answer.context["page_obj"].object_list) == [cases["rita"]]
    text = answer.content.decode()
    for shown in ("2026-000001", "Reclamo: Reparaciones", "Pendiente", "15 dic 2026"):
        assert shown in text
    assert "2026-000002" not in text


def test_an_empty_list_helps(cast: Casts, browse: Any) -> None:
    text = browse(cast.alfa.agency, cast.alfa.nadie.user).get(LIST).content.decode()
    assert "Todavía no ha radicado ninguna PQRS" in text
    assert NEW in text


def test_the_list_is_paged_and_its_queries_do_not_grow(cast: Casts, browse: Any) -> None:
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    counts = []
    for more in (2, 28):
        with context.in_agency(cast.alfa.agency):
            first = Case.objects.count()
            for n in range(first, first + more):
                Case.objects.create(
                    number=f"2020-{n:06d}", client=cast.alfa.rita, kind="claim", subject="other", description="x",
                    opened_at=clock.now(), due_on="2026-01-01",
                )  # fmt: skip
        browser.get(LIST)
        context.leave()
        with CaptureQueriesContext(connection) as caught:
            answer = browser.get(LIST)
        counts.append(len(caught))
    assert len(answer.context["page_obj"].object_list) == 20
    assert counts[0] == counts[1] <= 8
    assert len(browser.get(f"{LIST}?page=2").context["page_obj"].object_list) == 10


def test_filing_one(cast: Casts, browse: Any) -> None:
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    answer = browser.post(NEW, {**GOOD, "lease": cast.alfa.lease.pk})
    with context.in_agency(cast.alfa.agency):
        case = Case.objects.get()
        assert (case.client_id, case.unit_id, case.lease_id) == (cast.alfa.rita.pk, cast.alfa.lease.unit_id, cast.alfa.lease.pk)
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{case.number}/")
    text = browser.get(answer["Location"]).content.decode()
    assert f"Radicamos su PQRS con el número {case.number}." in text
    assert "Hay una &lt;b&gt;gotera&lt;/b&gt;." in text
    with context.in_agency(cast.beta.agency):
        assert not Case.objects.exists()


def test_choices_are_one_s_own(cast: Casts, browse: Any) -> None:
    form = browse(cast.alfa.agency, cast.alfa.berta.user).get(NEW).context["form"]
    with context.in_agency(cast.alfa.agency):
        assert [unit.code for unit in form.fields["unit"].queryset] == ["IN-2", "IN-3"]
        assert [lease.number for lease in form.fields["lease"].queryset] == ["CA-3"]


@pytest.mark.parametrize("change", [{"kind": "x"}, {"subject": ""}, {"description": ""}, {"description": "x" * 5001}, {"unit": "9999"}])
def test_a_mistake_files_nothing_and_keeps_what_was_typed(cast: Casts, browse: Any, change: dict[str, str]) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.rita.user).post(NEW, {**GOOD, **change})
    assert answer.status_code == 422
    for name, value in {**GOOD, **change}.items():
        assert answer.context["form"][name].value() == value
    with context.in_agency(cast.alfa.agency):
        assert not Case.objects.exists()


def test_somebody_else_s_unit_or_lease_is_refused(cast: Casts, browse: Any) -> None:
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    for field, value in (("unit", cast.alfa.berta_lease.unit_id), ("lease", cast.alfa.berta_lease.pk)):
        answer = browser.post(NEW, {**GOOD, field: value})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    with context.in_agency(cast.alfa.agency):
        assert not Case.objects.exists()


def test_a_lease_of_another_unit_is_refused(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        owned = cast.alfa.berta.ownerships.get().unit_id
    answer = browse(cast.alfa.agency, cast.alfa.berta.user).post(NEW, {**GOOD, "unit": owned, "lease": cast.alfa.berta_lease.pk})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["lease"])


def _at(cast: Cast, browse: Any, user: Any, case: Case, **data: str) -> Any:
    browser = browse(cast.agency, user)
    return browser.post(f"{LIST}{case.number}/", data) if data else browser.get(f"{LIST}{case.number}/")


def test_somebody_else_s_case_is_not_there(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    for user in (cast.alfa.berta.user, cast.alfa.nadie.user, cast.alfa.sara):
        assert _at(cast.alfa, browse, user, cases["rita"]).status_code == 404
        assert _at(cast.alfa, browse, user, cases["rita"], text="Hola").status_code == 404
    assert _at(cast.alfa, browse, None, cases["rita"], text="Hola").status_code == 302
    with context.in_agency(cast.alfa.agency):
        assert not Message.objects.exists()


def test_the_same_radicado_in_the_other_agency_is_another_case(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    assert cases["beta"].number == cases["rita"].number
    text = _at(cast.beta, browse, cast.beta.rita.user, cases["beta"]).content.decode()
    assert "De beta" in text
    assert "gotera" not in text
    assert _at(cast.beta, browse, cast.beta.rita.user, cases["berta"]).status_code == 404


def test_a_reply_opens_an_answered_case_again(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        Case.objects.update(state=CaseState.ANSWERED)
        cases["rita"].messages.create(from_staff=True, author="Sara Equipo", text="Ya quedó.", written_at=clock.now())
    assert "Ya quedó." in _at(cast.alfa, browse, cast.alfa.rita.user, cases["rita"]).content.decode()
    answer = _at(cast.alfa, browse, cast.alfa.rita.user, cases["rita"], text="No quedó.")
    assert answer.status_code == 302
    with context.in_agency(cast.alfa.agency):
        assert list(cases["rita"].messages.values_list("from_staff", "author", "text")) == [
            (True, "Sara Equipo", "Ya quedó."),
            (False, "Rita Arrendataria Ñáñez", "No quedó."),
        ]
        states = dict(Case.objects.values_list("number", "state"))
        assert states == {cases["rita"].number: "reopened", cases["berta"].number: "answered"}


def test_a_closed_case_says_so(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        Case.objects.update(state=CaseState.CLOSED)
    text = _at(cast.alfa, browse, cast.alfa.rita.user, cases["rita"]).content.decode()
    assert "Esta PQRS está cerrada" in text
    assert 'name="text"' not in text
    assert _at(cast.alfa, browse, cast.alfa.rita.user, cases["rita"], text="Hola").status_code == 422
    with context.in_agency(cast.alfa.agency):
        assert not Message.objects.exists()


def test_an_empty_reply_is_refused(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    path = f"{LIST}{cases['rita'].number}/"
    for data in ({"text": "  "}, {}):
        assert browse(cast.alfa.agency, cast.alfa.rita.user).post(path, data).status_code == 422
    with context.in_agency(cast.alfa.agency):
        assert not Message.objects.exists()
