"""The desk's pages of payments: who may see them, the list and its search, one payment, the review queue, the close."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.conf import settings

from clientarea.models import Client
from payments import checkout, daily, manual, reversals, settlement
from payments.gateway import GatewayState, GatewayUnavailable
from payments.models import Attempt, Payment, PaymentState, Reversal, Review
from payments.payu.gateway import PayU
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.payments.money import answer, body_of, check_invariants, finding, receive, refunded, say, start
from tests.portal.pages import at, queries_of, tags, text_of
from tests.world import NOW, Cast, Casts, make_invoice

SECRETS = ("4Vj8eK4rloUd272L48hsrarnUA", "pRRXKOl8ikMmt9u", "sign=", "rita@correo.example&")


@pytest.fixture
def here(cast: Casts, tmp_path: Any) -> Iterator[Cast]:
    before = settings.MEDIA_ROOT
    settings.MEDIA_ROOT = tmp_path
    yield cast.alfa
    with context.in_agency(cast.alfa.agency):
        check_invariants()
    settings.MEDIA_ROOT = before


def cash(here: Cast, client: Client, amount: int, *, reference: str = "", means: str = "Efectivo", **more: Any) -> Payment:
    """A payment that Sara registered, kept as credit. Call it inside the agency."""
    values = {"key": uuid.uuid4(), "paid_on": clock.today(), "lines": (), **more}
    entry = manual.ManualPayment(client=client, amount=Decimal(amount), means=means, reference=reference, **values)
    return settlement.settle_manual(entry, staff=here.sara, now=clock.now())


@pytest.fixture
def paid(here: Cast) -> Attempt:
    """Rita's payment that PayU approved, which is payment 1 in alfa."""
    with context.in_agency(here.agency):
        attempt = start(here)
        say(attempt, transaction="t-1", cus="987654")
        return attempt


PAGES = (
    ("desk_payments", None), ("desk_register", None), ("desk_reviews", None), ("desk_close", None), ("desk_payment", "payment"),
    ("desk_payment_payu", "payment"), ("desk_payment_receipt", "payment"), ("desk_reverse", "payment"), ("desk_refund", "payment"),
    ("desk_register_client", "client"), ("desk_credit", "client"), ("desk_review", "review"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "what"), PAGES)
def test_only_staff_of_this_agency_comes_in(cast: Casts, here: Cast, paid: Attempt, browse: Any, name: str, what: str | None) -> None:
    with context.in_agency(here.agency):
        say(paid, transaction="t-2")
        Client.objects.create(document_type="CC", document="77", name="Solo Alfa", folded="solo alfa", pk=800_001)
    args = {None: [], "payment": [paid.payment_id], "client": [800_001], "review": [1]}[what]
    path = at(name, *args)
    assert browse(here.agency, here.sara).get(path).status_code == 200
    assert browse(here.agency, here.rita.user).get(path).status_code == 404
    anonymous = browse(here.agency).get(path)
    assert (anonymous.status_code, anonymous["Location"].split("?")[0]) == (302, at("account_login"))
    # beta's staff finds nothing of alfa's, under the same ids.
    assert browse(cast.beta.agency, cast.beta.sara).get(path).status_code == (200 if what is None else 404)


@pytest.mark.parametrize("name", ["desk_payment_ask", "desk_reverse", "desk_refund"])
def test_beta_cannot_touch_alfa_s_payment(cast: Casts, here: Cast, paid: Attempt, browse: Any, name: str) -> None:
    path = at(name, paid.payment_id)
    for agency, user, status in (
        (cast.beta.agency, cast.beta.sara, 404), (here.agency, here.rita.user, 404), (here.agency, None, 302),
    ):  # fmt: skip
        assert browse(agency, user).post(path, {"reason": "Porque sí", "sure": "on"}).status_code == status
    with context.in_agency(here.agency):
        assert (Payment.objects.get().state, Reversal.objects.count()) == (PaymentState.APPROVED, 0)


