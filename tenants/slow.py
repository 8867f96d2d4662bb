"""The statements of PostgreSQL that take longest, as its pg_stat_statements keeps them: their text with $1 where values were.

Where that is not kept, says so; then there is only what runs now, by its first words, since its text has its values. Reads the server's
own tables alone.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction

log = logging.getLogger(__name__)
MOST = 10
# PostgreSQL puts $1 in the place of values, but for rare statements that it forgot meanwhile: nothing that looks like one is shown.
_VALUES = re.compile(r"'[^']*'?|\b\d{5,}\b")
_KEPT = """
    SELECT query, sum(calls)::bigint, (sum(total_exec_time) / sum(calls))::float, max(max_exec_time)::float
    FROM {schema}.pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND calls > 0 AND query IS NOT NULL
    GROUP BY query ORDER BY 3 DESC LIMIT %s
"""
_RUNNING = r"""
    SELECT substring(query FROM '^\s*(\w+(?:\s+\w+){0,2})'), extract(epoch FROM now() - query_start)::float * 1000
    FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND now() - query_start > interval '1 second'
    ORDER BY 2 DESC LIMIT %s
"""


@dataclass(frozen=True)
class Statement:
    """A statement without its values; times in milliseconds. One that runs now has no count."""

    text: str
    calls: int | None
    mean: float
    worst: float


def statements(*, most: int = MOST) -> dict[str, Any]:
    """Whether the server keeps them (`kept`), and the slowest (`rows`): of all that ran, or else of what runs now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'"
        )
        found = cursor.fetchone()
        if found:
            try:
                with transaction.atomic():
                    cursor.execute(_KEPT.format(schema=found[0]), [most])
                    return {"kept": True, "rows": [Statement(_shown(row[0]), *row[1:]) for row in cursor.fetchall()]}
            except DatabaseError as error:  # made, but the server was not started with its library
                log.warning("health: pg_stat_statements, %s", type(error).__name__)
        cursor.execute(_RUNNING, [most])
        return {"kept": False, "rows": [Statement(text or "…", None, taken, taken) for text, taken in cursor.fetchall()]}


def _shown(text: str) -> str:
    return _VALUES.sub("…", " ".join(text.split()))[:300]
