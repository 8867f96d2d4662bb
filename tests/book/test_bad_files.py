"""Files that are no book: each is refused at once, with its own sentence, and nothing of it is kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clientarea.importing import checking
from clientarea.importing.workbook import BookError
from clientarea.models import BookImport
from saas.book.loading import SHEETS
from saas.jobs.models import Job
from tenants import context
from tests.book.steps import upload
from tests.importing.books import RITA, Book
from tests.portal.pages import text_of
from tests.world import Casts


@pytest.fixture
def good(tmp_path: Path) -> bytes:
    return Book().save(tmp_path / "libro.xlsx").read_bytes()


def repacked(data: bytes, change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None) -> bytes:
    """A workbook with some of its parts changed (None: left out) and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in source.namelist():
            part = change(name, source.read(name))
            if part is not None:
                packed.writestr(name, part)
        for name, part in (more or {}).items():
            packed.writestr(name, part)
    return out.getvalue()


def same(name: str, part: bytes) -> bytes:
    return part


def reason(data: bytes) -> str:
    with pytest.raises(BookError) as caught:
        checking.inspect(io.BytesIO(data), SHEETS)
    return str(caught.value)


NOT_A_BOOK = "El archivo no es un libro de Excel (.xlsx) que se pueda abrir. No se cambió nada."


def test_a_good_one_passes(good: bytes) -> None:
    stream = io.BytesIO(good)
    checking.inspect(stream, SHEETS)
    assert stream.tell() == 0


@pytest.mark.parametrize("data", [b"", b"Documento;Nombre\n", b"PK\x03\x04" + b"\0" * 100, b"%PDF-1.4"])
def test_something_else(data: bytes) -> None:
    assert reason(data) == NOT_A_BOOK


