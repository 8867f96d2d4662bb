"""*Superadmin*: what operators see and may do with agencies and sign-ups. On the platform's host only, in public only.

Operators look and act; they write no rows by hand but announcements and the platform's settings. What they do to an agency is in
tenants/operations.py: each with a reason that is kept. The other lists are in admin_platform.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from allauth.account.decorators import secure_admin_login
from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from saas.lib import clock, money
from tenants import alarms, limits
from tenants.models import Agency, Domain, Signup
from tenants.operations import OPERATIONS, possible
from tenants.public import STEP_LABELS

# The widgets of the superadmin evaluate their attributes and set styles: allowed on these pages, which only operators
# reach, and nowhere else. Scripts still come from this host alone.
_WIDGETS = csp_update({"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]})
_admin_view = admin.site.admin_view


def with_widgets_allowed(view: Callable[..., Any]) -> Callable[..., Any]:
    """A page in the look of the superadmin, with what its widgets need."""
    allowed: Callable[..., Any] = _WIDGETS(view)
    return allowed


def _with_widgets(view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
    return _WIDGETS(_admin_view(view, cacheable))


admin.site.admin_view = _with_widgets  # type: ignore[assignment,method-assign]
# Operators come in by the same door as everyone: *no soy robot*, rate limits and all.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _moment(moment: datetime | None) -> str:
    return clock.long_datetime(moment) if moment else "—"


class LookOnly(ModelAdmin):
    """Rows to look at; actions are the only way to change something."""

    search_help_text = _("Escriba para buscar")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may use the actions."""
        return self.has_view_permission(request)


