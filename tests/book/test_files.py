"""Workbooks to take away: the whole book comes back to the same data cell by cell; the one with errors; the template."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as conf
from openpyxl import load_workbook

from clientarea.importing.report import Fate
from clientarea.importing.workbook import SheetSpec
from clientarea.models import BookFile, Client
from payments import credits, reversals, settlement
from payments.manual import ManualPayment
from payments.models import Counter, Invoice, Payment, Receipt
from saas.accounts.models import Role, User
from saas.book.export import export
from saas.book.files import template
from saas.book.hints import ABOUT, HINTS
from saas.book.loading import SHEETS, import_book
from tenants import context
from tenants.models import Agency
from tests.book.steps import Desk, brought, cells_of, made_file, upload, work
from tests.importing.books import OSCAR, RITA, Book, assert_money_is_true, load
from tests.portal.pages import at
from tests.world import NOW, Cast, Casts

DATA = Path(conf.BASE_DIR) / "deploy" / "dev" / "data"
BOOKS = [DATA / "inmobiliaria_del_rio.xlsx", DATA / "inmobiliaria_cordillera.xlsx"]


@pytest.fixture(autouse=True)
def private_files(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def exported() -> bytes:
    """The whole book of the agency that we are inside."""
    out = io.BytesIO()
    export(out, now=NOW, progress=lambda done, total: None)
    return out.getvalue()


def assert_comes_back(alfa: Agency, beta: Agency) -> dict[str, list[tuple[Any, ...]]]:
    """alfa's book, imported into beta, is refused nowhere, and beta's book is the same in each cell. Returns alfa's."""
    with context.in_agency(alfa):
        first = exported()
    with context.in_agency(beta):
        report = import_book(io.BytesIO(first), agency=beta, dry_run=False, now=NOW)
        assert [str(problem) for problem in report.problems if "Sobran" not in problem.reason] == []
        assert_money_is_true()
        second = exported()
    ours = {spec.name for spec in SHEETS}
    there, here = ({name: rows for name, rows in cells_of(data).items() if name in ours} for data in (second, first))
    assert there == here
    with context.in_agency(alfa):
        again = import_book(io.BytesIO(first), agency=alfa, dry_run=True, now=NOW)
    assert [again.count(fate) for fate in (Fate.CREATED, Fate.UPDATED, Fate.REJECTED)] == [0, 0, 0]
    return cells_of(first)


@pytest.mark.parametrize("path", BOOKS, ids=["rio", "cordillera"])
def test_the_demo_agencies_come_back_cell_by_cell(alfa: Agency, beta: Agency, tmp_path: Path, path: Path) -> None:
    load(path, alfa, tmp_path)
    cells = assert_comes_back(alfa, beta)
    assert [len(cells[spec.name]) > 20 for spec in SHEETS] == [True] * 6


def test_what_the_desk_made_comes_back(alfa: Agency, beta: Agency, tmp_path: Path) -> None:
    with context.in_agency(alfa):
        book = Book()
        book.invoice(5, "CA-1", RITA, period="2026-12")
        load(book, alfa, tmp_path)
        sara = User.objects.create_user(username="sara", role=Role.STAFF, name="Sara", email="s@x.example")
        rita = Client.objects.get(document=RITA)
        rita.name, rita.folded = "=1+1", f"=1+1 {RITA}"  # a text, not a formula
        rita.save()
        two, five = Invoice.objects.filter(prefix="FA", number__in=[2, 5]).order_by("number")
        Invoice.objects.create(
            kind="rent", prefix="X", number=1, client=rita, period=date(2026, 11, 1), issued_on=date(2026, 11, 1), due_on=date(2026, 11, 9),
            concept="Daño", base=Decimal("100000.50"), total=Decimal("100000.50"),
        )  # fmt: skip

        def pay(n: int, amount: int, *lines: tuple[Invoice, int]) -> Payment:
            entry = ManualPayment(
                key=UUID(int=n), client=rita, amount=Decimal(amount), means="Efectivo", reference="", paid_on=date(2026, 11, 20),
                lines=tuple((invoice.pk, Decimal(part)) for invoice, part in lines),
            )  # fmt: skip
            return settlement.settle_manual(entry, staff=sara, now=NOW)

        pay(1, 500_000, (five, 300_000), (two, 100_000))
        pay(2, 200_000)
        gone = pay(3, 50_000, (two, 50_000))
        credits.apply_credit(rita, [(five.pk, Decimal(150_000))], key=UUID(int=9), staff=sara, now=NOW)
        reversals.reverse_by_staff(gone.pk, reason="Cheque devuelto", staff=sara, now=NOW)
    cells = assert_comes_back(alfa, beta)
    assert [(row[0], row[1].date(), *row[2:]) for row in cells["Pagos"][1:]] == [
        ("RC-1", date(2026, 10, 5), RITA, "FA-1", 1_200_000, "PSE", "334496987"),
        ("CP-1", date(2026, 11, 20), RITA, "FA-2:100000; FA-5:400000", 500_000, "Efectivo", None),
        ("CP-2", date(2026, 11, 20), RITA, "FA-5:50000", 200_000, "Efectivo", None),
    ]
    assert cells["Terceros"][1][3] == "=1+1"
    assert ("X", 1, "Arrendamiento", "Sin contrato", RITA) in [row[:5] for row in cells["Facturas"]]
    assert [row[0] for row in cells["Notas"]][-1] == "Pagos reversados del todo: 1. No salen en Pagos."
    with context.in_agency(beta):
        assert Counter.objects.get(name="receipt").value == 2  # our own receipts go on after those that came
        assert Receipt.objects.filter(prefix="CP").count() == 2


