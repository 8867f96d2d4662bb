"""What reaches us from PayU: the callback (its server POSTs) and the return (the payer's browser comes back).

Reading is strict on form and lax on content: only the signed fields must be there, and a callback's transaction id.
Promises to raise nothing but NoticeRefused, and that reading believes nothing: `verify_*` tells whether the signature
is right, and even then it covers neither the transaction's id nor `test`. Never touches the database.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import parse_qsl

from payments.gateway import Credentials, Notice, NoticeRefused
from payments.payu import signature, states

MAX_BYTES = 64 * 1024
MAX_FIELDS = 100
FORM_TYPE = "application/x-www-form-urlencoded"

CALLBACK_REQUIRED = ("merchant_id", "reference_sale", "value", "currency", "state_pol", "sign", "transaction_id")
RETURN_REQUIRED = (
    "merchantId",
    "referenceCode",
    "TX_VALUE",
    "currency",
    "transactionState",
    "signature",
)

# What of a callback tells of money, and of nobody: what may be kept where no agency answers for its clients' data any more.
ABOUT_MONEY = (
    "merchant_id", "reference_sale", "reference_pol", "transaction_id", "transaction_date", "value", "tax", "currency", "state_pol",
    "response_code_pol", "sign", "test", "payment_method_id", "payment_method_type", "payment_method_name", "authorization_code", "cus",
)  # fmt: skip
_CHARSETS = {"": "utf-8", "utf-8": "utf-8", "utf8": "utf-8", "iso-8859-1": "iso-8859-1", "us-ascii": "ascii"}
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HINT = 60  # characters kept of what is not signed; PayU's own are shorter
_CHANGES_WITH_EACH_TRY = {"attempts"}
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFields:
    """A callback as it came, nothing believed. `values` holds every field, these among them."""

    merchant_id: str
    reference: str
    value: str
    currency: str
    state: str
    sign: str = field(repr=False)
    transaction_id: str
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFields:
    """A return page's query as it came, nothing believed. `values` holds every parameter, these among them."""

    merchant_id: str
    reference: str
    value: str
    currency: str
    state: str
    sign: str = field(repr=False)
    transaction_id: str
    values: Mapping[str, str] = field(repr=False)


def parse_callback(body: bytes, content_type: str) -> CallbackFields:
    """Read a callback's body. At most 64 KiB and 100 fields, urlencoded, UTF-8 unless its type says ISO-8859-1.

    Raises NoticeRefused: 413 for too much, 400 for anything else that is no callback.
    """
    if len(body) > MAX_BYTES:
        raise NoticeRefused("La confirmación supera 64 KiB.", status=413)
    values = _form_values(body, _charset(content_type))
    found = _required(values, CALLBACK_REQUIRED)
    return CallbackFields(
        merchant_id=found["merchant_id"],
        reference=found["reference_sale"],
        value=found["value"],
        currency=found["currency"],
        state=found["state_pol"],
        sign=found["sign"],
        transaction_id=found["transaction_id"],
        values=values,
    )


def without_person(body: bytes, content_type: str) -> dict[str, str]:
    """Of a callback, the fields that tell of money alone. Raises NoticeRefused."""
    values = parse_callback(body, content_type).values
    return {name: values[name] for name in ABOUT_MONEY if values.get(name)}


def parse_return(query: Mapping[str, str]) -> ReturnFields:
    """Read a return page's query parameters. Raises NoticeRefused (400, or 413 for too many)."""
    if len(query) > MAX_FIELDS:
        raise NoticeRefused("La dirección de regreso trae más de 100 datos.", status=413)
    values = {str(name): query[name] for name in query if isinstance(query[name], str)}
    if sum(len(name) + len(value) for name, value in values.items()) > MAX_BYTES:
        raise NoticeRefused("La dirección de regreso supera 64 KiB.", status=413)
    _refuse_unstorable(values)
    found = _required(values, RETURN_REQUIRED)
    return ReturnFields(
        merchant_id=found["merchantId"],
        reference=found["referenceCode"],
        value=found["TX_VALUE"],
        currency=found["currency"],
        state=found["transactionState"],
        sign=found["signature"],
        transaction_id=values.get("transactionId", ""),
        values=values,
    )


def verify_callback(fields: CallbackFields, credentials: Credentials) -> bool:
    """Whether the callback is of this merchant and signed with its current or a previous key. Never raises."""
    return signature.verify_callback(
        fields.sign,
        credentials,
        merchant_id=fields.merchant_id,
        reference=fields.reference,
        value=fields.value,
        currency=fields.currency,
        state=fields.state,
    )


def verify_return(fields: ReturnFields, credentials: Credentials) -> bool:
    """Whether the return is of this merchant and signed with its current or a previous key. Never raises."""
    return signature.verify_return(
        fields.sign,
        credentials,
        merchant_id=fields.merchant_id,
        reference=fields.reference,
        value=fields.value,
        currency=fields.currency,
        state=fields.state,
    )


