"""The agency's own settings, for its staff: name, how to reach it, words, colour with a live preview, and logo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saas.accounts import doors
from saas.accounts.models import StaffRole
from saas.lib import clock, phones, seen
from saas.lib.text import clean_name
from tenants import branding, own
from tenants.desk_forms import COLOUR, AgencyForm, LogoForm
from tenants.hosts import agency_of
from tenants.models import Agency

READABLE = 4.5  # WCAG 2.2 AA, text of ordinary size


@doors.staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_settings(request: HttpRequest) -> HttpResponse:
    """*Configuración*."""
    agency = _agency(request)
    values = own.values_of(agency)
    initial = {**values, "phone": phones.pretty(agency.phone), "seen": seen.mark(values)}
    form = AgencyForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            own.change(agency, form.cleaned_data, mark=form.cleaned_data["seen"], by=doors.who(request), now=clock.now())
        except seen.StaleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("La configuración quedó guardada."))
            return redirect("desk_settings")
    return _page(request, agency, form, LogoForm(), status=422 if form.is_bound else 200)


@doors.staff_of(StaffRole.HEAD)
@require_GET
def desk_settings_preview(request: HttpRequest) -> HttpResponse:
    """A fragment: how a colour looks, and how well it reads."""
    typed = request.GET.get("colour", "").lower()
    colour = typed if COLOUR.fullmatch(typed) else _agency(request).colour
    name = clean_name(request.GET.get("name", ""))[:120] or _agency(request).name
    return render(request, "tenants/desk_settings_preview.html", {"preview": preview(name, colour)})


@doors.staff_of(StaffRole.HEAD)
@require_POST
def desk_settings_logo(request: HttpRequest) -> HttpResponse:
    """Put a logo."""
    agency, form = _agency(request), LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            own.set_logo(agency, form.cleaned_data["file"], by=doors.who(request), now=clock.now())
        except own.LogoError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, _("El logo quedó guardado. Se verá en el portal, en los correos y en los documentos."))
            return redirect("desk_settings")
    values = own.values_of(agency)
    shown = AgencyForm(initial={**values, "phone": phones.pretty(agency.phone), "seen": seen.mark(values)})
    return _page(request, agency, shown, form, status=422)


@doors.staff_of(StaffRole.HEAD)
@require_POST
def desk_settings_logo_remove(request: HttpRequest) -> HttpResponse:
    """Take the logo away."""
    own.remove_logo(_agency(request), by=doors.who(request), now=clock.now())
    messages.success(request, _("Quitamos el logo: se muestran las iniciales."))
    return redirect("desk_settings")


def preview(name: str, colour: str) -> dict[str, Any]:
    """What the preview shows of a brand: its colours, and their contrasts as people read them."""
    over, text = branding.foreground(colour), branding.readable(colour)
    contrast = branding.contrast(colour, over)
    return {
        "name": name,
        "colour": colour,
        "foreground": over,
        "foreground_name": _("blanco") if over == "#ffffff" else _("negro"),
        "text": text,
        "contrast": _ratio(contrast),
        "text_contrast": _ratio(branding.contrast(text, "#ffffff")),
        "darkened": text != colour,
        "readable": contrast >= READABLE,
    }


def _ratio(value: float) -> str:
    return f"{value:.1f}".replace(".", ",") + ":1"


def _agency(request: HttpRequest) -> Agency:
    return own.fresh(agency_of(request))


def _page(request: HttpRequest, agency: Agency, form: AgencyForm, logo: LogoForm, *, status: int) -> HttpResponse:
    typed = str(form["colour"].value() or "").lower()
    shown = preview(str(form["name"].value() or agency.name), typed if COLOUR.fullmatch(typed) else agency.colour)
    # What is shown of the brand around the form is what is kept now, not what a cache remembers.
    request.agency = agency  # type: ignore[attr-defined]
    return render(request, "tenants/desk_settings.html", {"form": form, "logo_form": logo, "preview": shown}, status=status)


urlpatterns = [
    path("configuracion/", desk_settings, name="desk_settings"),
    path("configuracion/vista-previa/", desk_settings_preview, name="desk_settings_preview"),
    path("configuracion/logo/", desk_settings_logo, name="desk_settings_logo"),
    path("configuracion/logo/quitar/", desk_settings_logo_remove, name="desk_settings_logo_remove"),
]
