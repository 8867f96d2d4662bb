"""Jobs as rows: asked for once, claimed by one, retried, set aside, found without a nudge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection, transaction

from saas.celery import app as celery_app
from saas.jobs import run
from saas.jobs.defer import defer, ring
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Later, Permanent, Task
from tenants import context
from tenants.models import Agency, Bell
from tests.world import NOW
from workers import base, sweep


@pytest.fixture
def done() -> Iterator[list[Task]]:
    """A kind of job, "test.note", that notes its tasks."""
    tasks: list[Task] = []
    HANDLERS["test.note"] = tasks.append
    yield tasks
    del HANDLERS["test.note"]


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The nudges that would go to Redis."""
    sent: list[tuple[str, int]] = []
    for module in ("saas.jobs.defer", "saas.jobs.run"):
        monkeypatch.setattr(f"{module}.nudge", lambda schema, job_id: sent.append((schema, job_id)))
    return sent


def test_asking_twice_is_asking_once(inside_alfa: Agency) -> None:
    assert defer("test.note", "a", now=NOW, client_id=1) is True
    assert defer("test.note", "a", now=NOW, client_id=2) is False
    job = Job.objects.get()
    assert (job.payload, job.due_at) == ({"client_id": 1}, NOW)
    with context.in_public():
        assert list(Bell.objects.filter(schema_name=inside_alfa.schema_name).values_list("due_at", flat=True)) == [NOW]


