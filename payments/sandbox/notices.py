"""The confirmations that PayU's server posts to the merchant: written with what they tell, sent until answered 200.

Promises that a notice survives a restart. The knobs bend what goes out, so that a merchant's side can be tried: lost,
repeated, late, in another order, wrongly signed, of another amount. Only final transactions are notified.
"""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error
import urllib.request
from decimal import Decimal
from time import gmtime, strftime
from typing import Any
from urllib.parse import urlencode, urlsplit

from payments.sandbox import books as clock
from payments.sandbox import signatures
from payments.sandbox.books import Books, Row
from payments.sandbox.means import MEANS, PENDING, RESPONSE_NUMBERS, STATE_NUMBERS, response_code

BOGOTA = -5 * 3600  # Colombia keeps no summer time
PSE_BANK = "BANCO UNION COLOMBIANO"
REORDER_WAIT = 3.0  # how long a notice waits for another one to overtake it
AT_ONCE = 16
ANSWER_WITHIN = 10.0

# duplicate: further copies of each notice, sent at the same time. lose, wrong_signature, wrong_amount: how many of the next
# notices. retry_seconds: the pauses between tries.
KNOBS: dict[str, Any] = {
    "duplicate": 0, "reorder": False, "delay_seconds": 0.0, "lose": 0, "wrong_signature": 0, "wrong_amount": 0,
    "retry_seconds": [1, 2, 4, 8, 15, 30, 30, 60, 60, 60, 60],
}  # fmt: skip


def queue(books: Books, transaction_id: str, *, now: float) -> None:
    """Write the notice of a transaction that was just decided, bent as the knobs say. Inside `books.writing()`."""
    with books.writing():
        fields = confirmation(books, transaction_id, changed_by=Decimal(_count_down(books, "wrong_amount")))
        if _count_down(books, "wrong_signature"):
            fields["sign"] = fields["sign"][:-1] + ("0" if fields["sign"][-1] != "0" else "1")
        state = "lost" if _count_down(books, "lose") else "waiting"
        due, held = now + _knob(books, "delay_seconds"), 0
        if state == "waiting" and _knob(books, "reorder"):
            overtaken = books.rows("SELECT id FROM notices WHERE held = 1 AND state = 'waiting' AND tries = 0")
            for row in overtaken:
                books.run("UPDATE notices SET due = ?, held = 0 WHERE id = ?", due + 1, row["id"])
            if not overtaken:
                due, held = due + REORDER_WAIT, 1
        for _ in range(1 + _knob(books, "duplicate")):
            _write(books, transaction_id, fields, state=state, due=due, held=held)


def resend(books: Books, transaction_id: str, *, now: float) -> None:
    """Send the notice of a decided transaction again, now and true, whatever the knobs say."""
    _write(books, transaction_id, confirmation(books, transaction_id), state="waiting", due=now, held=0)


def confirmation(books: Books, transaction_id: str, *, changed_by: Decimal = Decimal(0)) -> dict[str, str]:
    """The fields of the confirmation of a decided transaction. `changed_by`: pesos to tell wrongly, rightly signed."""
    transaction = books.transaction(transaction_id)
    order = books.order("id", transaction["order_id"]) if transaction else None
    merchant = books.merchant(order["merchant_id"]) if order else None
    if transaction is None or order is None or merchant is None:
        raise LookupError(transaction_id)
    form, mean, state = order["form"], MEANS[transaction["mean"]], transaction["state"]
    code = response_code(mean, state)
    value = f"{Decimal(transaction['value']) + changed_by:.2f}"
    parts = [merchant["merchant_id"], order["reference"], signatures.confirmation_amount(value), form["currency"], STATE_NUMBERS[state]]
    moment = gmtime((transaction["decided"] or transaction["created"]) + BOGOTA)
    card = mean.key == "card"
    return {
        "merchant_id": merchant["merchant_id"],
        "state_pol": STATE_NUMBERS[state],
        "risk": "",
        "response_code_pol": RESPONSE_NUMBERS[code],
        "response_message_pol": code,
        "reference_sale": order["reference"],
        "reference_pol": str(order["id"]),
        "sign": signatures.sign(
            merchant["api_key"], parts, algorithm=form.get("algorithmSignature") or "MD5", secret=merchant["hmac_secret"]
        ),
        "extra1": form.get("extra1", ""),
        "extra2": form.get("extra2", ""),
        "extra3": form.get("extra3", ""),
        "payment_method": mean.number,
        "payment_method_type": mean.type_number,
        "payment_method_id": mean.type_number,
        "payment_method_name": mean.method,
        "franchise": mean.method if card else "",
        "cc_number": "************0004" if card else "",
        "cc_holder": form.get("payerFullName") or form.get("buyerFullName", "") if card else "",
        "installments_number": "1" if card else "0",
        "value": value,
        "additional_value": "0.00",
        "tax": f"{Decimal(form['tax']):.2f}",
        "currency": form["currency"],
        "exchange_rate": "1.00",
        "transaction_id": transaction["id"],
        "transaction_date": strftime("%Y-%m-%d %H:%M:%S", moment),
        "date": strftime("%Y.%m.%d %I:%M:%S", moment),
        "transaction_bank_id": transaction["authorization"],
        "authorization_code": transaction["authorization"],
        "cus": transaction["cus"],
        "pse_bank": PSE_BANK if mean.key == "pse" else "",
        "pse_reference1": "",
        "pse_reference2": "",
        "pse_reference3": "",
        "bank_id": mean.number,
        "bank_referenced_name": "",
        "email_buyer": form["buyerEmail"],
        "nickname_buyer": "",
        "nickname_seller": "",
        "phone": form.get("telephone", ""),
        "office_phone": "",
        "customer_number": "",
        "description": form["description"],
        "test": form["test"],
        "billing_address": "",
        "billing_city": "",
        "billing_country": "CO",
        "shipping_address": "",
        "shipping_city": "",
        "shipping_country": "",
        "ip": transaction["ip"],
        "error_code_bank": "",
        "error_message_bank": "",
        "administrative_fee": "0.00",
        "administrative_fee_base": "0.00",
        "administrative_fee_tax": "0.00",
        "airline_code": "",
        "antifraudMerchantId": "",
    }


