"""The desk's PQRS pages: the inbox, one case and each thing that staff do with it, filing for a client, settings, report."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from pqrs import canned, cases, handling, report
from pqrs.models import CannedAnswer, Case, CaseTerm, Note
from saas.accounts.models import Role, User
from saas.lib import clock
from tenants import context
from tests.portal.pages import queries_of, tags, text_of
from tests.pqrs.files import PDF, upload
from tests.pqrs.test_cases import BOGOTA, open_one
from tests.world import Casts

DESK = "/oficina/pqrs/"


@pytest.fixture
def case(cast: Casts) -> Case:
    """Rita's, in alfa, of now."""
    with context.in_agency(cast.alfa.agency):
        return open_one(cast.alfa, now=clock.now(), lease=cast.alfa.lease)


@pytest.fixture
def sara(cast: Casts, browse: Any) -> Any:
    """Sara's browser."""
    return browse(cast.alfa.agency, cast.alfa.sara)


def _reload(cast: Casts, case: Case) -> Case:
    with context.in_agency(cast.alfa.agency):
        return Case.objects.select_related("assigned_to").get(pk=case.pk)


def test_the_inbox_is_ordered_by_due_date_and_holds_what_is_open(cast: Casts, sara: Any) -> None:
    now = clock.now()
    with context.in_agency(cast.alfa.agency):
        open_one(cast.alfa, now=now, kind="enquiry")
        open_one(cast.alfa, now=now - timedelta(days=60))
        open_one(cast.alfa, now=now, kind="documents", client=cast.alfa.berta)
        handling.answer(open_one(cast.alfa, now=now), text="x", by=cast.alfa.sara, now=now)
    answer = sara.get(DESK)
    assert [row.kind for row in answer.context["page_obj"]] == ["claim", "documents", "enquiry"]
    assert answer.context["counts"] == {"open": 3, "late": 1, "soon": 0, "nobodys": 3}
    text = text_of(answer)
    assert "vencida" in text
    assert "Berta Ambas Peña" in text


def test_the_inbox_is_filtered(cast: Casts, sara: Any) -> None:
    now = clock.now()
    with context.in_agency(cast.alfa.agency):
        one = open_one(cast.alfa, now=now, description="La ducha gotea")
        two = open_one(cast.alfa, now=now, kind="petition", subject="legal", client=cast.alfa.berta, description="Copia")
        three = open_one(cast.alfa, now=now, client=cast.alfa.oscar)
        handling.take(two, by=cast.alfa.sara, now=now)
        handling.answer(three, text="x", by=cast.alfa.sara, now=now)
        names = {one.number: 1, two.number: 2, three.number: 3}
    for query, found in {
        "": {1, 2}, "estado=todas": {1, 2, 3}, "estado=answered": {3}, "estado=in_progress": {2}, "clase=petition": {2}, "asunto=repairs": {1},
        "asignada=mias": {2}, "asignada=nadie": {1}, f"asignada={cast.alfa.sara.pk}": {2}, "q=ducha": {1}, "q=pena": {2}, "q=1003": {2},
        f"q={one.number}": {1}, "q=propietario&estado=todas": {3}, "q=zzz": set(), "estado=x&clase=y&asignada=99999": {1, 2},
    }.items():  # fmt: skip
        answer = sara.get(f"{DESK}?{query}")
        assert {names[row.number] for row in answer.context["page_obj"]} == found, query
    assert "Ninguna PQRS con ese filtro" in text_of(sara.get(f"{DESK}?q=zzz"))


def test_an_empty_inbox_says_so(cast: Casts, sara: Any) -> None:
    assert "No hay PQRS por responder" in text_of(sara.get(DESK))


def test_the_inbox_is_paged_and_its_queries_do_not_grow(cast: Casts, sara: Any) -> None:
    counts = []
    for more in (2, 30):
        with context.in_agency(cast.alfa.agency):
            for _ in range(more):
                handling.assign(open_one(cast.alfa, now=clock.now(), by=cast.alfa.sara), to=cast.alfa.sara, by=cast.alfa.sara, now=clock.now())
        counts.append(len(queries_of(sara, DESK)))
    assert counts[0] == counts[1] <= 8
    assert len(tags(sara.get(DESK), "case-row")) == 25
    assert len(tags(sara.get(f"{DESK}?page=2"), "case-row")) == 7


