"""Asking PayU over a real socket: what is asked, how every failure is unknown, and that no secret is ever repeated."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway import FindingKind, Gateway, GatewayRefused, GatewayState, GatewayUnavailable
from payments.payu import queries
from payments.payu.gateway import PayU
from tests.payments.payu.samples import API_KEY, API_LOGIN, PUBLIC, checkout, order, reply, transaction

JSON = "application/json;charset=UTF-8"
MERCHANT = {"apiLogin": API_LOGIN, "apiKey": API_KEY}


@dataclass
class StandIn:
    """A server on loopback that answers what the test tells it to, and keeps what it was asked."""

    url: str = ""
    status: int = 200
    content_type: str = JSON
    answer: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    write: Callable[[Any], None] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    asked_headers: list[dict[str, str]] = field(default_factory=list)

    def says(self, said: Any) -> None:
        self.answer = json.dumps(said).encode()


@pytest.fixture
def payu() -> Iterator[StandIn]:
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stand_in.asked.append(json.loads(body))
            stand_in.asked_headers.append(dict(self.headers))
            if stand_in.write is not None:
                stand_in.write(self)
                return
            self.send_response(stand_in.status)
            self.send_header("Content-Type", stand_in.content_type)
            self.send_header("Content-Length", str(len(stand_in.answer)))
            for name, value in stand_in.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(stand_in.answer)

        def do_GET(self) -> None:
            stand_in.asked.append({"method": "GET"})
            self.send_error(405)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in.url = f"http://127.0.0.1:{server.server_port}/reports-api/4.0/service.cgi"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield stand_in
    server.shutdown()
    thread.join()
    server.server_close()


def gateway(stand_in: StandIn, timeout: float = 5.0) -> PayU:
    return PayU(
        checkout_url="http://127.0.0.1:1/checkout/",
        reports_url=stand_in.url,
        payments_url=stand_in.url,
        timeout=timeout,
    )


def test_payu_is_a_gateway() -> None:
    seam: Gateway = PayU(checkout_url="https://a.co/", reports_url="https://b.co/", payments_url="https://c.co/")
    assert seam.build_form(PUBLIC, checkout()).action == "https://a.co/"


# -- what is asked ---------------------------------------------------------------------------------------------------


def test_requests_are_payus() -> None:
    head = {"test": False, "language": "es", "merchant": MERCHANT}
    assert queries.ping_request(PUBLIC) == {**head, "command": "PING"}
    assert queries.order_request(PUBLIC, order_id="1400462690") == {
        **head, "command": "ORDER_DETAIL", "details": {"orderId": 1400462690},
    }  # fmt: skip
    assert queries.reference_request(PUBLIC, reference="R-1") == {
        **head, "command": "ORDER_DETAIL_BY_REFERENCE_CODE", "details": {"referenceCode": "R-1"},
    }  # fmt: skip


def test_a_refund_is_of_all_or_of_a_part() -> None:
    whole = queries.refund_request(PUBLIC, order_id="14", transaction_id="60e2", reason=" Pago\n doble ")
    assert whole == {
        "language": "es",
        "command": "SUBMIT_TRANSACTION",
        "merchant": MERCHANT,
        "transaction": {
            "order": {"id": "14"}, "type": "REFUND", "reason": "Pago doble", "parentTransactionId": "60e2",
        },
        "test": False,
    }  # fmt: skip
    part = queries.refund_request(PUBLIC, order_id="14", transaction_id="60e2", reason="x", amount=Decimal("1E+5"))
    assert part["transaction"]["type"] == "PARTIAL_REFUND"
    assert part["transaction"]["additionalValues"] == {"TX_VALUE": {"value": "100000", "currency": "COP"}}


@pytest.mark.parametrize("amount", ["99", "99.99", "0", "-100", "NaN", "Infinity"])
def test_a_refund_below_a_hundred_pesos_is_refused(amount: str) -> None:
    with pytest.raises(queries.RefundRefused):
        queries.refund_request(PUBLIC, order_id="14", transaction_id="60e2", reason="x", amount=Decimal(amount))


def test_a_refund_has_its_days_and_its_means() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def check(ago: timedelta, method: str = "VISA", amount: str = "100") -> None:
        queries.check_refund(amount=Decimal(amount), method=method, approved_at=now - ago, now=now)

    check(timedelta(minutes=10))
    check(timedelta(days=357), "MASTERCARD")
    with pytest.raises(queries.RefundRefused, match="10 minutos"):
        check(timedelta(minutes=9, seconds=59))
    with pytest.raises(queries.RefundRefused, match="357 días"):
        check(timedelta(days=357, seconds=1))
    with pytest.raises(queries.RefundRefused, match="tarjeta"):
        check(timedelta(days=1), "PSE")
    with pytest.raises(queries.RefundRefused, match=r"\$ 100"):
        check(timedelta(days=1), "VISA", "99.99")


def test_a_question_is_posted_as_json(payu: StandIn) -> None:
    payu.says(reply(None))
    gateway(payu).ask_by_reference(PUBLIC, "INV-ñ-1")
    assert payu.asked == [queries.reference_request(PUBLIC, reference="INV-ñ-1")]
    assert payu.asked_headers[0]["Content-Type"] == "application/json; charset=utf-8"
    assert payu.asked_headers[0]["Accept"] == "application/json"


def test_a_proxy_of_the_machine_is_not_asked_for_loopback(payu: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    payu.says(reply("PONG"))
    gateway(payu).ping(PUBLIC)
    assert len(payu.asked) == 1


# -- what is found ---------------------------------------------------------------------------------------------------


def test_a_declined_and_an_approved_try_of_one_reference(payu: StandIn) -> None:
    declined = transaction(id="primera", transactionResponse={"state": "DECLINED", "responseCode": "INSUFFICIENT_FUNDS"})
    payu.says(reply([order(declined, transaction())]))
    answer = gateway(payu).ask_by_reference(PUBLIC, "INV-2026-0001-1")
    assert answer.known is True
    first, second = answer.findings
    assert (first.state, first.message, first.paid) == (GatewayState.DECLINED, "Fondos insuficientes", False)
    assert (second.state, second.kind, second.paid) == (GatewayState.APPROVED, FindingKind.PAYMENT, True)
    assert (second.reference, second.amount, second.currency) == ("INV-2026-0001-1", Decimal("1250000.0"), "COP")
    assert (second.gateway_order_id, second.order_status) == ("1400462690", "CAPTURED")
    assert second.gateway_transaction_id == "60e2080d-08b1-4db2-a54f-8bcbe8271662"
    assert (second.authorization, second.trace, second.cus) == ("123238", "666039677", "")
    assert (second.method, second.method_label) == ("VISA", "Tarjeta de crédito Visa")
    assert (second.tax, second.occurred_text, second.response_code) == (Decimal(0), "1624461913704", "APPROVED")
    assert second.test is None


def test_one_order_may_come_alone_instead_of_in_a_list(payu: StandIn) -> None:
    payu.says(reply(order(transaction())))
    (finding,) = gateway(payu).ask_by_order(PUBLIC, "1400462690").findings
    assert finding.paid is True
    assert payu.asked[0]["details"] == {"orderId": 1400462690}


@pytest.mark.parametrize("payload", [None, [], [None]])
def test_no_record_is_unknown_not_declined(payu: StandIn, payload: Any) -> None:
    payu.says(reply(payload))
    answer = gateway(payu).ask_by_reference(PUBLIC, "R")
    assert (answer.known, answer.findings) == (False, ())


def test_no_result_is_unknown_too(payu: StandIn) -> None:
    payu.says({"code": "SUCCESS", "error": None, "result": None})
    assert gateway(payu).ask_by_reference(PUBLIC, "R").known is False


def test_a_refund_is_asked_at_the_payments_address(payu: StandIn) -> None:
    payu.says({
        "code": "SUCCESS", "error": None,
        "transactionResponse": {
            "orderId": 1400462690, "transactionId": None, "state": "PENDING", "pendingReason": "PENDING_REVIEW",
            "responseCode": None, "responseMessage": "1400462690",
        },
    })  # fmt: skip
    answer = gateway(payu).request_refund(PUBLIC, order_id="1400462690", gateway_transaction_id="60e2", reason="Pago doble")
    assert (answer.state, answer.gateway_order_id, answer.gateway_transaction_id) == (
        GatewayState.PENDING, "1400462690", "",
    )  # fmt: skip
    assert payu.asked[0]["command"] == "SUBMIT_TRANSACTION"


# -- what goes wrong -------------------------------------------------------------------------------------------------


def unavailable(stand_in: StandIn, timeout: float = 5.0) -> str:
    with pytest.raises(GatewayUnavailable) as failure:
        gateway(stand_in, timeout).ask_by_reference(PUBLIC, "R")
    return str(failure.value)


@pytest.mark.parametrize("status", [400, 404, 408, 429, 500, 502, 503, 504])
def test_row_18_an_http_error_is_unknown(payu: StandIn, status: int) -> None:
    payu.status = status
    assert unavailable(payu) == f"PayU respondió con error {status}. Se preguntará de nuevo."


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Mantenimiento</html>", b"", b'{"code": "SUC', b"[]", b"null", b'"SUCCESS"', b"\xff\xfe",
        b'{"code": NaN}', b'{"a": 1e99999999999999999999}', b'{"a":' * 100_000, b'{"a": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_an_unreadable_answer_is_unknown(payu: StandIn, answer: bytes) -> None:
    payu.answer = answer
    assert unavailable(payu) == "La respuesta de PayU no se puede leer. Se preguntará de nuevo."


def test_row_18_html_with_status_200_is_unknown(payu: StandIn) -> None:
    payu.content_type, payu.answer = "text/html", b"<!doctype html><title>Error</title>"
    assert "no se puede leer" in unavailable(payu)


def test_an_endless_answer_is_cut(payu: StandIn) -> None:
    payu.answer = b'{"code": "SUCCESS", "x": "' + b"x" * queries.MAX_REPLY_BYTES + b'"}'
    assert unavailable(payu) == "La respuesta de PayU es demasiado larga. Se preguntará de nuevo."


def test_row_18_silence_ends_at_the_deadline(payu: StandIn) -> None:
    release = threading.Event()

    def be_silent(handler: Any) -> None:
        release.wait(20)

    payu.write = be_silent
    before = time.monotonic()
    message = unavailable(payu, timeout=0.3)
    assert time.monotonic() - before < 3
    release.set()
    assert message.endswith("Se preguntará de nuevo.")


def test_row_18_a_dripping_answer_ends_at_the_deadline(payu: StandIn) -> None:
    """Each byte would renew a socket's own timeout for ever."""
    release = threading.Event()

    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not release.wait(0.05):
                handler.wfile.write(b" ")
        except OSError:
            pass  # the asker went away, as it should

    payu.write = drip
    before = time.monotonic()
    message = unavailable(payu, timeout=0.4)
    assert time.monotonic() - before < 3
    release.set()
    assert message.endswith("Se preguntará de nuevo.")


