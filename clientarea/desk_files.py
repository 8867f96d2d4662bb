"""The desk's pages of files: share one, ask for one, look at what came, accept it or say what is wrong.

Staff only. Each act is one function of clientarea/files.py, which keeps who did it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clientarea import files
from clientarea.file_forms import AskForm, LeaseShareForm, RejectForm, ShareForm
from clientarea.file_models import WANTED, ClientFile, FileEvent, FileRequest, RequestState
from clientarea.models import Client, Lease
from saas.accounts import doors
from saas.accounts.doors import who
from saas.accounts.models import StaffRole
from saas.lib import clock
from saas.lib.files import hand_out
from saas.lib.paging import page_of

PAGE = 25
OPEN = (*WANTED, RequestState.HANDED_IN)
staff = doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)


@staff
@require_GET
def desk_files(request: HttpRequest) -> HttpResponse:
    """*Documentos*: what clients were asked for and is not settled, what came on top."""
    rows = FileRequest.objects.select_related("client").filter(state__in=OPEN).order_by("state", "due_on", "pk")
    page = page_of(request, rows, size=PAGE)
    return render(request, "clientarea/desk_files.html", {"page_obj": page, "today": clock.today()})


@staff
@require_GET
def desk_client_files(request: HttpRequest, pk: int) -> HttpResponse:
    """One client's files and requests, those put away too."""
    client, today = get_object_or_404(Client, pk=pk), clock.today()
    page = page_of(request, client.files.select_related("lease", "event"), size=PAGE)
    for file in page:
        files.tell_expiry(file, today=today)
    context = {"client": client, "page_obj": page, "requests": client.file_requests.order_by("-pk")[:PAGE], "today": today}
    return render(request, "clientarea/desk_client_files.html", context)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def desk_file_share(request: HttpRequest, pk: int) -> HttpResponse:
    """*Compartir documento* with a client."""
    client = get_object_or_404(Client, pk=pk)
    form = ShareForm(*_sent(request), client=client)
    if form.is_valid():
        data = form.cleaned_data
        (file,) = data.pop("file")
        files.share([client], file, **data, by=who(request), now=clock.now())
        messages.success(request, _("Compartimos el documento y le avisamos al cliente."))
        return redirect("desk_client_files", pk=pk)
    return _form(request, form, _("Compartir documento"), who_for=client.name, label=_("Compartir"), back=reverse("desk_client", args=[pk]))


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def desk_lease_share(request: HttpRequest, pk: int) -> HttpResponse:
    """*Compartir documento* with those who have to do with a lease."""
    lease = get_object_or_404(Lease, pk=pk)
    form = LeaseShareForm(*_sent(request), lease=lease, initial={"clients": [lease.renter_id]})
    if form.is_valid():
        data = form.cleaned_data
        (file,), clients = data.pop("file"), data.pop("clients")
        files.share(clients, file, lease=lease, **data, by=who(request), now=clock.now())
        messages.success(request, _("Compartimos el documento y avisamos por correo."))
        return redirect("desk_lease", pk=pk)
    return _form(
        request, form, _("Compartir documento"), who_for=_("Contrato %s") % lease.number, label=_("Compartir"), back=reverse("desk_lease", args=[pk])
    )


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def desk_file_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """*Solicitar documento* to a client."""
    client = get_object_or_404(Client, pk=pk)
    form = AskForm(request.POST if request.method == "POST" else None, client=client, today=clock.today())
    if form.is_valid():
        asked = files.ask(client, **form.cleaned_data, by=who(request), now=clock.now())
        messages.success(request, _("Le pedimos el documento al cliente."))
        return redirect("desk_file_request", pk=asked.pk)
    return _form(request, form, _("Solicitar documento"), who_for=client.name, label=_("Solicitar"), back=reverse("desk_client", args=[pk]))


@staff
@require_GET
def desk_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file, whoever's."""
    return hand_out(get_object_or_404(ClientFile, pk=pk))


