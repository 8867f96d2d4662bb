"""The desk's pages about the platform: support visits (seen, allowed, forbidden), own domains, and putting announcements away; and
the two pages by which a visit comes in and goes out. Only this agency's rows of public are shown.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saas.accounts import doors
from saas.accounts.models import StaffRole
from saas.audit.changes import record
from saas.lib import clock
from saas.lib.signing import BadLink
from tenants import announcements, context, domain_watch, domains, own, visits
from tenants.hosts import agency_of
from tenants.platform_models import DomainClaim

SHOWN = 20


class DomainForm(forms.Form):
    """A domain of the agency's own."""

    domain = forms.CharField(
        label=gettext_lazy("Dominio"), max_length=253, help_text=gettext_lazy("Por ejemplo, portal.suinmobiliaria.com.co"),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Escriba el dominio.")},
    )  # fmt: skip

    def clean_domain(self) -> str:
        try:
            return domains.check_host(self.cleaned_data["domain"])
        except domains.DomainError as error:
            raise forms.ValidationError(str(error)) from error


@doors.staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_visits(request: HttpRequest) -> HttpResponse:
    """*Visitas de soporte*: who came, why, what they looked at; and whether they may come."""
    agency, now = own.fresh(agency_of(request)), clock.now()
    if request.method == "POST":
        by = doors.who(request)
        allowed = request.POST.get("allowed") == "1"
        change = visits.allow if allowed else visits.forbid
        change(agency, by=by.name, now=now)
        record("agency", agency.pk, before={"support_allowed": agency.support_allowed}, after={"support_allowed": allowed}, by=by, now=now)
        said = _("El soporte de la plataforma puede visitar su oficina.") if allowed else _("El soporte ya no puede visitar su oficina.")
        messages.success(request, said)
        return redirect("desk_visits")
    page = {"visits": visits.of_agency(agency, most=SHOWN), "allowed": agency.support_allowed, "now": now}
    return render(request, "tenants/desk_visits.html", page)


@doors.staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_domain(request: HttpRequest) -> HttpResponse:
    """*Dominio propio*: ask for one, see the records to create and how far the proof is, take one away."""
    agency = own.fresh(agency_of(request))
    form = DomainForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        by, now = doors.who(request), clock.now()
        try:
            found = domains.claim(agency, form.cleaned_data["domain"], by=by.name, now=now)
        except domains.DomainError as error:
            form.add_error("domain", str(error))
        else:
            record("agency", agency.pk, before={"domain": ""}, after={"domain": found.domain}, by=by, now=now)
            messages.success(request, _("Cree ahora los registros que se muestran. Los buscamos cada cinco minutos."))
            return redirect("desk_domain")
    with context.in_public():
        claims = list(DomainClaim.objects.filter(agency_id=agency.pk).select_related("agency").order_by("-pk"))
        watched = {domain.domain: domain for domain in domains.own_domains(agency)}
    for claim in claims:
        claim.records = domains.records_of(claim)  # type: ignore[attr-defined]
        claim.watched = domain = watched.get(claim.domain)  # type: ignore[attr-defined]
        claim.ends_at = domain_watch.ends_at(domain) if domain else None  # type: ignore[attr-defined]
    page = {
        "form": form, "claims": claims, "current": agency.own_host, "subdomain": f"{agency.slug}.{settings.PLATFORM_HOST}",
        "orphans": [host for host in watched if host not in {claim.domain for claim in claims}],
    }  # fmt: skip
    return render(request, "tenants/desk_domain.html", page, status=422 if form.is_bound else 200)


@doors.staff_of(StaffRole.HEAD)
@require_POST
def desk_domain_remove(request: HttpRequest) -> HttpResponse:
    """Take a domain away."""
    agency, by, now = own.fresh(agency_of(request)), doors.who(request), clock.now()
    host = request.POST.get("domain", "")[:253]
    try:
        domains.drop(agency, host)
    except domains.DomainError as error:
        messages.error(request, str(error))
    else:
        record("agency", agency.pk, before={"domain": host}, after={"domain": ""}, by=by, now=now)
        messages.success(request, _("Quitamos %(host)s. Su portal sigue en su subdominio.") % {"host": host})
    return redirect("desk_domain")


@doors.staff
@require_POST
def desk_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an announcement away."""
    announcements.dismiss(agency_of(request), doors.who(request), pk)
    return redirect("desk")


@doors.everyone
@never_cache
@require_GET
def visit_enter(request: HttpRequest, text: str) -> HttpResponse:
    """An operator comes in with a pass. Whatever session was here is over."""
    try:
        visit = visits.enter(agency_of(request), text, now=clock.now())
    except BadLink:
        return redirect("visit_over")
    request.session.flush()
    request.session[visits.SESSION_KEY] = str(visit.pk)
    request.session.set_expiry(visit.until)
    return redirect("desk")


@doors.everyone
@require_POST
def visit_end(request: HttpRequest) -> HttpResponse:
    """*Terminar la visita*."""
    visit: Any = getattr(request, "visit", None)
    if visit is not None:
        visits.end(visit, by=visit.operator_name, now=clock.now())
        request.session.flush()
    return redirect("visit_over")


@doors.everyone
@never_cache
@require_GET
def visit_over(request: HttpRequest) -> HttpResponse:
    """The visit is over, or its pass was not good."""
    text = _("Terminó, venció o la inmobiliaria ya no permite visitas. Para volver, pida otra en el superadmin, con su motivo.")
    return render(request, "error.html", {"status": 403, "title": _("La visita de soporte terminó"), "text": text}, status=403)


visit_urlpatterns = [
    path("visita/terminar/", visit_end, name="visit_end"),
    path("visita/terminada/", visit_over, name="visit_over"),
    path("visita/<str:text>/", visit_enter, name="visit_enter"),
]
urlpatterns = [
    path("ajustes/visitas/", desk_visits, name="desk_visits"),
    path("ajustes/dominio/", desk_domain, name="desk_domain"),
    path("ajustes/dominio/quitar/", desk_domain_remove, name="desk_domain_remove"),
    path("anuncios/<int:pk>/descartar/", desk_dismiss, name="desk_dismiss"),
]
