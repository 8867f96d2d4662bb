"""The second factor: enrolment, logging in, codes that count once, recovery codes, switching off, and who must have one."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from saas.accounts import second_factor
from saas.accounts.models import Role, StaffRole, User
from saas.lib import clock
from tenants import context
from tenants.models import Agency
from tests.accounts.factors import SECRET, code_at, enrol
from tests.accounts.steps import HOME, LOGIN, is_in, log_in, words_of
from tests.world import NOW, PASSWORD, Casts

SECURITY = "/area-de-clientes/seguridad/"
STEP = "/area-de-clientes/ingresar/segundo-paso/"
WRONG = "El código no es correcto, ya se usó o venció."
TOO_MANY = "Demasiados intentos. Espere cinco minutos y vuelva a intentarlo."


@pytest.fixture
def rita(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> User:
    """Rita of alfa, with an application. The clock stands at NOW."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    user = cast.alfa.rita.user
    assert user is not None
    with context.in_agency(cast.alfa.agency):
        enrol(user, NOW)
    return user


def half_way(browse: Any, agency: Agency, usuario: str = "1001") -> Browser:
    """A browser that gave the password and is asked for the second step."""
    browser: Browser = browse(agency)
    answer = log_in(browser, usuario)
    assert (answer.status_code, answer["Location"]) == (302, STEP)
    return browser


# Codes


def test_a_code_counts_once_and_so_do_those_before_it(inside_alfa: Agency) -> None:
    user = User.objects.create_user(username="9", role=Role.CLIENT, name="Nueve", password=PASSWORD)
    enrol(user, NOW)
    assert second_factor.take_code(user, code_at(NOW), now=NOW).type == Authenticator.Type.TOTP
    for steps in (0, -1):
        with pytest.raises(second_factor.CodeError):
            second_factor.take_code(user, code_at(NOW, steps=steps), now=NOW)
    second_factor.take_code(user, code_at(NOW, steps=1), now=NOW)  # a telephone that is ahead


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_of_another_time_is_none(inside_alfa: Agency, steps: int) -> None:
    user = User.objects.create_user(username="9", role=Role.CLIENT, name="Nueve", password=PASSWORD)
    enrol(user, NOW)
    with pytest.raises(second_factor.CodeError):
        second_factor.take_code(user, code_at(NOW, steps=steps), now=NOW)


def test_the_code_that_enrolled_does_not_log_in(inside_alfa: Agency) -> None:
    user = User.objects.create_user(username="9", role=Role.CLIENT, name="Nueve", password=PASSWORD)
    second_factor.turn_on_totp(user, secret=SECRET, code=code_at(NOW), now=NOW)
    with pytest.raises(second_factor.CodeError):
        second_factor.take_code(user, code_at(NOW), now=NOW)


def test_a_recovery_code_counts_once(inside_alfa: Agency) -> None:
    user = User.objects.create_user(username="9", role=Role.CLIENT, name="Nueve", password=PASSWORD)
    enrol(user, NOW)
    codes = second_factor.recovery_codes_left(user)
    assert (len(codes), len(set(codes))) == (10, 10)
    assert second_factor.take_code(user, f"{codes[3][:4]} {codes[3][4:]}", now=NOW).type == Authenticator.Type.RECOVERY_CODES
    with pytest.raises(second_factor.CodeError):
        second_factor.take_code(user, codes[3], now=NOW)
    assert second_factor.recovery_codes_left(user) == [code for code in codes if code != codes[3]]
    second_factor.new_recovery_codes(user)
    with pytest.raises(second_factor.CodeError):
        second_factor.take_code(user, codes[0], now=NOW)


