"""Count what operators watch, every few minutes and for all schemas in few statements: the sums are left where
/internal/metrics reads them, each schema's own in public, where the superadmin reads them and alarms are raised from.

It reads counts, kinds of jobs and the names of errors; never an error's text, which may tell of a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.core.cache import caches
from django.db import connection
from django.db.models import Q

from saas import figures
from saas.internal import VITALS
from saas.lib import clock
from tenants import alarms, announcements, context, ddl, domain_watch, gone
from tenants.models import Agency, AgencyState
from tenants.platform_models import Pulse

CHUNK = 100  # schemas a statement
KEPT_SECONDS = 1200
WORST = 20  # agencies named in a label
# Each table is read once: planning, not reading, is what a thousand small schemas cost.
_JOBS = """
    SELECT count(*) FILTER (WHERE dead_at IS NULL) AS a, count(*) FILTER (WHERE dead_at IS NULL AND due_at < now() - interval '1 minute') AS b,
        count(*) FILTER (WHERE dead_at IS NOT NULL) AS c,
        COALESCE(extract(epoch FROM now() - min(due_at) FILTER (WHERE dead_at IS NULL AND due_at < now())), 0) AS d,
        count(*) FILTER (WHERE last_error LIKE 'Gateway%%') AS d2,
        count(*) FILTER (WHERE last_error LIKE 'NoSpace%%') AS d3
    FROM "{schema}".jobs_job WHERE done_at IS NULL"""
_CALLBACKS = """
    SELECT count(*) FILTER (WHERE state = 'new') AS e, count(*) FILTER (WHERE state = 'settled') AS f,
        count(*) FILTER (WHERE state = 'ignored') AS g, count(*) FILTER (WHERE state = 'quarantined') AS h,
        GREATEST(COALESCE(extract(epoch FROM max(COALESCE(processed_at, now()) - received_at)
            FILTER (WHERE received_at > now() - interval '1 hour' OR state = 'new')), 0), 0) AS i,
        count(*) FILTER (WHERE received_at > now() - interval '1 hour') AS j,
        (SELECT count(*) FROM "{schema}".payments_review WHERE closed_at IS NULL AND kind = 'difference') AS k,
        count(*) FILTER (WHERE reason = 'signature' AND attempt_id IS NOT NULL AND id > COALESCE((
            SELECT max(id) FROM "{schema}".payments_callback WHERE source = 'post' AND attempt_id IS NOT NULL AND state <> 'new'
                AND reason NOT IN ('signature', 'merchant', 'malformed')), 0)) AS l
    FROM "{schema}".payments_callback WHERE received_at > now() - interval '1 day' OR state = 'new'"""
_NO_CALLBACKS = """
    SELECT 0::bigint AS e, 0::bigint AS f, 0::bigint AS g, 0::bigint AS h, 0::numeric AS i, 0::bigint AS j, 0::bigint AS k, 0::bigint AS l"""
SUMS = ("jobs_waiting", "jobs_late", "jobs_dead", "callbacks_new", "callbacks_settled", "callbacks_ignored", "callbacks_quarantined")
LONGEST = ("jobs_late_seconds", "settlement_lag_seconds")
_COLUMNS = (
    "jobs_waiting", "jobs_late", "jobs_dead", "jobs_late_seconds", "gateway_errors", "no_space", "callbacks_new", "callbacks_settled",
    "callbacks_ignored", "callbacks_quarantined", "settlement_lag_seconds", "callbacks_hour", "differences", "signatures_wrong",
)  # fmt: skip
# Asked of the few schemas that have something to tell.
_KINDS = """
    SELECT kind, count(*) FILTER (WHERE dead_at IS NULL AND due_at < now()),
        count(*) FILTER (WHERE dead_at IS NULL AND due_at < now() - interval '1 minute'), count(*) FILTER (WHERE dead_at IS NOT NULL),
        COALESCE(max(substring(last_error FROM '^[A-Za-z]+(?=:|$)')), '')
    FROM "{schema}".jobs_job
    WHERE done_at IS NULL AND (dead_at IS NOT NULL OR due_at < now() OR last_error LIKE 'Gateway%%' OR last_error LIKE 'NoSpace%%')
    GROUP BY kind ORDER BY kind"""
_REASONS = """
    SELECT reason, count(*) FROM "{schema}".payments_callback
    WHERE state = 'quarantined' AND received_at > now() - interval '1 day' GROUP BY reason"""
ARMED = 50  # agencies whose figures are asked for at a time


def count(*, now: datetime) -> dict[str, Any]:
    """The sums over public and every agency's schema, and the agencies with most jobs set aside."""
    return sums(rows(), now=now)


