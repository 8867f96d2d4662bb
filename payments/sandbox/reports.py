"""The Queries API and, of the Payments API, PING and refunds: JSON in, JSON out, always with HTTP 200, as PayU does.

Promises that a merchant sees its own orders only, and that what has no transaction yet is not known. A refund is PENDING
until it is decided by the control or by hand. PayU's ten minutes between an approval and its refund are not kept here.
"""

from __future__ import annotations

import hmac
import json
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from payments.sandbox.books import Books, Row
from payments.sandbox.checkout import CHARGE
from payments.sandbox.means import APPROVED, MEANS, PENDING, response_code
from payments.sandbox.notices import PSE_BANK

CHARGEBACK = "CHARGEBACK"  # in these books a transaction; PayU shows it as its order's status alone
REFUNDS = ("REFUND", "PARTIAL_REFUND", "VOID")
REFUND_MINIMUM = Decimal(100)


class Wrong(Exception):  # noqa: N818
    """A request that PayU answers with code ERROR; the message is what it says."""


def queries(books: Books, body: bytes) -> dict[str, Any]:
    """The answer to a request of the Queries API."""
    try:
        request, merchant = _read(books, body)
        return {"code": "SUCCESS", "error": None, "result": {"payload": _payload(books, merchant, request)}}
    except Wrong as wrong:
        return {"code": "ERROR", "error": str(wrong), "result": None}


def payments(books: Books, body: bytes, *, now: float) -> dict[str, Any]:
    """The answer to a request of the Payments API."""
    try:
        request, merchant = _read(books, body)
        command = request.get("command")
        if command == "PING":
            return {"code": "SUCCESS", "error": None, "transactionResponse": None}
        if command != "SUBMIT_TRANSACTION":
            raise Wrong(f"The command {command} is not supported")
        response = _refund(books, merchant, _object(request.get("transaction")), now=now)
        return {"code": "SUCCESS", "error": None, "transactionResponse": response}
    except Wrong as wrong:
        return {"code": "ERROR", "error": str(wrong), "transactionResponse": None}


def _read(books: Books, body: bytes) -> tuple[dict[str, Any], Row]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise Wrong("Invalid request format") from None
    if not isinstance(request, dict):
        raise Wrong("Invalid request format")
    given = _object(request.get("merchant"))
    merchant = books.row("SELECT * FROM merchants WHERE api_login = ?", str(given.get("apiLogin", "")))
    if merchant is None or not hmac.compare_digest(str(given.get("apiKey", "")).encode(), merchant["api_key"].encode()):
        raise Wrong("Invalid credentials")
    return request, merchant