def test_one_case_with_its_client_and_its_clock(cast: Casts, sara: Any, case: Case) -> None:
    text = text_of(sara.get(f"{DESK}{case.number}/"))
    for shown in ("Hay una gotera.", "Rita Arrendataria Ñáñez", "CC 1.001", "300 123 4567", "rita@correo.example", "CA-1", "Quedan 15 días hábiles"):
        assert shown in text
    assert sara.get(f"{DESK}2020-000001/").status_code == 404


def test_one_case_asks_fifteen_queries_however_long_it_is(cast: Casts, sara: Any, case: Case) -> None:
    counts = []
    for more in (1, 12):
        with context.in_agency(cast.alfa.agency):
            for _ in range(more):
                handling.ask(case, text="x", by=cast.alfa.sara, now=clock.now())
                handling.add_note(case, text="y", by=cast.alfa.sara, now=clock.now())
        counts.append(len(queries_of(sara, f"{DESK}{case.number}/")))
    assert counts[0] == counts[1] <= 15


def test_answering(cast: Casts, sara: Any, case: Case) -> None:
    path = f"{DESK}{case.number}/"
    answer = sara.post(f"{path}responder/", {"text": "Ya <b>quedó</b>.", "do": "answer", "attached": [upload("acta.pdf", PDF)]})
    assert (answer.status_code, answer["Location"]) == (302, path)
    with context.in_agency(cast.alfa.agency):
        message = case.messages.get()
        assert (message.purpose, message.from_staff, message.author, message.attachments.get().name) == ("answer", True, "Sara Equipo", "acta.pdf")
        pk = message.attachments.get().pk
    assert _reload(cast, case).state == "answered"
    page = sara.get(path)
    assert "Ya &lt;b&gt;quedó&lt;/b&gt;." in page.content.decode()
    assert 'name="text"' not in page.content.decode()
    assert sara.get(f"{path}archivos/{pk}/").status_code == 200
    again = sara.post(f"{path}responder/", {"text": "Otra", "do": "answer"})
    assert again.status_code == 422
    assert "no admite más respuestas" in text_of(again)


def test_writing_without_answering(cast: Casts, sara: Any, case: Case) -> None:
    assert sara.post(f"{DESK}{case.number}/responder/", {"text": "¿Cuándo?", "do": "ask"}).status_code == 302
    with context.in_agency(cast.alfa.agency):
        assert (case.messages.get().purpose, Case.objects.get().state, Case.objects.get().first_answered_on) == ("message", "in_progress", None)


@pytest.mark.parametrize("data", [{"text": " "}, {"text": "x" * 5001}, {"text": "Hola", "attached": "bad"}])
def test_a_mistake_sends_nothing_and_keeps_what_was_typed(cast: Casts, sara: Any, case: Case, data: dict[str, Any]) -> None:
    sent = {**data, "do": "answer"}
    if "attached" in sent:
        sent["attached"] = [upload("a.pdf", b"no")]
    answer = sara.post(f"{DESK}{case.number}/responder/", sent)
    assert (answer.status_code, answer.context["answer_form"]["text"].value()) == (422, data["text"])
    with context.in_agency(cast.alfa.agency):
        assert (case.messages.count(), Case.objects.get().state) == (0, "pending")


def test_taking_assigning_and_noting(cast: Casts, sara: Any, case: Case) -> None:
    path = f"{DESK}{case.number}/"
    with context.in_agency(cast.alfa.agency):
        pedro = User.objects.create_user(username="pedro@alfa.example", role=Role.STAFF, name="Pedro Equipo")
    assert sara.post(f"{path}tramitar/").status_code == 302
    row = _reload(cast, case)
    assert (row.state, row.assigned_to) == ("in_progress", cast.alfa.sara)
    assert sara.post(f"{path}tramitar/").status_code == 422
    assert sara.post(f"{path}asignar/", {"to": pedro.pk}).status_code == 302
    assert _reload(cast, case).assigned_to == pedro
    assert sara.post(f"{path}asignar/", {"to": cast.alfa.rita.user_id}).status_code == 422
    assert sara.post(f"{path}asignar/", {"to": ""}).status_code == 302
    assert _reload(cast, case).assigned_to is None
    assert sara.post(f"{path}nota/", {"note": " Llamar al plomero "}).status_code == 302
    assert sara.post(f"{path}nota/", {"note": " "}).status_code == 422
    with context.in_agency(cast.alfa.agency):
        assert list(Note.objects.values_list("author", "text")) == [("Sara Equipo", "Llamar al plomero")]
    text = text_of(sara.get(path))
    for shown in ("Llamar al plomero", "Asignada a Pedro Equipo", "Sin asignar"):
        assert shown in text


