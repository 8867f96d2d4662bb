"""From a request to cases and their files: the one way. A client's own and nobody else's; staff's are all of the agency's.

What is not there, or not theirs, is 404.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from clientarea.access import client_of
from pqrs.models import Attachment, Case, CaseEvent, EventKind, Message

# What of a case's history is the client's to know: not who of the team has it.
_TOLD = (EventKind.OPENED, EventKind.MOVED, EventKind.EXTENDED, EventKind.RATED)


def cases_of(request: HttpRequest) -> QuerySet[Case]:
    """The cases of the client who asks."""
    return Case.objects.filter(client=client_of(request))


def case_of(request: HttpRequest, number: str) -> Case:
    """The case with that radicado of the client who asks, or 404."""
    return get_object_or_404(cases_of(request).select_related("client", "unit", "lease"), number=number)


def attachment_of(request: HttpRequest, number: str, pk: int) -> Attachment:
    """That file of that case of the client who asks, or 404."""
    return get_object_or_404(Attachment, pk=pk, case__in=cases_of(request).filter(number=number))


def desk_case_of(number: str) -> Case:
    """The case with that radicado, for staff, or 404."""
    return get_object_or_404(Case.objects.select_related("client__user", "unit", "lease", "assigned_to"), number=number)


def desk_attachment_of(number: str, pk: int) -> Attachment:
    """That file of that case, for staff, or 404."""
    return get_object_or_404(Attachment, pk=pk, case__number=number)


def thread_of(case: Case) -> QuerySet[Message]:
    """What client and staff wrote each other, with its files."""
    return case.messages.prefetch_related("attachments")


def first_files_of(case: Case) -> QuerySet[Attachment]:
    """The files that came with the description."""
    return case.attachments.filter(message=None)


def history_of(case: Case) -> QuerySet[CaseEvent]:
    """What happened to a case, as the client may read it."""
    return case.events.filter(kind__in=_TOLD)
