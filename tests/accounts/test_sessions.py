"""Open sessions and the password: seen by their person alone, ended one by one or together, and by a new password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache

from saas.accounts.models import User
from saas.accounts.sessions import device
from saas.lib import clock
from tenants import context
from tests.accounts.steps import is_in, log_in, words_of
from tests.world import PASSWORD, Casts

SECURITY = "/area-de-clientes/seguridad/"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
NEW = "otra-clave-larga-2"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (PHONE, "Chrome en Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1", "Safari en iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge en Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox en Linux"),
        ("", "Navegador desconocido"),
    ],
)
def test_a_device_in_words(agent: str, said: str) -> None:
    assert device(agent) == said


def two(cast: Casts, browse: Any) -> tuple[Any, Any]:
    """Rita in two browsers."""
    one, other = browse(cast.alfa.agency), browse(cast.alfa.agency)
    log_in(one, "1001")
    other.defaults["HTTP_USER_AGENT"] = PHONE
    log_in(other, "1001")
    return one, other


def ids(cast: Casts, user: User) -> list[int]:
    with context.in_agency(cast.alfa.agency):
        return list(UserSession.objects.filter(user=user).order_by("pk").values_list("pk", flat=True))


def test_the_list_says_where_one_is(cast: Casts, browse: Any) -> None:
    one, _other = two(cast, browse)
    words = words_of(one.get(SECURITY))
    assert "Chrome en Android" in words
    assert "esta sesión" in words
    assert "127.0.0.1" in words


def test_one_session_is_ended(cast: Casts, browse: Any) -> None:
    one, other = two(cast, browse)
    assert cast.alfa.rita.user is not None
    path = f"{SECURITY}sesiones/{ids(cast, cast.alfa.rita.user)[1]}/cerrar/"
    alfa, beta = cast.alfa, cast.beta
    for agency, user in ((alfa.agency, alfa.oscar.user), (beta.agency, beta.rita.user), (alfa.agency, alfa.sara)):
        stranger = browse(agency, user)
        assert stranger.post(path).status_code == 404
    assert one.get(path).status_code == 405
    assert is_in(other)
    assert one.post(path)["Location"] == SECURITY
    assert (is_in(one), is_in(other)) == (True, False)
    assert one.post(path).status_code == 404


def test_all_others_are_ended_and_nobody_else_s(cast: Casts, browse: Any) -> None:
    one, other = two(cast, browse)
    oscar, namesake = browse(cast.alfa.agency), browse(cast.beta.agency)
    log_in(oscar, "1002")
    log_in(namesake, "1001")
    one.post(f"{SECURITY}sesiones/cerrar-otras/")
    assert [is_in(browser) for browser in (one, other, oscar, namesake)] == [True, False, True, True]


def test_a_new_password_keeps_this_session_and_ends_the_others(cast: Casts, browse: Any) -> None:
    one, other = two(cast, browse)
    typed = {"current": PASSWORD, "password": NEW, "again": NEW}
    for wrong in ({**typed, "current": "x"}, {**typed, "again": "y"}, {**typed, "password": "corta", "again": "corta"},
                  {"current": PASSWORD, "password": PASSWORD, "again": PASSWORD}):  # fmt: skip
        assert one.post(f"{SECURITY}clave/", wrong).status_code == 422
    assert is_in(other)
    assert one.post(f"{SECURITY}clave/", typed)["Location"] == SECURITY
    assert (is_in(one), is_in(other)) == (True, False)
    assert cast.alfa.rita.user is not None
    assert len(ids(cast, cast.alfa.rita.user)) == 1
    assert "esta sesión" in words_of(one.get(SECURITY))
    with context.in_agency(cast.alfa.agency):
        assert User.objects.get(username="1001").check_password(NEW)
    with context.in_agency(cast.beta.agency):
        assert User.objects.get(username="1001").check_password(PASSWORD)


def test_when_a_session_was_last_used_is_kept_now_and_then(cast: Casts, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = browse(cast.alfa.agency)
    log_in(one, "1001")
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    cache.clear()
    with context.in_agency(cast.alfa.agency):
        cache.clear()
    one.get("/area-de-clientes/")
    with context.in_agency(cast.alfa.agency):
        assert UserSession.objects.get().last_seen_at == later
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(minutes=1))
    one.get("/area-de-clientes/")
    with context.in_agency(cast.alfa.agency):
        assert UserSession.objects.get().last_seen_at == later
