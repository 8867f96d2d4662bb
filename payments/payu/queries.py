"""Asking PayU: the Queries API and refunds. Requests are built and replies read by pure functions; `post` carries them.

Promises that every failure is GatewayUnavailable (unknown: ask again) or GatewayRefused (tell the agency), never a
decline; that no credential reaches a message; and a hard deadline. Decimal from the text of the reply, never float.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from payments.gateway import Credentials, GatewayRefused, GatewayUnavailable, RefundRefused

MAX_REPLY_BYTES = 1024 * 1024
TIMEOUT = 15.0  # seconds, from name lookup to the last byte

REFUND_FROM = timedelta(minutes=10)
REFUND_UNTIL = timedelta(days=357)
REFUND_MINIMUM = Decimal(100)
_REFUNDABLE = {"VISA", "VISA_DEBIT", "MASTERCARD", "MASTERCARD_DEBIT", "AMEX", "DINERS", "CODENSA", "GOOGLE_PAY"}

Payload = Mapping[str, Any]
Transport = Callable[[str, Payload, float], dict[str, Any]]


def ping_request(credentials: Credentials) -> dict[str, Any]:
    """PING: is it there, and does it take these credentials?"""
    return _request(credentials, "PING", {})


def order_request(credentials: Credentials, *, order_id: str) -> dict[str, Any]:
    """ORDER_DETAIL. PayU's ids are numbers and are sent as such when they look like one."""
    return _request(credentials, "ORDER_DETAIL", {"orderId": int(order_id) if _is_number(order_id) else order_id})


def reference_request(credentials: Credentials, *, reference: str) -> dict[str, Any]:
    """ORDER_DETAIL_BY_REFERENCE_CODE."""
    return _request(credentials, "ORDER_DETAIL_BY_REFERENCE_CODE", {"referenceCode": reference})


def refund_request(
    credentials: Credentials,
    *,
    order_id: str,
    transaction_id: str,
    reason: str,
    amount: Decimal | None = None,
) -> dict[str, Any]:
    """SUBMIT_TRANSACTION with REFUND, or with PARTIAL_REFUND of `amount` COP. Raises RefundRefused below 100 COP."""
    transaction: dict[str, Any] = {
        "order": {"id": order_id},
        "type": "REFUND" if amount is None else "PARTIAL_REFUND",
        "reason": " ".join(reason.split())[:255],
        "parentTransactionId": transaction_id,
    }
    if amount is not None:
        if not amount.is_finite() or amount < REFUND_MINIMUM:
            raise RefundRefused("El reembolso mínimo es de $ 100.")
        transaction["additionalValues"] = {"TX_VALUE": {"value": format(amount, "f"), "currency": "COP"}}
    return {
        "language": "es",
        "command": "SUBMIT_TRANSACTION",
        "merchant": {"apiLogin": credentials.api_login, "apiKey": credentials.api_key},
        "transaction": transaction,
        "test": False,
    }


def check_refund(*, amount: Decimal, method: str, approved_at: datetime, now: datetime) -> None:
    """Return if PayU's rules for Colombia allow to refund `amount` COP of a payment now, else raise RefundRefused."""
    if method.upper() not in _REFUNDABLE:
        raise RefundRefused("PayU solo reembolsa pagos con tarjeta. Devuelva el dinero por otro medio.")
    if amount < REFUND_MINIMUM:
        raise RefundRefused("El reembolso mínimo es de $ 100.")
    if now < approved_at + REFUND_FROM:
        raise RefundRefused("PayU recibe reembolsos desde 10 minutos después de aprobado el pago. Espere e intente de nuevo.")
    if now > approved_at + REFUND_UNTIL:
        raise RefundRefused("PayU recibe reembolsos hasta 357 días después del pago. Devuelva el dinero por otro medio.")


