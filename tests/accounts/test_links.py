"""A forgotten password and the links that open an account: the same answer to everybody, one use, and an end."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.password_validation import MinimumLengthValidator, get_default_password_validators
from django.db import connection, transaction
from django.test import Client as Browser

from saas.accounts import links
from saas.accounts.models import Role, User
from saas.jobs.models import Job
from saas.lib import clock
from tenants import context
from tenants.models import Agency
from tests.accounts.steps import FORGOTTEN, HOME, SENT, is_in, log_in, solved, words_of
from tests.world import PASSWORD, Casts

NEW = "girasoles-del-norte-7"
BOTH = (NEW, "nardos-del-sur-8")
LIVES = {"activacion": timedelta(days=7), "clave": timedelta(hours=2)}
PATHS = {"activacion": "/area-de-clientes/activar/", "clave": "/area-de-clientes/clave/"}
DEAD = "Este enlace ya no sirve"


@pytest.fixture
def browser(cast: Casts, browse: Any) -> Browser:
    """A browser on alfa's host, nobody logged in."""
    made: Browser = browse(cast.alfa.agency)
    return made


@pytest.fixture
def rita(cast: Casts) -> User:
    """Rita's account in alfa."""
    user = cast.alfa.rita.user
    assert user is not None
    return user


def token_of(cast: Casts, user: User, purpose: str) -> str:
    with context.in_agency(cast.alfa.agency):
        return links.make_token(User.objects.get(pk=user.pk), purpose=purpose)


def jobs(cast: Casts) -> list[tuple[str, dict[str, Any]]]:
    with context.in_agency(cast.beta.agency):
        assert not Job.objects.exists()
    with context.in_agency(cast.alfa.agency):
        return [(job.kind, job.payload) for job in Job.objects.order_by("pk")]