class Postman:
    """Sends what is due, a thread for each notice, at most AT_ONCE. `wake()` after writing; `stop()` at the end."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._woken = threading.Condition()
        self._on_the_way: set[int] = set()
        self._stopped = False
        self._round = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier run left waiting."""
        self._round.start()

    def wake(self) -> None:
        """Look again: something may be due."""
        with self._woken:
            self._woken.notify_all()

    def stop(self) -> None:
        """Start no further delivery. What is not delivered stays in the books for the next run."""
        with self._woken:
            self._stopped = True
            self._woken.notify_all()
        self._round.join(timeout=5)

    def _run(self) -> None:
        with self._woken:
            while not self._stopped:
                waiting = self._books.rows("SELECT * FROM notices WHERE state = 'waiting' ORDER BY due, id")
                ready = [row for row in waiting if row["id"] not in self._on_the_way]
                for row in ready[: AT_ONCE - len(self._on_the_way)]:
                    if row["due"] <= clock.now():
                        self._on_the_way.add(row["id"])
                        threading.Thread(target=self._deliver, args=(row,), daemon=True).start()
                later = [row["due"] for row in ready if row["id"] not in self._on_the_way]
                pause = max(0.05, min(later) - clock.now()) if later else None
                # All hands busy: whoever comes back wakes us.
                self._woken.wait(None if len(self._on_the_way) >= AT_ONCE else pause)

    def _deliver(self, row: Row) -> None:
        tries = row["tries"] + 1
        answer = post(row["url"], {**json.loads(row["fields"]), "attempts": str(tries)})
        pauses = _knob(self._books, "retry_seconds")
        if answer == "200":
            state, due = "delivered", row["due"]
        elif tries > len(pauses):
            state, due = "given up", row["due"]
        else:
            state, due = "waiting", clock.now() + float(pauses[tries - 1])
        with self._woken:
            if not self._stopped:  # the books may be closed
                self._books.run(
                    "UPDATE notices SET state = ?, due = ?, tries = ?, answer = ? WHERE id = ?", state, due, tries, answer, row["id"]
                )
            self._on_the_way.discard(row["id"])
            self._woken.notify_all()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Only the address itself can answer 200."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def post(url: str, fields: dict[str, str]) -> str:
    """POST a confirmation: the status of the answer as text, or the name of what went wrong."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "PayU-stand-in"}
    handlers: list[Any] = [_NoRedirect]
    if host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "::1":
        handlers.append(urllib.request.ProxyHandler({}))  # this machine is not behind its own proxy
    if host.endswith(".localhost") and parts.scheme == "http":  # not every resolver knows that these are this machine
        headers["Host"] = parts.netloc
        url = parts._replace(netloc=f"127.0.0.1:{parts.port or 80}").geturl()
    request = urllib.request.Request(url, data=urlencode(fields).encode(), headers=headers, method="POST")  # noqa: S310  (checked: http or https)
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=ANSWER_WITHIN) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return type(error).__name__


def _write(books: Books, transaction_id: str, fields: dict[str, str], *, state: str, due: float, held: int) -> None:
    transaction = books.transaction(transaction_id)
    if transaction is None or transaction["state"] == PENDING:
        raise LookupError(transaction_id)
    order = books.order("id", transaction["order_id"])
    url = order["form"]["confirmationUrl"] if order else ""
    books.run(
        "INSERT INTO notices (transaction_id, url, fields, state, due, held) VALUES (?, ?, ?, ?, ?, ?)",
        transaction_id, url, json.dumps(fields), state, due, held,
    )  # fmt: skip


def _knob(books: Books, name: str) -> Any:
    return books.knob(name, KNOBS[name])


def _count_down(books: Books, name: str) -> int:
    """1 and one less for the next time, or 0."""
    left = _knob(books, name)
    if left > 0:
        books.set_knob(name, left - 1)
    return 1 if left > 0 else 0
