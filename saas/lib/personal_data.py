"""What is held about a person: each app says its part here, so that the whole can be shown and handed over.

An app with personal data has a module `personal_data` with functions marked @holds; they are found at start, whatever layer
the app is in. A function gets the account and returns what is held of that account alone: rows not read yet, and what each
says, a dict from Spanish labels to plain values (texts, numbers, dates). Secrets (passwords, codes, keys) are never among them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, QuerySet, Value

Row = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """One kind of data of one person: `found`, in its order and not read yet, and what a row `says`."""

    found: QuerySet[Any]
    says: Callable[[Any], Row]


Gather = Callable[[Any], Held]


@dataclass(frozen=True)
class Section:
    """One kind of data: `key` in the JSON and in addresses, `title` on the page, and how many rows of one person there are."""

    key: str
    title: str
    count: int
    held: Held

    def rows(self, first: int = 0, most: int | None = None) -> list[Row]:
        """The rows from `first` on, `most` of them at most; all if it does not say."""
        return [self.held.says(row) for row in self.held.found[first : None if most is None else first + most]]


_HOLDERS: dict[str, tuple[int, str, Gather]] = {}


def holds(key: str, title: str, *, order: int) -> Callable[[Gather], Gather]:
    """Register the decorated function for the section `key`. Sections are shown by `order`."""

    def register(gather: Gather) -> Gather:
        if key in _HOLDERS:
            raise RuntimeError(f"two holders of {key}")
        _HOLDERS[key] = (order, title, gather)
        return gather

    return register


def sections(user: Any) -> list[Section]:
    """All that is held about the account `user`: its sections with how many rows each has, in one statement; no row is read."""
    held = {key: (title, gather(user)) for key, (_order, title, gather) in sorted(_HOLDERS.items(), key=lambda item: item[1][0])}
    counted = [
        one.found.order_by().prefetch_related(None).select_related(None)
        .annotate(section=Value(key, output_field=CharField())).values("section").annotate(rows=Count("pk")).values_list("section", "rows")
        for key, (_title, one) in held.items()
    ]  # fmt: skip
    counts = dict(counted[0].union(*counted[1:], all=True)) if counted else {}
    return [Section(key, title, counts.get(key, 0), one) for key, (title, one) in held.items()]
