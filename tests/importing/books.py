"""Small workbooks for the tests of the importer, and what to compare afterwards.

A `Book` begins right: Rita rents IN-1 of Oscar, has paid FA-1 and owes FA-2; Oscar's commission FC-1 was deducted from his
payout CE-1. A test changes what it is about.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import F, Sum
from openpyxl import Workbook

from clientarea.importing.report import Report
from payments.models import Invoice, MovementKind, Payment, Receipt
from saas.book.loading import SHEETS, import_book
from tenants.models import Agency
from tests.world import NOW

RITA, OSCAR = "1001001", "1002002"


class Book:
    """A workbook in the making: rows of cells by sheet, in the order of the columns of saas.book.loading.SHEETS."""

    def __init__(self) -> None:
        self.columns: dict[str, list[str]] = {spec.name: list(spec.columns) for spec in SHEETS}
        self.rows: dict[str, list[list[Any]]] = {spec.name: [] for spec in SHEETS}
        self.person(RITA, "Rita Arrendataria")
        self.person(OSCAR, "Óscar Propietario")
        self.unit("IN-1", f"{OSCAR}:100%")
        self.lease("CA-1", "IN-1", RITA)
        self.invoice(1, "CA-1", RITA, state="Pagada")
        self.invoice(2, "CA-1", RITA, period="2026-11")
        self.commission(1, "CA-1", OSCAR)
        self.payment("RC-1", RITA, "FA-1")
        self.payout("CE-1", OSCAR, "CA-1")

    def add(self, sheet: str, *cells: Any, **changes: Any) -> int:
        """Add a row, with some cells changed by the name of their column; returns its number in the sheet."""
        row = list(cells)
        for column, value in changes.items():
            row[self.columns[sheet].index(column)] = value
        self.rows[sheet].append(row)
        return len(self.rows[sheet]) + 1

    def change(self, sheet: str, row: int, column: str, value: Any) -> None:
        """Change a cell, by the row's number in the sheet."""
        self.rows[sheet][row - 2][self.columns[sheet].index(column)] = value

    def person(self, document: Any, name: str, *, kind: str = "CC", **changes: Any) -> int:
        return self.add(
            "Terceros", kind, document, None, name, "alguien@correo.example", "300 123 4567", None, "Calle 1 # 2-3", "Cali", **changes
        )

    def unit(self, code: str, owners: str, **changes: Any) -> int:
        return self.add("Inmuebles", code, "Casa", f"Carrera 1 {code}", "Cali", "Granada", 3, "001-1", owners, **changes)

    def lease(self, number: str, unit: str, renter: str, co_renter: str | None = None, **changes: Any) -> int:
        return self.add(
            "Contratos", number, unit, renter, co_renter, "$ 1.000.000", 200000, "01/02/2025", "2027-01-31", 5, "Vivienda", "8%",
            **changes,
        )  # fmt: skip

    def invoice(self, number: int, lease: str, client: str, *, period: str = "2026-10", state: str = "Pendiente", **changes: Any) -> int:
        return self.add(
            "Facturas", "FA", number, "Arrendamiento", lease, client, period, f"{period}-01", f"{period}-09", f"Canon {period}",
            "$ 1.000.000", 200000, 0, 0, "1.200.000,00", state, None, **changes,
        )  # fmt: skip

    def commission(self, number: int, lease: str, owner: str, *, state: str = "Pagada", **changes: Any) -> int:
        return self.add(
            "Facturas", "FC", number, "Comisión", lease, owner, "2026-10", "2026-10-05", "2026-10-05", "Comisión 10/2026",
            80000, 0, 15200, 0, 95200, state, None, **changes,
        )  # fmt: skip

    def payment(self, number: str, client: str, invoices: str, *, amount: Any = 1200000, on: str = "2026-10-05", **changes: Any) -> int:
        return self.add("Pagos", number, on, client, invoices, amount, "PSE", 334496987, **changes)

    def payout(self, number: str, owner: str, lease: str, **changes: Any) -> int:
        return self.add(
            "Egresos", number, "2026-10-10", owner, lease, "2026-10", 1000000, 80000, 15200, 0, 0, 904800, "Nequi", "****1234",
            **changes,
        )  # fmt: skip

    def save(self, path: Path) -> Path:
        """Write the workbook."""
        book = Workbook()
        book.remove(book.worksheets[0])
        for name, rows in self.rows.items():
            sheet = book.create_sheet(name)
            sheet.append(self.columns[name])
            for row in rows:
                sheet.append(row)
        book.save(path)
        return path


def load(book: Book | Path, agency: Agency, tmp_path: Path, *, dry_run: bool = False) -> Report:
    """Import a workbook into an agency."""
    path = book if isinstance(book, Path) else book.save(tmp_path / "libro.xlsx")
    return import_book(path, agency=agency, dry_run=dry_run, now=NOW)


def counts(report: Report) -> dict[str, tuple[int, int, int, int]]:
    """By sheet: created, updated, unchanged, rejected."""
    return {name: (s.created, s.updated, s.unchanged, s.rejected) for name, s in report.sheets.items()}


def told(report: Report) -> list[tuple[str, int, str, str]]:
    """The problems: sheet, row, column, kind."""
    return [(p.sheet, p.row, p.column, p.kind.value) for p in report.problems]


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of this agency that an import could touch."""
    labels = ("clientarea", "payments", "pqrs", "jobs", "accounts")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


def assert_money_is_true() -> None:
    """What must hold after any import: the ledger explains every invoice and every payment."""
    invoices = Invoice.objects.annotate(moved=Sum("movements__amount"))
    assert list(invoices.exclude(applied=F("moved")).filter(moved__isnull=False)) == []
    assert list(invoices.filter(moved__isnull=True).exclude(applied=0)) == []
    for payment in Payment.objects.prefetch_related("movements", "lines", "receipt"):
        assert sum(m.amount for m in payment.movements.all()) == payment.amount
        assert sum(line.amount for line in payment.lines.all()) == payment.amount
        assert payment.receipt.amount == payment.amount
        covered = sum(Decimal(amount) for _number, _concept, amount in payment.receipt.content["lines"])
        assert covered + Decimal(payment.receipt.content["credit"]) == payment.amount
        assert covered == sum(m.amount for m in payment.movements.all() if m.kind == MovementKind.APPLIED)
    assert Receipt.objects.count() == Payment.objects.count()
