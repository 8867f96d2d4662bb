"""The manual of the client area, row by row, in a real browser: as a renter, as an owner and as both, on a phone and on a desk.

docs/manual.md names the journey that walks each row. Each walks with invoices of its own (seed.py), so that no other journey
finds its own taken. The renters are its own too.
"""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys import pages
from tests.journeys.stack import Stack
from tests.journeys.steps import (
    come_back,
    download_paper,
    expect_state,
    letter_with,
    log_in,
    pay_at_payu,
    prove_human,
    unfold,
)

pytestmark = pytest.mark.journey
SLUG = "delrio"
AREA = "/area-de-clientes"
WIDTHS = pages.WIDTHS


def paper(page: Page, link: Locator) -> str:
    """The text of the PDF that a link downloads."""
    document = pypdfium2.PdfDocument(io.BytesIO(download_paper(page, link)))
    return " ".join(" ".join(sheet.get_textpage().get_text_bounded() for sheet in document).split())


def heading(page: Page, text: str) -> None:
    """The page's heading is `text`."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def of_width(people: list[dict[str, str]], width: int) -> dict[str, str]:
    """Each width walks as a person of its own where there are two."""
    return people[WIDTHS.index(width) % len(people)]


# Acceso


@pytest.mark.parametrize("width", WIDTHS)
def test_access(stack: Stack, window: Any, width: int) -> None:
    """*Área de clientes*, a wrong password that keeps the usuario, a forgotten one, and in."""
    person = of_width([*stack.people(SLUG, "propietario"), *stack.people(SLUG, "ambos")], width)
    origin = stack.agency_origin(SLUG)
    page = window(width=width).new_page()
    page.goto(origin + "/")
    page.get_by_role("link", name="Área de clientes").first.click()
    heading(page, "Área de clientes")
    page.get_by_label("Usuario", exact=True).fill(person["usuario"])
    page.get_by_label("Contraseña", exact=True).fill("no-es-esta-clave")
    prove_human(page)
    page.get_by_role("button", name="Iniciar sesión").click()
    expect(page.get_by_role("alert")).to_contain_text("El usuario o la contraseña no son correctos")
    expect(page.get_by_label("Usuario", exact=True)).to_have_value(person["usuario"])
    page.get_by_role("link", name="¿Olvidó su contraseña?").click()
    page.get_by_label("Usuario", exact=True).fill(person["usuario"])
    prove_human(page)
    page.get_by_role("button", name="Enviar el enlace").click()
    heading(page, "Revise su correo")
    letter = letter_with(stack, f"{AREA}/clave/", person["name"].split()[0])
    link = re.search(rf"{re.escape(origin)}{AREA}/clave/[^\s<>\"]+", letter)
    assert link is not None
    page.goto(link[0])
    heading(page, "Elija una contraseña nueva")
    page.get_by_label("Nueva contraseña").fill(person["contraseña"])
    page.get_by_label("Repita la contraseña").fill(person["contraseña"])
    page.get_by_role("button", name="Guardar la contraseña").click()
    expect(page.get_by_role("status")).to_contain_text("Su contraseña quedó lista")
    log_in(page, origin, person)
    heading(page, f"Hola, {person['name'].split()[0]}")


# The renter


@pytest.fixture(scope="module")
def renters(stack: Stack) -> list[dict[str, str]]:
    """A renter for each width, with open invoices from MA-9000 and from MA-9010 on; who is both has them from MA-9020 on."""
    stack.run("-m", "tests.journeys.seed", "books", SLUG, stack.people(SLUG, "ambos")[0]["usuario"])
    people: list[dict[str, str]] = json.loads((stack.folder / "manual.json").read_text(encoding="utf-8"))
    return people


def go_to_payu(page: Page) -> None:
    """*Continuar*, and the page with *Pagar con PayU*."""
    page.get_by_test_id("register-payment").click()
    expect(page.get_by_test_id("pay-with-payu")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_renter_finds_pays_and_keeps(stack: Stack, window: Any, renters: list[dict[str, str]], width: int) -> None:
    """*Factura de arrendamiento* and *Histórico de pagos*: filter, search, detail, PDF; one declined and tried again; several,
    pending; a part; the receipts."""
    person, origin = of_width(renters, width), stack.agency_origin(SLUG)
    first = 9000 + 10 * WIDTHS.index(width)
    page = window(width=width).new_page()
    log_in(page, origin, person)
    expect(page.get_by_role("heading", name="Por pagar")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("Su contrato|Sus contratos"))).to_be_visible()

    page.goto(f"{origin}{AREA}/facturas/")
    unfold(page)
    page.get_by_label("Estado").select_option("pending")
    page.get_by_label("Buscar").fill(f"MA-{first}")
    page.get_by_role("button", name="Filtrar").click()
    rows = page.get_by_test_id("invoice-row")
    expect(rows).to_have_count(1)
    expect(page.get_by_test_id("totals")).to_contain_text("1 factura · Valor $\u00a0500.000 · Saldo $\u00a0500.000")
    page.get_by_role("link", name=f"MA-{first}", exact=True).click()
    heading(page, f"Factura de arrendamiento MA-{first}")
    assert f"MA-{first}" in paper(page, page.get_by_role("link", name="Descargar PDF"))

    # One, declined, and tried again
    page.get_by_test_id("pay-invoice").click()
    heading(page, "Registrar pago")
    go_to_payu(page)
    pay_at_payu(page, stack, means="card", outcome="declined")
    come_back(page, origin)
    expect_state(page, "declined")
    expect(page.get_by_test_id("payment-state")).to_contain_text("Motivo:")
    page.goto(f"{origin}{AREA}/pagos/")
    declined = page.get_by_test_id("payment-row").filter(has_text=f"MA-{first}")
    expect(declined).to_contain_text("Rechazado")
    declined.get_by_role("link").first.click()
    page.get_by_test_id("retry-payment").click()
    pay_at_payu(page, stack, means="card", outcome="approved")
    come_back(page, origin)
    expect_state(page, "approved")
    receipt = page.get_by_test_id("download-receipt")
    expect(receipt).to_be_visible(timeout=30_000)
    assert f"MA-{first}" in paper(page, receipt)

    # Several at once, pending
    page.goto(f"{origin}{AREA}/facturas/?q=MA-&sort=newest")
    for number in (first + 1, first + 2):
        page.get_by_label(f"Marcar factura MA-{number} para pagar").check()
    expect(page.get_by_test_id("pay-bar")).to_contain_text("2 marcadas: $\u00a01.000.000")
    page.get_by_test_id("pay-chosen").click()
    expect(page.get_by_test_id("amount")).to_have_text("$\u00a01.000.000")
    go_to_payu(page)
    pay_at_payu(page, stack, means="efecty", outcome="pending")
    come_back(page, origin)
    expect_state(page, "pending")
    expect(page.get_by_test_id("awaited")).to_contain_text("a más tardar el")
    page.goto(f"{origin}{AREA}/pagos/")
    pending = page.get_by_test_id("payment-row").filter(has_text=f"MA-{first + 1}, MA-{first + 2}")
    expect(pending).to_contain_text("Pendiente")

    # A part
    page.goto(f"{origin}{AREA}/facturas/?q=MA-{first + 3}")
    page.get_by_role("link", name=f"Pagar factura MA-{first + 3}").click()
    page.get_by_label("Valor a pagar").fill("20.000")
    page.get_by_test_id("register-payment").click()
    expect(page.get_by_role("main")).to_contain_text("El abono mínimo es $\u00a050.000")
    page.get_by_label("Valor a pagar").fill("200.000")
    go_to_payu(page)
    pay_at_payu(page, stack, means="card", outcome="approved")
    come_back(page, origin)
    expect_state(page, "approved")
    page.goto(f"{origin}{AREA}/facturas/?q=MA-{first + 3}")
    expect(page.get_by_test_id("invoice-row")).to_contain_text("$\u00a0300.000")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_renter_asks_and_is_answered(stack: Stack, window: Any, renters: list[dict[str, str]], width: int) -> None:
    """*PQRS* with its seven fields, the answer, its rating, reopening; and *Mis datos* with the export."""
    person, origin = of_width(renters, width), stack.agency_origin(SLUG)
    page = window(width=width).new_page()
    log_in(page, origin, person)
    page.goto(f"{origin}{AREA}/pqrs/")
    page.get_by_role("link", name="Nueva PQRS").first.click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Estado Pendiente")
    expect(main).to_contain_text("Fecha de inicio")
    page.get_by_label("Clasificación").select_option("claim")
    page.get_by_label("Asunto").select_option("repairs")
    page.get_by_label("Propiedad").select_option(index=1)
    page.get_by_label("Contrato").select_option(index=1)
    page.get_by_role("button", name="Radicar").click()  # without a description
    expect(page.get_by_label("Asunto")).to_have_value("repairs")
    page.get_by_label("Descripción").fill("Hay una gotera en la cocina.")
    page.get_by_role("button", name="Radicar").click()
    expect(page.get_by_role("status")).to_contain_text("Radicamos su PQRS con el número")
    number = re.search(r"\d{4}-\d{6}", page.url)
    assert number is not None
    page.goto(f"{origin}{AREA}/pqrs/")
    page.get_by_label(f"Ver detalles de {number[0]}").click()
    heading(page, f"PQRS {number[0]}")
    expect(main).to_contain_text("Hay una gotera en la cocina.")

    stack.run("-m", "tests.journeys.seed", "answer", SLUG, number[0])
    page.reload()
    expect(main).to_contain_text("Ya enviamos al plomero.")
    page.get_by_label("4 · Buena").check()
    page.get_by_role("button", name="Calificar").click()
    expect(main).to_contain_text("Calificó la respuesta con 4 de 5")
    page.get_by_label("Su mensaje").fill("Todavía gotea.")
    page.get_by_role("button", name="Reabrir").click()
    expect(main).to_contain_text("Reabierta")
    assert number[0] in paper(page, page.get_by_role("link", name="PDF"))

    page.goto(f"{origin}{AREA}/mis-datos/")
    data = json.loads(download_paper(page, page.get_by_role("link", name="Descargar JSON")))
    assert data["inmobiliaria"] == "Inmobiliaria del Río"
    page.goto(f"{origin}{AREA}/mis-datos/")
    page.get_by_test_id("section-pqrs").click()
    heading(page, "PQRS")
    expect(page.get_by_test_id("held").last).to_contain_text("Hay una gotera en la cocina.")
    page.get_by_role("link", name="Mis datos personales").click()
    assert person["name"] in paper(page, page.get_by_role("link", name="Descargar PDF"))


# The owner


@pytest.mark.parametrize("width", WIDTHS)
def test_an_owner_follows_the_income(stack: Stack, window: Any, width: int) -> None:
    """*Factura de la comisión*, *Histórico de ingresos* with its picture and its trail, *comprobante de egreso*, papers."""
    person, origin = stack.people(SLUG, "propietario")[0], stack.agency_origin(SLUG)
    page = window(width=width).new_page()
    log_in(page, origin, person)
    expect(page.get_by_role("heading", name="Sus inmuebles")).to_be_visible()
    page.goto(f"{origin}{AREA}/comisiones/")
    row = page.get_by_test_id("invoice-row").first
    number = row.get_by_role("link").first.inner_text()
    assert number in paper(page, row.get_by_label(f"Descargar factura {number}"))
    page.goto(f"{origin}{AREA}/ingresos/")
    expect(page.get_by_test_id("income-chart")).to_be_visible()
    page.get_by_text("Ver los valores en una tabla").click()
    expect(page.get_by_test_id("income-month")).to_have_count(12)
    link = page.get_by_test_id("payout-row").first.get_by_role("link").first
    payout = link.inner_text()
    link.click()
    heading(page, f"Comprobante de egreso {payout}")
    expect(page.get_by_test_id("trail")).to_contain_text(f"Giro {payout}")
    assert payout in paper(page, page.get_by_role("link", name="Descargar PDF"))
    page.goto(f"{origin}{AREA}/estado-de-cuenta/")
    expect(page.get_by_test_id("closing")).to_be_visible()
    assert "Estado de cuenta" in paper(page, page.get_by_role("link", name="PDF"))
    page.goto(f"{origin}{AREA}/estado-de-cuenta/")
    assert download_paper(page, page.get_by_role("link", name="Excel")).startswith(b"PK")
    page.goto(f"{origin}{AREA}/certificados/")
    assert person["name"] in paper(page, page.get_by_test_id("owner-year").first.get_by_role("link"))
    page.goto(f"{origin}{AREA}/paz-y-salvo/")
    letter = page.get_by_role("link", name="Descargar la carta")
    expect(letter.or_(page.get_by_test_id("debt").first)).to_be_visible()
    if letter.count():
        assert person["name"] in paper(page, letter)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_owner_changes_how_to_be_reached(stack: Stack, window: Any, width: int) -> None:
    """*Datos de perfil*: what was typed is kept on an error; a change is saved with its history; a new e-mail waits for its code."""
    person, origin = stack.people(SLUG, "propietario")[0], stack.agency_origin(SLUG)
    page = window(width=width).new_page()
    log_in(page, origin, person)
    page.goto(f"{origin}{AREA}/perfil/")
    email = f"nuevo{width}@correo.example"
    page.get_by_label("Correo electrónico").fill(email)
    page.get_by_label("Celular").fill("12")
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_label("Correo electrónico")).to_have_value(email)
    expect(page.get_by_role("main")).to_contain_text("«12» no es un teléfono de Colombia")
    page.get_by_label("Celular").fill(f"300 555 {width:04d}")
    page.get_by_role("button", name="Guardar").click()
    heading(page, "Confirme su correo")
    letter = letter_with(stack, f"To: {email}")
    code = re.search(r"\b\d{6}\b", letter.partition("\n\n")[2] or letter)
    assert code is not None
    page.get_by_label("Código").fill(code[0])
    page.get_by_role("button", name="Confirmar").click()
    expect(page.get_by_role("status")).to_contain_text(f"Confirmamos su nuevo correo: {email}.")
    changes = page.locator("section", has=page.get_by_role("heading", name="Cambios de los datos"))
    expect(changes).to_contain_text(f"300 555 {width:04d}")
    expect(changes).to_contain_text("Usted")


# Both


@pytest.mark.parametrize("width", WIDTHS)
def test_who_rents_and_owns_sees_both_and_reads_english(stack: Stack, window: Any, width: int) -> None:
    """*Inicio* with both roles, the accounts of the statement, and the language that stays."""
    person, origin = stack.people(SLUG, "ambos")[0], stack.agency_origin(SLUG)
    page = window(width=width).new_page()
    log_in(page, origin, person)
    for name in ("Por pagar", "Ingresos", "Sus inmuebles", "Facturas de comisión", "Últimos pagos"):
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.goto(f"{origin}{AREA}/estado-de-cuenta/")
    unfold(page)
    page.get_by_label("Cuenta", exact=True).select_option("ingresos")
    page.get_by_role("button", name="Consultar").click()
    expect(page.get_by_role("main")).to_contain_text("Saldo por girar al")
    page.goto(f"{origin}{AREA}/certificados/")
    assert person["name"] in paper(page, page.get_by_test_id("renter-year").first.get_by_role("link"))
    page.get_by_role("button", name="English").click()
    heading(page, "Yearly certificates")
    other = window(width=width).new_page()
    log_in(other, origin, person)
    expect(other.locator("html")).to_have_attribute("lang", "en")
    other.get_by_role("button", name="Español").click()
    expect(other.locator("html")).to_have_attribute("lang", "es-CO")
    page.goto(f"{origin}{AREA}/")
    heading(page, f"Hola, {person['name'].split()[0]}")


# The whole


def test_the_client_area_can_be_installed(stack: Stack, window: Any) -> None:
    """The manifest is parsed without errors, its icons are there, and a browser would offer to install it."""
    page = window().new_page()
    page.goto(stack.agency_origin(SLUG) + AREA + "/ingresar/")
    browser = page.context.new_cdp_session(page)
    found = browser.send("Page.getAppManifest")
    assert found["errors"] == []
    assert json.loads(found["data"])["name"] == "Inmobiliaria del Río"
    wrong = [error["errorId"] for error in browser.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert [name for name in wrong if name != "in-incognito"] == []  # a test's window always is


FOCUS = """() => {
  const on = document.activeElement, look = getComputedStyle(on);
  const seen = (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== "none";
  return {seen, name: (on.getAttribute("aria-label") || on.innerText || on.name || "").trim(), id: on.id, type: on.type || ""};
}"""


def tab_to(page: Page, wanted: Any, *, most: int = 60) -> None:
    """Press Tab until the focus is on what `wanted` knows. Every stop must be seen."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus["seen"], f"nothing shows where the focus is: {focus}"
        if wanted(focus):
            return
        passed.append(focus["name"] or focus["id"])
    raise AssertionError(f"Tab does not get there; it passes {passed}")


def test_with_the_keyboard_alone(stack: Stack, window: Any, renters: list[dict[str, str]]) -> None:
    """Log in, open an invoice and go as far as PayU without a mouse, the focus always in sight."""
    person, origin = stack.people(SLUG, "ambos")[0], stack.agency_origin(SLUG)
    number = 9027
    page = window().new_page()
    page.goto(f"{origin}{AREA}/facturas/?q=MA-{number}")
    tab_to(page, lambda on: on["id"] == "id_login")
    page.keyboard.type(person["usuario"])
    tab_to(page, lambda on: on["type"] == "password")
    page.keyboard.type(person["contraseña"])
    tab_to(page, lambda on: on["type"] == "checkbox")
    page.keyboard.press("Space")
    expect(page.locator("altcha-widget")).to_contain_text("Verificado")
    tab_to(page, lambda on: on["name"] == "Iniciar sesión")
    page.keyboard.press("Enter")
    heading(page, "Facturas de arrendamiento")
    tab_to(page, lambda on: on["name"] == f"MA-{number}")
    page.keyboard.press("Enter")
    heading(page, f"Factura de arrendamiento MA-{number}")
    tab_to(page, lambda on: on["name"] == "Realizar pago")
    page.keyboard.press("Enter")
    heading(page, "Registrar pago")
    tab_to(page, lambda on: on["name"] == "Continuar")
    page.keyboard.press("Enter")
    heading(page, "Confirme y pague")
    tab_to(page, lambda on: on["name"] == "Pagar con PayU")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(stack.payu)))
