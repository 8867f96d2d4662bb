"""The desk's PQRS settings and its report: terms by kind, texts to answer with, and how each month went. Staff only."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pqrs import deadlines
from pqrs.desk_forms import CannedAnswerForm, TermsForm
from pqrs.models import CannedAnswer
from pqrs.report import last_months, month_report
from saas.accounts import doors
from saas.accounts.models import StaffRole
from saas.audit.changes import record
from saas.lib import clock
from tenants.replica import reading_reports

CANNED = "canned_answer"
CANNED_FIELDS = ("title", "text")


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_GET
def desk_case_report(request: HttpRequest) -> HttpResponse:
    """*Informe*: one month, and the twelve up to it."""
    today = clock.today()
    try:
        month = clock.parse_period(request.GET.get("mes", ""))
    except clock.DateError:
        month = today.replace(day=1)
    month = min(month, today.replace(day=1))
    with reading_reports():
        context = {"report": month_report(month, today=today), "months": last_months(today, today=today), "month": month}
    return render(request, "pqrs/desk_case_report.html", context)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_http_methods(["GET", "POST"])
def desk_case_terms(request: HttpRequest) -> HttpResponse:
    """*Plazos*: the agency's own, at most the law's."""
    terms = deadlines.terms()
    form = TermsForm(request.POST if request.method == "POST" else None, terms=terms)
    if form.is_valid():
        with transaction.atomic():
            deadlines.save_terms(form.terms())
            before, after = ({kind.value: f"{term.days} + {term.extra_days}" for kind, term in told.items()} for told in (terms, deadlines.terms()))
            record("case_terms", 1, before=before, after=after, by=doors.who(request), now=clock.now())
        messages.success(request, _("Guardamos los plazos. Valen para las PQRS que lleguen desde ahora."))
        return redirect("desk_case_terms")
    return render(request, "pqrs/desk_case_terms.html", {"form": form}, status=422 if form.is_bound else 200)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_GET
def desk_canned_answers(request: HttpRequest) -> HttpResponse:
    """*Plantillas*: all of them."""
    return render(request, "pqrs/desk_canned_answers.html", {"templates": CannedAnswer.objects.all()})


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_http_methods(["GET", "POST"])
def desk_canned_answer_new(request: HttpRequest) -> HttpResponse:
    """A new text."""
    return _edit(request, CannedAnswer())


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_http_methods(["GET", "POST"])
def desk_canned_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a text. Answers that were given with it stay as they were."""
    return _edit(request, get_object_or_404(CannedAnswer, pk=pk))


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_canned_answer_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a text away."""
    answer = get_object_or_404(CannedAnswer, pk=pk)
    with transaction.atomic():
        record(CANNED, pk, before=_told(answer), after=dict.fromkeys(_told(answer), ""), by=doors.who(request), now=clock.now())
        answer.delete()
    messages.success(request, _("Borramos la plantilla."))
    return redirect("desk_canned_answers")


def _edit(request: HttpRequest, answer: CannedAnswer) -> HttpResponse:
    form = CannedAnswerForm(request.POST if request.method == "POST" else None, instance=answer)
    if form.is_valid():
        before = _told(CannedAnswer.objects.get(pk=answer.pk)) if answer.pk else {}
        with transaction.atomic():
            kept = form.save()
            record(CANNED, kept.pk, before=before, after=_told(kept), by=doors.who(request), now=clock.now())
        messages.success(request, _("Guardamos la plantilla."))
        return redirect("desk_canned_answers")
    return render(request, "pqrs/desk_canned_answer.html", {"form": form, "answer": answer}, status=422 if form.is_bound else 200)


def _told(answer: CannedAnswer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in CANNED_FIELDS}


urlpatterns = [
    path("pqrs/informe/", desk_case_report, name="desk_case_report"),
    path("pqrs/plazos/", desk_case_terms, name="desk_case_terms"),
    path("pqrs/plantillas/", desk_canned_answers, name="desk_canned_answers"),
    path("pqrs/plantillas/nueva/", desk_canned_answer_new, name="desk_canned_answer_new"),
    path("pqrs/plantillas/<int:pk>/", desk_canned_answer, name="desk_canned_answer"),
    path("pqrs/plantillas/<int:pk>/borrar/", desk_canned_answer_delete, name="desk_canned_answer_delete"),
]
