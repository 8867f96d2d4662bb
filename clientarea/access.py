"""From a request to the rows of who asks: the one way to a client's data, and what that client is.

Renter and owner are derived from leases and ownerships each time, never stored. A user without a client gets 404.
Staff who look as a client (saas/accounts/viewing.py) come this way too, and each page that they open is written down.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.functional import SimpleLazyObject

from clientarea import notices
from clientarea.file_models import WANTED, ClientFile, FileEvent, FileRequest, Paper, RequestState
from clientarea.models import Client, Lease, Ownership, PortalView, Unit
from saas.accounts.models import Role, User
from saas.accounts.viewing import Viewing, viewing_of
from saas.lib import clock


def client_of(request: HttpRequest) -> Client:
    """The client who asks, or whom staff is looking as, or 404. Read once a request."""
    known: Client | None = getattr(request, "_client", None)
    if known is None:
        viewing = viewing_of(request)
        if viewing is not None:
            known = _looked_at(request, viewing)
        elif request.user.is_authenticated:
            known = with_roles().filter(user_id=request.user.pk).first()
        if known is None:
            raise Http404
        request._client = known  # type: ignore[attr-defined]
    return known


def _looked_at(request: HttpRequest, viewing: Viewing) -> Client | None:
    """The client whom staff is looking as. That it was looked at is written down before anything is shown."""
    client = with_roles().filter(pk=viewing.client_id).first()
    if client is not None and isinstance(request.user, User):
        PortalView.objects.create(
            client=client, staff=request.user, staff_name=request.user.name, path=request.path[:200], seen_at=clock.now()
        )
    return client


def with_roles() -> QuerySet[Client]:
    """Clients, each with `rents` (signed a lease), `owns` (a share of a unit) and how many notices are `unread`, which every page's
    navigation asks; and the account, which knows whether mail comes back."""
    signed = Lease.objects.filter(Q(renter=OuterRef("pk")) | Q(co_renter=OuterRef("pk")))
    owned = Ownership.objects.filter(owner=OuterRef("pk"))
    return Client.objects.select_related("user").annotate(rents=Exists(signed), owns=Exists(owned), unread=notices.unread())


def leases_of(client: Client) -> QuerySet[Lease]:
    """The leases that a client signed as renter or as co-renter."""
    return Lease.objects.filter(Q(renter=client) | Q(co_renter=client))


def ownerships_of(client: Client) -> QuerySet[Ownership]:
    """A client's shares of units."""
    return Ownership.objects.filter(owner=client)


def units_of(client: Client) -> QuerySet[Unit]:
    """The units that a client rents or owns."""
    rented = leases_of(client).values("unit")
    owned = ownerships_of(client).values("unit")
    return Unit.objects.filter(Q(pk__in=rented) | Q(pk__in=owned))


def files_of(client: Client) -> QuerySet[ClientFile]:
    """A client's files, shared and handed in, the newest first; not those that were put away."""
    return ClientFile.objects.filter(client=client, archived_at=None)


def requests_of(client: Client) -> QuerySet[FileRequest]:
    """The files that the agency asked a client to hand in and did not withdraw, each with its history."""
    events = Prefetch("events", queryset=FileEvent.objects.prefetch_related("files"))
    return FileRequest.objects.filter(client=client).exclude(state=RequestState.WITHDRAWN).prefetch_related(events)


def wanted_of(client: Client) -> QuerySet[FileRequest]:
    """The files that a client still has to hand in, the earliest due date first."""
    return FileRequest.objects.filter(client=client, state__in=WANTED)


def papers_of(client: Client) -> QuerySet[Paper]:
    """The papers being made of a client's data, and those made."""
    return Paper.objects.filter(client=client)


def roles(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `is_renter`, `is_owner` and `unread_notices` ("", "3", "99+") for the portal's navigation, and
    `viewing` and `viewing_client`, whom staff is looking as. Nothing is asked until a template looks."""
    user = getattr(request, "user", None)
    if user is None or getattr(request, "agency", None) is None:
        return {}

    def ask(question: Any) -> Any:
        if not user.is_authenticated or (user.role != Role.CLIENT and viewing_of(request) is None):
            return False
        try:
            return question(client_of(request))
        except Http404:
            return False

    return {
        "is_renter": SimpleLazyObject(lambda: ask(attrgetter("rents"))),
        "is_owner": SimpleLazyObject(lambda: ask(attrgetter("owns"))),
        "unread_notices": SimpleLazyObject(lambda: notices.unread_words(ask(attrgetter("unread")) or 0)),
        "viewing": SimpleLazyObject(lambda: viewing_of(request)),
        "viewing_client": SimpleLazyObject(lambda: client_of(request)),
    }
