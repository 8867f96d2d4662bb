"""From a request to the rows of who asks: the one way to a client's data, and what that client is.

Renter and owner are derived from leases and ownerships each time, never stored. A user without a client gets 404.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.functional import SimpleLazyObject

from clientarea.models import Client, Lease, Ownership, Unit
from saas.accounts.models import Role


def client_of(request: HttpRequest) -> Client:
    """The client who asks, or 404. Read once a request."""
    known: Client | None = getattr(request, "_client", None)
    if known is None:
        known = Client.objects.filter(user_id=request.user.pk).first() if request.user.is_authenticated else None
        if known is None:
            raise Http404
        request._client = known  # type: ignore[attr-defined]
    return known


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


def is_renter(client: Client) -> bool:
    """Whether a client has signed a lease."""
    return leases_of(client).exists()


def is_owner(client: Client) -> bool:
    """Whether a client owns a share of a unit."""
    return ownerships_of(client).exists()


def roles(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `is_renter` and `is_owner` for the portal's navigation. Nothing is asked until a template looks."""
    user = getattr(request, "user", None)
    if user is None or getattr(request, "agency", None) is None:
        return {}

    def ask(question: Any) -> bool:
        if not user.is_authenticated or user.role != Role.CLIENT:
            return False
        try:
            return bool(question(client_of(request)))
        except Http404:
            return False

    return {
        "is_renter": SimpleLazyObject(lambda: ask(is_renter)),
        "is_owner": SimpleLazyObject(lambda: ask(is_owner)),
    }
