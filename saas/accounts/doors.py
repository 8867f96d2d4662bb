"""Doors: who may enter a view. Every view carries one; a view without one is refused at run time and fails the tests.

A door is a decorator that marks the view and checks the request before the view runs. Someone without a session is sent
to log in and comes back; someone with the wrong role gets 404, as if the page were not there. Staff whose job does not
allow it are told so (403). Clients first accept the text on personal data, staff new terms that ask for it; where it is
enforced, those whose role asks for a second factor first get one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from saas.accounts import consents, kept_forms, second_factor
from saas.accounts.models import Role, StaffRole, User
from saas.accounts.viewing import READING, ReadOnly, viewing_of

View = Callable[..., HttpResponseBase]
DOORS = ("everyone", "member", "client", "in_person", "staff", "operator", "gateway", "api")
SAFE = ("GET", "HEAD", "OPTIONS")
# Views of Django itself and of static files, each with its own check: admin (its own has_permission) and i18n.
OPEN_MODULES = ("django.contrib.admin", "unfold")


def _door(name: str, roles: tuple[Role, ...], acting: frozenset[StaffRole] = frozenset()) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if roles:
                user = request.user
                if not user.is_authenticated:
                    return _ask_to_log_in(request)
                if not user.is_active:
                    raise Http404
                if user.role not in roles:
                    _let_look(request, name)
                    return view(request, *args, **kwargs)
                if acting and not may(user, acting, request.method or ""):
                    raise PermissionDenied(_("Su cargo en la oficina no permite esto. Pídaselo a un dueño."))
                if name != "member":
                    elsewhere = _first(request, user)
                    if elsewhere is not None:
                        return elsewhere
            return view(request, *args, **kwargs)

        guarded.door = name  # type: ignore[attr-defined]
        guarded.acting = acting  # type: ignore[attr-defined]
        return guarded

    return decorate


def may(user: User, acting: frozenset[StaffRole], method: str) -> bool:
    """Whether someone of the staff may ask for a view whose actors are `acting`: they may all, *consulta* may look."""
    if user.staff_role == StaffRole.VIEWER:
        return method in SAFE
    return user.staff_role in acting


def staff_of(*acting: StaffRole) -> Callable[[View], View]:
    """The door of a desk page that is the work of some: they may look and act, *consulta* may look, others are refused."""
    return _door("staff", (Role.STAFF,), frozenset(acting))


def _first(request: HttpRequest, user: User) -> HttpResponseBase | None:
    """Where who enters must go before anything else."""
    if not consents.is_given(request):
        return _go(request, reverse("consent"), back=request.get_full_path() if request.method == "GET" else "")
    return _go(request, reverse("security"), back="") if second_factor.is_due(user) else None


def _go(request: HttpRequest, address: str, *, back: str) -> HttpResponseBase:
    address = f"{address}?{urlencode({'next': back})}" if back and not request.headers.get("HX-Request") else address
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def who(request: HttpRequest) -> User:
    """The account that came in by a door that asks for one."""
    if not request.user.is_authenticated:
        raise Http404
    return request.user


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
    if request.method in SAFE:
        return redirect_to_login(request.get_full_path(), reverse("account_login"))
    # What was sent is kept, or it is lost and told so (`perdido`). The way back is the page of the form: its action may have no page.
    lost = "" if kept_forms.keep(request) else "?perdido=1"
    sent_from = urlsplit(request.headers.get("Referer", ""))
    ours = sent_from.path and sent_from.netloc == request.get_host()
    return redirect_to_login(sent_from.path if ours else request.path, f"{reverse('account_login')}{lost}")


everyone = _door("everyone", ())
member = _door("member", (Role.CLIENT, Role.STAFF, Role.OPERATOR))  # one's own account: nothing else must come first
client = _door("client", (Role.CLIENT,))
# A client's page that does something by being opened: nobody looks at it as another.
in_person = _door("in_person", (Role.CLIENT,))
# All of the staff may look; all but *consulta* may act. `staff_of` is for pages that are the work of some.
staff = _door("staff", (Role.STAFF,), frozenset({StaffRole.HEAD, StaffRole.COLLECTIONS, StaffRole.SERVICE}))
operator = _door("operator", (Role.OPERATOR,))
gateway = _door("gateway", ())  # whoever holds an agency's key; what it says is believed only once verified




def api_door(view: View, *, scopes: Mapping[str, object], methods: Sequence[str]) -> View:
    """The door of a view of the API: a key with a scope for each method, which the view itself checks (saas/api). A method
    without one does not come up."""
    if set(scopes) != set(methods):
        raise ImproperlyConfigured(f"{view.__module__}.{view.__name__}: scopes for {sorted(scopes)}, methods {sorted(methods)}")
    view.door, view.scopes = "api", dict(scopes)  # type: ignore[attr-defined]
    return view


class DoorMiddleware:
    """Refuses to run a view that has no door, and keeps operators without a second factor out of the superadmin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if not has_door(view):
            raise ImproperlyConfigured(f"{view.__module__}.{getattr(view, '__name__', view)} has no door")
        # The superadmin's views are Django's own: they check the role themselves, and know nothing of second factors.
        if not hasattr(view, "door") and request.user.is_authenticated and second_factor.is_due(request.user):
            return redirect("security")
        return None


def has_door(view: View) -> bool:
    """Whether a view says who may enter."""
    if getattr(view, "door", None) in DOORS:
        return True
    module = getattr(view, "__module__", "")
    owner = getattr(getattr(view, "admin_site", None), "__module__", "") or getattr(
        getattr(view, "model_admin", None), "__module__", ""
    )
    return module.startswith(OPEN_MODULES) or owner.startswith((*OPEN_MODULES, "tenants.admin", "saas.admin"))