def _to_operation(verb: str) -> Callable[..., Any]:
    """A list's action: go to the page that asks why, for the chosen rows."""

    @admin.action(description=OPERATIONS[verb].label, permissions=["operate"])
    def go(model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        ids = ",".join(str(pk) for pk in queryset.values_list("pk", flat=True)[:100])
        return redirect(f"{reverse('superadmin_operate', args=[verb])}?{urlencode({'ids': ids})}")

    go.__name__ = verb.replace("-", "_")
    return go


class Operated(LookOnly):
    """Rows that have operations: buttons to them on the row's page."""

    @admin.display(description=_("acciones"))
    def operations(self, row: Any) -> str:
        """What may be done now."""
        return render_to_string("tenants/superadmin_operations.html", {"row": row, "operations": possible(row)}) or "—"


class ProblemFilter(admin.SimpleListFilter):
    """With problems, or behind."""

    title = _("problemas")
    parameter_name = "problemas"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("si", _("Con problemas")), ("alarma", _("Con alarma")), ("atrasado", _("Esquema atrasado"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Agency]) -> QuerySet[Agency]:
        if self.value() == "si":
            return queryset.exclude(figures=None).exclude(figures__problems=[])
        if self.value() == "alarma":
            return queryset.exclude(alarms=[])
        return queryset.filter(figures__behind__gt=0) if self.value() == "atrasado" else queryset


@admin.register(Agency)
class AgencyAdmin(Operated):
    """Agencies with the figures that each published: find them, open one, do something to it."""

    list_display = ("name", "hosts_shown", "shown_state", "problems", "clients", "leases", "collected", "activity", "plan", "version")
    list_filter = ("state", "plan", ProblemFilter)
    search_fields = ("name", "slug", "nit", "email", "domains__domain")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("operations",)}),
        (_("La inmobiliaria"), {"fields": (
            "name", "slug", "nit", "nit_check", "state", "hosts_shown", "email", "phone", "address", "city", "schema", "since",
        )}),
        (_("Plan"), {"fields": ("plan", "max_clients", "max_leases", "max_storage_mb", "max_mails")}),
        (_("Cifras publicadas"), {"fields": ("clients", "leases", "collected", "storage", "mails", "activity", "version", "problems", "counted")}),
        (_("Estado"), {"fields": ("delete_after", "closed_until", "closed_text", "support_allowed", "history")}),
    )  # fmt: skip
    readonly_fields = (
        "operations", "schema", "since", "hosts_shown", "clients", "leases", "collected", "storage", "mails", "activity", "version", "problems",
        "counted", "history",
    )  # fmt: skip
    actions = [_to_operation("suspender"), _to_operation("reactivar"), _to_operation("mantenimiento")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agency]:
        return Agency.every.select_related("figures").prefetch_related("domains")

    @display(
        description=_("estado"), ordering="state",
        label={"active": "success", "suspended": "warning", "retired": "danger", "deleted": "danger", "creating": "info"},
    )  # fmt: skip
    def shown_state(self, agency: Agency) -> tuple[str, str]:
        """The state, with its colour."""
        return agency.state, agency.get_state_display()

    @admin.display(description=_("dominios"))
    def hosts_shown(self, agency: Agency) -> str:
        """Every host."""
        return ", ".join(sorted(domain.domain for domain in agency.domains.all())) or "—"

    @admin.display(description=_("clientes"), ordering="figures__clients")
    def clients(self, agency: Agency) -> str:
        """Active clients, of those allowed."""
        return _of(_figure(agency, "clients"), agency.max_clients)

    @admin.display(description=_("contratos"), ordering="figures__leases")
    def leases(self, agency: Agency) -> str:
        """Leases in force, of those allowed."""
        return _of(_figure(agency, "leases"), agency.max_leases)

    @admin.display(description=_("recaudado este mes"), ordering="figures__collected")
    def collected(self, agency: Agency) -> str:
        """What came in this month."""
        value = _figure(agency, "collected")
        return "—" if value is None else money.cop(value)

    @admin.display(description=_("archivos"))
    def storage(self, agency: Agency) -> str:
        """MB of files, of those allowed."""
        value = _figure(agency, "storage_bytes")
        return "—" if value is None else _of(-(-value // limits.MB), agency.max_storage_mb) + " MB"

    @admin.display(description=_("correos este mes"))
    def mails(self, agency: Agency) -> str:
        """Mails, of those allowed."""
        return _of(_figure(agency, "mails"), agency.max_mails)

    @admin.display(description=_("última actividad"), ordering="figures__last_activity")
    def activity(self, agency: Agency) -> str:
        """When somebody last came or paid."""
        return _moment(_figure(agency, "last_activity"))

    @admin.display(description=_("esquema"), ordering="figures__schema_version")
    def version(self, agency: Agency) -> str:
        """The last migration of its schema."""
        return _figure(agency, "schema_version") or "—"

    @admin.display(description=_("problemas"))
    def problems(self, agency: Agency) -> str:
        """What is wrong, in words."""
        said = [*(_figure(agency, "problems") or []), *(str(alarms.TITLES.get(kind, kind)) for kind in agency.alarms)]
        return " · ".join(said) or "—"

    @admin.display(description=_("publicadas"))
    def counted(self, agency: Agency) -> str:
        """How old the figures are."""
        return _moment(_figure(agency, "counted_at"))

    @admin.display(description=_("nombre del esquema"))
    def schema(self, agency: Agency) -> str:
        """Where its rows are."""
        return str(agency.schema_name)

    @admin.display(description=_("creada"), ordering="created_at")
    def since(self, agency: Agency) -> str:
        """When it was made."""
        return _moment(agency.created_at)

    @admin.display(description=_("historia"))
    def history(self, agency: Agency) -> str:
        """What operators did to it."""
        address = f"{reverse('admin:tenants_operatoract_changelist')}?{urlencode({'q': agency.slug})}"
        return format_html('<a class="text-primary-600" href="{}">{}</a>', address, _("Ver lo que hicieron los operadores"))


def _figure(agency: Agency, name: str) -> Any:
    figures = getattr(agency, "figures", None)
    return getattr(figures, name) if figures is not None else None


def _of(value: int | None, most: int | None) -> str:
    if value is None:
        return "—"
    return f"{value:,} de {most:,}".replace(",", ".") if most is not None else f"{value:,}".replace(",", ".")


@admin.register(Domain)
class DomainAdmin(LookOnly):
    """Hosts and the agency that answers at each."""

    list_display = ("host", "agency", "primary", "points")
    list_filter = ("lost_why",)
    search_fields = ("domain", "tenant__name")
    list_select_related = ("tenant",)
    ordering = ("domain",)
    fields = ("host", "agency", "primary", "points", "looked")
    readonly_fields = ("host", "agency", "primary", "points", "looked")

    @admin.display(description=_("dominio"), ordering="domain")
    def host(self, domain: Domain) -> str:
        """The host."""
        return str(domain.domain)

    @admin.display(description=_("inmobiliaria"), ordering="tenant__name")
    def agency(self, domain: Domain) -> str:
        """The agency's name."""
        return str(domain.tenant)

    @admin.display(description=_("principal"), boolean=True, ordering="is_primary")
    def primary(self, domain: Domain) -> bool:
        """Whether links go to this host."""
        return bool(domain.is_primary)

    @admin.display(description=_("apunta aquí"), ordering="lost_since")
    def points(self, domain: Domain) -> str:
        """What the DNS said last."""
        if domain.lost_since:
            return f"{capfirst(domain.get_lost_why_display())} desde el {_moment(domain.lost_since)}"
        return str(_("Sí")) if domain.is_primary or domain.looked_at else "—"

    @admin.display(description=_("revisado"))
    def looked(self, domain: Domain) -> str:
        """When the DNS last answered."""
        return _moment(domain.looked_at)


@admin.register(Signup)
class SignupAdmin(Operated):
    """Sign-ups: approve or reject them, how far each is, why one failed, and trying it again."""

    list_display = ("agency_name", "slug", "email", "state", "requested", "ready")
    list_filter = ("state",)
    search_fields = ("agency_name", "slug", "email", "nit")
    ordering = ("-requested_at",)
    fields = (
        "operations", "agency_name", "slug", "nit", "nit_check", "person_name", "email", "state", "error", "steps_done", "terms_version", "requested",
        "confirmed", "ready",
    )  # fmt: skip
    readonly_fields = ("operations", "steps_done", "requested", "confirmed", "ready")
    actions = [_to_operation("aprobar"), _to_operation("rechazar"), _to_operation("reintentar")]

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


from tenants import admin_platform as admin_platform  # noqa: E402  (its lists need what is above)
from tenants import admin_texts as admin_texts  # noqa: E402