# The list


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "ñáñez"}, ["Rita", "Rita"]), ({"q": "berta"}, ["Berta"]), ({"q": "1.003"}, ["Berta"]), ({"q": "FA-1"}, ["Rita"]),
        ({"q": "fa 1"}, ["Rita"]), ({"q": "CP-2"}, ["Berta"]), ({"q": "987654"}, ["Rita"]), ({"q": "TRF-9"}, ["Berta"]),
        ({"q": "nadie así"}, []), ({"state": "approved"}, ["Berta", "Rita"]), ({"state": "started"}, ["Rita"]),
        ({"source": "manual"}, ["Berta"]), ({"means": "Transferencia"}, ["Berta"]),
        ({"state": "nonsense", "since": "ayer"}, ["Berta", "Rita", "Rita"]),
        ({"until": "2020-01-01"}, []), ({"since": "2020-01-01", "q": "berta"}, ["Berta"]),
    ],
)  # fmt: skip
def test_searching_and_filtering(here: Cast, paid: Attempt, browse: Any, query: dict[str, str], found: list[str]) -> None:
    with context.in_agency(here.agency):
        start(here, here.overdue)
        cash(here, here.berta, 700_000, reference="TRF-9", means="Transferencia")
    page = browse(here.agency, here.sara).get(at("desk_payments"), query)
    assert sorted(payment.client.name.split()[0] for payment in page.context["page"]) == sorted(found)
    assert len(tags(page, "payment-row")) == len(found)


def test_the_list_tells_its_totals_and_its_queries_do_not_grow(here: Cast, paid: Attempt, browse: Any) -> None:
    browser = browse(here.agency, here.sara)
    before = len(queries_of(browser, at("desk_payments")))
    with context.in_agency(here.agency):
        for n in range(30):
            cash(here, here.berta, 1000 + n)
    assert len(queries_of(browser, at("desk_payments"))) == before <= 9
    text = text_of(browser.get(at("desk_payments")))
    assert f"31 pagos · aprobados $ {1_215_000 + sum(range(1000, 1030)):,}".replace(",", ".") in text
    assert "Página 1 de 2" in text


# One payment


def test_a_payment_tells_what_payu_said_and_no_secret(here: Cast, paid: Attempt, browse: Any) -> None:
    with context.in_agency(here.agency):
        say(paid, transaction="invented")
        settlement.settle_callback(_forged(paid), now=NOW)
    browser = browse(here.agency, here.sara)
    page = browser.get(at("desk_payment", paid.payment_id))
    text = text_of(page)
    for told in (
        "Aprobado · $ 1.215.000 · Tarjeta de crédito Visa", "Aplicada", "En cuarentena Otra aprobación: se le preguntó a PayU.",
        "En cuarentena La firma no es de PayU: no se creyó.", "CP-1", "Aplicado a factura · FA-1", paid.reference,
        "Otra aprobación sin confirmar.",
    ):  # fmt: skip
        assert told in text, told
    assert [secret for secret in SECRETS if secret in page.content.decode()] == []
    assert len(queries_of(browser, at("desk_payment", paid.payment_id))) <= 15


def _forged(attempt: Attempt) -> int:
    return receive(body_of(attempt, sign="0" * 32))


