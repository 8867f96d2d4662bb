"""Ask for work. The job's row, and the bell that says its schema has work, are written in the caller's transaction."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, transaction

from saas.lib.here import current_schema

log = logging.getLogger(__name__)
NUDGE = "workers.run_job"
_ALONE = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}  # nothing comes after a nudge
# For a fact that is one statement with its job: the parts of a WITH that ask for the jobs in `asked (kind, key, payload)`, due at
# %(now)s. `job (id)` has those that are new; each must be nudged after the commit. {schema} is the agency's, quoted, %(schema)s
# its name: with it the statement finds its tables from wherever the connection is.
JOBS_ASKED = """
    job AS (
        INSERT INTO {schema}.jobs_job (kind, key, payload, created_at, due_at, attempts, last_error)
        SELECT kind, key, payload, %(now)s, %(now)s, 0, '' FROM asked
        ON CONFLICT (kind, key) DO NOTHING RETURNING id
    ), bell AS (
        INSERT INTO public.tenants_bell (schema_name, due_at) SELECT %(schema)s, %(now)s FROM job
    )
"""


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
        nudge_after_commit(schema, row[0])
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
        nudge_after_commit(schema, job)


def ring(due_at: datetime) -> None:
    """Say in public that the current schema has work due at `due_at`: the sweep visits only schemas that rang."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.tenants_bell (schema_name, due_at) VALUES (%s, %s)", [current_schema(), due_at]
        )


def nudge_after_commit(schema: str, job_id: int) -> None:
    """Tell a worker as soon as the transaction that wrote the job is there for it to see."""
    transaction.on_commit(lambda: nudge(schema, job_id))


def nudge(schema: str, job_id: int) -> None:
    """Tell a worker at once. It carries the schema and the job's id, nothing else; if it is lost the sweep comes.

    The message is that of `send_task` (version 2 of Celery's protocol) without what nobody here reads: `send_task` spends as long on
    the rest of it as PostgreSQL on storing what is told of.
    """
    made = str(uuid.uuid4())
    about = {"lang": "py", "task": NUDGE, "id": made, "root_id": made, "parent_id": None, "group": None, "ignore_result": True}
    try:
        with current_app.producer_pool.acquire(block=True) as producer:
            producer.publish(
                ([schema, job_id], {}, _ALONE), exchange="", routing_key=settings.CELERY_TASK_DEFAULT_QUEUE, serializer="json",
                headers=about, correlation_id=made, retry=False,
            )  # fmt: skip
    except Exception as error:  # whatever the broker's trouble is, the row is there and the sweep will find it
        log.warning("no nudge for %s job %s: %s", schema, job_id, type(error).__name__)