def test_a_zip_of_something_else(good: bytes) -> None:
    assert reason(repacked(good, lambda name, part: None, {"hola.txt": b"hola"})) == NOT_A_BOOK
    assert reason(repacked(good, lambda name, part: None if name == "xl/workbook.xml" else part, {"xl/workbook.bin": b"x"})) == NOT_A_BOOK
    assert reason(good[: len(good) // 2]) == NOT_A_BOOK


def test_old_and_encrypted() -> None:
    assert "Excel antiguo (.xls)" in reason(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    assert "protegido con contraseña" in reason(b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"))


def test_macros(good: bytes) -> None:
    assert "tiene macros" in reason(repacked(good, same, {"xl/vbaProject.bin": b"x"}))
    macro = repacked(good, lambda name, part: part.replace(b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"))
    assert "tiene macros" in reason(macro)


def test_links_and_passengers(good: bytes) -> None:
    assert "enlazado con otros archivos" in reason(repacked(good, same, {"xl/externalLinks/externalLink1.xml": b"<x/>"}))
    assert "enlazado con otros archivos" in reason(repacked(good, same, {"xl/connections.xml": b"<x/>"}))
    assert "incrustados" in reason(repacked(good, same, {"xl/embeddings/oleObject1.bin": b"x"}))


def test_a_bomb(good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = repacked(good, same, {"xl/media/image1.bin": b"\0" * 3_000_000})
    assert len(bomb) < 30_000
    monkeypatch.setattr(checking, "MOST_BYTES", 2_000_000)
    assert "demasiado grande: desempaquetado" in reason(bomb)
    monkeypatch.setattr(checking, "MOST_BYTES", 10**9)
    monkeypatch.setattr(checking, "MOST_PARTS", 20)
    assert "demasiado grande" in reason(repacked(good, same, {f"xl/media/{n}": b"x" for n in range(20)}))


def test_xml_that_unfolds(good: bytes) -> None:
    laugh = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert reason(repacked(good, lambda name, part: laugh if name.endswith("sheet2.xml") else part)) == NOT_A_BOOK
    assert reason(repacked(good, lambda name, part: part.decode().encode("utf-16") if name.endswith("sheet2.xml") else part)) == NOT_A_BOOK


def test_formulas(tmp_path: Path) -> None:
    book = Book()
    book.change("Facturas", 3, "Total", "=J3+K3")
    data = book.save(tmp_path / "libro.xlsx").read_bytes()
    assert reason(data) == "La hoja «Facturas» tiene fórmulas (la primera, en N3). Cópiela y péguela como valores, y cárguela de nuevo."


def test_formulas_where_nobody_reads_are_nobodys_business(tmp_path: Path) -> None:
    book = Book()
    book.columns["Resumen"], book.rows["Resumen"] = ["Suma"], [["=1+1"]]
    checking.inspect(io.BytesIO(book.save(tmp_path / "libro.xlsx").read_bytes()), SHEETS)


def test_two_hundred_columns(tmp_path: Path) -> None:
    book = Book()
    book.columns["Pagos"] += [f"Columna {n}" for n in range(200)]
    assert reason(book.save(tmp_path / "libro.xlsx").read_bytes()).startswith("La hoja «Pagos» tiene más de 100 columnas.")


def test_a_hundred_thousand_rows(good: bytes) -> None:
    rows = b"".join(b'<row r="%d"><c r="A%d" t="n"><v>1</v></c></row>' % (n, n) for n in range(1, 100_001))
    sheet = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + rows
    data = repacked(good, lambda name, part: sheet + b"</sheetData></worksheet>" if name.endswith("sheet1.xml") else part)
    assert reason(data) == "La hoja «Terceros» tiene más de 80.000 filas. Divida el libro en varios y cárguelos uno por uno."


def test_blank_cells_with_a_colour_do_not_count(good: bytes) -> None:
    styled = b"".join(b'<row r="%d" s="1"><c r="ZZ%d" s="1"/></row>' % (n, n) for n in range(100, 300))
    checking.inspect(
        io.BytesIO(
            repacked(good, lambda name, part: part.replace(b"</sheetData>", styled + b"</sheetData>") if name.endswith("sheet1.xml") else part)
        ),
        SHEETS,
    )


def test_by_the_page_nothing_is_kept(casts_alfa: Any, good: bytes, settings: Any, tmp_path: Path) -> None:
    cast, sara = casts_alfa
    settings.MEDIA_ROOT = tmp_path / "media"
    answer = upload(sara, b"x", "libro.csv")
    assert (answer.status_code, NOT_A_BOOK in text_of(answer)) == (422, True)
    answer = upload(sara, repacked(good, same, {"xl/vbaProject.bin": b"x"}), "libro.xlsm")
    assert "tiene macros" in text_of(answer)
    settings.UPLOAD_FILE_BYTES = 100
    answer = upload(sara, good)
    assert "pesa más de" in text_of(answer)
    assert "Elija un archivo." in text_of(sara.post("/oficina/libro/cargar/"))
    with context.in_agency(cast.agency):
        assert (BookImport.objects.count(), Job.objects.count()) == (0, 0)
    assert not (tmp_path / "media").exists() or not any(path.is_file() for path in (tmp_path / "media").rglob("*"))


@pytest.fixture
def casts_alfa(cast: Casts, browse: Any) -> Any:
    return cast.alfa, browse(cast.alfa.agency, cast.alfa.sara)


def test_what_lacks_is_said_on_the_page(casts_alfa: Any, tmp_path: Path, settings: Any) -> None:
    from tests.book.steps import work

    cast, sara = casts_alfa
    settings.MEDIA_ROOT = tmp_path / "media"
    book = Book()
    book.columns["Pagos"][1] = "Cuándo"
    del book.rows["Egresos"]
    book.person("99", RITA)
    answer = sara.post("/oficina/libro/cargar/", {"file": SimpleUploadedFile("l.xlsx", book.save(tmp_path / "l.xlsx").read_bytes())})
    with context.in_agency(cast.agency):
        assert work() == 1
        made = BookImport.objects.get()
        assert (made.state, made.busy, made.path) == ("refused", None, "")
    assert "falta la hoja «Egresos»; la columna «Fecha» en la hoja «Pagos»" in text_of(sara.get(answer["Location"]))
