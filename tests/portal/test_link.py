"""Paying without logging in: what a signed link opens, what it never shows, when it ends; and the mail that brings it."""

from __future__ import annotations

import html
import re
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser

import workers.payments  # noqa: F401  (its handlers register themselves)
from payments import accounts, links
from payments.invoicing import mail as invoice_mail
from payments.models import Attempt, GatewayAccount, Invoice, InvoiceKind, Payment
from payments.payu import signature
from payments.policy import save_policy
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Task
from saas.lib import clock, signing
from tenants import context
from tests.payments.money import check_invariants, say
from tests.payouts.steps import collect
from tests.portal.pages import at, begin, tags, text_of
from tests.world import NOW, Cast, Casts, make_invoice

AUNT = {"name": "Tía Pagadora", "email": "tia@otro.example", "phone": "310 765 4321", "document_type": "CC", "document": "79.456.123"}
# Of Rita, of her lease and of her other invoices.
PERSONAL = ("Rita", "Arrendataria", "Ñáñez", "1001", "1.001", "rita@", "300 123", "Calle 1", "IN-1", "CA-1", "FA-2", "Óscar")
OF_AUNT = ("Tía", "tia@", "3107654321", "79456123")


@pytest.fixture
def token(here: Cast) -> str:
    """The token of Rita's pending invoice."""
    with context.in_agency(here.agency):
        return links.token_of(here.invoice)


def paid_by_aunt(here: Cast, browser: Browser, token: str) -> Attempt:
    """Somebody with the link registers a payment."""
    answer = browser.post(at("pay_link", token), AUNT)
    with context.in_agency(here.agency):
        attempt = Attempt.objects.latest("pk")
    assert (answer.status_code, answer["Location"]) == (302, at("pay_link_go", token, attempt.reference))
    return attempt


