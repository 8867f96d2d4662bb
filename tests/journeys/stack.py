"""The whole running system for the journeys: database, web, worker, beat and stand-in as real processes of their own.

It is what `make demo` runs, on free ports, with a database of its own that is dropped at the end.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from tests.journeys import filled

ROOT = Path(__file__).resolve().parent.parent.parent
POLL_SECONDS = "6,12,18,24,30,36,42,48,54,60,120"  # PayU's own pace is minutes; a test cannot wait for it


def free_port() -> int:
    """A TCP port that nobody has, below those that the system gives to connections: it is still free when it is needed."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def until(what: str, check: Any, *, seconds: float = 30) -> Any:
    """The first true answer of `check()`, asked every 0.1 s. Raises AssertionError, naming `what`, after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"did not happen in {seconds} s: {what}")


def _decoded(path: Path) -> str:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(preferencelist=("plain",))
    parts = [f"{name}: {value}" for name, value in message.items()]
    parts.append(body.get_content() if body else "")
    parts += [f"{part.get_filename()} ({part.get_content_type()})" for part in message.iter_attachments()]
    return "\n".join(parts)


@dataclass
class Stack:
    """A running system. `start()` it, use its addresses, `stop()` it."""

    folder: Path
    database_server: str
    redis_url: str
    assets: str
    port: int = field(default_factory=free_port)
    payu_port: int = field(default_factory=free_port)
    web_workers: int = 2
    shared: Path = Path()  # where the stacks of a run share what they are filled with; its own folder if none is given
    has_database: bool = False
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    logs: dict[str, IO[bytes]] = field(default_factory=dict)
    demo: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.shared == Path():
            self.shared = self.folder / "shared"
        self.database = f"journeys_{secrets.token_hex(4)}"
        self.maintenance_url = urlunsplit(urlsplit(self.database_server)._replace(path="/postgres"))
        self.database_url = urlunsplit(urlsplit(self.database_server)._replace(path=f"/{self.database}"))
        self.origin = f"http://localhost:{self.port}"
        self.web_port = self.port
        self.payu = f"http://localhost:{self.payu_port}"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SAAS_", "PAYU_", "PYTEST_", "DJANGO_"))},
            "DJANGO_SETTINGS_MODULE": "saas.settings",
            "SAAS_MODE": "demo",
            "SAAS_SECRET_KEY": secrets.token_hex(32),
            "SAAS_FIELD_KEYS": "j1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "SAAS_PLATFORM_ORIGIN": self.origin,
            "SAAS_STATE_DIR": str(self.folder),
            "SAAS_STATIC_DIR": str(self.shared / "static"),
            "SAAS_ASSETS_DIR": self.assets,
            "WEB_CONCURRENCY": str(self.web_workers),
            "SAAS_CAPTCHA_COST": "2000",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PAYU_CHECKOUT_URL": f"{self.payu}/ppp-web-gateway-payu/",
            "PAYU_REPORTS_URL": f"{self.payu}/reports-api/4.0/service.cgi",
            "PAYU_PAYMENTS_URL": f"{self.payu}/payments-api/4.0/service.cgi",
            "PAYU_POLL_SECONDS": POLL_SECONDS,
        }

    # Life

    def start(self) -> None:
        """Everything, each started when the one before is ready."""
        self.fill()
        self.start_web()
        self.start_worker()
        self.start_beat()

    def fill(self) -> None:
        """A database with the demo's agencies and people, and the stand-in PayU."""
        self.folder.mkdir(parents=True, exist_ok=True)
        redis.Redis.from_url(self.redis_url).flushdb()
        self.start_payu()
        filled.create(self.shared, self.database, server=self.maintenance_url, fill=lambda: self.run("-m", "deploy.dev.demo"))
        self.has_database = True
        self.demo = json.loads((self.folder / "demo.json").read_text(encoding="utf-8"))

    def start_web(self) -> None:
        """gunicorn, as in the demo."""
        self._start(
            "web", "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{self.web_port}", "saas.wsgi",
        )  # fmt: skip
        until("the web answers", lambda: self._answers(f"http://127.0.0.1:{self.web_port}/readyz"), seconds=120)

    def start_worker(self) -> None:
        """One Celery worker with two processes."""
        self._start("worker", "-m", "celery", "-A", "saas", "worker", "-c", "2", "-l", "WARNING", "--without-gossip", "--without-mingle")

    def start_beat(self) -> None:
        """The beat."""
        self._start("beat", "-m", "celery", "-A", "saas", "beat", "-l", "WARNING", "-s", str(self.folder / "beat"))

    def start_payu(self) -> None:
        """The stand-in PayU, with books of its own."""
        self._start("payu", "-m", "payments.sandbox", "--port", str(self.payu_port), "--books", str(self.folder / "payu.sqlite"))
        until("the stand-in answers", lambda: self._answers(f"http://127.0.0.1:{self.payu_port}/"), seconds=120)

    def kill(self, name: str) -> None:
        """kill -9 of a process and all that it started."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        """Stop everything and drop the database."""
        for name in list(self.processes):
            self.kill(name)
        for log in self.logs.values():
            log.close()
        with psycopg.connect(self.maintenance_url, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
        if self.has_database:
            filled.let_go(self.shared, server=self.maintenance_url)

    # Looking

    def people(self, agency: str, role: str) -> list[dict[str, str]]:
        """The demo's people with that role (inquilino, propietario, ambos, equipo) at an agency."""
        return [p for p in self.demo["people"] if p["agency"] == agency and p["role"] == role]

    def agency_origin(self, slug: str) -> str:
        """Where an agency is."""
        return self.origin.replace("://", f"://{slug}.")

    def query(self, slug: str, sql: str) -> list[tuple[Any, ...]]:
        """Rows of an agency's schema, read straight from the database."""
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT schema_name FROM public.tenants_agency WHERE slug = %s", [slug]).fetchone()
            assert row is not None
            connection.execute(f'SET search_path = "{row[0]}"')
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def platform(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the public schema."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def flush_redis(self) -> None:
        """FLUSHALL, as far as this stack's own database goes."""
        redis.Redis.from_url(self.redis_url).flushdb()

    def payu_control(self, path: str, data: dict[str, Any] | None = None) -> Any:
        """The stand-in's control API: GET without data, POST with."""
        body = json.dumps(data).encode() if data is not None else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.payu_port}/_control/{path}", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def letters(self) -> list[str]:
        """The mails sent so far: headers, text, and attachments as `name (type)`, decoded."""
        return [_decoded(path) for path in sorted((self.folder / "outbox").glob("*.eml"))]

    def log(self, name: str) -> str:
        """What a process wrote."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def run(self, *command: str) -> None:
        """Run Python with `command` in the stack's environment, to its end. Raises AssertionError if it fails."""
        done = subprocess.run([sys.executable, *command], cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"

    def _start(self, name: str, *command: str) -> None:
        self.logs[name] = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.env, stdout=self.logs[name], stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def _answers(self, url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
