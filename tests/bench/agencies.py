"""300 agencies measured: migrating with nothing to do and with a new column, beside django-tenants' own command; the operators'
list; what a database connection that has been in all of them weighs; and what a sweep costs where nobody has work.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = Callable[..., None]
COUNT = 300
STOCK = 20  # agencies that django-tenants' own command is tried on: it takes long
COLUMN = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [{before!r}]
    operations = [migrations.AddField("case", "bench", models.IntegerField(default=0))]
"""


def measure(row: Row) -> None:
    """Make the agencies, measure, and leave them: the database is thrown away."""
    from django.core.management import call_command

    from tenants import migrating
    from tenants.models import Agency

    _make()
    row(f"migrate_agencies, {COUNT} agencies with nothing to do", f"{_timed(lambda: _quietly('migrate_agencies')):.2f} s", "2 s for 1,000")
    few = list(Agency.objects.filter(slug__startswith="banco-").order_by("pk")[:STOCK])

    def stock() -> None:
        for agency in few:
            call_command("migrate_schemas", schema_name=agency.schema_name, tenant=True, verbosity=0, interactive=False)

    took = _timed(stock)
    row(f"the same by migrate_schemas of django-tenants, {STOCK} of them", f"{took:.1f} s ({took / STOCK * COUNT:.0f} s for {COUNT})")
    _weight(row)
    _list(row)
    _sweep(row)
    with _new_column():
        migrating._ordered.cache_clear()
        took = _timed(stock)
        row(f"a new column by migrate_schemas of django-tenants, {STOCK} of them", f"{took:.1f} s, {STOCK / took:.1f} agencies a second")
        migrating.migrate_public()
        left = COUNT - STOCK
        took = _timed(lambda: _quietly("migrate_agencies"))
        row(f"a new column by migrate_agencies, the other {left}", f"{took:.1f} s, {left / took:.0f} agencies a second", "20 a second")
    migrating._ordered.cache_clear()


def _make() -> None:
    from tenants import ddl
    from tenants.models import Agency, AgencyState, Domain, new_schema_name

    for number in range(COUNT):
        slug = f"banco-{number}"
        agency = Agency.objects.create(
            name=f"Banco de pruebas {number}", slug=slug, nit="900111222", nit_check="3", state=AgencyState.ACTIVE,
            schema_name=new_schema_name(),
        )  # fmt: skip
        ddl.create_schema(agency.schema_name)
        Domain.objects.create(domain=f"{slug}.localhost", tenant=agency, is_primary=True)


def _weight(row: Row) -> None:
    """Of this connection's backend: its memory contexts after visiting each agency with three queries of the portal."""
    from django.db import connection

    from clientarea.models import Client
    from payments.models import Invoice
    from pqrs.models import Case
    from tenants import context
    from tenants.models import Agency

    def weight() -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(total_bytes) FROM pg_backend_memory_contexts")
            return float(cursor.fetchone()[0]) / 1024 / 1024

    context.leave()
    connection.close()
    before = weight()
    agencies = list(Agency.objects.all())
    for agency in agencies:
        with context.in_agency(agency):
            for model in (Client, Invoice, Case):
                model._default_manager.count()
    context.leave()
    row(f"memory of a PostgreSQL backend after visiting {len(agencies)} agencies", f"{weight():.0f} MB ({before:.0f} MB before)")
    connection.close()


def _list(row: Row) -> None:
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client as Browser
    from django.test.utils import CaptureQueriesContext

    from tests.world import log_in

    operator = get_user_model().objects.get(role="operator")
    browser = Browser(headers={"host": settings.PLATFORM_HOST})
    log_in(browser, None, operator)
    browser.get("/superadmin/tenants/agency/")
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get("/superadmin/tenants/agency/")
    assert answer.status_code == 200, answer.status_code
    queries = len(asked)  # what is asked later would empty the list
    took = min(_timed(lambda: browser.get("/superadmin/tenants/agency/")) for _ in range(5))
    row("the operators' list of agencies", f"{took * 1000:.0f} ms, {queries} queries")


def _sweep(row: Row) -> None:
    """The beat's tick every two seconds, with nobody having work."""
    from saas.lib import clock
    from tenants.models import Bell
    from workers.sweep import sweep

    Bell.objects.all().delete()
    sweep(now=clock.now())
    began, ticks = time.process_time(), 200
    for _ in range(ticks):
        sweep(now=clock.now())
    each = (time.process_time() - began) / ticks
    row("a sweep with nobody having work", f"{each * 1000:.2f} ms of CPU: {each / 2 * 100:.2f} % of a core", "1 %")


@contextmanager
def _new_column() -> Iterator[None]:
    """One more migration of pqrs, for this process only: a package of its files and of one more."""
    from django.apps import apps
    from django.conf import settings
    from django.db.migrations.loader import MigrationLoader

    (before,) = MigrationLoader(None).graph.leaf_nodes("pqrs")
    real = Path(apps.get_app_config("pqrs").path) / "migrations"
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "bench_migrations"
        package.mkdir()
        (package / "__init__.py").write_text(f"__path__.append({str(real)!r})\n")
        (package / "9999_bench.py").write_text(COLUMN.format(before=before))
        sys.path.insert(0, folder)
        settings.MIGRATION_MODULES = {"pqrs": "bench_migrations"}
        try:
            yield
        finally:
            settings.MIGRATION_MODULES = {}
            sys.path.remove(folder)


def _quietly(name: str, **options: Any) -> None:
    from django.core.management import call_command

    call_command(name, stdout=io.StringIO(), stderr=io.StringIO(), **options)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
