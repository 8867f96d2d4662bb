"""The control: JSON under /_control/, for whoever tries the merchant's side. Loopback only (the server sees to it).

GET transactions, knobs. POST knobs, decide, resend, pay, chargeback, merchants, reset. Not part of PayU. Raises checkout.Refused.
"""

from __future__ import annotations

import uuid
from typing import Any

from payments.sandbox import books as clock
from payments.sandbox import checkout, notices
from payments.sandbox.books import PUBLISHED, Books, Row
from payments.sandbox.means import APPROVED, PENDING
from payments.sandbox.reports import CHARGEBACK

_COUNTS = ("duplicate", "lose", "wrong_signature", "wrong_amount")
_MANDATORY = ("merchant_id", "account_id", "api_login", "api_key")


def get(books: Books, what: str) -> Any:
    """The answer to GET /_control/<what>."""
    match what:
        case "transactions":
            return [_shown(books, row) for row in books.everything()]
        case "knobs":
            return _knobs(books)
    raise checkout.Refused(f"there is no /_control/{what} to GET", status=404)


def post(books: Books, what: str, data: dict[str, Any]) -> Any:
    """The answer to POST /_control/<what>."""
    actions = {"knobs": _turn, "decide": _decide, "resend": _resend, "pay": _pay, "chargeback": _charge_back, "merchants": _merchant, "reset": _reset}
    if what not in actions:
        raise checkout.Refused(f"there is no /_control/{what} to POST", status=404)
    return actions[what](books, data)


def _knobs(books: Books) -> dict[str, Any]:
    return {name: books.knob(name, default) for name, default in notices.KNOBS.items()}


def _turn(books: Books, data: dict[str, Any]) -> Any:
    """Turn the knobs given; the others stay."""
    wrong = [f"{name} is not a knob, or {value!r} not a value of it" for name, value in data.items() if not _right(name, value)]
    if wrong:
        raise checkout.Refused(*wrong)
    with books.writing():
        for name, value in data.items():
            books.set_knob(name, value)
    return _knobs(books)


def _right(name: str, value: Any) -> bool:
    if name == "reorder":
        return isinstance(value, bool)
    if name == "retry_seconds":
        return isinstance(value, list) and all(_is_number(each) for each in value)
    if name in _COUNTS:
        return _is_number(value) and isinstance(value, int) and value <= 1000
    return name == "delay_seconds" and _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 10**6


def _decide(books: Books, data: dict[str, Any]) -> Any:
    """Decide the newest pending transaction under a reference, a refund among them."""
    found = _under(books, data)
    pending = [row for row in found if row["state"] == PENDING]
    row = checkout.decide(books, (pending or found)[-1]["id"], outcome=str(data.get("outcome")), now=clock.now())
    return _shown(books, row)


def _resend(books: Books, data: dict[str, Any]) -> Any:
    """Send the notices of a reference again, one for each transaction that is decided."""
    decided = [row for row in _under(books, data) if row["state"] != PENDING]
    if not decided:
        raise checkout.Refused("nothing is decided under that reference", status=409)
    with books.writing():
        for row in decided:
            notices.resend(books, row["id"], now=clock.now())
    return {"sent": [row["id"] for row in decided]}


def _pay(books: Books, data: dict[str, Any]) -> Any:
    """Pay a checkout form as the page would, with the same checks."""
    form = data.get("form")
    if not isinstance(form, dict) or not all(isinstance(value, str) for value in form.values()):
        raise checkout.Refused("form must hold the checkout's fields, all text")
    now = clock.now()
    order = checkout.open_order(books, form, now=now)
    row = checkout.pay(books, order, mean=str(data.get("mean")), outcome=str(data.get("outcome")), ip="127.0.0.1", now=now)
    return {**_shown(books, row), "return_url": checkout.return_url(books, row)}


def _charge_back(books: Books, data: dict[str, Any]) -> Any:
    """The payer's bank takes an approved charge back: from now on its order says CHARGEBACK. PayU promises no notice of it."""
    charged = [row for row in _under(books, data) if (row["type"], row["state"]) == (checkout.CHARGE, APPROVED)]
    if not charged:
        raise checkout.Refused("nothing is approved under that reference", status=409)
    now, charge = clock.now(), charged[-1]
    row = {
        "id": str(uuid.uuid4()), "order_id": charge["order_id"], "type": CHARGEBACK, "parent_id": charge["id"], "mean": charge["mean"],
        "state": APPROVED, "value": charge["value"], "created": now, "decided": now,
    }  # fmt: skip
    with books.writing():
        books.add_transaction(row)
    return _shown(books, charge)


def _merchant(books: Books, data: dict[str, Any]) -> Any:
    """Add a merchant, or change the one with that number."""
    if any(not data.get(name) for name in _MANDATORY) or any(not isinstance(value, str) for value in data.values()):
        raise checkout.Refused(f"a merchant needs, all text: {', '.join(_MANDATORY)}")
    if not data["merchant_id"].isdigit() or not data["account_id"].isdigit():
        raise checkout.Refused("merchant_id and account_id are digits")
    taken = books.row("SELECT merchant_id FROM merchants WHERE api_login = ?", data["api_login"])
    if taken and taken["merchant_id"] != data["merchant_id"]:
        raise checkout.Refused("another merchant has that api_login", status=409)
    books.add_merchant({name: data.get(name, "") for name in PUBLISHED})
    return {"merchant_id": data["merchant_id"]}


def _reset(books: Books, data: dict[str, Any]) -> Any:
    """Forget everything but the merchants; the knobs go back."""
    books.wipe()
    return {}


def _under(books: Books, data: dict[str, Any]) -> list[Row]:
    found = books.under_reference(str(data.get("reference", "")), str(data.get("merchant_id", "")))
    if not found:
        raise checkout.Refused("there is no transaction under that reference", status=404)
    return found


def _shown(books: Books, row: Row) -> dict[str, Any]:
    order = books.order("id", row["order_id"])
    sent = books.rows("SELECT state, tries, answer FROM notices WHERE transaction_id = ? ORDER BY id", row["id"])
    return {
        "reference": order["reference"] if order else "",
        "merchant_id": order["merchant_id"] if order else "",
        "order_id": row["order_id"],
        "transaction_id": row["id"],
        "type": row["type"],
        "mean": row["mean"],
        "state": row["state"],
        "value": row["value"],
        "decided": row["decided"],
        "authorization": row["authorization"],
        "cus": row["cus"],
        "callbacks": sent,
    }
