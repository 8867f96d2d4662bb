"""The desk during the chaos: in each agency somebody registers money that came in outside, with its proof, and sends each form
until it is answered, often once more. What was registered is written down here, for the comparison."""

from __future__ import annotations

import random
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.chaos.crowd import Crowd

PROOF = b"%PDF-1.4\n" + b"% a proof of some size\n" * 4000 + b"%%EOF\n"  # big enough not to fit on a full disk
ANSWERED = re.compile(r"^/oficina/pagos/\d+/$")


@dataclass(frozen=True)
class Counter:
    """Where an agency's money comes in: the session of who registers it, and the client whose it is."""

    slug: str
    client: int
    cookie: str


class Desk:
    """One thread an agency, until `stop()`. `registered`: COP by agency and the payment's reference."""

    def __init__(self, crowd: Crowd, counters: list[Counter], *, seed: str) -> None:
        self._crowd, self._stopped = crowd, threading.Event()
        self.registered: dict[tuple[str, str], int] = {}
        self.unanswered: dict[tuple[str, str], int] = {}  # it gave up: registered once, or not
        self.trouble: list[str] = []  # whose thread ended before its time, and why
        self._threads = [threading.Thread(target=self._guarded, args=[one, random.Random(f"{seed}:{one.slug}")], daemon=True) for one in counters]

    def start(self) -> None:
        """Open."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Close, when the form at hand is done."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(120)

    def _guarded(self, counter: Counter, chance: random.Random) -> None:
        try:
            self._work(counter, chance)
        except Exception as error:  # noqa: BLE001  told in the report: nobody would miss a thread
            self.trouble.append(f"{counter.slug}, the desk ended early: {type(error).__name__}: {error}")

    def _work(self, counter: Counter, chance: random.Random) -> None:
        number = 0
        while not self._stopped.wait(chance.uniform(2, 6)):
            number += 1
            reference, amount = f"CAOS-{number}", chance.randint(10, 90) * 1000
            send = self._form(counter, reference, amount, how=chance.choice(["oldest", "credit"]))
            self.unanswered[counter.slug, reference] = amount
            for _try in range(120):
                if send():
                    self.registered[counter.slug, reference] = self.unanswered.pop((counter.slug, reference))
                    self._crowd.seen.count("registered at the desk")
                    if chance.random() < 0.4:
                        send()
                        self._crowd.seen.count("registered at the desk: the same form again")
                    break
                self._crowd.seen.count("registered at the desk: without an answer, sent again")
                threading.Event().wait(0.5)

    def _form(self, counter: Counter, reference: str, amount: int, *, how: str) -> Callable[[], bool]:
        token, edge = secrets.token_hex(16), secrets.token_hex(16)
        today = (datetime.now(UTC) - timedelta(hours=5)).date()  # Colombia's
        fields = {
            "csrfmiddlewaretoken": token, "key": str(uuid.uuid4()), "amount": str(amount), "paid_on": f"{today}",
            "means": "Consignación", "reference": reference, "how": how,
        }  # fmt: skip
        body = multipart(fields, edge)
        headers = {
            "Host": f"{counter.slug}.localhost:{self._crowd.stack.port}", "Cookie": f"{counter.cookie}; csrf={token}",
            "Content-Type": f"multipart/form-data; boundary={edge}",
        }  # fmt: skip

        def send() -> bool:
            status, location, page = self._crowd.ask("POST", f"/oficina/clientes/{counter.client}/registrar-pago/", headers, body)
            if status == 302 and ANSWERED.match(location):
                return True
            assert status in (0, 302) or status >= 500, f"the desk answered {status}: {re.sub('<[^>]+>', ' ', page)[:600]}"
            assert status != 302 or "ingresar" not in location, f"the desk answered {location}"
            return False

        return send


def multipart(fields: Mapping[str, str], edge: str) -> bytes:
    """The body of a form with a proof."""
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    proof = f'--{edge}\r\nContent-Disposition: form-data; name="proof"; filename="soporte.pdf"\r\nContent-Type: application/pdf\r\n\r\n'.encode()
    return b"".join([*parts, proof, PROOF, f"\r\n--{edge}--\r\n".encode()])
