"""From a file to rows: finds the sheets and columns, whatever their case, spaces and accents.

Knows nothing of what the cells mean. A file that cannot be used is refused whole, saying what it lacks; formulas count by
the value that Excel last kept.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError  # noqa: S405  (only its name: openpyxl does the reading)

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from saas.lib.text import fold

MOST_ROWS = 200_000  # a sheet
MOST_BYTES = 500 * 1024 * 1024  # of the whole file, unpacked
_NOISE = re.compile(r"[^a-z0-9]+")


class BookError(ValueError):
    """A file that cannot be used at all. Its message is for people."""


@dataclass(frozen=True)
class SheetSpec:
    """A sheet that a workbook must have, with its columns."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank, by its number in the sheet."""

    number: int
    cells: Mapping[str, Any]


def read_workbook(file: str | Path | IO[bytes], specs: Sequence[SheetSpec]) -> dict[str, list[Row]]:
    """The rows of each sheet of `specs`, in their order. Raises BookError; every sheet and column that lacks is named."""
    with _opened(file) as stream:
        _check_size(stream)
        try:
            return _read(stream, specs)
        except BookError:
            raise
        except (InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, EOFError) as error:
            raise _not_a_workbook() from error


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
        raise _not_a_workbook() from None
    if size > MOST_BYTES:
        raise BookError(_("El archivo es demasiado grande: desempaquetado supera 500 MB."))
    stream.seek(0)


def _read(stream: IO[bytes], specs: Sequence[SheetSpec]) -> dict[str, list[Row]]:
    book = load_workbook(stream, read_only=True, data_only=True)
    try:
        by_name = {_key(name): name for name in book.sheetnames}
        missing = [_("la hoja «%s»") % spec.name for spec in specs if _key(spec.name) not in by_name]
        result: dict[str, list[Row]] = {}
        for spec in specs:
            if _key(spec.name) not in by_name:
                continue
            sheet = book[by_name[_key(spec.name)]]
            if not hasattr(sheet, "reset_dimensions"):  # a sheet that is only a chart
                missing.append(_("filas en la hoja «%s»") % spec.name)
                continue
            sheet.reset_dimensions()  # what a file says of its own size is often wrong
            result[spec.name] = _rows(sheet.iter_rows(values_only=True), spec, missing)
    finally:
        book.close()
    if missing:
        raise BookError(_("El libro no se puede usar: falta %s. No se cambió nada.") % "; ".join(missing))
    return result


def _rows(lines: Iterable[tuple[Any, ...]], spec: SheetSpec, missing: list[str]) -> list[Row]:
    """The rows below the first that is not blank, which names the columns."""
    numbered = enumerate(lines, start=1)
    header: tuple[Any, ...] = next((line for _number, line in numbered if _filled(line)), ())
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        places.setdefault(_key(title), place)
    lacking = [column for column in spec.columns if _key(column) not in places]
    if lacking:
        missing.extend(_("la columna «%(column)s» en la hoja «%(sheet)s»") % {"column": c, "sheet": spec.name} for c in lacking)
        return []
    wanted = [(column, places[_key(column)]) for column in spec.columns]
    rows = []
    for number, line in numbered:
        if not _filled(line):
            continue
        width = len(line)
        rows.append(Row(number, {column: line[place] if place < width else None for column, place in wanted}))
        if len(rows) > MOST_ROWS:
            raise BookError(_("La hoja «%(sheet)s» tiene más de %(most)s filas: divídala.") % {"sheet": spec.name, "most": MOST_ROWS})
    return rows


def _filled(line: tuple[Any, ...]) -> bool:
    return any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in line)


def _key(title: object) -> str:
    return _NOISE.sub("", fold(str(title))) if title is not None else ""


def _not_a_workbook() -> BookError:
    return BookError(_("El archivo no es un libro de Excel (.xlsx) que se pueda abrir. No se cambió nada."))
