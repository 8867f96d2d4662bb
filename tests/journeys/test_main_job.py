"""The main job as its people do it: an agency signs up, a client pays through PayU, the receipt arrives.

A real Chromium against the real stack: gunicorn, worker, beat, PostgreSQL, Valkey and the PayU stand-in.
"""

from __future__ import annotations

import io
import re
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.stack import Stack, until
from tests.journeys.steps import (
    FOUNDER,
    ask_for_agency,
    come_back,
    confirm_agency,
    download,
    expect_state,
    letter_with,
    log_in,
    pay_at_payu,
    register_payment,
)

pytestmark = pytest.mark.journey
CORDILLERA, DELRIO = "cordillera", "delrio"


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return " ".join(" ".join(sheet.get_textpage().get_text_bounded() for sheet in document).split())


def receipts_of(stack: Stack, slug: str, number: str) -> list[tuple[Any, ...]]:
    """(receipt number, amount, what is left of the invoice) for each receipt of an invoice."""
    prefix, _dash, digits = number.rpartition("-")
    return stack.query(
        slug,
        "SELECT r.number, r.amount, i.total - i.applied FROM payments_receipt r JOIN payments_paymentline l USING (payment_id)"
        f" JOIN payments_invoice i ON i.id = l.invoice_id WHERE i.prefix = '{prefix}' AND i.number = {digits}",
    )


def test_an_agency_signs_up_and_its_staff_come_in(stack: Stack, page: Page) -> None:
    link = ask_for_agency(page, stack)
    # The mail as the demo shows it, on the platform's own page.
    page.goto(stack.origin + "/correo/")
    expect(page.get_by_role("main")).to_contain_text("celia@laceiba.example")
    confirm_agency(page, link)
    log_in(page, stack.agency_origin("laceiba"), FOUNDER, path="/oficina/")
    expect(page.get_by_role("main")).to_be_visible()
    schema = stack.platform("SELECT schema_name FROM tenants_agency WHERE slug = 'laceiba'")
    assert re.fullmatch(r"a_[0-9a-f]{16}", schema[0][0])


def test_a_renter_pays_by_card_and_the_receipt_arrives(stack: Stack, page: Page) -> None:
    person, origin = stack.people(CORDILLERA, "inquilino")[0], stack.agency_origin(CORDILLERA)
    log_in(page, origin, person)
    number = register_payment(page, origin)
    pay_at_payu(page, stack, means="card", outcome="approved")
    come_back(page, origin)
    expect_state(page, "approved")
    link = page.get_by_test_id("download-receipt")
    expect(link).to_be_visible(timeout=30_000)
    text = text_of(download(page, link))
    ((receipt, amount, left),) = receipts_of(stack, CORDILLERA, number)
    assert left == 0
    assert f"CP-{receipt}" in text
    assert number in text
    assert f"{amount:,.0f}".replace(",", ".") in text
    letter_with(stack, f"comprobante-CP-{receipt}.pdf (application/pdf)", "Recibimos su pago")
    page.goto(origin + "/area-de-clientes/pagos/")
    expect(page.get_by_test_id("payment-row").first).to_contain_text(number)
    code = stack.query(CORDILLERA, f"SELECT code FROM payments_receipt WHERE prefix = 'CP' AND number = {receipt}")[0][0]
    page.goto(f"{origin}/verificar/{code}/")
    expect(page.get_by_role("main")).to_contain_text(f"CP-{receipt}")
    assert person["name"] not in page.content()


def test_pse_is_pending_and_then_approved_without_touching_the_page(stack: Stack, page: Page) -> None:
    person, origin = stack.people(DELRIO, "inquilino")[0], stack.agency_origin(DELRIO)
    log_in(page, origin, person)
    number = register_payment(page, origin)
    pay_at_payu(page, stack, means="pse", outcome="pending")
    come_back(page, origin)
    expect_state(page, "pending")
    assert receipts_of(stack, DELRIO, number) == []
    stack.payu_control("decide", {"reference": newest_reference(stack, DELRIO), "outcome": "approved"})
    expect_state(page, "approved")
    ((_receipt, _amount, left),) = receipts_of(stack, DELRIO, number)
    assert left == 0


