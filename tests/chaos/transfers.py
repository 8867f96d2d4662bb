"""Bank transfers during the chaos: in each agency a client begins one after the other and hands in its proof, and staff confirm or
reject it, each form sent until it is answered and often once more. What staff decided is written down here, for the comparison."""

from __future__ import annotations

import random
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlencode

from tests.chaos.crowd import PAYER, Crowd
from tests.chaos.desk import multipart

PAGE = "/oficina/transferencias/"
WAITING = re.compile(rf'href="{PAGE}(\d+)/"')
BEGUN = re.compile(r"^/area-de-clientes/pagos/(\d+)/pagar/$")
TRIES = 120
# What staff decide, one after the other: each agency's first is the seed's choice.
WAYS = (["confirm"], ["reject"], ["reject", "confirm"])


@dataclass(frozen=True)
class Sender:
    """Who transfers, to which agency, for which invoices; and the sessions of the client and of who decides."""

    slug: str
    invoices: tuple[int, ...]
    client: str
    staff: str


class Transfers:
    """One thread an agency, until `stop()`. `decided`: by agency and the proof's id, whether it was confirmed in the end."""

    def __init__(self, crowd: Crowd, senders: list[Sender], *, seed: str) -> None:
        self._crowd, self._stopped = crowd, threading.Event()
        self.decided: dict[tuple[str, int], bool] = {}
        self.unanswered: set[tuple[str, int]] = set()  # it gave up in the middle: either may be
        self.trouble: list[str] = []  # whose thread ended before its time, and why
        self._threads = [threading.Thread(target=self._guarded, args=[one, random.Random(f"{seed}:{one.slug}:t")], daemon=True) for one in senders]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Nobody begins another transfer; the one at hand is decided."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(120)

    def _guarded(self, sender: Sender, chance: random.Random) -> None:
        try:
            self._work(sender, chance)
        except Exception as error:  # noqa: BLE001  told in the report: nobody would miss a thread
            self.trouble.append(f"{sender.slug}, transfers ended early: {type(error).__name__}: {error}")

    def _work(self, sender: Sender, chance: random.Random) -> None:
        ways = cycle(chance.sample(WAYS, len(WAYS)))
        for invoice in sender.invoices:
            if self._stopped.wait(chance.uniform(2, 6)):
                return
            begun = self._send(sender, sender.client, f"/area-de-clientes/facturas/{invoice}/pagar/", {**PAYER, "chosen_way": "transfer"}, BEGUN)
            if begun is None:
                continue
            self._crowd.seen.count("transfers begun")
            paid = f"/area-de-clientes/pagos/{begun[1]}/"
            if self._send(sender, sender.client, f"{paid}soporte/", {}, re.compile(rf"^{paid}(pagar/)?$"), proof=True) is not None:
                for proof in self._waiting(sender):
                    self._decide(sender, proof, next(ways), chance)

    def _decide(self, sender: Sender, proof: int, way: list[str], chance: random.Random) -> None:
        """Confirmed, rejected, or rejected and then confirmed all the same."""
        for what in way:
            fields = {"what": what, "bank_reference": f"TR-CAOS-{proof}", "reason": "No aparece en el extracto"}
            self.unanswered.add((sender.slug, proof))
            for _time in range(2 if chance.random() < 0.4 else 1):
                if self._send(sender, sender.staff, f"{PAGE}{proof}/", fields, re.compile(rf"^{PAGE}{proof}/$")) is None:
                    return
            self.unanswered.discard((sender.slug, proof))
            self.decided[sender.slug, proof] = what == "confirm"
            self._crowd.seen.count(f"transfers: {what}")

    def _waiting(self, sender: Sender) -> list[int]:
        for _try in range(TRIES):
            status, _location, page = self._crowd.ask("GET", PAGE, self._headers(sender, sender.staff, "x"), None)
            if status == 200:
                return sorted({int(found) for found in WAITING.findall(page)})
            threading.Event().wait(0.5)
        return []

    def _send(
        self, sender: Sender, cookie: str, path: str, fields: Mapping[str, str], answered: re.Pattern[str], *, proof: bool = False
    ) -> re.Match[str] | None:
        """Send a form until it is answered by going where it should. None when it never was."""
        token, edge = secrets.token_hex(16), secrets.token_hex(16)
        given = {**fields, "csrfmiddlewaretoken": token}
        body = multipart(given, edge) if proof else urlencode(given).encode()
        headers = self._headers(sender, cookie, token)
        headers["Content-Type"] = f"multipart/form-data; boundary={edge}" if proof else "application/x-www-form-urlencoded"
        for _try in range(TRIES):
            status, location, page = self._crowd.ask("POST", path, headers, body)
            if status == 302:
                found = answered.match(location)
                assert found is not None, f"{path} answered {location}"
                return found
            assert status == 0 or status >= 500, f"{path} answered {status}: {re.sub('<[^>]+>', ' ', page)[:600]}"
            threading.Event().wait(0.5)
        return None

    def _headers(self, sender: Sender, cookie: str, token: str) -> dict[str, str]:
        return {"Host": f"{sender.slug}.localhost:{self._crowd.stack.port}", "Cookie": f"{cookie}; csrf={token}"}
