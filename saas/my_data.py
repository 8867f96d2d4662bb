"""*Mis datos personales* (Ley 1581 de 2012): a client sees all that is held about them, and takes it along as JSON or PDF.

It gathers from every app through saas/lib/personal_data.py, and shows only who asks. The first page counts what there is, each
section has a page of its own, and the files are made by a worker: none reads more than it shows.
"""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from clientarea.access import client_of
from clientarea.models import Client
from clientarea.paper_pages import answer_later
from clientarea.papers import JSON, PDF
from saas.accounts import doors
from saas.lib.personal_data import Section, sections
from saas.papers import file_name, readable

OPENED = ("identidad", "cuenta")  # shown on the first page; of the others, how many rows there are
A_PAGE = 20
LIMITS = {"my_data": "20/h/user"}  # files, of both kinds


@doors.client
@never_cache
@require_GET
def my_data(request: HttpRequest) -> HttpResponse:
    """What there is, with the ways to look at it, to take it along and to ask for a correction."""
    client = client_of(request)
    found = _sections(request, client)
    shown = {
        "client": client,
        "opened": [(section, readable(section.rows(0, 1))) for section in found if section.key in OPENED],
        "sections": [section for section in found if section.key not in OPENED],
        "correction_url": _correction_url(),
    }
    return render(request, "home/my_data.html", shown)


@doors.client
@never_cache
@require_GET
def my_data_section(request: HttpRequest, key: str) -> HttpResponse:
    """One section, some rows at a time."""
    section = next((one for one in _sections(request, client_of(request)) if one.key == key), None)
    if section is None:
        raise Http404
    page = Paginator(range(section.count), A_PAGE).get_page(request.GET.get("page"))
    rows = readable(section.rows(max(page.start_index() - 1, 0), A_PAGE)) if section.count else []
    return render(
        request, "home/my_data_section.html", {"section": section, "rows": rows, "page_obj": page, "correction_url": _correction_url()}
    )


@doors.client
@never_cache
@require_GET
def my_data_json(request: HttpRequest) -> HttpResponseBase:
    """Everything, for programs."""
    if not _may_make(request):
        return _too_many(request)
    return answer_later(request, "saas.my_data_json", name=file_name("json"), title=_("Mis datos personales"), content_type=JSON)


@doors.client
@never_cache
@require_GET
def my_data_pdf(request: HttpRequest) -> HttpResponseBase:
    """Everything, for people."""
    if not _may_make(request):
        return _too_many(request)
    return answer_later(request, "saas.my_data", name=file_name("pdf"), title=_("Mis datos personales"), content_type=PDF)


def _sections(request: HttpRequest, client: Client) -> list[Section]:
    """What is held about a client's account: nothing yet where there is none, whoever looks."""
    if client.user_id is None:
        return []
    return sections(request.user if client.user_id == request.user.pk else client.user)


def _correction_url() -> str:
    claim = {"clase": "data_claim", "asunto": "other", "texto": _("Solicito corregir estos datos personales:\n")}
    return f"{reverse('case_new')}?{urlencode(claim)}"


def _may_make(request: HttpRequest) -> bool:
    return bool(ratelimit.consume(request, app="saas", action="my_data", config=LIMITS, limit_get=True))


def _too_many(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("Descargó sus datos muchas veces. Espere una hora y vuelva a intentarlo."))
    return redirect("my_data")


urlpatterns = [
    path("mis-datos/", my_data, name="my_data"),
    path("mis-datos/datos.json", my_data_json, name="my_data_json"),
    path("mis-datos/datos.pdf", my_data_pdf, name="my_data_pdf"),
    path("mis-datos/<slug:key>/", my_data_section, name="my_data_section"),
]
