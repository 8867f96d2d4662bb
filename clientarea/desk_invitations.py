"""The desk's pages to invite several clients at once, and to follow how far that is.

Staff only. The work itself is a job (clientarea/invitations.py): the page may be closed and nothing stops.
"""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clientarea.finding import chosen
from clientarea.invitations import begin_round
from clientarea.models import Client, InvitationRound, InvitationState
from saas.accounts import doors
from saas.audit.changes import record
from saas.lib import clock

SHOWN = 100  # refusals on the page


@doors.staff
@require_POST
def desk_invite_many(request: HttpRequest) -> HttpResponse:
    """Invite the clients that were marked, or (`todos`) all those whom the list's filter shows."""
    if "todos" in request.POST:
        clients = chosen(request.POST)
    else:
        ids = [int(value) for value in request.POST.getlist("cliente") if value.isascii() and value.isdigit() and len(value) < 16]
        clients = Client.objects.filter(pk__in=ids)
    waiting = clients.filter(Q(user=None) | Q(user__is_active=True, user__activated_at=None), archived_at=None)
    with transaction.atomic():
        made = begin_round(waiting, asked_by=request.user.get_full_name(), now=clock.now())  # type: ignore[union-attr]
        if made is not None:
            record("invitation_round", made.pk, before={}, after={"clients": made.lines.count()}, by=doors.who(request), now=clock.now())
    if made is None:
        messages.error(request, _("Marque al menos un cliente que no haya activado su cuenta."))
        return redirect("desk_clients")
    return redirect("desk_round", pk=made.pk)


@doors.staff
@require_GET
def desk_round(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a round of invitations is. Asked again by htmx until it is over."""
    row = get_object_or_404(InvitationRound, pk=pk)
    counts = row.lines.aggregate(
        total=Count("pk"), **{state.value: Count("pk", filter=Q(state=state)) for state in InvitationState}
    )
    refused = row.lines.filter(state=InvitationState.REFUSED).select_related("client").order_by("client__folded", "pk")[:SHOWN]
    done = counts["total"] - counts["waiting"]
    context = {"round": row, "counts": counts, "done": done, "refused": refused, "over": counts["waiting"] == 0}
    fragment = bool(request.headers.get("HX-Request"))
    response = render(request, "clientarea/desk_round_body.html" if fragment else "clientarea/desk_round.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


urlpatterns = [
    path("clientes/invitar/", desk_invite_many, name="desk_invite_many"),
    path("clientes/invitaciones/<int:pk>/", desk_round, name="desk_round"),
]
