"""What an uploaded workbook must be before anything opens it: looked at by its bytes, a piece at a time, in little memory.

Each kind of bad file has its own sentence. Nothing here understands a cell; what passes is read by workbook.py.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import IO
from xml.etree import ElementTree  # noqa: S405  (of small parts, in which a DTD was refused)

from django.utils.translation import gettext as _

from clientarea.importing.workbook import BookError, SheetSpec, not_a_workbook

MOST_ROWS = 80_000  # a sheet, on screen; the command takes more
MOST_COLUMNS = 100
MOST_BYTES = 250 * 1024 * 1024  # unpacked
MOST_PARTS = 1000
SMALL = 4 * 1024 * 1024  # what a part that is read whole may weigh
_PIECE = 1024 * 1024
_OLD = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CELL = re.compile(
    rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="(?P<column>[A-Z]{1,3})(?P<row>[0-9]{1,7})"[^>]*(?<!/)>|<(?:\w+:)?f(?P<formula>[\s>/])'
)
# XML whose root begins at once: where that is so, no definitions can follow. Comments and instructions may come before.
_PLAIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?(?:(?!\?>).)*\?>\s*|<!--(?:(?!-->).)*-->\s*)*<[A-Za-z_]", re.DOTALL)
_BEFORE = b"\xef\xbb\xbf\xfe\xff\0 \t\r\n"  # marks of an encoding, and blanks


def inspect(stream: IO[bytes], specs: Sequence[SheetSpec]) -> None:
    """Make sure that `stream` may be opened as a workbook with the sheets `specs`. Raises BookError, saying what to do."""
    stream.seek(0)
    start = stream.read(8)
    if start.startswith(_OLD):
        raise _old(stream)
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as packed:
            _parts(packed)
            for title, part in _sheets(packed, specs):
                _scan(packed, part, title)
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, KeyError, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise not_a_workbook() from error
    finally:
        stream.seek(0)


def _old(stream: IO[bytes]) -> BookError:
    stream.seek(0)
    if _ENCRYPTED in stream.read():
        return BookError(
            _("El libro está protegido con contraseña. Quítela en Excel (Archivo, Información, Proteger libro) y cárguelo de nuevo.")
        )
    return BookError(_("El archivo es de un Excel antiguo (.xls). Ábralo y guárdelo como «Libro de Excel (.xlsx)»."))


def _parts(packed: zipfile.ZipFile) -> None:
    parts = packed.infolist()
    names = {part.filename.lower() for part in parts}
    if "[content_types].xml" not in names or "xl/workbook.xml" not in names:
        raise not_a_workbook()
    if any(part.flag_bits & 1 for part in parts):
        raise BookError(_("El archivo está cifrado. Guárdelo sin contraseña y cárguelo de nuevo."))
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
        raise BookError(
            _("El archivo es demasiado grande: desempaquetado supera %s MB. Divídalo en varios libros.") % (MOST_BYTES // 1024**2)
        )
    types = _small(packed, "[Content_Types].xml")
    if b"macroEnabled" in types or any(name.endswith("vbaproject.bin") for name in names):
        raise BookError(_("El libro tiene macros. Guárdelo como «Libro de Excel (.xlsx)», sin macros, y cárguelo de nuevo."))
    if any(name.startswith(("xl/externallinks/", "xl/connections")) for name in names):
        raise BookError(
            _("El libro está enlazado con otros archivos. En Excel: Datos, Editar vínculos, Romper vínculo; guárdelo y cárguelo de nuevo.")
        )
    if any(name.startswith(("xl/embeddings/", "xl/activex/")) for name in names):
        raise BookError(_("El libro lleva otros archivos o controles incrustados. Quítelos y cárguelo de nuevo."))
    no_definitions(packed)


def no_definitions(packed: zipfile.ZipFile) -> None:
    """Make sure that no part brings definitions of its own, which could unfold without end. Raises BookError. What a part is
    follows from the list of contents, not from its name's ending: whatever looks like XML is looked at."""
    for entry in packed.infolist():
        with packed.open(entry) as part:
            head = part.read(4096)
        is_xml = entry.filename.lower().endswith((".xml", ".rels")) or head.lstrip(_BEFORE).startswith(b"<")
        if head and is_xml and (b"\0" in head or not _PLAIN.match(head)):
            raise not_a_workbook()


def _sheets(packed: zipfile.ZipFile, specs: Sequence[SheetSpec]) -> Iterator[tuple[str, str]]:
    """Title and part of each sheet of the book; what other sheets hold is not looked at, because nothing reads it."""
    relations = {
        node.get("Id"): node.get("Target") or ""
        for node in ElementTree.fromstring(_small(packed, "xl/_rels/workbook.xml.rels"))  # noqa: S314
    }
    ours = {name for spec in specs for name in spec.keys}
    for node in ElementTree.fromstring(_small(packed, "xl/workbook.xml")).iter():  # noqa: S314
        if not node.tag.endswith("}sheet") and node.tag != "sheet":
            continue
        title = node.get("name") or ""
        target = relations.get(next((value for key, value in node.attrib.items() if key.endswith("}id")), ""), "")
        if SheetSpec.key(title) in ours and target:
            yield title, target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")


def _scan(packed: zipfile.ZipFile, part: str, title: str) -> None:
    rows, last, at = 0, b"", b"A1"
    for piece in _pieces(packed, part):
        for found in _CELL.finditer(piece):
            if found["formula"]:
                raise BookError(
                    _("La hoja «%(sheet)s» tiene fórmulas (la primera, en %(cell)s). Cópiela y péguela como valores, y cárguela de nuevo.")
                    % {"sheet": title, "cell": at.decode()}
                )
            at = found["column"] + found["row"]
            if _number(found["column"]) > MOST_COLUMNS:
                raise BookError(
                    _("La hoja «%(sheet)s» tiene más de %(most)s columnas. Deje solo las del libro: descargue la plantilla para verlas.")
                    % {"sheet": title, "most": MOST_COLUMNS}
                )
            if found["row"] != last:
                rows, last = rows + 1, found["row"]
                if rows > MOST_ROWS:
                    raise BookError(
                        _("La hoja «%(sheet)s» tiene más de %(most)s filas. Divida el libro en varios y cárguelos uno por uno.")
                        % {"sheet": title, "most": f"{MOST_ROWS:,}".replace(",", ".")}
                    )


def _pieces(packed: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A part in pieces that end where a tag ends."""
    rest = b""
    with packed.open(part) as stream:
        while piece := stream.read(_PIECE):
            piece = rest + piece
            end = piece.rfind(b">") + 1
            if len(piece) - end > SMALL:
                raise not_a_workbook()
            rest = piece[end:]
            yield piece[:end]


def _small(packed: zipfile.ZipFile, name: str) -> bytes:
    if packed.getinfo(name).file_size > SMALL:
        raise not_a_workbook()
    data = packed.read(name)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise not_a_workbook()
    return data


def _number(column: bytes) -> int:
    number = 0
    for letter in column:
        number = number * 26 + letter - 64
    return number
