"""The desk as its people use it: an agency from nothing to a paid invoice, and what follows month by month.

A real Chromium against the real stack. One agency is signed up for all of these journeys and filled through its desk alone;
each journey brings the clients, leases and invoices that it is about, so that none needs another.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys import desk_steps as at
from tests.journeys.desk_steps import AREA, OWNER, RENTER, Person, Place, fill, heading, press, said
from tests.journeys.stack import Stack, until
from tests.journeys.steps import come_back, download, expect_state, letter_with, log_in, pay_at_payu, register_payment

pytestmark = pytest.mark.journey
NBSP = "\u00a0"


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
        context.set_default_timeout(15_000)
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
    assert place.query("SELECT merchant_id, account_id, test, active FROM payments_gatewayaccount WHERE active") == [
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
    assert (f"CP-{receipt}" in text, number in text, "1.000.000" in text, ABOUT_NAME in text) == (True, True, True, True)
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


ABOUT_NAME = at.ABOUT["agency_name"]