def fields_of(response: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', response.content.decode())
    return {name: html.unescape(value) for name, value in found}


def nothing_written(cast: Cast) -> bool:
    with context.in_agency(cast.agency):
        return not Payment.objects.exists()


def test_it_opens_one_invoice_and_its_button_and_tells_nothing_else(here: Cast, browse: Any, token: str) -> None:
    for user in (None, here.oscar.user, here.sara):
        answer = browse(here.agency, user).get(at("pay_link", token))
        text = text_of(answer)
        assert answer.status_code == 200
        assert "Factura FA-1 Valor a pagar $ 1.215.000 Concepto Canon de arrendamiento 11/2026 Periodo noviembre de 2026" in text
        assert "A nombre de R. A. Ñ." in text
        assert len(tags(answer, "register-payment")) == 1
        assert [word for word in PERSONAL if word in answer.content.decode()] == []
        assert (answer["X-Robots-Tag"], answer["Cache-Control"]) == ("noindex", "private, no-store")
    assert nothing_written(here)


def test_who_has_it_pays_and_comes_back_to_it(here: Cast, browse: Any, token: str) -> None:
    aunt = browse(here.agency)
    attempt = paid_by_aunt(here, aunt, token)
    with context.in_agency(here.agency):
        payment = Payment.objects.get()
        assert (payment.client_id, payment.payer_name, payment.amount) == (here.rita.pk, "Tía Pagadora", Decimal(1_215_000))
        assert [line.invoice_id for line in payment.lines.all()] == [here.invoice.pk]
        opened = accounts.credentials(attempt.account)

    go = aunt.get(at("pay_link_go", token, attempt.reference))
    sent = fields_of(go)
    assert "Valor a pagar $ 1.215.000 Factura FA-1 Recibe Inmobiliaria Alfa" in text_of(go)
    assert (sent["referenceCode"], sent["amount"], sent["buyerFullName"]) == (attempt.reference, "1215000", "Tía Pagadora")
    assert sent["responseUrl"].endswith(at("pay_link_return", token, attempt.reference))
    assert len(sent["responseUrl"]) <= 255
    assert [word for word in PERSONAL if word in go.content.decode()] == []
    # The back button after paying asks for this page anew, and is led to the result.
    assert ("no-store" in go["Cache-Control"], " data-fresh>" in go.content.decode()) == (True, True)

    query = {
        "merchantId": opened.merchant_id, "referenceCode": attempt.reference, "TX_VALUE": "1215000.0", "currency": "COP",
        "transactionState": "7", "message": "PENDING", "polPaymentMethodType": "7",
        "signature": signature.sign_return(opened, reference=attempt.reference, value="1215000.0", currency="COP", state="7"),
    }  # fmt: skip
    back = aunt.get(at("pay_link_return", token, attempt.reference), query)
    result = at("pay_link_result", token, attempt.reference)
    assert (back.status_code, back["Location"]) == (302, result)
    page = aunt.get(result)
    assert 'data-state="pending"' in tags(page, "payment-state")[0]
    assert "Falta que pague en efectivo (Efectivo)." in text_of(page)
    with context.in_agency(here.agency):
        attempt.refresh_from_db()
        assert (attempt.state, attempt.returned_state) == ("sent", "pending")
        say(attempt)
        check_invariants()
    page = aunt.get(result)
    assert "Pago aprobado $ 1.215.000 Comprobante CP-1" in text_of(page)
    assert "hx-get" not in tags(page, "payment-state")[0]
    assert [word for word in (*PERSONAL, *OF_AUNT) if word in page.content.decode()] == []
    # The client sees who paid, among the client's own payments.
    assert "Tía Pagadora" in text_of(browse(here.agency, here.rita.user).get(at("payment", payment.pk)))


def test_a_forged_return_is_not_noted(here: Cast, browse: Any, token: str) -> None:
    aunt = browse(here.agency)
    attempt = paid_by_aunt(here, aunt, token)
    with context.in_agency(here.agency):
        other = begin(here, here.overdue)
        opened = accounts.credentials(attempt.account)
    good = {"merchantId": opened.merchant_id, "TX_VALUE": "1215000.0", "currency": "COP", "transactionState": "4", "message": ""}
    for reference in (attempt.reference, other.reference):
        signed = signature.sign_return(opened, reference=reference, value="1215000.0", currency="COP", state="4")
        sign = "0" * 32 if reference == attempt.reference else signed
        aunt.get(at("pay_link_return", token, attempt.reference), good | {"referenceCode": reference, "signature": sign})
    with context.in_agency(here.agency):
        assert set(Attempt.objects.values_list("returned_at", "returned_state")) == {(None, "")}


def test_who_paid_before_is_not_shown_to_who_opens_it_next(here: Cast, browse: Any, token: str) -> None:
    attempt = paid_by_aunt(here, browse(here.agency), token)
    page = browse(here.agency).get(at("pay_link", token))
    assert "Ya hay un pago en curso para esta factura" in text_of(page)
    assert [word for word in (*PERSONAL, *OF_AUNT, attempt.reference) if word in page.content.decode()] == []
    again = browse(here.agency).post(at("pay_link", token), AUNT)
    assert "Marque la casilla solo si quiere pagar de todos modos." in text_of(again)
    with context.in_agency(here.agency):
        assert Payment.objects.count() == 1
    assert browse(here.agency).post(at("pay_link", token), AUNT | {"anyway": "on"}).status_code == 302


def test_a_declined_one_says_why_and_leads_back(here: Cast, browse: Any, token: str) -> None:
    aunt = browse(here.agency)
    attempt = paid_by_aunt(here, aunt, token)
    with context.in_agency(here.agency):
        say(attempt, state="6")
    page = aunt.get(at("pay_link_result", token, attempt.reference))
    assert "Pago rechazado $ 1.215.000 Motivo: Fondos insuficientes." in text_of(page)
    assert f'href="{at("pay_link", token)}"' in page.content.decode()
    assert aunt.get(at("pay_link_go", token, attempt.reference))["Location"] == at("pay_link_result", token, attempt.reference)


@pytest.mark.parametrize("page", ["pay_link_go", "pay_link_return", "pay_link_result"])
def test_a_link_reaches_no_attempt_but_those_of_its_own_invoice(here: Cast, cast: Casts, browse: Any, token: str, page: str) -> None:
    from payments import checkout

    with context.in_agency(here.agency):
        other = begin(here, here.overdue)
        both = checkout.start_payment(
            client=here.rita, lines=[(i, i.balance) for i in (here.invoice, here.overdue)], payer=here.payer, now=NOW
        )
    with context.in_agency(cast.beta.agency):
        theirs = begin(cast.beta, cast.beta.invoice)
    for reference in (other.reference, both.reference, theirs.reference, "nada", "%00", "x" * 300):
        answer = browse(here.agency).get(at(page, token, "X").replace("/X/", f"/{reference}/"))
        assert answer.status_code == 404
        assert [word for word in (*PERSONAL, "1.215.000", "FA-1") if word in answer.content.decode()] == []


def test_a_token_is_worth_nothing_in_another_agency_or_for_another_purpose(here: Cast, cast: Casts, browse: Any, token: str) -> None:
    with context.in_agency(here.agency):
        strange = signing.sign({"invoice": here.invoice.pk}, purpose="otra")
        wrong = [signing.sign(value, purpose=links.PURPOSE) for value in ({"invoice": "1"}, {"invoice": None}, {}, {"invoice": 999_999})]
        commission = make_invoice(here.lease, 900, kind=InvoiceKind.COMMISSION, client=here.oscar)
        wrong.append(links.token_of(commission))
    tries = [(cast.beta.agency, token), *[(here.agency, each) for each in (strange, token[:-1], "nada", *wrong)]]
    for agency, each in tries:
        for method in ("get", "post"):
            answer = getattr(browse(agency), method)(at("pay_link", each), AUNT)
            assert answer.status_code == 404
            assert "Este enlace no es válido" in text_of(answer)
            assert "FA-1" not in answer.content.decode()
    for one in (here, cast.beta):
        assert nothing_written(one)


def test_it_ends_after_thirty_days(here: Cast, browse: Any, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + timedelta(days=29, hours=23).total_seconds())
    assert browse(here.agency).get(at("pay_link", token)).status_code == 200
    monkeypatch.setattr(time, "time", lambda: real() + timedelta(days=30, seconds=5).total_seconds())
    for method in ("get", "post"):
        answer = getattr(browse(here.agency), method)(at("pay_link", token), AUNT)
        assert (answer.status_code, "Este enlace ya venció" in text_of(answer)) == (410, True)
        assert "1.215.000" not in text_of(answer)
    monkeypatch.undo()
    assert nothing_written(here)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"applied": 1_215_000}, "La factura FA-1 ya está pagada. Gracias."),
        ({"voided_at": NOW}, "La factura FA-1 fue anulada: no hay nada que pagar."),
    ],
)
def test_it_ends_when_there_is_nothing_to_pay(here: Cast, browse: Any, token: str, change: dict[str, Any], said: str) -> None:
    with context.in_agency(here.agency):
        Invoice.objects.filter(pk=here.invoice.pk).update(**change)
    for method in ("get", "post"):
        answer = getattr(browse(here.agency), method)(at("pay_link", token), AUNT)
        assert (answer.status_code, said in text_of(answer)) == (410, True)
        assert "1.215.000" not in text_of(answer)
    assert nothing_written(here)


