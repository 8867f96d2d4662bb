"""Every page of the desk and of the client area, asked of the big agency: queries, and milliseconds at the server.

Through Django's test client, in this process: middleware, view and template, without the network. The median of five, after one
to warm up. A page that does not answer 200 is told as such.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

MOST_QUERIES, MOST_MS = 15, 300
TIMES = 5


def pages() -> dict[str, dict[str, str]]:
    """The addresses, by who asks: those of the pictures, and the details of a row in the middle."""
    from tests.journeys.pages import CLIENT, STAFF

    desk = {
        **STAFF,
        "owner with 60 units": "/oficina/clientes/1/", "renter": "/oficina/clientes/4500/", "unit": "/oficina/inmuebles/2500/",
        "lease": "/oficina/contratos/2500/", "payment": "/oficina/pagos/30001/", "case": "/oficina/pqrs/2026-000150/",
        "report of cases": "/oficina/pqrs/informe/", "overdue, a deep page": "/oficina/cartera-vencida/?page=200",
        "payments, a deep page": "/oficina/pagos/?page=1000", "clients, a deep page": "/oficina/clientes/?page=200",
        "search a name": "/oficina/buscar/?q=maria+penã", "search a number": "/oficina/buscar/?q=FA-30001",
        "search a client": "/oficina/clientes/?q=ibanez", "search an address": "/oficina/inmuebles/?q=calle+45",
        "search a lease": "/oficina/contratos/?q=CA-40", "search a payment": "/oficina/pagos/?q=penã",
    }  # fmt: skip
    portal = {
        **CLIENT, "invoice": "/area-de-clientes/facturas/30001/", "invoice to pay": "/area-de-clientes/facturas/30001/pagar/",
    }  # fmt: skip
    return {"staff": desk, "renter": portal, "owner": dict(CLIENT)}


def measure(agency: Any) -> list[tuple[str, str, int, int, float]]:
    """Who, page, status, queries and milliseconds, the slowest first."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client as Browser
    from django.test.utils import CaptureQueriesContext

    from saas.accounts.models import User
    from tenants import context
    from tests.bench.big_book import OWNER, RENTER, STAFF
    from tests.world import log_in

    settings.ALLOWED_HOSTS = ["*"]
    found = []
    for who, username in (("staff", STAFF), ("renter", RENTER), ("owner", OWNER)):
        context.leave()
        with context.in_agency(agency):
            user = User.objects.get(username=username)
        browser = Browser(headers={"host": f"{agency.slug}.{settings.PLATFORM_HOST}"})
        log_in(browser, agency, user)
        for name, address in pages()[who].items():
            if who == "renter" and name.startswith("invoice") and "30001" in address:
                with context.in_agency(agency):
                    owed = user.client.invoices.owed().order_by("-pk").values_list("pk", flat=True).first()
                address = address.replace("30001", str(owed))
            status = browser.get(address).status_code
            with CaptureQueriesContext(connection) as asked:
                browser.get(address)
            queries = [query["sql"] for query in asked if "search_path" not in query["sql"]]
            times = []
            for _ in range(TIMES):
                began = time.perf_counter()
                browser.get(address)
                times.append((time.perf_counter() - began) * 1000)
            found.append((who, f"{name} `{address}`", status, len(queries), statistics.median(times)))
    context.leave()
    return sorted(found, key=lambda row: -row[4])


def report(agency: Any) -> None:
    """Print the table in Markdown, the slowest first."""
    rows = measure(agency)
    over = [row for row in rows if row[3] > MOST_QUERIES or row[4] > MOST_MS]
    print(f"\n{len(rows)} pages; over {MOST_QUERIES} queries or {MOST_MS} ms: {len(over)}\n")
    print("| who | page | status | queries | ms |\n|---|---|---|---|---|")
    for who, name, status, queries, ms in rows:
        print(f"| {who} | {name} | {status} | {queries} | {ms:.0f} |", flush=True)
