"""What the stand-in's tests are made of: the running process, a shop that receives its callbacks, and a payer without a browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from payments.payu.gateway import PayU
from tests.payments.payu.samples import PUBLIC, checkout

ROOT = Path(__file__).resolve().parents[3]
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Answer:
    """An HTTP answer, errors included."""

    status: int
    text: str
    url: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def elements(self, **wanted: str) -> list[dict[str, str]]:
        """The attributes of the elements with these attributes (`testid` stands for data-testid)."""
        found = _Elements()
        found.feed(self.text)
        names = {name.replace("testid", "data-testid"): value for name, value in wanted.items()}
        return [each for each in found.all if all(each.get(name) == value for name, value in names.items())]

    def element(self, **wanted: str) -> dict[str, str]:
        (only,) = self.elements(**wanted)
        return only


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.all: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append({"tag": tag, **{name: value or "" for name, value in attrs}})


def send(url: str, *, data: bytes | None = None, content_type: str = "") -> Answer:
    """GET without data, POST with."""
    request = urllib.request.Request(url, data=data, headers={"Content-Type": content_type} if content_type else {})
    try:
        with _direct.open(request, timeout=20) as answer:
            return Answer(answer.status, answer.read().decode(), answer.url, dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode(), error.url, dict(error.headers))


def send_form(url: str, fields: dict[str, str]) -> Answer:
    """POST a form as a browser does, and follow where it leads."""
    return send(url, data=urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")


class StandIn:
    """The process."""

    def __init__(self, books: Path, port: int = 0) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("SAAS_", "DJANGO_", "PAYU_", "PYTEST"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "payments.sandbox", "--port", str(port), "--books", str(books)],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("PayU stand-in ready on http://localhost:"), line
        self.port = int(line.rsplit(":", 1)[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.checkout_url = f"{self.url}/ppp-web-gateway-payu/"
        self.reports_url = f"{self.url}/reports-api/4.0/service.cgi"
        self.payments_url = f"{self.url}/payments-api/4.0/service.cgi"

    def gateway(self) -> PayU:
        """The project's own gateway, at this stand-in."""
        return PayU(checkout_url=self.checkout_url, reports_url=self.reports_url, payments_url=self.payments_url)

    def control(self, path: str, data: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        """GET without data, POST with; the JSON of the answer."""
        body = None if data is None else json.dumps(data).encode()
        answer = send(f"{self.url}/_control/{path}", data=body, content_type="application/json")
        assert answer.status == status, answer.text
        return answer.json

    def ask(self, url: str, command: str, **more: Any) -> Any:
        """A question to one of the two APIs, with the published credentials unless others are given."""
        request = {"language": "es", "command": command, "merchant": {"apiLogin": PUBLIC.api_login, "apiKey": PUBLIC.api_key}, **more}
        answer = send(url, data=json.dumps(request).encode(), content_type="application/json")
        assert answer.status == 200
        return answer.json

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; the exit code and what it had still to say."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=15)
        return self.process.returncode, said


class Shop:
    """A merchant's server: keeps each callback as it came and answers 200, or what `answers` holds for the next ones."""

    def __init__(self) -> None:
        self.callbacks: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        self._news = threading.Condition()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with shop._news:
                    shop.callbacks.append((body, self.headers["Content-Type"]))
                    status = shop.answers.pop(0) if shop.answers else 200
                    shop._news.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int, *, seconds: float = 15) -> list[dict[str, str]]:
        """The callbacks' fields once there are `count`; fails if there are more or it takes too long."""
        with self._news:
            came = self._news.wait_for(lambda: len(self.callbacks) >= count, seconds)
            fields = [dict(parse_qsl(body.decode(), keep_blank_values=True)) for body, _ in self.callbacks]
        assert came, f"{len(fields)} of {count} callbacks came"
        assert len(fields) == count
        return fields

    def form(self, stand_in: StandIn, **changes: Any) -> dict[str, str]:
        """The form that the project makes for this shop, of 1 850 000 pesos unless changed."""
        urls = {"response_url": f"{self.url}/respuesta/", "confirmation_url": f"{self.url}/confirmacion/"}
        return stand_in.gateway().build_form(changes.pop("credentials", PUBLIC), checkout(**{**urls, **changes})).fields


def pay(stand_in: StandIn, form: dict[str, str], mean: str, outcome: str) -> Answer:
    """What a payer does on the page; returns the page with the result."""
    page = send_form(stand_in.checkout_url, form)
    assert page.status == 200, page.text
    return press_pay(page, mean, outcome)


def press_pay(page: Answer, mean: str, outcome: str) -> Answer:
    """Choose and press the button of a page that is open."""
    chosen = {page.element(testid=f"{name}-{key}")["name"]: key for name, key in (("mean", mean), ("outcome", outcome))}
    assert page.element(testid="pay")["tag"] == "button"
    return send_form(urljoin(page.url, page.element(method="post")["action"]), chosen)


def return_query(page: Answer) -> dict[str, str]:
    """The parameters that the result's link takes back to the shop."""
    return dict(parse_qsl(urlsplit(page.element(testid="return")["href"]).query, keep_blank_values=True))


def until(check: Callable[[], Any], *, seconds: float = 15) -> Any:
    """The first true answer of `check()`."""
    turn = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if found := check():
            return found
        turn.wait(0.05)
    raise AssertionError("it did not happen")
