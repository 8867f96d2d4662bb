"""What staff do with a case: take it, assign it, note, ask, answer, extend, close.

Each is one transaction on the locked case, written down with who and when, and told to whom it concerns. Notes are told to
nobody. The first answer fixes, once, how long it took and whether it was in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pqrs import attachments, notices
from pqrs.attachments import CheckedFile
from pqrs.cases import CaseError, checked, lock, move, record
from pqrs.deadlines import due_date, term_of
from pqrs.models import OPEN_STATES, Case, CaseState, EventKind, Message, Note, Purpose
from saas.accounts.models import Role, User
from saas.lib import clock
from saas.lib.businessdays import business_days_between


def take(case: Case, *, by: User, now: datetime) -> None:
    """Say that a case is being worked on; whoever takes one that is nobody's has it assigned."""
    with transaction.atomic():
        locked = lock(case)
        move(locked, CaseState.IN_PROGRESS, by=by, now=now)
        if locked.assigned_to is None:
            _assign(locked, to=by, by=by, now=now)


def assign(case: Case, *, to: User | None, by: User, now: datetime) -> None:
    """Give a case to a member of staff, or to nobody. The same again changes nothing."""
    if to is not None and (to.role != Role.STAFF or not to.is_active):
        raise CaseError(_("Elija a alguien del equipo."))
    with transaction.atomic():
        locked = lock(case)
        if locked.assigned_to != to:
            _assign(locked, to=to, by=by, now=now)


def add_note(case: Case, *, text: str, by: User, now: datetime) -> Note:
    """Write for the team alone."""
    return case.notes.create(author=by.name, text=checked(text), written_at=now)


def ask(case: Case, *, text: str, by: User, now: datetime, attached: Sequence[CheckedFile] = ()) -> Message:
    """Write to the client without answering yet: a pending case is in progress. The term goes on."""
    clean = checked(text)
    with transaction.atomic():
        locked = _open_one(case)
        message = _write(locked, Purpose.MESSAGE, clean, by=by, now=now, attached=attached)
        if locked.state != CaseState.IN_PROGRESS:
            move(locked, CaseState.IN_PROGRESS, by=by, now=now)
        event = record(locked, EventKind.WROTE, by=by, by_name=by.name, now=now, message=message)
        notices.tell(event, locked, now=now)
        return message


def answer(case: Case, *, text: str, by: User, now: datetime, attached: Sequence[CheckedFile] = ()) -> Message:
    """Answer an open case. Raises CaseError for one that is not open; FileError for files that do not fit."""
    clean = checked(text)
    with transaction.atomic():
        locked = _open_one(case)
        message = _write(locked, Purpose.ANSWER, clean, by=by, now=now, attached=attached)
        locked.answered_at = now
        if locked.first_answered_on is None:
            today = clock.local(now).date()
            locked.first_answered_on = today
            locked.first_answer_days = max(0, business_days_between(locked.received_on, today))
            locked.first_answer_in_time = today <= locked.due_on
        event = move(locked, CaseState.ANSWERED, by=by, now=now, message=message)
        notices.tell(event, locked, now=now)
        return message


def extend(case: Case, *, reason: str, days: int, by: User, now: datetime) -> Message:
    """Give a term `days` business days more and tell the client why and until when (Ley 1755 of 2015, art. 14).

    Raises CaseError once the term is over, a second time, or beyond what the kind allows.
    """
    clean = checked(reason)
    with transaction.atomic():
        locked = _open_one(case)
        term = term_of(locked.kind)
        if locked.extended:
            raise CaseError(_("El plazo de esta PQRS ya se prorrogó una vez."))
        if clock.local(now).date() > locked.due_on:
            raise CaseError(_("El plazo ya venció: la prórroga se debe avisar antes."))
        if not 1 <= days <= term.extra_days:
            raise CaseError(_("La prórroga puede ser de 1 a %(days)s días hábiles.") % {"days": term.extra_days})
        locked.due_on = due_date(locked.due_on, days=days)
        locked.extended = True
        text = _("No es posible responder en el plazo inicial por este motivo:\n\n%(reason)s\n\nLe responderemos a más tardar el %(date)s.")
        notice = text % {"reason": clean, "date": clock.long_date(locked.due_on)}
        message = _write(locked, Purpose.EXTENSION, notice, by=by, now=now, attached=())
        locked.save()
        event = record(locked, EventKind.EXTENDED, by=by, by_name=by.name, now=now, message=message, detail=str(days))
        notices.tell(event, locked, now=now)
        notices.remind(locked, now=now)
        return message


def close(case: Case, *, reason: str, by: User, now: datetime) -> None:
    """Close a case. One without an answer needs a reason, which the client reads."""
    with transaction.atomic():
        locked = lock(case)
        if locked.state != CaseState.ANSWERED and not reason.strip():
            raise CaseError(_("Para cerrar sin responder, explique al cliente por qué."))
        message = _write(locked, Purpose.CLOSING, checked(reason), by=by, now=now, attached=()) if reason.strip() else None
        event = move(locked, CaseState.CLOSED, by=by, now=now, message=message)
        notices.tell(event, locked, now=now)


def _open_one(case: Case) -> Case:
    locked = lock(case)
    if locked.state not in OPEN_STATES:
        raise CaseError(_("Esta PQRS está %(state)s: no admite más respuestas.") % {"state": locked.get_state_display().lower()})
    return locked


def _write(case: Case, purpose: Purpose, text: str, *, by: User, now: datetime, attached: Sequence[CheckedFile]) -> Message:
    message = case.messages.create(from_staff=True, purpose=purpose, author=by.name, text=text, written_at=now)
    attachments.keep(case, attached, now=now, message=message)
    return message


def _assign(case: Case, *, to: User | None, by: User, now: datetime) -> None:
    case.assigned_to = to
    case.save(update_fields=["assigned_to"])
    event = record(case, EventKind.ASSIGNED, by=by, by_name=by.name, now=now, detail=to.name if to else "")
    notices.tell_assignee(event, case, now=now)
