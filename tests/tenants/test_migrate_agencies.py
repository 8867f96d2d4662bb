"""`migrate_agencies`: only what is behind, each schema by itself, whatever another does. Real commits, several connections."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tenants import context, ddl, migrating
from tenants.models import Agency, AgencyState, Domain
from tests.tenants.catalog import describe

COUNT = 4
PQRS = frozenset({name for name in migrating._ordered() if name[0] == "pqrs"})


@pytest.fixture
def agencies(committed: None) -> Iterator[list[Agency]]:
    """Four agencies with schemas of their own, really committed, and taken away afterwards."""
    made = []
    for number in range(COUNT):
        agency = Agency.objects.create(
            name=f"Migra {number}", slug=f"migra-{number}", nit=f"90000000{number}", nit_check="1", schema_name=f"a_migra{number}",
            state=AgencyState.ACTIVE,
        )  # fmt: skip
        ddl.create_schema(agency.schema_name)
        made.append(agency)
    yield made
    context.leave()
    for agency in made:
        execute(f'DROP SCHEMA IF EXISTS "{agency.schema_name}" CASCADE')
        Domain.objects.filter(tenant=agency).delete()
        Agency.objects.filter(pk=agency.pk).delete()


def execute(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def set_back(agency: Agency, *, keep_tables: bool = False) -> None:
    """Take pqrs out of a schema, as if its migrations were new. With its tables kept, they cannot run."""
    schema = agency.schema_name
    execute(f"DELETE FROM \"{schema}\".django_migrations WHERE app = 'pqrs'")
    if not keep_tables:
        for (table,) in execute(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' AND tablename LIKE 'pqrs_%'"):
            execute(f'DROP TABLE "{schema}"."{table}" CASCADE')
        for (function,) in execute(
            f"SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            f" WHERE n.nspname = '{schema}' AND p.proname LIKE 'pqrs_%'"
        ):
            execute(f"DROP FUNCTION {function}")


def structure(schema: str) -> dict[str, Any]:
    # The order of pg_dump's and of the migrations' columns is one; names of rows of django_migrations are compared apart.
    return {name: rows for name, rows in describe(schema).items() if name != "sequences"}


def run(**options: Any) -> str:
    out = io.StringIO()
    call_command("migrate_agencies", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_new_agencies_are_never_behind(alfa: Agency, beta: Agency) -> None:
    found = migrating.survey()
    assert (found.current, found.behind, found.ahead, found.missing) == (2, {}, {}, ())


def test_nothing_to_do_asks_in_two_statements(agencies: list[Agency], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):  # the agencies, the catalog, and all schemas at once
        found = migrating.survey()
    assert (found.behind, found.ahead, found.missing) == ({}, {}, ())
    assert found.current == Agency.objects.count()
    assert f"{found.current} al día, 0 actualizadas, 0 con error" in run()


def test_those_behind_become_like_the_others(agencies: list[Agency]) -> None:
    for agency in agencies[:3]:
        set_back(agency)
    assert migrating.survey().behind == {agency.schema_name: PQRS for agency in agencies[:3]}
    with pytest.raises(CommandError, match="atrasados"):
        run(check=True)
    assert "3 actualizadas, 0 con error" in run(threads=3)
    like = structure(agencies[3].schema_name)
    for agency in agencies[:3]:
        assert structure(agency.schema_name) == like
    assert "0 actualizadas" in run()


def test_public_is_brought_up_too(committed: None) -> None:
    # The tables of pqrs are not in public: there its migration changes nothing but the record.
    execute("DELETE FROM public.django_migrations WHERE app = 'pqrs'")
    assert run().startswith("public: actualizado\n")
    assert execute("SELECT name FROM public.django_migrations WHERE app = 'pqrs' ORDER BY 1") == sorted((name,) for _, name in PQRS)
    assert "public" not in run()


def test_one_that_fails_stays_as_it_was_and_the_others_go_on(agencies: list[Agency]) -> None:
    set_back(agencies[0])
    set_back(agencies[1], keep_tables=True)
    set_back(agencies[2])
    before = describe(agencies[1].schema_name)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 inmobiliarias quedaron atrasadas"):
        call_command("migrate_agencies", stdout=out, stderr=out)
    assert "a_migra1: falló, DuplicateTable in pqrs.0001_initial; aplicadas antes: 0" in out.getvalue()
    assert "2 actualizadas, 1 con error" in out.getvalue()
    assert describe(agencies[1].schema_name) == before
    assert set(migrating.survey().behind) == {"a_migra1"}


def test_two_runs_at_once_do_nothing_twice(agencies: list[Agency]) -> None:
    for agency in agencies:
        set_back(agency)
    outcomes: list[migrating.Outcome] = []

    def go() -> None:
        try:
            outcomes.extend(migrating.migrate([agency.schema_name for agency in agencies], threads=2))
        finally:
            connection.close()

    both = [threading.Thread(target=go) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert [outcome.error for outcome in outcomes] == [""] * (2 * COUNT)
    assert sorted(name for outcome in outcomes for name in outcome.applied) == sorted(list(PQRS) * COUNT)


def test_a_table_in_use_is_waited_for_briefly_and_tried_again(agencies: list[Agency], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "LOCK_TIMEOUT", "200ms")
    agency = agencies[0]
    set_back(agency)
    other: Any = connection.copy()
    other.inc_thread_sharing()  # the lock is let go of by the thread that waits for it
    waits: list[float] = []

    def let_go(seconds: float) -> None:
        waits.append(seconds)
        other.rollback()

    monkeypatch.setattr(migrating.time, "sleep", let_go)
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(f'LOCK TABLE "{agency.schema_name}".clientarea_client IN ACCESS EXCLUSIVE MODE')
        (outcome,) = migrating.migrate([agency.schema_name], threads=1)
    finally:
        other.rollback()
        other.close()
    assert (outcome.error, set(outcome.applied)) == ("", set(PQRS))
    assert waits == [0.5]


def test_a_schema_of_a_newer_version_is_said_and_not_touched(agencies: list[Agency]) -> None:
    execute("INSERT INTO a_migra0.django_migrations (app, name, applied) VALUES ('pqrs', '9999_future', now())")
    assert migrating.survey().ahead == {"a_migra0": frozenset({("pqrs", "9999_future")})}
    assert "a_migra0: tiene 1 migraciones que este código no conoce; no se toca" in run()


def test_an_agency_without_tables_is_named(agencies: list[Agency]) -> None:
    execute('DROP SCHEMA "a_migra2" CASCADE')
    assert migrating.survey().missing == ("a_migra2",)
    assert "a_migra2: no tiene tablas" in run()
