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

View = Callable[..., HttpResponseBase]
DOORS = ("everyone", "client", "staff", "operator", "gateway")
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
                    raise Http404
            return view(request, *args, **kwargs)

        guarded.door = name  # type: ignore[attr-defined]
        return guarded

    return decorate


def _ask_to_log_in(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        # A fragment cannot log in: the whole page goes.
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("account_login")})
    path = request.get_full_path() if request.method == "GET" else request.path
    return redirect_to_login(path, reverse("account_login"))


everyone = _door("everyone", None)
client = _door("client", Role.CLIENT)
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