def _payload(books: Books, merchant: Row, request: dict[str, Any]) -> Any:
    details = _object(request.get("details"))
    match request.get("command"):
        case "PING":
            return "PONG"
        case "ORDER_DETAIL":
            number = str(details.get("orderId", ""))
            order = books.order("id", int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
            return _order(books, order) if order and order["merchant_id"] == merchant["merchant_id"] else None
        case "ORDER_DETAIL_BY_REFERENCE_CODE":
            orders = books.orders_of(merchant["merchant_id"], str(details.get("referenceCode", "")))
            return [shown for shown in (_order(books, order) for order in orders) if shown] or None
        case "TRANSACTION_RESPONSE_DETAIL":
            found = books.transaction(str(details.get("transactionId", "")))
            order = books.order("id", found["order_id"]) if found else None
            return _response(found) if found and order and order["merchant_id"] == merchant["merchant_id"] else None
    raise Wrong(f"The command {request.get('command')} is not supported")


def order_status(transactions: list[Row]) -> str:
    """PayU's status of an order with these transactions (at least one), oldest first."""
    done = {row["type"] for row in transactions if row["state"] == APPROVED}
    if CHARGEBACK in done:
        return CHARGEBACK
    if done & {"REFUND", "VOID"}:
        return "REFUNDED"
    if CHARGE in done:
        return "CAPTURED"
    charges = [row["state"] for row in transactions if row["type"] == CHARGE]
    return "IN_PROGRESS" if PENDING in charges else charges[-1]


def _order(books: Books, order: Row) -> dict[str, Any] | None:
    transactions = books.transactions_of(order["id"])
    if not transactions:  # the payer is still choosing: PayU knows of nothing
        return None
    form = order["form"]
    return {
        "id": order["id"],
        "accountId": int(form["accountId"]),
        "merchantId": int(order["merchant_id"]),
        "status": order_status(transactions),
        "referenceCode": order["reference"],
        "description": form["description"],
        "airlineCode": None,
        "language": form.get("lng", "es"),
        "notifyUrl": form["confirmationUrl"],
        "isTest": form["test"] == "1",
        "buyer": {
            "fullName": form.get("buyerFullName"),
            "emailAddress": form["buyerEmail"],
            "contactPhone": form.get("telephone"),
            "dniNumber": form.get("buyerDocument"),
        },
        "antifraudMerchantId": None,
        "transactions": [_transaction(row, form) for row in transactions if row["type"] != CHARGEBACK],
        "additionalValues": _values(form, form["amount"]),
    }


def _transaction(row: Row, form: dict[str, str]) -> dict[str, Any]:
    mean = MEANS[row["mean"]]
    card = {"maskedNumber": "409744******0004", "name": form.get("payerFullName", ""), "issuerBank": "BANCO DE PRUEBAS"}
    return {
        "id": row["id"],
        "order": None,
        "creditCard": card if mean.key == "card" else None,
        "bankAccount": None,
        "type": row["type"],
        "parentTransactionId": row["parent_id"] or None,
        "paymentMethod": mean.method,
        "source": None,
        "paymentCountry": "CO",
        "transactionResponse": _response(row),
        "ipAddress": row["ip"],
        "payer": {"fullName": form.get("payerFullName"), "emailAddress": form.get("payerEmail")},
        "additionalValues": _values(form, row["value"]),
        "extraParameters": {"FINANCIAL_INSTITUTION_NAME": PSE_BANK} if mean.key == "pse" else None,
    }


def _response(row: Row) -> dict[str, Any]:
    code = response_code(MEANS[row["mean"]], row["state"])
    return {
        "state": row["state"],
        "paymentNetworkResponseCode": None,
        "paymentNetworkResponseErrorMessage": None,
        "trazabilityCode": row["cus"] or None,
        "authorizationCode": row["authorization"] or None,
        "pendingReason": code if row["state"] == PENDING else None,
        "responseCode": code,
        "errorCode": None,
        "responseMessage": None,
        "transactionDate": None,
        "transactionTime": None,
        "operationDate": int((row["decided"] or row["created"]) * 1000),
        "extraParameters": None,
    }


def _values(form: dict[str, str], value: str) -> dict[str, Any]:
    # JSON numbers, as PayU's. A double holds the 14 digits and two decimals that PayU takes, and is written back the same.
    return {
        name: {"value": float(Decimal(amount)), "currency": form["currency"]}
        for name, amount in (("TX_VALUE", value), ("TX_TAX", form["tax"]), ("TX_TAX_RETURN_BASE", form["taxReturnBase"]))
    }


def _refund(books: Books, merchant: Row, asked: dict[str, Any], *, now: float) -> dict[str, Any]:
    kind = asked.get("type")
    if kind not in REFUNDS:
        raise Wrong(f"The transaction type {kind} is not supported")
    with books.writing():
        parent = books.transaction(str(asked.get("parentTransactionId", "")))
        order = books.order("id", parent["order_id"]) if parent else None
        if parent is None or order is None or order["merchant_id"] != merchant["merchant_id"]:
            raise Wrong("The parent transaction does not exist")
        if str(_object(asked.get("order")).get("id", "")) != str(order["id"]):
            raise Wrong("The order does not correspond to the parent transaction")
        if parent["type"] != CHARGE or parent["state"] != APPROVED or parent["mean"] != "card":
            raise Wrong("The parent transaction cannot be refunded: only approved card payments can")
        if any(row["parent_id"] == parent["id"] and row["state"] in (APPROVED, PENDING) for row in books.transactions_of(order["id"])):
            raise Wrong("The transaction already has a refund")
        value = _refund_value(asked, parent)
        row = {
            "id": str(uuid.uuid4()), "order_id": order["id"], "type": kind, "parent_id": parent["id"], "mean": parent["mean"],
            "state": PENDING, "value": f"{value:.2f}", "created": now,
        }  # fmt: skip
        books.add_transaction(row)
    return {
        "orderId": order["id"], "transactionId": row["id"], "state": PENDING, "paymentNetworkResponseCode": None,
        "trazabilityCode": None, "authorizationCode": None, "pendingReason": "PENDING_REVIEW",
        "responseCode": "PENDING_TRANSACTION_REVIEW", "errorCode": None, "responseMessage": None, "operationDate": None,
    }  # fmt: skip


def _refund_value(asked: dict[str, Any], parent: Row) -> Decimal:
    total = Decimal(parent["value"])
    if asked.get("type") != "PARTIAL_REFUND":
        return total
    given = _object(_object(asked.get("additionalValues")).get("TX_VALUE")).get("value")
    try:
        value = Decimal(str(given))
    except InvalidOperation:
        raise Wrong("The amount to refund is not valid") from None
    if not value.is_finite() or not REFUND_MINIMUM <= value <= total:
        raise Wrong("The amount to refund is out of range")
    return value


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
