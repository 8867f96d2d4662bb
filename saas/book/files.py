"""Workbooks to take away: the whole book, the same workbook with what became of each row, and an empty one with explanations.

The first two are made by a job into the agency's storage, and of each kind the newest is kept; the empty one is made at once.
"""

from __future__ import annotations

import io
import secrets
import tempfile
from datetime import datetime
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from clientarea.importing.report import Fate
from clientarea.importing.workbook import SheetSpec
from clientarea.models import BookFile, BookFileKind, BookImport, BookLine
from saas.accounts.models import User
from saas.audit.changes import record
from saas.book.export import append, export, open_sheet
from saas.book.hints import ABOUT, HINTS
from saas.book.loading import SHEETS
from saas.jobs.defer import defer
from saas.lib.progress import Progress, teller
from tenants.replica import reading_reports

FATES = {
    Fate.CREATED: gettext_lazy("Nueva"), Fate.UPDATED: gettext_lazy("Cambia"), Fate.UNCHANGED: gettext_lazy("Sin cambios"),
    Fate.REJECTED: gettext_lazy("Rechazada"),
}  # fmt: skip
RESULT, ERRORS = "Resultado", "Errores"
EXPLANATION = "Explicación"


def ask(kind: BookFileKind, *, book: BookImport | None, by: User, now: datetime) -> BookFile:
    """Ask for a workbook. One that is being made already is the one."""
    with transaction.atomic():
        under_way = BookFile.objects.filter(kind=kind, book=book, ready_at=None).first()
        if under_way is not None:
            return under_way
        file = BookFile.objects.create(kind=kind, book=book, asked_by_name=by.name, asked_at=now)
        record("book_file", file.pk, before={}, after={"kind": kind.label}, by=by, now=now)
        defer("book.file", str(file.pk), now=now, file_id=file.pk)
    return file


def make(file_id: int, *, now: datetime) -> None:
    """Make a workbook that was asked for, and put away the one before. Safe to repeat."""
    file = BookFile.objects.select_related("book").filter(pk=file_id, ready_at=None).first()
    if file is None:
        return
    with tempfile.TemporaryFile() as out:
        tell = teller(f"file:{file.pk}", _("Preparando"))
        if file.book is None:
            with reading_reports():
                export(out, now=now, progress=tell)
        else:
            with_errors(file.book, out, progress=tell)
        size = out.tell()
        out.seek(0)
        path = default_storage.save(f"libro/{secrets.token_hex(16)}.xlsx", File(out))
    with transaction.atomic():
        made = BookFile.objects.filter(pk=file_id, ready_at=None).update(path=path, size=size, ready_at=now)
        older = BookFile.objects.filter(kind=file.kind, pk__lt=file_id).exclude(path="")
        gone = [*older.values_list("path", flat=True)] if made else [path]
        if made:
            older.delete()
    for name in gone:
        default_storage.delete(name)


def with_errors(book: BookImport, out: IO[bytes], *, progress: Progress) -> None:
    """The workbook of an import as it came, with two columns more: what becomes of each row, and why."""
    said: dict[str, dict[int, tuple[str, str]]] = {}
    for sheet, row, fate, problems in BookLine.objects.filter(book=book).values_list("sheet", "row", "fate", "problems").iterator(2000):
        why = "; ".join(f"{column}: {reason}" for column, reason, _kind in problems)
        said.setdefault(sheet, {})[row] = (str(FATES[Fate(fate)]), why)
    total = sum(counts[0] for counts in book.counts.values())
    done = 0
    copy = Workbook(write_only=True)
    with default_storage.open(book.path, "rb") as stream:
        original = load_workbook(stream, read_only=True, data_only=True)
        for source in original.worksheets:
            spec = next((spec for spec in SHEETS if SheetSpec.key(source.title) in spec.keys), None)
            target = copy.create_sheet(source.title)
            source.reset_dimensions()
            width = 0
            for number, line in enumerate(source.iter_rows(), start=1):
                cells = [_copied(target, cell) for cell in line]
                filled = any(cell is not None for cell in cells)
                if spec is not None and filled and not width:
                    width = len(cells)
                    cells += [RESULT, ERRORS]
                elif spec is not None and filled:
                    cells += [None] * (width - len(cells))
                    cells += said.get(spec.name, {}).get(number, (str(FATES[Fate.UNCHANGED]), ""))
                    done += 1
                    progress(min(done, total), total)
                target.append(cells)
        original.close()
    copy.save(out)


def template() -> bytes:
    """An empty book: each sheet with its titles, and a page that explains them."""
    book = Workbook(write_only=True)
    notes = open_sheet(book, EXPLANATION, (_("Hoja"), _("Columna"), _("¿Obligatoria?"), _("Qué se escribe"), _("También se reconoce como")), width=34)
    for spec in SHEETS:
        append(notes, (spec.name, "", "", ABOUT[spec.name], ", ".join(spec.names)))
        for column in spec.columns:
            needed = _("No") if column in spec.optional else _("Sí")
            append(notes, (spec.name, column, needed, HINTS[spec.name, column], ", ".join(spec.also.get(column, ()))))
    for spec in SHEETS:
        open_sheet(book, spec.name, spec.columns)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _copied(sheet: Any, cell: Any) -> Any:
    if cell.value is None:
        return None
    copy = WriteOnlyCell(sheet, cell.value)
    if isinstance(cell.value, str):
        copy.data_type = "s"  # a text that begins with = stays a text
    elif cell.number_format != "General":
        copy.number_format = cell.number_format
    return copy
