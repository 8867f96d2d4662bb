"""Reports read from a copy of the database, where there is one (DATABASE_REPLICA_URL): `with reading_reports(): ...`.

Promises that a report is never older than its page: the copy is read only if it already has all that was on the primary's disk
when the block began, and else the primary is. A read goes to the copy only while both connections are in the same agency, outside
of a transaction. Writes, and SQL by hand, always go to the primary. No schema stays behind on the copy's connection.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections

from tenants import context

log = logging.getLogger(__name__)
REPLICA = "replica"
PATIENCE = 2.0  # seconds that a copy has to catch up
PAUSE = 0.02
REST = 30.0  # seconds that one which was away or behind is not asked again by this process
# Which database that is, in whichever cluster: a copy of another one would answer with another one's rows.
_WHICH = "(SELECT system_identifier FROM pg_control_system())::text || ' ' || current_database()"
_WRITTEN = f"SELECT {_WHICH}, pg_current_wal_flush_lsn()::text"  # noqa: S608  (a constant)
_REPLAYED = f"SELECT pg_is_in_recovery() AND {_WHICH} = %s, coalesce(pg_last_wal_replay_lsn() >= %s::pg_lsn, false)"  # noqa: S608
_reading: ContextVar[str | None] = ContextVar("reading_reports", default=None)  # the schema whose reports are read from the copy
_rest = {"until": 0.0}  # by the machine's own clock


class ReportsRouter:
    """Django's router: reads of `reading_reports` to the copy, all else to the primary, also of rows that came from the copy."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Where rows are read. In another agency than the block's, or in a transaction, that is the primary."""
        schema = _reading.get()
        here = context.connection
        return REPLICA if schema is not None and schema == here.schema_name and not here.in_atomic_block else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Where rows are written."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """Rows of the copy and of the primary are the same rows."""
        return True


@contextmanager
def reading_reports() -> Iterator[None]:
    """Read the agency that we are inside from the copy in this block, if there is one that is up to date. Raises WallError in public."""
    agency = context.current_agency()
    settled = _reading.get() == agency.schema_name or context.connection.in_atomic_block
    if settled or REPLICA not in connections or not _is_up_to_date():
        yield
        return
    with context.joined_by(connections[REPLICA]):
        token = _reading.set(agency.schema_name)
        try:
            yield
        finally:
            _reading.reset(token)


def _is_up_to_date() -> bool:
    """Whether the copy has all that the primary had when we asked, or gets it within PATIENCE. A line says why not."""
    if time.monotonic() < _rest["until"]:
        return False
    until = time.monotonic() + PATIENCE
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(_WRITTEN)
            which, written = cursor.fetchone()
        while True:
            with connections[REPLICA].cursor() as cursor:
                cursor.execute(_REPLAYED, [which, written])
                ours, has_it = cursor.fetchone()
            if not ours:
                why = "it is no replica of this database"
                break
            if has_it:
                return True
            if time.monotonic() >= until:
                why = "it is behind"
                break
            time.sleep(PAUSE)
    except Error as error:  # its text may name the server and its user
        connections[REPLICA].close()
        why = type(error).__name__
    _rest["until"] = time.monotonic() + REST
    log.warning("the replica is not read, the primary is: %s", why)
    return False
