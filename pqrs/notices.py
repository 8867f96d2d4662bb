"""Who is told what about a case, and when: notices and jobs in the transaction of the fact. The mails are in pqrs/mails.py.

The client is told of what concerns the client: filed, answered, asked, extended, closed, reopened. Of staff, who has the case;
while nobody has it, everyone. Notes are told to nobody.
"""

from __future__ import annotations

from datetime import datetime, time

from django.conf import settings
from django.urls import reverse

from clientarea import notices
from clientarea.models import NoticeKind
from pqrs.deadlines import business_day_before
from pqrs.models import OPEN_STATES, Case, CaseEvent, CaseState, EventKind
from saas.accounts.models import Role, User
from saas.api.models import OutgoingKind
from saas.api.notices import publish
from saas.jobs.defer import defer
from saas.lib import clock

REMIND_BEFORE = (3, 0)  # business days before the term ends
# What staff did, as the client's list of notices calls it. The list says nothing of what the client did.
_STEPS = {EventKind.WROTE: "wrote", EventKind.EXTENDED: "extended", CaseState.ANSWERED: "answered", CaseState.CLOSED: "closed"}
_REMIND_AT = time(8)
_MOST_STAFF = 25


def tell(event: CaseEvent, case: Case, *, now: datetime) -> None:
    """Ask for the mails of an event: to the client, and to staff for what the client did."""
    from_staff = event.by_id is not None
    moved_to = event.to_state if event.kind == EventKind.MOVED else ""
    if event.kind != EventKind.WROTE or from_staff:
        defer("pqrs.mail_client", str(event.pk), now=now, event_id=event.pk)
    step = _STEPS.get(CaseState(moved_to) if moved_to else EventKind(event.kind)) if from_staff else None
    if step:
        _list(event, case, step, now=now)
    if event.kind == EventKind.OPENED or moved_to == CaseState.REOPENED or (event.kind == EventKind.WROTE and not from_staff):
        for user in staff_of(case):
            _tell_one(event, user, now=now)
    _publish(event, case, now=now)


def tell_assignee(event: CaseEvent, case: Case, *, now: datetime) -> None:
    """Ask for the mail to whom a case was given, unless they took it themselves."""
    if case.assigned_to is not None:
        _tell_one(event, case.assigned_to, now=now)


def remind(case: Case, *, now: datetime) -> None:
    """Ask for the reminders to staff that a term is about to end; those whose moment has passed are left out."""
    for days in REMIND_BEFORE:
        moment = datetime.combine(business_day_before(case.due_on, days=days), _REMIND_AT, clock.BOGOTA)
        if moment > now:
            defer("pqrs.due", f"{case.pk}:{case.due_on}:{days}", now=now, due_at=moment, case_id=case.pk, due_on=str(case.due_on), days=days)


def tell_due(case: Case, *, due_on: str, days: int, now: datetime) -> None:
    """Ask for the mails of one reminder, unless the case was answered meanwhile or its term has changed."""
    if case.state in OPEN_STATES and str(case.due_on) == due_on:
        for user in staff_of(case):
            defer("pqrs.mail_due", f"{case.pk}:{due_on}:{days}:{user.pk}", now=now, case_id=case.pk, user_id=user.pk, days=days)


def _list(event: CaseEvent, case: Case, step: str, *, now: datetime) -> None:
    notices.tell(
        client=case.client,
        kind=NoticeKind.CASE,
        key=f"case:{event.pk}",
        data={"number": case.number, "step": step},
        link=reverse("case", args=[case.number], urlconf=settings.AGENCY_URLCONF),
        now=now,
    )


def staff_of(case: Case) -> list[User]:
    """Whom of the team a case concerns."""
    team = User.objects.filter(role=Role.STAFF, is_active=True).exclude(email="").order_by("pk")
    return list(team.filter(pk=case.assigned_to_id) if case.assigned_to_id else team)[:_MOST_STAFF]


def _publish(event: CaseEvent, case: Case, *, now: datetime) -> None:
    """Tell the agency's own software that a case was opened or answered."""
    if event.kind == EventKind.OPENED:
        kind = OutgoingKind.CASE_OPENED
    elif event.kind == EventKind.MOVED and event.to_state == CaseState.ANSWERED:
        kind = OutgoingKind.CASE_ANSWERED
    else:
        return
    publish(
        kind, now=now,
        facts=lambda: [{
            "case": case.pk, "number": case.number, "client": case.client_id, "kind": case.kind, "subject": case.subject,
            "state": case.state, "due_on": str(case.due_on),
        }],
    )  # fmt: skip


def _tell_one(event: CaseEvent, user: User, *, now: datetime) -> None:
    if user.email and user.pk != event.by_id:
        defer("pqrs.mail_staff", f"{event.pk}:{user.pk}", now=now, event_id=event.pk, user_id=user.pk)
