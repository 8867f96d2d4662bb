"""Agencies come to be whole, once, whatever crashes on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from saas.accounts.models import Role, User
from saas.jobs.models import Job
from tenants import context, ddl, hosts, provisioning
from tenants import signup as signups
from tenants.models import Agency, AgencyState, Domain, Signup, SignupState
from tests.tenants.steps import a_signup
from tests.world import NOW
from workers import base

STEPS = ["address", "schema", "team", "open"]


def is_whole(slug: str) -> Agency:
    """Asserts that exactly one agency with that slug is there with all that belongs to it."""
    agency = Agency.objects.get(slug=slug)
    assert agency.state == AgencyState.ACTIVE
    assert list(Domain.objects.filter(tenant=agency).values_list("domain", "is_primary")) == [(f"{slug}.plataforma.test", True)]
    assert ddl.schema_exists(agency.schema_name)
    signup = Signup.objects.get(slug=slug)
    assert (signup.state, signup.steps, signup.error, signup.agency, signup.password) == ("ready", STEPS, "", agency, "")
    assert Job.objects.filter(kind="tenants.mail_ready").count() == 1
    with context.in_agency(agency):
        staff = User.objects.get()
        assert (staff.username, staff.email, staff.role, staff.name, staff.password, staff.activated_at) == (
            "maria@nandu.example", "maria@nandu.example", Role.STAFF, "María Ñáñez", "md5$salt$hash", NOW,
        )  # fmt: skip
    return agency


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'a\\_%'")
        return {name for (name,) in cursor.fetchall()}


def test_a_signup_becomes_an_agency(db: None) -> None:
    signup = a_signup()
    assert provisioning.provision(signup.pk, now=NOW) == is_whole("nandu-bogota")
    signup.refresh_from_db()
    assert signup.ready_at == NOW
    agency = signup.agency
    assert agency is not None
    assert (agency.name, agency.nit, agency.nit_check, agency.email) == ("Ñandú", "900123456", "8", "maria@nandu.example")


def test_again_changes_nothing(db: None) -> None:
    signup = a_signup()
    provisioning.provision(signup.pk, now=NOW)
    before = schemas()
    provisioning.provision(signup.pk, now=NOW + timedelta(hours=1))
    is_whole("nandu-bogota")
    assert schemas() == before
    assert Signup.objects.get().ready_at == NOW


def test_what_is_not_confirmed_is_not_made(db: None) -> None:
    signup = a_signup(state=SignupState.REQUESTED)
    before = schemas()
    assert provisioning.provision(signup.pk, now=NOW) is None
    assert provisioning.provision("00000000-0000-0000-0000-000000000000", now=NOW) is None
    assert not Agency.objects.filter(slug=signup.slug).exists()
    assert schemas() == before


class Crash(BaseException):
    """The process dies: nothing of ours can catch it."""


def crashing(act: Callable[[Signup, datetime], None], error: BaseException) -> Callable[[Signup, datetime], None]:
    def run(signup: Signup, now: datetime) -> None:
        act(signup, now)
        raise error

    return run


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_in_any_step_and_another_try(db: None, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    signup, before = a_signup(), schemas()
    whole = dict(provisioning.STEPS)
    monkeypatch.setitem(provisioning.STEPS, step, crashing(whole[step], Crash()))
    with pytest.raises(Crash):
        provisioning.provision(signup.pk, now=NOW)
    context.leave()
    signup.refresh_from_db()
    assert (signup.state, signup.steps) == ("creating", STEPS[: STEPS.index(step)])
    monkeypatch.setitem(provisioning.STEPS, step, whole[step])
    provisioning.provision(signup.pk, now=NOW)
    agency = is_whole("nandu-bogota")
    assert schemas() == before | {agency.schema_name}


@pytest.mark.parametrize("step", STEPS)
def test_a_failure_in_any_step_is_kept_and_tried_again(db: None, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    signup, before = a_signup(), schemas()
    whole = dict(provisioning.STEPS)
    monkeypatch.setitem(provisioning.STEPS, step, crashing(whole[step], OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        provisioning.provision(signup.pk, now=NOW)
    assert connection.schema_name == "public"
    signup.refresh_from_db()
    assert (signup.state, signup.error, signup.steps) == ("failed", "OSError: disk full", STEPS[: STEPS.index(step)])
    assert not Agency.objects.filter(slug=signup.slug, state=AgencyState.ACTIVE).exists()
    monkeypatch.setitem(provisioning.STEPS, step, whole[step])
    assert provisioning.retry(signup, now=NOW) is True
    assert provisioning.retry(signup, now=NOW) is False
    signup.refresh_from_db()
    assert (signup.state, signup.error) == ("creating", "")
    job = Job.objects.get(kind="tenants.provision")
    assert job.payload == {"signup_id": str(signup.pk)}
    provisioning.provision(job.payload["signup_id"], now=NOW)
    agency = is_whole("nandu-bogota")
    assert schemas() == before | {agency.schema_name}


def test_the_host_waits_politely_until_it_is_open(db: None, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    signup = a_signup()
    whole = provisioning.STEPS["schema"]
    monkeypatch.setitem(provisioning.STEPS, "schema", crashing(whole, Crash()))
    with pytest.raises(Crash):
        provisioning.provision(signup.pk, now=NOW)
    agency = Agency.objects.get(slug="nandu-bogota")
    browser = browse(agency)
    assert browser.get("/").status_code == 503
    monkeypatch.setitem(provisioning.STEPS, "schema", whole)
    provisioning.provision(signup.pk, now=NOW)  # and what was cached of the host is forgotten
    assert browser.get("/").status_code == 200


def test_a_subdomain_of_another_agency_is_not_taken_over(alfa: Agency) -> None:
    signup = a_signup("alfa")
    with pytest.raises(provisioning.ProvisioningError, match="ya es de otra"):
        provisioning.provision(signup.pk, now=NOW)
    signup.refresh_from_db()
    assert (signup.state, signup.steps, signup.agency) == ("failed", [], None)
    with context.in_agency(alfa):
        assert not User.objects.filter(username=signup.email).exists()


def test_the_job_sets_aside_what_cannot_be_done(alfa: Agency) -> None:
    signup = a_signup("alfa")
    provisioning.retry(Signup.objects.get(), now=NOW)
    Signup.objects.update(state=SignupState.FAILED)
    provisioning.retry(Signup.objects.get(), now=NOW - timedelta(days=1))
    base.run_one("public", Job.objects.get().pk)
    job = Job.objects.get()
    assert job.dead_at is not None
    assert "ya es de otra" in job.last_error
    signup.refresh_from_db()
    assert signup.state == "failed"


def test_create_agency_by_slug_once(db: None) -> None:
    values: dict[str, Any] = {"name": "Gama", "slug": "gama", "nit": "900123456", "nit_check": "8", "email": "hola@gama.example", "now": NOW}
    first = provisioning.create_agency(**values, colour="#aa0000")
    assert (first.state, first.colour) == (AgencyState.ACTIVE, "#aa0000")
    assert provisioning.create_agency(**values) == first
    assert Domain.objects.filter(tenant=first).count() == 1
    with context.in_agency(first):
        assert User.objects.count() == 0
    Agency.objects.filter(pk=first.pk).update(state=AgencyState.SUSPENDED)
    assert provisioning.create_agency(**values).state == AgencyState.SUSPENDED


def test_create_agency_goes_on_with_a_half_made_one(db: None) -> None:
    half = Agency.objects.create(name="Gama", slug="gama", nit="900123456", nit_check="8", schema_name="a_half0000000001")
    whole = provisioning.create_agency(name="Gama", slug="gama", nit="900123456", nit_check="8", email="", now=NOW)
    assert (whole.pk, whole.state) == (half.pk, AgencyState.ACTIVE)
    assert ddl.schema_exists("a_half0000000001")
    assert Domain.objects.get(tenant=whole).domain == "gama.plataforma.test"


def test_suspended_and_back(alfa: Agency, browse: Any, django_capture_on_commit_callbacks: Any) -> None:
    browser = browse(alfa)
    assert browser.get("/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        assert provisioning.suspend(alfa) is True
    assert provisioning.suspend(alfa) is False
    answer = browser.get("/area-de-clientes/")
    assert answer.status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert provisioning.reactivate(alfa) is True
    assert browser.get("/").status_code == 200


@pytest.fixture
def left_clean(committed: None) -> Iterator[None]:
    """Takes away what a test with several connections made."""
    yield
    context.leave()
    for agency in Agency.objects.filter(slug__startswith="carrera-"):
        hosts.forget(agency)
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{agency.schema_name}" CASCADE')
        agency.delete()
    Signup.objects.all().delete()
    Job.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_bell")


def at_once(work: Callable[[int], object]) -> list[object]:
    """What two threads get that do `work` at the same moment: a result or an exception each."""
    gate = threading.Barrier(2)
    said: list[object] = [None, None]

    def run(number: int) -> None:
        try:
            gate.wait(10)
            said[number] = work(number)
        except Exception as error:
            said[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return said


def test_two_workers_make_one_agency(left_clean: None) -> None:
    signup, before = a_signup("carrera-uno"), schemas()
    said = at_once(lambda number: provisioning.provision(signup.pk, now=NOW))
    agency = is_whole("carrera-uno")
    assert said == [agency, agency]
    assert schemas() == before | {agency.schema_name}


def test_two_confirm_the_same_subdomain_and_one_has_it(left_clean: None) -> None:
    rivals = [a_signup("carrera-dos", state=SignupState.REQUESTED, confirmed_at=None, email=f"{n}@x.example") for n in (0, 1)]
    said = at_once(lambda number: signups.confirm(rivals[number], slug="carrera-dos", now=NOW))
    errors = [error for error in said if error is not None]
    assert [type(error) for error in errors] == [signups.SlugTaken]
    assert "ya está ocupado" in str(errors[0])
    assert sorted(Signup.objects.values_list("state", flat=True)) == ["creating", "requested"]
    winner = Signup.objects.get(state=SignupState.CREATING)
    assert list(Job.objects.values_list("kind", "key")) == [("tenants.provision", str(winner.pk))]
