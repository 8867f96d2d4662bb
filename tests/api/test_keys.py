"""Keys: made at the desk and shown once, what each scope opens, whose they are, how often they may call."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import get_resolver

from saas.accounts.doors import api_door
from saas.accounts.models import StaffRole, User
from saas.api import authentication, keys, once
from saas.api.models import ApiKey
from saas.api.scopes import Scope
from saas.audit.models import Change
from saas.lib import clock
from tenants import context
from tests.api.calls import Software, make_key, problem_of, software
from tests.desk.desks import assert_desk_only
from tests.world import Casts

PAGE = "/oficina/ajustes/api/"
TYPED = {"name": "Contabilidad", "scopes": ["clients:read", "payments:write"], "expires_on": ""}


def test_a_key_is_made_at_the_desk_and_shown_once(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    answer = sara.post(PAGE, TYPED, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "no-store" in answer["Cache-Control"]
    shown = answer.context["shown"]
    assert shown in answer.content.decode()
    assert shown not in sara.get(PAGE).content.decode()
    with context.in_agency(cast.alfa.agency):
        key = ApiKey.objects.get()
        assert (key.name, key.scopes) == ("Contabilidad", ["clients:read", "payments:write"])
        assert (key.made_by_id, key.last_used_at) == (cast.alfa.sara.pk, None)
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(k)::text FROM api_apikey k")
            assert shown.partition(".")[2] not in cursor.fetchone()[0]
        assert {change.field for change in Change.objects.filter(subject="api_key")} == {"name", "scopes"}
    program = Software(cast.alfa, shown)
    assert program.get("clients/").status_code == 200
    with context.in_agency(cast.alfa.agency):
        assert ApiKey.objects.get().last_used_at is not None
    assert "sin usar" not in sara.get(PAGE).content.decode()
    assert sara.post(f"{PAGE}{key.pk}/revocar/").status_code == 302
    problem_of(program.get("clients/"), 401)


def test_a_reload_shows_nothing_and_makes_nothing(cast: Casts, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    assert sara.post(PAGE, TYPED).status_code == 302
    with context.in_agency(cast.alfa.agency):
        kept = sara.session["shown_once"]
        assert kept["sealed"].startswith("v1.")  # what waits in the database cannot be read there
    assert sara.head(PAGE).status_code == 200  # only who reads the page takes it
    other, beta = browse(cast.alfa.agency, cast.alfa.sara), browse(cast.beta.agency, cast.beta.sara)
    assert (other.get(PAGE).context["shown"], beta.get(PAGE).context["shown"]) == ("", "")
    sara.get("/oficina/ajustes/avisos/")
    first, second = (sara.get(PAGE) for _ in range(2))
    assert ("La llave está lista" in first.content.decode(), "La llave está lista" in second.content.decode()) == (True, False)
    assert len(first.context["shown"]) > 30
    sara.post(PAGE, TYPED)
    later = clock.now() + once.LIFE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert sara.get(PAGE).context["shown"] == ""
    monkeypatch.undo()
    assert sara.get(PAGE).context["shown"] == ""
    with context.in_agency(cast.alfa.agency):
        assert ApiKey.objects.count() == 2
        assert "shown_once" not in sara.session


def test_what_waits_for_one_session_is_nothing_in_another(cast: Casts, browse: Any) -> None:
    sara, other = browse(cast.alfa.agency, cast.alfa.sara), browse(cast.alfa.agency, cast.alfa.sara)
    sara.post(PAGE, TYPED)
    with context.in_agency(cast.alfa.agency):
        kept = sara.session["shown_once"]
        stolen = other.session
        stolen["shown_once"] = kept
        stolen.save()
    assert other.get(PAGE).context["shown"] == ""
    assert sara.get(PAGE).context["shown"] != ""


def test_who_may_make_keys(cast: Casts, browse: Any) -> None:
    assert_desk_only(browse, cast.alfa, PAGE)
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role=StaffRole.COLLECTIONS)
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    assert (sara.get(PAGE).status_code, sara.post(PAGE, TYPED).status_code) == (403, 403)
    with context.in_agency(cast.alfa.agency):
        assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("change", "where"),
    [({"name": ""}, "name"), ({"scopes": []}, "scopes"), ({"scopes": ["all:write"]}, "scopes"), ({"expires_on": "2020-01-01"}, "expires_on")],
)
def test_a_wrong_key_is_not_made(cast: Casts, browse: Any, change: dict[str, Any], where: str) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.sara).post(PAGE, {**TYPED, **change})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [where])
    with context.in_agency(cast.alfa.agency):
        assert not ApiKey.objects.exists()


def test_a_key_of_another_agency_is_401_and_says_nothing_more(cast: Casts) -> None:
    _alfa, shown = make_key(cast.alfa)
    make_key(cast.beta)
    nobody = problem_of(Software(cast.beta, "nada").get("clients/1/"), 401)
    answer = Software(cast.beta, shown).get("clients/1/")
    assert problem_of(answer, 401) == nobody
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert problem_of(Software(cast.beta, None).get("clients/1/"), 401) == nobody
    with context.in_agency(cast.beta.agency):
        assert ApiKey.objects.get().last_used_at is None


def test_every_row_is_of_the_agency_whose_host_was_called(cast: Casts) -> None:
    """Ids are the same in both, so a leak would show."""
    with context.in_agency(cast.beta.agency):
        for model, name in ((type(cast.beta.rita), "Beta"), (User, "Beta")):
            model.objects.update(name=name)
    alfa, beta = software(cast.alfa), software(cast.beta)
    assert {row["name"] for row in beta.get("clients/").json()["results"]} == {"Beta"}
    assert alfa.get("clients/1/").json()["name"] == "Rita Arrendataria Ñáñez"
    assert beta.get("clients/1/").json()["name"] == "Beta"
    assert alfa.get("clients/1/")["ETag"] != beta.get("clients/1/")["ETag"]


@pytest.mark.parametrize("expires_on", [date(2026, 11, 22), clock.today()])
def test_a_key_is_good_until_the_end_of_its_last_day(cast: Casts, expires_on: date) -> None:
    shown = make_key(cast.alfa, expires_on=expires_on)[1]
    with context.in_agency(cast.alfa.agency):
        end = datetime.combine(expires_on, time(23, 59), clock.BOGOTA)
        assert keys.find(shown, now=end) is not None
        assert keys.find(shown, now=end + timedelta(minutes=2)) is None


@pytest.mark.parametrize("wrong", ["{prefix}", "{prefix}.", "{shown}x", "X{shown}", "{shown} ", "ñ{shown}", "{prefix}." + "A" * 200])
def test_a_key_that_is_nearly_right_is_wrong(cast: Casts, wrong: str) -> None:
    key, shown = make_key(cast.alfa)
    with context.in_agency(cast.alfa.agency):
        assert keys.find(shown, now=clock.now()) == key
        assert keys.find(wrong.format(prefix=key.prefix, shown=shown), now=clock.now()) is None


def test_a_session_opens_nothing(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    problem_of(sara.get("/api/v1/clients/"), 401)
    problem_of(sara.post("/api/v1/clients/", "{}", content_type="application/json"), 401)


# Each operation × each scope


def _operations() -> list[tuple[str, str, Scope]]:
    found = []
    for pattern in get_resolver("saas.urls_api").url_patterns:
        for method, scope in getattr(pattern.callback, "scopes", {}).items():
            found.append((method, "/api/" + str(pattern.pattern).replace("<int:pk>", "1"), scope))
    return found


OPERATIONS = _operations()
TABLE = {
    ("GET", "clients"): "clients:read", ("POST", "clients"): "clients:write", ("PATCH", "clients"): "clients:write",
    ("GET", "units"): "units:read", ("POST", "units"): "units:write", ("PATCH", "units"): "units:write",
    ("GET", "leases"): "leases:read", ("POST", "leases"): "leases:write", ("PATCH", "leases"): "leases:write",
    ("GET", "invoices"): "invoices:read", ("GET", "payments"): "payments:read", ("POST", "payments"): "payments:write",
    ("GET", "receipts"): "receipts:read", ("GET", "payouts"): "payouts:read",
    ("POST", "invoices"): "invoices:write", ("GET", "cases"): "cases:read", ("POST", "cases"): "cases:write",
}  # fmt: skip


@pytest.mark.parametrize("scope", Scope.values)
def test_each_operation_for_each_scope(cast: Casts, scope: str) -> None:
    program = software(cast.alfa, [scope])
    assert len(OPERATIONS) == 37
    for method, path, needed in OPERATIONS:
        handled = method == "POST" and path.startswith("/api/v1/cases/1/")
        assert needed == ("cases:handle" if handled else TABLE[method, path.split("/")[3]])
        answer = program.call(method, path, {} if method != "GET" else None)
        assert (answer.status_code != 403) == (needed == scope), (method, path, answer.content)
        if answer.status_code == 403:
            assert needed.value in problem_of(answer, 403)["detail"]


def test_a_view_without_a_scope_for_each_method_does_not_come_up() -> None:
    def view(request: Any) -> Any:
        return request

    with pytest.raises(ImproperlyConfigured):
        api_door(view, scopes={"GET": Scope.CASES_READ}, methods=["GET", "POST"])
    with pytest.raises(ImproperlyConfigured):
        api_door(view, scopes={}, methods=["GET"])


# How often


def test_a_key_that_calls_too_often_waits_alone(cast: Casts, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_REQUESTS_A_MINUTE = 3
    moment = [60_000_010.5]
    monkeypatch.setattr(authentication, "time", SimpleNamespace(time=lambda: moment[0]))
    fast, other, beta = software(cast.alfa), software(cast.alfa), software(cast.beta)
    answers = [fast.get("clients/1/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    refused = answers[-1]
    assert problem_of(refused, 429)["detail"] == "Espere los segundos que dice Retry-After."
    assert refused["Retry-After"] == "50"
    # Beta's key has the same number as the fast one.
    assert (other.get("clients/1/").status_code, beta.get("clients/1/").status_code) == (200, 200)
    moment[0] += 50
    assert fast.get("clients/1/").status_code == 200
