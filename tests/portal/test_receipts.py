"""The history of payments, the receipts to keep, and the public check of a receipt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage

from payments import accounts, portal_verify, receipts, settlement
from payments.gateway import GatewayState
from payments.models import Payment, PaymentLine, PaymentState, Receipt
from saas.jobs.models import Job
from saas.lib import clock
from tenants import context
from tests.payments.money import answer as gateway_answer
from tests.payments.money import body_of, finding, receive
from tests.portal.pages import assert_closed, at, begin, queries_of, tags, text_of
from tests.world import PAYU, Cast, Casts, make_invoice


@pytest.fixture
def here(cast: Casts, tmp_path: Any) -> Any:
    before = settings.MEDIA_ROOT
    settings.MEDIA_ROOT = tmp_path
    yield cast.alfa
    settings.MEDIA_ROOT = before


def paid(cast: Cast, invoice: Any = None, *, ago: timedelta = timedelta(0), **said: str) -> Receipt:
    """A payment of Rita's invoice that PayU approved that long ago. Call it inside the agency."""
    attempt = begin(cast, invoice or cast.invoice)
    settlement.settle_callback(receive(body_of(attempt, **said)), now=clock.now() - ago)
    return Receipt.objects.get(payment_id=attempt.payment_id)


def imported(cast: Cast, number: int = 500, *, on: date = date(2025, 3, 4)) -> Receipt:
    """A payment of old, with its receipt and without a PDF. Call it inside the agency."""
    payment = Payment.objects.create(
        client=cast.rita, source="imported", state="approved", amount=Decimal(950_000), means="Consignación", reference="REF-9", paid_on=on
    )
    return Receipt.objects.create(
        prefix="RC", number=number, payment=payment, client=cast.rita, amount=payment.amount,
        issued_at=datetime(on.year, on.month, on.day, 17, tzinfo=UTC), code=f"IMPORTED{number}",
        content={
            "client": cast.rita.name, "client_document": "CC 1.001", "payer": cast.rita.name, "payer_document": "CC 1.001",
            "paid_on": on.isoformat(), "means": "Consignación", "reference": "REF-9", "cus": "", "authorisation": "", "test": False,
            "lines": [["FA-90", "Canon de arrendamiento 03/2025", "950000"]], "credit": "0",
        },
    )  # fmt: skip


# The history


