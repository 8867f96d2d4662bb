"""The desk's pages about units and leases: lists, one with everything about it, and the forms that create and edit one.

Staff only. Invoices, payouts and cases are looked at through the rows of the lease or unit; nothing of them is changed here.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, F, Prefetch, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clientarea import estate
from clientarea.desk_forms import EndForm, LeaseForm, OwnerSet, UnitForm, lease_initial, owners_initial
from clientarea.finding import search_leases, search_units
from clientarea.models import Lease, Ownership, Unit
from saas.accounts import doors
from saas.audit.changes import record
from saas.lib import clock, seen
from saas.lib.paging import page_of
from tenants.limits import LimitReached

PAGE = 25
RECENT = 8
SOON = 60  # days: a lease that ends within them is shown as ending
OPTIONS = 8
ARCHIVED = "archivado"
LEASE_STATES = {"vigente": gettext_lazy("Vigentes"), "por-vencer": gettext_lazy("Por terminar"), "terminado": gettext_lazy("Terminados")}
_OWNERS = Prefetch("ownerships", queryset=Ownership.objects.select_related("owner").order_by("-share", "pk"))


@doors.staff
@require_GET
def desk_units(request: HttpRequest) -> HttpResponse:
    """*Inmuebles*: search by code or address; rented or free."""
    typed, wanted, today = request.GET.get("q", "").strip()[:100], request.GET.get("estado", ""), clock.today()
    in_force = Lease.objects.filter(starts_on__lte=today, ends_on__gte=today)
    units = Unit.objects.order_by("code", "pk")
    if typed:
        units = search_units(units, typed)
    if wanted == "arrendado":
        units = units.filter(pk__in=in_force.values("unit"))
    elif wanted == "libre":
        units = units.exclude(pk__in=in_force.values("unit"))
    units = units.filter(archived_at__isnull=wanted != ARCHIVED)
    leases = Prefetch("leases", queryset=in_force.select_related("renter").order_by("-ends_on"), to_attr="in_force")
    page = page_of(request, units.prefetch_related(_OWNERS, leases), size=PAGE)
    states = [("arrendado", _("Arrendados")), ("libre", _("Sin arrendar")), (ARCHIVED, _("Archivados"))]
    return render(request, "clientarea/desk_units.html", {"page_obj": page, "q": typed, "estado": wanted, "states": states})


@doors.staff
@require_GET
def desk_unit(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit: owners, leases, cases."""
    unit = get_object_or_404(Unit.objects.prefetch_related(_OWNERS), pk=pk)
    leases = unit.leases.select_related("renter").order_by("-ends_on", "pk")
    cases = unit.cases.select_related("client")[:RECENT]
    return render(request, "clientarea/desk_unit.html", {"unit": unit, "leases": leases, "cases": cases, "today": clock.today()})


@doors.staff
@require_http_methods(["GET", "HEAD", "POST"])
def desk_unit_new(request: HttpRequest) -> HttpResponse:
    """*Nuevo inmueble*."""
    data = request.POST if request.method == "POST" else None
    return _unit_form(request, UnitForm(data), OwnerSet(data, prefix="owners"), None)


@doors.staff
@require_http_methods(["GET", "HEAD", "POST"])
def desk_unit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """*Editar inmueble*."""
    unit = get_object_or_404(Unit, pk=pk)
    data = request.POST if request.method == "POST" else None
    values = estate.unit_values(unit)
    form = UnitForm(data, initial={**values, "seen": seen.mark(values)})
    return _unit_form(request, form, OwnerSet(data, prefix="owners", initial=owners_initial(unit)), unit)


@doors.staff
@require_POST
def desk_unit_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a unit away that is managed no more."""
    try:
        estate.archive_unit(get_object_or_404(Unit, pk=pk), by=doors.who(request), now=clock.now())
    except estate.EstateError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("El inmueble quedó archivado. Su historia se conserva."))
    return redirect("desk_unit", pk=pk)


@doors.staff
@require_POST
def desk_unit_unarchive(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a unit back."""
    estate.restore_unit(get_object_or_404(Unit, pk=pk), by=doors.who(request), now=clock.now())
    messages.success(request, _("El inmueble quedó restaurado."))
    return redirect("desk_unit", pk=pk)