def notice_from_callback(fields: CallbackFields, *, signed: bool = False) -> Notice:
    """What a callback claims, in our words. `signed`: what `verify_callback` said. Dates stay text. Never raises."""
    values = fields.values
    state = states.callback_state(fields.state)
    code = _hint(values, "response_message_pol", "response_code_pol")
    method = _hint(values, "payment_method_name", "franchise")
    method_type = _hint(values, "payment_method_type", "payment_method_id")
    return Notice(
        merchant_id=fields.merchant_id,
        reference=fields.reference,
        amount=_callback_amount(fields.value),
        currency=fields.currency,
        state=state,
        signed=signed,
        test=values.get("test", "") == "1",
        gateway_order_id=_hint(values, "reference_pol"),
        gateway_transaction_id=fields.transaction_id[:_HINT],
        method=method,
        method_type=method_type,
        method_label=states.method_label(method, method_type),
        bank=_hint(values, "pse_bank"),
        authorization=_hint(values, "authorization_code"),
        cus=_hint(values, "cus"),
        response_code=code,
        message=states.reason(code, state=state),
        tax=_amount(values.get("tax", "")),
        occurred_text=_hint(values, "transaction_date", "date"),
        digest=_digest(values),
    )


def notice_from_return(fields: ReturnFields, *, signed: bool = False) -> Notice:
    """What a return page claims, in our words. For showing only: it passed through the payer's hands. Never raises."""
    values = fields.values
    state = states.return_state(fields.state)
    code = _hint(values, "lapResponseCode", "polResponseCode")
    method = _hint(values, "lapPaymentMethod")
    method_type = _hint(values, "polPaymentMethodType", "lapPaymentMethodType")
    return Notice(
        merchant_id=fields.merchant_id,
        reference=fields.reference,
        amount=_amount(fields.value),
        currency=fields.currency,
        state=state,
        signed=signed,
        test=values.get("test", "") == "1",
        gateway_order_id=_hint(values, "reference_pol"),
        gateway_transaction_id=fields.transaction_id[:_HINT],
        method=method,
        method_type=method_type,
        method_label=states.method_label(method, method_type),
        bank=_hint(values, "pseBank"),
        authorization=_hint(values, "authorizationCode"),
        cus=_hint(values, "cus"),
        response_code=code,
        message=states.reason(code, state=state),
        tax=_amount(values.get("TX_TAX", "")),
        occurred_text=_hint(values, "processingDate"),
    )


def _hint(values: Mapping[str, str], *names: str) -> str:
    """The first of these fields that says something, short enough to be kept in a column."""
    return next((values[name][:_HINT] for name in names if values.get(name)), "")


def _digest(values: Mapping[str, str]) -> str:
    """The same each time PayU tries to deliver one callback, whatever the order of its fields."""
    kept = sorted((name, value) for name, value in values.items() if name not in _CHANGES_WITH_EACH_TRY)
    # Lengths in front: no two different callbacks can be written alike.
    text = "".join(f"{len(name)}:{name}={len(value)}:{value};" for name, value in kept)
    return hashlib.sha256(text.encode()).hexdigest()


def _charset(content_type: str) -> str:
    kind, *parameters = [part.strip() for part in (content_type or "").lower().split(";")]
    if kind != FORM_TYPE:
        raise NoticeRefused(f"La confirmación debe venir como {FORM_TYPE}.", status=400)
    named = [part.partition("=")[2].strip(' "') for part in parameters if part.startswith("charset=")]
    charset = _CHARSETS.get(named[0] if named else "")
    if charset is None:
        raise NoticeRefused("La confirmación dice venir en una codificación que no se recibe. Use UTF-8.", status=400)
    return charset


def _form_values(body: bytes, charset: str) -> dict[str, str]:
    if body.count(b"&") >= MAX_FIELDS:
        raise NoticeRefused("La confirmación trae más de 100 datos.", status=413)
    try:
        text = body.decode(charset)
        if _BROKEN_ESCAPE.search(text):
            raise NoticeRefused("La confirmación está mal codificada.", status=400)
        pairs = parse_qsl(text, keep_blank_values=True, encoding=charset, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeError:
        raise NoticeRefused("La confirmación está mal codificada.", status=400) from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values and name in CALLBACK_REQUIRED:  # which of the two was signed?
            raise NoticeRefused(f"La confirmación repite el dato {name}.", status=400)
        values.setdefault(name, value)
    _refuse_unstorable(values)
    return values


def _refuse_unstorable(values: Mapping[str, str]) -> None:
    """A NUL cannot be stored by PostgreSQL, a lone surrogate cannot be written as UTF-8: PayU sends neither."""
    if any(_UNSTORABLE.search(name) or _UNSTORABLE.search(value) for name, value in values.items()):
        raise NoticeRefused("El mensaje trae caracteres que no se pueden guardar.", status=400)


def _required(values: Mapping[str, str], names: tuple[str, ...]) -> Mapping[str, str]:
    missing = [name for name in names if not values.get(name)]
    if missing:
        raise NoticeRefused(f"Al mensaje le faltan datos: {', '.join(missing)}.", status=400)
    return values


def _callback_amount(text: str) -> Decimal | None:
    try:
        signature.callback_value(text)
    except signature.MalformedValue:
        return None
    return Decimal(text)


def _amount(text: str) -> Decimal | None:
    try:
        signature.return_value(text)
    except signature.MalformedValue:
        return None
    return Decimal(text)
