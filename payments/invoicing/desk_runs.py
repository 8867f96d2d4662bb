"""The desk's pages that issue a month: a preview, the run with its progress, and the month's mail. The work itself is jobs: the
page may be closed and nothing stops."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from payments.invoicing import issuing, runs
from payments.invoicing.forms import RunForm
from payments.models import InvoiceKind, InvoiceRun, ItemState, RunKind, RunState
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.lib import clock
from saas.lib.paging import page_of

SHOWN = 50  # of each list on a page
KINDS = {RunKind.MONTH: InvoiceKind.RENT, RunKind.COMMISSION: InvoiceKind.COMMISSION}


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_runs(request: HttpRequest) -> HttpResponse:
    """*Generaciones*: those that there were."""
    return render(request, "payments/desk_runs.html", {"runs": InvoiceRun.objects.select_related("asked_by").order_by("-pk")[:SHOWN]})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_run_new(request: HttpRequest) -> HttpResponse:
    """*Generar el mes*: which, what it would be, and beginning it."""
    today = clock.today()
    if request.method == "POST":
        form = RunForm(request.POST)
        if form.is_valid():
            data = form.cleaned_data
            try:
                run = runs.begin(
                    data["kind"], period=data["period"], issued_on=data["issued_on"], key=data["key"], staff=who(request), now=clock.now()
                )
            except runs.RunRefused as error:
                form.add_error(None, str(error))
            else:
                return redirect("desk_run", pk=run.pk)
        return render(request, "payments/desk_run_new.html", {"form": form})
    asked = "period" in request.GET
    kind = request.GET.get("kind", RunKind.MONTH)
    initial = {"kind": kind, "period": today.replace(day=1), "issued_on": today}
    form = RunForm({**request.GET.dict(), "key": RunForm().initial["key"]} if asked else None, initial=initial)
    context: dict[str, Any] = {"form": form}
    if asked and form.is_valid():
        data = form.cleaned_data
        named = {"period": data["period"], "issued_on": data["issued_on"]}
        seen = runs.preview(data["kind"], **named)
        context |= {
            "seen": seen, "totals": seen.totals, "drafts": page_of(request, seen.drafts), "kind": data["kind"], **named,
            "reasons": Counter(_family(each.reason) for each in seen.skipped).most_common(), "skipped": seen.skipped[:SHOWN],
            "refusal": runs.refusal(data["kind"], **named, today=today),
            "by_day": runs.too_soon(data["kind"], **named, today=today), "rising": sum(1 for draft in seen.drafts if draft.increase_id),
        }  # fmt: skip
    return render(request, "payments/desk_run_new.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_run(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a run is. Asked again by htmx until it is over."""
    run = get_object_or_404(InvoiceRun.objects.select_related("asked_by"), pk=pk)
    counts = runs.progress(run)
    kind = KINDS[RunKind(run.kind)]
    context = {
        "run": run, "counts": counts, "done": counts["total"] - counts["waiting"], "issued": runs.sum_of(run), "stuck": runs.is_stuck(run),
        "going": run.state == RunState.RUNNING, "kind": kind, "mail": issuing.mail_progress(run.period, kind),
        "skipped": run.items.filter(state=ItemState.SKIPPED).select_related("lease", "owner").order_by("pk")[:SHOWN], "shown": SHOWN,
    }  # fmt: skip
    fragment = bool(request.headers.get("HX-Request"))
    response = render(request, "payments/_desk_run.html" if fragment else "payments/desk_run.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_run_turn(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """*Detener*, *Continuar*, *Cerrar*."""
    get_object_or_404(InvoiceRun, pk=pk)
    acts = {"detener": runs.stop, "continuar": runs.resume, "cerrar": runs.close}
    if what not in acts:
        raise Http404
    acts[what](pk, staff=who(request), now=clock.now())
    return redirect("desk_run", pk=pk)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_run_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """*Enviar por correo* the invoices of a run's month that were never sent."""
    run = get_object_or_404(InvoiceRun, pk=pk)
    if issuing.ask_mails(run.period, KINDS[RunKind(run.kind)], staff=who(request), now=clock.now()):
        messages.success(request, _("Las facturas se están enviando; puede cerrar esta página."))
    else:
        messages.info(request, _("No hay facturas de este mes por enviar."))
    return redirect("desk_run", pk=pk)


def _family(reason: str) -> str:
    """A reason without what it names, to count by."""
    words = [word for word in reason.split() if not any(letter.isdigit() for letter in word)]
    return " ".join(words)


urlpatterns = [
    path("facturas/generar/", desk_run_new, name="desk_run_new"),
    path("facturas/generaciones/", desk_runs, name="desk_runs"),
    path("facturas/generaciones/<int:pk>/", desk_run, name="desk_run"),
    path("facturas/generaciones/<int:pk>/enviar/", desk_run_mail, name="desk_run_mail"),
    path("facturas/generaciones/<int:pk>/<slug:what>/", desk_run_turn, name="desk_run_turn"),
]
