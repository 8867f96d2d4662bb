"""The superadmin's lists of the platform's own work: what operators did, exports, visits, alarms, announcements, settings, and what
PayU said to deleted agencies. Looked at only, but announcements and the settings, whose every change is kept with its author.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from saas.lib import clock
from tenants import acts, announcements
from tenants.admin import LookOnly, Operated
from tenants.platform_models import (
    Alarm,
    Announcement,
    Export,
    ExportState,
    GoneCallback,
    OperatorAct,
    Platform,
    SupportView,
    SupportVisit,
)


@admin.register(OperatorAct)
class OperatorActAdmin(LookOnly):
    """What operators did, and why."""

    list_display = ("at", "operator_name", "act", "agency_slug", "reason", "detail")
    list_filter = ("act", "operator_name")
    search_fields = ("operator_name", "agency_slug", "act", "reason", "detail")
    ordering = ("-pk",)
    date_hierarchy = "at"
    fields = ("at", "operator_name", "act", "agency_slug", "reason", "detail")


@admin.register(Export)
class ExportAdmin(Operated):
    """Archives: how far each is, its download, and restoring from it."""

    list_display = ("agency_slug", "asked_at", "asked_by", "state", "step", "rows", "files", "size", "expires_at")
    list_filter = ("state",)
    search_fields = ("agency_slug", "asked_by")
    ordering = ("-asked_at",)
    fields = (
        "operations", "file", "agency_slug", "state", "step", "asked_at", "asked_by", "done_at", "expires_at", "rows", "files", "size",
        "sha256", "error",
    )  # fmt: skip
    readonly_fields = ("operations", "file", "size")

    @admin.display(description=_("tamaño"), ordering="bytes")
    def size(self, export: Export) -> str:
        """In KB."""
        return f"{-(-export.bytes // 1024):,} KB".replace(",", ".") if export.bytes else "—"

    @admin.display(description=_("archivo"))
    def file(self, export: Export) -> str:
        """The download."""
        if export.state != ExportState.READY:
            return "—"
        return render_to_string("tenants/superadmin_download.html", {"address": reverse("superadmin_download", args=[export.pk])})


class SupportViewInline(TabularInline):
    """The pages of a visit."""

    model = SupportView
    fields = ("at", "method", "path", "refused")
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SupportVisit)
class SupportVisitAdmin(LookOnly):
    """Visits, with each page that was looked at."""

    list_display = ("asked_at", "operator_name", "visited", "reason", "entered_at", "until", "ended_at")
    list_select_related = ("agency",)
    search_fields = ("operator_name", "agency__name", "agency__slug", "reason")
    ordering = ("-asked_at",)
    fields = ("visited", "operator_name", "reason", "asked_at", "entered_at", "until", "ended_at", "ended_by")
    readonly_fields = ("visited",)
    inlines = (SupportViewInline,)

    @admin.display(description=_("inmobiliaria"), ordering="agency__name")
    def visited(self, visit: SupportVisit) -> str:
        """The agency's name."""
        return str(visit.agency)


@admin.register(Alarm)
class AlarmAdmin(LookOnly):
    """Alarms, open and over."""

    list_display = ("raised_at", "kind", "agency_slug", "text", "taken_by", "closed_at")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("agency_slug", "text")
    ordering = ("-raised_at",)
    fields = ("kind", "agency_slug", "text", "raised_at", "seen_at", "taken_by", "taken", "closed_at")
    readonly_fields = ("taken",)

    @admin.display(description=_("la atiende desde"))
    def taken(self, alarm: Alarm) -> str:
        """Since when somebody looks at it."""
        return clock.long_datetime(alarm.taken_at) if alarm.taken_at else "—"


@admin.register(GoneCallback)
class GoneCallbackAdmin(Operated):
    """What PayU said to deleted agencies."""

    list_display = ("received_at", "agency_slug", "reference", "amount", "times", "state")
    list_filter = ("state", "agency_slug")
    search_fields = ("agency_slug", "reference", "said")
    ordering = ("-pk",)
    fields = ("operations", "agency_slug", "reference", "facts", "received_at", "times", "state")
    readonly_fields = ("operations", "facts")

    @admin.display(description=_("valor"))
    def amount(self, row: GoneCallback) -> str:
        """As PayU wrote it."""
        values = dict(parse_qsl(row.said))
        return f"{values.get('value', '')} {values.get('currency', '')}"

    @admin.display(description=_("lo que dijo"))
    def facts(self, row: GoneCallback) -> str:
        """Each field in its line."""
        return format_html_join("", "{}: {}<br>", sorted(parse_qsl(row.said)))


class Written(ModelAdmin):
    """Rows that operators write. Each change is kept (tenants/acts.py)."""

    search_help_text = _("Escriba para buscar")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        now = clock.now()
        acts.note(self._act(), by=request.user, reason="", now=now, detail=f"{form.instance}: {', '.join(form.changed_data) or 'sin cambios'}"[:500])
        announcements.publish(now=now)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            acts.note(f"{self._act()}, borrar", by=request.user, reason="", now=clock.now(), detail=str(obj)[:500])
            super().delete_model(request, obj)
            announcements.publish(now=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def _act(self) -> str:
        return str(self.model._meta.verbose_name)


@admin.register(Announcement)
class AnnouncementAdmin(Written):
    """Announcements."""

    list_display = ("text", "level", "starts_at", "ends_at")
    list_filter = ("level",)
    search_fields = ("text",)
    ordering = ("-starts_at",)
    autocomplete_fields = ("agencies",)
    fields = ("text", "level", "starts_at", "ends_at", "agencies")


@admin.register(Platform)
class PlatformAdmin(Written):
    """The platform's settings: one row, which is always there."""

    list_display = ("name", "needs_approval")
    fields = ("needs_approval",)

    @admin.display(description=_("ajustes"))
    def name(self, platform: Platform) -> str:
        """What there is to change."""
        return format_html("{}", _("Ajustes de la plataforma"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request) and not Platform.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)