def test_asking_payu_writes_one_job_and_shows_the_answer(here: Cast, paid: Attempt, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = browse(here.agency, here.sara)
    for _ in range(2):
        assert browser.post(at("desk_payment_ask", paid.payment_id))["Location"] == at("desk_payment", paid.payment_id)
    waiting = browser.get(at("desk_payment_payu", paid.payment_id))
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    assert "Preguntando a PayU" in waiting.content.decode()

    def away(*_: Any) -> Any:
        raise GatewayUnavailable("PayU no respondió")

    found = answer(finding(paid, GatewayState.APPROVED), finding(paid, GatewayState.DECLINED, transaction="t-0"))
    with context.in_agency(here.agency):
        job = Job.objects.filter(kind="payments.ask_now", done_at=None).first()
        assert job is not None
        monkeypatch.setattr(PayU, "ask_by_reference", away)
        run_job(job.pk, now=clock.now())
    assert "PayU no ha respondido" in browser.get(at("desk_payment_payu", paid.payment_id)).content.decode()
    with context.in_agency(here.agency):
        monkeypatch.setattr(PayU, "ask_by_reference", lambda *_: found)
        for waiting_job in Job.objects.filter(kind="payments.ask_now", done_at=None):
            run_job(waiting_job.pk, now=clock.now() + timedelta(minutes=3))
    text = text_of(browser.get(at("desk_payment", paid.payment_id)))
    assert "Pago: Aprobado · $ 1.215.000 · PSE · t-1" in text
    assert "Pago: Rechazado · $ 1.215.000 · PSE · t-0" in text
    assert "hx-trigger" not in browser.get(at("desk_payment_payu", paid.payment_id)).content.decode()


def test_the_receipt_is_downloaded_and_a_payment_without_one_has_none(here: Cast, paid: Attempt, browse: Any) -> None:
    browser = browse(here.agency, here.sara)
    got = browser.get(at("desk_payment_receipt", paid.payment_id))
    assert (got["Content-Type"], got["Content-Disposition"]) == ("application/pdf", 'attachment; filename="comprobante-CP-1.pdf"')
    assert browser.get(at("desk_payment_proof", paid.payment_id)).status_code == 404
    with context.in_agency(here.agency):
        other = start(here, here.overdue)
    assert browser.get(at("desk_payment_receipt", other.payment_id)).status_code == 404


def test_staff_reverses_on_the_page(here: Cast, paid: Attempt, browse: Any) -> None:
    browser, path = browse(here.agency, here.sara), at("desk_reverse", paid.payment_id)
    assert "Reversar aquí no le devuelve el dinero al cliente" in text_of(browser.get(path))
    for wrong in ({"reason": "", "sure": "on"}, {"reason": "Un motivo"}):
        assert browser.post(path, wrong).status_code == 200
    assert browser.post(path, {"reason": "Pago equivocado", "sure": "on"}).status_code == 302
    text = text_of(browser.get(at("desk_payment", paid.payment_id)))
    for told in (
        "Pago reversado con el documento RV-1.", "RV-1 · Reversado por la inmobiliaria", "Pago equivocado · Sara Equipo", "−$ 1.215.000",
    ):  # fmt: skip
        assert told in text, told
    with context.in_agency(here.agency):
        receipt = Payment.objects.get().receipt
        here.invoice.refresh_from_db()
        assert here.invoice.balance == here.invoice.total
    assert "Comprobante de un pago reversado" in text_of(browse(here.agency).get(at("verify", receipt.code)))


def test_a_refund_is_asked_for_on_the_page(here: Cast, paid: Attempt, browse: Any) -> None:
    browser, path, key = browse(here.agency, here.sara), at("desk_refund", paid.payment_id), str(uuid.uuid4())
    assert 'value="1.215.000"' in browser.get(path).content.decode()
    assert "se pueden devolver hasta $ 1.215.000" in text_of(browser.post(path, {"key": key, "amount": "2.000.000", "reason": "De más"}))
    for _ in range(2):
        assert browser.post(path, {"key": key, "amount": "200.000", "reason": "Pagó dos veces"}).status_code == 302
    text = text_of(browser.get(at("desk_payment", paid.payment_id)))
    assert "Reembolsos pedidos $ 200.000 Por enviar Pagó dos veces · Sara Equipo" in text
    assert "A este pago no se le puede pedir reembolso" in text_of(browser.get(path))


# The queue


def test_the_queue_tells_what_happened_and_is_closed_with_a_note(here: Cast, paid: Attempt, browse: Any) -> None:
    browser = browse(here.agency, here.sara)
    assert "Nada por revisar" in text_of(browser.get(at("desk_reviews")))
    with context.in_agency(here.agency):
        say(paid, transaction="invented")
        review = Review.objects.get()
    assert "Otra aprobación sin confirmar · Rita Arrendataria" in text_of(browser.get(at("desk_reviews")))
    text = text_of(browser.get(at("desk_review", review.pk)))
    assert "Una firma sola no prueba un segundo pago" in text
    assert browser.post(at("desk_review_close", review.pk), {"note": ""}).status_code == 200
    assert browser.post(at("desk_review_close", review.pk), {"note": "PayU no lo tiene"})["Location"] == at("desk_reviews")
    assert "Nada por revisar" in text_of(browser.get(at("desk_reviews")))
    assert "Sara Equipo" in text_of(browser.get(f"{at('desk_reviews')}?estado=cerradas"))
    text = text_of(browser.get(at("desk_review", review.pk)))
    assert "PayU no lo tiene Sara Equipo" in text
    assert "Marcar como visto" not in text
    with context.in_agency(here.agency):
        review.refresh_from_db()
        assert (review.closed_by, review.note) == (here.sara, "PayU no lo tiene")


def test_money_of_another_amount_is_taken_as_credit_on_the_page(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = start(here)
        settlement.settle_answer(attempt.pk, answer(finding(attempt, GatewayState.APPROVED, amount=Decimal(900_000))), now=clock.now())
        review = Review.objects.get()
    browser = browse(here.agency, here.sara)
    assert "Valor según PayU $ 900.000" in text_of(browser.get(at("desk_review", review.pk)))
    for _ in range(2):
        answered = browser.post(at("desk_review_credit", review.pk))
    with context.in_agency(here.agency):
        taken = Payment.objects.get(state=PaymentState.APPROVED)
        review.refresh_from_db()
        assert (taken.amount, review.note, review.closed_by) == (Decimal(900_000), "Se tomó como saldo a favor, con el comprobante CP-1.", here.sara)
    assert answered["Location"] == at("desk_payment", taken.pk)


def test_the_queue_s_queries_do_not_grow(here: Cast, paid: Attempt, browse: Any) -> None:
    browser = browse(here.agency, here.sara)
    counts = []
    for _ in range(2):
        with context.in_agency(here.agency):
            for n in range(4):
                say(paid, transaction=f"x-{uuid.uuid4()}-{n}")
        counts.append(len(queries_of(browser, at("desk_reviews"))))
    assert counts[0] == counts[1] <= 6


# The close


def test_the_close_of_a_day_by_means_and_as_files(here: Cast, paid: Attempt, browse: Any) -> None:
    with context.in_agency(here.agency):
        Client.objects.filter(pk=here.berta.pk).update(name='=HYPERLINK("http://malo")')
        cash(here, Client.objects.get(pk=here.berta.pk), 300_000, reference="+1", means="Transferencia")
        wrong = cash(here, here.rita, 500_000)
        reversals.reverse_by_staff(wrong.pk, reason="Se registró dos veces", staff=here.sara, now=clock.now())
        begun = make_invoice(here.lease, 60, total=5000)
        checkout.start_payment(client=here.rita, lines=[(begun, begun.balance)], payer=here.payer, now=clock.now())
        today = clock.today()
        close = daily.close_of(today)
    # The approval came on the day of NOW; the others today.
    received = {name: (count, got, gone) for name, count, got, gone in close.means}
    assert received["Transferencia"] == (1, Decimal(300_000), 0)
    assert received["Efectivo"] == (1, Decimal(500_000), Decimal(-500_000))
    browser = browse(here.agency, here.sara)
    text = text_of(browser.get(at("desk_close"), {"dia": today.isoformat()}))
    for told in ("Transferencia 1 $ 300.000 $ 0", "Efectivo 1 $ 500.000 −$ 500.000", "RV-1", "Sara Equipo"):
        assert told in text, told
    got = browser.get(at("desk_close_file", today.isoformat(), "csv"))
    assert (got["Content-Disposition"], got["Content-Type"]) == (f'attachment; filename="cierre-{today}.csv"', "text/csv; charset=utf-8")
    rows = list(csv.reader(io.StringIO(got.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == list(daily.HEADINGS)
    berta = next(row for row in rows if row[4:5] == ["Transferencia"] and len(row) == len(daily.HEADINGS))
    assert (berta[2], berta[6], berta[8], berta[9]) == ("'=HYPERLINK(\"http://malo\")", "'+1", "Sara Equipo", "300000")
    book = openpyxl.load_workbook(io.BytesIO(browser.get(at("desk_close_file", today.isoformat(), "xlsx")).content))
    assert book.sheetnames == [f"Cierre {today}", "Por medio"]
    cells = [cell for row in book[f"Cierre {today}"].iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert [cell.data_type for cell in cells] == ["s"]
    totals = {row[0]: row[1:] for row in book["Por medio"].iter_rows(min_row=2, values_only=True)}
    assert totals["Efectivo"] == (1, 500_000, -500_000, 0)


@pytest.mark.parametrize("path", ["cierre/2026-13-01.csv", "cierre/2026-11-23.pdf", "cierre/hoy.xlsx"])
def test_a_close_that_is_none_is_not_there(here: Cast, browse: Any, path: str) -> None:
    assert browse(here.agency, here.sara).get(f"/oficina/{path}").status_code == 404


def test_a_day_without_receipts_says_so(here: Cast, browse: Any) -> None:
    text = text_of(browse(here.agency, here.sara).get(at("desk_close"), {"dia": "2020-02-29"}))
    assert "Cierre del 29 de febrero de 2020" in text
    assert "Ese día no hubo comprobantes" in text


def test_the_public_check_tells_of_a_part_that_went_back(here: Cast, paid: Attempt, browse: Any) -> None:
    with context.in_agency(here.agency):
        found = answer(finding(paid, GatewayState.APPROVED), refunded(paid, 200_000))
        settlement.settle_answer(paid.pk, found, now=NOW)
        code = Payment.objects.get().receipt.code
    assert "Comprobante válido" in (text := text_of(browse(here.agency).get(at("verify", code))))
    assert "Se devolvieron después $ 200.000" in text
