"""Count what operators watch, every few minutes and for all schemas in few statements, and leave the sums where
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
KEPT_SECONDS = 1200
WORST = 20  # agencies named in a label
# Each table is read once: planning, not reading, is what a thousand small schemas cost.
_JOBS = """
    SELECT count(*) FILTER (WHERE dead_at IS NULL) AS a, count(*) FILTER (WHERE dead_at IS NULL AND due_at < now() - interval '1 minute') AS b,
        count(*) FILTER (WHERE dead_at IS NOT NULL) AS c,
        COALESCE(extract(epoch FROM now() - min(due_at) FILTER (WHERE dead_at IS NULL AND due_at < now())), 0) AS d
    FROM "{schema}".jobs_job WHERE done_at IS NULL"""
_CALLBACKS = """
    SELECT count(*) FILTER (WHERE state = 'new') AS e, count(*) FILTER (WHERE state = 'settled') AS f,
        count(*) FILTER (WHERE state = 'ignored') AS g, count(*) FILTER (WHERE state = 'quarantined') AS h,
        COALESCE(extract(epoch FROM max(COALESCE(processed_at, now()) - received_at)
            FILTER (WHERE received_at > now() - interval '1 hour' OR state = 'new')), 0) AS i
    FROM "{schema}".payments_callback WHERE received_at > now() - interval '1 day' OR state = 'new'"""
_NO_CALLBACKS = "SELECT 0::bigint AS e, 0::bigint AS f, 0::bigint AS g, 0::bigint AS h, 0::numeric AS i"
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace")
        there = {row[0] for row in cursor.fetchall()}
    names = [name for name in Agency.objects.order_by("pk").values_list("schema_name", flat=True) if name in there]
    parts = [_part(context.PUBLIC, _NO_CALLBACKS), *(_part(ddl.checked_name(name), _CALLBACKS) for name in names)]
    for start in range(0, len(parts), CHUNK):
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts[start : start + CHUNK]))
            for schema, *values in cursor.fetchall():
                yield {"schema": schema, **{name: float(value) for name, value in zip(_COLUMNS, values, strict=True)}}


def _part(schema: str, callbacks: str) -> str:
    return f"SELECT '{schema}', j.*, k.* FROM ({_JOBS}) j, ({callbacks}) k".format(schema=schema)  # noqa: S608  (names of ours)


@shared_task(name="workers.vitals", ignore_result=True, expires=250)
def vitals_tick() -> None:
    """The beat's tick."""
    now = clock.now()
    caches["hosts"].set(VITALS, count(now=now), KEPT_SECONDS)
