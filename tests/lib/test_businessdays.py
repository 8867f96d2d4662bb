"""Working days of Colombia in 2026, terms that count them, and the hours of Ley 2300."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.lib.businessdays import (
    add_business_days,
    business_days_between,
    collection_hours,
    holidays_of,
    is_business_day,
    is_holiday,
    next_collection_time,
)
from saas.lib.clock import BOGOTA

# Ley 51 of 1983 (Ley Emiliani) moves those marked to the Monday after their feast;
# Ley 2578 of 2026 added Our Lady of Chiquinquirá, the nineteenth.
HOLIDAYS_2026 = [
    date(2026, 1, 1),
    date(2026, 1, 12),  # Epiphany, moved from the 6th
    date(2026, 3, 23),  # Saint Joseph, moved from the 19th
    date(2026, 4, 2),  # Maundy Thursday
    date(2026, 4, 3),  # Good Friday
    date(2026, 5, 1),
    date(2026, 5, 18),  # Ascension, moved
    date(2026, 6, 8),  # Corpus Christi, moved
    date(2026, 6, 15),  # Sacred Heart, moved
    date(2026, 6, 29),  # Saints Peter and Paul: a Monday by itself
    date(2026, 7, 13),  # Our Lady of Chiquinquirá, moved from the 9th
    date(2026, 7, 20),
    date(2026, 8, 7),
    date(2026, 8, 17),  # Assumption, moved from the 15th
    date(2026, 10, 12),  # a Monday by itself
    date(2026, 11, 2),  # All Saints, moved from the 1st
    date(2026, 11, 16),  # Independence of Cartagena, moved from the 11th
    date(2026, 12, 8),
    date(2026, 12, 25),
]
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31))


def bogota(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BOGOTA)


def test_the_holidays_of_2026() -> None:
    assert sorted(holidays_of(2026)) == HOLIDAYS_2026


def test_chiquinquira_is_a_holiday_from_its_law_on() -> None:
    assert [is_holiday(day) for day in (date(2025, 7, 14), date(2026, 7, 13), date(2027, 7, 12))] == [False, True, True]
    assert is_business_day(date(2026, 7, 9))


def test_two_feasts_on_one_day_count_once() -> None:
    # In 2025 the Sacred Heart and Saints Peter and Paul both fall on Monday 30 June.
    assert is_holiday(date(2025, 6, 30))
    assert len(holidays_of(2025)) == 17


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 11, 23), True), (date(2026, 11, 21), False), (date(2026, 11, 22), False), (date(2026, 11, 16), False),
        (date(2026, 11, 11), True), (date(2026, 1, 6), True), (date(2026, 12, 8), False), (date(2026, 12, 24), True),
    ],
)  # fmt: skip
def test_business_days(day: date, open_: bool) -> None:
    assert is_business_day(day) is open_


@pytest.mark.parametrize(
    ("start", "term", "end"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 24)),  # the day of the petition does not count
        (date(2026, 11, 23), 15, date(2026, 12, 15)),  # over the 8th of December: Ley 1755's term of a petition
        (date(2026, 11, 23), 10, date(2026, 12, 7)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 13), 1, date(2026, 11, 17)),
        (date(2026, 4, 1), 1, date(2026, 4, 6)),  # Holy Week
        (date(2026, 12, 24), 5, date(2027, 1, 4)),  # into the next year
        (date(2026, 1, 1), 30, date(2026, 2, 13)),
        (date(2026, 1, 2), 10, date(2026, 1, 19)),
        (date(2026, 3, 26), 15, date(2026, 4, 20)),
        (date(2026, 5, 29), 30, date(2026, 7, 16)),
        (date(2026, 12, 18), 15, date(2027, 1, 13)),
    ],
)
def test_terms(start: date, term: int, end: date) -> None:
    assert add_business_days(start, term) == end
    assert business_days_between(start, end) == term
    assert business_days_between(end, start) == -term


@pytest.mark.parametrize("term", [0, -1])
def test_a_term_has_a_day(term: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        add_business_days(date(2026, 11, 23), term)


@given(days, st.integers(min_value=1, max_value=60))
def test_a_term_ends_on_a_business_day_and_is_counted_back(start: date, term: int) -> None:
    end = add_business_days(start, term)
    assert end > start
    assert is_business_day(end)
    assert business_days_between(start, end) == term
    assert business_days_between(start, start) == 0


@pytest.mark.parametrize(
    ("moment", "may"),
    [
        (bogota(23, 6, 59), False), (bogota(23, 7), True), (bogota(23, 12), True), (bogota(23, 18, 59), True), (bogota(23, 19), False),
        (bogota(23, 23), False), (bogota(21, 7, 59), False), (bogota(21, 8), True), (bogota(21, 14, 59), True), (bogota(21, 15), False),
        (bogota(22, 10), False), (bogota(16, 10), False), (bogota(8, 10, month=12), False), (bogota(25, 10, month=12), False),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), True), (datetime(2026, 11, 23, 11, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 24, 0, 0, tzinfo=UTC), False), (datetime(2026, 11, 23, 23, 59, tzinfo=UTC), True),
    ],
)  # fmt: skip
def test_the_hours_of_ley_2300(moment: datetime, may: bool) -> None:
    assert collection_hours(moment) is may


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        (bogota(23, 10), bogota(23, 10)), (bogota(23, 5), bogota(23, 7)), (bogota(23, 19), bogota(24, 7)), (bogota(20, 20), bogota(21, 8)),
        (bogota(21, 15), bogota(23, 7)), (bogota(22, 10), bogota(23, 7)), (bogota(14, 16), bogota(17, 7)),  # Monday 16 is a holiday
        (bogota(7, 19, month=12), bogota(9, 7, month=12)), (bogota(24, 19, month=12), bogota(26, 8, month=12)),
        (datetime(2026, 11, 23, 11, 0, tzinfo=UTC), bogota(23, 7)),
    ],
)  # fmt: skip
def test_when_it_opens_next(asked: datetime, opens: datetime) -> None:
    assert next_collection_time(asked) == opens


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31)))  # noqa: DTZ001
def test_the_next_opening_is_open_and_soon(naive: datetime) -> None:
    asked = naive.replace(tzinfo=UTC)
    opens = next_collection_time(asked)
    assert collection_hours(opens)
    assert asked <= opens <= asked + timedelta(days=5)
    if opens != asked:
        assert not collection_hours(opens - timedelta(microseconds=1))


def test_a_moment_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="naive"):
        collection_hours(datetime(2026, 11, 23, 10))  # noqa: DTZ001
