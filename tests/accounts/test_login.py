"""Logging in and out through the browser: who gets in, with what, and what everybody else is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client as Browser

from saas.accounts.models import Role, User
from tenants import context
from tenants.models import Agency
from tests.accounts.steps import HOME, LOGIN, TOO_MANY, WRONG, is_in, log_in, solved, words_of
from tests.world import PASSWORD, Casts

ROBOT_MISSING = "Marque «No soy un robot» y espere a que termine la verificación."
ROBOT_WRONG = "La verificación «No soy un robot» caducó o ya se usó. Márquela de nuevo."


@pytest.fixture
def browser(cast: Casts, browse: Any) -> Browser:
    """A browser on alfa's host, nobody logged in."""
    made: Browser = browse(cast.alfa.agency)
    return made


def change(agency: Agency, username: str, **fields: Any) -> User:
    """Change an account of an agency; `password` is hashed."""
    with context.in_agency(agency):
        user = User.objects.get(username=username)
        if "password" in fields:
            user.set_password(fields.pop("password"))
        for name, value in fields.items():
            setattr(user, name, value)
        user.save()
        return user


def sessions(agency: Agency) -> int:
    with context.in_agency(agency):
        return Session.objects.count()


# Who gets in


def test_the_page_asks_for_usuario_contrasena_and_the_check(browser: Browser) -> None:
    answer = browser.get(LOGIN)
    assert answer.status_code == 200
    words = words_of(answer)
    for said in ("Usuario", "Su número de documento o su correo.", "Contraseña", "Iniciar sesión", "¿Olvidó su contraseña?"):
        assert said in words, said
    body = answer.content.decode()
    assert 'autocomplete="username"' in body
    assert 'autocomplete="current-password"' in body
    assert 'challengeurl="/no-soy-robot/"' in body
    assert "Remember" not in body
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "usuario", ["1001", "1.001", " 1001 ", "1 001", "1-001", "1,001", "rita@correo.example", " RITA@correo.example"]
)
def test_a_client_gets_in_by_document_or_mail(cast: Casts, browser: Browser, usuario: str) -> None:
    answer = log_in(browser, usuario)
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert "Rita Arrendataria Ñáñez" in words_of(browser.get(HOME))
    assert sessions(cast.beta.agency) == 0


def test_staff_gets_in_by_mail_and_goes_to_the_desk(browser: Browser) -> None:
    answer = log_in(browser, "sara@alfa.example")
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert browser.get(HOME)["Location"] == "/oficina/"
    assert browser.get("/oficina/").status_code == 200


def test_an_operator_gets_in_at_the_platform_alone(cast: Casts, browse: Any) -> None:
    User.objects.create_user(
        username="ola@plataforma.test", role=Role.OPERATOR, name="Ola", email="ola@plataforma.test", password=PASSWORD
    )
    platform = browse(None)
    typed = {"login": "ola@plataforma.test", "password": PASSWORD, "captcha": solved(platform)}
    answer = platform.post("/superadmin/ingresar/", typed)
    assert (answer.status_code, answer["Location"]) == (302, "/superadmin/")
    assert platform.get("/superadmin/").status_code == 200
    assert WRONG in words_of(log_in(browse(cast.alfa.agency), "ola@plataforma.test"))


def test_a_mail_of_two_accounts_names_none_of_them(cast: Casts, browser: Browser) -> None:
    change(cast.alfa.agency, "1003", email="rita@correo.example")
    assert WRONG in words_of(log_in(browser, "rita@correo.example"))
    assert log_in(browser, "1001").status_code == 302


def test_who_is_in_already_does_not_see_the_form(cast: Casts, browse: Any) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.rita.user).get(LOGIN)
    assert (answer.status_code, answer["Location"]) == (302, HOME)


# Who does not


@pytest.mark.parametrize(
    ("usuario", "password"),
    [
        ("1001", "otra-clave"),
        ("1001", PASSWORD.upper()),
        ("1001", f" {PASSWORD}"),
        ("9999", PASSWORD),
        ("nadie@correo.otra", PASSWORD),
        ("rita@", PASSWORD),
        ("%", PASSWORD),
        ("1' OR '1'='1", PASSWORD),
    ],
)
def test_a_wrong_pair_is_told_the_same_and_keeps_the_usuario(cast: Casts, browser: Browser, usuario: str, password: str) -> None:
    answer = log_in(browser, usuario, password)
    assert answer.status_code == 200
    assert WRONG in words_of(answer)
    assert answer.context["form"]["login"].value() == usuario
    body = answer.content.decode()
    assert password not in body.replace(usuario, "")
    assert not is_in(browser)
    assert sessions(cast.alfa.agency) == 0


def test_the_typed_usuario_is_in_the_field_as_it_was_typed(browser: Browser) -> None:
    body = log_in(browser, "1.001", "otra-clave").content.decode()
    (field,) = [line for line in body.replace("<input", "\n<input").splitlines() if 'name="login"' in line]
    assert 'value="1.001"' in field
    (field,) = [line for line in body.replace("<input", "\n<input").splitlines() if 'name="password"' in line]
    assert "value=" not in field.split(">")[0]


