"""PayU's POST: what is stored, what is refused, and what is answered."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client as Browser
from django.urls import reverse

from payments.models import Attempt, Callback
from saas.accounts.models import Role, User
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Later, Task
from saas.lib import clock
from tenants import alarms, context, gone, hosts
from tenants.models import Agency, AgencyState, Bell
from tenants.platform_models import Alarm, GoneCallback, OperatorAct
from tests.payments.money import FORM, body_of, start
from tests.world import NOW, Casts
from workers import vitals


def _address(agency: Agency) -> str:
    return reverse("payu_callback", args=[agency.key], urlconf="saas.urls_public")


def _post(browser: Browser, agency: Agency, body: str | bytes, content_type: str = FORM) -> Any:
    return browser.generic("POST", _address(agency), body, content_type=content_type)


def _stored(agency: Agency) -> tuple[int, int]:
    with context.in_agency(agency):
        return Callback.objects.count(), Job.objects.filter(kind="payments.settle").count()


@pytest.fixture
def body(cast: Casts) -> str:
    with context.in_agency(cast.alfa.agency):
        return body_of(start(cast.alfa))


def test_it_is_kept_raw_and_answered_200_empty(cast: Casts, browse: Any, body: str) -> None:
    answer = _post(browse(None), cast.alfa.agency, body)
    assert (answer.status_code, answer.content) == (200, b"")
    with context.in_agency(cast.alfa.agency):
        row = Callback.objects.get()
        assert (row.body, row.state, row.times, row.remote_address) == (body, "new", 1, "127.0.0.1")
        assert Job.objects.get(kind="payments.settle").payload == {"callback_id": row.pk}
    assert Bell.objects.filter(schema_name=cast.alfa.agency.schema_name).exists()
    assert _stored(cast.beta.agency) == (0, 0)


def test_row_23_a_suspended_agency_still_receives_money(cast: Casts, browse: Any, body: str) -> None:
    agency = cast.alfa.agency
    agency.state = AgencyState.SUSPENDED
    agency.save()
    hosts.forget(agency)
    assert browse(agency).get("/").status_code == 403
    assert _post(browse(None), agency, body).status_code == 200
    assert _stored(agency) == (1, 1)


def test_row_23_a_retired_agency_still_receives_money(cast: Casts, browse: Any, body: str) -> None:
    agency = cast.alfa.agency
    Agency.objects.filter(pk=agency.pk).update(state=AgencyState.RETIRED)
    hosts.forget(agency)
    assert _post(browse(None), agency, body).status_code == 200
    assert (_stored(agency), GoneCallback.objects.count()) == ((1, 1), 0)


@pytest.fixture
def deleted(cast: Casts) -> Agency:
    """alfa, deleted: nothing of it is left but its row."""
    agency = cast.alfa.agency
    Agency.every.filter(pk=agency.pk).update(state=AgencyState.DELETED)
    hosts.forget(agency)
    return agency


def test_row_23_a_deleted_agency_s_callback_is_kept_in_public_once_and_without_a_person(deleted: Agency, cast: Casts, browse: Any, body: str) -> None:
    for tries in ("1", "2", "3"):
        answer = _post(browse(None), deleted, body.replace("attempts=1", f"attempts={tries}"))
        assert (answer.status_code, answer.content) == (200, b"")
    row = GoneCallback.objects.get()
    said, told = dict(parse_qsl(body)), dict(parse_qsl(row.said))
    assert (row.agency_slug, row.reference, row.times, row.state) == ("alfa", said["reference_sale"], 3, "waiting")
    assert {name: told[name] for name in ("value", "sign", "transaction_id")} == {name: said[name] for name in ("value", "sign", "transaction_id")}
    assert said["email_buyer"] == "rita@correo.example"
    assert "rita" not in row.said
    # Nothing of it reaches the schema, nor another agency; what cannot be a callback is refused as ever.
    assert (_stored(cast.alfa.agency), _stored(cast.beta.agency)) == ((0, 0), (0, 0))
    assert _post(browse(None), deleted, "{}", "application/json").status_code == 400
    assert GoneCallback.objects.count() == 1


def test_row_23_no_more_than_the_newest_are_kept(deleted: Agency, browse: Any, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gone, "MOST", 2)
    for number in range(4):
        assert _post(browse(None), deleted, body.replace("test=0", f"test=0&cus={number}").replace("cus=&", "")).status_code == 200
    assert [dict(parse_qsl(row.said))["cus"] for row in GoneCallback.objects.order_by("pk")] == ["2", "3"]


def test_row_23_operators_are_told_until_one_of_them_says_what_was_done(deleted: Agency, browse: Any, body: str) -> None:
    def alarmed() -> list[str]:
        now = clock.now()
        alarms.look(vitals.keep(vitals.rows(), now=now), now=now)
        return [alarm.text for alarm in Alarm.objects.filter(kind="gone", closed_at=None)]

    assert alarmed() == []
    _post(browse(None), deleted, body)
    assert alarmed() == ["Confirmaciones de PayU para inmobiliarias eliminadas sin atender: 1."]
    operator = User.objects.create_user(username="o@x.example", role=Role.OPERATOR, name="Olga", email="o@x.example", password="x")
    row = GoneCallback.objects.get()
    page = browse(None, operator).get(reverse("admin:tenants_gonecallback_change", args=[row.pk], urlconf="saas.urls_public"))
    assert row.reference in page.content.decode()
    gone.close(row, by=operator, reason="Se devolvió por PayU", now=NOW)
    gone.close(row, by=operator, reason="Otra vez", now=NOW)
    assert alarmed() == []
    assert list(OperatorAct.objects.filter(act="atender confirmación").values_list("agency_slug", "reason", "detail")) == [
        ("alfa", "Se devolvió por PayU", row.reference)
    ]


def test_row_23_an_agency_with_an_open_attempt_is_not_deleted_even_when_its_day_has_come(cast: Casts, body: str) -> None:
    agency = cast.alfa.agency
    Agency.objects.filter(pk=agency.pk).update(state=AgencyState.RETIRED, delete_after=NOW)
    with pytest.raises(Later):
        HANDLERS["tenants.delete_agency"](Task(id=1, kind="tenants.delete_agency", key="x", payload={"agency_id": agency.pk}, attempts=1))
    assert Agency.objects.get(pk=agency.pk).state == AgencyState.RETIRED
    with context.in_agency(agency):
        assert Attempt.objects.get().state == "sent"


def test_a_key_that_is_nobody_s_is_404(cast: Casts, browse: Any, body: str) -> None:
    address = reverse("payu_callback", args=["0" * 32], urlconf="saas.urls_public")
    assert browse(None).generic("POST", address, body, content_type=FORM).status_code == 404
    assert _stored(cast.alfa.agency) == (0, 0)


@pytest.mark.parametrize(
    ("change", "content_type", "status"),
    [
        (lambda b: b + "&x=" + "a" * 66_000, FORM, 413),
        (lambda b: b + "".join(f"&x{n}=1" for n in range(100)), FORM, 413),
        (lambda b: '{"reference_sale": "x"}', "application/json", 400),
        (lambda b: b, "multipart/form-data; boundary=x", 400),
        (lambda b: b"\xff\xfe" + b.encode(), FORM, 400),
        (lambda b: b.replace("sign=", "sing="), FORM, 400),
        (lambda b: "", FORM, 400),
        (lambda b: b + "&description=a%00b", FORM, 400),
    ],
)
def test_row_19_what_cannot_be_a_callback_is_refused_and_nothing_is_written(
    cast: Casts, browse: Any, body: str, change: Any, content_type: str, status: int
) -> None:
    answer = _post(browse(None), cast.alfa.agency, change(body), content_type)
    assert (answer.status_code, answer.content) == (status, b"")
    assert _stored(cast.alfa.agency) == (0, 0)


def test_a_get_is_refused(cast: Casts, browse: Any) -> None:
    assert browse(None).get(_address(cast.alfa.agency)).status_code == 405


def test_row_14_the_broker_away_is_still_200(cast: Casts, browse: Any, body: str, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    from celery import current_app

    current_app.conf.broker_url = "redis://127.0.0.1:9/0"
    current_app.amqp.producer_pool.force_close_all()
    try:
        with django_capture_on_commit_callbacks(execute=True) as nudges:
            assert _post(browse(None), cast.alfa.agency, body).status_code == 200
    finally:
        current_app.conf.broker_url = settings.REDIS_URL
    assert len(nudges) == 1
    assert _stored(cast.alfa.agency) == (1, 1)


def test_few_queries(cast: Casts, browse: Any, body: str, django_assert_num_queries: Any) -> None:
    browser = browse(None)
    _post(browser, cast.alfa.agency, body)
    # the inbox, its job and the bell
    with django_assert_num_queries(1):
        _post(browser, cast.alfa.agency, body.replace("transaction_date=2026", "transaction_date=2027"))
