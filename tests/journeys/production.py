"""The system as production runs it: production settings over TLS, Caddy and HAProxy before the web, PgBouncer before PostgreSQL, mail by SMTP.

What it cannot have is PayU and an authority's certificate: the stand-in stands behind the same Caddy at an https address, and
an authority of the test signs for both.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from tests.deploy.beside import Bouncer, Limits, Proxy
from tests.deploy.server import TOKEN
from tests.journeys.stack import Stack, free_port


class Postman:
    """An SMTP server that puts each mail into a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder, self._numbers = folder, itertools.count()
        self._server = Controller(self, hostname="127.0.0.1", port=free_port())
        self._server.start()
        self.url = f"smtp://127.0.0.1:{self._server.port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        """Keep a mail."""
        path = self._folder / f"{next(self._numbers):06d}"
        path.write_bytes(envelope.content)
        path.rename(path.with_suffix(".eml"))
        return "250 OK"

    def stop(self) -> None:
        """End it."""
        self._server.stop()


@dataclass
class ProductionStack(Stack):
    """A running system in production mode. `caddy`, `haproxy` and `pgbouncer` are programs."""

    caddy: str = ""
    haproxy: str = ""
    pgbouncer: str = ""

    def start(self) -> None:
        """Everything, each started when the one before is ready; the demo's people are filled in first, in demo mode."""
        stand_in = free_port()
        self.web_port = free_port()
        self.origin = self.env["SAAS_PLATFORM_ORIGIN"] = f"https://localhost:{self.port}"
        self._beside: list[Any] = []
        folder = self.folder / "beside"
        folder.mkdir(parents=True)
        site = f"\nhttps://localhost:{stand_in} {{\n\ttls {{$PEM}} {{$KEY}}\n\treverse_proxy 127.0.0.1:{self.payu_port}\n}}\n"
        limits = Limits(self.haproxy, folder, web_port=self.web_port)
        self._beside.append(limits)
        proxy = Proxy(self.caddy, folder, host="localhost", web_port=limits.port, port=self.port, more=site)
        self._beside.append(proxy)
        self.env["SSL_CERT_FILE"] = str(proxy.authority)
        self.payu = f"https://localhost:{stand_in}"
        self.env |= {
            "PAYU_CHECKOUT_URL": f"{self.payu}/ppp-web-gateway-payu/",
            "PAYU_REPORTS_URL": f"{self.payu}/reports-api/4.0/service.cgi",
            "PAYU_PAYMENTS_URL": f"{self.payu}/payments-api/4.0/service.cgi",
        }
        self.fill()
        bouncer = Bouncer(self.pgbouncer, folder, database_url=self.database_url)
        postman = Postman(self.folder / "outbox")
        self._beside += [bouncer, postman]
        self.env |= {
            "SAAS_MODE": "production", "DATABASE_URL": bouncer.url, "SAAS_MAIL_URL": postman.url, "SAAS_PROXY_COUNT": "1",
            "SAAS_MAIL_FROM": "portal@plataforma.example", "SAAS_INTERNAL_TOKEN": TOKEN,
        }  # fmt: skip
        self.start_web()
        self.start_worker()
        self.start_beat()

    def stop(self) -> None:
        """Stop everything and drop the database."""
        for one in reversed(self._beside):
            one.stop()
        super().stop()
