"""The desk as its people use it: an agency from nothing to a paid invoice, and what follows month by month.

A real Chromium against the real stack. One agency is signed up for all of these journeys and filled through its desk alone;
each journey brings the clients, leases and invoices that it is about, so that none needs another.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Locator, Page, expect

from saas.lib import clock
from saas.lib.businessdays import add_business_days
from tests.journeys import desk_steps as at
from tests.journeys.conftest import PATIENCE
from tests.journeys.desk_steps import AREA, OWNER, RENTER, Person, Place, fill, heading, press, said
from tests.journeys.stack import Stack, until
from tests.journeys.steps import come_back, download, expect_state, letter_with, log_in, pay_at_payu, register_payment

pytestmark = pytest.mark.journey
NBSP = "\u00a0"
NAME = at.ABOUT["agency_name"]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def cop(amount: int) -> str:
    """Pesos as the pages show them."""
    return f"${NBSP}{amount:,}".replace(",", ".")


def paper(page: Page, link: Locator) -> str:
    """The text of the PDF that a link downloads."""
    document = pypdfium2.PdfDocument(io.BytesIO(download(page, link)))
    return " ".join(" ".join(sheet.get_textpage().get_text_bounded() for sheet in document).split())


@pytest.fixture(scope="module")
def place(stack: Stack, chromium: Browser) -> Iterator[Place]:
    """The agency of these journeys, from its sign-up to its first lease, by the desk's own forms."""
    contexts = [chromium.new_context(viewport={"width": 1280, "height": 844}, locale="es-CO", accept_downloads=True) for _ in range(2)]
    for context in contexts:
        context.set_default_timeout(PATIENCE)
    desk, renter = (context.new_page() for context in contexts)
    yield at.open_agency(stack, desk, renter)
    for context in contexts:
        context.close()


def pay_with_payu(page: Page, place: Place, number: str) -> None:
    """A client pays one invoice by card, and sees the receipt."""
    register_payment(page, place.origin, number=number)
    pay_at_payu(page, place.stack, means="card", outcome="approved")
    come_back(page, place.origin)
    expect_state(page, "approved")
    expect(page.get_by_test_id("download-receipt")).to_be_visible(timeout=30_000)


def test_an_agency_from_empty_to_a_paid_invoice(place: Place) -> None:
    assert place.query("SELECT merchant_id, account_id, test, active FROM payments_gatewayaccount WHERE active AND provider = 'payu'") == [
        ("508029", "512321", True, True)
    ]
    assert place.query(
        "SELECT l.number, u.code, o.name, o.share, r.name, l.rent, l.administration FROM clientarea_lease l"
        " JOIN clientarea_unit u ON u.id = l.unit_id JOIN clientarea_client r ON r.id = l.renter_id"
        " JOIN (SELECT unit_id, share, name FROM clientarea_ownership w JOIN clientarea_client c ON c.id = w.owner_id) o ON o.unit_id = u.id"
        " WHERE l.number = 'CL-1'"
    ) == [("CL-1", "LA-1", OWNER.name, Decimal(100), RENTER.name, Decimal(1_000_000), Decimal(200_000))]
    number = at.write_invoice(place, "CL-1", concept="Canon adelantado", base="1.000.000")
    expect(place.desk.get_by_test_id("balance")).to_have_text(cop(1_000_000))
    invoice = place.desk.url

    renter = place.renter
    pay_with_payu(renter, place, number)
    receipt = place.one(
        "SELECT r.number FROM payments_receipt r JOIN payments_paymentline l USING (payment_id) JOIN payments_invoice i ON"
        f" i.id = l.invoice_id WHERE i.prefix || '-' || i.number = '{number}'"
    )
    text = paper(renter, renter.get_by_test_id("download-receipt"))
    assert (f"CP-{receipt}" in text, number in text, "1.000.000" in text, NAME in text) == (True, True, True, True)
    letter_with(place.stack, f"comprobante-CP-{receipt}.pdf", f"To: {RENTER.email}")

    desk = place.desk
    desk.goto(invoice)
    expect(desk.get_by_test_id("balance")).to_have_text(cop(0))
    page = place.go(f"/pagos/?q={number}")
    row = page.get_by_test_id("payment-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Aprobado")
    assert number in paper(page, row.get_by_role("link", name=f"Descargar comprobante CP-{receipt}"))
    assert place.query(f"SELECT total, applied FROM payments_invoice WHERE prefix || '-' || number = '{number}'") == [
        (Decimal(1_000_000), Decimal(1_000_000))
    ]



