"""Time: now, today in Bogotá, dates as people read them, and dates as workbooks write them.

The one module that reads the system's clock; domain code gets `now` handed in. Times are aware and UTC, dates are
Bogotá's. Never a locale of the machine: the names of the months are here, in Spanish and, for readers who chose it, in English.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from saas.lib.languages import is_english

BOGOTA = ZoneInfo("America/Bogota")
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
# Day 0 of Excel's calendar, with its imagined 29 February 1900 already taken off; right from March 1900 on.
_EXCEL_ZERO = date(1899, 12, 30)
_SERIALS = range(20_000, 73_051)  # October 1954 to 2099: a smaller number in a date's cell is something else
_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[T ]00:00(?::00)?)?")
_DAY_FIRST = re.compile(r"(?P<d>\d{1,2})(?P<sep>[/-])(?P<m>\d{1,2})(?P=sep)(?P<y>\d{4})")
_PERIOD = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})|(?P<m2>\d{1,2})/(?P<y2>\d{4})")


class DateError(ValueError):
    """A text or number that is not a date. Its message is for people."""


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The date in Bogotá."""
    return datetime.now(BOGOTA).date()


def local(moment: datetime) -> datetime:
    """An aware moment in Bogotá's time. Raises ValueError for a naive one, whose zone nobody knows."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place")
    return moment.astimezone(BOGOTA)


def long_date(day: date | datetime) -> str:
    """`23 de noviembre de 2026`. A moment is shown by its date in Bogotá."""
    day = _day(day)
    if is_english():
        return f"{day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}"
    return f"{day.day} de {MONTHS[day.month - 1]} de {day.year}"


def short_date(day: date | datetime) -> str:
    """`23 nov 2026`. A moment is shown by its date in Bogotá."""
    day = _day(day)
    return f"{day.day} {short_month(day)} {day.year}"


def long_datetime(moment: datetime) -> str:
    """`23 de noviembre de 2026, 3:05 p. m.`, in Bogotá. The hour never breaks across lines: its spaces are U+00A0."""
    there = local(moment)
    half = "a. m." if there.hour < 12 else "p. m."
    if is_english():
        half = half.replace(" ", "")
    hour = f"{there.hour % 12 or 12}:{there.minute:02d} {half}".replace(" ", "\u00a0")
    return f"{long_date(there)}, {hour}"


def month_name(period: str | date) -> str:
    """`noviembre de 2026`, from any date of the month or a period's text. Raises DateError."""
    first = parse_period(period)
    if is_english():
        return f"{_ENGLISH_MONTHS[first.month - 1]} {first.year}"
    return f"{MONTHS[first.month - 1]} de {first.year}"


def short_month(day: date) -> str:
    """`nov`; `Nov` in English."""
    return (_ENGLISH_MONTHS if is_english() else MONTHS)[day.month - 1][:3]


def parse_date(value: object) -> date:
    """The date that a cell or a form says.

    Reads dates and moments, `2026-11-23`, `23/11/2026`, `23-11-2026` and Excel's serial numbers (as number or text).
    A moment with a zone counts by its date in Bogotá. Raises DateError; a year must have four digits.
    """
    if isinstance(value, datetime | date):
        return _day(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_serial(value)
    text = value.strip() if isinstance(value, str) else ""
    if text.isascii() and text.isdigit() and len(text) == 5:
        return _from_serial(int(text))
    found = _ISO.fullmatch(text) or _DAY_FIRST.fullmatch(text)
    if found:
        try:
            day = date(int(found["y"]), int(found["m"]), int(found["d"]))
        except ValueError:
            raise DateError(f"La fecha {_shown(value)} no existe en el calendario.") from None
        if 1900 <= day.year < 2100:
            return day
    raise DateError(f"No se entiende {_shown(value)} como fecha. Escríbala así: 2026-11-23 o 23/11/2026.")


def parse_period(value: object) -> date:
    """The first day of the month that a cell says: `2026-11`, `11/2026`, or any date of it. Raises DateError."""
    text = value.strip() if isinstance(value, str) else ""
    found = _PERIOD.fullmatch(text)
    if not found:
        try:
            return parse_date(value).replace(day=1)
        except DateError:
            raise _no_period(value) from None
    year, month = int(found["y"] or found["y2"]), int(found["m"] or found["m2"])
    if not (1900 <= year < 2100 and 1 <= month <= 12):
        raise _no_period(value)
    return date(year, month, 1)


def _day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return (local(value) if value.tzinfo else value).date()
    return value


def _from_serial(number: float) -> date:
    # `in range` on a float would ask for a whole number; the part of the day after the point is dropped.
    if not (_SERIALS.start <= number < _SERIALS.stop):
        raise DateError(f"El número {_shown(number)} no es una fecha de Excel. Escríbala así: 2026-11-23 o 23/11/2026.")
    return _EXCEL_ZERO + timedelta(days=int(number))


def _no_period(value: object) -> DateError:
    return DateError(f"No se entiende {_shown(value)} como periodo. Escríbalo así: 2026-11 o 11/2026.")


def _shown(value: object) -> str:
    text = "vacío" if value is None or value == "" else str(value)
    return f"«{text[:40]}{'…' if len(text) > 40 else ''}»"