def test_extending_once(cast: Casts, sara: Any, case: Case) -> None:
    path = f"{DESK}{case.number}/"
    bad = sara.post(f"{path}prorrogar/", {"days": "16", "reason": "Falta una pieza"})
    assert (bad.status_code, bad.context["extend_form"]["reason"].value()) == (422, "Falta una pieza")
    assert sara.post(f"{path}prorrogar/", {"days": "5", "reason": "Falta una pieza"}).status_code == 302
    text = text_of(sara.get(path))
    assert "Aviso de prórroga" in text
    assert "Plazo prorrogado 5 días hábiles" in text
    assert "Prorrogar el plazo" not in text
    assert sara.post(f"{path}prorrogar/", {"days": "1", "reason": "x"}).status_code == 422


def test_closing(cast: Casts, sara: Any, case: Case) -> None:
    path = f"{DESK}{case.number}/"
    assert sara.post(f"{path}cerrar/", {"closing": ""}).status_code == 422
    assert sara.post(f"{path}cerrar/", {"closing": "Desistió"}).status_code == 302
    assert _reload(cast, case).state == "closed"
    assert sara.post(f"{path}cerrar/", {"closing": "Otra vez"}).status_code == 422


def test_filing_for_a_client_who_called(cast: Casts, sara: Any) -> None:
    assert text_of(sara.get(f"{DESK}nueva/?q=nanez")).count("Rita Arrendataria") == 1
    path = f"{DESK}nueva/?cliente={cast.alfa.rita.pk}"
    form = sara.get(path).context["form"]
    with context.in_agency(cast.alfa.agency):
        assert [lease.number for lease in form.fields["lease"].queryset] == ["CA-1"]
    friday = clock.today() - timedelta(days=3)
    data = {"channel": "phone", "received_on": friday.isoformat(), "kind": "claim", "subject": "repairs", "description": "Llamó por la gotera"}
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    for change in ({"received_on": tomorrow}, {"received_on": "2020-01-01"}, {"lease": cast.alfa.berta_lease.pk}, {"channel": "portal"}):
        answer = sara.post(path, {**data, **change})
        assert (answer.status_code, answer.context["form"]["description"].value()) == (422, "Llamó por la gotera")
    answer = sara.post(path, {**data, "lease": cast.alfa.lease.pk})
    with context.in_agency(cast.alfa.agency):
        filed = Case.objects.get()
        assert (filed.client, filed.channel, filed.received_on, filed.lease) == (cast.alfa.rita, "phone", friday, cast.alfa.lease)
        assert filed.events.get().by == cast.alfa.sara
    assert (answer.status_code, answer["Location"]) == (302, f"{DESK}{filed.number}/")
    assert sara.get(f"{DESK}nueva/?cliente=99999").status_code == 404


def test_texts_to_answer_with(cast: Casts, sara: Any, case: Case) -> None:
    path = f"{DESK}plantillas/"
    assert "Todavía no hay plantillas" in text_of(sara.get(path))
    text = "Hola, {nombre}: iremos a {inmueble} por su {clasificacion} {radicado}. {otra}"
    assert sara.post(f"{path}nueva/", {"title": "Visita", "text": text}).status_code == 302
    assert sara.post(f"{path}nueva/", {"title": "Visita", "text": "x"}).status_code == 422
    with context.in_agency(cast.alfa.agency):
        one = CannedAnswer.objects.get()
    form = sara.get(f"{DESK}{case.number}/?plantilla={one.pk}").context["answer_form"]
    assert form["text"].value() == f"Hola, Rita Arrendataria Ñáñez: iremos a Calle 1 # 10-20 por su reclamo {case.number}. {{otra}}"
    assert sara.get(f"{DESK}{case.number}/?plantilla=x").context["answer_form"]["text"].value() is None
    assert sara.post(f"{path}{one.pk}/", {"title": "Visita al inmueble", "text": "Iremos"}).status_code == 302
    assert "Visita al inmueble" in text_of(sara.get(path))
    assert sara.post(f"{path}{one.pk}/borrar/").status_code == 302
    with context.in_agency(cast.alfa.agency):
        assert not CannedAnswer.objects.exists()


