"""Doors: who may enter a view. Every view carries one; a view without one is refused at run time and fails the tests.

A door is a decorator that marks the view and checks the request before the view runs. Someone without a session is sent
to log in and comes back; someone with the wrong role gets 404, as if the page were not there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from saas.accounts.models import Role
from saas.accounts.viewing import READING, ReadOnly, viewing_of

View = Callable[..., HttpResponseBase]
DOORS = ("everyone", "client", "in_person", "staff", "operator", "gateway")
# Views of Django itself and of static files, each with its own check: admin (its own has_permission) and i18n.
OPEN_MODULES = ("django.contrib.admin", "unfold")


def _door(name: str, role: Role | None) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if role is not None:
                user = request.user
                if not user.is_authenticated:
                    return _ask_to_log_in(request)
                if not user.is_active or user.role != role:
                    _let_look(request, name)
            return view(request, *args, **kwargs)

        guarded.door = name  # type: ignore[attr-defined]
        return guarded

    return decorate


def _let_look(request: HttpRequest, door: str) -> None:
    """Staff looking as a client (viewing.py) may read the client's pages, and nothing else. Everybody else: 404."""
    if door not in ("client", "in_person") or viewing_of(request) is None:
        raise Http404
    if door == "in_person" or request.method not in READING:
        raise ReadOnly


def _ask_to_log_in(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        # A fragment cannot log in: the whole page goes.
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("account_login")})
    path = request.get_full_path() if request.method == "GET" else request.path
    return redirect_to_login(path, reverse("account_login"))


everyone = _door("everyone", None)
client = _door("client", Role.CLIENT)
in_person = _door("in_person", Role.CLIENT)  # a client's page that does something by being opened: nobody looks at it as another
staff = _door("staff", Role.STAFF)
operator = _door("operator", Role.OPERATOR)
gateway = _door("gateway", None)  # whoever holds an agency's key; what it says is believed only once verified


class DoorMiddleware:
    """Refuses to run a view that has no door."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> None:
        if not has_door(view):
            raise ImproperlyConfigured(f"{view.__module__}.{getattr(view, '__name__', view)} has no door")


def has_door(view: View) -> bool:
    """Whether a view says who may enter."""
    if getattr(view, "door", None) in DOORS:
        return True
    module = getattr(view, "__module__", "")
    owner = getattr(getattr(view, "admin_site", None), "__module__", "") or getattr(
        getattr(view, "model_admin", None), "__module__", ""
    )
    return module.startswith(OPEN_MODULES) or owner.startswith((*OPEN_MODULES, "tenants.admin", "saas.admin"))