def test_secrets_are_kept_sealed_and_for_their_agency(cast: Casts) -> None:
    for one in (cast.alfa, cast.beta):
        with context.in_agency(one.agency):
            enrol(one.sara, NOW, secret=SECRET if one is cast.alfa else SECRET[::-1])
    with context.in_agency(cast.alfa.agency):
        sealed = Authenticator.objects.get(type="totp").data["secret"]
        assert SECRET not in str(list(Authenticator.objects.values_list("data", flat=True)))
        assert second_factor.take_code(cast.alfa.sara, code_at(NOW), now=NOW)
    with context.in_agency(cast.beta.agency):
        with pytest.raises(second_factor.CodeError):  # Sara of beta has the same id
            second_factor.take_code(cast.beta.sara, code_at(NOW), now=NOW)
        row = Authenticator.objects.get(type="totp")
        row.data["secret"] = sealed
        row.save()
        with pytest.raises(Exception, match="belongs to another place"):
            second_factor.take_code(cast.beta.sara, code_at(NOW), now=NOW)


# Logging in


def test_the_password_alone_does_not_get_in(cast: Casts, rita: User, browse: Any) -> None:
    browser = half_way(browse, cast.alfa.agency)
    assert not is_in(browser)
    page = browser.get(STEP)
    assert "Escriba el código de seis dígitos" in words_of(page)
    assert "no-store" in page["Cache-Control"]
    answer = browser.post(STEP, {"code": "000000"})
    assert (answer.status_code, WRONG in words_of(answer)) == (422, True)
    assert not is_in(browser)
    answer = browser.post(STEP, {"code": code_at(NOW)})
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert is_in(browser)


def test_a_code_that_was_seen_does_not_get_a_second_browser_in(cast: Casts, rita: User, browse: Any) -> None:
    first, second = half_way(browse, cast.alfa.agency), half_way(browse, cast.alfa.agency)
    first.post(STEP, {"code": code_at(NOW)})
    assert second.post(STEP, {"code": code_at(NOW)}).status_code == 422
    assert (is_in(first), is_in(second)) == (True, False)