def test_asking_outside_a_transaction_is_refused(committed: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        defer("test.note", "a", now=NOW)
    assert not Job.objects.exists()


def test_it_runs_once(inside_alfa: Agency, done: list[Task]) -> None:
    defer("test.note", "a", now=NOW, x=1)
    job = Job.objects.get()
    assert run.run_job(job.pk, now=NOW) is True
    assert run.run_job(job.pk, now=NOW) is False
    assert [(task.key, task.payload, task.attempts) for task in done] == [("a", {"x": 1}, 1)]
    job.refresh_from_db()
    assert (job.done_at, job.lease_until) == (NOW, None)


def test_it_waits_until_it_is_due(inside_alfa: Agency, done: list[Task]) -> None:
    defer("test.note", "a", now=NOW, due_at=NOW + timedelta(hours=1))
    job = Job.objects.get()
    assert run.run_job(job.pk, now=NOW + timedelta(minutes=59)) is False
    assert run.run_job(job.pk, now=NOW + timedelta(hours=1)) is True
    assert len(done) == 1


def test_a_lease_keeps_others_away_until_it_ends(inside_alfa: Agency, done: list[Task]) -> None:
    defer("test.note", "a", now=NOW)
    Job.objects.update(lease_until=NOW + run.LEASE)  # somebody has it, and died
    job_id = Job.objects.get().pk
    assert run.run_job(job_id, now=NOW + timedelta(seconds=1)) is False
    assert run.run_job(job_id, now=NOW + run.LEASE + timedelta(seconds=1)) is True
    assert len(done) == 1


def test_a_failure_is_kept_and_tried_again_later(inside_alfa: Agency) -> None:
    def fail(task: Task) -> None:
        raise ValueError("not today")

    HANDLERS["test.fail"] = fail
    try:
        defer("test.fail", "a", now=NOW)
        job = Job.objects.get()
        moment = NOW
        for attempt in range(1, run.MAX_ATTEMPTS + 1):
            assert run.run_job(job.pk, now=moment) is True
            job.refresh_from_db()
            assert (job.attempts, job.last_error.partition(" [")[0]) == (attempt, "ValueError: not today")
            moment = job.due_at
        assert job.dead_at is not None
        assert run.run_job(job.pk, now=moment + timedelta(days=1)) is False
        run.replay(job.pk, now=moment)
        job.refresh_from_db()
        assert (job.dead_at, job.attempts, job.due_at) == (None, 0, moment)
    finally:
        del HANDLERS["test.fail"]


def test_permanent_sets_it_aside_at_once_and_later_is_no_failure(inside_alfa: Agency) -> None:
    def permanent(task: Task) -> None:
        raise Permanent("no such thing")

    def later(task: Task) -> None:
        raise Later(NOW + timedelta(minutes=5))

    HANDLERS.update({"test.permanent": permanent, "test.later": later})
    try:
        for kind in ("test.permanent", "test.later", "test.unknown"):
            defer(kind, "a", now=NOW)
            run.run_job(Job.objects.get(kind=kind).pk, now=NOW)
        rows = {job.kind: (job.dead_at, job.last_error, job.due_at) for job in Job.objects.all()}
        assert rows == {
            "test.permanent": (NOW, "no such thing", NOW),
            "test.later": (None, "", NOW + timedelta(minutes=5)),
            "test.unknown": (NOW, "nobody handles test.unknown", NOW),
        }
    finally:
        del HANDLERS["test.permanent"], HANDLERS["test.later"]


def test_row_17_a_job_that_finds_the_disk_full_is_never_set_aside_and_is_done_when_there_is_room(inside_alfa: Agency) -> None:
    room: list[str] = []

    def write(task: Task) -> None:
        try:
            Path(room[0] if room else "/dev/full").write_bytes(b"x")  # a device where every write really ends with ENOSPC
        except OSError as error:
            raise ValueError("no paper") from error

    HANDLERS["test.write"] = write
    try:
        defer("test.write", "a", now=NOW)
        job = Job.objects.get()
        moment = NOW
        for _ in range(run.MAX_ATTEMPTS + 8):
            assert run.run_job(job.pk, now=moment) is True
            job.refresh_from_db()
            assert (job.done_at, job.dead_at, job.last_error.partition(" [")[0]) == (None, None, "NoSpace: ValueError: no paper")
            assert timedelta(0) < job.due_at - moment <= run.NO_SPACE_RETRY
            moment = job.due_at
        assert moment - NOW > timedelta(minutes=40)
        room.append("/dev/null")
        assert run.run_job(job.pk, now=moment) is True
        job.refresh_from_db()
        assert (job.done_at, job.dead_at, job.last_error) == (moment, None, "")
    finally:
        del HANDLERS["test.write"]


def test_what_fails_for_an_hour_is_still_tried_and_then_a_person_is_asked() -> None:
    """Twelve tries: the eleven waits between them are more than an hour, so an hour's trouble of whatever kind sets nothing aside."""
    waits = [run.FIRST_RETRY * 2 ** (tries - 1) for tries in range(1, run.MAX_ATTEMPTS)]
    assert sum(waits, timedelta()) == timedelta(hours=1, minutes=8, seconds=14)


def test_backoff_doubles_to_an_hour() -> None:
    for attempts, low in ((1, 2), (2, 4), (5, 32), (11, 2048), (12, 3600), (40, 3600)):
        wait = run.backoff(attempts).total_seconds()
        assert low <= wait <= low * 1.2


def test_the_sweep_visits_only_who_rang(alfa: Agency, beta: Agency, nudges: list[tuple[str, int]], django_assert_num_queries: object) -> None:
    with context.in_agency(alfa):
        defer("test.note", "now", now=NOW)
        defer("test.note", "tomorrow", now=NOW, due_at=NOW + timedelta(days=1))
        job_id = Job.objects.get(key="now").pk
    assert sweep.sweep(now=NOW) == 1
    assert nudges == []  # it was told of when it was asked for
    assert sweep.sweep(now=NOW + run.BORN) == 1
    assert nudges == [(alfa.schema_name, job_id)]
    # Nobody ran it: it is offered again ten seconds later, and not before.
    assert sweep.sweep(now=NOW + run.BORN + timedelta(seconds=5)) == 0
    assert sweep.sweep(now=NOW + run.BORN + timedelta(seconds=10)) == 1
    assert nudges == [(alfa.schema_name, job_id)] * 2


def test_what_is_asked_for_meanwhile_does_not_ring_again_for_what_waits(
    alfa: Agency, nudges: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with context.in_agency(alfa):
        defer("test.note", "a", now=NOW, due_at=NOW + timedelta(minutes=1))
        job_id = Job.objects.get().pk
        later = NOW + timedelta(minutes=1)
        run.offer_due(now=later)
        assert nudges == [(alfa.schema_name, job_id)]  # nobody was told of it before: at once
        run.offer_due(now=later + run.OFFERED - timedelta(seconds=1))
        assert len(nudges) == 1  # its message is on its way
        run.offer_due(now=later + run.OFFERED)
        assert len(nudges) == 2
        monkeypatch.setattr(run.cache, "get_many", lambda keys: {})  # Redis lost everything, the message with it
        run.offer_due(now=later + run.OFFERED)
        assert len(nudges) == 3


def test_the_sweep_forgets_who_has_nothing_left(alfa: Agency, done: list[Task], nudges: list[tuple[str, int]]) -> None:
    with context.in_agency(alfa):
        defer("test.note", "a", now=NOW)
        run.run_job(Job.objects.get().pk, now=NOW)
    assert sweep.sweep(now=NOW) == 1
    assert not Bell.objects.exists()
    assert nudges == []


def test_a_lost_bell_is_made_up_for_by_the_full_round(alfa: Agency, beta: Agency, nudges: list[tuple[str, int]]) -> None:
    with context.in_agency(beta):
        defer("test.note", "a", now=NOW)
        job_id = Job.objects.get().pk
    Bell.objects.all().delete()
    assert sweep.sweep(now=NOW + run.BORN) == 0
    assert sweep.full_round(now=NOW + run.BORN) == 1
    assert nudges == [(beta.schema_name, job_id)]


def test_one_agency_s_trouble_does_not_silence_the_others(
    alfa: Agency, beta: Agency, nudges: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for agency in (alfa, beta):
        with context.in_agency(agency):
            defer("test.note", "a", now=NOW)
    real = sweep.offer_due

    def broken_for_alfa(*, now: object) -> object:
        if context.current_agency() == alfa:
            raise RuntimeError
        return real(now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(sweep, "offer_due", broken_for_alfa)
    sweep.sweep(now=NOW + run.BORN)
    assert [schema for schema, _ in nudges] == [beta.schema_name]
    assert Bell.objects.filter(schema_name=alfa.schema_name).exists()


def test_row_14_a_queue_that_was_emptied_is_filled_again_by_one_sweep(inside_alfa: Agency, nudges: list[tuple[str, int]]) -> None:
    Job.objects.bulk_create(Job(kind="test.note", key=str(n), due_at=NOW) for n in range(1_000))
    ring(NOW)
    nudges.clear()
    assert sweep.sweep(now=NOW + timedelta(seconds=2)) == 1
    assert len({job for _schema, job in nudges}) == len(nudges) == 1_000


def test_a_task_without_a_live_agency_is_refused(alfa: Agency, done: list[Task]) -> None:
    with context.in_agency(alfa):
        defer("test.note", "a", now=NOW - timedelta(days=400))
        job_id = Job.objects.get().pk
    base.run_one("a_nosuchagency", job_id)
    base.run_one("public; DROP SCHEMA public", job_id)
    assert done == []
    base.run_one(alfa.schema_name, job_id)
    assert [task.id for task in done] == [job_id]
    assert context.connection.schema_name == "public"


def test_a_worker_keeps_its_connection_from_job_to_job_and_gets_another_for_a_broken_one(committed: None) -> None:
    fixup = celery_app._fixups[0].worker_fixup  # what the worker installs
    sender = SimpleNamespace(request=SimpleNamespace(is_eager=False))

    def backend_of_a_job() -> int:
        fixup.on_task_prerun(sender)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = int(cursor.fetchone()[0])
        fixup.on_task_postrun(sender)
        return pid

    first = backend_of_a_job()
    assert backend_of_a_job() == first
    about = connection.get_connection_params()
    with psycopg.connect(**{name: about[name] for name in ("host", "port", "dbname", "user", "password")}, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert backend_of_a_job() != first