def test_a_month_from_its_invoices_to_what_the_owner_got(place: Place, window: Any) -> None:
    """Generated with preview and progress; one paid by PayU, one in cash with its proof, dated on the last day of that month; the
    commission of the month; liquidated and paid out; the owner's income and certificate have exactly those figures."""
    owner, neighbour = Person("41500600", "Ofelia Ortiz", "ofelia@correo.example"), Person("79200300", "Néstor Naranjo", "nestor@correo.example")
    for person in (owner, neighbour):
        at.add_client(place, person)
    for unit, lease, renter, rent in (("MO-1", "CM-1", RENTER, "1.500.000"), ("MO-2", "CM-2", neighbour, "2.000.000")):
        at.add_unit(place, unit, owner)
        at.add_lease(place, lease, unit, renter, rent=rent)
    month = at.last_month()

    # The month
    page = place.go("/facturas/generar/")
    fill(page, kind="month", period=f"{month:%Y-%m}")
    press(page, "Ver qué se facturaría")
    drafts = page.get_by_test_id("draft")
    expect(drafts).to_have_count(3)  # and that of CL-1, which every journey finds
    expect(page.get_by_test_id("preview-total")).to_have_text(cop(1_200_000 + 1_500_000 + 2_000_000))
    expect(drafts.filter(has_text="CM-2")).to_contain_text(cop(2_000_000))
    assert place.one("SELECT count(*) FROM payments_invoice WHERE run_id IS NOT NULL") == 0
    press(page, "Expedir 3 facturas")
    expect(page.get_by_test_id("run-told")).to_contain_text(f"3 facturas expedidas por {cop(4_700_000)}.", timeout=30_000)
    numbers = dict(
        place.query(
            "SELECT l.number, i.prefix || '-' || i.number FROM payments_invoice i JOIN clientarea_lease l ON l.id = i.lease_id"
            " WHERE i.run_id IS NOT NULL AND i.kind = 'rent'"
        )
    )
    assert sorted(numbers) == ["CL-1", "CM-1", "CM-2"]

    # Its money
    place.renter.goto(place.origin + AREA + "/")
    pay_with_payu(place.renter, place, numbers["CM-1"])
    paid_on = at.this_month() - timedelta(days=1)
    page = place.go(f"/clientes/{at.client_id(place, neighbour)}/registrar-pago/")
    fill(page, amount="2.000.000", paid_on=paid_on.isoformat(), means="Efectivo", reference="Recibo de caja 17")
    page.locator("[name=proof]").set_input_files({"name": "recibo.pdf", "mimeType": "application/pdf", "buffer": PDF})
    press(page, "Registrar pago")
    heading(page, f"Pago de {cop(2_000_000)}")
    assert download(page, page.get_by_role("main").get_by_role("link", name="pdf")) == PDF
    assert place.query(
        "SELECT p.means, p.reference, p.amount, p.paid_on, p.source, i.total - i.applied FROM payments_payment p JOIN payments_paymentline l"
        f" ON l.payment_id = p.id JOIN payments_invoice i ON i.id = l.invoice_id WHERE i.prefix || '-' || i.number = '{numbers['CM-2']}'"
    ) == [("Efectivo", "Recibo de caja 17", Decimal(2_000_000), paid_on, "manual", Decimal(0))]
    letter_with(place.stack, f"To: {neighbour.email}", "Recibimos su pago")

    # The commission of the month that is over, and the payout of both
    page = place.go("/facturas/generar/")
    fill(page, kind="commission", period=f"{at.last_month():%Y-%m}")
    press(page, "Ver qué se facturaría")
    expect(page.get_by_test_id("preview-total")).to_have_text(cop(238_000))
    press(page, "Expedir 1 factura")
    expect(page.get_by_test_id("run-told")).to_contain_text(f"1 factura expedida por {cop(238_000)}.", timeout=30_000)
    page = place.go("/egresos/liquidar/")
    mine = page.get_by_test_id("owner").filter(has=page.get_by_role("heading", name=owner.name))
    expect(mine).to_contain_text("LC-1")
    expect(mine.locator(".card-actions")).to_have_text(cop(3_083_500))
    page.get_by_test_id("liquidate").click()
    page.wait_for_url(re.compile(r"/egresos/$"))
    page.get_by_test_id("order-row").filter(has_text=owner.name).get_by_role("link", name=owner.name).click()
    heading(page, re.compile(re.escape(cop(3_083_500))))
    press(page, "Marcar como revisado")
    fill(page, bank_reference="TRX-998877")
    press(page, "Marcar como girado")
    expect(page.get_by_role("main")).to_contain_text("referencia TRX-998877")
    rows = place.query(
        "SELECT l.number, p.collected, p.commission, p.commission_iva, p.withholdings, p.other, p.net FROM payments_payout p JOIN"
        f" clientarea_client c ON c.id = p.owner_id JOIN clientarea_lease l ON l.id = p.lease_id WHERE c.document = '{owner.document}' ORDER BY 1"
    )
    assert rows == [
        ("CM-1", Decimal(1_500_000), Decimal(150_000), Decimal(28_500), Decimal(0), Decimal(0), Decimal(1_321_500)),
        ("CM-2", Decimal(2_000_000), Decimal(200_000), Decimal(38_000), Decimal(0), Decimal(0), Decimal(1_762_000)),
    ]
    letter_with(place.stack, f"To: {owner.email}", "(application/pdf)")

    # What the owner sees
    at.invite(place, owner)
    theirs = window().new_page()
    at.activate(theirs, place.stack, owner)
    log_in(theirs, place.origin, owner.account, path=f"{AREA}/ingresos/")
    total = theirs.get_by_test_id("year-total")
    expect(total).to_have_count(1)
    for figure in (3_083_500, 3_500_000, 416_500):  # net, collected, commission with its IVA
        expect(total).to_contain_text(cop(figure))
    expect(theirs.get_by_test_id("payout-row")).to_have_count(2)
    theirs.goto(place.origin + AREA + "/certificados/")
    text = paper(theirs, theirs.get_by_test_id("owner-year").get_by_role("link")).replace(NBSP, " ")
    for printed in ("1.500.000", "2.000.000", "3.500.000", "350.000", "66.500", "1.321.500", "1.762.000", "3.083.500"):
        assert printed in text, (printed, text)


