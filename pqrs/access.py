"""From a request to a client's cases: the one way. Somebody else's case is not there."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from clientarea.access import client_of
from pqrs.models import Case


def cases_of(request: HttpRequest) -> QuerySet[Case]:
    """The cases of the client who asks."""
    return Case.objects.filter(client=client_of(request))


def case_of(request: HttpRequest, number: str) -> Case:
    """The case with that radicado of the client who asks, or 404."""
    return get_object_or_404(cases_of(request).select_related("unit", "lease"), number=number)