def test_it_asks_for_what_is_left_and_takes_no_parts_unless_the_agency_does(here: Cast, browse: Any, token: str) -> None:
    with context.in_agency(here.agency):
        Invoice.objects.filter(pk=here.invoice.pk).update(applied=1_000_000)
    page = browse(here.agency).get(at("pay_link", token))
    assert "Valor a pagar $ 215.000" in text_of(page)
    assert 'name="amount"' not in page.content.decode()
    browse(here.agency).post(at("pay_link", token), AUNT | {"amount": "5.000"})
    with context.in_agency(here.agency):
        assert Payment.objects.get().amount == Decimal(215_000)


def test_a_part_is_paid_by_it_where_the_agency_takes_parts(here: Cast, browse: Any, token: str) -> None:
    with context.in_agency(here.agency):
        save_policy(partial=True, minimum=Decimal(100_000))
    aunt = browse(here.agency)
    page = aunt.get(at("pay_link", token))
    assert "Saldo $ 1.215.000" in text_of(page)
    assert "Puede abonar desde $ 100.000, o pagar el saldo completo." in text_of(page)
    assert 'value="$\u00a01.215.000"' in page.content.decode()
    for amount, said in (
        ("99.999", "El abono mínimo es $ 100.000."), ("1.215.001", "El valor no puede pasar del saldo, que es $ 1.215.000."), ("0", "mayor que cero"),
        ("300.000,50", "pesos enteros"), ("mucho", ""),
    ):  # fmt: skip
        refused = aunt.post(at("pay_link", token), AUNT | {"amount": amount})
        assert (refused.status_code, said in text_of(refused)) == (200, True), amount
        assert f'value="{amount}"' in refused.content.decode()  # what was typed stays
    assert nothing_written(here)
    answer = aunt.post(at("pay_link", token), AUNT | {"amount": "300.000"})
    with context.in_agency(here.agency):
        attempt = Attempt.objects.get()
        assert (attempt.amount, attempt.payment.amount, attempt.payment.client_id) == (Decimal(300_000), Decimal(300_000), here.rita.pk)
        assert [(line.invoice_id, line.amount) for line in attempt.payment.lines.all()] == [(here.invoice.pk, Decimal(300_000))]
    go = aunt.get(answer["Location"])
    assert fields_of(go)["amount"] == "300000"
    assert "Valor a pagar $ 300.000" in text_of(go)
    with context.in_agency(here.agency):
        say(attempt)
        check_invariants()
        here.invoice.refresh_from_db()
        assert here.invoice.applied == Decimal(300_000)
    assert "Pago aprobado $ 300.000" in text_of(aunt.get(at("pay_link_result", token, attempt.reference)))
    # It is not paid yet: the link asks for the rest, and the rest may be less than the least part.
    assert "Saldo $ 915.000" in text_of(aunt.get(at("pay_link", token)))
    with context.in_agency(here.agency):
        collect(here, here.invoice, 914_000)
    assert aunt.post(at("pay_link", token), AUNT | {"amount": "1.000"}).status_code == 302


