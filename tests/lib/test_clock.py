"""Time: what is shown, what is read from forms and workbooks, and which day it is in Bogotá."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.lib import clock
from saas.lib.clock import BOGOTA, DateError

EVE = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)  # 22:30 of the 23rd in Bogotá
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31))


def test_now_and_today_are_the_same_moment_in_two_places() -> None:
    before = clock.now()
    day = clock.today()
    after = clock.now()
    assert before.tzinfo is UTC
    assert before <= after
    assert day in (before.astimezone(BOGOTA).date(), after.astimezone(BOGOTA).date())


def test_local() -> None:
    there = clock.local(EVE)
    assert (there.isoformat(), there == EVE) == ("2026-11-23T22:30:00-05:00", True)
    with pytest.raises(ValueError, match="naive"):
        clock.local(datetime(2026, 11, 23))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(2026, 11, 23), "23 de noviembre de 2026", "23 nov 2026"),
        (date(2026, 1, 1), "1 de enero de 2026", "1 ene 2026"),
        (date(2024, 2, 29), "29 de febrero de 2024", "29 feb 2024"),
        (date(2026, 9, 5), "5 de septiembre de 2026", "5 sep 2026"),
        (EVE, "23 de noviembre de 2026", "23 nov 2026"),
        (datetime(2027, 1, 1, 4, 59, tzinfo=UTC), "31 de diciembre de 2026", "31 dic 2026"),
        (datetime(2027, 1, 1, 5, 0, tzinfo=UTC), "1 de enero de 2027", "1 ene 2027"),
    ],
)
def test_dates_as_people_read_them(day: date, long: str, short: str) -> None:
    assert (clock.long_date(day), clock.short_date(day)) == (long, short)


@pytest.mark.parametrize(
    ("hour", "minute", "shown"),
    [
        (0, 0, "12:00 a. m."), (0, 5, "12:05 a. m."), (9, 7, "9:07 a. m."), (11, 59, "11:59 a. m."),
        (12, 0, "12:00 p. m."), (12, 30, "12:30 p. m."), (15, 5, "3:05 p. m."), (23, 59, "11:59 p. m."),
    ],
)  # fmt: skip
def test_moments_as_people_read_them(hour: int, minute: int, shown: str) -> None:
    moment = datetime(2026, 11, 23, hour, minute, tzinfo=BOGOTA)
    shown = shown.replace(" ", "\u00a0")  # an hour stays in one line
    assert clock.long_datetime(moment) == f"23 de noviembre de 2026, {shown}"
    assert clock.long_datetime(moment.astimezone(UTC)) == f"23 de noviembre de 2026, {shown}"
    with pytest.raises(ValueError, match="naive"):
        clock.long_datetime(moment.replace(tzinfo=None))


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-23", "2026-11-23T00:00:00", "2026-11-23 00:00:00", "2026-11-23 00:00", " 23/11/2026 ", "23/11/2026", "23-11-2026",
        "46349", 46349, 46349.0, 46349.75, date(2026, 11, 23), EVE, datetime(2026, 11, 23, 23, 59),  # noqa: DTZ001
        datetime(2026, 11, 24, 1, 0, tzinfo=timezone(timedelta(hours=2))),
    ],
)  # fmt: skip
def test_a_date_however_it_is_written(said: object) -> None:
    read = clock.parse_date(said)
    assert read == date(2026, 11, 23)
    assert type(read) is date


@pytest.mark.parametrize(
    ("said", "day"),
    [("1/2/2026", date(2026, 2, 1)), ("2026-2-1", date(2026, 2, 1)), ("29/02/2024", date(2024, 2, 29)), (20_000, date(1954, 10, 3)),
     (73_050, date(2099, 12, 31)), (73_050.99, date(2099, 12, 31)), ("31/12/2099", date(2099, 12, 31)), ("1900-01-01", date(1900, 1, 1))],
)  # fmt: skip
def test_the_day_comes_first_and_the_edges_hold(said: object, day: date) -> None:
    assert clock.parse_date(said) == day


@pytest.mark.parametrize(
    "said",
    [
        "", "   ", None, True, False, [], b"2026-11-23", "hoy", "23/11/26", "23.11.2026", "23/11-2026", "2026/11/23", "23 nov 2026",
        "1899-12-31", "2100-01-01", "0001-01-01", "2026-11-23T10:00:00", "2026-11-23Z", "4634", "463499", "٤٦٣٤٩", "20261123",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(said: object) -> None:
    with pytest.raises(DateError, match=r"No se entiende «.+» como fecha. Escríbala así: 2026-11-23 o 23/11/2026\."):
        clock.parse_date(said)


@pytest.mark.parametrize("said", ["29/02/2026", "31/04/2026", "2026-13-01", "11/23/2026", "0/1/2026", "2026-01-00"])
def test_a_date_that_does_not_exist_is_refused(said: str) -> None:
    with pytest.raises(DateError, match=f"^La fecha «{re.escape(said)}» no existe en el calendario\\.$"):
        clock.parse_date(said)


@pytest.mark.parametrize(
    "said", [0, 1, -1, 19_999, 19_999.9, 73_051, 2026, 1_850_000, 1e300, float("inf"), float("nan"), "00001", "99999"]
)
def test_a_number_that_is_no_date_of_a_workbook_is_refused(said: object) -> None:
    with pytest.raises(DateError, match="no es una fecha de Excel"):
        clock.parse_date(said)


@given(days)
def test_every_date_is_read_back(day: date) -> None:
    for text in (day.isoformat(), f"{day:%d/%m/%Y}", f"{day.day}-{day.month}-{day.year}", f"{day.isoformat()} 00:00:00"):
        assert clock.parse_date(text) == day
    assert clock.parse_period(day) == day.replace(day=1)


@given(st.one_of(st.text(max_size=12), st.integers(), st.floats(), st.none(), st.booleans()))
def test_anything_is_a_date_or_refused(value: object) -> None:
    for parse in (clock.parse_date, clock.parse_period):
        with suppress(DateError):
            assert 1900 <= parse(value).year < 2100


@pytest.mark.parametrize(
    "said", ["2026-11", "2026-11-23", "11/2026", " 11/2026 ", "23/11/2026", 46349, "46349", date(2026, 11, 30), EVE]
)
def test_a_month_however_it_is_written(said: object) -> None:
    assert clock.parse_period(said) == date(2026, 11, 1)


@pytest.mark.parametrize(
    "said", ["2026-13", "2026-0", "0/2026", "13/2026", "11/26", "1899-12", "2100-01", "", None, "noviembre", "2026", "29/02/2026"]
)
def test_what_is_no_month_is_refused(said: object) -> None:
    with pytest.raises(DateError, match=r"como periodo. Escríbalo así: 2026-11 o 11/2026\.$"):
        clock.parse_period(said)


@pytest.mark.parametrize(
    ("period", "name"),
    [("2026-11", "noviembre de 2026"), (date(2026, 1, 31), "enero de 2026"), ("09/2026", "septiembre de 2026")],
)
def test_month_name(period: str | date, name: str) -> None:
    assert clock.month_name(period) == name


def test_a_long_text_is_repeated_only_in_part() -> None:
    with pytest.raises(DateError) as refused:
        clock.parse_date("x" * 100)
    assert f"«{'x' * 40}…»" in str(refused.value)
