"""Support visits: read-only, for a time, seen and forbidden by the agency; an operator has no account at any agency."""

from __future__ import annotations

import re
from datetime import timedelta
from inspect import getsource, unwrap
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser

from saas.accounts.models import User
from saas.lib import clock
from saas.lib.signing import BadLink
from tenants import context, visits
from tenants.gates import TAKEN_AWAY
from tenants.models import Agency
from tenants.platform_models import OperatorAct, SupportView, SupportVisit
from tests.accounts.steps import log_in as log_in_by_form
from tests.accounts.steps import words_of
from tests.desk.test_team import DESK
from tests.tenants.superadmin import an_operator, do
from tests.walls.whole import tables
from tests.world import PASSWORD, Cast, Casts, log_in

REASON = "No le salen las facturas"


@pytest.fixture
def olga(db: None) -> User:
    return an_operator()


def asked(browse: Any, olga: User, agency: Agency, minutes: int = 30) -> str:
    """The path of the pass that the superadmin sends to."""
    answer = do(browse(None, olga), "visitar", agency, reason=REASON, minutes=minutes)
    origin = f"http://{agency.slug}.{settings.PLATFORM_HOST}"
    found = re.search(rf'href="{re.escape(origin)}(/visita/[^"]+/)"', answer.content.decode())
    assert (answer.status_code, found is not None) == (200, True), answer.content
    assert found is not None
    return found[1]


def visiting(browse: Any, olga: User, agency: Agency) -> Browser:
    """A browser that is on a visit."""
    browser: Browser = browse(agency)
    answer = browser.get(asked(browse, olga, agency))
    assert (answer.status_code, answer["Location"]) == (302, "/oficina/")
    return browser


def test_an_operator_looks_and_every_page_is_written_down(here: Cast, olga: User, browse: Any) -> None:
    browser = visiting(browse, olga, here.agency)
    page = browser.get("/oficina/").content.decode()
    assert "Visita de soporte de <strong>Olga Operadora</strong>" in page
    assert browser.get("/oficina/clientes/1/?q=x").status_code == 200
    assert browser.get("/").status_code == 200  # what everybody sees is not written down
    assert list(SupportView.objects.order_by("pk").values_list("method", "path", "refused")) == [
        ("GET", "/oficina/", False), ("GET", "/oficina/clientes/1/", False),
    ]  # fmt: skip
    (visit,) = SupportVisit.objects.all()
    assert (visit.operator_name, visit.reason, visit.agency_id) == ("Olga Operadora", REASON, here.agency.pk)
    assert list(OperatorAct.objects.values_list("act", "reason")) == [("visita de soporte", REASON)]
    seen = browse(here.agency, here.sara).get("/oficina/ajustes/visitas/").content.decode()
    assert REASON in seen
    assert "/oficina/clientes/1/" in seen


def test_every_page_of_the_desk_can_be_read_and_nothing_done(here: Cast, olga: User, browse: Any) -> None:
    browser = visiting(browse, olga, here.agency)
    with context.in_agency(here.agency):
        before = tables()
    for name, address, _view in DESK:
        looked, acted = browser.get(address), browser.post(address, {"name": "Otra"})
        taken = name in TAKEN_AWAY
        assert looked.status_code in ((403,) if taken else (200, 302, 404, 405, 410)), (name, looked.status_code)
        assert acted.status_code == 403, name
        why = "Las visitas de soporte no descargan archivos" if taken else "Las visitas de soporte solo leen"
        assert why in acted.content.decode(), name
    with context.in_agency(here.agency):
        assert tables() == before
    assert SupportView.objects.filter(refused=True).count() == len(DESK) + len(TAKEN_AWAY)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/oficina/facturas/lista.csv"), ("get", "/oficina/facturas/lista.xlsx?estado=vencida"), ("get", "/oficina/cierre/2026-11-23.csv"),
        ("get", "/oficina/cierre/2026-11-23.xlsx"), ("head", "/oficina/cierre/2026-11-23.csv"), ("post", "/oficina/libro/exportar/"),
        ("post", "/oficina/libro/1/errores/"), ("get", "/oficina/libro/archivos/1/descargar/"), ("post", "/oficina/egresos/para-el-banco/"),
    ],
)  # fmt: skip
def test_a_visitor_takes_no_file_of_many_people_along(here: Cast, olga: User, browse: Any, method: str, path: str) -> None:
    answer = getattr(visiting(browse, olga, here.agency), method)(path)
    assert (answer.status_code, answer.headers.get("Content-Disposition")) == (403, None)
    if method != "head":
        page = words_of(answer)
        assert "Las visitas de soporte no descargan archivos" in page
        assert "Este archivo lleva datos personales de muchos clientes fuera de la oficina." in page
    assert [(view.path, view.refused) for view in SupportView.objects.all()] == [(path.partition("?")[0], True)]
    if method == "get" and "archivos" not in path:  # whoever works there has it
        assert browse(here.agency, here.sara).get(path).status_code == 200