def test_a_link_in_many_hands_does_not_fill_the_books(here: Cast, browse: Any, token: str) -> None:
    someone = browse(here.agency)
    answers = [someone.post(at("pay_link", token), AUNT | {"anyway": "on"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [302] * 10 + [200]
    assert "Se empezaron muchos pagos de esta factura." in text_of(answers[-1])
    with context.in_agency(here.agency):
        assert Attempt.objects.count() == 10


def test_without_an_account_it_says_so(here: Cast, browse: Any, token: str) -> None:
    with context.in_agency(here.agency):
        GatewayAccount.objects.update(active=False)
    page = browse(here.agency).get(at("pay_link", token))
    assert "Inmobiliaria Alfa no recibe pagos en línea en este momento." in text_of(page)
    assert tags(page, "register-payment") == []
    assert browse(here.agency).post(at("pay_link", token), AUNT).status_code == 200
    assert nothing_written(here)


# The mail


def test_the_mail_brings_the_paper_and_a_link_that_opens(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        task = Task(id=1, kind="payments.invoice_mail", key="new:1", payload={"invoice_id": here.invoice.pk}, attempts=1)
        for _ in range(2):
            HANDLERS["payments.invoice_mail"](task)
        jobs = Job.objects.count()
    first, second = mail.outbox
    assert (first.to, first.subject) == (["rita@correo.example"], "Factura de arrendamiento FA-1")
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    ((name, content, kind),) = first.attachments
    assert (name, kind, bytes(content[:4])) == ("factura-FA-1.pdf", "application/pdf", b"%PDF")
    body = str(first.body).replace("\u00a0", " ")
    assert "Valor por pagar: $ 1.215.000" in body
    assert "- Canon de arrendamiento (noviembre de 2026): $ 950.000" in body
    (link,) = re.findall(r"http\S+/pagar/\S+", body)
    page = browse(here.agency).get(link[link.index("/pagar/") :])
    assert (page.status_code, "Factura FA-1" in text_of(page)) == (200, True)
    assert html.escape(link) in str(first.alternatives[0][0])
    assert jobs == 0


def test_what_was_paid_of_it_already_is_told(here: Cast) -> None:
    with context.in_agency(here.agency):
        invoice_mail.send(make_invoice(here.lease, 44, applied=Decimal(215_000)).pk, agency=here.agency, now=clock.now())
    body = str(mail.outbox[0].body).replace("\u00a0", " ")
    assert "Valor por pagar: $ 1.000.000" in body
    assert "- Abonado: −$ 215.000" in body


def test_what_needs_no_money_or_has_no_address_is_not_mailed(here: Cast) -> None:
    def send(invoice: Invoice) -> bool:
        return invoice_mail.send(invoice.pk, agency=here.agency, now=clock.now())

    with context.in_agency(here.agency):
        assert not send(make_invoice(here.lease, 40, applied=Decimal(1_215_000)))
        assert not send(make_invoice(here.lease, 41, voided_at=NOW))
        here.rita.email = ""
        here.rita.save()
        assert not send(here.invoice)
    assert mail.outbox == []


def test_what_is_not_paid_online_comes_without_a_link(here: Cast) -> None:
    with context.in_agency(here.agency):
        GatewayAccount.objects.update(active=False)
        assert invoice_mail.send(here.invoice.pk, agency=here.agency, now=clock.now())
        commission = make_invoice(here.lease, 900, kind=InvoiceKind.COMMISSION, client=here.berta, due_on=clock.today() + timedelta(days=3))
        assert invoice_mail.send(commission.pk, agency=here.agency, now=clock.now())
    assert [message.subject for message in mail.outbox] == ["Factura de arrendamiento FA-1", "Factura de comisión FA-900"]
    assert all("/pagar/" not in str(message.body) + str(message.alternatives[0][0]) for message in mail.outbox)
    assert nothing_written(here)