@pytest.mark.parametrize(("missing", "said"), [("login", "Este campo es requerido."), ("password", "Este campo es requerido.")])
def test_an_empty_field_is_named(browser: Browser, missing: str, said: str) -> None:
    typed = {"login": "1001", "password": PASSWORD, "captcha": solved(browser), missing: ""}
    answer = browser.post(LOGIN, typed)
    assert answer.status_code == 200
    assert answer.context["form"].errors == {missing: [said]}
    assert not is_in(browser)


def test_an_inactive_account_is_told_what_a_wrong_one_is(cast: Casts, browser: Browser) -> None:
    change(cast.alfa.agency, "1001", is_active=False)
    assert WRONG in words_of(log_in(browser, "1001"))
    assert not is_in(browser)


def test_an_account_closed_while_inside_is_out(cast: Casts, browser: Browser) -> None:
    log_in(browser, "1001")
    assert is_in(browser)
    change(cast.alfa.agency, "1001", is_active=False)
    assert not is_in(browser)


def test_an_account_without_a_password_waits_for_its_link(cast: Casts, browser: Browser) -> None:
    change(cast.alfa.agency, "1001", password=None)
    for password in ("!", "x", "None"):
        assert WRONG in words_of(log_in(browser, "1001", password))


def test_the_same_document_in_two_agencies_is_two_accounts(cast: Casts, browse: Any) -> None:
    change(cast.beta.agency, "1001", password="la-clave-de-beta-2", name="Rita de Beta")
    alfa, beta = browse(cast.alfa.agency), browse(cast.beta.agency)
    assert WRONG in words_of(log_in(alfa, "1001", "la-clave-de-beta-2"))
    assert WRONG in words_of(log_in(beta, "1001", PASSWORD))
    assert (is_in(alfa), is_in(beta)) == (False, False)
    assert log_in(alfa, "1001", PASSWORD).status_code == 302
    assert log_in(beta, "1001", "la-clave-de-beta-2").status_code == 302
    assert "Rita Arrendataria Ñáñez" in words_of(alfa.get(HOME))
    assert "Rita de Beta" in beta.get(HOME).wsgi_request.user.name  # type: ignore[union-attr]


def test_who_is_only_in_beta_does_not_get_in_at_alfa(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        User.objects.create_user(username="7777", role=Role.CLIENT, name="Solo Beta", password=PASSWORD)
    browser = browse(cast.alfa.agency)
    assert WRONG in words_of(log_in(browser, "7777"))
    assert not is_in(browser)


# No soy robot


@pytest.mark.parametrize(
    ("captcha", "said"),
    [
        ("", ROBOT_MISSING),
        ("bm8=", ROBOT_WRONG),
        ("not base64", ROBOT_WRONG),
        ("ñ", ROBOT_WRONG),
        ("W10=", ROBOT_WRONG),  # []
        ("e30=", ROBOT_WRONG),  # {}
        ("bnVsbA==", ROBOT_WRONG),  # null
        ("eyJjaGFsbGVuZ2UiOiBbXX0=", ROBOT_WRONG),  # {"challenge": []}
        ("A" * 3000, ROBOT_WRONG),
    ],
)
def test_without_the_check_nobody_gets_in(cast: Casts, browser: Browser, captcha: str, said: str) -> None:
    answer = log_in(browser, "1001", captcha=captcha)
    assert answer.status_code == 200
    assert answer.context["form"].errors == {"captcha": [said]}
    assert said in words_of(answer)
    assert not is_in(browser)
    assert sessions(cast.alfa.agency) == 0


def test_a_check_is_taken_once(browser: Browser) -> None:
    captcha = solved(browser)
    assert WRONG in words_of(log_in(browser, "1001", "otra-clave", captcha=captcha))
    answer = log_in(browser, "1001", PASSWORD, captcha=captcha)
    assert answer.context["form"].errors == {"captcha": [ROBOT_WRONG]}
    assert not is_in(browser)
    assert log_in(browser, "1001").status_code == 302


def test_a_check_of_beta_is_worth_nothing_at_alfa(cast: Casts, browser: Browser, browse: Any) -> None:
    answer = log_in(browser, "1001", captcha=solved(browse(cast.beta.agency)))
    assert answer.context["form"].errors == {"captcha": [ROBOT_WRONG]}


# Where one goes


@pytest.mark.parametrize(
    "there",
    ["/area-de-clientes/facturas/", "/area-de-clientes/pqrs/?page=2", "http://alfa.plataforma.test/area-de-clientes/pagos/"],
)
def test_one_comes_back_to_where_one_wanted_to_go(browser: Browser, there: str) -> None:
    assert log_in(browser, "1001", next=there)["Location"] == there


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example", "http:evil.example",
        "http://beta.plataforma.test/area-de-clientes/", "http://plataforma.test/", "http://alfa.plataforma.test.evil.example/",
        "http://alfa.plataforma.test@evil.example/", "http://alfa.plataforma.test:8443/", "javascript:alert(1)",
        " https://evil.example/", "data:text/html,x", "",
    ],
)  # fmt: skip
def test_one_never_goes_to_another_host(browser: Browser, there: str) -> None:
    answer = log_in(browser, "1001", next=there)
    assert (answer.status_code, answer["Location"]) == (302, HOME)


