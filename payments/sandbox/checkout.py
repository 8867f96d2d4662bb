"""The WebCheckout: reading the form that a merchant's page posts, paying it, and going back to the merchant, signed.

Promises that nothing is paid from a form that PayU would refuse, that what is approved cannot be paid again from the page,
and that a transaction and the notice of it are written together. A pending transaction is decided later and only once.
"""

from __future__ import annotations

import re
import secrets
import uuid
from decimal import Decimal
from time import gmtime, strftime
from urllib.parse import urlencode, urlsplit

from payments.sandbox import notices, signatures
from payments.sandbox.books import Books, Row
from payments.sandbox.means import (
    APPROVED,
    DECISIONS,
    MEANS,
    OUTCOMES,
    PENDING,
    POL_STATE_NUMBERS,
    RESPONSE_NUMBERS,
    STATE_NUMBERS,
    Mean,
    response_code,
)

MANDATORY = (
    "merchantId", "accountId", "referenceCode", "description", "amount", "tax", "taxReturnBase", "currency", "signature",
    "test", "buyerEmail", "responseUrl", "confirmationUrl",
)  # fmt: skip
LONGEST = {
    "merchantId": 12, "accountId": 6, "referenceCode": 255, "description": 255, "responseUrl": 255, "confirmationUrl": 255,
    "buyerEmail": 255, "buyerFullName": 150, "telephone": 20, "payerFullName": 50, "buyerDocument": 25, "payerDocument": 25,
    "extra1": 255, "extra2": 255, "extra3": 255,
}  # fmt: skip
CHARGE = "AUTHORIZATION_AND_CAPTURE"

