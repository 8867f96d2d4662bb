"""How the cases of a month went: received, answered, in time, after how many business days; by kind and by subject.

A case belongs to the month in which it was received. Two queries, however many cases. Nothing here names a client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from pqrs.models import Case, CaseKind, CaseSubject

MONTHS = 12


@dataclass(frozen=True)
class Row:
    """Counts of some cases. `late` were answered late or wait beyond their term; `days` is the sum of business days."""

    label: str
    received: int = 0
    answered: int = 0
    in_time: int = 0
    late: int = 0
    days: int = 0
    rated: int = 0
    stars: int = 0

    @property
    def percent(self) -> int | None:
        """In time, of those whose term has been met or missed."""
        judged = self.in_time + self.late
        return round(100 * self.in_time / judged) if judged else None

    @property
    def average_days(self) -> float | None:
        """Business days to the first answer."""
        return round(self.days / self.answered, 1) if self.answered else None

    @property
    def average_rating(self) -> float | None:
        """From 1 to 5."""
        return round(self.stars / self.rated, 1) if self.rated else None


@dataclass(frozen=True)
class Report:
    """A month as a whole, and by kind and subject (only those that had cases)."""

    month: date
    total: Row
    kinds: tuple[Row, ...]
    subjects: tuple[Row, ...]


_COUNTS: dict[str, Callable[[date], Any]] = {
    "received": lambda today: Count("pk"),
    "answered": lambda today: Count("first_answered_on"),
    "in_time": lambda today: Count("pk", filter=Q(first_answer_in_time=True)),
    "late": lambda today: Count("pk", filter=Q(first_answer_in_time=False) | Q(first_answered_on=None, due_on__lt=today)),
    "days": lambda today: Sum("first_answer_days", default=0),
    "rated": lambda today: Count("rating"),
    "stars": lambda today: Sum("rating", default=0),
}


def month_report(month: date, *, today: date) -> Report:
    """The cases received in the month of `month`, as they stand today."""
    first = month.replace(day=1)
    received = Case.objects.filter(received_on__gte=first, received_on__lt=_next(first)).order_by()
    found: list[Any] = list(received.values("kind", "subject").annotate(**_counts(today)))
    return Report(
        month=first,
        total=_sum("Total", found),
        kinds=tuple(_sum(str(kind.label), rows) for kind in CaseKind if (rows := [row for row in found if row["kind"] == kind])),
        subjects=tuple(_sum(str(one.label), rows) for one in CaseSubject if (rows := [row for row in found if row["subject"] == one])),
    )


def last_months(month: date, *, today: date) -> list[tuple[date, Row]]:
    """The twelve months up to that of `month`, the newest first; those without cases have zeros."""
    months = [month.replace(day=1)]
    while len(months) < MONTHS:
        months.append(_previous(months[-1]))
    received = Case.objects.filter(received_on__gte=months[-1], received_on__lt=_next(months[0]))
    found = received.order_by().annotate(month=TruncMonth("received_on")).values("month").annotate(**_counts(today))
    rows = {row["month"]: _sum("", [row]) for row in found}
    return [(one, rows.get(one, Row(""))) for one in months]


def _counts(today: date) -> dict[str, Any]:
    return {name: make(today) for name, make in _COUNTS.items()}


def _sum(label: str, rows: list[Any]) -> Row:
    return Row(label, **{name: sum(row[name] for row in rows) for name in _COUNTS})


def _next(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _previous(first: date) -> date:
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
