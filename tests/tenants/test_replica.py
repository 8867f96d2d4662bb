"""Reports are read from a streaming replica: a real one of a server of its own, with two agencies whose rows have the same ids."""

from __future__ import annotations

import inspect
import logging
import os
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, InternalError, OperationalError, ProgrammingError, connection, connections, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from clientarea.models import BookFile, BookFileKind
from deploy.dev import servers
from deploy.dev.processes import Processes
from payments import desk_close
from payments.invoicing import desk as desk_invoices
from pqrs import desk_settings
from pqrs.models import CannedAnswer
from saas import figures
from saas.book import files as book_files
from saas.lib import clock, databases
from tenants import context, ddl, replica
from tenants.models import Agency
from tenants.replica import REPLICA, reading_reports

PASSWORD = "only-for-tests"
TITLE = "Saludo"
UNO, DOS = (Agency(pk=pk, slug=slug, name=slug.title(), schema_name=f"a_{slug}") for pk, slug in ((1, "uno"), (2, "dos")))


@dataclass(frozen=True)
class Pair:
    """A primary and its replica."""

    primary: dict[str, Any]
    replica: dict[str, Any]


def until(ready: Callable[[], bool]) -> None:
    """Wait for that, a minute at most."""
    end = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Pair]:
    """Both, with the agencies made. This thread's connection is the primary's meanwhile."""
    folder = tmp_path_factory.mktemp("replica")
    care, other = servers.caretaker(folder / "first"), servers.caretaker(folder / "second")
    found = servers.programs(Path(sys.executable), care)
    lasting = {"fsync": "off", "shared_preload_libraries": "", "max_connections": "20", "shared_buffers": "16MB"}
    usual = connections[DEFAULT_DB_ALIAS]
    with django_db_blocker.unblock(), Processes(folder / "logs") as processes:
        url = servers.start_postgres(processes, found, care, password=PASSWORD, options=lasting)
        values = databases.primary(url)
        until(lambda: speaks(values))
        subprocess.run(
            [found.postgres / "pg_basebackup", "-h", "127.0.0.1", "-p", str(values["PORT"]), "-U", "saas", "-D", other.home / "postgres",
             "-R", "-X", "stream", "-c", "fast", "--no-sync"],
            check=True, timeout=120, cwd=other.home, env={**os.environ, "PGPASSWORD": PASSWORD}, **other.options(),
        )  # fmt: skip
        copy = databases.replica(servers.start_postgres(processes, found, other, password=PASSWORD, options=lasting))
        until(lambda: speaks(copy))
        connections[DEFAULT_DB_ALIAS] = wrapper(values, DEFAULT_DB_ALIAS)
        try:
            for agency in (UNO, DOS):
                ddl.create_schema(agency.schema_name)
                with context.in_agency(agency):
                    CannedAnswer.objects.create(title=TITLE, text=agency.slug)
            yield Pair(values, copy)
        finally:
            connection.close()
            connections[DEFAULT_DB_ALIAS] = usual
            processes.stop_all()
            shutil.rmtree(care.home)
            shutil.rmtree(other.home)


def wrapper(values: dict[str, Any], alias: str) -> Any:
    """A connection as Django makes one, whatever the settings name."""
    usual = connections.settings[DEFAULT_DB_ALIAS]
    return type(connections[DEFAULT_DB_ALIAS])({**usual, **values, "OPTIONS": dict(values["OPTIONS"])}, alias)


def speaks(values: dict[str, Any]) -> bool:
    """Whether the server answers a query."""
    asked = wrapper(values, "asked")
    try:
        with asked.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        return False
    finally:
        asked.close()
    return True


@pytest.fixture
def copy(pair: Pair, monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any) -> Iterator[Any]:
    """The settings name the replica; this is its connection. What a test wrote is gone afterwards."""
    with django_db_blocker.unblock():
        yield from named(pair.replica, monkeypatch)
        for agency in (UNO, DOS):
            with context.in_agency(agency):
                CannedAnswer.objects.filter(title=TITLE).update(text=agency.slug)