def test_the_history_shows_each_payment_with_its_receipt(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        receipt = paid(here)
        begin(here, here.overdue)
        imported(here)
    answer = browse(here.agency, here.rita.user).get(at("payments"))
    text = text_of(answer)
    assert len(tags(answer, "payment-row")) == 3
    assert "FA-1 Tarjeta de crédito Visa Aprobado $ 1.215.000 CP-1" in text
    assert "FA-2 — Iniciado $ 1.215.000 —" in text
    assert "4 mar 2025 , ver el pago — Consignación Aprobado $ 950.000 RC-500" in text
    assert f'href="{at("payment_receipt", receipt.payment_id)}" aria-label="Descargar comprobante CP-1"' in answer.content.decode()


def test_the_history_is_of_its_client_alone(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        paid(here)
    for someone in (here.oscar, here.berta, here.nadie):
        answer = browse(here.agency, someone.user).get(at("payments"))
        assert tags(answer, "payment-row") == []
        assert "Todavía no tiene pagos" in text_of(answer)
    assert_closed(browse, here, at("payments"))


def test_another_agencys_payments_do_not_show(here: Cast, cast: Casts, browse: Any) -> None:
    with context.in_agency(here.agency):
        receipt = paid(here)
    with context.in_agency(cast.beta.agency):
        Payment.objects.create(
            pk=receipt.payment_id, client=cast.beta.rita, source="manual", state="approved", amount=Decimal(777_777), means="Beta"
        )
    rita = browse(here.agency, here.rita.user)
    for path in (at("payments"), at("payment", receipt.payment_id)):
        text = text_of(rita.get(path))
        assert "1.215.000" in text
        assert "777.777" not in text


def test_the_history_is_filtered_by_state_and_year(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        paid(here)
        pending = begin(here, here.overdue)
        settlement.settle_answer(pending.pk, gateway_answer(finding(pending, GatewayState.PENDING)), now=clock.now())
        declined = begin(here, make_invoice(here.lease, 70))
        settlement.settle_callback(receive(body_of(declined, state="6")), now=clock.now())
        expired = begin(here, make_invoice(here.lease, 71))
        settlement.expire(expired.pk, now=clock.now())
        begin(here, make_invoice(here.lease, 72))
        imported(here)
        Payment.objects.filter(pk=imported(here, 501).payment_id).update(state=PaymentState.REVERSED)
    rita = browse(here.agency, here.rita.user)
    shown = {state: text_of(rita.get(at("payments"), {"state": state})) for state in PaymentState.values}
    assert "FA-1 " in shown["approved"]
    assert "RC-500" in shown["approved"]
    assert "FA-2 " in shown["pending"]
    assert "FA-70" in shown["declined"]
    assert "FA-71" in shown["expired"]
    assert "FA-72" in shown["started"]
    assert "RC-501" in shown["reversed"]
    counts = {state: len(tags(rita.get(at("payments"), {"state": state}), "payment-row")) for state in PaymentState.values}
    assert counts == {"started": 1, "pending": 1, "approved": 2, "declined": 1, "expired": 1, "reversed": 1}
    assert len(tags(rita.get(at("payments"), {"year": "2025"}), "payment-row")) == 2
    assert len(tags(rita.get(at("payments"), {"year": "zz", "state": "zz"}), "payment-row")) == 7
    assert "Ningún pago con ese filtro" in text_of(rita.get(at("payments"), {"year": "2025", "state": "declined"}))


def test_thirty_payments_cost_no_more_queries_than_three(here: Cast, browse: Any) -> None:
    def more(first: int, last: int) -> None:
        with context.in_agency(here.agency):
            for number in range(first, last):
                receipt = imported(here, number)
                if number % 2:
                    PaymentLine.objects.create(payment=receipt.payment, invoice=here.invoice, amount=1)

    rita = browse(here.agency, here.rita.user)
    more(600, 603)
    assert len(tags(rita.get(at("payments")), "payment-row")) == 3
    few = queries_of(rita, at("payments"))
    more(603, 630)
    assert len(tags(rita.get(at("payments")), "payment-row")) == 20
    assert len(queries_of(rita, at("payments"))) == len(few) < 12


# The receipt


def test_a_fresh_receipt_is_being_made(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        receipt = paid(here)
    answer = browse(here.agency, here.rita.user).get(at("payment_receipt", receipt.payment_id))
    assert answer.status_code == 200
    assert "El comprobante se está preparando" in text_of(answer)
    assert '<meta http-equiv="refresh" content="4">' in answer.content.decode()


def test_the_stored_pdf_is_a_private_download(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        receipt = paid(here)
        row = receipts.make_pdf(receipt.pk, agency=here.agency, now=clock.now())
        with default_storage.open(row.path) as file:
            stored = file.read()
    answer = browse(here.agency, here.rita.user).get(at("payment_receipt", receipt.payment_id))
    assert b"".join(answer.streaming_content) == stored
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="comprobante-CP-1.pdf"'
    assert answer["Cache-Control"] == "private, no-store"


def test_an_imported_receipt_is_drawn_at_once_and_mails_nobody(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        receipt = imported(here)
        jobs = Job.objects.count()
    rita = browse(here.agency, here.rita.user)
    page = rita.get(at("payment", receipt.payment_id))
    assert (len(tags(page, "download-receipt")), "se está preparando" in text_of(page)) == (1, False)
    answer = rita.get(at("payment_receipt", receipt.payment_id))
    assert answer["Content-Disposition"] == 'attachment; filename="comprobante-RC-500.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    paper = pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_range()
    for said in ("RC-500", "Inmobiliaria Alfa", "950.000", "FA-90", "REF-9"):
        assert said in paper
    with context.in_agency(here.agency):
        assert Job.objects.count() == jobs


def test_a_pdf_that_got_lost_is_drawn_again(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        receipt = paid(here, ago=timedelta(minutes=6))
    answer = browse(here.agency, here.rita.user).get(at("payment_receipt", receipt.payment_id))
    assert answer.content.startswith(b"%PDF")


def test_a_payment_without_receipt_says_so(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
    rita = browse(here.agency, here.rita.user)
    assert rita.get(at("payment_receipt", attempt.payment_id))["Location"] == at("payment", attempt.payment_id)
    assert "Este pago no tiene comprobante." in text_of(rita.get(at("payment", attempt.payment_id)))


# The public check

PERSONAL = ("Rita", "Ñáñez", "1001", "1.001", "rita@", "300", "FA-1", "Canon", "VISA", "Visa", "Calle")


def test_anyone_may_check_a_receipt_and_learns_nothing_of_its_client(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        receipt = paid(here)
    day = clock.long_date(receipt.issued_at)
    for user in (None, here.sara, here.oscar.user):
        answer = browse(here.agency, user).get(at("verify", receipt.code))
        text = text_of(answer)
        assert answer.status_code == 200
        assert "Comprobante válido" in text
        assert f"Comprobante CP-1 Valor $ 1.215.000 Expedido {day} Inmobiliaria Inmobiliaria Alfa NIT 890.903.938-8 Estado Válido" in text
        assert [word for word in PERSONAL if word in text] == []
        assert answer["X-Robots-Tag"] == "noindex"


def test_a_code_is_read_as_people_copy_it(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        code = paid(here).code
    spaced = " ".join(code[i : i + 4] for i in range(0, 16, 4)).lower()
    assert browse(here.agency).get(at("verify", spaced)).status_code == 200


def test_a_reversed_or_a_test_payment_is_not_called_valid(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        receipt = paid(here)
        Payment.objects.filter(pk=receipt.payment_id).update(state=PaymentState.REVERSED)
    text = text_of(browse(here.agency).get(at("verify", receipt.code)))
    assert "Comprobante de un pago reversado" in text
    assert "Estado Reversado" in text
    assert "válido" not in text.lower()
    with context.in_agency(here.agency):
        accounts.save_account(replace(PAYU, test=True))
        receipt = paid(here, here.overdue, test="1")
    text = text_of(browse(here.agency).get(at("verify", receipt.code)))
    assert "Comprobante de prueba" in text
    assert "Estado De prueba" in text


def test_an_unknown_code_is_a_friendly_404(here: Cast, cast: Casts, browse: Any) -> None:
    with context.in_agency(here.agency):
        code = paid(here).code
    for agency, unknown in ((here.agency, "NADA"), (here.agency, "%00"), (cast.beta.agency, code)):
        answer = browse(agency).get(at("verify", unknown))
        assert answer.status_code == 404
        assert "No encontramos ese comprobante" in text_of(answer)
        assert "1.215.000" not in text_of(answer)


def test_a_machine_that_guesses_is_slowed(here: Cast, browse: Any) -> None:
    browser = browse(here.agency)
    with context.in_agency(here.agency):
        cache.set(portal_verify.counter_of("127.0.0.1"), portal_verify.PER_MINUTE - 1, timeout=60)
    assert [browser.get(at("verify", "NADA")).status_code for _ in range(2)] == [404, 429]
    assert browser.get(at("verify", "NADA"))["Retry-After"] == "60"
