"""A web server in production mode over the databases of the test run: gunicorn with deploy/gunicorn.conf.py, as a process."""

from __future__ import annotations

import http.client
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.journeys.stack import free_port, until

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "token-for-tests-token-for-tests-token"
OURS = ("SAAS_", "PAYU_", "DJANGO_", "PYTEST_", "PROMETHEUS_")


def production_environment(folder: Path) -> dict[str, str]:
    """Every variable of production, for the database and the Redis of this test process."""
    values = connection.settings_dict
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
        "DJANGO_SETTINGS_MODULE": "saas.settings",
        "SAAS_MODE": "production",
        "SAAS_SECRET_KEY": secrets.token_hex(32),
        "SAAS_PREVIOUS_SECRET_KEYS": "",
        "SAAS_FIELD_KEYS": os.environ["SAAS_FIELD_KEYS"],
        "SAAS_PLATFORM_ORIGIN": "https://plataforma.test",
        "SAAS_STATE_DIR": str(folder),
        "SAAS_STATIC_DIR": str(folder / "static"),
        "SAAS_ASSETS_DIR": str(settings.ASSETS_DIR),
        "SAAS_MAIL_URL": "smtp://user:password@127.0.0.1:9?tls=1",
        "SAAS_MAIL_FROM": "portal@plataforma.test",
        "SAAS_PROXY_COUNT": "1",
        "SAAS_CAPTCHA_COST": "50000",
        "SAAS_INTERNAL_TOKEN": TOKEN,
        "SAAS_WORKER_METRICS": "",
        "DATABASE_URL": f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "PAYU_CHECKOUT_URL": "https://checkout.payu.test/ppp-web-gateway-payu/",
        "PAYU_REPORTS_URL": "https://api.payu.test/reports-api/4.0/service.cgi",
        "PAYU_PAYMENTS_URL": "https://api.payu.test/payments-api/4.0/service.cgi",
        "PAYU_POLL_SECONDS": "420,600",
        "WEB_CONCURRENCY": "2",
    }


def run(env: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """A command of the project in that environment."""
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str]


@dataclass
class Server:
    """gunicorn in production mode."""

    folder: Path
    env: dict[str, str]
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.log = (self.folder / "web.log").open("ab")
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{self.port}", "saas.wsgi"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=self.log, stderr=subprocess.STDOUT)
        until("the web server is ready", self._ready, seconds=60)

    def stop(self) -> None:
        """End it as an orchestrator does."""
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def ask(self, path: str, *, host: str, method: str = "GET", headers: dict[str, str] | None = None, body: str = "") -> Answer:
        """What it answers to a request as the proxy sends it: over https, from 203.0.113.7."""
        passed = {"Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7", **(headers or {})}
        return self.ask_directly(path, method=method, headers=passed, body=body)

    def ask_directly(self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None, body: str = "") -> Answer:
        """What it answers to somebody who reaches it without the proxy."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body or None, headers=headers or {})
            answer = connection.getresponse()
            cookies = answer.msg.get_all("Set-Cookie") or []
            return Answer(answer.status, dict(answer.getheaders()), answer.read(), cookies)
        finally:
            connection.close()

    def lines(self) -> list[str]:
        """What it logged."""
        return (self.folder / "web.log").read_text(encoding="utf-8").splitlines()

    def _ready(self) -> bool:
        assert self.process.poll() is None, "\n".join(self.lines()[-30:])
        try:
            return self.ask_directly("/readyz").status == 200
        except OSError:
            return False
