"""Alarms raised by what really happens: callbacks posted through the door, jobs that really fail, the nightly comparison against the
running stand-in. Each is seen by the operators, mailed to them once, told to its own agency's desk and to no other, and closed when
it is over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse

from payments import reconcile, reviews, settlement
from payments.models import Attempt, Callback, CallbackState, Review
from saas.jobs import run
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Task
from saas.lib import clock
from tenants import alarms, context, health
from tenants.platform_models import Alarm
from tests.payments.conftest import payu, running  # noqa: F401  (fixtures)
from tests.payments.money import FORM, body_of, credited, receive, say, start
from tests.payments.sandbox.driving import StandIn
from tests.tenants.steps import run_jobs
from tests.tenants.superadmin import an_operator
from tests.world import Cast, Casts, make_invoice
from workers import vitals


@pytest.fixture
def olga(db: None, browse: Any) -> Browser:
    return browse(None, an_operator())  # type: ignore[no-any-return]


@pytest.fixture
def watch(cast: Casts, olga: Browser, browse: Any) -> Callable[..., None]:
    """Count as the worker does, and look at who sees what: `kinds` are alfa's (or, where `whose` is empty, the platform's)."""
    sara, other = browse(cast.alfa.agency, cast.alfa.sara), browse(cast.beta.agency, cast.beta.sara)

    def look(*kinds: str, whose: str = "alfa") -> None:
        for here in (cast.alfa, cast.beta):
            with context.in_agency(here.agency):  # that nobody works in a test is another alarm
                Job.objects.filter(done_at=None, dead_at=None).update(due_at=clock.now() + timedelta(hours=1))
        for _ in range(2):  # the second time raises nothing anew
            found, now = vitals.rows(), clock.now()
            alarms.look(vitals.keep(found, now=now), now=now)
        assert list(Alarm.objects.filter(closed_at=None).order_by("kind").values_list("kind", "agency_slug")) == [(k, whose) for k in sorted(kinds)]
        said, home = olga.get("/superadmin/salud/").content.decode(), sara.get("/oficina/").content.decode()
        for alarm in Alarm.objects.filter(closed_at=None):
            assert alarm.text in said
        for kind, advice in alarms.ADVICE.items():
            assert (advice in home) == (kind in kinds), kind
            assert advice not in other.get("/oficina/").content.decode()

    return look


def mailed(*kinds: str, whose: str = "alfa") -> None:
    """The letters that went out since it was last asked: one for each of those alarms."""
    mail.outbox.clear()
    run_jobs()
    assert sorted(letter.subject for letter in mail.outbox) == sorted(f"Alarma: {alarms.TITLES[kind]} · {whose}" for kind in kinds)
    assert {address for letter in mail.outbox for address in letter.to} <= {"olga@plataforma.example"}


def post(browse: Any, here: Cast, attempt: Attempt, **changes: str) -> int:
    """PayU's POST through the door; its job's id."""
    with context.in_agency(here.agency):
        body = body_of(attempt, **changes)
    address = reverse("payu_callback", args=[here.agency.key], urlconf="saas.urls_public")
    assert browse(None).generic("POST", address, body, content_type=FORM).status_code == 200
    with context.in_agency(here.agency):
        return int(Job.objects.filter(kind="payments.settle").latest("pk").pk)


def judge(here: Cast, job: int) -> None:
    with context.in_agency(here.agency):
        assert run.run_job(job, now=Job.objects.get(pk=job).due_at) is True


def attempts(here: Cast, count: int) -> list[Attempt]:
    with context.in_agency(here.agency):
        return [start(here, make_invoice(here.lease, 500 + n)) for n in range(count)]


def test_row_22_signatures_of_a_whole_agency_are_an_alarm_until_one_is_right(cast: Casts, browse: Any, watch: Callable[..., None]) -> None:
    here = cast.alfa
    tried = attempts(here, 14)
    for attempt in tried[:2]:  # in the morning all was well
        judge(here, post(browse, here, attempt))
    watch()
    for attempt in tried[2:12]:
        judge(here, post(browse, here, attempt, sign="0" * 32))
    watch("signature")
    assert Alarm.objects.get().text == "Las últimas 10 confirmaciones traen una firma que no coincide."
    mailed("signature")
    watch("signature")
    mailed()
    with context.in_agency(here.agency):
        assert [credited(attempt) for attempt in tried[2:12]] == [0] * 10
    judge(here, post(browse, here, tried[12]))  # the key was put right
    with context.in_agency(here.agency):  # and by tomorrow the ten are no longer among the last day's
        Callback.objects.filter(reason="signature").update(received_at=clock.now() - timedelta(hours=25))
    watch()
    mailed()
    assert Alarm.objects.get().closed_at is not None


def test_one_who_forges_is_no_wrong_key(cast: Casts, browse: Any, watch: Callable[..., None]) -> None:
    here = cast.alfa
    tried = attempts(here, 3)
    for attempt in tried:
        judge(here, post(browse, here, attempt, sign="0" * 32))
        judge(here, post(browse, here, attempt))
    watch()


def test_row_03_many_callbacks_in_quarantine_are_an_alarm(cast: Casts, browse: Any, watch: Callable[..., None]) -> None:
    here = cast.alfa
    tried = attempts(here, 10)
    for attempt in tried[:4]:
        judge(here, post(browse, here, attempt))
    for attempt in tried[4:8]:
        judge(here, post(browse, here, attempt, value="1.00"))
    watch()  # four: they are in *Por revisar*, and no rate yet
    judge(here, post(browse, here, tried[8], value="1.00"))
    watch("quarantine")
    assert Alarm.objects.get().text == "5 de 9 confirmaciones de 24 horas están en cuarentena."
    mailed("quarantine")
    with context.in_agency(here.agency):
        Callback.objects.filter(reason="amount").update(received_at=clock.now() - timedelta(hours=25))
    watch()
    mailed()


def test_a_callback_that_nobody_settles_is_an_alarm_until_an_hour_after(cast: Casts, browse: Any, watch: Callable[..., None]) -> None:
    here = cast.alfa
    (attempt,) = attempts(here, 1)
    job = post(browse, here, attempt)
    watch()
    with context.in_agency(here.agency):  # no worker for a while
        Callback.objects.update(received_at=clock.now() - timedelta(minutes=20))
    watch("lag")
    assert re.fullmatch(r"Una confirmación tardó (19|20|21|22|23|24) minutos en procesarse\.", Alarm.objects.get().text)
    mailed("lag")
    judge(here, job)
    with context.in_agency(here.agency):
        assert (Callback.objects.get().state, credited(attempt)) == (CallbackState.SETTLED, attempt.amount)
    watch("lag")  # it was late, and a person should know for an hour
    mailed()
    with context.in_agency(here.agency):
        Callback.objects.update(received_at=clock.now() - timedelta(minutes=140), processed_at=clock.now() - timedelta(minutes=120))
    watch()
    mailed()


def test_a_job_set_aside_is_an_alarm_until_it_is_done(
    cast: Casts, olga: Browser, watch: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = cast.alfa
    with context.in_agency(here.agency):
        settlement.settle_callback(receive(body_of(start(here))), now=clock.now())
        job = Job.objects.get(kind="payments.receipt_pdf")
        moment = clock.now()
        with monkeypatch.context() as broken:
            broken.setitem(HANDLERS, "payments.receipt_pdf", _fail)
            for _ in range(run.MAX_ATTEMPTS):
                assert run.run_job(job.pk, now=moment) is True
                job.refresh_from_db()
                moment = max(moment, job.due_at)
        assert job.dead_at is not None
    watch("dead")
    assert Alarm.objects.get().text == "Trabajos apartados: 1 (payments.receipt_pdf)."
    mailed("dead")
    answer = olga.post("/superadmin/salud/repetir/", {"schema": here.agency.schema_name, "kind": "payments.receipt_pdf"})
    assert answer.status_code == 302
    with context.in_agency(here.agency):
        job.refresh_from_db()
        assert run.run_job(job.pk, now=job.due_at) is True
        job.refresh_from_db()
        assert (job.done_at is not None, job.dead_at) == (True, None)
    watch()
    mailed()


def test_a_difference_of_the_nightly_comparison_is_an_alarm_until_somebody_closes_it(
    cast: Casts,
    payu: StandIn,  # noqa: F811
    settings: Any,
    watch: Callable[..., None],
) -> None:
    settings.PAYU_REPORTS_URL = f"http://127.0.0.1:{payu.port}/reports-api/4.0/service.cgi"
    here = cast.alfa
    with context.in_agency(here.agency):
        attempt = start(here)
        say(attempt)  # rightly signed, and PayU knows nothing of it
        assert reconcile.compare_nightly(now=clock.now()) == 1
        job = Job.objects.get(kind="payments.compare_one", payload={"attempt_id": attempt.pk})
        assert run.run_job(job.pk, now=clock.now()) is True
    watch("difference")
    assert Alarm.objects.get().text == "Diferencias con PayU sin revisar: 1."
    mailed("difference")
    with context.in_agency(here.agency):
        reviews.close(Review.objects.get(kind="difference").pk, note="PayU lo confirmó", staff=here.sara, now=clock.now())
    watch()
    mailed()


def test_row_20_a_clock_that_goes_back_silences_no_alarm(cast: Casts, browse: Any, watch: Callable[..., None]) -> None:
    (attempt,) = attempts(cast.alfa, 1)
    judge(cast.alfa, post(browse, cast.alfa, attempt))
    with context.in_agency(cast.alfa.agency):
        Callback.objects.update(processed_at=clock.now() - timedelta(days=1))  # before it came
        Job.objects.create(kind="test.dead", key="x", due_at=clock.now(), dead_at=clock.now())
    watch("dead")


def test_a_full_disk_is_one_alarm_and_the_operators_own(cast: Casts, watch: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "test.write", _write_where_nothing_fits)
    for here in (cast.alfa, cast.beta):
        with context.in_agency(here.agency):
            job = Job.objects.create(kind="test.write", key="x", due_at=clock.now())
            assert run.run_job(job.pk, now=clock.now()) is True
    watch("disk", whose="")
    assert Alarm.objects.get().text.startswith("Sin espacio en el disco de los archivos: 2 trabajos")
    assert "NoSpace" in {row["error"] for row in health.figures(now=clock.now())["kinds"]}
    mailed("disk", whose="plataforma")
    for here in (cast.alfa, cast.beta):
        with context.in_agency(here.agency):
            monkeypatch.setitem(HANDLERS, "test.write", lambda task: None)
            job = Job.objects.get(kind="test.write")
            assert run.run_job(job.pk, now=job.due_at) is True
    watch()
    mailed()


def _fail(task: Task) -> None:
    raise ValueError


def _write_where_nothing_fits(task: Task) -> None:
    Path("/dev/full").write_bytes(b"x")

