"""What stands between a request and an agency's pages besides doors: an agency in retirement is read-only, and whoever visits for
support is a reader of the desk and of nothing else.

Runs inside the agency, after sessions and accounts, before doors. The visitor has no account here: the request gets a user of no
row whose role may look and not act, so that every door judges as it does for *consulta*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import Role, StaffRole, User
from saas.lib import clock
from tenants import visits
from tenants.models import AgencyState

SAFE = ("GET", "HEAD", "OPTIONS")
DESK = "/oficina/"
# What a person may still send to an agency in retirement: to come in, to go out, to look after the own account, to have no
# more mail.
STILL = {
    "account_login", "account_logout", "mfa_authenticate", "consent", "security_sessions_end", "security_session_end", "account_forgotten",
    "account_new_password", "captcha", "stop_mail",
}  # fmt: skip
# What a visitor may look at on a page and not take along: lists as files, the close of a day, the book, what the bank is told.
TAKEN_AWAY = {
    "desk_invoices_file", "desk_close_file", "desk_book_export", "desk_book_errors", "desk_book_download", "desk_payouts_bank",
}  # fmt: skip
VISITOR_ID = 0  # of no account


class Retired(PermissionDenied):
    """The agency is read-only."""

    title = _("Esta inmobiliaria está en retiro")

    def __init__(self) -> None:
        super().__init__(_("Su portal y su oficina solo se pueden leer: descargue lo que necesite. Lo que ya se pagó se registra."))


class VisitorMayOnlyRead(PermissionDenied):
    """A visitor tried to do something."""

    title = _("Las visitas de soporte solo leen")

    def __init__(self) -> None:
        super().__init__(_("No se guardó nada. El intento quedó registrado."))


class VisitorTakesNothing(PermissionDenied):
    """A visitor asked for a file of many people's data."""

    title = _("Las visitas de soporte no descargan archivos")

    def __init__(self) -> None:
        super().__init__(
            _("Este archivo lleva datos personales de muchos clientes fuera de la oficina. Véalos en la página, o pídaselo a la inmobiliaria.")
        )


class GateMiddleware:
    """See the module."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kept = request.session.get(visits.SESSION_KEY) if getattr(request, "agency", None) else None
        request.visit = None  # type: ignore[attr-defined]
        if kept is not None:
            visit = visits.going_on(request.agency, kept, now=clock.now())  # type: ignore[attr-defined]
            if visit is None:
                request.session.flush()
                if request.path.startswith(DESK):
                    return redirect("visit_over")
            else:
                request.visit = visit  # type: ignore[attr-defined]
                request.user = visitor(visit.operator_name)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        agency = getattr(request, "agency", None)
        if agency is None:
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        visit = request.visit  # type: ignore[attr-defined]
        if visit is not None and name == "account_logout":
            visits.end(visit, by=visit.operator_name, now=clock.now())
        elif visit is not None and name not in ("visit_end", "visit_over", "visit_enter"):
            refused = request.method not in SAFE or name in TAKEN_AWAY
            open_to_all = getattr(view, "door", "") == "everyone" and not request.path.startswith(DESK)
            if not open_to_all:
                visits.write_down(visit, method=request.method or "", path=request.path, refused=refused, now=clock.now())
            if refused:
                raise VisitorTakesNothing if name in TAKEN_AWAY else VisitorMayOnlyRead
            if not open_to_all and not request.path.startswith(DESK):
                raise Http404
        if agency.state == AgencyState.RETIRED and request.method not in SAFE and name not in STILL | {"visit_end"}:
            raise Retired
        return None


def visitor(name: str) -> User:
    """Who visits, as doors and templates see it: someone of the staff who may look, with no row in any table."""
    return User(pk=VISITOR_ID, username="soporte", name=f"Soporte: {name}", role=Role.STAFF, staff_role=StaffRole.VIEWER, is_active=True)