def at(monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
    """The project's clock goes on by `later`; Django's own stays."""
    moment = clock.now() + later
    monkeypatch.setattr(clock, "now", lambda: moment)


def set_password(browser: Browser, path: str, password: str = NEW, again: str = "") -> Any:
    return browser.post(path, {"password": password, "again": again or password})


# A forgotten password


@pytest.mark.parametrize("usuario", ["1001", "1.001", "Rita@correo.example", "9999", "nadie@correo.otra", "x", "%"])
def test_known_and_unknown_are_answered_the_same(cast: Casts, browser: Browser, rita: User, usuario: str) -> None:
    answer = browser.post(FORGOTTEN, {"login": usuario, "captcha": solved(browser)})
    assert (answer.status_code, answer["Location"], answer.content) == (302, SENT, b"")
    page = browser.get(SENT)
    assert page.status_code == 200
    assert "Si el usuario existe y tiene un correo registrado, le enviamos un enlace" in words_of(page)
    assert usuario not in words_of(page).split()
    known = usuario in ("1001", "1.001", "Rita@correo.example")
    assert jobs(cast) == ([("accounts.mail_reset", {"user_id": rita.pk})] if known else [])


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": ""}])
def test_who_gets_no_link_is_told_nothing_else(cast: Casts, browser: Browser, change: dict[str, Any]) -> None:
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(username="1001").update(**change)
    answer = browser.post(FORGOTTEN, {"login": "1001", "captcha": solved(browser)})
    assert (answer.status_code, answer["Location"]) == (302, SENT)
    assert jobs(cast) == []


def test_asking_twice_in_a_minute_sends_one_mail(
    cast: Casts, browser: Browser, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for later, count in ((timedelta(0), 1), (timedelta(seconds=0), 1), (timedelta(minutes=1), 2)):
        at(monkeypatch, later)
        assert browser.post(FORGOTTEN, {"login": "1001", "captcha": solved(browser)}).status_code == 302
        assert len(jobs(cast)) == count


@pytest.mark.parametrize("captcha", ["", "bm8="])
def test_a_robot_asks_for_nothing(cast: Casts, browser: Browser, captcha: str) -> None:
    answer = browser.post(FORGOTTEN, {"login": "1001", "captcha": captcha})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["captcha"]
    assert answer.context["form"]["login"].value() == "1001"
    assert jobs(cast) == []


def test_twenty_in_an_hour_are_enough(cast: Casts, browser: Browser) -> None:
    for _ in range(20):
        assert browser.post(FORGOTTEN, {"login": "1001", "captcha": "bm8="}).status_code == 200
    answer = browser.post(FORGOTTEN, {"login": "1001", "captcha": solved(browser)})
    assert answer.status_code == 429
    assert "Demasiadas solicitudes. Espere una hora y vuelva a intentarlo." in words_of(answer)
    assert browser.post(FORGOTTEN).status_code == 429  # with nothing typed, too
    assert browser.get(FORGOTTEN).status_code == 200
    assert jobs(cast) == []


# The links


@pytest.mark.parametrize("purpose", ["activacion", "clave"])
def test_a_link_sets_the_password_once(cast: Casts, browser: Browser, browse: Any, rita: User, purpose: str) -> None:
    path = f"{PATHS[purpose]}{token_of(cast, rita, purpose)}/"
    page = browser.get(path)
    assert page.status_code == 200
    assert "Hola, Rita Arrendataria Ñáñez." in words_of(page)
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"
    answer = set_password(browser, path)
    assert (answer.status_code, answer["Location"]) == (302, "/area-de-clientes/ingresar/?lista=1")
    assert "Su contraseña quedó lista. Ingrese con ella." in words_of(browser.get(answer["Location"]))
    assert not is_in(browser)  # it opens the account, it does not log in

    for again in (browser, browse(cast.alfa.agency)):
        for answer in (again.get(path), set_password(again, path, "tercera-clave-larga-3")):
            assert answer.status_code == 410
            assert DEAD in words_of(answer)
    assert log_in(browser, "1001", "tercera-clave-larga-3").status_code == 200
    assert log_in(browser, "1001", PASSWORD).status_code == 200
    assert log_in(browser, "1001", NEW).status_code == 302


def test_the_first_password_dates_the_activation_and_later_ones_do_not(cast: Casts, browser: Browser, rita: User) -> None:
    before = clock.now()
    set_password(browser, f"{PATHS['activacion']}{token_of(cast, rita, 'activacion')}/")
    with context.in_agency(cast.alfa.agency):
        first = User.objects.get(pk=rita.pk).activated_at
    assert first is not None
    assert before <= first <= clock.now()
    set_password(browser, f"{PATHS['clave']}{token_of(cast, rita, 'clave')}/", "tercera-clave-larga-3")
    with context.in_agency(cast.alfa.agency):
        assert User.objects.get(pk=rita.pk).activated_at == first


def test_a_new_password_ends_the_sessions_elsewhere(cast: Casts, browser: Browser, browse: Any, rita: User) -> None:
    elsewhere = browse(cast.alfa.agency, rita)
    assert is_in(elsewhere)
    set_password(browser, f"{PATHS['clave']}{token_of(cast, rita, 'clave')}/")
    assert not is_in(elsewhere)


def test_logging_in_ends_the_links_that_were_sent_before(cast: Casts, browser: Browser, rita: User) -> None:
    path = f"{PATHS['clave']}{token_of(cast, rita, 'clave')}/"
    assert browser.get(path).status_code == 200
    log_in(browser, "1001")
    assert browser.get(path).status_code == 410


@pytest.mark.parametrize("purpose", ["activacion", "clave"])
def test_a_link_ends_to_the_second(
    cast: Casts, browser: Browser, rita: User, purpose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{PATHS[purpose]}{token_of(cast, rita, purpose)}/"
    made = clock.now()
    for age, status in (
        (LIVES[purpose] - timedelta(seconds=2), 200),
        (LIVES[purpose] + timedelta(seconds=2), 410),
        (LIVES[purpose] * 2, 410),
        (timedelta(0), 200),
    ):
        moment = made + age
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        assert browser.get(path).status_code == status
    monkeypatch.setattr(clock, "now", lambda: made + LIVES[purpose] + timedelta(seconds=2))
    assert set_password(browser, path).status_code == 410
    with context.in_agency(cast.alfa.agency):
        assert User.objects.get(pk=rita.pk).check_password(PASSWORD)


def test_user_of_takes_the_time_from_its_caller(cast: Casts, rita: User) -> None:
    with context.in_agency(cast.alfa.agency):
        for purpose, life in LIVES.items():
            token = links.make_token(rita, purpose=purpose)
            now = clock.now()
            assert links.user_of(token, purpose=purpose, now=now + life - timedelta(seconds=2)) == rita
            with pytest.raises(links.LinkError, match="^expired$"):
                links.user_of(token, purpose=purpose, now=now + life + timedelta(seconds=1))


@pytest.mark.parametrize("path", ["activacion", "clave"])
def test_a_link_is_good_for_its_purpose_alone(cast: Casts, browser: Browser, rita: User, path: str) -> None:
    other = "clave" if path == "activacion" else "activacion"
    answer = browser.get(f"{PATHS[path]}{token_of(cast, rita, other)}/")
    assert answer.status_code == 410
    ways_on = {"activacion": "pida a Inmobiliaria Alfa que le envíe otra invitación", "clave": "Pida un enlace nuevo"}
    assert ways_on[path] in words_of(answer)


def test_what_is_no_link_is_refused(cast: Casts, browser: Browser, rita: User) -> None:
    token = token_of(cast, rita, "clave")
    pk, stamp, digest = token.split("-")
    others = [
        f"{pk}-{stamp}-{digest[:-1]}{'0' if digest[-1] != '0' else '1'}", f"{pk}-{stamp}-{digest[:-1]}", f"{pk}-{stamp}1-{digest}",
        f"{pk}-{stamp}", pk, f"{pk}-", f"-{stamp}-{digest}", f"zz-{stamp}-{digest}", "x", "-", "--", "ñ-x-y", f"{'9' * 13}-{stamp}-{digest}",
        f"{'z' * 13}-{stamp}-{digest}", f"{'9' * 500}-{stamp}-{digest}", "0-0-0",
    ]  # fmt: skip
    for other in others:
        for path in PATHS.values():
            assert browser.get(f"{path}{other}/").status_code == 410, other
    with context.in_agency(cast.alfa.agency):
        oscar = cast.alfa.oscar.user
        assert oscar is not None
        with pytest.raises(links.LinkError, match="^invalid$"):  # Rita's signature under Óscar's number
            links.user_of(
                links.make_token(oscar, purpose="clave").split("-")[0] + token[len(pk) :], purpose="clave", now=clock.now()
            )
    assert browser.get(f"{PATHS['clave']}{token}/").status_code == 200


def test_a_closed_account_has_no_link(cast: Casts, browser: Browser, rita: User) -> None:
    path = f"{PATHS['clave']}{token_of(cast, rita, 'clave')}/"
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=rita.pk).update(is_active=False)
    assert browser.get(path).status_code == 410


# What a password must be


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("corta-1", ["La contraseña es demasiado corta. Debe contener por lo menos 10 caracteres."]),
        ("9283746501", ["Esta contraseña es completamente numérica."]),
        ("password123", ["Esta contraseña es demasiado común."]),
        ("arrendataria", ["La contraseña es muy parecida a nombre."]),
        ("rita@correo.example", ["La contraseña es muy parecida a correo."]),
        ("123456", [
            "La contraseña es demasiado corta. Debe contener por lo menos 10 caracteres.", "Esta contraseña es demasiado común.",
            "Esta contraseña es completamente numérica.",
        ]),
    ],
)  # fmt: skip
def test_a_weak_password_is_refused_in_spanish(cast: Casts, browser: Browser, rita: User, password: str, said: list[str]) -> None:
    path = f"{PATHS['activacion']}{token_of(cast, rita, 'activacion')}/"
    answer = set_password(browser, path, password)
    assert answer.status_code == 200
    assert answer.context["form"].errors == {"password": said}
    assert all(words in words_of(answer) for words in said)
    with context.in_agency(cast.alfa.agency):
        assert User.objects.get(pk=rita.pk).check_password(PASSWORD)
    assert set_password(browser, path).status_code == 302  # the link is still good