def test_somebody_else_s_code_is_none(cast: Casts, rita: User, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        assert cast.alfa.oscar.user is not None
        enrol(cast.alfa.oscar.user, NOW, secret=SECRET[::-1])
        oscars = second_factor.recovery_codes_left(cast.alfa.oscar.user)[0]
    browser = half_way(browse, cast.alfa.agency)
    for code in (code_at(NOW, secret=SECRET[::-1]), oscars):
        assert browser.post(STEP, {"code": code}).status_code == 422
    assert not is_in(browser)


def test_guessing_is_stopped_for_the_account(cast: Casts, rita: User, browse: Any) -> None:
    browser = half_way(browse, cast.alfa.agency)
    for _try in range(5):
        assert WRONG in words_of(browser.post(STEP, {"code": "000000"}))
    other = half_way(browse, cast.alfa.agency)
    for stopped in (browser, other):
        answer = stopped.post(STEP, {"code": code_at(NOW)})
        assert (answer.status_code, TOO_MANY in words_of(answer)) == (422, True)
        assert not is_in(stopped)


def test_without_the_password_there_is_no_second_step(cast: Casts, rita: User, browse: Any) -> None:
    for answer in (browse(cast.alfa.agency).get(STEP), browse(cast.alfa.agency).post(STEP, {"code": code_at(NOW)})):
        assert (answer.status_code, answer["Location"]) == (302, LOGIN)


def test_a_key_that_was_made_up_is_no_key(cast: Casts, rita: User, browse: Any) -> None:
    browser = half_way(browse, cast.alfa.agency)
    made_up = ("", "{}", '{"id": "x"}', '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {}}', "[]", "no", "7")
    for credential in made_up:
        assert browser.post(STEP, {"credential": credential}).status_code == 422
    assert not is_in(browser)
    oscar = browse(cast.alfa.agency, cast.alfa.oscar.user)
    oscar.get(SECURITY + "llave/")
    for credential in made_up:
        answer = oscar.post(SECURITY + "llave/", {"current": PASSWORD, "name": "x", "credential": credential})
        assert (answer.status_code, "no entregó una llave válida" in words_of(answer)) == (422, True)
    with context.in_agency(cast.alfa.agency):
        assert not Authenticator.objects.filter(type="webauthn").exists()


# Turning it on and off


def _secret_of(page: Any) -> str:
    found = re.search(r'data-testid="totp-secret">([A-Z2-7 ]+)<', page.content.decode())
    assert found is not None
    return found[1].replace(" ", "")


def test_an_application_is_enrolled_with_its_code_and_the_password(cast: Casts, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    browser, other = browse(cast.alfa.agency), browse(cast.alfa.agency)
    log_in(browser, "1001")
    log_in(other, "1001")
    page = browser.get(SECURITY + "aplicacion/")
    secret = _secret_of(page)
    assert "<svg" in page.content.decode()
    code = code_at(NOW, secret=secret)
    for wrong in ({"code": code, "current": "otra"}, {"code": "000000", "current": PASSWORD}, {"code": code}):
        assert browser.post(SECURITY + "aplicacion/", wrong).status_code == 422
    with context.in_agency(cast.alfa.agency):
        assert not Authenticator.objects.exists()
    answer = browser.post(SECURITY + "aplicacion/", {"code": code, "current": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, SECURITY + "codigos/")
    assert not is_in(other)  # sessions from before end
    with context.in_agency(cast.alfa.agency):
        user = User.objects.get(username="1001")
        codes = [f"{c[:4]} {c[4:]}" for c in second_factor.recovery_codes_left(user)]
    with context.in_agency(cast.beta.agency):
        assert not Authenticator.objects.exists()
    shown = browser.get(SECURITY + "codigos/").content.decode()
    assert [code in shown for code in codes] == [True] * 10
    assert codes[0] not in browser.get(SECURITY + "codigos/").content.decode()  # once
    assert "Le quedan 10" in words_of(browser.get(SECURITY))
    half_way(browse, cast.alfa.agency)


def test_it_is_switched_off_with_the_password_alone(cast: Casts, rita: User, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        factor = Authenticator.objects.get(type="totp")
    browser = browse(cast.alfa.agency, rita)
    off = f"{SECURITY}quitar/{factor.pk}/"
    assert browser.post(off, {"current": "otra"}).status_code == 422
    assert browse(cast.alfa.agency, cast.alfa.oscar.user).get(off).status_code == 404
    assert browse(cast.alfa.agency, cast.alfa.oscar.user).post(off, {"current": PASSWORD}).status_code == 404
    assert browse(cast.beta.agency, cast.beta.rita.user).post(off, {"current": PASSWORD}).status_code == 404
    with context.in_agency(cast.alfa.agency):
        assert Authenticator.objects.count() == 2
    assert browser.post(off, {"current": PASSWORD})["Location"] == SECURITY
    with context.in_agency(cast.alfa.agency):
        assert not Authenticator.objects.exists()
    assert log_in(browse(cast.alfa.agency), "1001")["Location"] == HOME


def test_the_password_cannot_be_guessed_from_an_open_session(cast: Casts, rita: User, browse: Any) -> None:
    browser = browse(cast.alfa.agency, rita)
    for _try in range(10):
        assert "Esa no es su contraseña actual" in words_of(browser.post(SECURITY + "codigos/", {"current": "x"}))
    answer = browser.post(SECURITY + "codigos/", {"current": PASSWORD})
    assert (answer.status_code, "Demasiados intentos" in words_of(answer)) == (422, True)


# Who must have one


@pytest.mark.parametrize(
    ("staff_role", "required"),
    [(StaffRole.HEAD, True), (StaffRole.COLLECTIONS, True), (StaffRole.SERVICE, False), (StaffRole.VIEWER, False)],
)
def test_who_handles_money_is_led_to_enrol_where_it_is_enforced(
    cast: Casts, browse: Any, settings: Any, staff_role: StaffRole, required: bool
) -> None:
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role=staff_role)
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    assert sara.get("/oficina/").status_code == 200  # outside production it is only said
    assert ("Su cargo exige un segundo paso" in words_of(sara.get(SECURITY))) is required
    settings.SECOND_FACTOR_ENFORCED = True
    answer = sara.get("/oficina/")
    assert (answer.status_code, answer.get("Location")) == ((302, SECURITY) if required else (200, None))
    assert sara.get(SECURITY).status_code == 200
    assert sara.get(SECURITY + "aplicacion/").status_code == 200
    with context.in_agency(cast.alfa.agency):
        enrol(cast.alfa.sara, clock.now())
    assert sara.get("/oficina/").status_code == 200


def test_a_fragment_of_the_desk_leads_the_whole_page(cast: Casts, browse: Any, settings: Any) -> None:
    settings.SECOND_FACTOR_ENFORCED = True
    answer = browse(cast.alfa.agency, cast.alfa.sara).get("/oficina/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, SECURITY)


def test_clients_are_never_led(cast: Casts, browse: Any, settings: Any) -> None:
    settings.SECOND_FACTOR_ENFORCED = True
    assert browse(cast.alfa.agency, cast.alfa.rita.user).get(HOME).status_code == 200


def test_logging_in_says_that_it_is_required(cast: Casts, browse: Any) -> None:
    browser = browse(cast.alfa.agency)
    log_in(browser, cast.alfa.sara.username)
    page = browser.get("/oficina/")
    assert "Su cargo exige un segundo paso al ingresar. Activar el segundo paso" in words_of(page)
    assert '<a class="underline" href="/area-de-clientes/seguridad/">Activar el segundo paso</a>' in page.content.decode()


def test_operators_need_one_where_it_is_enforced(db: None, browse: Any, settings: Any) -> None:
    olga = User.objects.create_user(username="o@plataforma.example", role=Role.OPERATOR, name="Olga", password=PASSWORD)
    browser = browse(None, olga)
    assert browser.get("/superadmin/").status_code == 200
    settings.SECOND_FACTOR_ENFORCED = True
    for path in ("/superadmin/", "/superadmin/tenants/agency/"):
        answer = browser.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/superadmin/seguridad/")
    assert "Su cargo exige un segundo paso" in words_of(browser.get("/superadmin/seguridad/"))
    enrol(olga, clock.now())
    page = browser.get("/superadmin/")
    assert (page.status_code, 'href="/superadmin/seguridad/"' in page.content.decode()) == (200, True)
    call_command("reset_second_factor", email="O@plataforma.example", stdout=StringIO())
    assert not Authenticator.objects.exists()
    assert browser.get("/superadmin/").status_code == 302
    with pytest.raises(CommandError):
        call_command("reset_second_factor", email="nadie@plataforma.example")


def test_the_pages_are_for_whoever_has_an_account(cast: Casts, browse: Any) -> None:
    for name in ("", "clave/", "aplicacion/", "llave/", "codigos/"):
        anonymous = browse(cast.alfa.agency).get(SECURITY + name)
        assert (anonymous.status_code, anonymous["Location"].split("?")[0]) == (302, LOGIN)
        for user in (cast.alfa.rita.user, cast.alfa.sara):
            answer = browse(cast.alfa.agency, user).get(SECURITY + name)
            assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)


def test_a_lost_factor_is_taken_away_by_the_desk(cast: Casts, rita: User, browse: Any) -> None:
    browser = half_way(browse, cast.alfa.agency)
    browser.post(STEP, {"code": code_at(NOW)})
    path = f"/oficina/clientes/{cast.alfa.rita.pk}/segundo-paso/"
    assert browse(cast.alfa.agency, cast.alfa.oscar.user).post(path).status_code == 404
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    assert "Quitar dos pasos" in sara.get(f"/oficina/clientes/{cast.alfa.rita.pk}/").content.decode()
    assert sara.post(path).status_code == 302
    assert not is_in(browser)
    with context.in_agency(cast.alfa.agency):
        assert not Authenticator.objects.exists()
        assert not UserSession.objects.filter(user=rita).exists()


def test_enrolled_long_ago_still_takes_codes(inside_alfa: Agency) -> None:
    user = User.objects.create_user(username="9", role=Role.CLIENT, name="Nueve", password=PASSWORD)
    enrol(user, NOW)
    later = NOW + timedelta(days=400)
    assert second_factor.take_code(user, code_at(later), now=later)
