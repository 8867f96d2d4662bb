"""The desk's pages about clients: who they are, whether they have an account, and the invitation to open one.

Staff only. Money and cases are looked at through the client's own rows; nothing of them is changed here.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from clientarea.access import leases_of
from clientarea.invitations import InvitationError, invite
from clientarea.models import Client, Ownership
from saas.accounts import doors, second_factor, team
from saas.accounts.models import StaffRole
from saas.lib import clock
from saas.lib.text import fold

PAGE = 25
# What an account's state is, for people and for the filter of the list.
ACCOUNT_STATES = {
    "none": (gettext_lazy("Sin cuenta"), Q(user=None)),
    "invited": (gettext_lazy("Invitado"), Q(user__is_active=True, user__activated_at=None)),
    "active": (gettext_lazy("Activo"), Q(user__is_active=True, user__activated_at__isnull=False)),
    "blocked": (gettext_lazy("Desactivado"), Q(user__is_active=False)),
}


def account_state(client: Client) -> str:
    """Which of ACCOUNT_STATES a client's account is in."""
    if client.user is None:
        return "none"
    if not client.user.is_active:
        return "blocked"
    return "invited" if client.user.activated_at is None else "active"


def search(clients: QuerySet[Client], words: str) -> QuerySet[Client]:
    """Those whose name holds every word, without accents, or whose document begins with what was typed."""
    named = Q()
    for word in fold(words).split():
        named &= Q(folded__contains=word)
    document = re.sub(r"[\s.,-]", "", words).upper()
    return clients.filter(named | Q(document__startswith=document) if document else named)


@doors.staff
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """*Oficina*: how many clients there are and how many use their account."""
    counts = Client.objects.aggregate(
        total=Count("pk"), **{state: Count("pk", filter=question) for state, (_label, question) in ACCOUNT_STATES.items()}
    )
    without_email = Client.objects.filter(user=None, email="").count()
    return render(request, "clientarea/desk.html", {"counts": counts, "without_email": without_email})


@doors.staff
@require_GET
def desk_clients(request: HttpRequest) -> HttpResponse:
    """*Clientes*: search by name or document, filter by the state of the account."""
    typed = request.GET.get("q", "").strip()[:100]
    wanted = request.GET.get("estado", "")
    clients = Client.objects.select_related("user").order_by("folded", "pk")
    if typed:
        clients = search(clients, typed)
    if wanted in ACCOUNT_STATES:
        clients = clients.filter(ACCOUNT_STATES[wanted][1])
    page = Paginator(clients, PAGE).get_page(request.GET.get("page"))
    for client in page:
        _tell_state(client)
    return render(
        request,
        "clientarea/desk_clients.html",
        {"page_obj": page, "q": typed, "estado": wanted, "states": [(key, label) for key, (label, _q) in ACCOUNT_STATES.items()]},
    )


@doors.staff
@require_GET
def desk_client(request: HttpRequest, pk: int) -> HttpResponse:
    """One client: data, leases, units, what is owed, and the button that invites."""
    client = get_object_or_404(Client.objects.select_related("user"), pk=pk)
    _tell_state(client)
    owed: Any = client.invoices.owed()
    others = Prefetch("unit__ownerships", queryset=Ownership.objects.select_related("owner"))
    context = {
        "client": client,
        "leases": leases_of(client).select_related("unit").prefetch_related(others).order_by("-ends_on", "pk"),
        "ownerships": client.ownerships.select_related("unit").order_by("unit__code"),
        "owed": owed.with_state(today=clock.today()).order_by("due_on", "pk")[:20],
        "credit": client.movements.filter(invoice=None).aggregate(sum=Sum("amount"))["sum"],
        "debt": owed.aggregate(sum=Sum(F("total") - F("applied")), count=Count("pk")),
        "has_factor": client.user is not None and second_factor.is_on(client.user),
        "can_invite": client.state in ("none", "invited"),  # type: ignore[attr-defined]
        "today": clock.today(),
    }
    return render(request, "clientarea/desk_client.html", context)


@doors.staff_of(StaffRole.HEAD, StaffRole.SERVICE)
@require_POST
def desk_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the activation link to a client, for the first time or again."""
    client = get_object_or_404(Client, pk=pk)
    try:
        invite(client, now=clock.now())
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


def _tell_state(client: Client) -> None:
    client.state = account_state(client)  # type: ignore[attr-defined]
    client.state_label = ACCOUNT_STATES[client.state][0]  # type: ignore[attr-defined]


urlpatterns = [
    path("", desk, name="desk"),
    path("clientes/", desk_clients, name="desk_clients"),
    path("clientes/<int:pk>/", desk_client, name="desk_client"),
    path("clientes/<int:pk>/invitar/", desk_invite, name="desk_invite"),
    path("clientes/<int:pk>/segundo-paso/", desk_forget_factor, name="desk_forget_factor"),
]