def test_a_case_is_answered_one_day_before_its_term(place: Place) -> None:
    place.stack.run("-m", "tests.journeys.seed", "almost_due", at.SLUG, RENTER.document)
    ((number, due_on),) = place.query("SELECT number, due_on FROM pqrs_case ORDER BY id DESC LIMIT 1")
    assert due_on == add_business_days(clock.today(), 1)
    page = place.go("/pqrs/")
    row = page.get_by_test_id("case-row").filter(has_text=number)
    expect(row).to_contain_text("queda 1 día hábil")
    row.get_by_role("link").click()
    heading(page, f"PQRS {number}")
    page.get_by_label("Texto para el cliente").fill("El técnico cambia la bujía mañana a las 9 a. m.")
    press(page, "Enviar respuesta")
    expect(page.locator(".state-answered:visible").first).to_have_text("Respondida")
    assert place.query(f"SELECT state, answered_at::date <= due_on FROM pqrs_case WHERE number = '{number}'") == [("answered", True)]
    letter_with(place.stack, f"To: {RENTER.email}", number, "bujía")

    client = place.renter
    client.goto(f"{place.origin}{AREA}/pqrs/")
    client.get_by_role("link", name=number).first.click()
    expect(client.get_by_role("main")).to_contain_text("El técnico cambia la bujía mañana a las 9 a. m.")
    client.get_by_label("4 · Buena").check()
    client.get_by_label(re.compile("Comentario")).fill("Rápido.")
    press(client, "Calificar")
    expect(client.get_by_role("main")).to_contain_text("Calificó la respuesta con 4 de 5.")
    place.desk.reload()
    expect(place.desk.get_by_role("main")).to_contain_text("El cliente calificó la respuesta con 4 de 5. «Rápido.»")
    assert place.query(f"SELECT rating, rating_comment FROM pqrs_case WHERE number = '{number}'") == [(4, "Rápido.")]


