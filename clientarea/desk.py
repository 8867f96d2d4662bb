"""The desk's pages about clients: the list, one client with everything about it, and the forms that create and edit one.

Staff only. Money and cases are looked at through the client's own rows; nothing of them is changed here.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, F, OuterRef, Prefetch, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clientarea import desk_estate, desk_files, desk_invitations, desk_viewing, people
from clientarea.access import leases_of
from clientarea.accounts import ACCOUNT_STATES, ARCHIVED, WAITING, tell_state
from clientarea.desk_forms import ClientForm, client_initial
from clientarea.finding import chosen, search
from clientarea.history import SUBJECT
from clientarea.invitations import InvitationError, invite
from clientarea.models import Client, Ownership
from saas.accounts import doors, second_factor, team
from saas.accounts.models import StaffRole
from saas.audit.changes import record
from saas.lib import clock, seen
from saas.lib.paging import page_of
from tenants.limits import LimitReached

PAGE = 25
OWED_SHOWN = 20
RECENT = 8  # rows of each list of a client's page
OPTIONS = 8


@doors.staff
@require_GET
def desk_clients(request: HttpRequest) -> HttpResponse:
    """*Clientes*: search by name, document, e-mail or telephone, filter by the state of the account, choose whom to invite."""
    page = page_of(request, chosen(request.GET), size=PAGE)
    listed: list[Any] = [tell_state(client) for client in page]
    wanted = request.GET.get("estado", "")
    states = [(key, label) for key, (label, _q) in ACCOUNT_STATES.items()]
    context = {
        "page_obj": page,
        "q": request.GET.get("q", "").strip()[:100],
        "estado": wanted,
        "states": [*states, (ARCHIVED, _("Archivados"))],
        "waiting": WAITING,
        "can_invite_all": wanted in WAITING and page.paginator.count > 0,
        "can_choose": any(client.state in WAITING for client in listed),
    }
    return render(request, "clientarea/desk_clients.html", context)


@doors.staff
@require_GET
def desk_client(request: HttpRequest, pk: int) -> HttpResponse:
    """One client and everything about it."""
    clients = Client.objects.select_related("user").annotate(
        credit=Sum("movements__amount", filter=Q(movements__invoice=None)), has_factor=second_factor.on_of(OuterRef("user_id"))
    )
    client = tell_state(get_object_or_404(clients, pk=pk))
    today = clock.today()
    invoices: Any = client.invoices
    owed = invoices.owed()
    oldest = list(owed.with_state(today=today).order_by("due_on", "pk")[:OWED_SHOWN])
    debt = {"sum": sum(invoice.balance for invoice in oldest), "count": len(oldest)}
    if len(oldest) == OWED_SHOWN:
        debt = owed.aggregate(sum=Sum(F("total") - F("applied")), count=Count("pk"))
    others = Prefetch("unit__ownerships", queryset=Ownership.objects.select_related("owner"))
    context = {
        "client": client,
        "leases": leases_of(client).select_related("unit").prefetch_related(others).order_by("-ends_on", "pk"),
        "ownerships": client.ownerships.select_related("unit").order_by("unit__code"),
        "owed": oldest,
        "credit": client.credit,  # type: ignore[attr-defined]
        "has_factor": client.has_factor,  # type: ignore[attr-defined]
        "debt": debt,
        "settled": invoices.filter(Q(voided_at__isnull=False) | Q(applied__gte=F("total"))).with_state(today=today)[:RECENT],
        "payments": client.payments.exclude(state="started").select_related("receipt")[:RECENT],
        "payouts": client.payouts.select_related("lease")[:RECENT],
        "cases": client.cases.all()[:RECENT],
        "views": client.portal_views.order_by("-seen_at", "-pk")[:RECENT],
        "can_invite": client.state in WAITING,  # type: ignore[attr-defined]
        "today": today,
    }
    return render(request, "clientarea/desk_client.html", context)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_client_new(request: HttpRequest) -> HttpResponse:
    """*Nuevo cliente*."""
    form = ClientForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with transaction.atomic():
                client = people.create_client(_values(form))
                record(SUBJECT, client.pk, before={}, after=people.values_of(client), by=doors.who(request), now=clock.now())
        except people.DocumentTaken as error:
            _point_at(form, error)
        except LimitReached as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("El cliente quedó creado."))
            return redirect("desk_client", pk=client.pk)
    return _form_page(request, form, None)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_client_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """*Editar cliente*."""
    client = get_object_or_404(Client, pk=pk)
    initial = {**client_initial(client), "seen": seen.mark(people.values_of(client))}
    form = ClientForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            with transaction.atomic():
                before = people.values_of(client)
                people.change_client(client, _values(form), mark=form.cleaned_data["seen"])
                record(SUBJECT, pk, before=before, after=_values(form), by=doors.who(request), now=clock.now())
        except people.DocumentTaken as error:
            _point_at(form, error)
        except people.UsuarioTaken as error:
            form.add_error("document", str(error))
        except seen.StaleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Los cambios quedaron guardados."))
            return redirect("desk_client", pk=pk)
    return _form_page(request, form, client)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_client_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a client away."""
    client, now = get_object_or_404(Client, pk=pk), clock.now()
    with transaction.atomic():
        people.archive(client, now=now)
        if client.archived_at is None:
            record(SUBJECT, pk, before={}, after={"archived_at": now}, by=doors.who(request), now=now)
    messages.success(request, _("El cliente quedó archivado y ya no puede ingresar. Su historia se conserva."))
    return redirect("desk_client", pk=pk)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_client_unarchive(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a client back."""
    client = get_object_or_404(Client, pk=pk)
    with transaction.atomic():
        people.unarchive(client)
        record(SUBJECT, pk, before={"archived_at": client.archived_at}, after={"archived_at": None}, by=doors.who(request), now=clock.now())
    messages.success(request, _("El cliente quedó restaurado."))
    return redirect("desk_client", pk=pk)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the activation link to a client, for the first time or again."""
    client = get_object_or_404(Client, pk=pk)
    try:
        with transaction.atomic():
            invite(client, now=clock.now())
            record(SUBJECT, pk, before={}, after={"invited": client.email}, by=doors.who(request), now=clock.now())
    except InvitationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Enviamos a %(email)s un enlace para activar la cuenta. Sirve durante 7 días.") % {"email": client.email})
    return redirect("desk_client", pk=client.pk)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_forget_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away the second factor that a client lost. Who does it has checked who is asking."""
    client = get_object_or_404(Client.objects.select_related("user"), pk=pk, user__isnull=False)
    team.forget_second_factor(client.user, by=request.user, now=clock.now())  # type: ignore[arg-type]
    messages.success(request, _("Quitamos el segundo paso de su cuenta y cerramos sus sesiones."))
    return redirect("desk_client", pk=client.pk)


@doors.staff
@require_GET
def desk_client_options(request: HttpRequest) -> HttpResponse:
    """A fragment: the clients that what is being typed may mean, for a list of suggestions."""
    typed = str(next(iter(request.GET.values()), "")).strip()[:60]
    clients = search(Client.objects.filter(archived_at=None), typed).order_by("folded", "pk")[:OPTIONS] if len(typed) > 1 else []
    options = [(client.document, client.name) for client in clients]
    return render(request, "clientarea/desk_options.html", {"options": options})


def _values(form: ClientForm) -> dict[str, Any]:
    return {field: form.cleaned_data[field] for field in people.FIELDS}


def _point_at(form: ClientForm, error: people.DocumentTaken) -> None:
    """The client who has the document already, one click away."""
    address = reverse("desk_client", args=[error.client.pk])
    form.add_error("document", format_html('{} <a href="{}">{}</a>', str(error), address, _("Ver ese cliente")))


def _form_page(request: HttpRequest, form: ClientForm, client: Client | None) -> HttpResponse:
    context = {"form": form, "client": client}
    return render(request, "clientarea/desk_client_form.html", context, status=422 if form.is_bound else 200)


urlpatterns = [
    path("clientes/", desk_clients, name="desk_clients"),
    path("clientes/nuevo/", desk_client_new, name="desk_client_new"),
    path("clientes/opciones/", desk_client_options, name="desk_client_options"),
    path("clientes/<int:pk>/", desk_client, name="desk_client"),
    path("clientes/<int:pk>/editar/", desk_client_edit, name="desk_client_edit"),
    path("clientes/<int:pk>/archivar/", desk_client_archive, name="desk_client_archive"),
    path("clientes/<int:pk>/restaurar/", desk_client_unarchive, name="desk_client_unarchive"),
    path("clientes/<int:pk>/invitar/", desk_invite, name="desk_invite"),
    path("clientes/<int:pk>/segundo-paso/", desk_forget_factor, name="desk_forget_factor"),
    *desk_invitations.urlpatterns,
    *desk_viewing.urlpatterns,
    *desk_estate.urlpatterns,
    *desk_files.urlpatterns,
]
