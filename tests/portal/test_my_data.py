"""*Mis datos personales*: all that is held about who asks, nothing of anybody else, on screen, as JSON and as PDF."""

from __future__ import annotations

import json
from typing import Any

import pypdfium2
import pytest

from payments.models import Invoice
from pqrs.cases import open_case
from saas.lib import clock, personal_data
from tenants import context
from tests.portal.pages import assert_closed, queries_of, text_of
from tests.world import NOW, Casts

PAGE = "/area-de-clientes/mis-datos/"
KEYS = [
    "identidad", "cuenta", "autorizaciones", "dos_pasos", "sesiones", "contratos", "inmuebles", "facturas", "pagos", "comprobantes",
    "ingresos", "pqrs", "mensajes", "cambios",
]  # fmt: skip


@pytest.fixture
def rita(cast: Casts, browse: Any) -> Any:
    """Rita of alfa, who wrote a PQRS."""
    with context.in_agency(cast.alfa.agency):
        open_case(client=cast.alfa.rita, kind="claim", subject="other", description="Gotea el lavaplatos", unit=None, lease=None, now=NOW)
    return browse(cast.alfa.agency, cast.alfa.rita.user)


def test_the_json_has_all_of_it_and_nothing_else(cast: Casts, rita: Any) -> None:
    answer = rita.get(PAGE + "datos.json")
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == f'attachment; filename="mis-datos-{clock.today():%Y-%m-%d}.json"'
    whole = json.loads(answer.content)
    assert whole["inmobiliaria"] == "Inmobiliaria Alfa"
    assert [key for key in KEYS if key not in whole["datos"]] == []
    rows = {key: part["filas"] for key, part in whole["datos"].items()}
    assert (rows["identidad"][0]["Documento"], rows["cuenta"][0]["Usuario"]) == ("1001", "1001")
    assert [row["Versión"] for row in rows["autorizaciones"]] == ["2026-11"]
    assert [(row["Factura"], row["Total"]) for row in rows["facturas"]] == [("FA-2", "1215000.00"), ("FA-1", "1215000.00")]
    assert [row["Contrato"] for row in rows["contratos"]] == ["CA-1"]
    assert [row["Descripción"] for row in rows["pqrs"]] == ["Gotea el lavaplatos"]
    text = answer.content.decode()
    for never in ("Óscar", "Berta", "FA-3", "md5$", "pbkdf2", "secret", "session_key"):
        assert never not in text


def test_the_page_sums_it_up_and_leads_to_a_correction(rita: Any, browse: Any, cast: Casts) -> None:
    page = rita.get(PAGE)
    words = text_of(page)
    for said in ("Identidad y contacto", "Rita Arrendataria Ñáñez", "FA-1", "Gotea el lavaplatos", "Descargar PDF", "Descargar JSON"):
        assert said in words
    assert "Gotea" not in text_of(browse(cast.beta.agency, cast.beta.rita.user).get(PAGE))
    form = rita.get("/area-de-clientes/pqrs/nueva/?clase=data_claim&asunto=other&texto=Solicito+corregir").context["form"]
    assert (form["subject"].value(), form["description"].value()) == ("other", "Solicito corregir")
    assert form["kind"].value() in ("claim", "data_claim")
    assert "clase=data_claim&amp;asunto=other&amp;texto=Solicito+corregir" in page.content.decode()


def test_the_pdf_says_it_too(rita: Any) -> None:
    answer = rita.get(PAGE + "datos.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'attachment; filename="mis-datos-{clock.today():%Y-%m-%d}.pdf"'
    paper = pypdfium2.PdfDocument(answer.content)
    words = " ".join(page.get_textpage().get_text_range() for page in paper)
    for said in ("Datos personales", "Rita Arrendataria Ñáñez", "FA-1", "Gotea el lavaplatos"):
        assert said in words
    assert "Berta" not in words


def test_who_may_not(cast: Casts, browse: Any) -> None:
    for path in (PAGE, PAGE + "datos.json", PAGE + "datos.pdf"):
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
    for _time in range(20):
        assert rita.get(PAGE + "datos.json").status_code == 200
    answer = rita.get(PAGE + "datos.json")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)


def test_two_cannot_hold_the_same() -> None:
    with pytest.raises(RuntimeError, match="two holders of pqrs"):
        personal_data.holds("pqrs", "Otra", order=1)(lambda user: [])
