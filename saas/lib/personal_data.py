"""What is held about a person: each app says its part here, so that the whole can be shown and handed over.

An app with personal data has a module `personal_data` with functions marked @holds; they are found at start, whatever floor
the app is on. A function gets the account and returns the rows of that account alone, each a dict from Spanish labels to
plain values (texts, numbers, dates). Secrets (passwords, codes, keys) are never among them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Gather = Callable[[Any], list[Row]]


@dataclass(frozen=True)
class Section:
    """One kind of data: `key` in the JSON, `title` on the page, `rows` of one person."""

    key: str
    title: str
    rows: list[Row]


_HOLDERS: dict[str, tuple[int, str, Gather]] = {}


def holds(key: str, title: str, *, order: int) -> Callable[[Gather], Gather]:
    """Register the decorated function for the section `key`. Sections are shown by `order`."""

    def register(gather: Gather) -> Gather:
        if key in _HOLDERS:
            raise RuntimeError(f"two holders of {key}")
        _HOLDERS[key] = (order, title, gather)
        return gather

    return register


def gathered(user: Any) -> list[Section]:
    """Everything that is held about the account `user`, section by section."""
    return [Section(key, title, gather(user)) for key, (_order, title, gather) in sorted(_HOLDERS.items(), key=lambda item: item[1][0])]