def test_a_bank_transfer_with_its_proof(place: Place) -> None:
    page = place.go("/transferencias/cuenta/")
    fill(page, bank="Bancolombia", kind="savings", account="00112233445", holder=NAME, document="901234567-7")
    page.locator("[name=active]").check()
    press(page, "Guardar")
    number = at.write_invoice(place, "CL-1", concept="Arreglo de la cocina", other="Grifo nuevo:85.000")

    client = place.renter
    client.goto(f"{place.origin}{AREA}/facturas/?q={number}")
    client.get_by_role("link", name=re.compile(f"^Pagar (la )?factura {number}")).click()
    client.get_by_label("Transferencia bancaria").check()
    client.get_by_test_id("register-payment").click()
    expect(client.get_by_test_id("amount")).to_have_text(cop(85_000))
    expect(client.get_by_role("main")).to_contain_text("00112233445")
    reference = client.get_by_test_id("reference").inner_text()
    client.locator("main input[type=file]").set_input_files({"name": "soporte.pdf", "mimeType": "application/pdf", "buffer": PDF})
    client.get_by_test_id("hand-in").click()
    expect_state(client, "pending")

    page = place.go("/transferencias/")
    row = page.get_by_test_id("transfer-row").filter(has_text=reference)
    expect(row).to_contain_text(cop(85_000))
    row.get_by_role("link").click()
    assert download(page, page.get_by_test_id("proof")) == PDF
    fill(page, bank_reference="BC-445566")
    press(page, "Confirmar")
    expect_state(client, "approved")  # by itself
    expect(client.get_by_test_id("download-receipt")).to_be_visible(timeout=30_000)
    assert number in paper(client, client.get_by_test_id("download-receipt"))
    assert place.query(
        "SELECT t.state, t.bank_reference, a.amount, i.total - i.applied FROM payments_transferproof t JOIN payments_attempt a ON a.id ="
        " t.attempt_id JOIN payments_paymentline l ON l.payment_id = a.payment_id JOIN payments_invoice i ON i.id = l.invoice_id"
        f" WHERE a.reference = '{reference}'"
    ) == [("approved", "BC-445566", Decimal(85_000), Decimal(0))]


