"""*Documentos*: what the agency shared with the client who asks, what it asks for, and what was handed in.

Only ever the client's own files and requests; a file is handed out by its row, never by an address of its own.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clientarea import files, papers
from clientarea.access import client_of, files_of, papers_of, requests_of
from clientarea.file_forms import HandInForm
from clientarea.file_models import WANTED, RequestState
from saas.accounts import doors
from saas.lib import clock
from saas.lib.files import hand_out
from saas.lib.paging import page_of

REQUESTS = 30
PAPERS = 10


@doors.client
@require_GET
def client_files(request: HttpRequest) -> HttpResponse:
    """*Documentos*."""
    client, today = client_of(request), clock.today()
    page = page_of(request, files_of(client).filter(event=None).select_related("lease"))
    for file in page:
        files.tell_expiry(file, today=today)
    rows = list(requests_of(client)[:REQUESTS])
    context = {
        "page_obj": page,
        "wanted": [row for row in rows if row.state in WANTED],
        "handed_in": [row for row in rows if row.state not in WANTED],
        "papers": papers_of(client).filter(asked_at__gt=clock.now() - papers.KEPT).order_by("-asked_at", "-pk")[:PAPERS],
        "kept_hours": papers.KEPT // timedelta(hours=1),
        "today": today,
    }
    return render(request, "clientarea/files.html", context)


@doors.client
@require_GET
def client_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One of one's own files."""
    return hand_out(get_object_or_404(files_of(client_of(request)), pk=pk))


@doors.client
@require_http_methods(["GET", "POST"])
def client_file_request(request: HttpRequest, pk: int) -> HttpResponse:
    """What is asked for, what became of it, and handing it in."""
    found = get_object_or_404(requests_of(client_of(request)).select_related("lease"), pk=pk)
    form = HandInForm(request.POST, request.FILES) if request.method == "POST" else HandInForm()
    if form.is_valid():
        try:
            files.hand_in(found, form.cleaned_data["attached"], text=form.cleaned_data["text"], now=clock.now())
        except files.RequestError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Entregamos sus archivos a la inmobiliaria. Le avisaremos si falta algo."))
            return redirect("client_file_request", pk=pk)
    context = {
        "asked": found,
        "form": form if found.state in WANTED else None,
        "rejected": found.state == RequestState.REJECTED,
        "today": clock.today(),
    }
    return render(request, "clientarea/file_request.html", context, status=422 if form.is_bound else 200)


urlpatterns = [
    path("documentos/", client_files, name="client_files"),
    path("documentos/<int:pk>/", client_file, name="client_file"),
    path("documentos/solicitudes/<int:pk>/", client_file_request, name="client_file_request"),
]