def test_a_page_behind_a_door_asks_and_leads_back(browser: Browser) -> None:
    answer = browser.get("/area-de-clientes/facturas/?page=1")
    assert answer["Location"] == f"{LOGIN}?next=/area-de-clientes/facturas/%3Fpage%3D1"
    page = browser.get(answer["Location"])
    assert '<input type="hidden" name="next" value="/area-de-clientes/facturas/?page=1">' in page.content.decode()


# Five failures


def test_after_five_failures_even_the_right_password_waits(cast: Casts, browser: Browser, browse: Any) -> None:
    for _ in range(5):
        assert WRONG in words_of(log_in(browser, "1001", "otra-clave"))
    for password in ("otra-clave", PASSWORD):
        words = words_of(log_in(browser, "1001", password))
        assert TOO_MANY in words
        assert WRONG not in words
    assert not is_in(browser)
    assert log_in(browse(cast.alfa.agency), "1002").status_code == 302  # others are not in the way
    assert log_in(browse(cast.beta.agency), "1001").status_code == 302  # nor is the namesake in beta


def test_other_spellings_of_a_usuario_count_together(browser: Browser) -> None:
    for usuario in ("1001", "1.001", "10 01", "1-0-0-1", " 1,001 "):
        assert WRONG in words_of(log_in(browser, usuario, "otra-clave"))
    assert TOO_MANY in words_of(log_in(browser, "100.1"))
    assert not is_in(browser)


def test_a_mail_in_other_letters_counts_together(browser: Browser) -> None:
    for usuario in (
        "rita@correo.example",
        "Rita@correo.example",
        "RITA@CORREO.EXAMPLE",
        " rita@correo.example",
        "rIta@correo.example",
    ):
        assert WRONG in words_of(log_in(browser, usuario, "otra-clave"))
    assert TOO_MANY in words_of(log_in(browser, "ritA@correo.example"))


def test_another_port_in_the_host_does_not_start_counting_anew(browser: Browser) -> None:
    for port in range(8000, 8005):
        answer = browser.post(
            LOGIN,
            {"login": "1001", "password": "otra-clave", "captcha": solved(browser)},
            headers={"host": f"alfa.plataforma.test:{port}"},
        )
        assert WRONG in words_of(answer)
    assert TOO_MANY in words_of(log_in(browser, "1001"))


def test_getting_in_does_not_count_as_a_failure(cast: Casts, browse: Any) -> None:
    for _ in range(7):
        assert log_in(browse(cast.alfa.agency), "1001").status_code == 302


# The session


def test_the_session_cookie(browser: Browser) -> None:
    answer = log_in(browser, "1001")
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    flags = {name: cookie[name] for name in ("httponly", "samesite", "path", "domain", "max-age", "expires", "secure")}
    assert flags == {"httponly": True, "samesite": "Lax", "path": "/", "domain": "", "max-age": "", "expires": "", "secure": ""}
    assert not any("1001" in value for value in answer.cookies.output().splitlines())


def test_logging_in_changes_the_session_s_name(browser: Browser) -> None:
    browser.cookies[settings.SESSION_COOKIE_NAME] = "laqueyoleelegi0000000000000000000"
    key = log_in(browser, "1001").cookies[settings.SESSION_COOKIE_NAME].value
    assert len(key) == 32
    assert key != "laqueyoleelegi0000000000000000000"


def test_a_form_from_elsewhere_is_refused(cast: Casts) -> None:
    strict = Browser(enforce_csrf_checks=True, headers={"host": "alfa.plataforma.test"})
    answer = log_in(strict, "1001")
    assert answer.status_code == 403
    assert "El formulario caducó" in words_of(answer)
    assert not is_in(strict)
    page = strict.get(LOGIN)
    token = page.context["csrf_token"]
    assert log_in(strict, "1001", csrfmiddlewaretoken=str(token)).status_code == 302


def test_leaving_is_by_post_and_a_get_asks(cast: Casts, browser: Browser) -> None:
    log_in(browser, "1001")
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    answer = browser.get("/area-de-clientes/salir/")
    assert answer.status_code == 200
    assert "¿Quiere cerrar la sesión?" in words_of(answer)
    assert is_in(browser)
    answer = browser.post("/area-de-clientes/salir/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert not is_in(browser)
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    assert not is_in(browser)  # the old name opens nothing
    assert browser.put("/area-de-clientes/salir/").status_code == 405
    assert browser.post("/area-de-clientes/salir/").status_code == 302  # leaving twice hurts nobody


def test_there_is_no_way_to_sign_up_as_a_client(browser: Browser) -> None:
    for path in ("registro", "signup", "area-de-clientes/registro", "area-de-clientes/signup", "accounts/signup"):
        assert browser.get(f"/{path}/").status_code == 404