def test_it_is_made_by_a_job_and_taken_away(cast: Casts, browse: Any, tmp_path: Path) -> None:
    here: Cast = cast.alfa
    sara = Desk(browse(here.agency, here.sara), here.agency)
    assert sara.post(at("desk_book_export")).status_code == 302
    assert sara.post(at("desk_book_export")).status_code == 302  # twice: one file
    page = sara.get(at("desk_book")).content.decode()
    file = BookFile.objects.get()
    assert f'hx-get="{at("desk_book_file", file.pk)}"' in page
    assert sara.get(at("desk_book_download", file.pk)).status_code == 404
    assert work() == 1
    part = sara.get(at("desk_book_file", file.pk)).content.decode()
    assert ("<html" in part, at("desk_book_download", file.pk) in part) == (False, True)
    answer = sara.get(at("desk_book_download", file.pk))
    data = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"].startswith('attachment; filename="libro-')
    assert cells_of(data)["Terceros"][1][:4] == ("CC", "1001", None, "Rita Arrendataria Ñáñez")
    context.leave()
    assert browse(cast.beta.agency, cast.beta.sara).get(at("desk_book_download", file.pk)).status_code == 404


def test_the_same_workbook_with_what_becomes_of_each_row(cast: Casts, browse: Any, tmp_path: Path) -> None:
    here: Cast = cast.alfa
    sara = Desk(browse(here.agency, here.sara), here.agency)
    context.enter(here.agency)
    book = Book()
    book.columns["Terceros"].append("Notas")
    book.person("x", "Sin Documento")
    made = brought(sara, here, book, tmp_path)
    assert made.unread == []
    sara.post(at("desk_book_errors", made.pk))
    assert work() == 1
    cells = cells_of(made_file())
    assert cells["Terceros"][0][-2:] == ("Resultado", "Errores")
    assert [row[-2:] for row in cells["Terceros"][1:]] == [
        ("Nueva", None), ("Nueva", None), ("Rechazada", "Documento: «x» no es un número de Cédula de ciudadanía: son de 3 a 10 dígitos, sin letras."),
    ]  # fmt: skip
    answer = sara.get(at("desk_book_import", made.pk))
    assert at("desk_book_download", BookFile.objects.get().pk) in answer.content.decode()
    sara.post(at("desk_book_discard", made.pk))
    assert upload(sara, made_file()).status_code == 302  # it comes back as it is, its own columns passed over
    work()
    assert sara.get(at("desk_book")).status_code == 200


def test_the_template_explains_every_column_and_imports_as_nothing(alfa: Agency) -> None:
    assert set(HINTS) == {(spec.name, column) for spec in SHEETS for column in spec.columns}
    assert set(ABOUT) == {spec.name for spec in SHEETS}
    data = template()
    explained = list(load_workbook(io.BytesIO(data))["Explicación"].iter_rows(values_only=True))
    assert len(explained) == 1 + len(SHEETS) + len(HINTS)
    report = import_book(io.BytesIO(data), agency=alfa, dry_run=False, now=NOW)
    assert (report.rows_in, report.unread) == (0, [])


def test_no_title_means_two_columns_of_a_sheet() -> None:
    for spec in SHEETS:
        keys = [key for column in spec.columns for key in spec.keys_of(column)]
        assert len(keys) == len(set(keys)), spec.name
    names = [key for spec in SHEETS for key in spec.keys]
    assert len(names) == len(set(names))
    assert SheetSpec.key("  Cédula  o NIT ") == "cedulaonit"


def test_synonyms_other_orders_and_columns_that_lack(alfa: Agency, tmp_path: Path) -> None:
    book = Book()
    book.columns["Terceros"] = [
        "tipo DE documento", "CEDULA", "Dígito de verificación", "NOMBRE COMPLETO", "e-mail", "Móvil", "Tel", "Direccion", "Municipio",
    ]  # fmt: skip
    book.columns["Inmuebles"][7] = "Propietario"
    book.columns["Contratos"][2] = "INQUILINO"
    book.columns["Facturas"][13] = "Total a pagar"
    book.columns["Pagos"][0] = "Recibo de caja"
    for name, also in (("Terceros", "CLIENTES"), ("Pagos", "recaudos")):
        book.columns[also], book.rows[also] = [*book.columns.pop(name), "Color"], book.rows.pop(name)
    book.columns["Apuntes"], book.rows["Apuntes"] = ["algo"], []
    report = load(book, alfa, tmp_path)
    assert report.problems == []
    assert report.unread == [("Terceros", "Color"), ("Pagos", "Color"), ("Apuntes", "")]
    for sheet, column in (("CLIENTES", "e-mail"), ("Inmuebles", "Barrio"), ("Inmuebles", "Estrato"), ("Contratos", "Coarrendatario (documento)")):
        at_column = book.columns[sheet].index(column)
        del book.columns[sheet][at_column]
        for row in book.rows[sheet]:
            del row[at_column]
    again = load(book, alfa, tmp_path)
    assert (again.problems, again.count(Fate.UNCHANGED)) == ([], 9)
    with context.in_agency(alfa):
        assert Client.objects.get(document=OSCAR).email == "alguien@correo.example"
