"""The client's PQRS: the list, a new one, one with its thread, its files, its paper, and the rating of the answer.

Only ever the cases of the client who asks, and of them never a note or who of the team has one.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clientarea.access import client_of
from clientarea.paper_pages import answer
from pqrs import attachments
from pqrs.access import attachment_of, case_of, cases_of
from pqrs.attachments import FileError
from pqrs.cases import CaseError, add_message, may_rate, may_reopen, open_case, rate, reopen_until
from pqrs.deadlines import days_left
from pqrs.forms import CaseFilters, CaseForm, RatingForm, ReplyForm, prefilled
from pqrs.models import OPEN_STATES, Case, CaseState
from pqrs.pages import case_context
from saas.accounts import doors, kept_forms
from saas.lib import clock
from saas.lib.paging import page_of


@doors.client
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """*PQRS*: one's own, the newest first, with what to look for."""
    filters = CaseFilters(request.GET)
    rows = cases_of(request)
    if states := filters.states():
        rows = rows.filter(state__in=states)
    if kind := filters.chosen("clase"):
        rows = rows.filter(kind=kind)
    if words := filters.chosen("q"):
        rows = rows.filter(Q(number__contains=words) | Q(description__icontains=words))
    page = page_of(request, rows)
    today = clock.today()
    for case in page:
        case.left = days_left(case.due_on, today=today) if case.state in OPEN_STATES else None
    return render(request, "pqrs/cases.html", {"page_obj": page, "filters": filters})


@doors.client
@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    """*Nueva PQRS*."""
    client = client_of(request)
    if request.method == "POST":
        form = CaseForm(request.POST, request.FILES, client=client)
    else:
        form = CaseForm(client=client, initial=kept_forms.take(request) or prefilled(request.GET))
    if form.is_valid():
        try:
            case = open_case(client=client, now=clock.now(), **form.cleaned_data)
        except (CaseError, FileError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Radicamos su PQRS con el número %(number)s.") % {"number": case.number})
            return redirect("case", number=case.number)
    context = {"form": form, "today": clock.today(), "state": CaseState.PENDING, "writer": kept_forms.mark(request)}
    return render(request, "pqrs/case_new.html", context, status=422 if form.is_bound else 200)


@doors.client
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One PQRS with its thread, and the box to add to it."""
    found = case_of(request, number)
    form = ReplyForm(request.POST, request.FILES) if request.method == "POST" else ReplyForm(initial=kept_forms.take(request))
    if form.is_valid():
        try:
            add_message(found, now=clock.now(), **form.cleaned_data)
        except (CaseError, FileError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Agregamos su mensaje."))
            return redirect("case", number=found.number)
    return _page(request, found, form=form, rating=RatingForm())


@doors.client
@require_POST
def case_rate(request: HttpRequest, number: str) -> HttpResponse:
    """Keep the rating of the answer."""
    found = case_of(request, number)
    form = RatingForm(request.POST)
    if form.is_valid():
        try:
            rate(found, now=clock.now(), **form.cleaned_data)
        except CaseError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Gracias por calificar la respuesta."))
        return redirect("case", number=found.number)
    return _page(request, found, form=ReplyForm(), rating=form)


@doors.client
@require_GET
def case_file(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """A file of one of one's own cases."""
    return attachments.download(attachment_of(request, number, pk))


@doors.client
@require_GET
def case_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """The whole case on paper."""
    found = case_of(request, number)
    return answer(request, "pqrs.case", {"case": found.pk}, back=reverse("case", args=[number]))


def _page(request: HttpRequest, found: Case, *, form: ReplyForm, rating: RatingForm) -> HttpResponse:
    now = clock.now()
    is_open = found.state in OPEN_STATES
    context: dict[str, Any] = {
        **case_context(found),
        "form": form,
        "writer": kept_forms.mark(request),
        "rating_form": rating if may_rate(found) else None,
        "can_write": is_open or may_reopen(found, now=now),
        "reopen_until": reopen_until(found),
    }
    return render(request, "pqrs/case.html", context, status=422 if form.is_bound or rating.is_bound else 200)


urlpatterns = [
    path("pqrs/", cases, name="cases"),
    path("pqrs/nueva/", case_new, name="case_new"),
    path("pqrs/<str:number>/", case, name="case"),
    path("pqrs/<str:number>/pdf/", case_pdf, name="case_pdf"),
    path("pqrs/<str:number>/calificar/", case_rate, name="case_rate"),
    path("pqrs/<str:number>/archivos/<int:pk>/", case_file, name="case_file"),
]