def named(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A connection that the settings name `replica`, for a while."""
    monkeypatch.setitem(connections.settings, REPLICA, {**connections.settings[DEFAULT_DB_ALIAS], **values})
    monkeypatch.setitem(replica._rest, "until", 0.0)
    monkeypatch.setattr(replica, "PATIENCE", 60.0)  # a slow machine is no reason to read the primary
    monkeypatch.setattr(replica, "REST", 3600.0)
    made = connections[REPLICA] = wrapper(values, REPLICA)
    yield made
    made.close()
    del connections[REPLICA]


def read() -> tuple[str, str]:
    """What the agency's row says, and where it was read."""
    row = CannedAnswer.objects.get(title=TITLE)
    return row.text, str(row._state.db)


def write(text: str) -> None:
    """Say something else, on the primary."""
    CannedAnswer.objects.filter(title=TITLE).update(text=text)


def path_of(one: Any) -> str:
    """What a connection's server itself looks into."""
    with one.cursor() as cursor:
        cursor.execute("SHOW search_path")
        return str(cursor.fetchone()[0])


def test_what_was_written_before_the_block_is_read_in_it(copy: Any) -> None:
    with context.in_agency(UNO):
        for text in ("a", "b", "c"):
            write(text)
            with reading_reports():
                assert read() == (text, REPLICA)
            assert read() == (text, DEFAULT_DB_ALIAS)


def test_two_agencies_interleaved_leave_no_schema_behind(copy: Any) -> None:
    for agency in (UNO, DOS, UNO):
        with context.in_agency(agency):
            with reading_reports():
                assert (read(), path_of(copy)) == ((agency.slug, REPLICA), agency.schema_name)
            assert (copy.schema_name, path_of(copy)) == ("public", "public")
            with pytest.raises(ProgrammingError):  # the copy is in public, which has no such table
                CannedAnswer.objects.using(REPLICA).count()

    with context.in_agency(UNO), reading_reports():
        with context.in_public(), context.in_agency(DOS):
            assert read() == ("dos", DEFAULT_DB_ALIAS)  # not the block's agency: never the block's rows
            with reading_reports():
                assert read() == ("dos", REPLICA)
            assert read() == ("dos", DEFAULT_DB_ALIAS)
        assert read() == ("uno", REPLICA)
        with reading_reports():
            assert read() == ("uno", REPLICA)
        assert read() == ("uno", REPLICA)
    assert (copy.schema_name, path_of(copy), replica._reading.get()) == ("public", "public", None)


def test_an_error_leaves_nothing_behind_and_public_is_refused(copy: Any) -> None:
    with context.in_agency(UNO):
        with pytest.raises(CannedAnswer.DoesNotExist), reading_reports():
            CannedAnswer.objects.get(title="Nada")
        assert read() == ("uno", DEFAULT_DB_ALIAS)
    assert (copy.schema_name, path_of(copy), replica._reading.get()) == ("public", "public", None)
    with pytest.raises(context.WallError), reading_reports():
        pass


def test_writes_go_to_the_primary_and_the_replica_refuses_them(copy: Any) -> None:
    with context.in_agency(UNO):
        with reading_reports():
            row = CannedAnswer.objects.get(title=TITLE)
            row.text = "otro"
            row.save()
            with transaction.atomic():  # with what it has just written
                assert read() == ("otro", DEFAULT_DB_ALIAS)
            with pytest.raises(InternalError, match="read-only transaction"):
                CannedAnswer.objects.using(REPLICA).update(text="nunca")
            with pytest.raises(InternalError, match="read-only transaction"):
                CannedAnswer(title="Nunca", text="").save(using=REPLICA)
        row.text = "de nuevo"
        row.save()  # read from the copy, written to the primary
        assert list(CannedAnswer.objects.values_list("title", "text")) == [(TITLE, "de nuevo")]
        with transaction.atomic(), reading_reports():
            assert read() == ("de nuevo", DEFAULT_DB_ALIAS)
    with copy.cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone() == ("on",)


def test_one_that_is_behind_is_not_read_until_it_has_rested(
    pair: Pair, copy: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(replica, "PATIENCE", 0.1)
    by_hand = wrapper(pair.replica, "by_hand")
    try:
        with by_hand.cursor() as cursor, context.in_agency(UNO), caplog.at_level(logging.WARNING, replica.__name__):
            cursor.execute("SELECT pg_wal_replay_pause()")
            until(lambda: cursor.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",))
            write("nuevo")
            for _again in range(2):
                with reading_reports():
                    assert read() == ("nuevo", DEFAULT_DB_ALIAS)
            assert [record.getMessage() for record in caplog.records] == ["the replica is not read, the primary is: it is behind"]
            cursor.execute("SELECT pg_wal_replay_resume()")
            with reading_reports():
                assert read() == ("nuevo", DEFAULT_DB_ALIAS)  # it rests
            monkeypatch.setattr(replica, "PATIENCE", 60.0)
            monkeypatch.setitem(replica._rest, "until", 0.0)
            with reading_reports():
                assert read() == ("nuevo", REPLICA)
    finally:
        with by_hand.cursor() as cursor:
            cursor.execute("SELECT pg_wal_replay_resume()")
        by_hand.close()


def test_a_connection_that_was_cut_is_made_anew(pair: Pair, copy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand = wrapper(pair.replica, "by_hand")
    with context.in_agency(UNO):
        with reading_reports():
            assert read() == ("uno", REPLICA)
        with by_hand.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [copy.connection.info.backend_pid])
            assert cursor.fetchone() == (True,)
        by_hand.close()
        with reading_reports():
            assert read() == ("uno", DEFAULT_DB_ALIAS)
        monkeypatch.setitem(replica._rest, "until", 0.0)
        with reading_reports():
            assert read() == ("uno", REPLICA)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"PORT": 1}, "OperationalError"),
        ({"PASSWORD": "otra"}, "OperationalError"),
        ({"NAME": "postgres"}, "it is no replica of this database"),
        ({}, "it is no replica of this database"),
    ],
)
def test_one_that_cannot_be_asked_or_is_another_is_not_read(
    pair: Pair, change: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, django_db_blocker: Any
) -> None:
    values = {**(pair.replica if change else pair.primary), **change}  # the last: a primary, as a replica that was promoted
    with django_db_blocker.unblock(), caplog.at_level(logging.WARNING, replica.__name__):
        for _one in named(values, monkeypatch):
            with context.in_agency(UNO), reading_reports():
                assert read() == ("uno", DEFAULT_DB_ALIAS)
    assert [record.getMessage() for record in caplog.records] == [f"the replica is not read, the primary is: {why}"]