def test_a_decline_can_be_tried_again(stack: Stack, page: Page) -> None:
    person, origin = stack.people(CORDILLERA, "inquilino")[1], stack.agency_origin(CORDILLERA)
    log_in(page, origin, person)
    number = register_payment(page, origin)
    pay_at_payu(page, stack, means="card", outcome="declined")
    come_back(page, origin)
    expect_state(page, "declined")
    assert receipts_of(stack, CORDILLERA, number) == []
    page.get_by_test_id("retry-payment").click()
    pay_at_payu(page, stack, means="card", outcome="approved")
    come_back(page, origin)
    expect_state(page, "approved")
    assert len(receipts_of(stack, CORDILLERA, number)) == 1
    attempts = stack.query(
        CORDILLERA, "SELECT state FROM payments_attempt WHERE payment_id = (SELECT max(payment_id) FROM payments_attempt) ORDER BY id"
    )
    assert attempts == [("declined",), ("approved",)]


def test_the_same_return_link_is_nothing_to_another_client(stack: Stack, window: Any) -> None:
    origin = stack.agency_origin(DELRIO)
    mine, other = window().new_page(), window().new_page()
    log_in(mine, origin, stack.people(DELRIO, "inquilino")[1])
    register_payment(mine, origin)
    pay_at_payu(mine, stack, means="card", outcome="declined")
    link = mine.get_by_test_id("return").get_attribute("href")
    assert link is not None
    log_in(other, origin, stack.people(DELRIO, "propietario")[0])
    assert other.goto(link).status == 404
    # Nor in the other agency, where the same address leads to somebody else's site.
    elsewhere = window().new_page()
    log_in(elsewhere, stack.agency_origin(CORDILLERA), stack.people(CORDILLERA, "propietario")[0])
    assert elsewhere.goto(link.replace(f"//{DELRIO}.", f"//{CORDILLERA}.")).status == 404
    come_back(mine, origin)
    expect_state(mine, "declined")


def test_without_javascript_all_but_the_captcha_works(stack: Stack, window: Any, tmp_path: Any) -> None:
    person, origin = stack.people(CORDILLERA, "ambos")[0], stack.agency_origin(CORDILLERA)
    with_script = window()
    log_in(with_script.new_page(), origin, person)
    page = window(js=False, storage_state=with_script.storage_state()).new_page()
    register_payment(page, origin)
    pay_at_payu(page, stack, means="nequi", outcome="approved")
    come_back(page, origin)
    # Nothing moves by itself here: the person asks again.
    until("the payment is approved", lambda: page.reload() and page.locator('[data-state="approved"]').count(), seconds=30)
    link = page.get_by_test_id("download-receipt")
    until("the receipt is there", lambda: page.reload() and link.count(), seconds=30)
    assert download(page, link).startswith(b"%PDF")


@pytest.mark.parametrize(("trouble", "slug"), [("kill the worker", DELRIO), ("empty Redis", CORDILLERA)])
def test_the_receipt_still_comes_once(stack: Stack, page: Page, trouble: str, slug: str) -> None:
    """A worker killed right after the callback, or all of Redis gone: the row is the job, and the sweep finds it."""
    person, origin = stack.people(slug, "inquilino")[0], stack.agency_origin(slug)
    log_in(page, origin, person)
    number = register_payment(page, origin)
    if trouble == "empty Redis":
        # Nobody is there to hear the bell before it is lost.
        stack.kill("beat")
        stack.kill("worker")
    pay_at_payu(page, stack, means="card", outcome="approved")
    reference = newest_reference(stack, slug)
    until(
        "the callback is stored",
        lambda: stack.query(slug, f"SELECT 1 FROM payments_callback WHERE reference = '{reference}'"),
    )
    if trouble == "kill the worker":
        stack.kill("worker")  # with whatever it has in its hands
    else:
        stack.flush_redis()
        stack.start_beat()
    stack.start_worker()
    come_back(page, origin)
    expect_state(page, "approved", seconds=90)
    expect(page.get_by_test_id("download-receipt")).to_be_visible(timeout=90_000)
    ((receipt, _amount, left),) = receipts_of(stack, slug, number)
    assert left == 0
    agency = next(agency["name"] for agency in stack.demo["agencies"] if agency["slug"] == slug)
    wanted = (f"comprobante-CP-{receipt}.pdf", f"From: {agency}")
    letter_with(stack, *wanted, seconds=90)
    letters = [text for text in stack.letters() if all(word in text for word in wanted)]
    # A copy sent again after a crash bears the same name, so that it is known for one.
    assert len({line for text in letters for line in text.splitlines() if line.startswith("Message-ID: ")}) == 1


def newest_reference(stack: Stack, slug: str) -> str:
    """The reference of the attempt made last."""
    return str(stack.query(slug, "SELECT reference FROM payments_attempt ORDER BY id DESC LIMIT 1")[0][0])