def test_each_file_of_the_desk_is_one_row_s_or_is_not_taken_along() -> None:
    one_row_s = {
        "desk_invoice_xml", "desk_payment_receipt", "desk_payment_proof", "desk_transfer_proof", "desk_case_file", "desk_case_paper_file",
        "desk_file", "desk_note_pdf", "desk_payout_paper", "desk_invoice_pdf", "desk_reversal_pdf",
    }  # fmt: skip
    asked = {"desk_book_export", "desk_book_errors"}  # make the file that desk_book_download hands out
    files = {name for name, _address, view in DESK if re.search(r"(?<![a-z])(stored_download|download|hand_out)\(", getsource(unwrap(view)))}
    assert files - one_row_s == TAKEN_AWAY - asked


@pytest.mark.parametrize("path", ["/area-de-clientes/facturas/", "/area-de-clientes/perfil/", "/area-de-clientes/seguridad/"])
def test_it_is_for_the_desk_alone(here: Cast, olga: User, browse: Any, path: str) -> None:
    assert visiting(browse, olga, here.agency).get(path).status_code == 404


def test_a_pass_opens_once_at_its_agency_and_not_later(here: Cast, cast: Casts, olga: User, browse: Any) -> None:
    path = asked(browse, olga, here.agency)
    assert browse(cast.beta.agency).get(path)["Location"] == "/visita/terminada/"
    assert browse(here.agency).get(path)["Location"] == "/oficina/"
    assert browse(here.agency).get(path)["Location"] == "/visita/terminada/"
    (visit,) = SupportVisit.objects.all()
    with context.in_agency(cast.beta.agency), pytest.raises(BadLink):
        visits.enter(cast.beta.agency, visits.make_pass(visit), now=clock.now())


def test_it_ends_when_its_time_is_over(here: Cast, olga: User, browse: Any) -> None:
    browser = visiting(browse, olga, here.agency)
    SupportVisit.objects.update(until=clock.now() - timedelta(seconds=1))
    answer = browser.get("/oficina/")
    assert (answer.status_code, answer["Location"]) == (302, "/visita/terminada/")
    assert browser.get("/oficina/")["Location"].startswith("/area-de-clientes/ingresar/")
    assert SupportView.objects.count() == 0


def test_the_visitor_ends_it(here: Cast, olga: User, browse: Any) -> None:
    browser = visiting(browse, olga, here.agency)
    assert browser.post("/visita/terminar/")["Location"] == "/visita/terminada/"
    assert SupportVisit.objects.get().ended_by == "Olga Operadora"
    assert browser.get("/oficina/").status_code == 302


def test_logging_out_ends_it_too(here: Cast, olga: User, browse: Any) -> None:
    browser = visiting(browse, olga, here.agency)
    assert browser.post("/area-de-clientes/salir/").status_code == 302
    assert SupportVisit.objects.get().ended_by == "Olga Operadora"
    assert browser.get("/oficina/").status_code == 302


def test_the_agency_forbids_it(here: Cast, olga: User, browse: Any, django_capture_on_commit_callbacks: Any) -> None:
    browser = visiting(browse, olga, here.agency)
    waiting = asked(browse, olga, here.agency)
    sara = browse(here.agency, here.sara)
    with django_capture_on_commit_callbacks(execute=True):
        assert sara.post("/oficina/ajustes/visitas/", {"allowed": "0"}).status_code == 302
    assert browser.get("/oficina/")["Location"] == "/visita/terminada/"
    assert browse(here.agency).get(waiting)["Location"] == "/visita/terminada/"
    answer = do(browse(None, olga), "visitar", here.agency, minutes=30)
    assert (answer.status_code, "no permite visitas de soporte" in answer.content.decode()) == (422, True)
    assert {visit.ended_by for visit in SupportVisit.objects.all()} == {"Sara Equipo"}
    with django_capture_on_commit_callbacks(execute=True):
        sara.post("/oficina/ajustes/visitas/", {"allowed": "1"})
    assert visiting(browse, olga, here.agency).get("/oficina/").status_code == 200


def test_a_visit_s_session_opens_nothing_elsewhere(here: Cast, cast: Casts, olga: User, browse: Any) -> None:
    visiting(browse, olga, here.agency)
    with context.in_agency(cast.beta.agency):
        assert visits.going_on(cast.beta.agency, _visit_id(), now=clock.now()) is None


def _visit_id() -> str:
    with context.in_public():
        return str(SupportVisit.objects.get().pk)


def test_an_operator_has_no_account_at_an_agency(here: Cast, olga: User, browse: Any) -> None:
    browser = browse(here.agency)
    assert log_in_by_form(browser, olga.username, PASSWORD).status_code == 200  # the form again
    assert browser.get("/oficina/").status_code == 302
    other = browse(here.agency)
    log_in(other, None, olga)  # the platform's session, at the agency
    assert other.get("/oficina/").status_code == 302


def test_who_works_elsewhere_sees_no_visits_of_another(here: Cast, cast: Casts, olga: User, browse: Any) -> None:
    visiting(browse, olga, here.agency)
    page = browse(cast.beta.agency, cast.beta.sara).get("/oficina/ajustes/visitas/").content.decode()
    assert REASON not in page
    assert "Nadie ha entrado" in page
