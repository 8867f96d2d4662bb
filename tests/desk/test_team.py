"""*Equipo*: invited by mail, given a role, deactivated; the last dueño stays; each desk address for each role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.urls import URLPattern, URLResolver, get_resolver

import clientarea.desk_files
import pqrs.desk
import pqrs.desk_settings
import saas.api.desk
import tenants.desk
import tenants.desk_mails
import tenants.desk_texts
from payments import desk_back, desk_close, desk_manual, desk_payments, desk_reviews, desk_transfers
from payments.invoicing import desk as desk_invoices
from payments.invoicing import desk_acts as desk_invoice_acts
from payments.invoicing import desk_rules as desk_invoicing
from payments.invoicing import desk_runs
from payments.payouts import desk as desk_payouts
from payments.reminders import desk as desk_reminders
from saas import desk_book
from saas.accounts import team
from saas.accounts.models import Role, StaffRole, User
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.accounts.steps import log_in, words_of
from tests.world import NOW, PASSWORD, Casts

TEAM = "/oficina/equipo/"
INVITED = {"name": "Carla  Cartera", "email": "Carla@Alfa.example", "staff_role": "collections"}
REFUSED = "Su cargo en la oficina no permite esto."


def make(role: StaffRole, name: str = "Otra", *, password: str | None = PASSWORD) -> User:
    """Somebody else of the staff. Call it inside the agency."""
    email = f"{name.lower()}@alfa.example"
    return User.objects.create_user(username=email, role=Role.STAFF, name=name, email=email, password=password, staff_role=role)


# Each desk address for each role


def _desk_views() -> Iterator[tuple[str, str, Any]]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, str, Any]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif prefix.startswith("/oficina/"):
                address = re.sub(r"<[^>]+>", "1", prefix + str(pattern.pattern))
                yield str(pattern.name), address, pattern.callback

    yield from walk(get_resolver("saas.urls_agency").url_patterns, "/")


DESK = list(_desk_views())
# Who may act, of the pages that are the work of some. The others are for all but *consulta*.
MONEY = (
    desk_manual, desk_payments, desk_back, desk_reviews, desk_close, desk_reminders, desk_invoices, desk_invoice_acts, desk_runs, desk_invoicing,
    desk_payouts, desk_transfers,
)  # fmt: skip
CASES = (pqrs.desk, pqrs.desk_settings, clientarea.desk_files)
WORK = {
    "desk_invite": {"head", "service"}, "desk_forget_factor": {"head", "service"}, "desk_payu": {"head"}, "desk_payu_ping": {"head"},
    "desk_team": {"head"}, "desk_team_role": {"head"}, "desk_team_invite": {"head"}, "desk_team_deactivate": {"head"},
    **{pattern.name: {"head"} for pattern in saas.api.desk.urlpatterns},
    "desk_team_reactivate": {"head"}, "desk_team_factor": {"head"}, "desk_policy": {"head"},
    **{pattern.name: {"head"} for pattern in (*tenants.desk.urlpatterns, *tenants.desk_mails.urlpatterns, *tenants.desk_texts.urlpatterns)},
    **{pattern.name: {"head", "collections"} for pattern in desk_book.urlpatterns},
    **dict.fromkeys(("desk_book_bring", "desk_book_confirm", "desk_book_discard", "desk_book_undo"), {"head"}),
    "desk_visits": {"head"}, "desk_history": {"head"}, "desk_domain": {"head"}, "desk_domain_remove": {"head"},
    **{pattern.name: {"head", "collections"} for module in MONEY for pattern in module.urlpatterns},
    "desk_numbering": {"head"}, "desk_rules": {"head"},
    "desk_transfer_account": {"head"},
    **{pattern.name: {"head", "service"} for module in CASES for pattern in module.urlpatterns},
}  # fmt: skip


@pytest.mark.parametrize("staff_role", StaffRole.values)
def test_each_desk_address_for_each_role(cast: Casts, browse: Any, staff_role: str) -> None:
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role=staff_role)
    assert len(DESK) > 10
    wrong = []
    for name, address, view in DESK:
        acting = set(view.acting)
        assert view.door == "staff", name
        assert acting == WORK.get(name, acting), name
        assert "viewer" not in acting, name
        browser = browse(cast.alfa.agency, cast.alfa.sara)
        looks, acts = browser.get(address), browser.post(address)
        may_look, may_act = staff_role == "viewer" or staff_role in acting, staff_role in acting
        if (looks.status_code != 403, acts.status_code != 403) != (may_look, may_act):
            wrong.append((name, staff_role, looks.status_code, acts.status_code))
        if acts.status_code == 403:
            assert REFUSED in words_of(acts)
        with context.in_agency(cast.alfa.agency):  # whatever a role did to itself does not count for the next address
            User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role=staff_role, is_active=True)
    assert wrong == []
    assert set(WORK) <= {name for name, _address, _view in DESK}


def test_consulta_looks_and_is_offered_no_button(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        viewer = make(StaffRole.VIEWER, "Vera")
    page = browse(cast.alfa.agency, viewer).get(TEAM)
    assert page.status_code == 200
    assert "Enviar invitación" not in words_of(page)
    assert "/cargo/" not in page.content.decode()


def test_the_navigation_offers_no_closed_door(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        service = make(StaffRole.SERVICE, "Sergio")
    page = browse(cast.alfa.agency, service).get("/oficina/").content.decode()
    assert f'href="{TEAM}"' not in page
    assert 'href="/oficina/payu/"' not in page
    assert f'href="{TEAM}"' in browse(cast.alfa.agency, cast.alfa.sara).get("/oficina/").content.decode()


@pytest.mark.parametrize("staff_role", StaffRole.values)
def test_the_first_page_offers_no_closed_door(cast: Casts, browse: Any, staff_role: str) -> None:
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role=staff_role)
    browser = browse(cast.alfa.agency, cast.alfa.sara)
    offered = sorted(set(re.findall(r'href="(/oficina/[^"#]*)"', browser.get("/oficina/").content.decode())))
    assert len(offered) > 5
    assert [address for address in offered if browser.get(address.replace("&amp;", "&")).status_code != 200] == []


# Inviting


def test_somebody_is_invited_and_gets_in(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    answer = sara.post(TEAM, INVITED)
    assert (answer.status_code, answer["Location"]) == (302, TEAM)
    with context.in_agency(cast.alfa.agency):
        carla = User.objects.get(username="carla@alfa.example")
        assert (carla.role, carla.staff_role, carla.name, carla.has_usable_password()) == ("staff", "collections", "Carla Cartera", False)
        (job,) = Job.objects.all()
        assert (job.kind, job.payload) == ("accounts.mail_staff_invitation", {"user_id": carla.pk})
        assert run_job(job.pk, now=clock.now()) is True
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["carla@alfa.example"], "Active su cuenta · Inmobiliaria Alfa")
    assert "con el cargo de Cartera" in letter.body
    link = re.search(r"/area-de-clientes/activar/\S+", str(letter.body))
    assert link is not None
    assert browse(cast.beta.agency).get(link[0]).status_code == 410
    browser = browse(cast.alfa.agency)
    browser.post(link[0], {"password": "otra-clave-larga-2", "again": "otra-clave-larga-2"})
    log_in(browser, "carla@alfa.example", "otra-clave-larga-2")
    assert browser.get("/oficina/").status_code == 200
    assert browser.get(TEAM).status_code == 403
    with context.in_agency(cast.beta.agency):
        assert not User.objects.filter(username="carla@alfa.example").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "sara@alfa.example"}, "Ya hay una cuenta con ese correo"), ({"email": "x"}, "correo"), ({"name": ""}, "Revise lo marcado"),
        ({"staff_role": "operator"}, "Revise lo marcado"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(cast: Casts, browse: Any, change: dict[str, str], said: str) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.sara).post(TEAM, {**INVITED, **change})
    assert (answer.status_code, said in words_of(answer)) == (422, True)
    with context.in_agency(cast.alfa.agency):
        assert not Job.objects.exists()


def test_a_link_is_sent_again_to_who_did_not_use_it(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        waiting = make(StaffRole.SERVICE, "Sergio", password=None)
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    sara.post(f"{TEAM}{waiting.pk}/invitar/")
    sara.post(f"{TEAM}{cast.alfa.sara.pk}/invitar/")
    with context.in_agency(cast.alfa.agency):
        assert [job.payload for job in Job.objects.all()] == [{"user_id": waiting.pk}]
    assert "ya activó su cuenta" in words_of(sara.get(TEAM))


# Roles and deactivating


def test_a_role_is_changed_and_kept_in_the_history(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        other = make(StaffRole.SERVICE, "Sergio")
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    sara.post(f"{TEAM}{other.pk}/cargo/", {"staff_role": "viewer"})
    assert sara.post(f"{TEAM}{other.pk}/cargo/", {"staff_role": "operator"}).status_code == 404
    with context.in_agency(cast.alfa.agency):
        assert User.objects.get(pk=other.pk).staff_role == "viewer"
        (change,) = Change.objects.all()
        assert (change.subject, change.subject_id, change.field, change.before, change.after, change.who_id) == (
            "user", other.pk, "staff_role", "Servicio", "Consulta", cast.alfa.sara.pk,
        )  # fmt: skip
    assert "Sergio · Cargo: Servicio → Consulta" in words_of(sara.get(TEAM))


def test_the_last_dueno_stays(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    with context.in_agency(cast.alfa.agency):
        make(StaffRole.HEAD, "Invitada", password=None)  # she cannot log in yet
        gone = make(StaffRole.HEAD, "Ausente")
        User.objects.filter(pk=gone.pk).update(is_active=False)
    for act, typed in (("cargo", {"staff_role": "viewer"}), ("desactivar", {})):
        sara.post(f"{TEAM}{cast.alfa.sara.pk}/{act}/", typed)
        assert "Es el único dueño que puede ingresar" in words_of(sara.get(TEAM))
    with context.in_agency(cast.alfa.agency):
        kept = User.objects.get(pk=cast.alfa.sara.pk)
        assert (kept.staff_role, kept.is_active) == ("head", True)
        assert not Change.objects.exists()
        make(StaffRole.HEAD, "Segunda")
        team.change_role(kept.pk, staff_role=StaffRole.VIEWER, by=kept, now=NOW)
        assert User.objects.get(pk=kept.pk).staff_role == "viewer"


def test_a_deactivated_account_is_out_at_once_and_may_come_back(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        other = make(StaffRole.SERVICE, "Sergio")
    browser = browse(cast.alfa.agency)
    log_in(browser, other.username)
    assert browser.get("/oficina/").status_code == 200
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    sara.post(f"{TEAM}{other.pk}/desactivar/")
    assert browser.get("/oficina/").status_code == 302
    assert log_in(browser, other.username).status_code == 200
    sara.post(f"{TEAM}{other.pk}/activar/")
    assert log_in(browse(cast.alfa.agency), other.username).status_code == 302


def test_clients_and_other_agencies_are_out_of_reach(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    for act in ("cargo", "desactivar", "activar", "invitar", "segundo-paso"):
        assert sara.post(f"{TEAM}{cast.alfa.rita.user_id}/{act}/", {"staff_role": "viewer"}).status_code == 404
        assert sara.post(f"{TEAM}999/{act}/", {"staff_role": "viewer"}).status_code == 404
        assert browse(cast.alfa.agency, cast.alfa.rita.user).post(f"{TEAM}{cast.alfa.sara.pk}/{act}/").status_code == 404
        assert sara.get(f"{TEAM}{cast.alfa.sara.pk}/{act}/").status_code == 405
    assert sara.post(f"{TEAM}{cast.alfa.sara.pk}/segundo-paso/").status_code == 404  # one's own: with the password
    with context.in_agency(cast.alfa.agency):
        assert User.objects.get(pk=cast.alfa.rita.user_id).is_active
    assert "beta.example" not in words_of(sara.get(TEAM))