@doors.staff
@require_GET
def desk_unit_options(request: HttpRequest) -> HttpResponse:
    """A fragment: the units that what is being typed may mean."""
    typed = str(next(iter(request.GET.values()), "")).strip()[:60]
    units = search_units(Unit.objects.filter(archived_at=None), typed).order_by("code")[:OPTIONS] if typed else []
    return render(request, "clientarea/desk_options.html", {"options": [(unit.code, unit.address) for unit in units]})


@doors.staff
@require_GET
def desk_leases(request: HttpRequest) -> HttpResponse:
    """*Contratos*: search by number; in force, ending soon, over."""
    typed, wanted, today = request.GET.get("q", "").strip()[:100], request.GET.get("estado", ""), clock.today()
    leases = Lease.objects.select_related("unit", "renter").order_by("number", "pk")
    if typed:
        leases = search_leases(leases, typed)
    if wanted in ("vigente", "por-vencer"):
        leases = leases.filter(starts_on__lte=today, ends_on__gte=today)
    if wanted == "por-vencer":
        leases = leases.filter(ends_on__lte=_soon()).order_by("ends_on", "pk")
    elif wanted == "terminado":
        leases = leases.filter(ends_on__lt=today).order_by("-ends_on", "pk")
    page = page_of(request, leases, size=PAGE)
    for lease in page:
        _tell_state(lease)
    context = {"page_obj": page, "q": typed, "estado": wanted, "states": list(LEASE_STATES.items())}
    return render(request, "clientarea/desk_leases.html", context)


@doors.staff
@require_GET
def desk_lease(request: HttpRequest, pk: int) -> HttpResponse:
    """One lease: who, what, how much, and what came of it."""
    return _lease_page(request, _lease(pk), EndForm(initial={"on": clock.today()}), status=200)


@doors.staff
@require_http_methods(["GET", "HEAD", "POST"])
def desk_lease_new(request: HttpRequest) -> HttpResponse:
    """*Nuevo contrato*; `?inmueble=` fills in the unit."""
    initial = {"unit": request.GET.get("inmueble", "")[:20], "use": "housing", "payment_day": 5}
    return _lease_form(request, LeaseForm(request.POST if request.method == "POST" else None, initial=initial), None)


@doors.staff
@require_http_methods(["GET", "HEAD", "POST"])
def desk_lease_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """*Editar contrato*."""
    lease = _lease(pk)
    initial = {**lease_initial(lease), "seen": seen.mark(estate.lease_values(lease))}
    return _lease_form(request, LeaseForm(request.POST if request.method == "POST" else None, initial=initial), lease)


@doors.staff
@require_http_methods(["POST"])
def desk_lease_end(request: HttpRequest, pk: int) -> HttpResponse:
    """*Terminar contrato* on a day."""
    lease, form = _lease(pk), EndForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                ended = estate.end_lease(lease, on=form.cleaned_data["on"])
                record(
                    "lease", pk, before={"ends_on": lease.ends_on}, after={"ends_on": ended.ends_on}, by=doors.who(request), now=clock.now()
                )
        except estate.EstateError as error:
            form.add_error("on", str(error))
        else:
            messages.success(request, _("El contrato termina ese día. Las facturas ya emitidas siguen igual."))
            return redirect("desk_lease", pk=pk)
    return _lease_page(request, lease, form, status=422)


def _unit_form(request: HttpRequest, form: UnitForm, owners: Any, unit: Unit | None) -> HttpResponse:
    if form.is_bound and form.is_valid() & owners.is_valid():
        values = {name: form.cleaned_data[name] for name in estate.UNIT_FIELDS}
        try:
            with transaction.atomic():
                before = estate.unit_values(unit) if unit else {}
                if unit is None:
                    kept = estate.create_unit(values, owners.shares)
                else:
                    kept = estate.change_unit(unit, values, owners.shares, mark=form.cleaned_data["seen"])
                record("unit", kept.pk, before=before, after=estate.unit_values(kept), by=doors.who(request), now=clock.now())
        except estate.EstateError as error:
            _point_at(form, error)
        except seen.StaleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("El inmueble quedó guardado."))
            return redirect("desk_unit", pk=kept.pk)
    context = {"form": form, "owners": owners, "unit": unit}
    return render(request, "clientarea/desk_unit_form.html", context, status=422 if form.is_bound else 200)


