"""*Mis datos personales*: all that is held about who asks, nothing of anybody else, on screen, as JSON and as PDF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from payments.models import Invoice
from pqrs.cases import open_case
from saas.lib import clock, personal_data
from tenants import context
from tests.files.making import made
from tests.portal.pages import assert_closed, at, queries_of, text_of
from tests.walls.test_addresses import rows_of_clients
from tests.world import NOW, Casts, make_client

PAGE = "/area-de-clientes/mis-datos/"
KEYS = [
    "identidad", "cuenta", "autorizaciones", "dos_pasos", "sesiones", "contratos", "inmuebles", "facturas", "pagos", "comprobantes",
    "ingresos", "pqrs", "mensajes", "cambios",
]  # fmt: skip


@pytest.fixture(autouse=True)
def empty_shelves(settings: Any, tmp_path: Path) -> None:
    """No files yet."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def rita(cast: Casts, browse: Any) -> Any:
    """Rita of alfa, who wrote a PQRS."""
    with context.in_agency(cast.alfa.agency):
        open_case(client=cast.alfa.rita, kind="claim", subject="other", description="Gotea el lavaplatos", unit=None, lease=None, now=NOW)
    return browse(cast.alfa.agency, cast.alfa.rita.user)


def test_the_json_has_all_of_it_and_nothing_else(cast: Casts, rita: Any) -> None:
    answer = made(cast.alfa.agency, rita, PAGE + "datos.json")
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == f'attachment; filename="mis-datos-{clock.today():%Y-%m-%d}.json"'
    data = b"".join(answer.streaming_content)
    whole = json.loads(data)
    assert whole["inmobiliaria"] == "Inmobiliaria Alfa"
    assert [key for key in KEYS if key not in whole["datos"]] == []
    rows = {key: part["filas"] for key, part in whole["datos"].items()}
    assert (rows["identidad"][0]["Documento"], rows["cuenta"][0]["Usuario"]) == ("1001", "1001")
    assert [row["Versión"] for row in rows["autorizaciones"]] == ["2026-11"]
    assert [(row["Factura"], row["Total"]) for row in rows["facturas"]] == [("FA-2", "1215000.00"), ("FA-1", "1215000.00")]
    assert [row["Contrato"] for row in rows["contratos"]] == ["CA-1"]
    assert [row["Descripción"] for row in rows["pqrs"]] == ["Gotea el lavaplatos"]
    text = data.decode()
    for never in ("Óscar", "Berta", "FA-3", "md5$", "pbkdf2", "secret", "session_key"):
        assert never not in text


def test_the_page_sums_it_up_and_leads_to_a_correction(rita: Any, browse: Any, cast: Casts) -> None:
    page = rita.get(PAGE)
    words = text_of(page)
    for said in ("Identidad y contacto", "Rita Arrendataria Ñáñez", "Descargar PDF", "Descargar JSON", "Facturas 2 registros", "PQRS 1 registro "):
        assert said in words
    assert "Ingresos como propietario Nada" in words
    assert "Gotea el lavaplatos" in text_of(rita.get(PAGE + "pqrs/"))
    assert "De esto no se guarda nada suyo" in text_of(rita.get(PAGE + "ingresos/"))
    assert rita.get(PAGE + "nada/").status_code == 404
    assert "Gotea" not in text_of(browse(cast.beta.agency, cast.beta.rita.user).get(PAGE + "pqrs/"))
    form = rita.get("/area-de-clientes/pqrs/nueva/?clase=data_claim&asunto=other&texto=Solicito+corregir").context["form"]
    assert (form["subject"].value(), form["description"].value()) == ("other", "Solicito corregir")
    assert form["kind"].value() in ("claim", "data_claim")
    assert "clase=data_claim&amp;asunto=other&amp;texto=Solicito+corregir" in page.content.decode()


def test_every_section_counts_what_it_shows(cast: Casts, browse: Any) -> None:
    here = cast.alfa
    with context.in_agency(here.agency):
        rows_of_clients(here)
    for client in (here.rita, here.oscar, here.berta):
        with context.in_agency(here.agency):
            found = personal_data.sections(client.user)
            assert [(section.key, section.count) for section in found] == [(section.key, len(section.rows())) for section in found]
            assert {section.key for section in found if section.count} >= {"identidad", "cuenta", "autorizaciones"}
        browser = browse(here.agency, client.user)
        for section in found:
            assert text_of(browser.get(f"{PAGE}{section.key}/")).startswith(f"Mis datos personales {section.title}"), section.key


def test_a_long_section_is_paged(cast: Casts, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        first = Invoice.objects.get(number=1)
        for number in range(100, 143):
            first.pk, first.number = None, number
            first.save()
    shown = []
    for page in ("1", "2", "3", "9"):
        answer = rita.get(f"{PAGE}facturas/?page={page}")
        shown.append([row["Factura"] for row in answer.context["rows"]])
    assert [len(each) for each in shown] == [20, 20, 5, 5]
    assert len({number for each in shown for number in each}) == 45
    assert shown[2] == shown[3]


def test_staff_looking_as_somebody_without_an_account_sees_nothing_of_their_own(cast: Casts, browse: Any) -> None:
    here = cast.alfa
    with context.in_agency(here.agency):
        loose = make_client("1009", "Sin Cuenta", with_user=False)
    sara = browse(here.agency, here.sara)
    sara.post(at("desk_view_as", loose.pk))
    page = sara.get(PAGE)
    assert "Todavía no hay una cuenta de acceso" in text_of(page)
    assert here.sara.username not in text_of(page)
    assert sara.get(PAGE + "sesiones/").status_code == 404


def test_the_pdf_says_it_too(cast: Casts, rita: Any) -> None:
    answer = made(cast.alfa.agency, rita, PAGE + "datos.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'attachment; filename="mis-datos-{clock.today():%Y-%m-%d}.pdf"'
    paper = pypdfium2.PdfDocument(b"".join(answer.streaming_content))
    words = " ".join(page.get_textpage().get_text_range() for page in paper)
    for said in ("Datos personales", "Rita Arrendataria Ñáñez", "FA-1", "Gotea el lavaplatos"):
        assert said in words
    assert "Berta" not in words


def test_who_may_not(cast: Casts, browse: Any) -> None:
    for path in (PAGE, PAGE + "datos.json", PAGE + "datos.pdf", PAGE + "facturas/"):
        assert_closed(browse, cast.alfa, path)


def test_queries_do_not_grow_with_the_rows(cast: Casts, rita: Any) -> None:
    few = len(queries_of(rita, PAGE))
    with context.in_agency(cast.alfa.agency):
        first = Invoice.objects.get(number=1)
        for number in range(100, 160):
            first.pk, first.number = None, number
            first.save()
    assert len(queries_of(rita, PAGE)) == few


def test_files_are_not_for_flooding(rita: Any) -> None:
    asked = {rita.get(PAGE + "datos.json")["Location"] for _time in range(20)}
    assert len(asked) == 1  # while it waits it is the same
    answer = rita.get(PAGE + "datos.json")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)


def test_made_anew_once_it_was_made(cast: Casts, rita: Any) -> None:
    answers = [made(cast.alfa.agency, rita, PAGE + "datos.json") for _time in range(2)]
    assert len({answer.request["PATH_INFO"] for answer in answers}) == 2


def test_two_cannot_hold_the_same() -> None:
    with pytest.raises(RuntimeError, match="two holders of pqrs"):
        personal_data.holds("pqrs", "Otra", order=1)(lambda user: personal_data.Held(Invoice.objects.none(), dict))
