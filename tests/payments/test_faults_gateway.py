"""Row 18 of the fault table from end to end: a gateway that really answers 5xx, HTML, nothing, or half of it, asked by the job that asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from typing import cast as typed

import pytest

from payments import accounts
from payments.models import AttemptState, Callback, CallbackSource, Movement, Payment, PaymentState, Review
from payments.payu.gateway import PayU
from saas.jobs import run
from saas.jobs.models import Job
from tenants import context
from tests.payments.money import check_invariants, start
from tests.world import NOW, Casts


class Oddity(ThreadingHTTPServer):
    """A gateway that answers each question by its `trouble`, and counts them."""

    daemon_threads = True

    def __init__(self, trouble: str) -> None:
        self.trouble, self.asked, self.ended = trouble, 0, threading.Event()
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: Oddity

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.server.trouble == "silence":
            self.server.ended.wait(20)
            return
        self.send_response(503 if self.server.trouble == "503" else 200)
        self.send_header("Content-Type", "text/html" if self.server.trouble == "html" else "application/json")
        self.send_header("Content-Length", "1000" if self.server.trouble == "cut off" else "17")
        self.end_headers()
        self.wfile.write(b"<title>Uy</title>" if self.server.trouble == "html" else b'{"code":"DECLINE"')

    def log_message(self, *_said: Any) -> None:
        """Nothing."""


@pytest.fixture(params=["503", "html", "silence", "cut off"])
def odd(request: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Oddity]:
    """That gateway in PayU's place, which we wait for less than half a second."""
    server = Oddity(request.param)
    settings.PAYU_REPORTS_URL = f"http://127.0.0.1:{server.server_port}/reports-api/4.0/service.cgi"
    monkeypatch.setitem(accounts.GATEWAYS, "payu", lambda: replace(typed(PayU, accounts.gateway()), timeout=0.4))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_row_18_whatever_payu_answers_instead_is_unknown_and_it_is_asked_again(cast: Casts, odd: Oddity, monkeypatch: pytest.MonkeyPatch) -> None:
    with context.in_agency(cast.alfa.agency):
        attempt = start(cast.alfa)
        job = Job.objects.get(kind="payments.ask")
        monkeypatch.setattr("saas.lib.clock.now", lambda: job.due_at)
        for asked in (1, 2):
            now = job.due_at
            assert run.run_job(job.pk, now=now) is True
            job.refresh_from_db()
            assert (job.done_at, job.dead_at, job.attempts, odd.asked) == (None, None, 0, asked)
            assert job.due_at == now + timedelta(minutes=2)
        attempt.refresh_from_db()
        assert (attempt.state, attempt.credited, attempt.asked_times, Payment.objects.get().state) == (AttemptState.SENT, 0, 0, PaymentState.STARTED)
        assert not Movement.objects.exists()
        assert not Review.objects.exists()
        assert not Callback.objects.filter(source=CallbackSource.QUERY).exists()
        check_invariants()
    assert job.due_at > NOW
