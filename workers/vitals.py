"""Count what operators watch, once a minute and for all schemas in few statements, and leave the sums where
/internal/metrics reads them. It visits no agency and keeps no row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from celery import shared_task
from django.core.cache import caches
from django.db import connection

from saas.internal import VITALS
from saas.lib import clock
from tenants import context, ddl
from tenants.models import Agency

CHUNK = 100  # schemas a statement
KEPT_SECONDS = 600
WORST = 20  # agencies named in a label
_ONE = """
    SELECT '{schema}',
        (SELECT count(*) FROM "{schema}".jobs_job WHERE done_at IS NULL AND dead_at IS NULL),
        (SELECT count(*) FROM "{schema}".jobs_job WHERE done_at IS NULL AND dead_at IS NULL AND due_at < now() - interval '1 minute'),
        (SELECT count(*) FROM "{schema}".jobs_job WHERE dead_at IS NOT NULL),
        (SELECT COALESCE(extract(epoch FROM now() - min(due_at)), 0) FROM "{schema}".jobs_job
            WHERE done_at IS NULL AND dead_at IS NULL AND due_at < now())"""
_MONEY = """,
        (SELECT count(*) FROM "{schema}".payments_callback WHERE state = 'new'),
        (SELECT count(*) FROM "{schema}".payments_callback WHERE state = 'settled' AND received_at > now() - interval '1 day'),
        (SELECT count(*) FROM "{schema}".payments_callback WHERE state = 'ignored' AND received_at > now() - interval '1 day'),
        (SELECT count(*) FROM "{schema}".payments_callback WHERE state = 'quarantined' AND received_at > now() - interval '1 day'),
        (SELECT COALESCE(extract(epoch FROM max(COALESCE(processed_at, now()) - received_at)), 0) FROM "{schema}".payments_callback
            WHERE received_at > now() - interval '1 hour' OR state = 'new')"""
_NO_MONEY = ", 0, 0, 0, 0, 0"
SUMS = ("jobs_waiting", "jobs_late", "jobs_dead", "callbacks_new", "callbacks_settled", "callbacks_ignored", "callbacks_quarantined")
LONGEST = ("jobs_late_seconds", "settlement_lag_seconds")
_COLUMNS = (
    "jobs_waiting", "jobs_late", "jobs_dead", "jobs_late_seconds", "callbacks_new", "callbacks_settled", "callbacks_ignored",
    "callbacks_quarantined", "settlement_lag_seconds",
)  # fmt: skip


def count(*, now: datetime) -> dict[str, Any]:
    """The sums over public and every agency's schema, and the agencies with most jobs set aside."""
    context.leave()
    rows = list(_rows())
    found: dict[str, Any] = {name: sum(row[name] for row in rows) for name in SUMS}
    found.update({name: max(row[name] for row in rows) for name in LONGEST})
    dead = sorted(((row["schema"], row["jobs_dead"]) for row in rows if row["jobs_dead"]), key=lambda pair: -pair[1])
    return {**found, "agencies": len(rows) - 1, "worst": dead[:WORST], "counted_at": now.timestamp()}


def _rows() -> Iterator[dict[str, Any]]:
    names = [name for name in Agency.objects.order_by("pk").values_list("schema_name", flat=True) if ddl.schema_exists(name)]
    parts = [_ONE.format(schema=context.PUBLIC) + _NO_MONEY]
    parts += [(_ONE + _MONEY).format(schema=ddl.checked_name(name)) for name in names]
    for start in range(0, len(parts), CHUNK):
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts[start : start + CHUNK]))
            for schema, *values in cursor.fetchall():
                yield {"schema": schema, **{name: float(value) for name, value in zip(_COLUMNS, values, strict=True)}}


@shared_task(name="workers.vitals", ignore_result=True, expires=50)
def vitals_tick() -> None:
    """The beat's tick, every minute."""
    now = clock.now()
    caches["hosts"].set(VITALS, count(now=now), KEPT_SECONDS)
