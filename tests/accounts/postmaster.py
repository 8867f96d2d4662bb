"""A mail server for tests of what it refuses, and the delivery statuses that other servers send back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import settings
from django.test import override_settings


class Postmaster:
    """Answers each recipient, and each mail's data, as `answers` and `data_answer` say; keeps the envelopes that it took."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.data_answer = "250 OK"
        self.taken: list[Any] = []
        self.asked: list[str] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        """Whether mail for an address is taken."""
        self.asked.append(address)
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        """Whether a mail is taken."""
        if self.data_answer.startswith("2"):
            self.taken.append(envelope)
        return self.data_answer


class _OnASocket(Controller):
    """Listens on a socket that is bound already: nobody can take its port meanwhile."""

    def __init__(self, handler: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, hostname="127.0.0.1", port=self._socket.getsockname()[1], ready_timeout=60)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


@contextmanager
def listening() -> Iterator[Postmaster]:
    """A mail server that Django's mails go to by SMTP within the block."""
    handler = Postmaster()
    server = _OnASocket(handler)
    server.start()
    try:
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=server.port,
            EMAIL_HOST_USER="", EMAIL_HOST_PASSWORD="", EMAIL_USE_TLS=False, EMAIL_TIMEOUT=60,
        ):  # fmt: skip
            yield handler
    finally:
        server.stop()


def report(to: str, *, action: str = "failed", status: str = "5.1.1", more: str = "") -> bytes:
    """A delivery status as Postfix writes it; `more` is the copy of what was sent."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@correo.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="limite"

--limite
Content-Type: text/plain

The mail system could not deliver it.

--limite
Content-Type: message/delivery-status

Reporting-MTA: dns; correo.example
Arrival-Date: Mon, 23 Nov 2026 10:00:00 -0500

Final-Recipient: rfc822; nora@correo.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <nora@correo.example>: no such person

--limite
Content-Type: message/rfc822

From: {settings.MAIL_FROM}
Subject: Active su cuenta

{more}
--limite--
""".encode()
