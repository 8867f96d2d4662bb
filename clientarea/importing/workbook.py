"""From a file to rows: finds the sheets and columns, whatever their case, spaces and accents.

Knows nothing of what the cells mean. A file that cannot be used is refused whole, saying what it lacks; formulas count by
the value that Excel last kept.
"""

from __future__ import annotations

import pickle
import re
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError  # noqa: S405  (only its name: openpyxl does the reading)

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from saas.lib.text import fold

MOST_ROWS = 200_000  # a sheet
MOST_BYTES = 500 * 1024 * 1024  # of the whole file, unpacked
# What we write ourselves beside the book (saas/book/files.py): sheets and columns that are no surprise when they come back.
OURS = ("explicacion", "notas", "resultado", "errores")
_NOISE = re.compile(r"[^a-z0-9]+")


class BookError(ValueError):
    """A file that cannot be used at all. Its message is for people."""


@dataclass(frozen=True)
class SheetSpec:
    """A sheet that a workbook must have, with its columns. `also`: other names of a column that people write; `names`: of the
    sheet. A column of `optional` may be missing: then its rows say nothing of it. `told` names what a row is about."""

    name: str
    columns: tuple[str, ...]
    told: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @staticmethod
    def key(title: object) -> str:
        """A title for comparing: without case, accents, spaces and signs."""
        return _NOISE.sub("", fold(str(title))) if title is not None else ""

    @property
    def keys(self) -> tuple[str, ...]:
        """What the sheet may be called, folded; its own name first."""
        return tuple(self.key(name) for name in (self.name, *self.names))

    def keys_of(self, column: str) -> tuple[str, ...]:
        """What a column may be called, folded; its own name first."""
        return tuple(self.key(name) for name in (column, *self.also.get(column, ())))


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank, by its number in the sheet. It keeps its values alone: a workbook has rows by the hundred
    thousand, and all of a sheet have the same columns."""

    number: int
    columns: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def cells(self) -> dict[str, Any]:
        """The values by column."""
        return dict(zip(self.columns, self.values, strict=True))


class Rows:
    """The rows of a sheet, packed: a workbook has cells by the million, and they wait while the sheets before are read."""

    PIECE = 500

    def __init__(self, columns: tuple[str, ...] = ()) -> None:
        self._columns = columns
        self._packed: deque[bytes] = deque()
        self._open: list[tuple[int, tuple[Any, ...]]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, number: int, values: tuple[Any, ...]) -> None:
        """One more."""
        self._open.append((number, values))
        self._count += 1
        if len(self._open) >= self.PIECE:
            self._pack()

    def taken(self) -> Iterator[Row]:
        """Each row once, in order: what was taken is kept no longer."""
        self._pack()
        while self._packed:
            for number, values in pickle.loads(zlib.decompress(self._packed.popleft())):  # noqa: S301  (packed above)
                yield Row(number, self._columns, values)

    def _pack(self) -> None:
        if self._open:
            self._packed.append(zlib.compress(pickle.dumps(self._open, pickle.HIGHEST_PROTOCOL), 1))
            self._open = []


@dataclass
class BookRead:
    """What a workbook says: the rows of each sheet, and the sheets and columns that nobody asked for (sheet, column or "")."""

    rows: dict[str, Rows] = field(default_factory=dict)
    unread: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def read_workbook(file: str | Path | IO[bytes], specs: Sequence[SheetSpec]) -> BookRead:
    """The rows of each sheet of `specs`, in their order. Raises BookError; every sheet and column that lacks is named."""
    with _opened(file) as stream:
        _check_size(stream)
        try:
            return _read(stream, specs)
        except BookError:
            raise
        except (InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, EOFError) as error:
            raise not_a_workbook() from error


@contextmanager
def _opened(file: str | Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if not isinstance(file, str | Path):
        yield file
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115  (closed below; only the opening is guarded)
    except FileNotFoundError:
        raise BookError(_("No existe el archivo «%s».") % file) from None
    except OSError as error:
        raise BookError(_("No se puede leer el archivo «%(file)s»: %(error)s.") % {"file": file, "error": error.strerror}) from error
    with stream:
        yield stream


def _check_size(stream: IO[bytes]) -> None:
    """A small file may unpack to fill the memory: what it declares is looked at before it is opened."""
    try:
        with zipfile.ZipFile(stream) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile:
        raise not_a_workbook() from None
    if size > MOST_BYTES:
        raise BookError(_("El archivo es demasiado grande: desempaquetado supera 500 MB."))
    stream.seek(0)


def _read(stream: IO[bytes], specs: Sequence[SheetSpec]) -> BookRead:
    book = load_workbook(stream, read_only=True, data_only=True)
    read = BookRead()
    try:
        by_name: dict[str, str] = {}
        for name in book.sheetnames:
            by_name.setdefault(SheetSpec.key(name), name)
        used = set()
        for spec in specs:
            called = next((by_name[key] for key in spec.keys if key in by_name), None)
            if called is None:
                read.missing.append(_("la hoja «%s»") % spec.name)
                continue
            used.add(called)
            sheet = book[called]
            if not hasattr(sheet, "reset_dimensions"):  # a sheet that is only a chart
                read.missing.append(_("filas en la hoja «%s»") % spec.name)
                continue
            sheet.reset_dimensions()  # what a file says of its own size is often wrong
            read.rows[spec.name] = _rows(sheet.iter_rows(values_only=True), spec, read)
        read.unread += [(name, "") for name in book.sheetnames if name not in used and SheetSpec.key(name) not in OURS]
    finally:
        book.close()
    if read.missing:
        read.missing.sort(key=lambda told: not told.startswith(_("la hoja")))
        raise BookError(_("El libro no se puede usar: falta %s. No se cambió nada.") % "; ".join(read.missing))
    return read


def _rows(lines: Iterable[tuple[Any, ...]], spec: SheetSpec, read: BookRead) -> Rows:
    """The rows below the first that is not blank, which names the columns."""
    numbered = enumerate(lines, start=1)
    header: tuple[Any, ...] = next((line for _number, line in numbered if _filled(line)), ())
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        places.setdefault(SheetSpec.key(title), place)
    found = {column: next((places[key] for key in spec.keys_of(column) if key in places), None) for column in spec.columns}
    lacking = [column for column, place in found.items() if place is None and column not in spec.optional]
    if lacking:
        read.missing.extend(_("la columna «%(column)s» en la hoja «%(sheet)s»") % {"column": c, "sheet": spec.name} for c in lacking)
        return Rows()
    wanted = [(column, place) for column, place in found.items() if place is not None]
    taken, columns = {place for _column, place in wanted}, tuple(column for column, _place in wanted)
    read.unread += [
        (spec.name, str(title).strip()[:60])
        for place, title in enumerate(header)
        if place not in taken and SheetSpec.key(title) not in ("", *OURS)
    ]
    rows = Rows(columns)
    for number, line in numbered:
        if not _filled(line):
            continue
        width = len(line)
        rows.add(number, tuple(line[place] if place < width else None for _column, place in wanted))
        if len(rows) > MOST_ROWS:
            raise BookError(_("La hoja «%(sheet)s» tiene más de %(most)s filas: divídala.") % {"sheet": spec.name, "most": MOST_ROWS})
    return rows


def _filled(line: tuple[Any, ...]) -> bool:
    return any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in line)


def not_a_workbook() -> BookError:
    """What is said of a file that is nothing we can open."""
    return BookError(_("El archivo no es un libro de Excel (.xlsx) que se pueda abrir. No se cambió nada."))