@pytest.mark.parametrize(
    ("password", "again", "errors"),
    [
        (NEW, f"{NEW} ", {"again": ["Las dos contraseñas no son iguales."]}),
        (NEW, "otra-cosa-larga-1", {"again": ["Las dos contraseñas no son iguales."]}),
        (NEW, None, {"again": ["Este campo es requerido."]}),
        (None, NEW, {"password": ["Este campo es requerido."]}),
    ],
)
def test_both_are_needed_and_alike(
    cast: Casts, browser: Browser, rita: User, password: str | None, again: str | None, errors: dict[str, list[str]]
) -> None:
    path = f"{PATHS['clave']}{token_of(cast, rita, 'clave')}/"
    answer = browser.post(path, {"password": password or "", "again": again or ""})
    assert answer.status_code == 200
    assert answer.context["form"].errors == errors
    assert NEW not in answer.content.decode()


def test_the_rules_are_on_the_page(cast: Casts, browser: Browser, rita: User) -> None:
    words = words_of(browser.get(f"{PATHS['clave']}{token_of(cast, rita, 'clave')}/"))
    (least,) = [rule.min_length for rule in get_default_password_validators() if isinstance(rule, MinimumLengthValidator)]
    assert f"Al menos {least} caracteres, no solo números." in words
    assert "Your password" not in words


