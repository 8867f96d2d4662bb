"""Find the work that nobody was told of, without visiting idle agencies.

Each job rings a bell in public when it is written. A sweep visits only the schemas whose bell is due, offers their due
jobs again, and leaves one bell for the next time. Rarely, a full round visits all, in case a bell was ever lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.db import connection, transaction

from saas.jobs.run import offer_due
from saas.lib import clock
from tenants import context
from tenants.models import Agency, Bell

log = logging.getLogger(__name__)
SWEEP_LOCK = 7_201  # an advisory lock: of several sweeps at once, one works
ROUND_LOCK = 7_202


def _visit(schema: str, *, now: datetime) -> datetime | None:
    """Offer what is due in a schema; when to come back, or None."""
    if schema == context.PUBLIC:
        return offer_due(now=now)
    agency = Agency.objects.filter(schema_name=schema).first()
    if agency is None:
        return None
    with context.in_agency(agency):
        return offer_due(now=now)


def sweep(*, now: datetime) -> int:
    """Visit the schemas whose bell is due. Returns how many were visited."""
    context.leave()
    rung = _last_bells(now)
    for schema, last in rung:
        try:
            again = _visit(schema, now=now)
        except Exception as error:
            # One agency's trouble must not silence the others; its bells stay and are heard next time.
            log.exception("sweep of %s: %s", schema, type(error).__name__)
            continue
        with transaction.atomic():
            # Only the bells that we heard: one rung meanwhile stays.
            Bell.objects.filter(schema_name=schema, due_at__lte=now, pk__lte=last).delete()
            if again is not None:
                Bell.objects.create(schema_name=schema, due_at=again)
    return len(rung)


def full_round(*, now: datetime) -> int:
    """Visit every schema. Returns how many had work."""
    context.leave()
    busy = 0
    for schema in [context.PUBLIC, *Agency.objects.values_list("schema_name", flat=True)]:
        try:
            again = _visit(schema, now=now)
        except Exception as error:
            log.exception("round, %s: %s", schema, type(error).__name__)
            continue
        if again is not None:
            busy += 1
            Bell.objects.create(schema_name=schema, due_at=again)
    return busy


def _last_bells(now: datetime) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name, max(id) FROM tenants_bell WHERE due_at <= %s GROUP BY schema_name", [now]
        )
        return cursor.fetchall()


def _alone(lock: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        return bool(cursor.fetchone()[0])


def _release(lock: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


@shared_task(name="workers.sweep", ignore_result=True, expires=10)
def sweep_tick() -> None:
    """The beat's tick, every two seconds."""
    run_alone(SWEEP_LOCK, sweep)


@shared_task(name="workers.full_round", ignore_result=True, expires=300)
def round_tick() -> None:
    """The rare visit to all."""
    run_alone(ROUND_LOCK, full_round)


def run_alone(lock: int, work: Callable[..., int]) -> None:
    """Do `work` unless somebody does it already."""
    context.leave()
    if not _alone(lock):
        return
    try:
        work(now=clock.now())
    finally:
        context.leave()
        _release(lock)
