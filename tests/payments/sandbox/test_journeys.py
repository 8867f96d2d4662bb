"""Through the stand-in with the project's own form, and back through the project's own reading: form, page, return, callback
and query must all be of one mind. This is what the stand-in is for."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from payments.gateway import Credentials, FindingKind, GatewayRefused, GatewayState
from tests.payments.payu.samples import PUBLIC
from tests.payments.sandbox.driving import Answer, Shop, StandIn, pay, press_pay, return_query, send, send_form, until

LABELS = {"card": "Tarjeta de crédito Visa", "pse": "PSE", "efecty": "Efectivo en Efecty", "nequi": "Nequi"}
TYPES = {"card": "2", "pse": "4", "efecty": "7", "nequi": "5"}
OUTCOMES = {"approved": GatewayState.APPROVED, "declined": GatewayState.DECLINED, "pending": GatewayState.PENDING}
OTHER = Credentials(
    merchant_id="600123", account_id="600124", api_login="otherLogin", api_key="otherKey", hmac_secret="otherSecret", test=True
)


def add_other(payu: StandIn) -> None:
    payu.control(
        "merchants",
        {"merchant_id": "600123", "account_id": "600124", "api_login": "otherLogin", "api_key": "otherKey", "hmac_secret": "otherSecret"},
    )


@pytest.mark.parametrize("mean", ["card", "pse", "efecty", "nequi"])
@pytest.mark.parametrize("outcome", ["approved", "declined", "pending"])
def test_what_it_says_is_what_we_read(payu: StandIn, shop: Shop, mean: str, outcome: str) -> None:
    form = shop.form(payu)
    page = pay(payu, form, mean, outcome)
    gateway, state = payu.gateway(), OUTCOMES[outcome]

    back = gateway.read_return(return_query(page), credentials=PUBLIC)
    assert (back.signed, back.state, back.amount, back.currency, back.test) == (True, state, Decimal("1850000.00"), "COP", False)
    assert (back.merchant_id, back.reference, back.method_label) == ("508029", form["referenceCode"], LABELS[mean])
    assert back.method_type == TYPES[mean]
    assert back.tax == 0

    answer = gateway.ask_by_reference(PUBLIC, form["referenceCode"])
    (found,) = answer.findings
    assert (found.state, found.kind, found.amount, found.tax) == (state, FindingKind.PAYMENT, Decimal("1850000"), Decimal(0))
    assert found.paid is (outcome == "approved")
    assert (found.gateway_transaction_id, found.gateway_order_id) == (back.gateway_transaction_id, back.gateway_order_id)
    assert (found.merchant_id, found.test, found.method_label, found.cus) == ("508029", True, LABELS[mean], back.cus)
    assert gateway.ask_by_order(PUBLIC, found.gateway_order_id) == answer

    if outcome == "pending":
        assert payu.control("transactions")[0]["callbacks"] == []
        assert "no aprob" not in back.message
        return
    shop.wait(1)
    notice = gateway.read_callback(*shop.callbacks[0], credentials=PUBLIC)
    assert (notice.signed, notice.state, notice.amount, notice.currency, notice.test) == (True, state, Decimal("1850000.00"), "COP", True)
    assert (notice.merchant_id, notice.reference, notice.tax) == ("508029", form["referenceCode"], Decimal("0.00"))
    assert (notice.gateway_transaction_id, notice.gateway_order_id) == (found.gateway_transaction_id, found.gateway_order_id)
    assert (notice.method_label, notice.method_type, notice.cus) == (LABELS[mean], TYPES[mean], found.cus)
    assert (notice.authorization, notice.authorization) == (found.authorization, back.authorization)
    assert notice.response_code == found.response_code == back.response_code
    assert notice.message == found.message == back.message != ""
    assert bool(notice.authorization) is (mean == "card" and outcome == "approved")
    assert bool(notice.cus) is (mean == "pse")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA", "SHA256", "HMAC-SHA256"])
@pytest.mark.parametrize("amount", ["1850000", "150.25", "150.35", "150.26", "150.20"])
def test_every_algorithm_and_rounding_both_ways(payu: StandIn, shop: Shop, algorithm: str, amount: str) -> None:
    add_other(payu)
    credentials = Credentials(
        merchant_id="600123", account_id="600124", api_login="otherLogin", api_key="otherKey", hmac_secret="otherSecret",
        algorithm=algorithm, test=True,
    )  # fmt: skip
    form = shop.form(payu, credentials=credentials, amount=Decimal(amount))
    page = pay(payu, form, "pse", "approved")
    shop.wait(1)
    gateway = payu.gateway()
    back = gateway.read_return(return_query(page), credentials=credentials)
    notice = gateway.read_callback(*shop.callbacks[0], credentials=credentials)
    assert (back.signed, notice.signed) == (True, True)
    assert back.amount == notice.amount == Decimal(amount)
    assert gateway.ask_by_reference(credentials, form["referenceCode"]).findings[0].amount == Decimal(amount)
    # Another merchant's key reads neither.
    assert not gateway.read_return(return_query(page), credentials=PUBLIC).signed
    assert not gateway.read_callback(*shop.callbacks[0], credentials=PUBLIC).signed


def test_what_the_form_carries_is_echoed(payu: StandIn, shop: Shop) -> None:
    form = shop.form(
        payu, extras=("uno", "dós"), response_url=f"{shop.url}/respuesta/?de=payu", tax=Decimal(190), tax_base=Decimal(1000)
    )
    page = pay(payu, form, "card", "approved")
    (fields,) = shop.wait(1)
    query = return_query(page)
    assert (query["de"], query["extra1"], query["extra2"], query["extra3"]) == ("payu", "uno", "dós", "")
    assert (fields["extra1"], fields["extra2"], fields["extra3"]) == ("uno", "dós", "")
    assert (query["TX_TAX"], fields["tax"]) == ("190.00", "190.00")
    assert (fields["email_buyer"], fields["description"]) == (form["buyerEmail"], form["description"])
    assert fields["ip"] == "127.0.0.1"
    assert payu.gateway().read_return(query, credentials=PUBLIC).signed


def test_declined_then_retried_in_the_same_checkout(payu: StandIn, shop: Shop) -> None:
    form = shop.form(payu)
    declined = pay(payu, form, "card", "declined")
    again = send(payu.url + declined.element(testid="retry")["href"])
    approved = press_pay(again, "pse", "approved")
    assert approved.elements(testid="retry") == []

    first, second = sorted(shop.wait(2), key=lambda fields: fields["state_pol"], reverse=True)
    assert (first["state_pol"], second["state_pol"]) == ("6", "4")
    assert first["reference_pol"] == second["reference_pol"]
    assert first["transaction_id"] != second["transaction_id"]
    answer = payu.gateway().ask_by_reference(PUBLIC, form["referenceCode"])
    assert [found.state for found in answer.findings] == [GatewayState.DECLINED, GatewayState.APPROVED]
    assert [found.order_status for found in answer.findings] == ["CAPTURED", "CAPTURED"]


def refused(answer: Answer) -> str:
    assert answer.status == 400
    assert "PayU" in answer.text
    assert answer.elements(testid="pay") == []
    answer.element(testid="error")
    return answer.text


def test_an_approved_reference_is_not_paid_again(payu: StandIn, shop: Shop) -> None:
    form = shop.form(payu)
    open_elsewhere = send_form(payu.checkout_url, form)
    pay(payu, form, "card", "approved")
    assert "ya fue pagada" in refused(send_form(payu.checkout_url, form))
    assert "ya fue pagada" in refused(press_pay(open_elsewhere, "card", "approved"))
    assert "ya fue pagada" in refused(send_form(payu.checkout_url, shop.form(payu, amount=Decimal(7000))))
    assert len(payu.control("transactions")) == 1
    shop.wait(1)


def test_pending_then_approved_by_the_control(payu: StandIn, shop: Shop) -> None:
    form = shop.form(payu)
    pay(payu, form, "pse", "pending")
    decided = payu.control("decide", {"reference": form["referenceCode"], "outcome": "approved"})
    assert (decided["state"], decided["reference"]) == ("APPROVED", form["referenceCode"])
    shop.wait(1)
    notice = payu.gateway().read_callback(*shop.callbacks[0], credentials=PUBLIC)
    assert (notice.signed, notice.state, notice.gateway_transaction_id) == (True, GatewayState.APPROVED, decided["transaction_id"])
    assert payu.gateway().ask_by_reference(PUBLIC, form["referenceCode"]).findings[0].paid
    again = payu.control("decide", {"reference": form["referenceCode"], "outcome": "declined"}, status=409)
    assert again == {"error": "the transaction is already APPROVED"}
    shop.wait(1)


@pytest.mark.parametrize(
    ("verb", "state", "seen"),
    [
        ("approve", GatewayState.APPROVED, "Aprobada"),
        ("reject", GatewayState.DECLINED, "Rechazada"),
        ("expire", GatewayState.EXPIRED, "Vencida"),
    ],
)
def test_pending_then_decided_by_hand(payu: StandIn, shop: Shop, verb: str, state: GatewayState, seen: str) -> None:
    form = shop.form(payu)
    pay(payu, form, "efecty", "pending")
    home = send(f"{payu.url}/")
    button = home.element(testid=f"{verb}-{form['referenceCode']}")
    hidden = home.elements(type="hidden")[0]
    after = send_form(f"{payu.url}/decidir", {hidden["name"]: hidden["value"], button["name"]: button["value"]})
    assert (after.status, after.url) == (200, f"{payu.url}/")
    assert after.elements(testid=f"{verb}-{form['referenceCode']}") == []
    assert f">{seen}<" in after.text
    shop.wait(1)
    notice = payu.gateway().read_callback(*shop.callbacks[0], credentials=PUBLIC)
    assert (notice.signed, notice.state) == (True, state)
    assert payu.gateway().ask_by_reference(PUBLIC, form["referenceCode"]).findings[0].state is state


def test_it_insists_until_200(payu: StandIn, shop: Shop) -> None:
    shop.answers = [500, 302, 201]
    pay(payu, shop.form(payu), "card", "approved")
    fields = shop.wait(4)
    assert [each.pop("attempts") for each in fields] == ["1", "2", "3", "4"]
    assert fields[0] == fields[1] == fields[2] == fields[3]
    done = {"state": "delivered", "tries": 4, "answer": "200"}
    assert until(lambda: payu.control("transactions")[0]["callbacks"] == [done])


def test_it_gives_up_after_the_last_try(payu: StandIn, shop: Shop) -> None:
    shop.answers = [503] * 9
    pay(payu, shop.form(payu), "card", "approved")
    done = {"state": "given up", "tries": 4, "answer": "503"}
    assert until(lambda: payu.control("transactions")[0]["callbacks"] == [done])
    shop.wait(4)


def test_a_lost_callback_is_found_by_asking_and_can_be_sent_again(payu: StandIn, shop: Shop) -> None:
    payu.control("knobs", {"lose": 1})
    form = shop.form(payu)
    pay(payu, form, "card", "approved")
    assert payu.control("transactions")[0]["callbacks"] == [{"state": "lost", "tries": 0, "answer": ""}]
    assert payu.gateway().ask_by_reference(PUBLIC, form["referenceCode"]).findings[0].paid
    assert shop.callbacks == []
    assert payu.control("knobs")["lose"] == 0
    sent = payu.control("resend", {"reference": form["referenceCode"]})
    assert sent == {"sent": [payu.control("transactions")[0]["transaction_id"]]}
    shop.wait(1)
    assert payu.gateway().read_callback(*shop.callbacks[0], credentials=PUBLIC).signed


def test_repeated_callbacks_are_the_same_one(payu: StandIn, shop: Shop) -> None:
    payu.control("knobs", {"duplicate": 8})
    pay(payu, shop.form(payu), "card", "approved")
    fields = shop.wait(9)
    assert Counter(each["transaction_id"] for each in fields) == {fields[0]["transaction_id"]: 9}
    assert all(each == fields[0] for each in fields)


def test_a_wrong_signature_and_a_wrong_amount_on_purpose(payu: StandIn, shop: Shop) -> None:
    payu.control("knobs", {"wrong_signature": 1})
    form = shop.form(payu)
    pay(payu, form, "card", "declined")
    shop.wait(1)
    payu.control("knobs", {"wrong_amount": 1})
    pay(payu, form, "card", "declined")
    shop.wait(2)
    pay(payu, form, "card", "approved")
    shop.wait(3)
    notices = [payu.gateway().read_callback(*callback, credentials=PUBLIC) for callback in shop.callbacks]
    assert [(notice.signed, notice.amount) for notice in notices] == [(False, 1850000), (True, 1850001), (True, 1850000)]
    assert {found.amount for found in payu.gateway().ask_by_reference(PUBLIC, form["referenceCode"]).findings} == {Decimal(1850000)}


def test_a_later_callback_overtakes_an_earlier_one(payu: StandIn, shop: Shop) -> None:
    payu.control("knobs", {"reorder": True})
    form = shop.form(payu)
    pay(payu, form, "card", "declined")
    pay(payu, form, "card", "approved")
    assert [fields["state_pol"] for fields in shop.wait(2)] == ["4", "6"]


def test_a_delay_holds_the_callback_back(payu: StandIn, shop: Shop) -> None:
    payu.control("knobs", {"delay_seconds": 3600})
    pay(payu, shop.form(payu), "card", "approved")
    assert payu.control("transactions")[0]["callbacks"] == [{"state": "waiting", "tries": 0, "answer": ""}]
    assert shop.callbacks == []


def test_a_callback_to_a_name_under_localhost(payu: StandIn, shop: Shop) -> None:
    address = shop.url.replace("127.0.0.1", "tienda.localhost") + "/confirmacion/"
    pay(payu, shop.form(payu, confirmation_url=address), "card", "approved")
    shop.wait(1)


def test_paying_without_a_browser(payu: StandIn, shop: Shop) -> None:
    form = shop.form(payu)
    paid = payu.control("pay", {"form": form, "mean": "nequi", "outcome": "approved"})
    assert (paid["reference"], paid["state"], paid["value"], paid["mean"]) == (form["referenceCode"], "APPROVED", "1850000.00", "nequi")
    assert paid["return_url"].startswith(form["responseUrl"] + "?")
    shop.wait(1)
    assert payu.gateway().read_callback(*shop.callbacks[0], credentials=PUBLIC).gateway_transaction_id == paid["transaction_id"]
    wrong = payu.control("pay", {"form": {**form, "amount": "1"}, "mean": "nequi", "outcome": "approved"}, status=400)
    assert "firma" in wrong["error"]
    shop.wait(1)


def test_a_refund_asked_for_with_our_own_gateway(payu: StandIn, shop: Shop) -> None:
    form = shop.form(payu)
    paid = payu.control("pay", {"form": form, "mean": "card", "outcome": "approved"})
    asked = {"order_id": str(paid["order_id"]), "gateway_transaction_id": paid["transaction_id"], "reason": "Pago doble"}
    refund = payu.gateway().request_refund(PUBLIC, **asked)
    assert (refund.state, refund.gateway_order_id) == (GatewayState.PENDING, str(paid["order_id"]))
    before = payu.gateway().ask_by_reference(PUBLIC, form["referenceCode"])
    assert [(found.kind, found.state) for found in before.findings] == [
        (FindingKind.PAYMENT, GatewayState.APPROVED), (FindingKind.REFUND, GatewayState.PENDING),
    ]  # fmt: skip
    payu.control("decide", {"reference": form["referenceCode"], "outcome": "approved"})
    after = payu.gateway().ask_by_reference(PUBLIC, form["referenceCode"])
    assert [(found.kind, found.state) for found in after.findings] == [
        (FindingKind.PAYMENT, GatewayState.REFUNDED), (FindingKind.REFUND, GatewayState.REFUNDED),
    ]  # fmt: skip
    assert after.findings[1].gateway_parent_id == paid["transaction_id"]
    # As PayU: the refund's result comes to the same address and looks like an approval of another transaction.
    assert {each["transaction_id"]: each["state_pol"] for each in shop.wait(2)} == {
        paid["transaction_id"]: "4", refund.gateway_transaction_id: "4",
    }  # fmt: skip


def test_our_gateway_asks_in_vain(payu: StandIn, shop: Shop) -> None:
    gateway, form = payu.gateway(), shop.form(payu)
    gateway.ping(PUBLIC)
    assert not gateway.ask_by_reference(PUBLIC, "nobody-knows").known
    send_form(payu.checkout_url, form)  # the payer is on the page and has not chosen yet
    assert not gateway.ask_by_reference(PUBLIC, form["referenceCode"]).known
    payu.control("pay", {"form": form, "mean": "card", "outcome": "approved"})
    add_other(payu)
    assert not gateway.ask_by_reference(OTHER, form["referenceCode"]).known
    wrong = Credentials(merchant_id="508029", account_id="512321", api_login=PUBLIC.api_login, api_key="wrong", test=True)
    with pytest.raises(GatewayRefused):
        gateway.ping(wrong)
    with pytest.raises(GatewayRefused):
        gateway.ask_by_reference(wrong, form["referenceCode"])