def test_a_document_is_asked_for_and_handed_in(place: Place) -> None:
    """The client is told in the portal (counted until read) and by mail, hands it in, and it is accepted."""
    client = place.renter
    client.goto(f"{place.origin}{AREA}/notificaciones/")
    everything = client.get_by_role("button", name="Marcar todas como leídas")
    if everything.count():
        everything.click()
        expect(everything).to_be_hidden()
    page = place.go(f"/clientes/{at.client_id(place, RENTER)}/documentos/solicitar/")
    title = "Póliza de arrendamiento renovada"
    fill(page, kind="policy", title=title, why="La actual vence este mes.", due_on=(clock.today() + timedelta(days=8)).isoformat())
    press(page, "Solicitar")
    said(page, "Le pedimos el documento al cliente.")
    letter_with(place.stack, f"To: {RENTER.email}", title)

    bell = client.get_by_role("link", name="Notificaciones: 1 sin leer")
    until("the notice is counted", lambda: client.reload() and bell.count())
    newest = client.get_by_test_id("notice").first
    expect(newest).to_contain_text(title)
    newest.get_by_role("link", name="La inmobiliaria le pide un documento").click()
    heading(client, "Documentos")
    expect(client.get_by_role("link", name=re.compile("sin leer"))).to_have_count(0)
    client.get_by_role("link", name=f"Entregar {title}").click()
    heading(client, title)
    client.locator("main input[type=file]").set_input_files({"name": "poliza.pdf", "mimeType": "application/pdf", "buffer": PDF})
    press(client, "Entregar")
    expect(client.get_by_role("main")).to_contain_text("La inmobiliaria está revisando lo que entregó.")

    page = place.go("/documentos/")
    page.get_by_role("main").get_by_role("link", name=re.compile(title)).first.click()
    assert download(page, page.get_by_role("link", name=re.compile("poliza")).first) == PDF
    press(page, "Aceptar")
    client.reload()
    expect(client.get_by_role("main")).to_contain_text("La inmobiliaria aceptó lo que entregó.")
    assert place.query(
        "SELECT r.state, count(f.id) FROM clientarea_filerequest r JOIN clientarea_fileevent e ON e.request_id = r.id JOIN"
        f" clientarea_clientfile f ON f.event_id = e.id WHERE r.title = '{title}' GROUP BY r.state"
    ) == [("approved", 1)]


def test_the_book_is_previewed_imported_undone_and_exported(place: Place) -> None:
    page = place.go("/libro/")
    book = load_workbook(io.BytesIO(download(page, page.get_by_role("link", name="Plantilla"))))
    zoila, street = "60700800", "Calle 5 # 6-7"
    for sheet, rows in {
        "Terceros": [
            ("CC", zoila, None, "Zoila Zapata", "zoila@correo.example", "300 765 4321", None, street, "Cali"),
            ("CC", OWNER.document, None, OWNER.name, OWNER.email, "300 123 4567", None, "Calle 9 # 9-9", "Cali"),
        ],
        "Inmuebles": [
            ("LB-1", "Casa", street, "Cali", "Granada", 3, "001-9", f"{zoila}:100%"),
            ("LB-2", "Casa", street, "Cali", "Granada", 3, "001-8", "99999999:100%"),
        ],
        "Contratos": [("CB-1", "LB-1", RENTER.document, None, 900000, 0, "2026-01-01", "2028-12-31", 5, "Vivienda", "8%")],
    }.items():
        for row in rows:
            book[sheet].append(row)
    made = io.BytesIO()
    book.save(made)
    sent = page.get_by_label("Archivo de Excel, hasta 10 MB")
    sent.set_input_files({"name": "libro.xlsx", "mimeType": "application/octet-stream", "buffer": made.getvalue()})
    press(page, "Cargar y revisar")

    # What it would do: nothing is done yet
    confirm = page.get_by_test_id("confirm")
    expect(confirm).to_be_visible(timeout=30_000)
    expect(page.get_by_role("main")).to_contain_text("Si confirma, se crean 3 y cambian 1. La rechazada se deja por fuera; las demás sí entran.")
    told = [" ".join(row.inner_text().split()) for row in page.get_by_test_id("sheet-row").all()]
    assert told[:3] == ["Terceros 2 1 1 0 0 0", "Inmuebles 2 1 0 0 1 0", "Contratos 1 1 0 0 0 0"]
    changed = page.get_by_test_id("book-line").filter(has_text=OWNER.name)
    expect(changed).to_contain_text("Calle 9 # 9-9")
    known = f"SELECT document, address, city FROM clientarea_client WHERE document IN ('{zoila}', '{OWNER.document}') ORDER BY 1"
    assert place.query(known) == [(OWNER.document, "", "")]
    press(page, "El mismo libro con una columna de errores")
    wrong = page.get_by_test_id("book-download")
    expect(wrong).to_be_visible(timeout=30_000)
    errors = load_workbook(io.BytesIO(download(page, wrong)))["Inmuebles"]
    assert [("99999999" in str(row[-1].value)) for row in errors.iter_rows(min_row=2)] == [False, True]

    # Done, and undone
    confirm.click()
    state = page.get_by_test_id("book-state")
    expect(state).to_have_class(re.compile("state-applied"), timeout=30_000)
    assert place.query(known) == [(OWNER.document, "Calle 9 # 9-9", "Cali"), (zoila, street, "Cali")]
    assert place.query("SELECT number, rent FROM clientarea_lease WHERE number = 'CB-1'") == [("CB-1", Decimal(900_000))]
    place.go("/")
    expect(page.get_by_test_id("last-import")).to_have_text("libro.xlsx")
    page.get_by_test_id("last-import").click()
    page.get_by_text("Deshacer esta importación").click()
    page.get_by_test_id("undo").click()
    expect(state).to_have_class(re.compile("state-undone"), timeout=30_000)
    assert place.query(known) == [(OWNER.document, "", "")]
    assert place.query("SELECT code FROM clientarea_unit WHERE code LIKE 'LB-%'") == []

    # Taken away
    place.go("/libro/")
    press(page, "Preparar el libro")
    ready = page.get_by_test_id("book-download")
    expect(ready).to_be_visible(timeout=30_000)
    export = load_workbook(io.BytesIO(download(page, ready)), read_only=True)
    documents = [str(row[1]) for row in export["Terceros"].iter_rows(min_row=2, values_only=True)]
    assert documents == [document for (document,) in place.query("SELECT document FROM clientarea_client ORDER BY document")]
    assert "CL-1" in [row[0] for row in export["Contratos"].iter_rows(min_row=2, values_only=True)]