@staff
@require_POST
def desk_file_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a shared file away."""
    file = get_object_or_404(ClientFile, pk=pk)
    try:
        files.archive(file, by=who(request), now=clock.now())
    except files.RequestError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Retiramos el documento: el cliente ya no lo ve. Se conserva aquí."))
    return redirect("desk_client_files", pk=file.client_id)


@staff
@require_POST
def desk_file_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Show it again."""
    file = get_object_or_404(ClientFile, pk=pk)
    files.restore(file, by=who(request), now=clock.now())
    messages.success(request, _("El cliente ve de nuevo el documento."))
    return redirect("desk_client_files", pk=file.client_id)


@staff
@require_GET
def desk_file_request(request: HttpRequest, pk: int) -> HttpResponse:
    """What was asked of a client, what came, and what to do about it."""
    return _request_page(request, pk, RejectForm())


@staff
@require_POST
def desk_file_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept the file that a client handed in."""
    return _act(request, pk, lambda asked: files.accept(asked, by=who(request), now=clock.now()), _("Aceptamos lo que entregó el cliente."))


@staff
@require_POST
def desk_file_reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Reject the file that a client handed in, with a reason."""
    form = RejectForm(request.POST)
    if not form.is_valid():
        return _request_page(request, pk, form, status=422)
    reason = form.cleaned_data["reason"]
    done = _("Le dijimos al cliente por qué, para que lo entregue de nuevo.")
    return _act(request, pk, lambda asked: files.reject(asked, reason=reason, by=who(request), now=clock.now()), done)


@staff
@require_POST
def desk_file_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a request that is not needed any more."""
    return _act(request, pk, lambda asked: files.withdraw(asked, by=who(request), now=clock.now()), _("Retiramos la solicitud."))


def _act(request: HttpRequest, pk: int, act: Callable[[FileRequest], Any], done: str) -> HttpResponse:
    asked = get_object_or_404(FileRequest, pk=pk)
    try:
        act(asked)
    except files.RequestError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("desk_file_request", pk=pk)


def _request_page(request: HttpRequest, pk: int, form: RejectForm, *, status: int = 200) -> HttpResponse:
    events = Prefetch("events", queryset=FileEvent.objects.prefetch_related("files"))
    asked = get_object_or_404(FileRequest.objects.select_related("client", "lease").prefetch_related(events), pk=pk)
    context = {
        "asked": asked,
        "form": form,
        "to_decide": asked.state == RequestState.HANDED_IN,
        "can_withdraw": asked.state in OPEN,
        "today": clock.today(),
    }
    return render(request, "clientarea/desk_file_request.html", context, status=status)


def _sent(request: HttpRequest) -> tuple[Any, ...]:
    return (request.POST, request.FILES) if request.method == "POST" else ()


def _form(request: HttpRequest, form: Any, title: str, *, who_for: str, label: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "who_for": who_for, "label": label, "back": back}
    return render(request, "clientarea/desk_file_form.html", context, status=422 if form.is_bound else 200)


urlpatterns = [
    path("documentos/", desk_files, name="desk_files"),
    path("documentos/<int:pk>/", desk_file, name="desk_file"),
    path("documentos/<int:pk>/retirar/", desk_file_archive, name="desk_file_archive"),
    path("documentos/<int:pk>/restaurar/", desk_file_restore, name="desk_file_restore"),
    path("documentos/solicitudes/<int:pk>/", desk_file_request, name="desk_file_request"),
    path("documentos/solicitudes/<int:pk>/aceptar/", desk_file_accept, name="desk_file_accept"),
    path("documentos/solicitudes/<int:pk>/rechazar/", desk_file_reject, name="desk_file_reject"),
    path("documentos/solicitudes/<int:pk>/retirar/", desk_file_withdraw, name="desk_file_withdraw"),
    path("clientes/<int:pk>/documentos/", desk_client_files, name="desk_client_files"),
    path("clientes/<int:pk>/documentos/compartir/", desk_file_share, name="desk_file_share"),
    path("clientes/<int:pk>/documentos/solicitar/", desk_file_ask, name="desk_file_ask"),
    path("contratos/<int:pk>/documentos/compartir/", desk_lease_share, name="desk_lease_share"),
]
