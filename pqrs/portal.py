"""The client's PQRS: the list, a new one, and one with its thread. Only ever the cases of the client who asks."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clientarea.access import client_of
from pqrs.access import case_of, cases_of
from pqrs.cases import CaseError, add_message, open_case
from pqrs.forms import CaseForm, ReplyForm, prefilled
from pqrs.models import OPEN_STATES, CaseState
from saas.accounts import doors
from saas.lib import clock

PAGE = 20


@doors.client
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """*PQRS*: all of them, the newest first."""
    page = Paginator(cases_of(request), PAGE).get_page(request.GET.get("page"))
    return render(request, "pqrs/cases.html", {"page_obj": page, "open_states": OPEN_STATES, "today": clock.today()})


@doors.client
@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    """*Nueva PQRS*."""
    client = client_of(request)
    form = CaseForm(request.POST if request.method == "POST" else None, client=client, initial=prefilled(request.GET))
    if form.is_valid():
        try:
            case = open_case(client=client, now=clock.now(), **form.cleaned_data)
        except CaseError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Radicamos su PQRS con el número %(number)s.") % {"number": case.number})
            return redirect("case", number=case.number)
    return render(request, "pqrs/case_new.html", {"form": form}, status=422 if form.is_bound else 200)


@doors.client
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One PQRS with its thread, and the box to add to it."""
    found = case_of(request, number)
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            add_message(found, text=form.cleaned_data["text"], now=clock.now())
        except CaseError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Agregamos su mensaje."))
            return redirect("case", number=found.number)
    context = {
        "case": found,
        "thread": found.messages.all(),
        "form": form,
        "is_open": found.state in OPEN_STATES,
        "is_closed": found.state == CaseState.CLOSED,
        "today": clock.today(),
    }
    return render(request, "pqrs/case.html", context, status=422 if form.is_bound else 200)


urlpatterns = [
    path("pqrs/", cases, name="cases"),
    path("pqrs/nueva/", case_new, name="case_new"),
    path("pqrs/<str:number>/", case, name="case"),
]
