"""What an import does, in words and as records: the lines of the preview, their digest, and what an undo needs.

Looked at inside the transaction of the import, where what is new can still be seen. The digest covers every word of every line:
two imports with the same digest do the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import ForeignKey, Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from clientarea.importing import store
from clientarea.importing.report import Fate, Made, Report
from clientarea.models import BookImport, BookLine, BookRecord, Client, Lease, Unit
from saas.lib.clock import month_name, short_date
from saas.lib.money import cop
from saas.lib.phones import pretty

CENT = Decimal("0.01")
HIDDEN = ("folded",)  # follows from the others
LABELS = {
    "unit_id": _lazy("Inmueble"), "renter_id": _lazy("Arrendatario"), "co_renter_id": _lazy("Coarrendatario"),
    "lease_id": _lazy("Contrato"), "client_id": _lazy("Cliente"), "owner_id": _lazy("Propietario"), "document_check": _lazy("DV"),
}  # fmt: skip
# Fields that say nothing of what a book brought: they change by themselves, or are looked at in other ways.
UNMARKED = ("applied", "user", "invited_at", "folded")


class Line(NamedTuple):
    """A line of the preview (BookLine), before it is kept."""

    sheet: str
    row: int
    fate: str
    title: str
    differences: Sequence[list[str]]
    problems: Sequence[list[str]]


@dataclass(frozen=True)
class Outcome:
    """The lines that somebody should see, and the digest of all that is done."""

    lines: list[Line]
    digest: str
    counts: dict[str, list[int]]


def outcome_of(report: Report) -> Outcome:
    """What `report` does, in words. Call it inside the transaction of the import."""
    names = _Names(report)
    lines: list[Line] = []
    digest = hashlib.sha256()
    for sheet in report.sheets.values():
        differences: dict[int, list[list[str]]] = {}
        for made in sheet.made:
            if told := names.differences(made, sheet.fates[made.row]):
                differences.setdefault(made.row, []).extend(told)
        problems: dict[int, list[list[str]]] = {}
        for problem in sheet.problems:
            problems.setdefault(problem.row, []).append([problem.column, problem.reason, problem.kind.value])
        for row, fate in sorted(sheet.fates.items()):
            said: Sequence[list[str]] = differences.get(row, ())
            wrong: Sequence[list[str]] = problems.get(row, ())
            if fate is Fate.UNCHANGED and not said and not wrong:
                continue
            digest.update(json.dumps([sheet.name, row, fate, said, wrong], ensure_ascii=False).encode())
            lines.append(Line(sheet.name, row, fate.value, sheet.titles.get(row, ""), said, wrong))
    counts = {
        sheet.name: [
            sheet.rows_in, sheet.created, sheet.updated, sheet.unchanged, sheet.rejected,
            len({p.row for p in sheet.problems if sheet.fates[p.row] is not Fate.REJECTED}),
        ]
        for sheet in report.sheets.values()
    }  # fmt: skip
    digest.update(json.dumps(counts).encode())
    return Outcome(lines, digest.hexdigest(), counts)


def keep_lines(book: BookImport, outcome: Outcome) -> None:
    """Put the lines of an outcome in the place of those that were there."""
    book.lines.all().delete()
    store.insert(BookLine(book=book, **line._asdict()) for line in outcome.lines)


def keep_records(book: BookImport, report: Report) -> None:
    """Remember everything that an import wrote, after it was written."""
    store.insert(_record(book, made) for sheet in report.sheets.values() for made in sheet.made)


def _record(book: BookImport, made: Made) -> BookRecord:
    if made.before is None and made.after is None:
        return BookRecord(book=book, kind=made.kind, object_id=made.thing.pk, created=True, after={"mark": mark(made.thing)})
    before = made.before or {}
    after = made.after if made.after is not None else {name: getattr(made.thing, name) for name in before}
    return BookRecord(book=book, kind=made.kind, object_id=made.thing.pk, created=False, before=_plain(before), after=_plain(after))


def mark(thing: Model) -> str:
    """A short text that is another as soon as somebody changes a field of `thing`."""
    values = [
        plain(field.to_python(getattr(thing, field.attname)))  # a default may still be 0, where the row says 0.00
        for field in thing._meta.concrete_fields
        if not field.primary_key and field.name not in UNMARKED and not getattr(field, "auto_now_add", False)
    ]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()[:16]


def plain(value: Any) -> str | None:
    """A value as JSON keeps it and as two of them are compared."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return str(value.quantize(CENT))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _plain(values: dict[str, Any]) -> dict[str, str | None]:
    return {name: plain(value) for name, value in values.items()}


class _Names:
    """Values as people read them; of the clients, units and leases that are named, a query for each thousand."""

    def __init__(self, report: Report) -> None:
        asked: dict[type[Model], set[int]] = {Client: set(), Unit: set(), Lease: set()}
        for made in (made for sheet in report.sheets.values() for made in sheet.made):
            if made.kind == "shares":
                asked[Client].update(int(pk) for pk in [*(made.before or ()), *(made.after or ())])
                continue
            for name, value in (made.before or {}).items():
                field = made.thing._meta.get_field(name)
                if isinstance(field, ForeignKey):
                    asked[field.related_model].update(pk for pk in (value, getattr(made.thing, name)) if pk)
        self._names: dict[type[Model], dict[int, str]] = {
            model: {thing.pk: _called(thing) for thing in _found(model, ids)} for model, ids in asked.items()
        }

    def differences(self, made: Made, fate: Fate) -> list[list[str]]:
        """What, before and after, of something that was made or changed."""
        if made.kind == "shares":
            if fate is Fate.CREATED:
                return []
            return [[_("Propietarios"), self._shares(made.before or {}), self._shares(made.after or {})]]
        if made.before is None:
            told = {"payment": _("Se aplica a"), "movement": _("Se descuenta del egreso")}.get(made.kind)
            return [[told, "", made.note]] if told else []
        return [
            [self._label(made.thing, name), self._text(made.thing, name, value), self._text(made.thing, name, getattr(made.thing, name))]
            for name, value in made.before.items()
            if name not in HIDDEN
        ]

    def _label(self, thing: Model, name: str) -> str:
        label = str(LABELS.get(name) or thing._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        return label[:1].upper() + label[1:]

    def _text(self, thing: Model, name: str, value: Any) -> str:
        field: Any = thing._meta.get_field(name)
        if isinstance(value, datetime):  # when it is done depends on when it is confirmed
            return _("Sí")
        if value is None or value == "":
            return ""
        if isinstance(field, ForeignKey):
            return self._names[field.related_model].get(value, str(value))
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(value, Decimal):
            return cop(value) if field.max_digits > 5 else _percent(value)
        if isinstance(value, date):
            return month_name(value) if name == "period" else short_date(value)
        return pretty(value) if name in ("mobile", "landline") else str(value)

    def _shares(self, shares: dict[str, Decimal]) -> str:
        return "; ".join(f"{self._names[Client].get(int(pk), pk)} {_percent(Decimal(share))}" for pk, share in shares.items())


def _found(model: type[Model], ids: Iterable[int]) -> list[Model]:
    return store.found(model._default_manager.all(), "pk", sorted(ids))


def _called(thing: Model) -> str:
    return f"{thing.name} ({thing.document})" if isinstance(thing, Client) else str(thing)


def _percent(value: Decimal) -> str:
    return f"{value.quantize(CENT).normalize():f} %".replace(".", ",")
