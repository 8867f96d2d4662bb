"""Ask for work. The job's row, and the bell that says its schema has work, are written in the caller's transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from celery import current_app
from django.db import connection, transaction

from saas.lib.here import current_schema

log = logging.getLogger(__name__)
NUDGE = "workers.run_job"


def defer(kind: str, key: str, *, now: datetime, due_at: datetime | None = None, **payload: Any) -> bool:
    """Ask once for the job (kind, key), due at `due_at` (UTC; now if None). `payload` holds ids, never personal data.

    Returns whether the job is new; asking again for the same (kind, key) does nothing. Must be called in the
    transaction of the fact that asks for it; raises TransactionManagementError outside one.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("defer() belongs in the transaction of the fact that asks for it")
    due = due_at or now
    schema = current_schema()
    with connection.cursor() as cursor:
        # One statement: the row, if it is new, and its bell.
        cursor.execute(
            """
            WITH job AS (
                INSERT INTO jobs_job (kind, key, payload, created_at, due_at, attempts, last_error)
                VALUES (%s, %s, %s, %s, %s, 0, '')
                ON CONFLICT (kind, key) DO NOTHING RETURNING id, due_at
            ), bell AS (
                INSERT INTO public.tenants_bell (schema_name, due_at) SELECT %s, due_at FROM job
            )
            SELECT id FROM job
            """,
            [kind, key, json.dumps(payload), now, due, schema],
        )
        row = cursor.fetchone()
    if row is None:
        return False
    if due <= now:
        transaction.on_commit(lambda: nudge(schema, row[0]))
    return True


def defer_all(kind: str, jobs: Sequence[tuple[str, Mapping[str, Any]]], *, now: datetime) -> None:
    """`defer` for many jobs that are due now (key and payload of each), in one statement and with one bell."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("defer_all() belongs in the transaction of the fact that asks for it")
    schema = current_schema()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH job AS (
                INSERT INTO jobs_job (kind, key, payload, created_at, due_at, attempts, last_error)
                SELECT %s, asked.key, asked.payload::jsonb, %s, %s, 0, '' FROM unnest(%s::text[], %s::text[]) AS asked (key, payload)
                ON CONFLICT (kind, key) DO NOTHING RETURNING id
            ), bell AS (
                INSERT INTO public.tenants_bell (schema_name, due_at) SELECT %s, %s WHERE EXISTS (SELECT 1 FROM job)
            )
            SELECT id FROM job ORDER BY id
            """,
            [kind, now, now, [key for key, _payload in jobs], [json.dumps(payload) for _key, payload in jobs], schema, now],
        )
        made = [row[0] for row in cursor.fetchall()]
    for job in made:
        transaction.on_commit(partial(nudge, schema, job))


def ring(due_at: datetime) -> None:
    """Say in public that the current schema has work due at `due_at`: the sweep visits only schemas that rang."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.tenants_bell (schema_name, due_at) VALUES (%s, %s)", [current_schema(), due_at]
        )


def nudge(schema: str, job_id: int) -> None:
    """Tell a worker at once. It carries the schema and the job's id, nothing else; if it is lost the sweep comes."""
    try:
        current_app.send_task(NUDGE, args=[schema, job_id], retry=False)
    except Exception as error:  # whatever the broker's trouble is, the row is there and the sweep will find it
        log.warning("no nudge for %s job %s: %s", schema, job_id, type(error).__name__)
