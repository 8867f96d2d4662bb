"""Terms by law and by agency, across holidays, with exact dates; and their extension with its notice."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from pqrs import deadlines, handling
from pqrs.cases import CaseError
from pqrs.deadlines import Term, business_day_before, days_left, due_date
from pqrs.models import Case, CaseKind, CaseTerm
from tenants import context
from tests.pqrs.test_cases import BOGOTA, open_one
from tests.world import NOW, Casts


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        (date(2026, 3, 26), 15, date(2026, 4, 20)),  # over Easter
        (date(2026, 12, 18), 15, date(2027, 1, 13)),  # over Christmas, New Year and Epiphany
        (date(2026, 1, 2), 10, date(2026, 1, 19)),
        (date(2026, 5, 29), 30, date(2026, 7, 16)),  # Corpus Christi, Sacred Heart, Saint Peter, Chiquinquirá
        (date(2026, 11, 23), 15, date(2026, 12, 15)),  # the Immaculate, which stays on the 8th
        (date(2026, 11, 21), 15, date(2026, 12, 14)),  # received on a Saturday
    ],
)
def test_terms_run_from_the_day_after_on_business_days(received: date, days: int, due: date) -> None:
    assert due_date(received, days=days) == due


def test_the_law_s_terms() -> None:
    assert {kind.value: (term.days, term.extra_days) for kind, term in deadlines.LEGAL.items()} == {
        "petition": (15, 15), "complaint": (15, 15), "claim": (15, 15), "suggestion": (15, 15), "documents": (10, 10),
        "enquiry": (30, 30), "data_claim": (15, 8), "data_query": (10, 5),
    }  # fmt: skip
    assert set(deadlines.LEGAL) == set(CaseKind)


@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2026, 12, 4), 1), (date(2026, 12, 7), 0), (date(2026, 12, 8), -1), (date(2026, 12, 9), -1), (date(2026, 12, 10), -2),
        (date(2026, 11, 30), 5),
    ],
)  # fmt: skip
def test_days_left(today: date, left: int) -> None:
    assert days_left(date(2026, 12, 7), today=today) == left


def test_business_days_before() -> None:
    assert business_day_before(date(2026, 12, 10), days=3) == date(2026, 12, 4)
    assert business_day_before(date(2026, 12, 10), days=0) == date(2026, 12, 10)


@pytest.mark.parametrize(
    ("kind", "due"),
    [("petition", date(2026, 12, 15)), ("documents", date(2026, 12, 7)), ("enquiry", date(2027, 1, 7)), ("data_query", date(2026, 12, 7))],
)
def test_each_kind_has_its_term(cast: Casts, kind: str, due: date) -> None:
    with context.in_agency(cast.alfa.agency):
        assert open_one(cast.alfa, kind=kind).due_on == due


def test_an_agency_s_own_term_is_its_own(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        before = open_one(cast.alfa)
        deadlines.save_terms({CaseKind.CLAIM: Term(5, 3), CaseKind.PETITION: Term(15, 15)})
        assert list(CaseTerm.objects.values_list("kind", flat=True)) == ["claim"]  # what is the law's needs no row
        assert open_one(cast.alfa).due_on == date(2026, 11, 30)
        before.refresh_from_db()
        assert before.due_on == date(2026, 12, 15)
        deadlines.save_terms({CaseKind.CLAIM: Term(15, 15)})
        assert open_one(cast.alfa).due_on == date(2026, 12, 15)
    with context.in_agency(cast.beta.agency):
        assert open_one(cast.beta).due_on == date(2026, 12, 15)


@pytest.mark.parametrize(("days", "extra"), [(0, 0), (61, 1), (10, 11)])
def test_the_database_refuses_terms_that_cannot_be(cast: Casts, days: int, extra: int) -> None:
    with context.in_agency(cast.alfa.agency), pytest.raises(DatabaseError), transaction.atomic():
        CaseTerm.objects.create(kind="claim", days=days, extra_days=extra)


def test_the_term_of_what_staff_file_runs_from_when_it_was_received(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa, by=cast.alfa.sara, channel="letter", received_on=date(2026, 11, 13))
        assert (case.number, case.received_on, case.due_on, case.opened_at) == ("2026-000001", date(2026, 11, 13), date(2026, 12, 7), NOW)
        assert case.events.get().by == cast.alfa.sara


def test_an_extension_adds_business_days_to_the_term_and_says_so(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        handling.extend(case, reason="Falta el plomero", days=15, by=cast.alfa.sara, now=NOW)
        case.refresh_from_db()
        assert (case.due_on, case.extended, case.state) == (date(2027, 1, 7), True, "pending")
        message = case.messages.get()
        assert (message.purpose, message.from_staff) == ("extension", True)
        assert "Falta el plomero" in message.text
        assert "7 de enero de 2027" in message.text
        with pytest.raises(CaseError, match="ya se prorrogó"):
            handling.extend(case, reason="Otra vez", days=1, by=cast.alfa.sara, now=NOW)


@pytest.mark.parametrize(("kind", "most"), [("claim", 15), ("data_claim", 8), ("data_query", 5)])
def test_an_extension_is_bounded(cast: Casts, kind: str, most: int) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa, kind=kind)
        for days in (0, -1, most + 1):
            with pytest.raises(CaseError, match=f"de 1 a {most} días"):
                handling.extend(case, reason="x", days=days, by=cast.alfa.sara, now=NOW)
        handling.extend(case, reason="x", days=most, by=cast.alfa.sara, now=NOW)
        assert Case.objects.get().due_on == due_date(case.due_on, days=most)


def test_an_extension_comes_before_the_term_ends(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        with pytest.raises(CaseError, match="ya venció"):
            handling.extend(case, reason="x", days=1, by=cast.alfa.sara, now=datetime(2026, 12, 16, 0, 1, tzinfo=BOGOTA))
        handling.extend(case, reason="x", days=1, by=cast.alfa.sara, now=datetime(2026, 12, 15, 23, 59, tzinfo=BOGOTA))
        assert Case.objects.get().due_on == date(2026, 12, 16)


def test_what_is_not_open_is_not_extended(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        handling.answer(case, text="x", by=cast.alfa.sara, now=NOW + timedelta(hours=1))
        with pytest.raises(CaseError):
            handling.extend(case, reason="x", days=1, by=cast.alfa.sara, now=NOW + timedelta(hours=2))
        assert Case.objects.get().due_on == date(2026, 12, 15)
