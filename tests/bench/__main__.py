"""`make bench`: measure, beside a peer or a limit of the same run, on this noisy machine. Prints a table in Markdown.

Nothing here is a test: timings are read by people (docs/bench.md). Wrong answers during a load stop the bench.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.bench import agencies, money
from tests.bench.load import Request, Result, flat_out
from tests.journeys.stack import Stack

ROWS: list[tuple[str, str, str]] = []


def row(what: str, measured: str, aim: str = "") -> None:
    """Note one line of the table, and show it at once."""
    ROWS.append((what, measured, aim))
    print(f"| {what} | {measured} | {aim} |", flush=True)


def main() -> int:
    """Run everything; non-zero if a load got wrong answers."""
    redis_url = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path="/14"))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        stack = Stack(
            folder=Path(folder), database_server=os.environ["DATABASE_URL"], redis_url=redis_url,
            assets=os.environ["SAAS_ASSETS_DIR"],
        )  # fmt: skip
        del stack.env["PAYU_POLL_SECONDS"]  # the pace of the journeys would ask about each attempt every six seconds
        try:
            stack.start()
            os.environ.update(stack.env)
            import django

            django.setup()
            _machine()
            print("\n| what | measured | aim |\n|---|---|---|", flush=True)
            _provisioning()
            _switch()
            _receipt()
            _pages(stack)
            _money(stack)
            _month()
            agencies.measure(row)
            _big()
        finally:
            stack.stop()
    return 0


def _machine() -> None:
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?")
    packages = ", ".join(f"{name} {version(name)}" for name in ("Django", "django-tenants", "psycopg", "gunicorn", "celery", "weasyprint"))
    print(f"{platform.platform()}, {os.cpu_count()} cores ({cpu}), Python {platform.python_version()}; {packages}", flush=True)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _month() -> None:
    from tests.bench.month import LEASES, month

    seen, begun, issued = month()
    row(f"a month of {LEASES:,} leases: preview", f"{seen:.1f} s")
    row("the same issued, numbered and written, in batches", f"{begun + issued:.1f} s", "under 60 s")


def _provisioning() -> None:
    from django.core.management import call_command
    from django.db import connection

    from tenants.ddl import create_schema
    from tenants.models import new_schema_name

    def by_migrations(name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{name}"')
        call_command("migrate_schemas", schema_name=name, tenant=True, verbosity=0, interactive=False)

    names = [new_schema_name() for _ in range(8)]
    ours = [_timed(partial(create_schema, name)) for name in names[:5]]
    theirs = [_timed(partial(by_migrations, name)) for name in names[5:]]
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
    mine, stock = statistics.median(ours), statistics.median(theirs)
    row("an agency's schema, ready-made DDL", f"{mine:.3f} s")
    row("the same by django-tenants' migrations", f"{stock:.3f} s ({stock / mine:.1f} times ours)", "8 times")


def _switch() -> None:
    from django.db import connection

    from tenants import context, hosts
    from tenants.models import Agency

    agency = Agency.objects.get(slug="cordillera")
    host = "cordillera.localhost"

    def one() -> None:
        found = hosts.agency_at(host)
        assert found is not None
        context.enter(found)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        context.leave()

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    context.enter(agency)
    for work in (one, bare):
        context.leave()
        for _ in range(200):
            work()
    context.leave()
    whole = statistics.median(_timed(one) for _ in range(2000))
    context.enter(agency)
    query = statistics.median(_timed(bare) for _ in range(2000))
    context.leave()
    row("host and schema switch (beyond the query itself)", f"{(whole - query) * 1000:.3f} ms (a bare query: {query * 1000:.3f})", "0.15 ms")


def _receipt() -> None:
    from decimal import Decimal

    from payments import documents, receipts
    from payments.models import Receipt
    from tenants import context
    from tenants.models import Agency

    agency = Agency.objects.get(slug="cordillera")
    with context.in_agency(agency):
        receipt = Receipt.objects.select_related("payment", "client").first()
        assert receipt is not None
        receipt.content = {
            "client": "Rita", "client_document": "CC 1.001", "payer": "Rita", "payer_document": "CC 1.001", "paid_on": "2026-11-23",
            "means": "PSE", "reference": "P1-ABC", "cus": "123", "authorisation": "", "test": False,
            "lines": [["FA-1", "Canon de arrendamiento 11/2026", str(receipt.amount)]], "credit": str(Decimal(0)),
        }  # fmt: skip
        document = receipts.receipt_document(receipt, agency)
    for _ in range(3):
        documents.receipt_pdf(document)
    began = time.process_time()
    for _ in range(30):
        documents.receipt_pdf(document)
    row("a receipt's PDF", f"{(time.process_time() - began) / 30 * 1000:.0f} ms of CPU", "60 ms")


def _session(stack: Stack, slug: str) -> str:
    """A session cookie of a demo renter, made in the database as the login would."""
    from django.conf import settings
    from django.test import Client as Browser

    from saas.accounts.models import User
    from tenants import context
    from tenants.models import Agency
    from tests.world import log_in

    agency = Agency.objects.get(slug=slug)
    with context.in_agency(agency):
        user = User.objects.get(username=stack.people(slug, "inquilino")[0]["usuario"])
    browser = Browser()
    log_in(browser, agency, user)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={browser.cookies[name].value}"


def _show(what: str, result: Result, aim: str = "") -> None:
    if result.right != result.asked:
        raise SystemExit(f"{what}: {result.asked - result.right} of {result.asked} answers were wrong")
    row(
        what,
        f"{result.rate:.0f}/s; p50 {result.percentile(50):.1f}, p99 {result.percentile(99):.1f}, p99.9 {result.percentile(99.9):.1f} ms",
        aim,
    )


def _pages(stack: Stack) -> None:
    cookie = _session(stack, "cordillera")
    headers = {"Host": f"cordillera.localhost:{stack.port}", "Cookie": cookie}
    limit = {"Host": f"localhost:{stack.port}"}
    for what, path, sent in (
        ("limit: /livez under the same gunicorn", "/livez", limit),
        ("portal home", "/area-de-clientes/", headers),
        ("invoice list", "/area-de-clientes/facturas/", headers),
    ):
        make: Callable[[int], Request] = lambda n, path=path, sent=sent: ("GET", path, sent, None)  # noqa: E731
        flat_out(stack.port, make, seconds=1)
        _show(f"{what}, flat out", flat_out(stack.port, make, seconds=5))


def _money(stack: Stack) -> None:
    payer = money.Payer(stack)
    money.lag(stack, payer, row)
    money.after_emptying_redis(stack, payer, row)
    stack.kill("worker")  # what is measured is storing; settling has its own row
    stack.kill("beat")
    money.storing(stack, payer, row, _show)
    money.settling(payer, row)


def _big() -> None:
    """Every page of an agency as big as they come."""
    from saas.lib import clock
    from tests.bench import big_book, big_pages

    began = time.perf_counter()
    agency = big_book.make(now=clock.now())
    row("an agency of 5,000 leases and 120,000 invoices, filled for the next table", f"{time.perf_counter() - began:.0f} s", "60 s")
    big_pages.report(agency)


if __name__ == "__main__":
    sys.exit(main())