def test_a_password_keeps_its_spaces(cast: Casts, browser: Browser, rita: User) -> None:
    set_password(browser, f"{PATHS['clave']}{token_of(cast, rita, 'clave')}/", f"  {NEW} ñ ")
    assert log_in(browser, "1001", NEW).status_code == 200
    assert log_in(browser, "1001", f"  {NEW} ñ ")["Location"] == HOME


def test_operators_have_their_links_on_the_platform(cast: Casts, browse: Any) -> None:
    ola = User.objects.create_user(username="ola@plataforma.test", role=Role.OPERATOR, name="Ola", email="ola@plataforma.test")
    platform = browse(None)
    answer = platform.post("/superadmin/clave/", {"login": "ola@plataforma.test", "captcha": solved(platform)})
    assert (answer.status_code, answer["Location"]) == (302, "/superadmin/clave/enviada/")
    assert [(job.kind, job.payload) for job in Job.objects.all()] == [("accounts.mail_reset", {"user_id": ola.pk})]
    path = f"/superadmin/clave/{links.make_token(ola, purpose='clave')}/"
    assert set_password(platform, path)["Location"] == "/superadmin/ingresar/?lista=1"
    assert set_password(platform, path).status_code == 410
    with context.in_agency(cast.alfa.agency):
        assert not Job.objects.exists()


# At once


def test_of_two_uses_at_once_one_wins(committed: None) -> None:
    alfa = Agency.objects.get(slug="alfa")
    with context.in_agency(alfa):
        user = User.objects.create_user(username="555001", role=Role.CLIENT, name="Ana")
        path = f"/area-de-clientes/activar/{links.make_token(user, purpose='activacion')}/"
    answers: dict[str, int] = {}

    def use(password: str) -> None:
        try:
            browser = Browser(headers={"host": "alfa.plataforma.test"})
            answers[password] = browser.post(path, {"password": password, "again": password}).status_code
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=[password]) for password in BOTH]
    try:
        with context.in_agency(alfa):
            with transaction.atomic():
                # Both have read the account and found the link good before either may write.
                User.objects.select_for_update().get(pk=user.pk)
                for thread in threads:
                    thread.start()
                until_waiting(len(threads))
            for thread in threads:
                thread.join(30)
            user.refresh_from_db()
        assert sorted(answers.values()) == [302, 410]
        (winner,) = [password for password in BOTH if answers[password] == 302]
        assert [user.check_password(password) for password in BOTH] == [password == winner for password in BOTH]
    finally:
        with context.in_agency(alfa), connection.cursor() as cursor:
            # Not by the ORM, which looks for the user's rows in the admin's log: that is in public alone.
            cursor.execute("DELETE FROM accounts_user WHERE id = %s", [user.pk])


def until_waiting(count: int) -> None:
    """Return when so many connections to this database wait for a lock."""
    last = time.monotonic() + 20
    while time.monotonic() < last:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction the view is read once
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
            (waiting,) = cursor.fetchone()
        if waiting == count:
            return
    raise AssertionError("they did not get as far as the lock")