def _lease_form(request: HttpRequest, form: LeaseForm, lease: Lease | None) -> HttpResponse:
    if form.is_valid():
        try:
            if lease is None:
                with transaction.atomic():
                    kept = estate.create_lease(form.values())
                    record("lease", kept.pk, before={}, after=estate.lease_values(kept), by=doors.who(request), now=clock.now())
            else:
                kept = estate.change_lease(lease, form.values(), mark=form.cleaned_data["seen"], by=doors.who(request), now=clock.now())
        except estate.EstateError as error:
            _point_at(form, error)
        except (seen.StaleError, LimitReached) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("El contrato quedó guardado."))
            return redirect("desk_lease", pk=kept.pk)
    return render(request, "clientarea/desk_lease_form.html", {"form": form, "lease": lease}, status=422 if form.is_bound else 200)


def _lease(pk: int) -> Lease:
    return get_object_or_404(Lease.objects.select_related("unit", "renter", "co_renter"), pk=pk)


def _lease_page(request: HttpRequest, lease: Lease, form: EndForm, *, status: int) -> HttpResponse:
    today = clock.today()
    _tell_state(lease)
    invoices: Any = lease.invoices
    context = {
        "lease": lease,
        "form": form,
        "owners": lease.unit.ownerships.select_related("owner").order_by("-share", "pk"),
        "debt": invoices.owed().aggregate(sum=Sum(F("total") - F("applied"), filter=Q(kind="rent")), count=Count("pk", filter=Q(kind="rent"))),
        "invoices": invoices.with_state(today=today)[: RECENT * 2],
        "payouts": lease.payouts.select_related("owner")[:RECENT],
        "cases": lease.cases.select_related("client")[:RECENT],
        "can_end": lease.ends_on >= today,
    }
    return render(request, "clientarea/desk_lease.html", context, status=status)


def _soon() -> date:
    return clock.today() + timedelta(days=SOON)


def _tell_state(lease: Lease) -> None:
    today = clock.today()
    if lease.starts_on > today:
        state, label = "sent", _("Por empezar")
    elif lease.ends_on < today:
        state, label = "over", _("Terminado")
    elif lease.ends_on <= _soon():
        state, label = "pending", _("Por terminar")
    else:
        state, label = "active", _("Vigente")
    lease.state, lease.state_label = state, label  # type: ignore[attr-defined]


def _point_at(form: UnitForm | LeaseForm, error: estate.EstateError) -> None:
    """Show the error with a link to the row that stands in the way."""
    said: Any = str(error)
    if error.lease is not None:
        said = format_html('{} <a href="{}">{}</a>', said, reverse("desk_lease", args=[error.lease.pk]), _("Ver ese contrato"))
    elif error.unit is not None:
        said = format_html('{} <a href="{}">{}</a>', said, reverse("desk_unit", args=[error.unit.pk]), _("Ver ese inmueble"))
    form.add_error(error.field if error.field in form.fields else None, said)


urlpatterns = [
    path("inmuebles/", desk_units, name="desk_units"),
    path("inmuebles/nuevo/", desk_unit_new, name="desk_unit_new"),
    path("inmuebles/opciones/", desk_unit_options, name="desk_unit_options"),
    path("inmuebles/<int:pk>/", desk_unit, name="desk_unit"),
    path("inmuebles/<int:pk>/editar/", desk_unit_edit, name="desk_unit_edit"),
    path("inmuebles/<int:pk>/archivar/", desk_unit_archive, name="desk_unit_archive"),
    path("inmuebles/<int:pk>/restaurar/", desk_unit_unarchive, name="desk_unit_unarchive"),
    path("contratos/", desk_leases, name="desk_leases"),
    path("contratos/nuevo/", desk_lease_new, name="desk_lease_new"),
    path("contratos/<int:pk>/", desk_lease, name="desk_lease"),
    path("contratos/<int:pk>/editar/", desk_lease_edit, name="desk_lease_edit"),
    path("contratos/<int:pk>/terminar/", desk_lease_end, name="desk_lease_end"),
]
