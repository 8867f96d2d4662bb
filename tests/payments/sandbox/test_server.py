"""The stand-in by itself: what its page refuses, what its APIs answer, the control's walls, and its life as a process."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from payments.payu import signature
from tests.payments.payu.samples import PUBLIC
from tests.payments.sandbox.driving import ROOT, Shop, StandIn, pay, press_pay, send, send_form, until


def signed(form: dict[str, str], **changes: str) -> dict[str, str]:
    """The form with changes, signed anew: what is wrong is not its signature."""
    changed = {**form, **changes}
    told = {"reference": changed["referenceCode"], "amount": changed["amount"], "currency": changed["currency"]}
    return {**changed, "signature": signature.sign_checkout(PUBLIC, **told)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"merchantId": "508030"}, "El comercio 508030 no existe"),
        ({"accountId": "512322"}, "La cuenta 512322 no pertenece al comercio"),
        ({"amount": "0"}, "debe ser mayor que cero"),
        ({"amount": "1850000.001"}, "amount debe ser un número"),
        ({"amount": "1.850.000"}, "amount debe ser un número"),
        ({"tax": "1850000", "taxReturnBase": "1"}, "superan el valor"),
        ({"currency": "USD"}, "debe ser COP"),
        ({"test": "2"}, "test debe ser 0 o 1"),
        ({"referenceCode": "con espacio"}, "referenceCode solo puede"),
        ({"responseUrl": "javascript:alert(1)"}, "responseUrl no es una dirección"),
        ({"confirmationUrl": "ftp://a.example/"}, "confirmationUrl no es una dirección"),
        ({"confirmationUrl": "http://a.example/" + "x" * 255}, "confirmationUrl supera 255"),
        ({"algorithmSignature": "CRC32"}, "algorithmSignature debe ser uno de"),
        ({"expirationDate": "mañana"}, "expirationDate debe venir como"),
    ],
)
def test_a_wrong_form_is_refused_and_says_why(payu: StandIn, shop: Shop, changes: dict[str, str], said: str) -> None:
    answer = send_form(payu.checkout_url, signed(shop.form(payu), **changes))
    assert answer.status == 400
    assert said in answer.text
    assert answer.elements(testid="pay") == []
    assert payu.control("transactions") == []


@pytest.mark.parametrize("name", ["accountId", "description", "tax", "taxReturnBase", "test", "buyerEmail", "responseUrl", "signature"])
def test_a_form_without_a_mandatory_field_is_refused(payu: StandIn, shop: Shop, name: str) -> None:
    form = shop.form(payu)
    del form[name]
    answer = send_form(payu.checkout_url, form)
    assert (answer.status, f"Falta el parámetro obligatorio {name}." in answer.text) == (400, True)


@pytest.mark.parametrize("change", [{"amount": "1850001"}, {"signature": "0" * 32}, {"algorithmSignature": "SHA256"}, {"paymentMethods": "PSE"}])
def test_a_wrong_signature_is_refused(payu: StandIn, shop: Shop, change: dict[str, str]) -> None:
    answer = send_form(payu.checkout_url, {**shop.form(payu), **change})
    assert (answer.status, "La firma (signature) no es válida" in answer.text) == (400, True)
    assert "4Vj8eK4rloUd272L48hsrarnUA" not in answer.text


def test_what_the_page_offers(payu: StandIn, shop: Shop) -> None:
    page = send_form(payu.checkout_url, shop.form(payu))
    assert page.url.startswith(payu.checkout_url)
    means = page.elements(type="radio", name="mean")
    assert [(each["value"], "disabled" in each) for each in means] == [
        ("card", False), ("pse", False), ("efecty", False), ("nequi", False),
    ]  # fmt: skip
    assert [each["value"] for each in page.elements(name="outcome")] == ["approved", "declined", "pending"]
    assert "$ 1.850.000" in page.text
    assert page.elements(tag="script") == []
    assert "PayU</b> <span>(simulador)" in page.text
    assert "no se mueve dinero" in page.text
    assert send(page.url).text == page.text  # it can be loaded again


def test_means_outside_their_limits_or_not_wanted_cannot_be_chosen(payu: StandIn, shop: Shop) -> None:
    dear = send_form(payu.checkout_url, shop.form(payu, amount=Decimal(6_000_001)))
    assert "disabled" in dear.element(testid="mean-efecty")
    assert press_pay(dear, "efecty", "approved").status == 400
    only = send_form(payu.checkout_url, shop.form(payu, reference="R-2", payment_methods=("PSE", "EFECTY")))
    assert [each["value"] for each in only.elements(name="mean")] == ["pse", "efecty"]
    assert payu.control("transactions") == []


def test_nothing_chosen_is_not_paid(payu: StandIn, shop: Shop) -> None:
    page = send_form(payu.checkout_url, shop.form(payu))
    answer = send_form(page.url + "pagar", {"mean": "card"})
    assert (answer.status, "Elija el resultado" in answer.text) == (400, True)
    assert payu.control("transactions") == []


def test_texts_of_the_form_are_escaped(payu: StandIn, shop: Shop) -> None:
    page = send_form(payu.checkout_url, shop.form(payu, description="<script>alert(1)</script>"))
    assert "&lt;script&gt;alert(1)" in page.text
    assert page.elements(tag="script") == []


def test_the_home_page_lists_and_shows_no_key(payu: StandIn, shop: Shop) -> None:
    form = shop.form(payu)
    pay(payu, form, "pse", "pending")
    home = send(f"{payu.url}/")
    assert home.status == 200
    assert "508029" in home.text
    assert form["referenceCode"] in home.text
    assert PUBLIC.api_key not in home.text
    assert PUBLIC.api_login not in home.text


@pytest.mark.parametrize("path", ["/nada", "/ppp-web-gateway-payu/nada/", "/ppp-web-gateway-payu/resultado/nada/"])
def test_unknown_pages(payu: StandIn, path: str) -> None:
    assert send(payu.url + path).status == 404


# The two APIs

NOT_FOUND = {"code": "SUCCESS", "error": None, "result": {"payload": None}}


def test_the_queries_api(payu: StandIn, shop: Shop) -> None:
    url = payu.reports_url
    assert payu.ask(url, "PING") == {"code": "SUCCESS", "error": None, "result": {"payload": "PONG"}}
    paid = payu.control("pay", {"form": shop.form(payu), "mean": "pse", "outcome": "approved"})
    by_reference = payu.ask(url, "ORDER_DETAIL_BY_REFERENCE_CODE", details={"referenceCode": paid["reference"]})
    by_number = payu.ask(url, "ORDER_DETAIL", details={"orderId": paid["order_id"]})
    assert by_reference["result"]["payload"] == [by_number["result"]["payload"]]
    order = by_number["result"]["payload"]
    assert (order["id"], order["status"], order["referenceCode"]) == (paid["order_id"], "CAPTURED", paid["reference"])
    (transaction,) = order["transactions"]
    assert (transaction["id"], transaction["type"], transaction["paymentMethod"]) == (
        paid["transaction_id"], "AUTHORIZATION_AND_CAPTURE", "PSE",
    )  # fmt: skip
    assert transaction["additionalValues"]["TX_VALUE"] == {"value": 1850000.0, "currency": "COP"}
    response = payu.ask(url, "TRANSACTION_RESPONSE_DETAIL", details={"transactionId": paid["transaction_id"]})
    assert response["result"]["payload"] == transaction["transactionResponse"]
    assert (response["result"]["payload"]["state"], response["result"]["payload"]["trazabilityCode"]) == ("APPROVED", paid["cus"])


@pytest.mark.parametrize(
    ("command", "details"),
    [
        ("ORDER_DETAIL", {"orderId": 1}),
        ("ORDER_DETAIL", {"orderId": "x"}),
        ("ORDER_DETAIL", {}),
        ("ORDER_DETAIL_BY_REFERENCE_CODE", {"referenceCode": "nobody-knows"}),
        ("TRANSACTION_RESPONSE_DETAIL", {"transactionId": "nobody-knows"}),
    ],
)
def test_what_it_does_not_know(payu: StandIn, command: str, details: dict[str, object]) -> None:
    assert payu.ask(payu.reports_url, command, details=details) == NOT_FOUND


@pytest.mark.parametrize("api", ["reports_url", "payments_url"])
@pytest.mark.parametrize("merchant", [{}, {"apiLogin": PUBLIC.api_login}, {"apiLogin": PUBLIC.api_login, "apiKey": "wrong"}, None])
def test_wrong_credentials(payu: StandIn, api: str, merchant: object) -> None:
    answer = payu.ask(getattr(payu, api), "PING", merchant=merchant)
    assert (answer["code"], answer["error"]) == ("ERROR", "Invalid credentials")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_request(payu: StandIn, body: bytes) -> None:
    answer = send(payu.reports_url, data=body, content_type="application/json")
    assert answer.json == {"code": "ERROR", "error": "Invalid request format", "result": None}


def test_unknown_commands(payu: StandIn) -> None:
    assert payu.ask(payu.reports_url, "DANCE")["error"] == "The command DANCE is not supported"
    assert payu.ask(payu.payments_url, "DANCE")["error"] == "The command DANCE is not supported"
    assert payu.ask(payu.payments_url, "PING") == {"code": "SUCCESS", "error": None, "transactionResponse": None}


def test_refunds_that_are_refused(payu: StandIn, shop: Shop) -> None:
    card = payu.control("pay", {"form": shop.form(payu), "mean": "card", "outcome": "approved"})
    transfer = payu.control("pay", {"form": shop.form(payu, reference="R-2"), "mean": "pse", "outcome": "approved"})

    def refund(paid: dict[str, object], kind: str = "REFUND", **more: object) -> str:
        told = {"type": kind, "order": {"id": paid["order_id"]}, "parentTransactionId": paid["transaction_id"], **more}
        answer = payu.ask(payu.payments_url, "SUBMIT_TRANSACTION", transaction=told)
        return str(answer["error"] or answer["transactionResponse"]["state"])

    assert refund(transfer).endswith("only approved card payments can")
    assert refund(card, "CAPTURE") == "The transaction type CAPTURE is not supported"
    assert refund({**card, "order_id": 1}) == "The order does not correspond to the parent transaction"
    assert refund({**card, "transaction_id": "x"}) == "The parent transaction does not exist"
    for amount in ("99", "1850001", "NaN"):
        assert refund(card, "PARTIAL_REFUND", additionalValues={"TX_VALUE": {"value": amount}}) == "The amount to refund is out of range"
    assert refund(card, "PARTIAL_REFUND") == "The amount to refund is not valid"
    assert refund(card, "VOID") == "PENDING"
    assert refund(card) == "The transaction already has a refund"
    payu.control("decide", {"reference": card["reference"], "outcome": "declined"})
    assert refund(card, "PARTIAL_REFUND", additionalValues={"TX_VALUE": {"value": "5000"}}) == "PENDING"


# The control


def test_the_knobs(payu: StandIn) -> None:
    payu.control("reset", {})
    usual = payu.control("knobs")
    assert len(usual["retry_seconds"]) == 11
    assert (usual["duplicate"], usual["reorder"], usual["delay_seconds"], usual["lose"]) == (0, False, 0.0, 0)
    assert payu.control("knobs", {"lose": 2, "reorder": True}) == {**usual, "lose": 2, "reorder": True}
    for wrong in ({"lose": -1}, {"lose": "2"}, {"reorder": 1}, {"speed": 1}, {"retry_seconds": 3}, {"lose": 1, "duplicate": 1.5}):
        payu.control("knobs", wrong, status=400)
    assert payu.control("knobs")["lose"] == 2
    payu.control("reset", {})
    assert payu.control("knobs") == usual


def test_the_control_takes_json_only(payu: StandIn) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert send(f"{payu.url}/_control/reset", data=b"{}", content_type=kind).status == 415
    assert send(f"{payu.url}/_control/reset", data=b"[]", content_type="application/json").status == 400
    payu.control("nothing", {}, status=404)
    payu.control("nothing", status=404)
    payu.control("decide", {"reference": "nobody", "outcome": "approved"}, status=404)
    payu.control("resend", {"reference": "nobody"}, status=404)


def test_decisions_and_resending_have_their_time(payu: StandIn, shop: Shop) -> None:
    form = shop.form(payu)
    payu.control("pay", {"form": form, "mean": "pse", "outcome": "pending"})
    payu.control("resend", {"reference": form["referenceCode"]}, status=409)
    payu.control("decide", {"reference": form["referenceCode"], "outcome": "refunded"}, status=400)
    assert payu.control("transactions")[0]["state"] == "PENDING"
    assert shop.callbacks == []


def test_merchants_are_checked(payu: StandIn) -> None:
    payu.control("merchants", {"merchant_id": "700"}, status=400)
    taken = {"merchant_id": "700", "account_id": "701", "api_login": PUBLIC.api_login, "api_key": "k"}
    payu.control("merchants", taken, status=409)
    assert payu.control("merchants", {**taken, "api_login": "seven"}) == {"merchant_id": "700"}
    assert payu.ask(payu.reports_url, "PING", merchant={"apiLogin": "seven", "apiKey": "k"})["code"] == "SUCCESS"


def test_too_much_is_refused(payu: StandIn) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", payu.port, timeout=10)
    connection.putrequest("POST", "/ppp-web-gateway-payu/")
    connection.putheader("Content-Length", str(1024 * 1024 + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413  # before anything of it is read
    connection.close()


# Its life


def test_what_waits_outlives_a_kill(tmp_path: Path, shop: Shop) -> None:
    first = StandIn(tmp_path / "books.sqlite")
    first.control("knobs", {"retry_seconds": [0.1] * 50})
    shop.answers = [500]
    form = shop.form(first)
    pay(first, form, "card", "approved")
    pay(first, shop.form(first, reference="R-2"), "pse", "pending")
    first.control("knobs", {"delay_seconds": 1})
    pay(first, shop.form(first, reference="R-3"), "card", "approved")
    assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL
    second = StandIn(tmp_path / "books.sqlite")
    assert {row["reference"]: row["state"] for row in second.control("transactions")} == {
        form["referenceCode"]: "APPROVED", "R-2": "PENDING", "R-3": "APPROVED",
    }  # fmt: skip
    until(lambda: all(each["state"] == "delivered" for row in second.control("transactions") for each in row["callbacks"]))
    assert {fields["reference_sale"] for fields in shop.wait(len(shop.callbacks))} == {form["referenceCode"], "R-3"}
    assert second.end() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_at_once(tmp_path: Path, shop: Shop, number: signal.Signals) -> None:
    stand_in = StandIn(tmp_path / "books.sqlite")
    pay(stand_in, shop.form(stand_in), "card", "approved")
    shop.wait(1)
    assert stand_in.end(number) == (0, "")


def test_a_taken_port_is_said(tmp_path: Path, payu: StandIn) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "payments.sandbox", "--port", str(payu.port), "--books", str(tmp_path / "books.sqlite")],
        cwd=ROOT, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert run.returncode == 1
    assert f"cannot listen on 127.0.0.1:{payu.port}" in run.stderr


def test_it_cannot_run_in_production(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "payments.sandbox", "--port", "0", "--books", str(tmp_path / "books.sqlite")],
        cwd=ROOT, capture_output=True, text=True, timeout=30, env={**os.environ, "SAAS_MODE": "production"},
    )  # fmt: skip
    assert run.returncode != 0
    assert "production" in run.stderr


def test_it_needs_the_standard_library_only() -> None:
    code = "import sys, payments.sandbox.server as s; print(sorted({m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names)))"
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    assert run.stdout.strip() == "['__main__', 'payments']"
    loaded = "import sys, payments.sandbox.server; print(sorted(m for m in sys.modules if m.startswith('payments.')))"
    run = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    assert all(name.startswith("'payments.sandbox") for name in run.stdout.strip("[]\n").split(", "))