def test_the_settings_name_it_and_make_it_read_only(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {}
    for url in ("", "postgres://ana:cl%40ve@copia.example:6432/saas?sslmode=require&options=-c%20work_mem%3D8MB"):
        monkeypatch.setenv("DATABASE_REPLICA_URL", url)
        made = runpy.run_path(str(settings.BASE_DIR / "saas" / "settings.py"))["DATABASES"]
        assert list(made) == ([DEFAULT_DB_ALIAS, REPLICA] if url else [DEFAULT_DB_ALIAS])
    assert made[REPLICA] == {
        **made[DEFAULT_DB_ALIAS], "USER": "ana", "PASSWORD": "cl@ve", "HOST": "copia.example", "PORT": 6432, "NAME": "saas",
        "OPTIONS": {
            "connect_timeout": 2, "tcp_user_timeout": 5000, "sslmode": "require",
            "options": "-c work_mem=8MB -c default_transaction_read_only=on",
        },
    }  # fmt: skip


def test_without_one_nothing_is_asked(pair: Pair, django_db_blocker: Any) -> None:
    assert list(connections) == [DEFAULT_DB_ALIAS]
    with django_db_blocker.unblock(), context.in_agency(UNO):
        read()
        with CaptureQueriesContext(connection) as asked, reading_reports():
            assert read() == ("uno", DEFAULT_DB_ALIAS)
        assert len(asked) == 1


def test_the_lists_the_book_and_the_figures_are_read_from_it(copy: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(desk_settings, "render", lambda *parts: HttpResponse())  # the page's frame needs somebody who looks at it
    request = RequestFactory().get("/")
    now = clock.now()

    def book() -> None:
        file = BookFile.objects.create(kind=BookFileKind.EXPORT, asked_by_name="Ana", asked_at=now)
        book_files.make(file.pk, now=now)
        assert BookFile.objects.get().ready_at == now
        assert len(list(tmp_path.rglob("*.xlsx"))) == 1
        file.delete()

    def published() -> None:
        with pytest.raises(ProgrammingError, match="tenants_agencyfigures"):  # counted; there are no tables in public here
            figures.publish(UNO, now=now)

    reports: tuple[tuple[str, Callable[[], object]], ...] = (
        ("pqrs_case", lambda: inspect.unwrap(desk_settings.desk_case_report)(request)),
        ("payments_invoice", lambda: inspect.unwrap(desk_invoices.desk_invoices_file)(request, ending="csv")),
        ("payments_receipt", lambda: inspect.unwrap(desk_close.desk_close_file)(request, day="2026-11-23", ending="xlsx")),
        ("payments_payout", book),
        ("payments_payment", published),
    )
    for table, report in reports:
        with context.in_agency(UNO), CaptureQueriesContext(copy) as there, CaptureQueriesContext(connection) as here:
            report()
        assert [f'FROM "{table}"' in str(list(asked)) for asked in (there, here)] == [True, False], table
