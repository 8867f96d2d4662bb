"""The desk's PQRS: the inbox by due date, one case with all that staff may do with it, and filing one for a client.

Staff only. Notes are read here and nowhere else; each act is one function of pqrs/handling.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clientarea import paper_pages, papers
from clientarea.access import papers_of
from clientarea.desk import search
from clientarea.models import Client, Paper
from pqrs import attachments, canned, documents, handling
from pqrs.access import desk_attachment_of, desk_case_of
from pqrs.attachments import FileError
from pqrs.cases import CaseError, open_case
from pqrs.deadlines import days_left, term_of
from pqrs.desk_forms import MINE, NOBODY, AnswerForm, AssignForm, CloseForm, DeskCaseForm, DeskFilters, ExtendForm, NoteForm
from pqrs.desk_left import left
from pqrs.models import OPEN_STATES, CannedAnswer, Case, CaseState, Note
from pqrs.notices import REMIND_BEFORE
from pqrs.pages import case_context
from saas.accounts import doors
from saas.accounts.models import Role, StaffRole, User
from saas.lib import clock
from saas.lib.businessdays import add_business_days
from saas.lib.paging import page_of

PAGE = 25
CLIENTS_SHOWN = 20


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_GET
def desk_cases(request: HttpRequest) -> HttpResponse:
    """*PQRS*: what waits for an answer, the first to fall due on top."""
    staff = list(User.objects.filter(role=Role.STAFF, is_active=True).order_by("name"))
    filters = DeskFilters(request.GET, staff=staff)
    rows = _filtered(filters, _me(request).pk).select_related("client", "assigned_to")
    # What is open goes by its date; the rest, by the last that happened to it.
    order = ["due_on", "pk"] if set(filters.states()) <= set(OPEN_STATES) and filters.states() else ["-opened_at", "-pk"]
    page = page_of(request, rows.order_by(*order), size=PAGE)
    today = clock.today()
    for case in page:
        case.left = days_left(case.due_on, today=today) if case.state in OPEN_STATES else None
    soon = add_business_days(today, REMIND_BEFORE[0])
    counts = Case.objects.filter(state__in=OPEN_STATES).aggregate(
        open=Count("pk"),
        late=Count("pk", filter=Q(due_on__lt=today)),
        soon=Count("pk", filter=Q(due_on__gte=today, due_on__lte=soon)),
        nobodys=Count("pk", filter=Q(assigned_to=None)),
    )
    return render(request, "pqrs/desk_cases.html", {"page_obj": page, "filters": filters, "counts": counts})


def _filtered(filters: DeskFilters, me: int) -> QuerySet[Case]:
    rows = Case.objects.all()
    if states := filters.states():
        rows = rows.filter(state__in=states)
    for field, name in (("kind", "clase"), ("subject", "asunto")):
        if value := filters.chosen(name):
            rows = rows.filter(**{field: value})
    assigned = filters.chosen("asignada")
    if assigned == NOBODY:
        rows = rows.filter(assigned_to=None)
    elif assigned:
        rows = rows.filter(assigned_to=me if assigned == MINE else int(assigned))
    if term := filters.chosen("plazo"):
        rows = rows.filter(left(term, today=clock.today()))
    if words := filters.chosen("q"):
        named = search(Client.objects.filter(pk=OuterRef("client")), words)
        rows = rows.filter(Q(number__contains=words) | Q(description__icontains=words) | Exists(named))
    return rows


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_GET
def desk_case(request: HttpRequest, number: str) -> HttpResponse:
    """One PQRS. With `?plantilla=` the answer begins with that text."""
    return _page(request, desk_case_of(number))


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_case_answer(request: HttpRequest, number: str) -> HttpResponse:
    """Answer, or with `do=ask` write without answering yet."""
    case, form = desk_case_of(number), AnswerForm(request.POST, request.FILES)
    asked = request.POST.get("do") == "ask"
    act = handling.ask if asked else handling.answer
    done = _("Enviamos el mensaje al cliente.") if asked else _("Enviamos la respuesta al cliente.")
    return _act(request, case, "answer_form", form, lambda data: act(case, by=_me(request), now=clock.now(), **data), done)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_case_note(request: HttpRequest, number: str) -> HttpResponse:
    """Add an internal note."""
    case, form = desk_case_of(number), NoteForm(request.POST)

    def add_note(data: dict[str, Any]) -> Any:
        return handling.add_note(case, text=data["note"], by=_me(request), now=clock.now())

    return _act(request, case, "note_form", form, add_note, _("Guardamos la nota. Solo la ve el equipo."))


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_case_assign(request: HttpRequest, number: str) -> HttpResponse:
    """Give it to somebody of the team."""
    case, form = desk_case_of(number), AssignForm(request.POST)
    return _act(
        request, case, "assign_form", form, lambda data: handling.assign(case, by=_me(request), now=clock.now(), **data), _("Asignación guardada.")
    )


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_case_take(request: HttpRequest, number: str) -> HttpResponse:
    """Say that it is being worked on."""
    case, form = desk_case_of(number), forms.Form(request.POST)
    return _act(request, case, "take_form", form, lambda data: handling.take(case, by=_me(request), now=clock.now()), _("La PQRS está en trámite."))


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_case_extend(request: HttpRequest, number: str) -> HttpResponse:
    """Give it more time, with the notice that the law asks for."""
    case = desk_case_of(number)
    form = ExtendForm(request.POST, most=term_of(case.kind).extra_days)
    return _act(
        request, case, "extend_form", form, lambda data: handling.extend(case, by=_me(request), now=clock.now(), **data),
        _("Prorrogamos el plazo y avisamos al cliente."),
    )  # fmt: skip


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_case_close(request: HttpRequest, number: str) -> HttpResponse:
    """Close it."""
    case, form = desk_case_of(number), CloseForm(request.POST)

    def close(data: dict[str, Any]) -> Any:
        return handling.close(case, reason=data["closing"], by=_me(request), now=clock.now())

    return _act(request, case, "close_form", form, close, _("Cerramos la PQRS y avisamos al cliente."))


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_GET
def desk_case_file(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """A file of a case."""
    return attachments.download(desk_attachment_of(number, pk))


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_GET
def desk_case_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """The whole case on paper, as the client gets it: without notes."""
    case = desk_case_of(number)
    asked, back = {"case": case.pk}, reverse("desk_case", args=[number])
    return paper_pages.give(request, case.client, "pqrs.case", asked, back=back, page="desk_case_paper", args=(number,))


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_case_paper(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """How far the paper of a long case is."""
    urls = {name: reverse(view, args=[number, pk]) for name, view in (("page_url", "desk_case_paper"), ("file_url", "desk_case_paper_file"))}
    back = papers.Page(reverse("desk_case", args=[number]), f"PQRS {number}")
    return paper_pages.follow(request, _paper_of(number, pk), base="base_desk.html", back=back, **urls)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_GET
def desk_case_paper_file(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """The file of that paper."""
    return paper_pages.hand_out(_paper_of(number, pk))


def _paper_of(number: str, pk: int) -> Paper:
    case = desk_case_of(number)
    return get_object_or_404(papers_of(case.client), pk=pk, kind="pqrs.case", asked={"case": case.pk})


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_http_methods(["GET", "POST"])
def desk_case_new(request: HttpRequest) -> HttpResponse:
    """File one for a client who called or wrote: first who, then what."""
    chosen = request.GET.get("cliente", "")
    if not re.fullmatch(r"\d{1,15}", chosen):
        typed = request.GET.get("q", "").strip()[:100]
        found = search(Client.objects.all(), typed).order_by("folded", "pk")[:CLIENTS_SHOWN] if typed else None
        return render(request, "pqrs/desk_case_client.html", {"q": typed, "clients": found})
    client = get_object_or_404(Client, pk=int(chosen))
    today = clock.today()
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = DeskCaseForm(*data, client=client, today=today)
    if form.is_valid():
        try:
            case = open_case(client=client, by=_me(request), now=clock.now(), **form.cleaned_data)
        except (CaseError, FileError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Radicamos la PQRS con el número %(number)s.") % {"number": case.number})
            return redirect("desk_case", number=case.number)
    return render(request, "pqrs/desk_case_new.html", {"form": form, "client": client}, status=422 if form.is_bound else 200)


def _me(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _act(request: HttpRequest, case: Case, name: str, form: forms.Form, act: Callable[[dict[str, Any]], Any], done: str) -> HttpResponse:
    """Do what a valid form asks and come back to the case; else its page again, with what was typed and what is wrong."""
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except (CaseError, FileError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect("desk_case", number=case.number)
    return _page(request, desk_case_of(case.number), status=422, **{name: form})


def _page(request: HttpRequest, case: Case, *, status: int = 200, **bound: forms.Form) -> HttpResponse:
    templates = list(CannedAnswer.objects.all())
    picked = next((one for one in templates if str(one.pk) == request.GET.get("plantilla")), None)
    most = term_of(case.kind).extra_days
    can_extend = case.state in OPEN_STATES and not case.extended and most > 0 and clock.today() <= case.due_on
    context: dict[str, Any] = {
        **case_context(case),
        "history": [(event.at, documents.said(event), event.by_name) for event in case.events.exclude(kind="wrote")],
        "notes": Note.objects.filter(case=case),
        "templates": templates,
        "picked": picked,
        "answer_form": AnswerForm(initial={"text": canned.fill(picked.text, case)} if picked else {}),
        "note_form": NoteForm(),
        "assign_form": AssignForm(initial={"to": case.assigned_to_id}),
        "close_form": CloseForm() if case.state != CaseState.CLOSED else None,
        "extend_form": ExtendForm(most=most) if can_extend else None,
        "can_take": case.state in (CaseState.PENDING, CaseState.REOPENED),
        **bound,
    }
    return render(request, "pqrs/desk_case.html", context, status=status)


urlpatterns = [
    path("pqrs/", desk_cases, name="desk_cases"),
    path("pqrs/nueva/", desk_case_new, name="desk_case_new"),
    path("pqrs/<str:number>/", desk_case, name="desk_case"),
    path("pqrs/<str:number>/pdf/", desk_case_pdf, name="desk_case_pdf"),
    path("pqrs/<str:number>/pdf/<int:pk>/", desk_case_paper, name="desk_case_paper"),
    path("pqrs/<str:number>/pdf/<int:pk>/archivo/", desk_case_paper_file, name="desk_case_paper_file"),
    path("pqrs/<str:number>/archivos/<int:pk>/", desk_case_file, name="desk_case_file"),
    path("pqrs/<str:number>/responder/", desk_case_answer, name="desk_case_answer"),
    path("pqrs/<str:number>/nota/", desk_case_note, name="desk_case_note"),
    path("pqrs/<str:number>/asignar/", desk_case_assign, name="desk_case_assign"),
    path("pqrs/<str:number>/tramitar/", desk_case_take, name="desk_case_take"),
    path("pqrs/<str:number>/prorrogar/", desk_case_extend, name="desk_case_extend"),
    path("pqrs/<str:number>/cerrar/", desk_case_close, name="desk_case_close"),
]
