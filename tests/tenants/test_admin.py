"""The superadmin: operators only, on the platform only; what they can do is done and noted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser

from saas.accounts.models import Role, User
from saas.jobs.models import Job
from tenants import context
from tenants.models import Agency, AgencyState, Domain, SignupState
from tenants.platform_models import OperatorAct
from tests.tenants.steps import a_signup, run_jobs
from tests.walls.robot import solve
from tests.world import PASSWORD, Casts, log_in

LISTS = ["/superadmin/tenants/agency/", "/superadmin/tenants/domain/", "/superadmin/tenants/signup/"]


@pytest.fixture
def olga(db: None) -> User:
    """An operator."""
    return User.objects.create_user(
        username="olga@plataforma.example", role=Role.OPERATOR, name="Olga Operadora", email="olga@plataforma.example", password=PASSWORD
    )


@pytest.fixture
def desk(olga: User, browse: Any) -> Browser:
    """The operator's browser."""
    return browse(None, olga)  # type: ignore[no-any-return]


def act(browser: Browser, model: str, action: str, *rows: Any) -> Any:
    """Run an action on rows of a list: it leads to the page that asks why."""
    sent = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return browser.post(f"/superadmin/tenants/{model}/", sent, follow=True)


def do(browser: Browser, verb: str, *rows: Any, reason: str = "Porque sí", **typed: Any) -> Any:
    """Do something to rows, with its reason."""
    ids = ",".join(str(row.pk) for row in rows)
    return browser.post(f"/superadmin/hacer/{verb}/?ids={ids}", {"reason": reason, **typed}, follow=True)


def test_an_operator_logs_in_by_our_door(olga: User, browse: Any) -> None:
    browser = browse(None)
    answer = browser.get("/superadmin/tenants/agency/")
    assert answer.status_code == 302
    answer = browser.get(answer["Location"])
    assert answer["Location"].startswith("/superadmin/ingresar/?next=")
    # Posting a password straight at the admin's own form gets nowhere: it has no *no soy robot*.
    answer = browser.post("/superadmin/login/", {"username": olga.username, "password": PASSWORD})
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/superadmin/ingresar/")
    assert browser.get("/superadmin/").status_code == 302
    sent = {"login": olga.username, "password": PASSWORD, "captcha": solve(browser.get("/no-soy-robot/").json()), "next": "/superadmin/"}
    answer = browser.post("/superadmin/ingresar/", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/superadmin/")
    assert browser.get("/superadmin/").status_code == 200


@pytest.mark.parametrize("path", ["/superadmin/", *LISTS])
def test_an_operator_sees(desk: Browser, alfa: Agency, path: str) -> None:
    a_signup()
    answer = desk.get(path)
    assert answer.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert (policy["script-src"], policy["style-src"]) == ("'self' 'unsafe-eval'", "'self' 'unsafe-inline'")
    assert "unsafe" not in desk.get("/")["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/superadmin/", *LISTS])
@pytest.mark.parametrize("role", [Role.CLIENT, Role.STAFF])
def test_nobody_else_gets_in(db: None, browse: Any, path: str, role: Role) -> None:
    user = User.objects.create_user(username="x@x.example", role=role, name="Equis", password=PASSWORD)
    assert browse(None, user).get(path).status_code == 302
    assert browse(None, user).get("/superadmin/login/").status_code == 403
    assert browse(None).get(path).status_code == 302


def test_an_inactive_operator_does_not_get_in(olga: User, desk: Browser) -> None:
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert desk.get("/superadmin/").status_code == 302


def test_staff_of_an_agency_does_not_get_in_with_the_id_of_an_operator(cast: Casts, olga: User, browse: Any) -> None:
    for host in (cast.alfa.agency, None):
        browser = browse(host)
        log_in(browser, cast.alfa.agency, cast.alfa.sara)
        assert browser.get("/superadmin/").status_code in (302, 404)


def test_the_superadmin_is_not_on_an_agency_s_host(alfa: Agency, olga: User, browse: Any) -> None:
    browser = browse(alfa)
    log_in(browser, None, olga)
    assert browser.get("/superadmin/").status_code == 404


