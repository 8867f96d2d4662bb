"""Paying: *Registrar pago*, the way to PayU and back, and following the payment. Nobody sees or moves another's."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db.models import F

from payments import accounts, settlement
from payments.gateway import GatewayState
from payments.models import Attempt, AttemptState, GatewayAccount, Invoice, Payment, PaymentState
from payments.payu import signature
from saas.lib import clock
from tenants import context
from tests.payments.money import answer as gateway_answer
from tests.payments.money import finding, say
from tests.portal.pages import PAYER, assert_closed, at, begin, tags, text_of
from tests.world import NOW, Cast, make_invoice


def came_back(cast: Cast, attempt: Attempt, *, state: str = "4", **changes: str) -> str:
    """The address at which PayU brings the browser back, signed. state: 4 approved, 6 declined, 7 pending."""
    opened = accounts.credentials(attempt.account)
    fields = {
        "merchantId": opened.merchant_id, "referenceCode": attempt.reference, "TX_VALUE": f"{attempt.amount:.1f}", "currency": "COP",
        "transactionState": state, "polTransactionState": state, "message": "APPROVED", "reference_pol": "1", "transactionId": "t",
    }  # fmt: skip
    fields["signature"] = signature.sign_return(
        opened, reference=attempt.reference, value=fields["TX_VALUE"], currency="COP", state=state
    )
    return f"{at('payment_return')}?{urlencode({**fields, **changes})}"


def fields_of(response: Any) -> dict[str, str]:
    """What the form that leads to PayU sends."""
    (form,) = re.findall(r'<form[^>]*action="http[^"]*".*?</form>', response.content.decode(), re.DOTALL)
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found}


def state_shown(response: Any) -> str:
    (tag,) = tags(response, "payment-state")
    found = re.search(r'data-state="([^"]*)"', tag)
    assert found
    return found[1]


# Registrar pago


def test_the_form_says_what_is_paid_and_knows_who_pays(here: Cast, browse: Any) -> None:
    page = browse(here.agency, here.rita.user).get(at("invoice_pay", here.invoice.pk))
    text, body = text_of(page), page.content.decode()
    assert "Registrar pago" in text
    assert "Valor a pagar $ 1.215.000 Factura FA-1 Concepto Canon de arrendamiento 11/2026" in text
    for value in ("Rita Arrendataria Ñáñez", "rita@correo.example", "300 123 4567", "1001"):
        assert f'value="{value}"' in body
    assert '<option value="CC" selected>' in body
    assert tags(page, "test-notice") == tags(page, "under-way") == tags(page, "cash-warning") == []


def test_registering_writes_the_payment_down_and_leads_to_payu(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    answer = rita.post(at("invoice_pay", here.invoice.pk), PAYER)
    with context.in_agency(here.agency):
        payment = Payment.objects.get()
        attempt = Attempt.objects.get()
        assert (payment.client_id, payment.state, payment.amount) == (here.rita.pk, PaymentState.STARTED, Decimal(1_215_000))
        assert (payment.payer_name, payment.payer_email, payment.payer_phone, payment.payer_document_type, payment.payer_document) == (
            "Rita Arrendataria", "rita@correo.example", "3001234567", "CC", "1001",
        )  # fmt: skip
        opened = accounts.credentials(attempt.account)
    assert (answer.status_code, answer["Location"]) == (302, at("payment_go", payment.pk))

    page = rita.get(answer["Location"])
    assert "Valor a pagar $ 1.215.000" in text_of(page)
    assert f'method="post" action="{settings.PAYU_CHECKOUT_URL}"' in page.content.decode()
    assert "Pagar con PayU" in text_of(page)
    assert len(tags(page, "pay-with-payu")) == 1
    sent = fields_of(page)
    assert sent["referenceCode"] == attempt.reference
    assert sent["amount"] == "1215000"
    assert sent["signature"] == signature.sign_checkout(opened, reference=attempt.reference, amount="1215000", currency="COP")
    assert sent["responseUrl"].endswith("/area-de-clientes/pagos/respuesta/")
    assert "csrfmiddlewaretoken" not in sent
    for secret in (opened.api_key, opened.api_login):
        assert secret not in page.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("name", "  ", "Este campo es requerido"),
        ("email", "rita", "correo"),
        ("phone", "123", "«123» no es un teléfono de Colombia"),
        ("document", "12ab", "«12ab» no es un número de Cédula de ciudadanía"),
        ("document_type", "XX", "XX"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(here: Cast, browse: Any, field: str, value: str, error: str) -> None:
    typed = PAYER | {"name": "Quien Paga", field: value}
    page = browse(here.agency, here.rita.user).post(at("invoice_pay", here.invoice.pk), typed)
    assert page.status_code == 200
    assert error.lower() in text_of(page).lower()
    for name, text in typed.items():
        if name != "document_type" and text.strip():
            assert f'value="{text}"' in page.content.decode()
    with context.in_agency(here.agency):
        assert not Payment.objects.exists()


def test_the_amount_is_the_balance_whatever_is_posted(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Invoice.objects.filter(pk=here.invoice.pk).update(applied=1_000_000)
    browse(here.agency, here.rita.user).post(at("invoice_pay", here.invoice.pk), PAYER | {"amount": "1"})
    with context.in_agency(here.agency):
        assert Payment.objects.get().amount == Decimal(215_000)


def test_nothing_to_pay_goes_back_to_the_invoice(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    with context.in_agency(here.agency):
        Invoice.objects.filter(pk=here.overdue.pk).update(voided_at=NOW)
        Invoice.objects.filter(pk=here.invoice.pk).update(applied=F("total"))
    for invoice in (here.overdue, here.invoice):
        for answer in (rita.get(at("invoice_pay", invoice.pk)), rita.post(at("invoice_pay", invoice.pk), PAYER)):
            assert (answer.status_code, answer["Location"]) == (302, at("invoice", invoice.pk))
    assert "La factura FA-1 no tiene saldo por pagar." in text_of(rita.get(at("invoice", here.invoice.pk)))
    with context.in_agency(here.agency):
        assert not Payment.objects.exists()


def test_an_agency_without_account_is_not_paid_online(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        GatewayAccount.objects.update(active=False)
    rita = browse(here.agency, here.rita.user)
    page = rita.get(at("invoice_pay", here.invoice.pk))
    assert "Inmobiliaria Alfa todavía no recibe pagos en línea" in text_of(page)
    assert tags(page, "register-payment") == []
    assert rita.post(at("invoice_pay", here.invoice.pk), PAYER).status_code == 200
    with context.in_agency(here.agency):
        assert not Payment.objects.exists()


def test_the_test_mode_is_told(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        GatewayAccount.objects.update(test=True)
    rita = browse(here.agency, here.rita.user)
    assert "no se moverá dinero" in text_of(rita.get(at("invoice_pay", here.invoice.pk)))
    answer = rita.post(at("invoice_pay", here.invoice.pk), PAYER)
    assert "no se moverá dinero" in text_of(rita.get(answer["Location"]))


@pytest.mark.parametrize(
    ("total", "said"),
    [(6_000_001, "este pago no se puede hacer en efectivo"), (4_000_001, "En efectivo use Efecty"), (4_000_000, "")],
)
def test_cash_is_warned_of_before_leaving(here: Cast, browse: Any, total: int, said: str) -> None:
    with context.in_agency(here.agency):
        invoice = make_invoice(here.lease, 77, total=total)
    page = browse(here.agency, here.rita.user).get(at("invoice_pay", invoice.pk))
    assert len(tags(page, "cash-warning")) == (1 if said else 0)
    assert said in text_of(page)


def test_a_second_payment_must_be_wanted(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        first = begin(here, here.invoice)
    rita = browse(here.agency, here.rita.user)
    path = at("invoice_pay", here.invoice.pk)

    page = rita.get(path)
    assert "Ya hay un pago en curso para esta factura" in text_of(page)
    assert f'href="{at("payment", first.payment_id)}"' in page.content.decode()
    page = rita.post(path, PAYER)
    assert page.status_code == 200
    assert "Marque la casilla solo si quiere pagar de todos modos." in text_of(page)
    with context.in_agency(here.agency):
        assert Payment.objects.count() == 1

    answer = rita.post(path, PAYER | {"anyway": "on"})
    assert answer.status_code == 302
    with context.in_agency(here.agency):
        assert Payment.objects.count() == 2


# To PayU and back


@pytest.mark.parametrize("page", ["payment", "payment_state", "payment_go", "payment_receipt"])
def test_somebody_elses_payment_is_not_found(here: Cast, browse: Any, page: str) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
    path = at(page, attempt.payment_id)
    for someone in (here.oscar, here.berta, here.nadie):
        assert browse(here.agency, someone.user).get(path).status_code == 404
    assert_closed(browse, here, path)


def test_the_back_button_after_paying_asks_for_the_page_anew(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
    page = browse(here.agency, here.rita.user).get(at("payment_go", attempt.payment_id))
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert ' data-fresh>' in page.content.decode()


def test_coming_back_is_noted_and_shown(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        path = came_back(here, attempt, state="4")
    rita = browse(here.agency, here.rita.user)
    answer = rita.get(path)
    assert (answer.status_code, answer["Location"]) == (302, at("payment", attempt.payment_id))
    with context.in_agency(here.agency):
        attempt.refresh_from_db()
        assert (attempt.returned_state, attempt.state, attempt.payment.state) == ("approved", AttemptState.SENT, PaymentState.STARTED)
    page = rita.get(answer["Location"])
    assert state_shown(page) == "started"
    assert "Estamos confirmando el pago" in text_of(page)
    assert "Continuar en PayU" not in text_of(page)
    # Who says to have paid is not sent to pay again.
    assert rita.get(at("payment_go", attempt.payment_id))["Location"] == at("payment", attempt.payment_id)


def test_the_same_link_as_another_client_changes_nothing(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        path = came_back(here, attempt)
    for someone in (here.oscar, here.berta, here.nadie):
        assert browse(here.agency, someone.user).get(path).status_code == 404
    assert browse(here.agency, here.sara).get(path).status_code == 404
    with context.in_agency(here.agency):
        attempt.refresh_from_db()
        assert (attempt.returned_at, attempt.returned_state) == (None, "")


def test_coming_back_without_a_session_goes_through_the_log_in(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        path = came_back(here, attempt)
    answer = browse(here.agency).get(path)
    assert answer.status_code == 302
    login, _, following = answer["Location"].partition("?next=")
    from urllib.parse import unquote

    assert login == at("account_login")
    assert unquote(following) == path


@pytest.mark.parametrize("changes", [{"signature": "0" * 32}, {"TX_VALUE": "1.0"}])
def test_a_forged_return_is_not_noted(here: Cast, browse: Any, changes: dict[str, str]) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        path = came_back(here, attempt, **changes)
    assert browse(here.agency, here.rita.user).get(path)["Location"] == at("payment", attempt.payment_id)
    with context.in_agency(here.agency):
        attempt.refresh_from_db()
        assert (attempt.returned_at, attempt.returned_state) == (None, "")


def test_an_unknown_or_odd_reference_is_not_found(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    for query in ("", "?referenceCode=nada", "?referenceCode=%00", "?referenceCode=" + "x" * 3000):
        assert rita.get(at("payment_return") + query).status_code == 404


def test_going_to_payu_is_over_once_the_attempt_is(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        say(attempt)
    assert rita.get(at("payment_go", attempt.payment_id))["Location"] == at("payment", attempt.payment_id)


def test_nobody_is_sent_to_pay_an_invoice_that_was_paid_meanwhile(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    with context.in_agency(here.agency):
        late, other = begin(here, here.invoice), begin(here, here.invoice)
        say(other)
    assert rita.get(at("payment_go", late.payment_id))["Location"] == at("payment", late.payment_id)
    assert "Ya no hace falta este pago" in text_of(rita.get(at("payment", late.payment_id)))


# Following it


def test_an_open_payment_is_followed_live(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
    rita = browse(here.agency, here.rita.user)
    page = rita.get(at("payment", attempt.payment_id))
    (tag,) = tags(page, "payment-state")
    assert f'hx-get="{at("payment_state", attempt.payment_id)}" hx-trigger="every 2s" hx-swap="outerHTML"' in tag
    assert "Pago sin terminar" in text_of(page)
    assert "Continuar en PayU" in text_of(page)
    assert "Actualizar" in text_of(page)

    fragment = rita.get(at("payment_state", attempt.payment_id), headers={"HX-Request": "true"})
    assert state_shown(fragment) == "started"
    assert "<html" not in fragment.content.decode()
    assert rita.get(at("payment_state", attempt.payment_id))["Location"] == at("payment", attempt.payment_id)
    expired = browse(here.agency).get(at("payment_state", attempt.payment_id), headers={"HX-Request": "true"})
    assert (expired.status_code, expired["HX-Redirect"]) == (204, at("account_login"))

    with context.in_agency(here.agency):
        Attempt.objects.update(created_at=clock.now() - timedelta(hours=1))
    assert 'hx-trigger="every 20s"' in tags(rita.get(at("payment", attempt.payment_id)), "payment-state")[0]


def test_a_pending_payment_says_what_to_do(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        settlement.settle_answer(attempt.pk, gateway_answer(finding(attempt, GatewayState.PENDING)), now=clock.now())
    page = browse(here.agency, here.rita.user).get(at("payment", attempt.payment_id))
    assert state_shown(page) == "pending"
    assert "Pago pendiente $ 1.215.000" in text_of(page)
    assert "No pague otra vez" in text_of(page)
    assert "hx-get" in tags(page, "payment-state")[0]
    assert tags(page, "retry-payment") == []


def test_an_approved_payment_waits_for_its_receipt_and_then_rests(here: Cast, browse: Any) -> None:
    from payments import receipts
    from payments.models import Receipt

    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        settlement.settle_callback(_approval(attempt), now=clock.now())
    rita = browse(here.agency, here.rita.user)
    page = rita.get(at("payment", attempt.payment_id))
    assert state_shown(page) == "approved"
    assert "Pago aprobado $ 1.215.000" in text_of(page)
    assert "Comprobante CP-1" in text_of(page)
    assert "El PDF se está preparando" in text_of(page)
    assert 'hx-trigger="every 2s"' in tags(page, "payment-state")[0]

    with context.in_agency(here.agency):
        receipts.make_pdf(Receipt.objects.get().pk, agency=here.agency, now=clock.now())
    page = rita.get(at("payment", attempt.payment_id))
    assert "hx-get" not in tags(page, "payment-state")[0]
    assert f'href="{at("payment_receipt", attempt.payment_id)}" data-testid="download-receipt"' in page.content.decode()


def test_a_declined_payment_can_be_tried_again(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        say(attempt, state="6")
    rita = browse(here.agency, here.rita.user)
    page = rita.get(at("payment", attempt.payment_id))
    assert state_shown(page) == "declined"
    assert "Pago rechazado" in text_of(page)
    assert "Motivo: " in text_of(page)
    assert "hx-get" not in tags(page, "payment-state")[0]
    assert len(tags(page, "retry-payment")) == 1

    assert rita.get(at("payment_retry", attempt.payment_id)).status_code == 405
    answer = rita.post(at("payment_retry", attempt.payment_id))
    assert (answer.status_code, answer["Location"]) == (302, at("payment_go", attempt.payment_id))
    with context.in_agency(here.agency):
        second = Attempt.objects.exclude(pk=attempt.pk).get()
    assert second.reference != attempt.reference
    assert fields_of(rita.get(answer["Location"]))["referenceCode"] == second.reference
    # It is not declined any more, and asking again makes no third attempt.
    assert state_shown(rita.get(at("payment", attempt.payment_id))) == "started"
    assert rita.post(at("payment_retry", attempt.payment_id))["Location"] == at("payment_go", attempt.payment_id)
    with context.in_agency(here.agency):
        assert Attempt.objects.count() == 2


def test_nobody_tries_somebody_elses_payment_again(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        say(attempt, state="6")
    for user in (here.oscar.user, here.sara):
        assert browse(here.agency, user).post(at("payment_retry", attempt.payment_id)).status_code == 404
    assert browse(here.agency).post(at("payment_retry", attempt.payment_id)).status_code == 302
    with context.in_agency(here.agency):
        assert Attempt.objects.count() == 1


def test_trying_again_while_another_payment_is_under_way_asks_first(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        declined = begin(here, here.invoice)
        say(declined, state="6")
        begin(here, here.invoice)
    answer = browse(here.agency, here.rita.user).post(at("payment_retry", declined.payment_id))
    assert answer["Location"] == at("invoice_pay", here.invoice.pk)
    with context.in_agency(here.agency):
        assert Attempt.objects.count() == 2


def test_an_expired_payment_of_a_paid_invoice_has_no_second_try(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        expired = begin(here, here.invoice)
        settlement.expire(expired.pk, now=clock.now())
        say(begin(here, here.invoice))
    rita = browse(here.agency, here.rita.user)
    page = rita.get(at("payment", expired.payment_id))
    assert state_shown(page) == "expired"
    assert tags(page, "retry-payment") == []
    assert rita.post(at("payment_retry", expired.payment_id))["Location"] == at("payment", expired.payment_id)
    assert "La factura FA-1 ya está pagada." in text_of(rita.get(at("payment", expired.payment_id)))
    with context.in_agency(here.agency):
        assert Attempt.objects.count() == 2


def test_money_that_came_twice_is_said_to_be_in_favour(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        late, other = begin(here, here.invoice), begin(here, here.invoice)
        say(other)
        say(late)
    page = text_of(browse(here.agency, here.rita.user).get(at("payment", late.payment_id)))
    assert "Pago aprobado" in page
    assert "$ 1.215.000 quedaron como saldo a su favor" in page


def _approval(attempt: Attempt) -> int:
    from tests.payments.money import body_of, receive

    return receive(body_of(attempt))
