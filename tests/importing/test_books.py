"""Files that cannot be used, the command, queries by the chunk, and walls: what is not about one sheet."""

from __future__ import annotations

import io
import zipfile
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clientarea.importing import store, workbook
from clientarea.importing.report import Fate
from clientarea.models import Client
from payments import importing
from payments.models import Invoice
from saas.book.loading import BookError, import_book
from tenants import context
from tenants.models import Agency
from tests.importing.books import OSCAR, RITA, Book, assert_money_is_true, counts, dump, load
from tests.world import NOW


@pytest.fixture
def book() -> Book:
    return Book()


def refused(path: Path, agency: Agency) -> str:
    """The reason why a file is refused, having seen that nothing changed."""
    before = dump()
    with pytest.raises(BookError) as caught:
        import_book(path, agency=agency, dry_run=False, now=NOW)
    assert dump() == before
    return str(caught.value)


def test_not_a_file(inside_alfa: Agency, tmp_path: Path) -> None:
    assert refused(tmp_path / "nada.xlsx", inside_alfa) == f"No existe el archivo «{tmp_path / 'nada.xlsx'}»."
    assert refused(tmp_path, inside_alfa).startswith("No se puede leer el archivo")


@pytest.mark.parametrize("content", [b"", b"Documento;Nombre\n1;Rita\n", b"\xd0\xcf\x11\xe0" + b"\0" * 600])
def test_not_a_workbook(inside_alfa: Agency, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "libro.xlsx"
    path.write_bytes(content)
    assert refused(path, inside_alfa) == "El archivo no es un libro de Excel (.xlsx) que se pueda abrir. No se cambió nada."


def test_a_zip_of_something_else_and_a_broken_workbook(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    path = tmp_path / "libro.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("hola.txt", "hola")
    assert "no es un libro de Excel" in refused(path, inside_alfa)
    whole = book.save(path).read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(path, "w") as packed:
        for name in source.namelist():
            data = source.read(name)
            packed.writestr(name, data[: len(data) // 2] if name.endswith("sheet4.xml") else data)
    assert "no es un libro de Excel" in refused(path, inside_alfa)


def test_a_file_that_unpacks_to_too_much(inside_alfa: Agency, tmp_path: Path, book: Book, monkeypatch: Any) -> None:
    monkeypatch.setattr(workbook, "MOST_BYTES", 1000)
    assert "demasiado grande" in refused(book.save(tmp_path / "libro.xlsx"), inside_alfa)


def test_too_many_rows(inside_alfa: Agency, tmp_path: Path, book: Book, monkeypatch: Any) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    assert refused(book.save(tmp_path / "libro.xlsx"), inside_alfa) == "La hoja «Facturas» tiene más de 2 filas: divídala."


def test_what_lacks_is_named(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    del book.rows["Egresos"], book.rows["Inmuebles"]
    book.columns["Pagos"][1] = "Cuándo"
    book.columns["Facturas"][13] = "Suma"
    assert refused(book.save(tmp_path / "libro.xlsx"), inside_alfa) == (
        "El libro no se puede usar: falta la hoja «Inmuebles»; la hoja «Egresos»; la columna «Total» en la hoja «Facturas»; "
        "la columna «Fecha» en la hoja «Pagos». No se cambió nada."
    )


def test_titles_in_any_case_order_and_place(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    for name, columns in book.columns.items():
        book.columns[name] = [f"  {column.upper()} ".replace("Ú", "U").replace("Ó", "O") for column in reversed(columns)] + ["Notas"]
        book.rows[name] = [[], *[[*reversed(row), "algo"] for row in book.rows[name]], [None, "  "]]
    book.rows = {f" {name.upper()}": rows for name, rows in book.rows.items()}
    book.columns = {f" {name.upper()}": columns for name, columns in book.columns.items()}
    report = load(book, inside_alfa, tmp_path)
    assert report.problems == []
    assert [report.sheets[name].rows_in for name in ("Terceros", "Facturas", "Egresos")] == [2, 3, 1]
    assert Client.objects.get(document=RITA).name == "Rita Arrendataria"


def test_a_failure_undoes_everything(inside_alfa: Agency, tmp_path: Path, book: Book, monkeypatch: Any) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("in the middle")

    before = dump()
    monkeypatch.setattr(importing, "_deduct_commissions", fail)
    with pytest.raises(RuntimeError):
        load(book, inside_alfa, tmp_path)
    assert dump() == before


def test_every_row_has_a_fate_or_nothing_is_kept(inside_alfa: Agency, tmp_path: Path, book: Book, monkeypatch: Any) -> None:
    monkeypatch.setattr("saas.book.loading.import_payouts", lambda *args, **kwargs: None)
    with pytest.raises(AssertionError, match="Egresos: 1 rows read, 0 accounted for"):
        load(book, inside_alfa, tmp_path)
    assert Client.objects.count() == 0


def test_an_open_file_and_progress(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    seen: list[tuple[int, int]] = []
    with book.save(tmp_path / "libro.xlsx").open("rb") as file:
        import_book(file, agency=inside_alfa, dry_run=False, now=NOW, progress=lambda begun, total: seen.append((begun, total)))
    assert seen == [(n, 9) for n in range(1, 10)]


def test_the_other_agency_sees_nothing(alfa: Agency, beta: Agency, tmp_path: Path, book: Book) -> None:
    load(book, alfa, tmp_path)  # from public
    with context.in_agency(beta):
        assert (Client.objects.count(), Invoice.objects.count()) == (0, 0)
    with context.in_agency(alfa):
        assert (Client.objects.count(), Invoice.objects.count()) == (2, 3)


def big(size: int) -> Book:
    """A workbook of `size` people who rent, each with two invoices, a payment, a commission and a payout."""
    book = Book()
    for n in range(10, 10 + size):
        renter = str(5_000_000 + n)
        book.person(renter, f"Inquilino {n}")
        book.unit(f"IN-{n}", f"{OSCAR}:100%")
        book.lease(f"CA-{n}", f"IN-{n}", renter)
        book.invoice(n, f"CA-{n}", renter, state="Pagada")
        book.invoice(10_000 + n, f"CA-{n}", renter)
        book.commission(n, f"CA-{n}", OSCAR)
        book.payment(f"RC-{n}", renter, f"FA-{n}")
        book.payout(f"CE-{n}", OSCAR, f"CA-{n}")
    return book


def queries(book: Book, agency: Agency, tmp_path: Path) -> int:
    with CaptureQueriesContext(connection) as captured:
        load(book, agency, tmp_path)
    return len(captured)


def test_queries_do_not_grow_with_the_rows(alfa: Agency, beta: Agency, tmp_path: Path) -> None:
    small, large = big(20), big(40)
    first = queries(small, alfa, tmp_path)
    assert queries(large, beta, tmp_path) == first
    assert first <= 45
    for book in (small, large):
        for row in range(2, len(book.rows["Facturas"]) + 2):
            book.change("Facturas", row, "Concepto", "Otro concepto")
        for row in range(2, len(book.rows["Terceros"]) + 2):
            book.change("Terceros", row, "Ciudad", "Pereira")
    assert queries(small, alfa, tmp_path) == queries(large, beta, tmp_path) <= 45


def test_queries_grow_by_chunks_only(alfa: Agency, beta: Agency, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(store, "CHUNK", 20)
    first, second = queries(big(40), alfa, tmp_path), queries(big(80), beta, tmp_path)
    # Forty more of everything is two more chunks for each of a dozen kinds of rows, some of them doubled.
    assert 0 < second - first <= 60


def test_the_command(alfa: Agency, tmp_path: Path, book: Book) -> None:
    row = book.person(None, "Sin Documento")
    path = book.save(tmp_path / "libro.xlsx")
    out = io.StringIO()
    call_command("import_book", str(path), "--agency", "alfa", "--dry-run", stdout=out)
    with context.in_agency(alfa):
        assert Client.objects.count() == 0
    assert "Simulación, nada se guardó" in out.getvalue()
    out = io.StringIO()
    call_command("import_book", str(path), "--agency", "alfa", stdout=out)
    assert out.getvalue().splitlines() == [
        "Hoja            Filas   Creadas  Actualizadas  Sin cambios  Rechazadas",
        "Terceros            3         2             0            0           1",
        "Inmuebles           1         1             0            0           0",
        "Contratos           1         1             0            0           0",
        "Facturas            3         3             0            0           0",
        "Pagos               1         1             0            0           0",
        "Egresos             1         1             0            0           0",
        f"Rechazada: Terceros, fila {row}, «Documento»: No se entiende «vacío» como número de documento. Escríbalo así: 1007975904.",
        "10 filas · creadas 9 · actualizadas 0 · sin cambios 0 · rechazadas 1 · avisos 0",
    ]
    with context.in_agency(alfa):
        assert Client.objects.count() == 2


@pytest.mark.parametrize(
    ("agency", "lacking", "reason"),
    [
        ("alfa", "Pagos", "falta la hoja «Pagos»"),
        ("nadie", None, "No hay una inmobiliaria con el subdominio «nadie»"),
    ],
)
def test_the_command_refuses(alfa: Agency, tmp_path: Path, book: Book, agency: str, lacking: str | None, reason: str) -> None:
    if lacking:
        del book.rows[lacking]
    with pytest.raises(CommandError, match=reason) as caught:
        call_command("import_book", str(book.save(tmp_path / "libro.xlsx")), "--agency", agency)
    assert caught.value.returncode == 1
    with context.in_agency(alfa):
        assert Client.objects.count() == 0


def test_counts_are_of_the_file_not_of_what_was_there(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    later = Book()
    for sheet in later.rows.values():
        sheet.clear()
    assert set(counts(load(later, inside_alfa, tmp_path)).values()) == {(0, 0, 0, 0)}
    assert Client.objects.count() == 2


def test_no_cell_stops_an_import(inside_alfa: Agency, tmp_path: Path) -> None:
    strange = [
        True, -1, 1.5, 10**20, 1e300, date(1899, 12, 31), time(3, 4), timedelta(days=2), "=1+1", "x" * 500, "#REF!", ":", ";", "-",
        "🏠", "1" * 30, "\u202e1", None, "%", "'; DROP TABLE x", "9" * 400,
    ]  # fmt: skip
    book = Book()
    for name, columns in book.columns.items():
        right = list(book.rows[name][0])
        for place in range(len(columns)):
            for value in strange:
                book.rows[name].append([*right[:place], value, *right[place + 1 :]])
    report = load(book, inside_alfa, tmp_path)
    assert report.rows_in == 9 + sum(map(len, book.columns.values())) * len(strange)
    assert {name: sum(four) for name, four in counts(report).items()} == {name: s.rows_in for name, s in report.sheets.items()}
    assert_money_is_true()
    before = dump()
    assert load(book, inside_alfa, tmp_path).count(Fate.CREATED) == 0
    assert dump() == before
