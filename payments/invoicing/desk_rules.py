"""The desk's settings of invoicing: numberings, the agency's rules and each year's figures, a client's taxes, and the rents that
go up."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clientarea.models import Client, Lease
from payments.invoicing import increases, numbering
from payments.invoicing import policy as invoicing_policy
from payments.invoicing.forms import FiguresForm, ResolutionForm, RiseForm, RulesForm, TaxesForm
from payments.models import RentIncrease, Resolution, YearFigures
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.audit.changes import record
from saas.lib import clock, money
from saas.lib.paging import page_of


@staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_numbering(request: HttpRequest) -> HttpResponse:
    """*Numeración*: the ones in use, what is left of them, and registering a new one."""
    form = ResolutionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = numbering.adopt(**form.cleaned_data, staff=who(request), now=clock.now())
        except numbering.NumberingRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("La numeración quedó en uso. La siguiente será %(number)s.") % {"number": made.next_number})
            return redirect("desk_numbering")
    today = clock.today()
    rows = Resolution.objects.select_related("made_by").order_by("-active", "series", "-pk")
    told = [(row, numbering.warning(row, today=today) if row.active else "") for row in rows[:30]]
    return render(request, "payments/desk_numbering.html", {"form": form, "rows": told})


@staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_rules(request: HttpRequest) -> HttpResponse:
    """*Reglas de facturación*: late interest, IVA, and the official figures of each year."""
    policy, known, today = invoicing_policy.current(), invoicing_policy.figures(), clock.today()
    year = _year(request, today.year)
    row = known.get(year)
    shown = {"year": year, **({name: getattr(row, name) for name in invoicing_policy.FIGURES} if row else invoicing_policy.suggested(year))}
    if shown.get("uvt"):
        shown["uvt"] = money.cop(shown["uvt"]).removeprefix("$\u00a0")
    posted = request.method == "POST"
    rules = RulesForm(request.POST if posted and "rules" in request.POST else None, initial={n: getattr(policy, n) for n in invoicing_policy.RULES})
    figures = FiguresForm(request.POST if posted and "figures" in request.POST else None, initial=shown)
    if rules.is_bound and rules.is_valid():
        invoicing_policy.save(rules.cleaned_data, staff=who(request), now=clock.now(), today=today)
        messages.success(request, _("Las reglas quedaron guardadas."))
        return redirect("desk_rules")
    if figures.is_bound and figures.is_valid():
        invoicing_policy.save_figures(figures.cleaned_data["year"], figures.cleaned_data, staff=who(request), now=clock.now())
        messages.success(request, _("Las cifras quedaron guardadas."))
        return redirect("desk_rules")
    told = [(each, invoicing_policy.percent(each.ipc), _withholding(each)) for each in known.values()]
    context = {"rules": rules, "figures": figures, "known": told, "policy": policy, "year": year}
    return render(request, "payments/desk_rules.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_client_taxes(request: HttpRequest, pk: int) -> HttpResponse:
    """*Datos tributarios* of a client: what decides IVA and withholdings."""
    client = get_object_or_404(Client, pk=pk)
    names = ("withholding_agent", "vat_liable")
    before = {name: getattr(client, name) for name in names}
    form = TaxesForm(request.POST if request.method == "POST" else None, initial=before)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            Client.objects.filter(pk=pk).update(**form.cleaned_data)
            record("client", pk, before=_words(before), after=_words(form.cleaned_data), by=who(request), now=clock.now())
        messages.success(request, _("Los datos tributarios quedaron guardados."))
        return redirect("desk_client", pk=pk)
    return render(request, "payments/desk_client_taxes.html", {"client": client, "form": form})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_increases(request: HttpRequest) -> HttpResponse:
    """*Incrementos*: the rents that may go up, telling the renters, and those on their way."""
    if request.method == "POST":
        _decide(request)
        return redirect("desk_increases")
    page = page_of(request, increases.proposals(clock.today()))
    offered = [(each, RiseForm(initial={"percent": each.percent, "from_on": each.from_on}, auto_id=f"id_{each.lease.pk}_%s")) for each in page]
    rows = RentIncrease.objects.select_related("lease__renter", "made_by")
    applied = rows.filter(applied_at__isnull=False).order_by("-applied_at", "-pk")[:30]
    context = {
        "page": page, "offered": offered, "waiting": rows.filter(applied_at=None).order_by("from_on", "pk")[:100],
        "applied": [(row, invoicing_policy.percent(row.percent)) for row in applied],
    }  # fmt: skip
    return render(request, "payments/desk_increases.html", context)


def _decide(request: HttpRequest) -> None:
    """Announce one increase, or give one up."""
    if "withdraw" in request.POST:
        given = request.POST["withdraw"]
        if given.isascii() and given.isdigit() and len(given) < 16:
            increases.withdraw(int(given), staff=who(request), now=clock.now())
            messages.success(request, _("El incremento se retiró."))
        return
    form, lease = RiseForm(request.POST), request.POST.get("lease", "")
    if not form.is_valid() or not (lease.isascii() and lease.isdigit() and len(lease) < 16):
        messages.error(request, _("Escriba el incremento como un porcentaje, por ejemplo 5,1."))
        return
    data = form.cleaned_data
    get_object_or_404(Lease, pk=int(lease))
    try:
        made = increases.announce(int(lease), percent=data["percent"], from_on=data["from_on"], staff=who(request), now=clock.now())
    except increases.IncreaseRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Se le está avisando al inquilino: canon de %(rent)s.") % {"rent": money.cop(made.new_rent)})


def _year(request: HttpRequest, default: int) -> int:
    given = request.GET.get("ano", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) == 4 and 2000 <= int(given) <= 2100 else default


def _withholding(row: YearFigures) -> str:
    if row.withholding_rate is None or row.withholding_base is None:
        return ""
    return f"{invoicing_policy.percent(row.withholding_rate)} % desde {row.withholding_base} UVT"


def _words(values: dict[str, bool]) -> dict[str, str]:
    return {name: "sí" if value else "no" for name, value in values.items()}


urlpatterns = [
    path("facturas/numeracion/", desk_numbering, name="desk_numbering"),
    path("facturas/reglas/", desk_rules, name="desk_rules"),
    path("facturas/incrementos/", desk_increases, name="desk_increases"),
    path("clientes/<int:pk>/tributario/", desk_client_taxes, name="desk_client_taxes"),
]