_AMOUNT = re.compile(r"[0-9]{1,14}(\.[0-9]{1,2})?")
_REFERENCE = re.compile(r"[A-Za-z0-9_-]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


class Refused(Exception):  # noqa: N818
    """What PayU does not take. `problems`: a sentence each. `status`: the HTTP answer to give."""

    def __init__(self, *problems: str, status: int = 400) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems
        self.status = status


def open_order(books: Books, form: dict[str, str], *, now: float) -> Row:
    """The order that a form asks for: a new one, or the one that the same form opened before. Raises Refused."""
    merchant = _check_form(books, form)
    _check_signature(merchant, form)
    with books.writing():
        found = books.orders_of(merchant["merchant_id"], form["referenceCode"])
        _refuse_approved(books, found)
        same = [order for order in found if order["form"] == form]
        number = same[-1]["id"] if same else books.add_order(
            token=secrets.token_urlsafe(24), merchant_id=merchant["merchant_id"], form=form, now=now
        )  # fmt: skip
        order = books.order("id", number)
    assert order is not None  # noqa: S101  (it was just written)
    return order


def means_for(order: Row) -> list[tuple[Mean, bool]]:
    """The means of payment that the form lets be used, and whether each takes the amount."""
    form = order["form"]
    return [(mean, mean.takes(Decimal(form["amount"]))) for mean in MEANS.values() if mean.allowed(form.get("paymentMethods", ""))]


def pay(books: Books, order: Row, *, mean: str, outcome: str, ip: str, now: float) -> Row:
    """One try at paying an order, with the outcome that the payer chose. Returns the transaction. Raises Refused."""
    if outcome not in OUTCOMES:
        raise Refused("Elija el resultado del pago: aprobado, rechazado o pendiente.")
    if mean not in [offered.key for offered, takes in means_for(order) if takes]:
        raise Refused("Elija un medio de pago que reciba este valor.")
    state = OUTCOMES[outcome]
    row = {
        "id": str(uuid.uuid4()), "order_id": order["id"], "type": CHARGE, "mean": mean, "state": state,
        "value": f"{Decimal(order['form']['amount']):.2f}", "ip": ip, "created": now,
        "decided": None if state == PENDING else now,
        "authorization": _digits(6) if mean == "card" and state == APPROVED else "",
        "cus": _digits(8) if mean == "pse" else "",
    }  # fmt: skip
    with books.writing():
        _refuse_approved(books, books.orders_of(order["merchant_id"], order["reference"]))
        books.add_transaction(row)
        if state != PENDING:
            notices.queue(books, row["id"], now=now)
    return _kept(books, row["id"])


def decide(books: Books, transaction_id: str, *, outcome: str, now: float) -> Row:
    """Decide a pending transaction and notify the merchant. Raises Refused (404 unknown, 409 already decided)."""
    if outcome not in DECISIONS:
        raise Refused(f"outcome must be one of: {', '.join(DECISIONS)}")
    with books.writing():
        found = books.transaction(transaction_id)
        if found is None:
            raise Refused("there is no such transaction", status=404)
        if found["state"] != PENDING:
            raise Refused(f"the transaction is already {found['state']}", status=409)
        state = DECISIONS[outcome]
        authorization = _digits(6) if found["mean"] == "card" and state == APPROVED else found["authorization"]
        books.run(
            "UPDATE transactions SET state = ?, authorization = ?, decided = ? WHERE id = ?", state, authorization, now, transaction_id
        )
        notices.queue(books, transaction_id, now=now)
    return _kept(books, transaction_id)


def return_url(books: Books, transaction: Row) -> str:
    """Where the payer's browser goes back to: the form's responseUrl with PayU's signed parameters."""
    order = books.order("id", transaction["order_id"])
    merchant = books.merchant(order["merchant_id"]) if order else None
    assert order is not None  # noqa: S101  (foreign keys)
    assert merchant is not None  # noqa: S101
    url = order["form"]["responseUrl"]
    joint = "&" if urlsplit(url).query else "?"
    return f"{url}{joint}{urlencode(_return_fields(merchant, order, transaction))}"


def _return_fields(merchant: Row, order: Row, transaction: Row) -> dict[str, str]:
    form, mean, state = order["form"], MEANS[transaction["mean"]], transaction["state"]
    code = response_code(mean, state)
    value = transaction["value"]
    parts = [merchant["merchant_id"], order["reference"], signatures.return_amount(value), form["currency"], STATE_NUMBERS[state]]
    return {
        "merchantId": merchant["merchant_id"],
        "merchant_name": merchant["name"],
        "merchant_address": "",
        "telephone": "",
        "merchant_url": "",
        "transactionState": STATE_NUMBERS[state],
        "lapTransactionState": state,
        "message": state,
        "referenceCode": order["reference"],
        "reference_pol": str(order["id"]),
        "transactionId": transaction["id"],
        "description": form["description"],
        "trazabilityCode": transaction["cus"],
        "cus": transaction["cus"],
        "orderLanguage": form.get("lng", "es"),
        "extra1": form.get("extra1", ""),
        "extra2": form.get("extra2", ""),
        "extra3": form.get("extra3", ""),
        "polTransactionState": POL_STATE_NUMBERS[state],
        "signature": signatures.sign(merchant["api_key"], parts, algorithm=algorithm_of(form), secret=merchant["hmac_secret"]),
        "polResponseCode": RESPONSE_NUMBERS[code],
        "lapResponseCode": code,
        "risk": "",
        "polPaymentMethod": mean.number,
        "lapPaymentMethod": mean.method,
        "polPaymentMethodType": mean.type_number,
        "lapPaymentMethodType": mean.type_word,
        "installmentsNumber": "1" if mean.key == "card" else "0",
        "TX_VALUE": value,
        "TX_TAX": f"{Decimal(form['tax']):.2f}",
        "currency": form["currency"],
        "lng": form.get("lng", "es"),
        "pseCycle": "1" if mean.key == "pse" else "",
        "buyerEmail": form["buyerEmail"],
        "pseBank": notices.PSE_BANK if mean.key == "pse" else "",
        "pseReference1": "",
        "pseReference2": "",
        "pseReference3": "",
        "authorizationCode": transaction["authorization"],
        "TX_ADMINISTRATIVE_FEE": "0.00",
        "TX_TAX_ADMINISTRATIVE_FEE": "0.00",
        "TX_TAX_ADMINISTRATIVE_FEE_RETURN_BASE": "0.00",
        "processingDate": strftime("%Y-%m-%d", gmtime(transaction["created"] + notices.BOGOTA)),
    }


def algorithm_of(form: dict[str, str]) -> str:
    """The algorithm that a form says to be signed with; PayU's answers about it are signed with the same."""
    return form.get("algorithmSignature") or "MD5"


def _check_form(books: Books, form: dict[str, str]) -> Row:
    """The form's merchant, when all of the form but its signature is right. Raises Refused with all that is wrong."""
    missing = [name for name in MANDATORY if not form.get(name)]
    if missing:
        raise Refused(*(f"Falta el parámetro obligatorio {name}." for name in missing))
    problems = [
        f"El parámetro {name} supera {limit} caracteres." for name, limit in LONGEST.items() if len(form.get(name, "")) > limit
    ]
    if not _REFERENCE.fullmatch(form["referenceCode"]):
        problems.append("El parámetro referenceCode solo puede tener letras, números, guiones y rayas al piso.")
    problems += _amount_problems(form)
    if form["currency"] != "COP":
        problems.append("La moneda (currency) no está habilitada para la cuenta: debe ser COP.")
    if form["test"] not in ("0", "1"):
        problems.append("El parámetro test debe ser 0 o 1.")
    if algorithm_of(form) not in signatures.ALGORITHMS:
        problems.append(f"El parámetro algorithmSignature debe ser uno de: {', '.join(signatures.ALGORITHMS)}.")
    problems += [f"El parámetro {name} no es una dirección válida." for name in ("responseUrl", "confirmationUrl") if not _is_url(form[name])]
    if form.get("expirationDate") and not _MOMENT.fullmatch(form["expirationDate"]):
        problems.append("El parámetro expirationDate debe venir como AAAA-MM-DD HH:MM:SS.")
    merchant = books.merchant(form["merchantId"])
    if merchant is None:
        problems.append(f"El comercio {form['merchantId']} no existe (merchantId).")
    elif merchant["account_id"] != form["accountId"]:
        problems.append(f"La cuenta {form['accountId']} no pertenece al comercio (accountId).")
    if problems or merchant is None:
        raise Refused(*problems)
    return merchant


def _amount_problems(form: dict[str, str]) -> list[str]:
    names = ("amount", "tax", "taxReturnBase")
    wrong = [name for name in names if not _AMOUNT.fullmatch(form[name])]
    if wrong:
        return [f"El parámetro {name} debe ser un número con punto y hasta dos decimales." for name in wrong]
    amount, tax, base = (Decimal(form[name]) for name in names)
    if amount == 0:
        return ["El valor (amount) debe ser mayor que cero."]
    if tax + base > amount:
        return ["El IVA (tax) más su base (taxReturnBase) superan el valor (amount)."]
    return []


def _check_signature(merchant: Row, form: dict[str, str]) -> None:
    right = signatures.sign(
        merchant["api_key"], signatures.checkout_parts(form), algorithm=algorithm_of(form), secret=merchant["hmac_secret"]
    )
    if not signatures.same(form["signature"], right):
        raise Refused("La firma (signature) no es válida: no corresponde a los datos enviados y a la llave del comercio.")


def _refuse_approved(books: Books, orders: list[Row]) -> None:
    for order in orders:
        for transaction in books.transactions_of(order["id"]):
            if transaction["type"] == CHARGE and transaction["state"] == APPROVED:
                raise Refused(
                    f"La referencia {order['reference']} ya fue pagada: existe una transacción aprobada con ella. "
                    "Vuelva al comercio y consulte su pago."
                )


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _kept(books: Books, transaction_id: str) -> Row:
    found = books.transaction(transaction_id)
    assert found is not None  # noqa: S101  (it was just written)
    return found


def _digits(count: int) -> str:
    return "".join(secrets.choice("123456789") for _ in range(count))


