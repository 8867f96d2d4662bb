"""Reading what the Queries API and the refunds answer, once `queries.ask` says it is a success.

Promises to raise nothing: a reply of a shape we do not know is an Answer that knows less. A payload may be null, a list
or a single object. Never takes silence, or a refund, for a payment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from payments.gateway import Answer, Finding, RefundAnswer
from payments.payu import states


def read_orders(reply: Mapping[str, Any], *, reference: str = "") -> Answer:
    """Every transaction of every order in a reply to ORDER_DETAIL or ORDER_DETAIL_BY_REFERENCE_CODE.

    `reference`: what was asked for; an order that names another one is left out. Null payload: not known.
    """
    orders = [order for order in _listed(_payload(reply)) if isinstance(order, dict)]
    if reference:
        orders = [order for order in orders if _text(order.get("referenceCode")) in ("", reference)]
    findings = [
        _finding(order, transaction, reference)
        for order in orders
        for transaction in _listed(order.get("transactions"))
        if isinstance(transaction, dict)
    ]
    return Answer(known=bool(orders), findings=_once(findings))


def _once(findings: list[Finding]) -> tuple[Finding, ...]:
    """One finding for each transaction's id, the first: a transaction that is listed twice is one payment."""
    kept: list[Finding] = []
    seen: set[str] = set()
    for finding in findings:
        if finding.gateway_transaction_id not in seen:
            kept.append(finding)
        if finding.gateway_transaction_id:
            seen.add(finding.gateway_transaction_id)
    return tuple(kept)


def read_refund(reply: Mapping[str, Any]) -> RefundAnswer:
    """The reply to a refund: PENDING as a rule, REFUNDED if granted at once, UNKNOWN if it says neither."""
    response = _object(reply.get("transactionResponse"))
    said = _text(response.get("state"))
    state = states.found_state(order_status="", transaction_type="REFUND", transaction_state=said)
    code = _text(response.get("responseCode"))
    return RefundAnswer(
        state=state,
        gateway_order_id=_text(response.get("orderId")),
        gateway_transaction_id=_text(response.get("transactionId")),
        message=states.reason(code, state=state),
    )


def _finding(order: dict[str, Any], transaction: dict[str, Any], reference: str) -> Finding:
    response = _object(transaction.get("transactionResponse"))
    values = _object(transaction.get("additionalValues"))
    total = _object(values.get("TX_VALUE"))
    order_status = _text(order.get("status"))
    kind_text = _text(transaction.get("type"))
    state = states.found_state(
        order_status=order_status, transaction_type=kind_text, transaction_state=_text(response.get("state"))
    )
    method = _text(transaction.get("paymentMethod"))
    trace = _text(response.get("trazabilityCode"))
    code = _text(response.get("responseCode")) or _text(response.get("pendingReason"))
    extra = {**_object(transaction.get("extraParameters")), **_object(response.get("extraParameters"))}
    return Finding(
        reference=_text(order.get("referenceCode")) or reference,
        amount=_amount(total.get("value")),
        currency=_text(total.get("currency")),
        state=state,
        kind=states.finding_kind(kind_text),
        order_status=order_status,
        test=_flag(order),
        merchant_id=_text(order.get("merchantId")),
        gateway_order_id=_text(order.get("id")),
        gateway_transaction_id=_text(transaction.get("id")),
        gateway_parent_id=_text(transaction.get("parentTransactionId")),
        method=method,
        method_label=states.method_label(method),
        bank=_text(extra.get("BANK_NAME")) or _text(extra.get("FINANCIAL_INSTITUTION_NAME")),
        authorization=_text(response.get("authorizationCode")),
        # PSE's CUS travels as the traceability code; for cards the same field is the network's own number.
        cus=trace if method == "PSE" else "",
        trace=trace,
        response_code=code,
        message=states.reason(code, state=state),
        tax=_amount(_object(values.get("TX_TAX")).get("value")),
        occurred_text=_text(response.get("operationDate")),
        evidence=_evidence(order, transaction),
    )


def _evidence(order: dict[str, Any], transaction: dict[str, Any]) -> str:
    """What was found, as JSON in a fixed order: the order without its other transactions, and without people's data."""
    kept_order = {name: order[name] for name in ("id", "status", "referenceCode", "accountId", "merchantId") if name in order}
    names = ("id", "type", "parentTransactionId", "paymentMethod", "transactionResponse", "additionalValues")
    kept = {name: transaction[name] for name in names if name in transaction}
    return json.dumps({"order": kept_order, "transaction": kept}, default=str, sort_keys=True, ensure_ascii=True)


def _payload(reply: Mapping[str, Any]) -> Any:
    return _object(reply.get("result")).get("payload")


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list | bool):
        return ""
    # A NUL or a lone surrogate in a JSON escape could not be stored.
    return "".join(character for character in str(value) if character != "\0" and not "\ud800" <= character <= "\udfff")


def _amount(value: Any) -> Decimal | None:
    """Text keeps what PayU wrote: `parse_float=Decimal` gave a Decimal, a JSON integer an int; never a float."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    if not amount.is_finite():
        return None
    if not amount:
        return Decimal(0)
    # By its exponent, not by arithmetic, which overflows on 1e99999999.
    return amount if -10 <= amount.adjusted() <= 15 else None


def _flag(order: dict[str, Any]) -> bool | None:
    for name in ("isTest", "test"):
        if isinstance(order.get(name), bool):
            return bool(order[name])
    return None