def post(url: str, payload: Payload, timeout: float = TIMEOUT) -> dict[str, Any]:
    """POST `payload` as JSON and return the JSON object of the reply, within `timeout` seconds in all.

    Raises GatewayUnavailable (no answer, late, too long, not JSON, 4xx or 5xx) or GatewayRefused (401/403 in JSON).
    """
    if not url.startswith(("https://", "http://")):
        raise GatewayUnavailable("La dirección de PayU debe empezar por https://. Revise la configuración.")
    # A socket's timeout starts anew with every byte and does not cover the name lookup; a thread left behind is a real
    # deadline. It ends by itself: `_exchange` looks at the clock while it reads.
    outcome: list[dict[str, Any] | Exception] = []

    def work() -> None:
        try:
            outcome.append(_exchange(url, payload, timeout))
        except Exception as error:  # noqa: BLE001  handed over to the caller's thread
            outcome.append(error)

    thread = threading.Thread(target=work, name="payu-post", daemon=True)
    thread.start()
    thread.join(timeout)
    if not outcome:
        raise GatewayUnavailable(f"PayU no respondió en {timeout:g} segundos. Se preguntará de nuevo.")
    result = outcome[0]
    if isinstance(result, GatewayUnavailable | GatewayRefused):
        raise result
    if isinstance(result, Exception):
        kind = type(result).__name__
        raise GatewayUnavailable(f"No hubo comunicación con PayU ({kind}). Se preguntará de nuevo.") from None
    return result


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the credentials somewhere else, or turn the POST into a GET: it is an error."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _exchange(url: str, payload: Payload, timeout: float) -> dict[str, Any]:
    deadline = time.monotonic() + timeout
    request = urllib.request.Request(  # noqa: S310  the scheme was checked in `post`
        url,
        data=json.dumps(payload).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"},
        method="POST",
    )
    handlers: list[Any] = [_NoRedirect]
    if _is_loopback(url):  # a stand-in on this machine is not behind the machine's proxy
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as response:
            return read_json(_read(response, deadline))
    except urllib.error.HTTPError as error:
        with error:
            if error.code in (401, 403) and "json" in error.headers.get("Content-Type", "").lower():
                raise GatewayRefused(_CREDENTIALS) from None
            raise GatewayUnavailable(f"PayU respondió con error {error.code}. Se preguntará de nuevo.") from None


def _is_loopback(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")


def _read(response: Any, deadline: float) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(64 * 1024):
        size += len(chunk)
        if size > MAX_REPLY_BYTES:
            raise GatewayUnavailable("La respuesta de PayU es demasiado larga. Se preguntará de nuevo.")
        if time.monotonic() > deadline:
            raise GatewayUnavailable("PayU respondió muy despacio. Se preguntará de nuevo.")
        chunks.append(chunk)
    return b"".join(chunks)


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object of a reply, numbers with decimals as Decimal. Raises GatewayUnavailable (HTML, cut short, …)."""
    try:
        reply = json.loads(body.decode(), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError):  # no UTF-8, no JSON, 1e(twenty digits), nested too deep
        reply = None
    if not isinstance(reply, dict):
        raise GatewayUnavailable("La respuesta de PayU no se puede leer. Se preguntará de nuevo.")
    return reply


def ask(
    credentials: Credentials, request: Payload, *, url: str, transport: Transport = post, timeout: float = TIMEOUT
) -> dict[str, Any]:
    """Send a request of this module; return PayU's reply once it says SUCCESS.

    Raises GatewayRefused when PayU rejects the credentials, GatewayUnavailable for any other failure.
    """
    reply = transport(url, request, timeout)
    check_reply(reply, hide=(credentials.api_key, credentials.api_login))
    return reply


def check_reply(reply: Payload, *, hide: tuple[str, ...] = ()) -> None:
    """Return if the reply's code is SUCCESS. `hide`: texts never to be repeated in a message, should PayU echo them.

    Raises GatewayRefused (credentials) or GatewayUnavailable (anything else: unknown).
    """
    if reply.get("code") == "SUCCESS":
        return
    said = " ".join(str(reply.get("error") or "").split())
    for secret in hide:
        if secret:
            said = said.replace(secret, "***")
    if any(word in said.lower() for word in ("credential", "credencial", "authenticat", "autentica", "unauthorized")):
        raise GatewayRefused(_CREDENTIALS)
    detail = f": {said[:200]}" if said else ""
    raise GatewayUnavailable(f"PayU no pudo responder{detail}. Se preguntará de nuevo.")


_CREDENTIALS = "PayU no acepta las credenciales de la inmobiliaria. Revise el API login y la API key en la cuenta de pasarela."


def _request(credentials: Credentials, command: str, details: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "test": False,  # PayU: false even for a sandbox account, which the address already says
        "language": "es",
        "command": command,
        "merchant": {"apiLogin": credentials.api_login, "apiKey": credentials.api_key},
    }
    if details:
        request["details"] = details
    return request


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no amounts
