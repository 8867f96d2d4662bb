"""Bring the agencies' schemas up to the code's migrations, and only those that are behind.

What each schema has is read in one statement for hundreds of them. What is missing is planned once, and its operations
are run in each schema by several threads, each schema under an advisory lock of its own: two runs at once do nothing
twice. A schema that fails is reported and left as it was before the migration that failed; the others go on. DDL waits
briefly for its locks and tries again, so that a long query never makes the pages queue behind us.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from psycopg.errors import LockNotAvailable

from tenants import context, ddl
from tenants.models import Agency

CHUNK = 500  # schemas a statement: each takes two of the server's lock entries
SHARE = 20  # schemas a connection: a new one costs more than a small migration, and one that saw many grows
LOCK = 7_203  # first half of the advisory locks; the second is the schema's
LOCK_TIMEOUT = "3s"  # how long DDL waits for a table that is in use
TRIES = 5
Name = tuple[str, str]  # app and migration


@dataclass(frozen=True)
class Outcome:
    """What became of one schema."""

    schema: str
    applied: tuple[Name, ...] = ()
    error: str = ""  # the type only, and the migration: a message may carry a row


@dataclass(frozen=True)
class Survey:
    """What the schemas have, against what the code has."""

    current: int
    behind: dict[str, frozenset[Name]]  # by schema, what it lacks
    ahead: dict[str, frozenset[Name]]  # by schema, what the code does not know: a newer version was here
    missing: tuple[str, ...]  # agencies without tables


@dataclass(frozen=True)
class Step:
    """A migration with each of its operations and the states before and after it, ready for any number of schemas."""

    migration: Migration
    operations: tuple[tuple[Operation, ProjectState, ProjectState], ...]


def survey() -> Survey:
    """What each agency's schema has and lacks. Two statements for up to CHUNK agencies, one more for each further CHUNK."""
    context.leave()
    wanted = frozenset(_ordered())
    names = list(Agency.objects.order_by("pk").values_list("schema_name", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'django_migrations'"
        )
        there = {row[0] for row in cursor.fetchall()}
    behind, ahead, current = {}, {}, 0
    for schema, has in _applied([name for name in names if name in there]):
        if wanted - has:
            behind[schema] = wanted - has
        if has - wanted:
            ahead[schema] = has - wanted
        current += has == wanted
    return Survey(current, behind, ahead, tuple(name for name in names if name not in there))


def lacking(schema: str) -> frozenset[Name]:
    """What one agency's schema lacks of the code's migrations."""
    return frozenset(_ordered()) - dict(_applied([schema]))[schema]


def migrate_public() -> bool:
    """Bring public up to the code. Returns whether something was done."""
    context.leave()
    keeper: Any = connection.copy()  # the command below closes its connection, and would let go of a lock on it
    try:
        with _locked(context.PUBLIC, keeper):
            recorder = MigrationRecorder(connection)
            if recorder.has_table() and not set(_ordered()) - set(recorder.applied_migrations()):
                return False
            call_command("migrate_schemas", shared=True, verbosity=0, interactive=False)
    finally:
        keeper.close()
        context.leave()
    return True


def migrate(schemas: Iterable[str], *, threads: int) -> Iterator[Outcome]:
    """Bring those schemas up to the code, `threads` at a time; one outcome for each, as they end."""
    context.leave()
    agencies = list(Agency.objects.filter(schema_name__in=list(schemas)).order_by("pk"))
    plans = Plans()
    share = max(1, min(SHARE, len(agencies) // threads))
    parts = [agencies[start : start + share] for start in range(0, len(agencies), share)]

    def some(part: list[Agency]) -> list[Outcome]:
        try:
            return [migrate_one(agency, plans) for agency in part]
        finally:
            connection.close()  # this thread's own

    with ThreadPoolExecutor(max_workers=threads) as pool:
        for done in pool.map(some, parts):
            yield from done


def migrate_one(agency: Agency, plans: Plans) -> Outcome:
    """Bring one agency's schema up to the code, in this thread. Never raises for what is wrong in the schema."""
    done: list[Name] = []
    trying: Name | None = None
    try:
        with _locked(agency.schema_name, connection), context.in_agency(agency):
            # Read under the lock: another run may just have done it.
            lacks = frozenset(_ordered()) - dict(_applied([agency.schema_name]))[agency.schema_name]
            for step in plans.of(lacks):
                trying = (step.migration.app_label, step.migration.name)
                _apply_patiently(step)
                done.append(trying)
    except Exception as error:
        cause = error.__cause__ or error
        return Outcome(agency.schema_name, tuple(done), f"{type(cause).__name__}{f' in {trying[0]}.{trying[1]}' if trying else ''}")
    return Outcome(agency.schema_name, tuple(done))


class Plans:
    """The steps for a set of missing migrations, planned once for all schemas that lack the same."""

    def __init__(self) -> None:
        self._made: dict[frozenset[Name], list[Step]] = {}
        self._lock = threading.Lock()

    def of(self, lacks: frozenset[Name]) -> list[Step]:
        """The steps, in order."""
        if not lacks:
            return []
        with self._lock:
            if lacks not in self._made:
                self._made[lacks] = list(_steps(lacks))
            return self._made[lacks]


def _steps(lacks: frozenset[Name]) -> Iterator[Step]:
    state = ProjectState()
    for name, migration in _ordered().items():
        if name not in lacks:
            state = migration.mutate_state(state, preserve=False)
            continue
        operations, before = [], _ready(state.clone())
        for operation in migration.operations:
            operation.state_forwards(migration.app_label, state)
            after = _ready(state.clone())
            operations.append((operation, before, after))
            before = after
        yield Step(migration, tuple(operations))


def _ready(state: ProjectState) -> ProjectState:
    """The state with its models made, for any number of threads to read."""
    state.clear_delayed_apps_cache()
    _ = state.apps
    state.is_delayed = False
    return state


def _apply_patiently(step: Step) -> None:
    for tried in range(1, TRIES + 1):
        try:
            _apply(step)
        except OperationalError as error:
            # Only a table that was in use is worth another try, and only if nothing of the migration stays behind.
            if not isinstance(error.__cause__, LockNotAvailable) or not step.migration.atomic or tried == TRIES:
                raise
            time.sleep(tried * 0.5)
        else:
            return


def _apply(step: Step) -> None:
    migration = step.migration
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    try:
        # A transaction of ours around the editor: its own is left open when what it puts off to its end fails.
        with transaction.atomic() if migration.atomic else nullcontext(), connection.schema_editor(atomic=False) as editor:
            for operation, before, after in step.operations:
                with transaction.atomic() if operation.atomic and not migration.atomic else nullcontext():
                    operation.database_forwards(migration.app_label, editor, before, after)
            editor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", (migration.app_label, migration.name))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


@cache
def _ordered() -> dict[Name, Migration]:
    """Every migration of the code, each after those that it needs."""
    loader = MigrationLoader(None)
    found: dict[Name, Migration] = {}
    for leaf in sorted(loader.graph.leaf_nodes()):
        for name in loader.graph.forwards_plan(leaf):
            found.setdefault(name, loader.graph.nodes[name])
    return found


def _applied(names: list[str]) -> Iterator[tuple[str, frozenset[Name]]]:
    for start in range(0, len(names), CHUNK):
        parts = [
            f"SELECT '{name}', array_agg(app || ' ' || name) FROM \"{name}\".django_migrations"  # noqa: S608  (names of ours)
            for name in map(ddl.checked_name, names[start : start + CHUNK])
        ]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts))
            for schema, applied in cursor.fetchall():
                yield schema, frozenset((app, name) for app, _, name in (text.partition(" ") for text in applied or ()))


@contextmanager
def _locked(schema: str, on: Any) -> Iterator[None]:
    """Hold the schema's advisory lock on the connection `on`, waiting for whoever has it."""
    with on.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [LOCK, schema])
    try:
        yield
    finally:
        with on.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [LOCK, schema])