def rows() -> list[dict[str, Any]]:
    """Each schema's counts."""
    context.leave()
    return list(_rows())


def sums(rows: list[dict[str, Any]], *, now: datetime) -> dict[str, Any]:
    """The counts of all schemas together."""
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
            cursor.execute(" UNION ALL ".join(parts[start : start + CHUNK]), [])
            for schema, *values in cursor.fetchall():
                yield {"schema": schema, **{name: float(value) for name, value in zip(_COLUMNS, values, strict=True)}}


def _part(schema: str, callbacks: str) -> str:
    return f"SELECT '{schema}', j.*, k.* FROM ({_JOBS}) j, ({callbacks}) k".format(schema=schema)  # noqa: S608  (names of ours)


def keep(rows: list[dict[str, Any]], *, now: datetime) -> list[Pulse]:
    """Publish each schema's counts, with what is behind those that are not quiet."""
    kept, lost = [], domain_watch.lost()
    for row in rows:
        schema = row["schema"]
        pulse = Pulse(schema_name=schema, counted_at=now, **{name: int(row[name]) for name in _COLUMNS})
        if row["jobs_late"] or row["jobs_dead"] or row["gateway_errors"] or row["no_space"]:
            pulse.kinds = [list(found) for found in _ask(_KINDS, schema)]
        if row["callbacks_quarantined"]:
            pulse.reasons = dict(_ask(_REASONS, schema))
        # A full disk is one trouble, and the operators': not one for each agency that has something to store.
        pulse.no_space = int(sum(other["no_space"] for other in rows)) if schema == context.PUBLIC else 0
        pulse.lost_domains = lost.get(schema, 0)
        pulse.gone_callbacks = gone.waiting() if schema == context.PUBLIC else 0
        kept.append(pulse)
    Pulse.objects.bulk_create(
        kept, batch_size=500, update_conflicts=True, unique_fields=["schema_name"],
        update_fields=[*_COLUMNS, "lost_domains", "gone_callbacks", "kinds", "reasons", "counted_at"],
    )  # fmt: skip
    return kept


def arm_figures(*, now: datetime) -> int:
    """Have the figures of agencies published that have none, or whose job has been silent for long. Returns of how many."""
    context.leave()
    silent = now - timedelta(seconds=2 * figures.IDLE_SECONDS)
    waiting = Agency.objects.exclude(state=AgencyState.CREATING).filter(Q(figures=None) | Q(figures__counted_at__lt=silent))
    chosen = list(waiting.order_by("pk")[:ARMED])
    for agency in chosen:
        figures.arm(agency, now=now)
    return len(chosen)


def _ask(statement: str, schema: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        # A parameter's list makes the driver read %% as %, as in the statements above.
        cursor.execute(statement.format(schema=ddl.checked_name(schema) if schema != context.PUBLIC else schema), [])
        return list(cursor.fetchall())


@shared_task(name="workers.vitals", ignore_result=True, expires=250)
def vitals_tick() -> None:
    """The beat's tick."""
    now = clock.now()
    found = rows()
    caches["hosts"].set(VITALS, sums(found, now=now), KEPT_SECONDS)
    alarms.look(keep(found, now=now), now=now)
    arm_figures(now=now)
    announcements.publish(now=now)  # an agency that opened since hears what is for all
