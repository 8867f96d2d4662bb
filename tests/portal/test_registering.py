"""*Registrar pago* for several invoices and for a part of one, an attempt that is under way, and asking PayU about it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from payments import checkout, settlement
from payments.gateway import GatewayState
from payments.models import Attempt, Invoice, Payment, PaymentLine, PaymentState
from payments.policy import save_policy
from saas.jobs.models import Job
from saas.lib import clock
from tenants import context
from tests.payments.money import answer as gateway_answer
from tests.payments.money import check_invariants, finding, say
from tests.portal.pages import PAYER, assert_closed, at, begin, queries_of, tags, text_of
from tests.world import NOW, Cast, Casts, make_invoice


def together(*invoices: Invoice | int) -> str:
    """The address at which those invoices are paid in one payment."""
    return at("invoices_pay") + "?" + "&".join(f"f={getattr(each, 'pk', each)}" for each in invoices)


def nothing_written(cast: Cast) -> bool:
    with context.in_agency(cast.agency):
        return not Payment.objects.exists() and not Attempt.objects.exists()


# Several


def test_several_invoices_are_one_payment(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    page = rita.get(together(here.invoice, here.overdue))
    assert "Valor a pagar $ 2.430.000 FA-2" in text_of(page)
    assert re.findall(r"FA-\d", text_of(page)) == ["FA-2", "FA-1"]  # the oldest first
    assert nothing_written(here)

    answer = rita.post(together(here.invoice, here.overdue), PAYER)
    with context.in_agency(here.agency):
        payment, attempt = Payment.objects.get(), Attempt.objects.get()
        assert (payment.amount, attempt.amount, payment.client_id) == (Decimal(2_430_000), Decimal(2_430_000), here.rita.pk)
        assert set(PaymentLine.objects.values_list("invoice_id", "amount")) == {
            (here.invoice.pk, Decimal(1_215_000)), (here.overdue.pk, Decimal(1_215_000)),
        }  # fmt: skip
    assert (answer.status_code, answer["Location"]) == (302, at("payment_go", payment.pk))
    go = text_of(rita.get(answer["Location"]))
    assert "Valor a pagar $ 2.430.000 Facturas FA-2, FA-1" in go

    with context.in_agency(here.agency):
        say(attempt)
        assert [i.balance for i in Invoice.objects.filter(number__in=[1, 2])] == [0, 0]
        check_invariants()


def test_one_of_several_that_is_somebody_elses_is_not_found(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    for wrong in (together(here.invoice, here.berta_invoice), together(here.invoice, 999_999), together(here.berta_invoice)):
        assert rita.get(wrong).status_code == 404
        assert rita.post(wrong, PAYER).status_code == 404
    for odd in ("x", "-1", "1.5", "%00", "9" * 30, "²"):
        assert rita.get(f"{at('invoices_pay')}?f={odd}").status_code == 404
    assert_closed(browse, here, together(here.invoice, here.overdue))
    assert nothing_written(here)


def test_the_other_agencys_ids_are_not_ours(here: Cast, cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        theirs = make_invoice(cast.beta.lease, 4_000)
        Invoice.objects.filter(pk=theirs.pk).update(id=77_777)
    assert browse(here.agency, here.rita.user).post(together(here.invoice, 77_777), PAYER).status_code == 404
    with context.in_agency(cast.beta.agency):
        assert not Payment.objects.exists()
    assert nothing_written(here)


def test_none_one_and_too_many(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    assert rita.get(at("invoices_pay"))["Location"] == at("invoices")
    assert "Marque las facturas que quiere pagar" in text_of(rita.get(at("invoices")))
    assert rita.get(together(here.invoice))["Location"] == at("invoice_pay", here.invoice.pk)
    assert rita.get(together(here.invoice, here.invoice))["Location"] == at("invoice_pay", here.invoice.pk)
    assert rita.get(together(*range(1, 52)))["Location"] == at("invoices")
    assert "caben hasta 50 facturas" in text_of(rita.get(at("invoices")))


def test_one_that_was_paid_meanwhile_sends_back_to_the_list(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Invoice.objects.filter(pk=here.overdue.pk).update(applied=1_215_000)
    rita = browse(here.agency, here.rita.user)
    assert rita.post(together(here.invoice, here.overdue), PAYER)["Location"] == at("invoices")
    assert "La factura FA-2 no tiene saldo por pagar." in text_of(rita.get(at("invoices")))
    assert nothing_written(here)


def test_many_invoices_cost_no_more_queries_than_two(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        more = [make_invoice(here.lease, number) for number in range(300, 320)]
    rita = browse(here.agency, here.rita.user)
    few = queries_of(rita, together(here.invoice, here.overdue))
    assert len(queries_of(rita, together(here.invoice, here.overdue, *more))) == len(few) <= 12


# In parts


@pytest.mark.parametrize("typed", ["500.000", "$ 500.000", "500000", "500.000,00"])
def test_a_part_is_typed_as_colombia_writes_it(here: Cast, browse: Any, typed: str) -> None:
    with context.in_agency(here.agency):
        save_policy(partial=True, minimum=Decimal(100_000))
    rita = browse(here.agency, here.rita.user)
    page = rita.get(at("invoice_pay", here.invoice.pk))
    assert "Puede abonar desde $ 100.000, o pagar el saldo completo." in text_of(page)
    assert 'name="amount" value="$\u00a01.215.000"' in page.content.decode()
    assert rita.post(at("invoice_pay", here.invoice.pk), PAYER | {"amount": typed}).status_code == 302
    with context.in_agency(here.agency):
        attempt = Attempt.objects.get()
        assert attempt.amount == Decimal(500_000)
        say(attempt)
        here.invoice.refresh_from_db()
        assert here.invoice.balance == Decimal(715_000)
        check_invariants()
    assert "Abonado −$ 500.000 Saldo $ 715.000" in text_of(rita.get(at("invoice", here.invoice.pk)))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Este campo es requerido"),
        ("99.999", "El abono mínimo es $ 100.000. También puede pagar el saldo completo, $ 1.215.000."),
        ("1.215.001", "El valor no puede pasar del saldo, que es $ 1.215.000."),
        ("0", "Escriba un valor mayor que cero."),
        ("-500.000", "Escriba un valor mayor que cero."),
        ("500.000,50", "Escriba el abono en pesos enteros, sin centavos."),
        ("1.85", "1.85"),
        ("mil", "mil"),
    ],
)
def test_a_part_that_is_not_taken_says_why_and_stays(here: Cast, browse: Any, typed: str, said: str) -> None:
    with context.in_agency(here.agency):
        save_policy(partial=True, minimum=Decimal(100_000))
    page = browse(here.agency, here.rita.user).post(at("invoice_pay", here.invoice.pk), PAYER | {"amount": typed})
    assert page.status_code == 200
    assert said.lower() in (text_of(page) + page.content.decode()).lower()
    assert nothing_written(here)


def test_a_balance_below_the_minimum_is_paid_whole(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        save_policy(partial=True, minimum=Decimal(100_000))
        Invoice.objects.filter(pk=here.invoice.pk).update(applied=Decimal("1200000.50"))
    rita = browse(here.agency, here.rita.user)
    assert rita.post(at("invoice_pay", here.invoice.pk), PAYER | {"amount": "14.999,50"}).status_code == 302
    with context.in_agency(here.agency):
        assert Payment.objects.get().amount == Decimal("14999.50")


def test_several_are_always_paid_whole(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        save_policy(partial=True, minimum=Decimal(100_000))
    rita = browse(here.agency, here.rita.user)
    assert 'name="amount"' not in re.sub(r"<meta[^>]*>", "", rita.get(together(here.invoice, here.overdue)).content.decode())
    rita.post(together(here.invoice, here.overdue), PAYER | {"amount": "500.000"})
    with context.in_agency(here.agency):
        assert Payment.objects.get().amount == Decimal(2_430_000)


def test_without_the_policy_no_part_is_taken_even_of_the_function(here: Cast) -> None:
    with context.in_agency(here.agency), pytest.raises(checkout.CheckoutError, match=r"Factura FA-1: la inmobiliaria no recibe abonos"):
        checkout.start_payment(client=here.rita, lines=[(here.invoice, Decimal(500_000))], payer=here.payer, now=NOW)
    assert nothing_written(here)


def test_staff_choose_the_policy(here: Cast, cast: Casts, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    assert "Recibir abonos" in text_of(sara.get(at("desk_policy")))
    wrong = sara.post(at("desk_policy"), {"partial": "on", "minimum": "0"})
    assert (wrong.status_code, "Escriba un valor mayor que cero." in text_of(wrong)) == (200, True)
    assert sara.post(at("desk_policy"), {"partial": "on", "minimum": "250.000"})["Location"] == at("desk_policy")
    assert 'value="$\u00a0250.000"' in sara.get(at("desk_policy")).content.decode()
    assert "Puede abonar desde $ 250.000" in text_of(browse(here.agency, here.rita.user).get(at("invoice_pay", here.invoice.pk)))
    theirs = text_of(browse(cast.beta.agency, cast.beta.rita.user).get(at("invoice_pay", cast.beta.invoice.pk)))
    assert "Puede abonar" not in theirs
    for ask in ("get", "post"):
        assert getattr(browse(here.agency), ask)(at("desk_policy")).status_code == 302
        assert getattr(browse(here.agency, here.rita.user), ask)(at("desk_policy")).status_code == 404


# Under way


def test_an_attempt_under_way_can_be_gone_on_with_asked_about_or_begun_anew(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
    rita = browse(here.agency, here.rita.user)
    for path, anew in ((at("invoice", here.invoice.pk), 1), (at("invoice_pay", here.invoice.pk), 0), (together(here.invoice, here.overdue), 0)):
        page = rita.get(path)
        assert "Ya hay un pago en curso" in text_of(page)
        assert f'href="{at("payment_go", attempt.payment_id)}" data-testid="continue-payment"' in page.content.decode()
        assert f'action="{at("payment_check", attempt.payment_id)}"' in page.content.decode()
        assert len(tags(page, "pay-anew")) == anew
    assert "una de estas facturas" in text_of(rita.get(together(here.invoice, here.overdue)))
    # Going on is the same attempt.
    assert attempt.reference in rita.get(at("payment_go", attempt.payment_id)).content.decode()
    with context.in_agency(here.agency):
        assert Attempt.objects.count() == 1
    assert "Ya hay un pago en curso" not in text_of(rita.get(at("invoice", here.overdue.pk)))


@pytest.mark.parametrize("returned", ["approved", "pending"])
def test_what_was_paid_at_payu_is_not_gone_on_with(here: Cast, browse: Any, returned: str) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        Attempt.objects.update(returned_state=returned, returned_at=NOW)
    page = browse(here.agency, here.rita.user).get(at("invoice", here.invoice.pk))
    assert tags(page, "continue-payment") == []
    assert len(tags(page, "check-payment")) == 1
    assert browse(here.agency, here.rita.user).get(at("payment_go", attempt.payment_id))["Location"] == at("payment", attempt.payment_id)


def asked(cast: Cast) -> list[dict[str, Any]]:
    with context.in_agency(cast.agency):
        return list(Job.objects.filter(kind="payments.ask_now").values_list("payload", flat=True))


def test_payu_is_asked_once_in_a_while_and_not_too_early(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
    rita, path = browse(here.agency, here.rita.user), at("payment_check", attempt.payment_id)
    assert rita.get(path).status_code == 405
    assert rita.post(path)["Location"] == at("payment", attempt.payment_id)
    assert "PayU permite preguntar por este pago a partir de las" in text_of(rita.get(at("payment", attempt.payment_id)))
    assert asked(here) == []

    with context.in_agency(here.agency):
        Attempt.objects.update(created_at=clock.now() - timedelta(seconds=settings.PAYU_POLL_SECONDS[0] + 1))
    for _ in range(3):
        rita.post(path)
    assert "Le estamos preguntando a PayU" in text_of(rita.get(at("payment", attempt.payment_id)))
    # Two only if the clock's ten minutes turned over between the clicks.
    assert asked(here)[0] == {"attempt_id": attempt.pk}
    assert len(asked(here)) in (1, 2)

    with context.in_agency(here.agency):
        Job.objects.all().delete()
        Attempt.objects.update(asked_at=clock.now() - timedelta(minutes=9))
    rita.post(path)
    assert asked(here) == []
    with context.in_agency(here.agency):
        Attempt.objects.update(asked_at=clock.now() - timedelta(minutes=11))
    rita.post(path)
    assert asked(here) == [{"attempt_id": attempt.pk}]


def test_nobody_asks_about_anothers_payment_nor_about_one_that_is_over(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        Attempt.objects.update(created_at=clock.now() - timedelta(hours=1))
    path = at("payment_check", attempt.payment_id)
    for user in (here.oscar.user, here.berta.user, here.sara):
        assert browse(here.agency, user).post(path).status_code == 404
    assert browse(here.agency).post(path).status_code == 302
    with context.in_agency(here.agency):
        say(attempt, state="6")
    assert browse(here.agency, here.rita.user).post(path).status_code == 302
    assert asked(here) == []


# What became of it


@pytest.mark.parametrize(
    ("label", "kind", "said"),
    [
        ("Efectivo en Efecty", "cash", "Falta que pague en efectivo (Efectivo en Efecty)."),
        ("Pago en banco con referencia", "cash", "Lleve el volante"),
        ("PSE", "bank", "Falta la respuesta de su banco (PSE)."),
        ("Tarjeta de crédito Visa", "card", "Su compra está en revisión (Tarjeta de crédito Visa)."),
        ("", "unknown", "Falta la confirmación de PayU."),
    ],
)
def test_a_pending_payment_says_what_is_awaited_and_until_when(here: Cast, browse: Any, label: str, kind: str, said: str) -> None:
    from dataclasses import replace

    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        found = replace(finding(attempt, GatewayState.PENDING), method_label=label)
        settlement.settle_answer(attempt.pk, gateway_answer(found), now=clock.now())
        # Friday 20 November 2026, ten in the morning in Bogotá.
        Attempt.objects.update(created_at=NOW - timedelta(days=3))
    page = browse(here.agency, here.rita.user).get(at("payment", attempt.payment_id))
    until = {"cash": "27", "bank": "23", "card": "21", "unknown": "27"}
    assert f'data-kind="{kind}"' in tags(page, "awaited")[0]
    assert said in text_of(page)
    assert f"{until[kind]} de noviembre de 2026" in text_of(page)
    # Who pays in cash has not paid yet: nobody may tell them that it was received, nor not to pay.
    assert ("PayU recibió su pago" in text_of(page), "PayU todavía no tiene el dinero." in text_of(page)) == (kind != "cash", kind == "cash")


def test_a_payment_tried_again_is_open_in_its_row_too(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        say(attempt, state="6")
        payment = Payment.objects.get()
        assert (payment.state, payment.reason, payment.settled_at is None) == (PaymentState.DECLINED, "Fondos insuficientes", False)
    rita = browse(here.agency, here.rita.user)
    assert "Motivo: Fondos insuficientes. No se le cobró." in text_of(rita.get(at("payment", payment.pk)))
    rita.post(at("payment_retry", payment.pk))
    with context.in_agency(here.agency):
        payment.refresh_from_db()
        assert (payment.state, payment.reason, payment.means, payment.settled_at) == (PaymentState.STARTED, "", "", None)
        second = Attempt.objects.latest("pk")
        # The first attempt's late word does not close what the second holds open.
        settlement.expire(attempt.pk, now=NOW)
        payment.refresh_from_db()
        assert payment.state == PaymentState.STARTED
        say(second)
        settlement.reopen(payment.pk)  # approved stays approved
        payment.refresh_from_db()
        assert payment.state == PaymentState.APPROVED
        check_invariants()


def test_trying_several_again_while_one_is_under_way_asks_first(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    rita.post(together(here.invoice, here.overdue), PAYER)
    with context.in_agency(here.agency):
        declined = Attempt.objects.get()
        say(declined, state="6")
        begin(here, here.invoice)
    answer = rita.post(at("payment_retry", declined.payment_id))
    assert answer["Location"] == together(here.overdue, here.invoice)
    with context.in_agency(here.agency):
        assert Attempt.objects.count() == 2
