"""What operators watch: figures that agencies publish, alarms raised and closed by themselves, the health page, the page of state.
They see sums and nothing of a client."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser

from payments.models import Payment
from saas import figures
from saas.accounts.models import Role, User
from saas.jobs.models import Job
from saas.lib import clock
from tenants import alarms, context
from tenants.models import Agency
from tenants.platform_models import AgencyFigures, Alarm, Pulse
from tests.tenants.steps import run_jobs
from tests.tenants.superadmin import an_operator
from tests.world import NOW, Cast, Casts
from workers import base, vitals


@pytest.fixture
def olga(db: None, browse: Any) -> Browser:
    return browse(None, an_operator())  # type: ignore[no-any-return]


def tick() -> None:
    """What the worker does every five minutes."""
    found, now = vitals.rows(), clock.now()
    alarms.look(vitals.keep(found, now=now), now=now)


def a_dead_job(agency: Agency, kind: str = "payments.receipt_pdf") -> int:
    with context.in_agency(agency):
        job = Job.objects.create(kind=kind, key="x", due_at=NOW, dead_at=NOW, last_error="OSError: Rita Arrendataria 1001")
        return job.pk


# Figures


def test_an_agency_publishes_its_figures_by_its_own_job(here: Cast, olga: Browser) -> None:
    assert vitals.arm_figures(now=clock.now()) == 2
    with context.in_agency(here.agency):
        job = Job.objects.get(kind="platform.figures")
        assert job.payload == {}
    base.run_one(here.agency.schema_name, job.pk)
    row = AgencyFigures.objects.get(agency=here.agency)
    assert (row.clients, row.leases, row.collected, row.behind, row.problems) == (4, 2, Decimal(0), 0, [])
    with context.in_agency(here.agency):
        job.refresh_from_db()
        assert (job.done_at, job.dead_at, job.last_error) == (None, None, "")
        assert timedelta(minutes=59) < job.due_at - clock.now() <= timedelta(hours=1)
        Payment.objects.create(client=here.rita, state="approved", amount=Decimal(950_000), source="imported", paid_on=clock.today())
        job.due_at = clock.now()
        job.save()
    base.run_one(here.agency.schema_name, job.pk)
    assert AgencyFigures.objects.get(agency=here.agency).collected == Decimal(950_000)
    page = olga.get("/superadmin/tenants/agency/").content.decode()
    assert "$ 950.000" in page.replace("\xa0", " ")
    assert vitals.arm_figures(now=clock.now()) == 1  # beta, which nobody ran
    assert vitals.arm_figures(now=clock.now() + timedelta(days=1)) == 2


def test_the_list_walks_no_schema(here: Cast, olga: Browser, django_assert_max_num_queries: Any) -> None:
    for agency in Agency.objects.all():
        with context.in_agency(agency):
            figures.publish(agency, now=NOW)
    with django_assert_max_num_queries(14) as asked:
        olga.get("/superadmin/tenants/agency/")
    assert [query["sql"] for query in asked.captured_queries if "clientarea" in query["sql"] or here.agency.schema_name in query["sql"]] == []


def test_operators_see_sums_and_nothing_of_a_client(here: Cast, olga: Browser) -> None:
    a_dead_job(here.agency)
    with context.in_agency(here.agency):
        figures.publish(here.agency, now=NOW)
    tick()
    pages = ["", "tenants/agency/", f"tenants/agency/{here.agency.pk}/change/", "salud/", "tenants/alarm/"]
    text = "".join(olga.get(f"/superadmin/{path}").content.decode() for path in pages)
    for private in ("Rita", "1001", "rita@correo.example", "3001234567", "Óscar", here.agency.key):
        assert private not in text
    assert "OSError" in text  # the kind of error, never its text


# Alarms


def test_an_alarm_is_raised_mailed_once_taken_and_closed(here: Cast, olga: Browser) -> None:
    pk = a_dead_job(here.agency)
    tick()
    tick()
    (alarm,) = Alarm.objects.all()
    assert (alarm.kind, alarm.agency_slug, alarm.closed_at, alarm.text) == ("dead", "alfa", None, "Trabajos apartados: 1 (payments.receipt_pdf).")
    assert run_jobs() == ["tenants.mail_alarm"]
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["olga@plataforma.example"], "Alarma: Trabajos apartados · alfa")
    assert "Trabajos apartados" in olga.get("/superadmin/").content.decode()
    olga.post(f"/superadmin/alarmas/{alarm.pk}/atender/")
    assert "La atiende Olga Operadora" in olga.get("/superadmin/salud/").content.decode()
    answer = olga.post("/superadmin/salud/repetir/", {"schema": here.agency.schema_name, "kind": "payments.receipt_pdf"})
    assert answer.status_code == 302
    with context.in_agency(here.agency):
        assert Job.objects.get(pk=pk).dead_at is None
        Job.objects.filter(pk=pk).delete()
    tick()
    alarm.refresh_from_db()
    assert alarm.closed_at is not None
    assert run_jobs() == []


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({}, []),
        ({"callbacks_quarantined": 4, "reasons": {"amount": 4}}, []),
        ({"callbacks_quarantined": 5, "reasons": {"amount": 5}, "callbacks_settled": 21}, []),
        ({"callbacks_quarantined": 5, "reasons": {"amount": 5}, "callbacks_settled": 19}, ["quarantine"]),
        ({"signatures_wrong": 2}, []),
        ({"signatures_wrong": 3}, ["signature"]),
        ({"signatures_wrong": 8, "callbacks_quarantined": 8, "callbacks_settled": 9}, ["signature"]),  # said once, by its cause
        ({"no_space": 2}, ["disk"]),
        ({"settlement_lag_seconds": 300}, []),
        ({"settlement_lag_seconds": 301}, ["lag"]),
        ({"jobs_late": 1, "jobs_late_seconds": 601}, ["late"]),
        ({"differences": 1}, ["difference"]),
        ({"kinds": [["payments.ask", 1, 1, 0, "GatewayRefused"]]}, ["credentials"]),
    ],
)
def test_what_raises_an_alarm(values: dict[str, Any], kinds: list[str]) -> None:
    assert [trouble.kind for trouble in alarms.troubles(Pulse(schema_name="a_x", **values))] == kinds


# The page of state


def test_anybody_may_know_whether_it_works(cast: Casts, browse: Any) -> None:
    tick()
    page = browse(None).get("/estado/")
    assert (page.status_code, "Todo funciona" in page.content.decode()) == (200, True)
    Pulse.objects.update(counted_at=clock.now() - timedelta(minutes=16))
    page = browse(None).get("/estado/").content.decode()
    assert "Hay demoras" in page
    assert "alfa" not in page.lower()
    assert browse(cast.alfa.agency).get("/estado/").status_code == 404


NO_EXPORT = "exportaciones/00000000-0000-0000-0000-000000000000/archivo/"


@pytest.mark.parametrize("path", ["salud/", "hacer/suspender/?ids=1", "operadores/invitar/", NO_EXPORT])
def test_it_is_for_operators_alone(cast: Casts, browse: Any, path: str) -> None:
    path = f"/superadmin/{path}"
    assert browse(None).get(path)["Location"].startswith("/superadmin/ingresar/")
    with context.in_public():
        staff = User.objects.create_user(username="x@x.example", role=Role.STAFF, name="Equis", password="x")
    assert browse(None, staff).get(path).status_code == 404
    assert browse(cast.alfa.agency, cast.alfa.sara).get(path).status_code == 404


def test_an_operator_is_invited_by_mail(olga: Browser, browse: Any) -> None:
    sent = {"name": "Nora Nueva", "email": "Nora@plataforma.example", "reason": "Turno de noche"}
    assert olga.post("/superadmin/operadores/invitar/", sent)["Location"] == "/superadmin/"
    nora = User.objects.get(username="nora@plataforma.example")
    assert (nora.role, nora.has_usable_password()) == ("operator", False)
    assert run_jobs() == ["accounts.mail_operator_invitation"]
    (letter,) = mail.outbox
    assert letter.to == ["nora@plataforma.example"]
    assert "/superadmin/activar/" in letter.body
    assert "Ya hay una cuenta" in olga.post("/superadmin/operadores/invitar/", sent).content.decode()