def test_a_text_runs_nothing(cast: Casts, case: Case) -> None:
    case.client.name = "{radicado} {{ 7|add:1 }}"
    assert canned.fill("{nombre} {nombre.__class__} {0}", case) == "{radicado} {{ 7|add:1 }} {nombre.__class__} {0}"


def test_terms_are_set_within_the_law(cast: Casts, sara: Any) -> None:
    path = f"{DESK}plazos/"
    form = sara.get(path).context["form"]
    good = {name: field.initial for name, field in form.fields.items()}
    for change in ({"claim_days": 16}, {"claim_days": 0}, {"data_claim_extra": 9}, {"claim_days": 5, "claim_extra": 6}, {"claim_days": ""}):
        assert sara.post(path, {**good, **change}).status_code == 422
    with context.in_agency(cast.alfa.agency):
        assert not CaseTerm.objects.exists()
    assert sara.post(path, {**good, "claim_days": 5, "claim_extra": 5}).status_code == 302
    with context.in_agency(cast.alfa.agency):
        assert list(CaseTerm.objects.values_list("kind", "days", "extra_days")) == [("claim", 5, 5)]
    with context.in_agency(cast.beta.agency):
        assert not CaseTerm.objects.exists()


def _on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 10, tzinfo=BOGOTA)


def test_the_report_counts_a_month(cast: Casts, sara: Any) -> None:
    who = cast.alfa.sara
    with context.in_agency(cast.alfa.agency):
        quick, slow = (open_one(cast.alfa, now=_on(9, day), by=who) for day in (1, 2))
        handling.answer(quick, text="x", by=who, now=_on(9, 3))  # two business days
        handling.answer(slow, text="x", by=who, now=_on(9, 28))  # eighteen: late
        cases.rate(quick, rating=5, comment="", now=_on(9, 4))
        cases.rate(slow, rating=2, comment="", now=_on(9, 29))
        open_one(cast.alfa, now=_on(9, 30), kind="petition", subject="legal", by=who)  # due on 22 October
        open_one(cast.alfa, now=_on(10, 1), by=who)
        told = report.month_report(date(2026, 9, 15), today=date(2026, 10, 10))
        assert (told.total.received, told.total.answered, told.total.in_time, told.total.late) == (3, 2, 1, 1)
        assert (told.total.percent, told.total.average_days, told.total.average_rating) == (50, 10.0, 3.5)
        assert [(row.label, row.received, row.percent) for row in told.kinds] == [("Petición", 1, None), ("Reclamo", 2, 50)]
        assert [(row.label, row.received) for row in told.subjects] == [("Jurídico", 1), ("Reparaciones", 2)]
        # What waits beyond its term is late too.
        assert report.month_report(date(2026, 9, 1), today=date(2026, 10, 23)).total.late == 2
        months = report.last_months(date(2026, 10, 5), today=date(2026, 10, 10))
        assert [(first.month, row.received) for first, row in months[:3]] == [(10, 1), (9, 3), (8, 0)]
        assert (len(months), months[-1][0]) == (12, date(2025, 11, 1))
    with context.in_agency(cast.beta.agency):
        assert report.month_report(date(2026, 9, 1), today=date(2026, 10, 10)).total.received == 0


def test_the_report_s_page(cast: Casts, sara: Any, case: Case) -> None:
    text = text_of(sara.get(f"{DESK}informe/"))
    assert f"{clock.month_name(clock.today()).capitalize()} 1 0" in text
    for wrong in ("x", "2999-01", "2026-13"):
        assert sara.get(f"{DESK}informe/?mes={wrong}").context["month"] == clock.today().replace(day=1)
    assert "Ninguna PQRS en ese mes" in text_of(sara.get(f"{DESK}informe/?mes=2020-01"))
    assert len(queries_of(sara, f"{DESK}informe/")) <= 5
