"""The table of moves, each with who and when; what staff do; and a history that the database does not let anyone change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from pqrs import cases, handling
from pqrs.models import Case, CaseEvent, CaseState, EventKind, Message, Note, Purpose
from saas.accounts.models import Role, User
from tenants import context
from tests.pqrs.test_cases import BOGOTA, open_one
from tests.world import NOW, Cast, Casts

ALLOWED = {
    ("pending", "in_progress"), ("pending", "answered"), ("pending", "closed"),
    ("in_progress", "answered"), ("in_progress", "closed"),
    ("answered", "closed"), ("answered", "reopened"),
    ("closed", "reopened"),
    ("reopened", "in_progress"), ("reopened", "answered"), ("reopened", "closed"),
}  # fmt: skip


def events(case: Case) -> list[tuple[str, str, str, str]]:
    """What happened: kind, from, to, by whom."""
    return list(case.events.values_list("kind", "from_state", "to_state", "by_name"))


@pytest.mark.parametrize("before", CaseState.values)
@pytest.mark.parametrize("after", CaseState.values)
def test_each_move_of_the_table_and_no_other(cast: Casts, before: str, after: str) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        Case.objects.update(state=before)
        case.refresh_from_db()
        if (before, after) in ALLOWED:
            event = cases.move(case, CaseState(after), by=cast.alfa.sara, now=NOW)
            assert (event.kind, event.from_state, event.to_state, event.by, event.by_name, event.at) == (
                "moved", before, after, cast.alfa.sara, "Sara Equipo", NOW,
            )  # fmt: skip
        else:
            with pytest.raises(cases.CaseError, match="no puede pasar a"):
                cases.move(case, CaseState(after), by=cast.alfa.sara, now=NOW)
        case.refresh_from_db()
        assert case.state == (after if (before, after) in ALLOWED else before)
        assert case.events.count() == 1 + ((before, after) in ALLOWED)


@pytest.mark.parametrize(
    "change",
    [
        lambda: CaseEvent.objects.update(by_name="Otra"),
        lambda: CaseEvent.objects.all()._raw_delete(using="default"),
        lambda: CaseEvent.objects.get().delete(),
    ],
)
def test_what_happened_cannot_be_changed(cast: Casts, change: Callable[[], Any]) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        with pytest.raises(DatabaseError, match="cannot be changed or deleted"), transaction.atomic():
            change()
        assert events(case) == [("opened", "", "pending", "Rita Arrendataria Ñáñez")]


def test_a_whole_life(cast: Casts) -> None:
    sara, day = cast.alfa.sara, timedelta(days=1)
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        handling.take(case, by=sara, now=NOW + day)
        handling.ask(case, text="¿Cuándo?", by=sara, now=NOW + 2 * day)
        cases.add_message(case, text="Mañana", now=NOW + 3 * day)
        handling.answer(case, text="Listo", by=sara, now=NOW + 4 * day)
        cases.add_message(case, text="No", now=NOW + 7 * day)
        handling.answer(case, text="Ahora sí", by=sara, now=NOW + 8 * day)
        cases.rate(case, rating=4, comment=" Bien ", now=NOW + 9 * day)
        handling.close(case, reason="", by=sara, now=NOW + 10 * day)
        rita = "Rita Arrendataria Ñáñez"
        assert events(case) == [
            ("opened", "", "pending", rita),
            ("moved", "pending", "in_progress", "Sara Equipo"),
            ("assigned", "", "", "Sara Equipo"),
            ("wrote", "", "", "Sara Equipo"),
            ("wrote", "", "", rita),
            ("moved", "in_progress", "answered", "Sara Equipo"),
            ("moved", "answered", "reopened", rita),
            ("moved", "reopened", "answered", "Sara Equipo"),
            ("rated", "", "", rita),
            ("moved", "answered", "closed", "Sara Equipo"),
        ]
        case.refresh_from_db()
        assert (case.assigned_to, case.answered_at) == (sara, NOW + 8 * day)
        # The first answer is the one that the report counts: four business days after the 23rd.
        assert (case.first_answered_on, case.first_answer_days, case.first_answer_in_time) == (NOW.date() + 4 * day, 4, True)
        assert (case.rating, case.rating_comment) == (4, "Bien")
        assert [m.purpose for m in case.messages.all()] == ["message", "message", "answer", "message", "answer"]


def test_an_answer_on_the_last_day_is_in_time_and_the_day_after_is_not(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        told = []
        for day in (15, 16):
            case = open_one(cast.alfa)
            handling.answer(case, text="x", by=cast.alfa.sara, now=datetime(2026, 12, day, 23, 59, tzinfo=BOGOTA))
            case.refresh_from_db()
            told.append((case.first_answer_days, case.first_answer_in_time))
        assert told == [(15, True), (16, False)]


@pytest.mark.parametrize("state", ["answered", "closed"])
@pytest.mark.parametrize("act", [handling.answer, handling.ask])
def test_only_an_open_case_is_answered(cast: Casts, state: str, act: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        Case.objects.update(state=state)
        with pytest.raises(cases.CaseError, match="no admite más respuestas"):
            act(case, text="x", by=cast.alfa.sara, now=NOW)
        assert (Message.objects.count(), case.events.count()) == (0, 1)


def test_closing_without_an_answer_needs_a_reason_that_the_client_reads(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        with pytest.raises(cases.CaseError, match="explique al cliente"):
            handling.close(case, reason="  ", by=cast.alfa.sara, now=NOW)
        handling.close(case, reason="La radicó dos veces", by=cast.alfa.sara, now=NOW)
        message = case.messages.get()
        assert (message.purpose, message.text, message.from_staff) == (Purpose.CLOSING, "La radicó dos veces", True)
        case.refresh_from_db()
        assert (case.state, case.first_answered_on) == ("closed", None)


def test_a_case_is_given_to_staff_alone(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        gone = User.objects.create_user(username="x@alfa.example", role=Role.STAFF, name="Xavier")
        gone.is_active = False
        gone.save()
        for wrong in (cast.alfa.rita.user, gone):
            with pytest.raises(cases.CaseError, match="Elija a alguien del equipo"):
                handling.assign(case, to=wrong, by=cast.alfa.sara, now=NOW)
        handling.assign(case, to=cast.alfa.sara, by=cast.alfa.sara, now=NOW)
        handling.assign(case, to=cast.alfa.sara, by=cast.alfa.sara, now=NOW)
        handling.assign(case, to=None, by=cast.alfa.sara, now=NOW)
        assert list(case.events.filter(kind=EventKind.ASSIGNED).values_list("detail", flat=True)) == ["Sara Equipo", ""]


def test_a_note_changes_nothing_else(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        handling.add_note(case, text=" Ojo ", by=cast.alfa.sara, now=NOW)
        assert list(Note.objects.values_list("author", "text")) == [("Sara Equipo", "Ojo")]
        assert (case.messages.count(), case.events.count()) == (0, 1)


def _answered(cast: Cast) -> Case:
    case = open_one(cast)
    handling.answer(case, text="Listo", by=cast.sara, now=NOW)
    return case


def test_a_rating_is_given_once(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = _answered(cast.alfa)
        cases.rate(case, rating=1, comment="", now=NOW)
        with pytest.raises(cases.CaseError, match="ya tiene calificación"):
            cases.rate(case, rating=5, comment="", now=NOW)
        case.refresh_from_db()
        assert (case.rating, case.rated_at, case.events.filter(kind="rated").count()) == (1, NOW, 1)


@pytest.mark.parametrize("rating", [0, 6, -1])
def test_a_rating_is_from_one_to_five(cast: Casts, rating: int) -> None:
    with context.in_agency(cast.alfa.agency):
        case = _answered(cast.alfa)
        with pytest.raises(cases.CaseError):
            cases.rate(case, rating=rating, comment="", now=NOW)
        with pytest.raises(DatabaseError), transaction.atomic():
            Case.objects.update(rating=rating, rated_at=NOW)


def test_what_has_no_answer_is_not_rated(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        with pytest.raises(cases.CaseError, match="todavía no tiene respuesta"):
            cases.rate(case, rating=5, comment="", now=NOW)
