"""The crowd: people who pay through the real pages and the stand-in, and one who forges what PayU would say.

Every choice comes from the seed. What a person does is tried again until it is done, as people do while a site is down.
"""

from __future__ import annotations

import http.client
import queue
import random
import re
import secrets
import threading
import time
import urllib.error
import uuid
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

from payments.sandbox import signatures
from tests.journeys.stack import Stack

PUBLISHED_KEY = "4Vj8eK4rloUd272L48hsrarnUA"  # PayU's published sandbox account, which the demo's agencies use
PAYER = {
    "name": "Persona Caos", "email": "caos@correo.example", "phone": "3001234567", "document_type": "CC", "document": "1020304050",
    "anyway": "on", "chosen_way": "payu",
}  # fmt: skip
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass(frozen=True)
class Debt:
    """An invoice to pay, and the session of the client who owes it."""

    slug: str
    invoice: int
    cookie: str


@dataclass
class Seen:
    """What the crowd saw and did. Milliseconds."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    pages: list[float] = field(default_factory=list)
    callbacks: list[float] = field(default_factory=list)
    failures: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, by: int = 1) -> None:
        """One more of something."""
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + by


class Crowd:
    """`people` threads that pay one debt after the other, `rate` a second in all, until `stop()` or none is left."""

    def __init__(self, stack: Stack, debts: list[Debt], keys: dict[str, str], *, seed: str, people: int, rate: float) -> None:
        self.stack, self.keys, self.seed = stack, keys, seed
        self.seen = Seen()
        self.stopped = threading.Event()
        self._pause = people / rate
        self._debts: queue.SimpleQueue[Debt] = queue.SimpleQueue()
        for debt in debts:
            self._debts.put(debt)
        self._knobs = threading.Lock()
        self.trouble: list[str] = []  # who ended before the time, and why
        self._threads = [threading.Thread(target=self._guarded, args=[n], daemon=True) for n in range(people)]

    def start(self) -> None:
        """Begin to pay."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Nobody begins another payment; those under way are finished."""
        self.stopped.set()
        for thread in self._threads:
            thread.join(60)

    def _guarded(self, number: int) -> None:
        try:
            self._pay_on(number)
        except Exception as error:  # noqa: BLE001  told in the report: nobody would miss a thread
            self.trouble.append(f"person {number} ended early: {type(error).__name__}: {error}")

    def _pay_on(self, number: int) -> None:
        chance = random.Random(f"{self.seed}:{number}")
        while not self.stopped.wait(self._pause * chance.uniform(0.5, 1.5)):
            try:
                debt = self._debts.get_nowait()
            except queue.Empty:
                self.seen.count("no debt left")
                return
            try:
                self._pay(debt, chance)
            except TimeoutError:
                self.seen.count("gave up")

    def _pay(self, debt: Debt, chance: random.Random) -> None:
        what = chance.choices(["approved", "declined", "pending", "two attempts", "twice"], [68, 12, 12, 4, 4])[0]
        self.seen.count(what)
        form, end = self._checkout(debt), "approved"
        if what == "approved":
            self._at_payu(form, end, chance)
        elif what == "declined":
            end = chance.choice(["approved", "declined"])
            self._at_payu(form, "declined", chance)
            self._at_payu(form, end, chance)
        elif what == "pending":
            end = chance.choice(["approved", "approved", "declined", "expired"])
            self._at_payu(form, "pending", chance)
            self.stopped.wait(chance.uniform(0.5, 10))
            self._control("decide", {"reference": form["referenceCode"], "outcome": end})
        elif what == "two attempts":
            other = self._checkout(debt)
            for each in (form, other):
                self._at_payu(each, "approved", chance)
        else:  # two approved payments under one reference
            self._at_payu(form, "pending", chance)
            self._at_payu(form, "approved", chance)
            self._control("decide", {"reference": form["referenceCode"], "outcome": "approved"})
        self._forge(debt, form, chance, paid=end == "approved")

    def _checkout(self, debt: Debt) -> dict[str, str]:
        """From the invoice's page to the form that leads to PayU."""
        token = secrets.token_hex(16)
        headers = {
            "Host": f"{debt.slug}.localhost:{self.stack.port}", "Cookie": f"{debt.cookie}; csrf={token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        body = urlencode({**PAYER, "csrfmiddlewaretoken": token})
        for _try in range(60):
            status, location, page = self.ask("POST", f"/area-de-clientes/facturas/{debt.invoice}/pagar/", headers, body)
            if status == 302 and location.startswith("/area-de-clientes/pagos/"):
                status, _location, page = self.ask("GET", location, headers, None)
                fields = {name: unescape(value) for name, value in HIDDEN.findall(page)}
                if status == 200 and "referenceCode" in fields:
                    return {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}
            elif status in (302, 404) or status == 200:
                raise AssertionError(f"the checkout of {debt} answered {status} {location}: {re.sub('<[^>]+>', ' ', page)[:600]}")
            time.sleep(0.5)
        raise TimeoutError

    def _at_payu(self, form: dict[str, str], outcome: str, chance: random.Random) -> None:
        """Pay at the stand-in, whose notice may be lost, wrongly signed or of another amount."""
        bend = chance.choices(["", "lose", "wrong_signature", "wrong_amount"], [79, 15, 3, 3])[0]
        mean = chance.choice(["card", "pse", "nequi"])
        with self._knobs:
            if bend:
                self._control("knobs", {bend: 1})
            self._control("pay", {"form": form, "mean": mean, "outcome": outcome})

    def _control(self, what: str, data: dict[str, Any]) -> None:
        for _try in range(60):
            try:
                self.stack.payu_control(what, data)
                return
            except urllib.error.HTTPError:
                return  # it was done by the try before, whose answer was late; the books say
            except OSError:
                time.sleep(0.5)
        raise TimeoutError

    def _forge(self, debt: Debt, form: dict[str, str], chance: random.Random, *, paid: bool) -> None:
        """What somebody who holds the form, and a valid signature if he `paid`, can send; and worse."""
        if paid and chance.random() < 0.3:
            for _ in range(chance.randint(1, 3)):
                self._post(debt, form, state="4", value=form["amount"])
            self.seen.count("replayed with an invented id")
        if chance.random() < 0.15:
            self._post(debt, form, state="4", value=form["amount"], sign="0" * 32)
            self.seen.count("forged")
        if chance.random() < 0.1:
            self._post(debt, form, state="6", value=form["amount"])
            self.seen.count("declined after all")
        if chance.random() < 0.1:
            self._post(debt, form, state="4", value="1.00")
            self.seen.count("another amount")

    def _post(self, debt: Debt, form: dict[str, str], *, state: str, value: str, sign: str = "") -> None:
        merchant, reference = form["merchantId"], form["referenceCode"]
        signed = signatures.sign(PUBLISHED_KEY, [merchant, reference, signatures.confirmation_amount(value), "COP", state])
        body = urlencode({
            "merchant_id": merchant, "state_pol": state, "reference_sale": reference, "value": value, "currency": "COP",
            "sign": sign or signed, "transaction_id": str(uuid.uuid4()), "test": form["test"], "response_message_pol": "X",
        })  # fmt: skip
        headers = {"Host": f"localhost:{self.stack.port}", "Content-Type": "application/x-www-form-urlencoded"}
        self.ask("POST", f"/payu/{self.keys[debt.slug]}/confirmacion/", headers, body, callback=True)

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: str | bytes | None, *, callback: bool = False
    ) -> tuple[int, str, str]:
        """One request, with what it took: status (0 without an answer), where it leads to, and the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
        began = time.perf_counter()
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            page = answer.read().decode(errors="replace")
            took = (time.perf_counter() - began) * 1000
            with self.seen.lock:
                (self.seen.callbacks if callback else self.seen.pages).append(took)
                self.seen.failures += answer.status >= 500
            return answer.status, answer.headers.get("Location", ""), page
        except (OSError, http.client.HTTPException):
            with self.seen.lock:
                self.seen.failures += 1
            return 0, "", ""
        finally:
            connection.close()
