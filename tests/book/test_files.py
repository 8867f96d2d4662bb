"""Workbooks to take away: the whole book comes back to the same data cell by cell; the one with errors; the template."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as conf
from openpyxl import load_workbook

from clientarea.importing.workbook import SheetSpec
from clientarea.models import BookFile, Client
from payments import credits, reversals, settlement
from payments.manual import ManualPayment
from payments.models import Counter, Invoice, Payment, Receipt
from saas.accounts.models import User
from saas.book import SHEETS, import_book
from saas.book_export import export
from saas.book_files import template
from saas.book_hints import ABOUT, HINTS
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
    assert cells_of(second) == cells_of(first)
    with context.in_agency(alfa):
        again = import_book(io.BytesIO(first), agency=alfa, dry_run=True, now=NOW)
    assert (again.count("created"), again.count("updated"), again.count("rejected")) == (0, 0, 0)  # type: ignore[arg-type]
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
        sara = User.objects.create_user(username="sara", role="staff", name="Sara", email="s@x.example")
        rita = Client.objects.get(document=RITA)
        rita.name = "=1+1"  # a text, not a formula
        rita.save()
        two, five = Invoice.objects.filter(prefix="FA", number__in=[2, 5]).order_by("number")
        Invoice.objects.create(
            kind="rent", prefix="X", number=1, client=rita, period=date(2026, 11, 1), issued_on=date(2026, 11, 1), due_on=date(2026, 11, 9),
            concept="Daño", base=Decimal("100000.50"), total=Decimal("100000.50"),
        )  # fmt: skip

        def pay(n: int, amount: int, *lines: tuple[Invoice, int]) -> Payment:
            entry = ManualPayment(
                key=f"00000000-0000-4000-8000-00000000000{n}", client=rita, amount=Decimal(amount), means="Efectivo",  # type: ignore[arg-type]
                reference="", paid_on=date(2026, 11, 20), lines=tuple((invoice.pk, Decimal(part)) for invoice, part in lines),
            )  # fmt: skip
            return settlement.settle_manual(entry, by=sara, now=NOW)  # type: ignore[return-value]

        pay(1, 500_000, (five, 300_000), (two, 100_000))
        pay(2, 200_000)
        gone, part = pay(3, 50_000, (two, 50_000)), pay(4, 80_000, (two, 80_000))
        credits.apply_credit(client=rita, lines=[(five.pk, Decimal(150_000))], key="00000000-0000-4000-8000-0000000000aa", by=sara, now=NOW)  # type: ignore[arg-type]
        reversals.reverse_by_staff(gone.pk, amount=Decimal(50_000), reason="Cheque devuelto", by=sara, now=NOW)  # type: ignore[call-arg]
        assert part.pk
    cells = assert_comes_back(alfa, beta)
    assert cells["Pagos"][1:] == []
