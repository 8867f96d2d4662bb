"""Working days of Colombia, and the hours in which people may be asked for money.

Holidays are Ley 51 of 1983's (many move to Monday), computed by the `holidays` library. Dates are Bogotá's. Pure.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache

from saas.lib.clock import BOGOTA, local

_ONE_DAY = timedelta(days=1)
_WEEKDAY_HOURS = (time(7), time(19))
_SATURDAY_HOURS = (time(8), time(15))


@cache
def holidays_of(year: int) -> frozenset[date]:
    """The distinct holidays of a year: two feasts on one day count once."""
    import holidays

    return frozenset(holidays.country_holidays("CO", years=year))


def is_holiday(day: date) -> bool:
    """Whether a day is a holiday of Colombia. Sundays are not holidays by themselves."""
    return day in holidays_of(day.year)


def is_business_day(day: date) -> bool:
    """Monday to Friday and no holiday."""
    return day.weekday() < 5 and not is_holiday(day)


def add_business_days(start: date, days: int) -> date:
    """The date on which a term of `days` business days ends; they count from the day after `start`.

    Ley 1755 of 2015 and Ley 4 of 1913 art. 62. Raises ValueError below one day.
    """
    if days < 1:
        raise ValueError("a term has at least one day")
    day = start
    while days:
        day += _ONE_DAY
        days -= is_business_day(day)
    return day


def business_days_between(start: date, end: date) -> int:
    """Business days after `start`, up to and including `end`; negative when `end` is earlier. The inverse of adding."""
    if end < start:
        return -business_days_between(end, start)
    return sum(is_business_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def collection_hours(moment: datetime) -> bool:
    """Whether a collection message may be sent at this (aware) moment.

    Ley 2300 of 2023: Monday to Friday 7:00–19:00, Saturday 8:00–15:00, never on Sunday or a holiday. The closing minute
    is out. Confirmations of a payment are exempt: do not ask for them.
    """
    there = local(moment)
    hours = _hours_of(there.date())
    return hours is not None and hours[0] <= there.time() < hours[1]


def next_collection_time(moment: datetime) -> datetime:
    """`moment` if messages may be sent at it, else the next opening, aware and in Bogotá's time."""
    if collection_hours(moment):
        return moment
    there = local(moment)
    day = there.date()
    while True:
        hours = _hours_of(day)
        if hours is not None:
            opening = datetime.combine(day, hours[0], BOGOTA)
            if opening > there:
                return opening
        day += _ONE_DAY


def _hours_of(day: date) -> tuple[time, time] | None:
    if day.weekday() == 6 or is_holiday(day):
        return None
    return _SATURDAY_HOURS if day.weekday() == 5 else _WEEKDAY_HOURS
