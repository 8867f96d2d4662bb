"""The mails of accounts: who gets a link, who gets none, and the way from an invitation to being logged in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from clientarea.invitations import invite
from saas.accounts import consents
from saas.accounts.models import Role, User
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Task
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import branding, context
from tenants.models import Agency
from tests.desk.test_invitations import make_ana
from tests.walls.robot import solve
from tests.world import NOW, PASSWORD, Casts

LINK = re.compile(r"https?://[^\s\"<>]+/area-de-clientes/(?:activar|clave)/[^\s\"<>]+/")
NEW_PASSWORD = "otra-clave-larga-2"  # noqa: S105


def _task(kind: str, user: User, key: str = "k") -> Task:
    return Task(id=1, kind=kind, key=key, payload={"user_id": user.pk}, attempts=1)


def _link() -> str:
    """The one link of the last mail, the same in text and HTML."""
    letter = mail.outbox[-1]
    html = str(letter.alternatives[0][0])  # type: ignore[attr-defined]
    links = set(LINK.findall(str(letter.body)))
    assert links == set(LINK.findall(html))
    (link,) = links
    return link


@pytest.fixture
def invited(cast: Casts) -> User:
    """Ana of alfa, invited, her mail sent by the job."""
    with context.in_agency(cast.alfa.agency):
        now = clock.now()
        user = invite(make_ana(), now=now)
        assert run_job(Job.objects.get().pk, now=now) is True
        assert Job.objects.get().done_at == now
    return user


def test_the_activation_mail(cast: Casts, invited: User) -> None:
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["ana@correo.example"], f"Active su cuenta · {cast.alfa.agency.name}")
    assert _link().startswith(f"{branding.origin(cast.alfa.agency)}/area-de-clientes/activar/")
    assert "Ana Nueva" in letter.body


def test_from_invitation_to_logged_in(cast: Casts, invited: User, browse: Any) -> None:
    alfa = cast.alfa.agency
    path = _link().removeprefix(branding.origin(alfa))
    assert browse(cast.beta.agency).get(path).status_code == 410  # beta knows nothing of it
    browser = browse(alfa)
    assert browser.get(path).status_code == 200
    assert browser.post(path, {"password": "corta", "again": "corta"}).status_code == 200
    with context.in_agency(alfa):
        assert User.objects.get(pk=invited.pk).activated_at is None
    answer = browser.post(path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/area-de-clientes/ingresar/?lista=1")
    with context.in_agency(alfa):
        assert User.objects.get(pk=invited.pk).activated_at is not None

    captcha = solve(browser.get("/no-soy-robot/").json())
    answer = browser.post("/area-de-clientes/ingresar/", {"login": "AB12345", "password": NEW_PASSWORD, "captcha": captcha})
    assert (answer.status_code, answer["Location"]) == (302, "/area-de-clientes/")
    answer = browser.post("/area-de-clientes/autorizacion/", {"accept": consents.VERSION})
    assert (answer.status_code, answer["Location"]) == (302, "/area-de-clientes/")
    assert "Hola, Ana<" in browser.get("/area-de-clientes/").content.decode()

    stranger = browse(alfa)
    assert stranger.get(path).status_code == 410
    assert stranger.post(path, {"password": "tercera-clave-3", "again": "tercera-clave-3"}).status_code == 410
    with context.in_agency(alfa):
        assert User.objects.get(pk=invited.pk).check_password(NEW_PASSWORD)


def test_the_link_ends_after_seven_days(cast: Casts, invited: User, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _link().removeprefix(branding.origin(cast.alfa.agency))
    made = clock.now()
    monkeypatch.setattr(clock, "now", lambda: made + timedelta(days=7, seconds=5))
    assert browse(cast.alfa.agency).get(path).status_code == 410
    monkeypatch.setattr(clock, "now", lambda: made + timedelta(days=6, hours=23))
    assert browse(cast.alfa.agency).get(path).status_code == 200


def test_a_repeated_job_sends_the_same_message_id(inside_alfa: Agency) -> None:
    user = User.objects.create_user(username="1", role=Role.CLIENT, name="Uno", email="uno@correo.example")
    for key in ("a", "a", "b"):
        HANDLERS["clientarea.mail_activation"](_task("clientarea.mail_activation", user, key))
        HANDLERS["accounts.mail_reset"](_task("accounts.mail_reset", user, key))
    ids = [letter.extra_headers["Message-ID"] for letter in mail.outbox]
    assert len(ids) == 6
    assert (ids[0], ids[1]) == (ids[2], ids[3])
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("accounts.mail_reset", {"is_active": False}),
        ("accounts.mail_reset", {"email": ""}),
        ("clientarea.mail_activation", {"is_active": False}),
        ("clientarea.mail_activation", {"email": ""}),
        ("clientarea.mail_activation", {"activated_at": NOW}),
    ],
)
def test_who_gets_no_link(inside_alfa: Agency, kind: str, change: dict[str, Any]) -> None:
    user = User.objects.create_user(username="1", role=Role.CLIENT, name="Uno", email="uno@correo.example")
    User.objects.update(**change)
    HANDLERS[kind](_task(kind, user))
    assert mail.outbox == []


def test_who_is_gone_gets_no_link(inside_alfa: Agency) -> None:
    for kind in ("accounts.mail_reset", "clientarea.mail_activation"):
        HANDLERS[kind](Task(id=1, kind=kind, key="k", payload={"user_id": 999_999}, attempts=1))
    assert mail.outbox == []


def test_a_forgotten_password_from_the_form_to_the_new_one(cast: Casts, browse: Any) -> None:
    alfa = cast.alfa
    browser = browse(alfa.agency)
    captcha = solve(browser.get("/no-soy-robot/").json())
    answer = browser.post("/area-de-clientes/clave/", {"login": "1.001", "captcha": captcha})
    assert (answer.status_code, answer["Location"]) == (302, "/area-de-clientes/clave/enviada/")
    with context.in_agency(alfa.agency):
        assert run_job(Job.objects.get().pk, now=clock.now()) is True
    with context.in_agency(cast.beta.agency):
        assert not Job.objects.exists()
    (letter,) = mail.outbox
    assert letter.to == [alfa.rita.user.email]  # type: ignore[union-attr]
    assert letter.subject == f"Cambie su contraseña · {alfa.agency.name}"
    path = _link().removeprefix(branding.origin(alfa.agency))
    assert browse(cast.beta.agency).get(path).status_code == 410
    assert browser.post(path, {"password": NEW_PASSWORD, "again": NEW_PASSWORD}).status_code == 302
    assert browser.get(path).status_code == 410
    with context.in_agency(alfa.agency):
        rita = User.objects.get(pk=alfa.rita.user_id)
        assert (rita.check_password(NEW_PASSWORD), rita.check_password(PASSWORD)) == (True, False)


def test_an_operator_s_link_is_of_the_platform(db: None) -> None:
    user = User.objects.create_user(username="ola@plataforma.test", role=Role.OPERATOR, name="Ola", email="ola@plataforma.test", password=PASSWORD)
    HANDLERS["accounts.mail_reset"](_task("accounts.mail_reset", user))
    assert "http://plataforma.test/superadmin/clave/" in str(mail.outbox[0].body)