def test_a_key_of_the_api_opens_what_it_may(place: Place) -> None:
    page = place.go("/ajustes/api/")
    fill(page, name="Contabilidad")
    for scope in ("Clientes: leer", "Clientes: crear y cambiar", "Facturas: leer"):
        page.get_by_label(scope, exact=True).check()
    press(page, "Crear llave")
    key = page.get_by_test_id("secret").inner_text()
    place.go("/ajustes/api/")
    expect(page.get_by_test_id("secret")).to_have_count(0)  # shown once
    expect(page.get_by_role("main")).to_contain_text("sin usar")
    assert place.one("SELECT count(*) FROM api_apikey k WHERE k::text LIKE '%' || '" + key + "' || '%'") == 0

    status, found = at.call(place, f"/clients/?document={RENTER.document}", key)
    assert (status, [client["name"] for client in found["results"]]) == (200, [RENTER.name])
    assert (at.call(place, "/leases/", key)[0], at.call(place, "/clients/", "no-es-esta")[0]) == (403, 401)
    assert at.call(place, "/clients/", key, slug="cordillera")[0] == 401
    sent = {"document_type": "CC", "document": "80900100", "name": "Patricia Programa", "email": "patricia@correo.example"}
    first, again = (at.call(place, "/clients/", key, sent, idempotency="journey-0001") for _ in range(2))
    assert (first[0], first == again) == (201, True)
    assert place.query("SELECT id, name FROM clientarea_client WHERE document = '80900100'") == [(first[1]["id"], "Patricia Programa")]
    place.go("/clientes/?q=80900100")
    expect(page.get_by_test_id("client-row")).to_contain_text("Patricia Programa")

    place.go("/ajustes/api/")
    expect(page.get_by_role("main")).to_contain_text("último uso:")
    press(page, "Revocar la llave Contabilidad")
    page.get_by_role("dialog").get_by_role("button", name="Revocar la llave Contabilidad").click()
    expect(page.get_by_role("main")).to_contain_text("Revocada")
    assert at.call(place, "/clients/", key)[0] == 401
