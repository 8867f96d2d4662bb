"""What may happen to a case, and what its client does with it: open, add to the thread, rate.

Promises radicados without gaps in each year of an agency, a due date by law, bounded texts, and that a state changes only
as MOVES says, each move kept with who and when. What staff do is in pqrs/handling.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from clientarea.models import Client, Lease, Unit
from pqrs import attachments, notices
from pqrs.attachments import CheckedFile
from pqrs.deadlines import due_date, term_of
from pqrs.models import Case, CaseCounter, CaseEvent, CaseState, Channel, EventKind, Message
from saas.accounts.models import User
from saas.audit import changes
from saas.lib import clock

LONGEST = 5000  # characters of a description or a message
CASES_A_DAY = 10
MESSAGES_A_DAY = 30
REOPEN_DAYS = 15  # after the answer; calendar days, the fifteenth included

# From which state a case may go to which. Reopening has a condition of its own besides: see may_reopen.
MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.PENDING: frozenset({CaseState.IN_PROGRESS, CaseState.ANSWERED, CaseState.CLOSED}),
    CaseState.IN_PROGRESS: frozenset({CaseState.ANSWERED, CaseState.CLOSED}),
    CaseState.ANSWERED: frozenset({CaseState.CLOSED, CaseState.REOPENED}),
    CaseState.CLOSED: frozenset({CaseState.REOPENED}),
    CaseState.REOPENED: frozenset({CaseState.IN_PROGRESS, CaseState.ANSWERED, CaseState.CLOSED}),
}


class CaseError(ValueError):
    """What was asked of a case cannot be done. Its message is for people."""


def open_case(
    *,
    client: Client,
    kind: str,
    subject: str,
    description: str,
    now: datetime,
    unit: Unit | None = None,
    lease: Lease | None = None,
    attached: Sequence[CheckedFile] = (),
    channel: str = Channel.PORTAL,
    received_on: date | None = None,
    by: User | None = None,
) -> Case:
    """File a client's case at `now`. Unit and lease must be the client's: the caller has loaded them through access.

    `by` is the staff member who files it for the client, with the day on which it was received; the term runs from that
    day. Raises CaseError for a text that is empty or too long, and beyond CASES_A_DAY of the client's own in a day;
    FileError for files that do not fit.
    """
    clean = checked(description)
    term = term_of(kind)
    with transaction.atomic():
        Client.objects.select_for_update().get(pk=client.pk)  # two at once count each other
        if by is None:
            _bound_cases(client, now=now)
        today = clock.local(now).date()
        received = received_on or today
        case = Case.objects.create(
            number=_next_number(today.year),
            client=client,
            kind=kind,
            subject=subject,
            description=clean,
            unit=unit or (lease.unit if lease else None),
            lease=lease,
            channel=channel,
            opened_at=now,
            received_on=received,
            due_on=due_date(received, days=term.days),
        )
        attachments.keep(case, attached, now=now)
        event = record(case, EventKind.OPENED, by=by, by_name=client.name, now=now, to_state=CaseState.PENDING)
        notices.tell(event, case, now=now)
        notices.remind(case, now=now)
        return case


def add_message(case: Case, *, text: str, now: datetime, attached: Sequence[CheckedFile] = ()) -> Message:
    """Add what the case's client writes. An answered or closed case is open again, with a new term, while may_reopen.

    Raises CaseError for a case that can no longer be reopened, a text that is empty or too long, and beyond
    MESSAGES_A_DAY in a day; FileError for files that do not fit.
    """
    clean = checked(text)
    with transaction.atomic():
        locked = lock(case)
        reopening = locked.state in (CaseState.ANSWERED, CaseState.CLOSED)
        if reopening and not may_reopen(locked, now=now):
            raise CaseError(_("Esta PQRS ya no se puede reabrir. Si necesita algo más, radique una nueva."))
        if locked.messages.filter(from_staff=False, written_at__gt=now - timedelta(days=1)).count() >= MESSAGES_A_DAY:
            raise CaseError(_("Ya escribió muchos mensajes hoy en esta PQRS. Espere a mañana para agregar otro."))
        message = locked.messages.create(from_staff=False, author=locked.client.name, text=clean, written_at=now)
        attachments.keep(locked, attached, now=now, message=message)
        if reopening:
            locked.due_on = due_date(clock.local(now).date(), days=term_of(locked.kind).days)
            locked.extended = False
            event = move(locked, CaseState.REOPENED, by=None, now=now, message=message)
            notices.remind(locked, now=now)
        else:
            event = record(locked, EventKind.WROTE, by=None, by_name=locked.client.name, now=now, message=message)
        notices.tell(event, locked, now=now)
        return message


def rate(case: Case, *, rating: int, comment: str, now: datetime) -> None:
    """Keep what the client thinks of the answer, once. Raises CaseError for a second time or a case without an answer."""
    if rating not in range(1, 6):
        raise CaseError(_("Elija de 1 a 5."))
    with transaction.atomic():
        locked = lock(case)
        if not may_rate(locked):
            raise CaseError(_("Esta PQRS ya tiene calificación o todavía no tiene respuesta."))
        locked.rating, locked.rating_comment, locked.rated_at = rating, _bounded(comment, 1000), now
        locked.save(update_fields=["rating", "rating_comment", "rated_at"])
        record(locked, EventKind.RATED, by=None, by_name=locked.client.name, now=now, detail=str(rating))


def may_reopen(case: Case, *, now: datetime) -> bool:
    """Whether the client may still reopen: the case has an answer, at most REOPEN_DAYS old."""
    last = reopen_until(case)
    return CaseState.REOPENED in MOVES[CaseState(case.state)] and last is not None and clock.local(now).date() <= last


def reopen_until(case: Case) -> date | None:
    """The last day on which a case can be reopened; None without an answer."""
    return clock.local(case.answered_at).date() + timedelta(days=REOPEN_DAYS) if case.answered_at else None


def may_rate(case: Case) -> bool:
    """Whether there is an answer that the client has not rated."""
    return case.state in (CaseState.ANSWERED, CaseState.CLOSED) and case.answered_at is not None and case.rating is None


def lock(case: Case) -> Case:
    """The case as it is now, locked until the transaction ends."""
    return Case.objects.select_for_update(of=("self",)).select_related("client", "assigned_to").get(pk=case.pk)


def move(
    case: Case, to: CaseState, *, by: User | None, now: datetime, message: Message | None = None, detail: str = ""
) -> CaseEvent:
    """Take a locked case to a state, saving the rest of its fields too. Raises CaseError where MOVES has no such way."""
    before = CaseState(case.state)
    if to not in MOVES[before]:
        text = _("Una PQRS en estado «%(before)s» no puede pasar a «%(after)s».")
        raise CaseError(text % {"before": before.label.lower(), "after": to.label.lower()})
    case.state = to
    case.save()
    return record(
        case, EventKind.MOVED, by=by, by_name=case.client.name, now=now, from_state=before, to_state=to, message=message, detail=detail
    )


def record(
    case: Case,
    kind: EventKind,
    *,
    by: User | None,
    by_name: str,
    now: datetime,
    from_state: str = "",
    to_state: str = "",
    message: Message | None = None,
    detail: str = "",
) -> CaseEvent:
    """Write down what happened: `by` is the staff member who did it, else it was who is named. What staff did is in the log of
    changes too."""
    if by is not None:
        told = CaseState(to_state).label if to_state else detail
        changes.record("case", case.pk, before={}, after={kind.value: told or kind.label}, by=by, now=now)
    return CaseEvent.objects.create(
        case=case, kind=kind, from_state=from_state, to_state=to_state, message=message, by=by,
        by_name=by.name if by else by_name, detail=detail, at=now,
    )  # fmt: skip


def checked(text: str) -> str:
    """A text without what people do not type, trimmed. Raises CaseError when it is empty or too long."""
    clean = _bounded(text, LONGEST)
    if not clean:
        raise CaseError(_("Escriba qué necesita."))
    return clean


def _bounded(text: str, longest: int) -> str:
    clean = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(clean) > longest:
        raise CaseError(_("El texto es demasiado largo: el máximo es %(count)s caracteres.") % {"count": longest})
    return clean


def _bound_cases(client: Client, *, now: datetime) -> None:
    if Case.objects.filter(client=client, channel=Channel.PORTAL, opened_at__gt=now - timedelta(days=1)).count() >= CASES_A_DAY:
        text = _("Ya radicó %(count)s PQRS en las últimas 24 horas. Agregue mensajes a las que tiene o espere a mañana.")
        raise CaseError(text % {"count": CASES_A_DAY})


def _next_number(year: int) -> str:
    # The row stays locked until the transaction ends, so a rollback leaves no gap.
    CaseCounter.objects.get_or_create(year=year)
    counter = CaseCounter.objects.select_for_update().get(year=year)
    counter.value += 1
    counter.save(update_fields=["value"])
    return f"{year}-{counter.value:06d}"
