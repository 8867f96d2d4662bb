"""The ready-made schema is the migrated one, to the letter."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from tenants import ddl, dump
from tests.tenants.catalog import describe

MADE, MIGRATED = "a_made00000000001", "a_migrated0000001"


@contextmanager
def recording() -> Iterator[list[str]]:
    """The SQL that is run meanwhile."""
    ran: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        ran.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield ran


def test_the_ready_made_sql_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("prepare_agency_ddl", check=True)
    assert capsys.readouterr().out == "agency.sql está al día.\n"


def test_changed_migrations_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    ddl.is_current.cache_clear()
    monkeypatch.setattr(ddl, "migrations_digest", lambda: "0" * 64)
    try:
        with pytest.raises(CommandError, match="no está al día"):
            call_command("prepare_agency_ddl", check=True)
    finally:
        ddl.is_current.cache_clear()


def test_the_digest_follows_names_and_contents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = ddl.migrations_digest()
    assert ddl.migrations_digest() == before
    real = ddl._file_of

    def changed(module_name: str) -> str:
        if module_name != "payments.migrations.0001_initial":
            return real(module_name)
        copy = shutil.copy(real(module_name), tmp_path / "copy.py")
        Path(copy).write_text(Path(copy).read_text() + "# more\n")
        return str(copy)

    monkeypatch.setattr(ddl, "_file_of", changed)
    assert ddl.migrations_digest() != before


def test_made_and_migrated_are_identical(db: None) -> None:
    ddl.create_schema(MADE)
    ddl.create_by_migrations(MIGRATED)
    made, migrated = describe(MADE), describe(MIGRATED)
    assert made.keys() == migrated.keys()
    for what in made:
        assert made[what] == migrated[what], what
    # And the comparison compared something.
    assert ("payments_receipt",) in made["tables"]
    assert ("payments", "0001_initial") in made["migrations"]
    assert len(made["columns"]) > 200
    assert len(made["constraints"]) > 60
    assert len(made["indexes"]) > 60


def test_migrating_a_made_schema_does_nothing(db: None) -> None:
    ddl.create_schema(MADE)
    before = describe(MADE), _rows(f'"{MADE}".django_migrations')
    with recording() as ran:
        call_command("migrate_schemas", schema_name=MADE, tenant=True, verbosity=0, interactive=False)
    assert (describe(MADE), _rows(f'"{MADE}".django_migrations')) == before
    assert [sql for sql in ran if sql.split()[0] not in ("SELECT", "SET", "SHOW")] == []


def test_new_rows_get_ids_that_are_free(db: None) -> None:
    ddl.create_schema(MADE)
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{MADE}".django_migrations (app, name, applied) VALUES (%s, %s, now()) RETURNING id', ["x", "y"])
        new = cursor.fetchone()[0]
        cursor.execute(f'SELECT count(*) FROM "{MADE}".django_migrations')
        assert new == cursor.fetchone()[0]


def test_it_is_one_query_and_leaves_the_search_path_alone(db: None) -> None:
    with recording() as ran:
        ddl.create_schema(MADE)
    assert [sql.split("\n")[0] for sql in ran if not sql.startswith("SET search_path")] == [f'CREATE SCHEMA "{MADE}";']
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schemas(false)")
        assert cursor.fetchone()[0] == ["public"]


def test_a_failure_leaves_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ddl.ready_made()
    monkeypatch.setattr(ddl, "ready_made", lambda: whole + "\nSELECT 1/0;")
    with pytest.raises(Exception, match="division by zero"), transaction.atomic():
        ddl.create_schema(MADE)
    assert not ddl.schema_exists(MADE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schemas(false)")
        assert cursor.fetchone()[0] == ["public"]


def test_a_failure_outside_a_transaction_leaves_nothing(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ddl.ready_made()
    monkeypatch.setattr(ddl, "ready_made", lambda: whole + "\nSELECT 1/0;")
    with pytest.raises(Exception, match="division by zero"):
        ddl.create_schema(MADE)
    assert not ddl.schema_exists(MADE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schemas(false)")
        assert cursor.fetchone()[0] == ["public"]


def test_a_schema_is_not_made_twice(db: None) -> None:
    ddl.create_schema(MADE)
    with pytest.raises(ProgrammingError, match="already exists"), transaction.atomic():
        ddl.create_schema(MADE)


@pytest.mark.parametrize("name", ["", "a", "public", "pg_toast", "Alfa", "a b", 'a";DROP SCHEMA public;--', "a-b", "1abc", "ñandu", "a" * 64])
def test_only_names_of_ours(name: str) -> None:
    with pytest.raises(ddl.SchemaNameError):
        ddl.create_schema(name)


def test_stale_sql_means_migrating(db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(ddl, "is_current", lambda: False)
    monkeypatch.setattr(ddl, "ready_made", lambda: pytest.fail("the stale SQL was used"))
    ddl.create_schema(MADE)
    assert ("payments_receipt",) in describe(MADE)["tables"]
    assert "run prepare_agency_ddl" in caplog.text


def test_what_is_only_pg_dump_s_is_taken_off() -> None:
    text = dump.normalised(
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 18.6\n-- Dumped by pg_dump version 18.6\n\n"
        "SET statement_timeout = 0;\nSET transaction_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n"
        'CREATE SCHEMA "a_x";\n\n\nSET default_tablespace = \'\';\n\n--\n-- Name: t; Type: TABLE; Schema: a_x; Owner: -\n--\n\n'
        'CREATE TABLE "a_x"."t" (\n    "id" bigint NOT NULL\n);\n\n\n'
        "SELECT pg_catalog.setval('\"a_x\".\"t_id_seq\"', 1, false);\nSELECT pg_catalog.setval('\"a_x\".\"u_id_seq\"', 7, true);\n"
        "CHECK (((\"role\")::\"text\" = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::\"text\"[])));\n"
        "INSERT INTO \"a_x\".\"t\" VALUES ('2000-01-01 00:00:00+00');\n\\unrestrict abc\n",
        "a_x",
    )
    assert text.split("\n\n", 1)[1] == (
        'CREATE TABLE "t" (\n    "id" bigint NOT NULL\n);\n\n'
        "SELECT pg_catalog.setval('\"u_id_seq\"', 7, true);\n"
        "CHECK ((\"role\" IN ('a', 'it''s')));\nINSERT INTO \"t\" VALUES (now());\n"
    )
    with pytest.raises(dump.DumpError, match="name is left"):
        dump.normalised("SELECT 'a_x';", "a_x")


def _rows(table: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
        return cursor.fetchall()


def test_preparing_anew_gives_the_file_as_it_is(committed: None) -> None:
    try:
        dump._pg_dump()
    except dump.DumpError as error:
        pytest.skip(str(error))
    assert dump.prepare() == ddl.ready_made()