def test_find_an_agency(desk: Browser, alfa: Agency, beta: Agency) -> None:
    text = desk.get("/superadmin/tenants/agency/", {"q": "alfa"}).content.decode()
    assert "Inmobiliaria Alfa" in text
    assert "Inmobiliaria Beta" not in text
    page = desk.get(f"/superadmin/tenants/agency/{alfa.pk}/change/")
    assert page.status_code == 200
    assert alfa.key not in page.content.decode()  # PayU's address is not for operators to know


def test_nothing_is_added_changed_or_deleted_by_hand(desk: Browser, alfa: Agency) -> None:
    domain, signup = Domain.objects.get(tenant=alfa), a_signup()
    for model, row in (("agency", alfa), ("domain", domain), ("signup", signup)):
        assert desk.get(f"/superadmin/tenants/{model}/add/").status_code == 403
        assert desk.get(f"/superadmin/tenants/{model}/{row.pk}/delete/").status_code == 403
        assert desk.post(f"/superadmin/tenants/{model}/{row.pk}/change/", {"name": "Otra"}).status_code == 403
        act(desk, model, "delete_selected", row)
        assert type(row).objects.filter(pk=row.pk).exists()


def test_suspend_and_reactivate(desk: Browser, alfa: Agency, browse: Any, django_capture_on_commit_callbacks: Any) -> None:
    people = browse(alfa)
    assert people.get("/").status_code == 200
    page = act(desk, "agency", "suspender", alfa)
    assert page.redirect_chain == [(f"/superadmin/hacer/suspender/?ids={alfa.pk}", 302)]
    assert "Inmobiliaria Alfa" in page.content.decode()
    assert Agency.objects.get(pk=alfa.pk).state == AgencyState.ACTIVE  # nothing without a reason
    assert "Escriba el motivo." in do(desk, "suspender", alfa, reason=" ").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        page = do(desk, "suspender", alfa, reason="No paga desde julio")
    assert "Suspender: hecho." in page.content.decode()
    assert people.get("/").status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert "No está en el estado que hace falta" in do(desk, "suspender", alfa).content.decode()
        do(desk, "reactivar", alfa, reason="Pagó")
    assert people.get("/").status_code == 200
    kept = list(OperatorAct.objects.order_by("pk").values_list("act", "operator_name", "agency_slug", "reason"))
    assert kept == [("suspender", "Olga Operadora", "alfa", "No paga desde julio"), ("reactivar", "Olga Operadora", "alfa", "Pagó")]
    assert "No paga desde julio" in desk.get("/superadmin/tenants/operatoract/", {"q": "julio"}).content.decode()
    assert Agency.objects.get(pk=alfa.pk).state == AgencyState.ACTIVE


def test_what_operators_did_is_append_only(desk: Browser, alfa: Agency) -> None:
    do(desk, "suspender", alfa)
    for wrong in ("UPDATE tenants_operatoract SET reason = 'otro'", "DELETE FROM tenants_operatoract"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(wrong)


def test_a_suspended_agency_still_hears_from_payu(desk: Browser, alfa: Agency, browse: Any) -> None:
    do(desk, "suspender", alfa)
    body = "reference_sale=P1-X&state_pol=4&value=1.00&currency=COP&sign=x&merchant_id=1&transaction_id=t"
    answer = browse(None).post(f"/payu/{alfa.key}/confirmacion/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    with context.in_agency(alfa):
        assert Job.objects.filter(kind="payments.settle").count() == 1


def test_a_failed_signup_is_shown_and_tried_again(desk: Browser) -> None:
    failed = a_signup(state=SignupState.FAILED, error="OSError: disk full", steps=["address"])
    page = desk.get(f"/superadmin/tenants/signup/{failed.pk}/change/").content.decode()
    assert "OSError: disk full" in page
    assert "Reservamos su dirección" in page
    assert "md5$salt$hash" not in page
    page = do(desk, "reintentar", failed, a_signup("otra-casa"))
    assert "Reintentar: hecho." in page.content.decode()
    failed.steps = []
    failed.save(update_fields=["steps"])
    assert run_jobs() == ["tenants.provision", "tenants.mail_ready"]
    failed.refresh_from_db()
    assert (failed.state, failed.error) == ("ready", "")
    assert Agency.objects.get(slug=failed.slug).state == AgencyState.ACTIVE