def test_dripping_headers_end_at_the_deadline_too(payu: StandIn) -> None:
    release = threading.Event()

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        with contextlib.suppress(OSError):  # the asker went away, as it should
            while not release.wait(0.05):
                handler.wfile.write(b"x")

    payu.write = drip
    before = time.monotonic()
    rescue = threading.Timer(8, release.set)  # a missing deadline must fail below, not hang
    rescue.start()
    message = unavailable(payu, timeout=0.4)
    took = time.monotonic() - before
    rescue.cancel()
    release.set()
    assert took < 3
    assert message == "PayU no respondió en 0.4 segundos. Se preguntará de nuevo."


def test_a_connection_cut_short_is_unknown(payu: StandIn) -> None:
    def cut(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"code":')

    payu.write = cut
    assert unavailable(payu).endswith("Se preguntará de nuevo.")


def test_row_18_nobody_listening_is_unknown() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refuses
        stand_in = StandIn(url=f"http://127.0.0.1:{taken.getsockname()[1]}/")
        assert unavailable(stand_in) == "No hubo comunicación con PayU (URLError). Se preguntará de nuevo."


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.co/x", "", "javascript:1", "//a.co/"])
def test_only_http_addresses_are_asked(url: str) -> None:
    assert "https://" in unavailable(StandIn(url=url))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(payu: StandIn, status: int) -> None:
    payu.status, payu.headers = status, {"Location": payu.url}
    assert unavailable(payu) == f"PayU respondió con error {status}. Se preguntará de nuevo."
    assert len(payu.asked) == 1


@pytest.mark.parametrize(
    "error", ["Invalid credentials", "Credenciales inválidas", "Authentication failed", "Error de autenticación"]
)
def test_wrong_credentials_are_refused_and_say_what_to_do(payu: StandIn, error: str) -> None:
    payu.says({"code": "ERROR", "error": error, "result": None})
    with pytest.raises(GatewayRefused, match="Revise el API login y la API key"):
        gateway(payu).ping(PUBLIC)


@pytest.mark.parametrize("status", [401, 403])
def test_401_and_403_in_json_are_refused_but_a_firewalls_page_is_unknown(payu: StandIn, status: int) -> None:
    payu.status = status
    with pytest.raises(GatewayRefused):
        gateway(payu).ping(PUBLIC)
    payu.content_type = "text/html"
    with pytest.raises(GatewayUnavailable):
        gateway(payu).ping(PUBLIC)


def test_payus_error_is_told_without_its_secrets(payu: StandIn) -> None:
    payu.says({"code": "ERROR", "error": f"Bad request for {API_LOGIN}\n with {API_KEY}", "result": None})
    assert unavailable(payu) == "PayU no pudo responder: Bad request for *** with ***. Se preguntará de nuevo."


@pytest.mark.parametrize("said", [{}, {"code": None}, {"code": "ERROR"}, {"code": "PENDING", "error": ["x"]}, {"code": 1}])
def test_anything_but_success_is_unknown(payu: StandIn, said: dict[str, Any]) -> None:
    payu.says(said)
    assert unavailable(payu).startswith("PayU no pudo responder")


def test_ping_takes_pong(payu: StandIn) -> None:
    payu.says({"code": "SUCCESS", "error": None, "result": {"payload": "PONG"}})
    gateway(payu).ping(PUBLIC)
    assert payu.asked == [queries.ping_request(PUBLIC)]


def test_no_repr_shows_a_secret() -> None:
    from dataclasses import replace

    account = replace(PUBLIC, hmac_secret="aparte-y-secreto", previous_api_keys=("llave-vieja",))
    shown = f"{account!r} {account} {gateway(StandIn(url='http://127.0.0.1:1/'))!r}"
    for secret in (API_KEY, API_LOGIN, "aparte-y-secreto", "llave-vieja"):
        assert secret not in shown


@given(st.binary(max_size=200))
def test_reading_json_raises_nothing_but_unavailable(body: bytes) -> None:
    with contextlib.suppress(GatewayUnavailable):
        assert isinstance(queries.read_json(body), dict)


def test_amounts_are_read_without_float() -> None:
    read = queries.read_json(b'{"value": 150.35, "other": 1250000.10}')
    assert read == {"value": Decimal("150.35"), "other": Decimal("1250000.10")}
    assert str(read["other"]) == "1250000.10"
