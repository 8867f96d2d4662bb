"""Delivers a notice: one signed POST to the address that was judged, bounded in time and in what it reads, no redirects.

At least once: what answers 2xx is delivered; anything else is tried again with growing waits for three days and then given
up, which staff see. After some failures in a row an address rests. Each try is kept with what came back.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import random
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from saas.api import addresses
from saas.api.addresses import AddressRefused, Target
from saas.api.models import Notice, NoticeAddress, NoticeState, NoticeTry
from saas.lib import clock

CONNECT_SECONDS = 4.0
WHOLE_SECONDS = 10.0  # well within the lease of a job
READ_BYTES = 500
WAITS = tuple(timedelta(minutes=minutes) for minutes in (0.25, 1, 5, 15, 30, 60, 120, 240, 360, 480, 720))
# The breaker: so many failures in a row, and how long the address then rests, longer each time.
FAILURES = 5
RESTS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))


TROUBLES: dict[type[Exception], str] = {
    ConnectionRefusedError: "El servidor rechazó la conexión: nadie escucha en ese puerto.",
    ConnectionResetError: "El servidor cortó la conexión.",
    http.client.RemoteDisconnected: "El servidor cortó la conexión sin responder.",
}


@dataclass(frozen=True)
class Outcome:
    """What came of one try."""

    status: int | None
    error: str
    answer: str
    milliseconds: int

    @property
    def delivered(self) -> bool:
        """Whether it was taken."""
        return self.status is not None and 200 <= self.status < 300


def deliver(notice_id: int, *, round_: int, now: datetime) -> datetime | None:
    """Try a notice once. Returns when to try again; None when there is nothing left to do."""
    notice = Notice.objects.select_related("address").filter(pk=notice_id).first()
    if notice is None or notice.state != NoticeState.WAITING or notice.rounds != round_:
        return None  # purged, done, or somebody began it anew
    address = notice.address
    if not address.active:
        _end(notice, NoticeState.GIVEN_UP)
        return None
    if address.resting_until is not None and now < address.resting_until:
        if address.resting_until >= notice.give_up_at:
            _end(notice, NoticeState.GIVEN_UP)
            return None
        return address.resting_until + timedelta(seconds=random.random() * 30)
    outcome = post(address.url, notice, addresses.secrets_of(address, now=now))
    ended = clock.now()
    with transaction.atomic():
        NoticeTry.objects.create(
            notice=notice, at=now, status=outcome.status, error=outcome.error, answer=outcome.answer, milliseconds=outcome.milliseconds
        )
        _note(address, outcome, now=ended)
        if outcome.delivered:
            _end(notice, NoticeState.DELIVERED)
            return None
        wait = WAITS[min(notice.failures, len(WAITS) - 1)]
        again = max(now, ended) + wait * (1 + random.random() / 10)
        if again > notice.give_up_at:
            _end(notice, NoticeState.GIVEN_UP)
            return None
        Notice.objects.filter(pk=notice.pk, rounds=round_).update(failures=F("failures") + 1)
        return again


def post(url: str, notice: Notice, secrets: list[str]) -> Outcome:
    """Send a notice to `url`. Whatever goes wrong is an outcome, never an exception."""
    began = time.monotonic()
    status, error, answer = None, "", ""
    try:
        status, answer = _exchange(addresses.look_up(url), notice, secrets)
    except AddressRefused as refused:
        error = str(refused)
    except ssl.SSLError:
        error = "El certificado no sirve, o la conexión segura falló."
    except TimeoutError:
        error = "No respondió a tiempo."
    except (OSError, http.client.HTTPException, ValueError) as trouble:
        late = time.monotonic() - began >= WHOLE_SECONDS
        error = "No respondió a tiempo." if late else TROUBLES.get(type(trouble), "Respondió algo que no se entiende, o la conexión falló.")
    if status is not None and not 200 <= status < 300:
        error = "Respondió con una redirección: no se siguen." if 300 <= status < 400 else f"Respondió {status}."
    return Outcome(status, error[:200], answer, round((time.monotonic() - began) * 1000))


def signature(body: bytes, secrets: list[str], *, timestamp: int) -> str:
    """The header `Notice-Signature`: `t=<seconds>,v1=<hex>`, with a `v1` for each secret that is valid now."""
    signed = str(timestamp).encode() + b"." + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])


def _exchange(target: Target, notice: Notice, secrets: list[str]) -> tuple[int, str]:
    body = notice.body.encode()
    connection = _Connection(target)
    watch = threading.Timer(WHOLE_SECONDS, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request(
            "POST", target.path, body,
            {
                "Host": target.host_header, "Content-Type": "application/json; charset=utf-8", "User-Agent": "Avisos/1",
                "Notice-Id": str(notice.event), "Notice-Kind": notice.kind, "Connection": "close",
                "Notice-Signature": signature(body, secrets, timestamp=int(time.time())),
            },
        )  # fmt: skip
        response = connection.getresponse()
        return response.status, _readable(response.read(READ_BYTES))
    finally:
        watch.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was judged, under the name that was asked for."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target = target
        self._handle: socket.socket | None = None

    def connect(self) -> None:
        plain = socket.create_connection((self._target.ip, self._target.port), timeout=CONNECT_SECONDS)
        # A second handle of the same connection: whoever reads byte by byte is cut in the midst of it.
        self._handle = socket.socket(fileno=os.dup(plain.fileno()))
        plain.settimeout(WHOLE_SECONDS)
        if self._target.secure:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self.sock = context.wrap_socket(plain, server_hostname=self._target.host)
        else:
            self.sock = plain

    def cut(self) -> None:
        """End it, from another thread."""
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        if self._handle is not None:
            self._handle.close()
            self._handle = None


def _note(address: NoticeAddress, outcome: Outcome, *, now: datetime) -> None:
    """The breaker, counted in the database: several workers deliver at once."""
    locked = NoticeAddress.objects.select_for_update().get(pk=address.pk)
    if outcome.delivered:
        locked.failures, locked.resting_until = 0, None
    else:
        locked.failures += 1
        if locked.failures >= FAILURES:
            locked.resting_until = now + RESTS[min(locked.failures - FAILURES, len(RESTS) - 1)]
    locked.save(update_fields=["failures", "resting_until"])


def _end(notice: Notice, state: NoticeState) -> None:
    Notice.objects.filter(pk=notice.pk, rounds=notice.rounds).update(state=state)


def _readable(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text)[:READ_BYTES]
