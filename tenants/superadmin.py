"""The superadmin's own pages beside Django's lists: doing something with a reason, health, replaying jobs, alarms, downloads, and
inviting an operator. Operators only, on the platform's host only. They read what was published, and walk no schema.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from saas.accounts import doors, versions
from saas.accounts.models import Role, User
from saas.jobs.defer import defer
from saas.lib import clock
from tenants import acts, alarms, domains, exports, health, life, visits
from tenants.admin import with_widgets_allowed
from tenants.models import Agency, Signup, SignupState
from tenants.operations import BULK, OPERATIONS, ReasonForm
from tenants.platform_models import Alarm, Export, ExportState
from tenants.slugs import SlugError

REFUSALS = (life.LifeError, domains.DomainError, visits.VisitError, SlugError, versions.TextError)
MOST = 100  # rows of one operation


class OperatorForm(ReasonForm):
    """Who is invited."""

    name = forms.CharField(label=_("Nombre"), max_length=200, widget=UnfoldAdminTextInputWidget())
    email = forms.EmailField(label=_("Correo"), widget=UnfoldAdminEmailInputWidget(), help_text=_("Será también su usuario."))

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(username=email).exists():
            raise forms.ValidationError(_("Ya hay una cuenta con ese correo."))
        return email


@doors.operator
@never_cache
@with_widgets_allowed
@require_http_methods(["GET", "HEAD", "POST"])
def operate(request: HttpRequest, verb: str) -> HttpResponse:
    """One operation on one or several rows: says what will happen, asks why, does it."""
    operation = OPERATIONS.get(verb)
    if operation is None:
        raise Http404
    targets = _targets(operation.model, request.GET.get("ids", ""))
    if len(targets) > 1 and verb not in BULK:
        raise PermissionDenied(_("Esto se hace de una en una."))
    able = [target for target in targets if target.state in operation.states]
    form = operation.form(request.POST if request.method == "POST" else None, target=targets[0])
    back = reverse(f"admin:tenants_{operation.model._meta.model_name}_changelist")
    if form.is_valid() and able:
        done, going = 0, ""
        for target in able:
            try:
                with transaction.atomic():
                    going = operation.run(target, form.cleaned_data, doors.who(request), clock.now())
            except REFUSALS as error:
                form.add_error(None, str(error))
            else:
                done += 1
        if done:
            messages.success(request, f"{operation.label}: hecho{f' en {done}' if done > 1 else ''}.")
        if not form.errors and "://" in going:
            # A form may not lead to another host (form-action): the person follows a link.
            return _page(request, "tenants/superadmin_go.html", {"title": operation.label, "going": going, "target": able[0]})
        if not form.errors:
            return redirect(going or back)
    page = {
        "title": operation.label, "operation": operation, "form": form, "targets": able, "back": back,
        "skipped": [target for target in targets if target not in able],
    }  # fmt: skip
    return _page(request, "tenants/superadmin_operate.html", page, status=422 if form.is_bound else 200)


@doors.operator
@never_cache
@with_widgets_allowed
@require_GET
def health_page(request: HttpRequest) -> HttpResponse:
    """*Salud*."""
    return _page(request, "tenants/superadmin_health.html", {"title": _("Salud"), **health.figures(now=clock.now())})


def start(request: HttpRequest, page: dict[str, Any]) -> dict[str, Any]:
    """What the superadmin's first page shows beside its lists."""
    if not request.user.is_authenticated:
        return page
    pending = Signup.objects.filter(state=SignupState.PENDING).count()
    return {**page, "title": _("Inicio"), "alarms": health.open_alarms(), "pending": pending}


@doors.operator
@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Offer the jobs of a kind that were set aside in a schema again."""
    schema, kind = request.POST.get("schema", "")[:63], request.POST.get("kind", "")[:60]
    agency = Agency.objects.filter(schema_name=schema).first()
    if agency is None and schema != "public":
        raise Http404
    done = health.replay(agency, kind, now=clock.now())
    acts.note("repetir trabajos", by=doors.who(request), reason="", now=clock.now(), agency=agency, detail=f"{kind}: {done}")
    messages.success(request, f"{done} trabajos en marcha otra vez.")
    return redirect("superadmin_health")


@doors.operator
@require_POST
def take_alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """*La atiendo yo*."""
    alarm = get_object_or_404(Alarm, pk=pk)
    if alarms.take(alarm, by=doors.who(request), now=clock.now()):
        acts.note("atender alarma", by=doors.who(request), reason=alarm.text, now=clock.now(), detail=f"{alarm.kind} {alarm.agency_slug}")
    return redirect("superadmin_health")


@doors.operator
@never_cache
@require_GET
def download(request: HttpRequest, pk: Any) -> HttpResponseBase:
    """A finished archive. That it was downloaded is kept."""
    export = get_object_or_404(Export, pk=pk, state=ExportState.READY)
    target = exports.path_of(export)
    if not target.is_file():
        raise Http404
    acts.note("descargar exportación", by=doors.who(request), reason="", now=clock.now(), detail=f"{export.agency_slug} {export.pk}")
    name = f"{export.agency_slug}-{clock.local(export.done_at or export.asked_at):%Y%m%d-%H%M}.tar.gz"
    return FileResponse(target.open("rb"), as_attachment=True, filename=name, content_type="application/gzip")


@doors.operator
@never_cache
@with_widgets_allowed
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite an operator: an account without a password, and a mail with the link that gives it one."""
    form = OperatorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said, by, now = form.cleaned_data, doors.who(request), clock.now()
        with transaction.atomic():
            made = User.objects.create_user(username=said["email"], role=Role.OPERATOR, name=said["name"], email=said["email"])
            defer("accounts.mail_operator_invitation", f"{made.pk}:{now:%Y%m%d%H%M}", now=now, user_id=made.pk)
            acts.note("invitar operador", by=by, reason=said["reason"], now=now, detail=f"cuenta {made.pk}")
        messages.success(request, "Invitación enviada.")
        return redirect("admin:index")
    page = {
        "title": _("Invitar a un operador"), "form": form, "targets": [], "skipped": [], "back": reverse("admin:index"),
        "operation": {
            "label": _("Enviar invitación"), "danger": "",
            "about": _("Recibe un enlace para elegir su contraseña. Antes de entrar debe activar la verificación en dos pasos."),
        },
    }  # fmt: skip
    return _page(request, "tenants/superadmin_operate.html", page, status=422 if form.is_bound else 200)


def _targets(model: type[Any], ids: str) -> list[Any]:
    manager = model.every if model is Agency else model._default_manager
    chosen = [part for part in ids.split(",") if part][:MOST]
    try:
        found = list(manager.filter(pk__in=chosen).order_by("pk"))
    except (ValueError, forms.ValidationError) as error:
        raise Http404 from error
    if not found:
        raise Http404
    return found


def _page(request: HttpRequest, template: str, page: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **page}, status=status)


urlpatterns = [
    path("hacer/<slug:verb>/", operate, name="superadmin_operate"),
    path("salud/", health_page, name="superadmin_health"),
    path("salud/repetir/", replay, name="superadmin_replay"),
    path("alarmas/<int:pk>/atender/", take_alarm, name="superadmin_take_alarm"),
    path("exportaciones/<uuid:pk>/archivo/", download, name="superadmin_download"),
    path("operadores/invitar/", invite, name="superadmin_invite"),
]
