"""What became of a workbook: the fate of every row, and what people should look at.

Every row that was read has exactly one fate; `Report.check()` makes sure. A refused row has a reason; a notice is about a
row that was kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _


class Fate(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class ProblemKind(StrEnum):
    """Whether a row was refused, or kept with something to look at."""

    REJECTED = "rejected"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a row of a sheet, in Spanish, for the people of the agency."""

    sheet: str
    row: int
    column: str
    reason: str
    kind: ProblemKind

    def __str__(self) -> str:
        return _("%(sheet)s, fila %(row)s, «%(column)s»: %(reason)s") % {
            "sheet": self.sheet, "row": self.row, "column": self.column, "reason": self.reason,
        }  # fmt: skip


@dataclass(slots=True)
class Made:
    """A row of the database that a row of the workbook wrote: with `before` the fields that it changed, as they were;
    without, all of it is new. `note` says more of it to people."""

    row: int
    kind: str
    thing: Any
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None  # where the thing itself does not say
    note: str = ""


@dataclass
class SheetReport:
    """The rows of one sheet: how many there were, and the fate of each by its number in the workbook."""

    name: str
    rows_in: int
    fates: dict[int, Fate] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    titles: dict[int, str] = field(default_factory=dict)  # what each row is about

    def make(self, row: int, kind: str, thing: Any, *, note: str = "") -> None:
        """A row made something new."""
        self.made.append(Made(row, kind, thing, note=note))

    def change(self, row: int, kind: str, thing: Any, *, before: dict[str, Any], after: dict[str, Any] | None = None) -> None:
        """A row changed the fields `before` of something."""
        if before or after:
            self.made.append(Made(row, kind, thing, before, after))

    def settle(self, row: int, fate: Fate) -> None:
        """Give a row its fate; a later one replaces it."""
        self.fates[row] = fate

    def reject(self, row: int, column: str, reason: str) -> None:
        """Refuse a row, saying why."""
        self.problems.append(Problem(self.name, row, column, reason, ProblemKind.REJECTED))
        self.settle(row, Fate.REJECTED)

    def notice(self, row: int, column: str, reason: str) -> None:
        """Say something about a row that is kept."""
        self.problems.append(Problem(self.name, row, column, reason, ProblemKind.NOTICE))

    def count(self, fate: Fate) -> int:
        """How many rows had that fate."""
        return Counter(self.fates.values())[fate]

    @property
    def created(self) -> int:
        """Rows that made something new."""
        return self.count(Fate.CREATED)

    @property
    def updated(self) -> int:
        """Rows that changed what there was."""
        return self.count(Fate.UPDATED)

    @property
    def unchanged(self) -> int:
        """Rows that said what was known."""
        return self.count(Fate.UNCHANGED)

    @property
    def rejected(self) -> int:
        """Rows that were refused."""
        return self.count(Fate.REJECTED)


@dataclass
class Report:
    """What became of a whole workbook. `dry_run` says that it was tried and undone."""

    sheets: dict[str, SheetReport]
    dry_run: bool
    unread: list[tuple[str, str]] = field(default_factory=list)  # sheets and columns that nobody asked for

    @property
    def problems(self) -> list[Problem]:
        """Everything to look at, in the order of the workbook."""
        return [p for sheet in self.sheets.values() for p in sorted(sheet.problems, key=lambda p: p.row)]

    @property
    def notices(self) -> list[Problem]:
        """The problems of rows that were kept."""
        return [p for p in self.problems if p.kind is ProblemKind.NOTICE]

    @property
    def rows_in(self) -> int:
        """Rows read, in all sheets."""
        return sum(sheet.rows_in for sheet in self.sheets.values())

    def count(self, fate: Fate) -> int:
        """How many rows had that fate, in all sheets."""
        return sum(sheet.count(fate) for sheet in self.sheets.values())

    def summary(self) -> str:
        """One line: how many rows, and what became of them."""
        told = _(
            "%(rows)s filas · creadas %(created)s · actualizadas %(updated)s · sin cambios %(unchanged)s · "
            "rechazadas %(rejected)s · avisos %(notices)s"
        ) % {
            "rows": self.rows_in, "created": self.count(Fate.CREATED), "updated": self.count(Fate.UPDATED),
            "unchanged": self.count(Fate.UNCHANGED), "rejected": self.count(Fate.REJECTED), "notices": len(self.notices),
        }  # fmt: skip
        return _("Simulación, nada se guardó: %s") % told if self.dry_run else told

    def check(self) -> None:
        """Make sure that every row read has one fate. Raises AssertionError: nothing may be kept then."""
        for sheet in self.sheets.values():
            if len(sheet.fates) != sheet.rows_in:
                raise AssertionError(f"{sheet.name}: {sheet.rows_in} rows read, {len(sheet.fates)} accounted for")
