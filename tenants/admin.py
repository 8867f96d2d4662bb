"""*Superadmin*: what operators see and may do with agencies and sign-ups. On the platform's host only, in public only.

Operators look and act; they write no rows by hand: agencies come from sign-ups, and are suspended, never deleted here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.account.decorators import secure_admin_login
from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from saas.lib import clock
from tenants import provisioning
from tenants.models import Agency, Domain, Signup
from tenants.public import STEP_LABELS

# The widgets of the superadmin evaluate their attributes and set styles: allowed on these pages, which only operators
# reach, and nowhere else. Scripts still come from this host alone.
_WIDGETS = csp_update({"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]})
_admin_view = admin.site.admin_view


def _with_widgets(view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
    return _WIDGETS(_admin_view(view, cacheable))


admin.site.admin_view = _with_widgets  # type: ignore[assignment,method-assign]
# Operators come in by the same door as everyone: *no soy robot*, rate limits and all.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _moment(moment: datetime | None) -> str:
    return clock.long_datetime(moment) if moment else "—"


class LookOnly(ModelAdmin):
    """Rows to look at; actions are the only way to change something."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may use the actions."""
        return self.has_view_permission(request)


@admin.register(Agency)
class AgencyAdmin(LookOnly):
    """Agencies: find them, suspend and reactivate them."""

    list_display = ("name", "slug", "nit", "state", "email", "since")
    list_filter = ("state",)
    search_fields = ("name", "slug", "nit", "email")
    ordering = ("name",)
    fields = (
        "name", "slug", "nit", "nit_check", "state", "email", "phone", "address", "city", "colour", "schema_name", "since",
    )  # fmt: skip
    readonly_fields = ("since",)
    actions = ("suspend", "reactivate")

    @admin.display(description=_("creada"), ordering="created_at")
    def since(self, agency: Agency) -> str:
        """When it was made."""
        return _moment(agency.created_at)

    @admin.action(description=_("Suspender"), permissions=["operate"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Agency]) -> None:
        """Close their pages. Payments that are under way still arrive."""
        done = sum(self._note(request, agency, "Suspendida") for agency in queryset if provisioning.suspend(agency))
        self.message_user(
            request, ngettext("%d inmobiliaria suspendida.", "%d inmobiliarias suspendidas.", done) % done, messages.SUCCESS
        )

    @admin.action(description=_("Reactivar"), permissions=["operate"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Agency]) -> None:
        """Open them again."""
        done = sum(self._note(request, agency, "Reactivada") for agency in queryset if provisioning.reactivate(agency))
        self.message_user(
            request, ngettext("%d inmobiliaria reactivada.", "%d inmobiliarias reactivadas.", done) % done, messages.SUCCESS
        )

    def _note(self, request: HttpRequest, agency: Agency, what: str) -> int:
        """Leave in the history who did it."""
        self.log_change(request, agency, what)
        return 1


@admin.register(Domain)
class DomainAdmin(LookOnly):
    """Hosts and the agency that answers at each."""

    list_display = ("domain", "agency", "primary")
    search_fields = ("domain", "tenant__name")
    list_select_related = ("tenant",)
    ordering = ("domain",)
    fields = ("domain", "agency", "primary")
    readonly_fields = ("agency", "primary")

    @admin.display(description=_("inmobiliaria"), ordering="tenant__name")
    def agency(self, domain: Domain) -> str:
        """The agency's name."""
        return str(domain.tenant)

    @admin.display(description=_("principal"), boolean=True, ordering="is_primary")
    def primary(self, domain: Domain) -> bool:
        """Whether links go to this host."""
        return bool(domain.is_primary)


@admin.register(Signup)
class SignupAdmin(LookOnly):
    """Sign-ups: how far each is, why one failed, and trying it again."""

    list_display = ("agency_name", "slug", "email", "state", "requested", "ready")
    list_filter = ("state",)
    search_fields = ("agency_name", "slug", "email", "nit")
    ordering = ("-requested_at",)
    fields = (
        "agency_name", "slug", "nit", "nit_check", "person_name", "email", "state", "error", "steps_done", "terms_version", "requested",
        "confirmed", "ready",
    )  # fmt: skip
    readonly_fields = ("steps_done", "requested", "confirmed", "ready")
    actions = ("try_again",)

    @admin.display(description=_("pasos hechos"))
    def steps_done(self, signup: Signup) -> str:
        """The steps that are done, in words."""
        return ", ".join(label for name, label in STEP_LABELS if name in signup.steps) or "—"

    @admin.display(description=_("solicitada"), ordering="requested_at")
    def requested(self, signup: Signup) -> str:
        """When the form was sent, and the terms accepted with it."""
        return _moment(signup.requested_at)

    @admin.display(description=_("confirmada"), ordering="confirmed_at")
    def confirmed(self, signup: Signup) -> str:
        """When the mail's link was confirmed."""
        return _moment(signup.confirmed_at)

    @admin.display(description=_("lista"), ordering="ready_at")
    def ready(self, signup: Signup) -> str:
        """When the agency opened."""
        return _moment(signup.ready_at)

    @admin.action(description=_("Reintentar"), permissions=["operate"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Signup]) -> None:
        """Make what is missing of those that failed."""
        done = 0
        for signup in queryset:
            if provisioning.retry(signup, now=clock.now()):
                self.log_change(request, signup, "Reintentado")
                done += 1
        self.message_user(request, ngettext("%d registro en marcha.", "%d registros en marcha.", done) % done, messages.SUCCESS)
