"""The pages of PQRS: one's own cases, a new one, a reply; nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdfium2 import PdfDocument

from pqrs import attachments, handling
from pqrs.models import Attachment, Case, CaseState, Message
from saas.lib import clock
from tenants import context
from tests.portal.pages import queries_of, text_of
from tests.pqrs.files import PDF, PLACE, picture, upload, with_place
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
    for shown in ("2026-000001", "Reclamo: Reparaciones", "Pendiente", "15 dic 2026", "Sin respuesta", "Ver detalles"):
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
                    opened_at=clock.now(), received_on="2025-12-01", due_on="2026-01-01",
                )  # fmt: skip
        browser.get(LIST)
        context.leave()
        with CaptureQueriesContext(connection) as caught:
            answer = browser.get(LIST)
        counts.append(len(caught))
    assert len(answer.context["page_obj"].object_list) == 20
    assert counts[0] == counts[1] <= 9  # one of them counts the unread notices
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
        for name in ("rita", "berta"):
            handling.answer(cases[name], text="Ya quedó.", by=cast.alfa.sara, now=clock.now())
    text = _at(cast.alfa, browse, cast.alfa.rita.user, cases["rita"]).content.decode()
    assert "Ya quedó." in text
    assert "la PQRS se reabre con un plazo nuevo" in text
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
    assert "Esta PQRS está cerrada y ya no se puede reabrir" in text
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


def test_the_form_has_the_manual_s_seven_fields(cast: Casts, browse: Any) -> None:
    text = text_of(browse(cast.alfa.agency, cast.alfa.rita.user).get(NEW))
    today = f"Fecha de inicio {clock.long_date(clock.today())}"
    for label in ("Estado Pendiente", "Clasificación", "Asunto", today, "Descripción", "Propiedad", "Contrato"):
        assert label in text
    for choice in ("Petición", "Queja", "Reclamo", "Sugerencia", "Información general", "Jurídico", "Terminación de contrato"):
        assert choice in text


def test_filing_with_files_and_getting_them_back(cast: Casts, browse: Any) -> None:
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    answer = browser.post(NEW, {**GOOD, "attached": [upload("Gotera ñ.jpg", with_place()), upload("acta.pdf", PDF)]})
    assert answer.status_code == 302
    page = browser.get(answer["Location"]).content.decode()
    with context.in_agency(cast.alfa.agency):
        photo, paper = Attachment.objects.all()
    for row in (photo, paper):
        assert f'href="{answer["Location"]}archivos/{row.pk}/"' in page
    served = browser.get(f"{answer['Location']}archivos/{photo.pk}/")
    body = b"".join(served.streaming_content)
    assert (served.status_code, served["Content-Type"], len(body)) == (200, "image/jpeg", photo.size)
    assert PLACE not in body
    assert served["Content-Disposition"] == "inline; filename*=utf-8''Gotera%20%C3%B1.jpg"
    served = browser.get(f"{answer['Location']}archivos/{paper.pk}/")
    assert (served["Content-Type"], b"".join(served.streaming_content)) == ("application/pdf", PDF)
    assert served["Content-Disposition"] == 'attachment; filename="acta.pdf"'
    assert served["X-Content-Type-Options"] == "nosniff"
    assert served["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert served["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([upload("a.exe", b"MZ")], "«a.exe» no es una foto"),
        ([upload("a.pdf", PDF), upload("b.jpg", PDF)], "«b.jpg» no se puede abrir"),
        ([upload(f"{n}.pdf", PDF) for n in range(6)], "máximo 5 archivos"),
        ([upload("grande.pdf", PDF + b"0" * 10 * 1024 * 1024)], "«grande.pdf» pesa más de 10 MB"),
    ],
)
def test_a_wrong_file_files_nothing_and_keeps_what_was_typed(cast: Casts, browse: Any, files: list[Any], said: str) -> None:
    for file in files:
        file.seek(0)
    answer = browse(cast.alfa.agency, cast.alfa.rita.user).post(NEW, {**GOOD, "attached": files})
    assert answer.status_code == 422
    text = text_of(answer)
    assert said in text
    assert "Elija de nuevo los archivos" in text
    assert answer.context["form"]["description"].value() == GOOD["description"]
    with context.in_agency(cast.alfa.agency):
        assert not Case.objects.exists()
        assert not Attachment.objects.exists()


def test_a_message_brings_its_files(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    path = f"{LIST}{cases['rita'].number}/"
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    assert browser.post(path, {"text": "Mire", "attached": [upload("foto.png", picture("PNG"))]}).status_code == 302
    answer = browser.post(path, {"text": "Mire esta", "attached": [upload("foto.png", b"no")]})
    assert (answer.status_code, answer.context["form"]["text"].value()) == (422, "Mire esta")
    with context.in_agency(cast.alfa.agency):
        assert list(Attachment.objects.values_list("case_id", "message__text", "name")) == [(cases["rita"].pk, "Mire", "foto.png")]


def test_the_list_is_filtered(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        open_one(cast.alfa)
        open_one(cast.alfa, kind="petition", description="Quiero el paz y salvo")
        handling.answer(open_one(cast.alfa, subject="payments"), text="x", by=cast.alfa.sara, now=clock.now())
        open_one(cast.alfa, client=cast.alfa.berta, description="Paz y salvo de Berta")
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    for query, found in {
        "": [3, 2, 1], "estado=abiertas": [2, 1], "estado=answered": [3], "clase=petition": [2], "q=PAZ": [2], "q=000001": [1],
        "estado=closed": [], "estado=nada": [3, 2, 1], "q=%00": [],
    }.items():  # fmt: skip
        answer = browser.get(f"{LIST}?{query}")
        assert [int(case.number[-6:]) for case in answer.context["page_obj"]] == (found if query != "q=%00" else [3, 2, 1]), query
    assert "Ninguna PQRS con ese filtro" in text_of(browser.get(f"{LIST}?estado=closed"))


def test_the_answer_is_rated_once(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    path = f"{LIST}{cases['rita'].number}/"
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    assert "Califique la respuesta" not in text_of(browser.get(path))
    with context.in_agency(cast.alfa.agency):
        handling.answer(cases["rita"], text="Ya quedó.", by=cast.alfa.sara, now=clock.now())
    assert "Califique la respuesta" in text_of(browser.get(path))
    answer = browser.post(f"{path}calificar/", {"rating": "9", "comment": "Hum"})
    assert (answer.status_code, answer.context["rating_form"]["comment"].value()) == (422, "Hum")
    for rating in ("4", "1"):
        assert browser.post(f"{path}calificar/", {"rating": rating, "comment": "Rápido"}).status_code == 302
    text = text_of(browser.get(path))
    assert "Calificó la respuesta con 4 de 5 . «Rápido»" in text
    assert "ya tiene calificación" in text
    with context.in_agency(cast.alfa.agency):
        assert set(Case.objects.values_list("number", "rating")) == {(cases["rita"].number, 4), (cases["berta"].number, None)}


def test_the_paper_has_the_whole_case_and_no_note(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        handling.add_note(cases["rita"], text="SECRETO", by=cast.alfa.sara, now=clock.now())
        handling.assign(cases["rita"], to=cast.alfa.sara, by=cast.alfa.sara, now=clock.now())
        handling.answer(
            cases["rita"], text="Ya quedó.\n" * 80, by=cast.alfa.sara, now=clock.now(), attached=attachments.check([upload("acta.pdf", PDF)])
        )
    for user, base in ((cast.alfa.rita.user, LIST), (cast.alfa.sara, "/oficina/pqrs/")):
        answer = browse(cast.alfa.agency, user).get(f"{base}{cases['rita'].number}/pdf/")
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer["Content-Disposition"] == f'attachment; filename="pqrs-{cases["rita"].number}.pdf"'
        paper = PdfDocument(answer.content)
        text = " ".join(page.get_textpage().get_text_range() for page in paper)
        assert len(paper) == 3
        paper.close()
        for shown in (cases["rita"].number, "Rita Arrendataria Ñáñez", "Hay una gotera.", "acta.pdf", "Respondida", "Reclamo"):
            assert shown in text
        assert text.count("Ya quedó.") == 80
        assert "SECRETO" not in text
        assert "Asignada" not in text


def test_no_page_of_the_client_has_a_note_or_who_has_the_case(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        handling.add_note(cases["rita"], text="SECRETO", by=cast.alfa.sara, now=clock.now())
        handling.take(cases["rita"], by=cast.alfa.sara, now=clock.now())
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    for path in ("/area-de-clientes/", LIST, f"{LIST}?q=SECRETO", f"{LIST}{cases['rita'].number}/"):
        text = text_of(browser.get(path))
        assert "SECRETO" not in text
        assert "Asignada" not in text


def test_one_case_asks_twelve_queries_however_long_it_is(cast: Casts, cases: dict[str, Case], browse: Any) -> None:
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    path = f"{LIST}{cases['rita'].number}/"
    counts = []
    for more in (1, 15):
        with context.in_agency(cast.alfa.agency):
            for _ in range(more):
                handling.ask(cases["rita"], text="x", by=cast.alfa.sara, now=clock.now(), attached=attachments.check([upload("a.pdf", PDF)]))
        counts.append(len(queries_of(browser, path)))
    assert counts[0] == counts[1] <= 12
