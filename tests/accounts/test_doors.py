"""Doors: who enters which page, and what everybody else is answered."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from saas.accounts import consents, doors
from saas.accounts.models import Role, StaffRole, User
from saas.accounts.views import captcha
from tests.world import Casts

LOGIN = "/area-de-clientes/ingresar/"


def inner(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """What is behind the door."""
    return HttpResponse(f"inside {pk}")


def knock(door: Any, user: Any) -> HttpResponse:
    request = RequestFactory().get("/")
    request.user = user
    request.session = {consents.SESSION_KEY: consents.VERSION}  # type: ignore[assignment]
    answer: HttpResponse = door(inner)(request, pk=7)
    return answer


ROLES = [Role.CLIENT, Role.STAFF, Role.OPERATOR]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("door", "opens_to"), [(doors.client, Role.CLIENT), (doors.in_person, Role.CLIENT), (doors.staff, Role.STAFF), (doors.operator, Role.OPERATOR)]
)
def test_a_door_opens_to_its_role_alone(door: Any, opens_to: Role, role: Role) -> None:
    if role == opens_to:
        staff_role = StaffRole.HEAD if role == Role.STAFF else ""
        assert knock(door, User(role=role, staff_role=staff_role)).content == b"inside 7"
    else:
        with pytest.raises(Http404):
            knock(door, User(role=role))
    with pytest.raises(Http404):
        knock(door, User(role=role, is_active=False))


@pytest.mark.parametrize("door", [doors.everyone, doors.gateway])
@pytest.mark.parametrize("user", [AnonymousUser(), *(User(role=role) for role in ROLES)])
def test_open_doors_are_open(door: Any, user: Any) -> None:
    assert knock(door, user).content == b"inside 7"


def test_a_door_keeps_the_view_s_name_and_says_its_own() -> None:
    guarded = doors.client(inner)
    assert (guarded.__name__, guarded.__doc__) == ("inner", "What is behind the door.")  # type: ignore[attr-defined]
    assert [
        getattr(door(inner), "door", "")
        for door in (doors.everyone, doors.member, doors.client, doors.in_person, doors.staff, doors.operator, doors.gateway)
    ] == [name for name in doors.DOORS if name != "api"]  # the API's is another kind: tests/api/test_keys.py


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("rita", "/area-de-clientes/facturas/", 200), ("rita", "/oficina/", 404), ("rita", "/oficina/clientes/", 404),
        ("sara", "/oficina/", 200), ("sara", "/area-de-clientes/facturas/", 404), ("sara", "/area-de-clientes/pqrs/", 404),
    ],
)  # fmt: skip
def test_the_wrong_role_finds_no_page(cast: Casts, browse: Any, who: str, path: str, status: int) -> None:
    user = cast.alfa.sara if who == "sara" else cast.alfa.rita.user
    answer = browse(cast.alfa.agency, user).get(path)
    assert answer.status_code == status
    if status == 404:
        assert "No encontramos esta página" in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "path", "there"),
    [
        ("get", "/area-de-clientes/facturas/?page=2", "/area-de-clientes/facturas/%3Fpage%3D2"),
        ("get", "/oficina/", "/oficina/"),
    ],
)
def test_without_a_session_one_is_sent_to_log_in(cast: Casts, browse: Any, method: str, path: str, there: str) -> None:
    answer = getattr(browse(cast.alfa.agency), method)(path)
    assert (answer.status_code, answer["Location"]) == (302, f"{LOGIN}?next={there}")


@pytest.mark.parametrize(
    ("referer", "there"),
    [
        ("", "/area-de-clientes/pqrs/2026-000001/calificar/"),
        ("https://alfa.plataforma.test/area-de-clientes/pqrs/2026-000001/?x=1", "/area-de-clientes/pqrs/2026-000001/"),
        ("https://beta.plataforma.test/oficina/", "/area-de-clientes/pqrs/2026-000001/calificar/"),
        ("https://evil.example/x/", "/area-de-clientes/pqrs/2026-000001/calificar/"),
    ],
)
def test_what_is_sent_without_a_session_is_said_to_be_lost(cast: Casts, browse: Any, referer: str, there: str) -> None:
    browser = browse(cast.alfa.agency)
    answer = browser.post("/area-de-clientes/pqrs/2026-000001/calificar/", {"rating": "5"}, headers={"Referer": referer})
    assert (answer.status_code, answer["Location"]) == (302, f"{LOGIN}?perdido=1&next={there}")
    lost = "Su sesión se había cerrado y lo que envió no se guardó."
    page = browser.get(answer["Location"]).content.decode()
    assert lost in page
    assert f'name="next" value="{there}"' in page
    assert lost not in browser.get(LOGIN).content.decode()


def test_a_fragment_sends_the_whole_page_to_log_in(cast: Casts, browse: Any) -> None:
    answer = browse(cast.alfa.agency).get("/area-de-clientes/facturas/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"], answer.content) == (204, LOGIN, b"")


def test_there_is_no_superadmin_on_an_agency_s_host(cast: Casts, browse: Any) -> None:
    for user in (None, cast.alfa.sara):
        assert browse(cast.alfa.agency, user).get("/superadmin/").status_code == 404


def test_a_view_without_a_door_is_not_run() -> None:
    middleware = doors.DoorMiddleware(inner)
    request = RequestFactory().get("/")
    with pytest.raises(ImproperlyConfigured, match=r"test_doors\.inner has no door"):
        middleware.process_view(request, inner, (), {})
    middleware.process_view(request, captcha, (), {})
    inner_with_a_false_door = doors.everyone(inner)
    inner_with_a_false_door.door = "open"  # type: ignore[attr-defined]
    with pytest.raises(ImproperlyConfigured):
        middleware.process_view(request, inner_with_a_false_door, (), {})
