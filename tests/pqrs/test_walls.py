"""Each address of PQRS, as the client, another client, a client with neither role, staff, nobody, and the other agency's
people, whose ids are the same. Who may not finds nothing and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pqrs import attachments, handling
from pqrs.models import CannedAnswer, Case, CaseEvent, Message, Note
from saas.lib import clock
from tenants import context
from tests.pqrs.files import PDF, upload
from tests.pqrs.test_cases import open_one
from tests.world import Casts

PORTAL, DESK = "/area-de-clientes/pqrs/", "/oficina/pqrs/"
# Address, with {number} of the case and {file} and {text} as ids; and how it is asked for.
OF_A_CASE = [
    ("GET", PORTAL + "{number}/", {}),
    ("POST", PORTAL + "{number}/", {"text": "Hola"}),
    ("GET", PORTAL + "{number}/pdf/", {}),
    ("POST", PORTAL + "{number}/calificar/", {"rating": "5"}),
    ("GET", PORTAL + "{number}/archivos/{file}/", {}),
]
OF_THE_DESK = [
    ("GET", DESK, {}),
    ("GET", DESK + "nueva/", {}),
    ("GET", DESK + "nueva/?cliente={client}", {}),
    ("POST", DESK + "nueva/?cliente={client}", {"kind": "claim", "subject": "other", "description": "x", "channel": "phone", "received_on": "hoy"}),
    ("GET", DESK + "informe/", {}),
    ("GET", DESK + "plazos/", {}),
    ("POST", DESK + "plazos/", {"claim_days": "1"}),
    ("GET", DESK + "plantillas/", {}),
    ("POST", DESK + "plantillas/nueva/", {"title": "x", "text": "x"}),
    ("GET", DESK + "plantillas/{text}/", {}),
    ("POST", DESK + "plantillas/{text}/borrar/", {}),
    ("GET", DESK + "{number}/", {}),
    ("GET", DESK + "{number}/pdf/", {}),
    ("GET", DESK + "{number}/archivos/{file}/", {}),
    ("POST", DESK + "{number}/responder/", {"text": "x", "do": "answer"}),
    ("POST", DESK + "{number}/nota/", {"note": "x"}),
    ("POST", DESK + "{number}/asignar/", {"to": ""}),
    ("POST", DESK + "{number}/tramitar/", {}),
    ("POST", DESK + "{number}/prorrogar/", {"days": "1", "reason": "x"}),
    ("POST", DESK + "{number}/cerrar/", {"closing": "x"}),
]


@pytest.fixture
def ids(cast: Casts) -> dict[str, Any]:
    """Rita's case in alfa with a file, answered; and a text to answer with."""
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa, now=clock.now(), attached=attachments.check([upload("acta.pdf", PDF)]))
        handling.answer(case, text="Ya", by=cast.alfa.sara, now=clock.now())
        text = CannedAnswer.objects.create(title="Texto", text="Texto")
        return {"number": case.number, "file": case.attachments.get().pk, "text": text.pk, "client": cast.alfa.rita.pk}


def _ask(browser: Any, method: str, path: str, data: dict[str, str], ids: dict[str, Any]) -> int:
    address = path.format(**ids)
    return int((browser.post(address, data) if method == "POST" else browser.get(address)).status_code)


def _all() -> tuple[list[Any], ...]:
    """Everything that a page of PQRS could change."""
    models = (Case, Message, Note, CaseEvent, CannedAnswer)
    return tuple(list(model._default_manager.order_by("pk").values()) for model in models)


@pytest.mark.parametrize(("method", "path", "data"), OF_A_CASE)
def test_a_client_s_pages_are_the_client_s(cast: Casts, browse: Any, ids: dict[str, Any], method: str, path: str, data: dict[str, str]) -> None:
    with context.in_agency(cast.alfa.agency):
        before = _all()
    for user in (cast.alfa.berta.user, cast.alfa.oscar.user, cast.alfa.nadie.user, cast.alfa.sara):
        assert _ask(browse(cast.alfa.agency, user), method, path, data, ids) == 404
    assert _ask(browse(cast.alfa.agency), method, path, data, ids) == 302
    # The same person, the same ids, in the other agency.
    assert _ask(browse(cast.beta.agency, cast.beta.rita.user), method, path, data, ids) == 404
    with context.in_agency(cast.alfa.agency):
        assert _all() == before
    assert _ask(browse(cast.alfa.agency, cast.alfa.rita.user), method, path, data, ids) in (200, 302)


@pytest.mark.parametrize(("method", "path", "data"), OF_THE_DESK)
def test_the_desk_s_pages_are_staff_s(cast: Casts, browse: Any, ids: dict[str, Any], method: str, path: str, data: dict[str, str]) -> None:
    with context.in_agency(cast.alfa.agency):
        before = _all()
    for user in (cast.alfa.rita.user, cast.alfa.nadie.user):
        assert _ask(browse(cast.alfa.agency, user), method, path, data, ids) == 404
    assert _ask(browse(cast.alfa.agency), method, path, data, ids) == 302
    if "{number}" in path or "{text}" in path:
        assert _ask(browse(cast.beta.agency, cast.beta.sara), method, path, data, ids) == 404
    with context.in_agency(cast.alfa.agency):
        assert _all() == before
    assert _ask(browse(cast.alfa.agency, cast.alfa.sara), method, path, data, ids) in (200, 302, 422)


def test_a_file_belongs_to_its_case(cast: Casts, browse: Any, ids: dict[str, Any]) -> None:
    with context.in_agency(cast.alfa.agency):
        other = open_one(cast.alfa, now=clock.now())
        bertas = open_one(cast.alfa, now=clock.now(), client=cast.alfa.berta, attached=attachments.check([upload("b.pdf", PDF)]))
        berta_file = bertas.attachments.get().pk
    rita, sara = browse(cast.alfa.agency, cast.alfa.rita.user), browse(cast.alfa.agency, cast.alfa.sara)
    for path in (f"{other.number}/archivos/{ids['file']}/", f"{ids['number']}/archivos/{berta_file}/"):
        assert rita.get(PORTAL + path).status_code == 404
        assert sara.get(DESK + path).status_code == 404
    assert rita.get(f"{PORTAL}{bertas.number}/archivos/{berta_file}/").status_code == 404
    assert sara.get(f"{DESK}{bertas.number}/archivos/{berta_file}/").status_code == 200


def test_the_same_file_s_id_in_the_other_agency_is_another_file(cast: Casts, browse: Any, ids: dict[str, Any]) -> None:
    with context.in_agency(cast.beta.agency):
        case = open_one(cast.beta, now=clock.now(), attached=attachments.check([upload("beta.pdf", PDF + b"% beta\n%%EOF")]))
        assert (case.number, case.attachments.get().pk) == (ids["number"], ids["file"])
    path = f"{PORTAL}{ids['number']}/archivos/{ids['file']}/"
    served = [
        b"".join(browse(one.agency, one.rita.user).get(path).streaming_content) for one in (cast.alfa, cast.beta)
    ]
    assert served == [PDF, PDF + b"% beta\n%%EOF"]


def test_staff_of_the_other_agency_see_their_own(cast: Casts, browse: Any, ids: dict[str, Any]) -> None:
    answer = browse(cast.beta.agency, cast.beta.sara).get(DESK)
    assert list(answer.context["page_obj"].object_list) == []
