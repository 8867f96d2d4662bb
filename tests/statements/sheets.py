"""The demo's workbooks read without any of the product's code, to add up what statements must say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook


@dataclass(frozen=True)
class Asked:
    """A row of Facturas."""

    number: str
    rent: bool
    lease: str
    client: str
    issued: date
    base: Decimal
    administration: Decimal
    iva: Decimal
    withheld: Decimal
    total: Decimal
    paid: bool


@dataclass(frozen=True)
class Paid:
    """A row of Pagos."""

    on: date
    invoice: str
    amount: Decimal


@dataclass(frozen=True)
class PaidOut:
    """A row of Egresos: collected, commission, IVA, withholdings, other, net."""

    on: date
    owner: str
    lease: str
    figures: tuple[Decimal, ...]


@dataclass(frozen=True)
class Sheets:
    """A workbook without the rows that are wrong on purpose."""

    invoices: dict[str, Asked]
    payments: list[Paid]
    payouts: list[PaidOut]
    units: dict[str, str]  # lease → unit


def read(path: Path) -> Sheets:
    """A workbook's money."""
    book = load_workbook(path, read_only=True, data_only=True)
    invoices: dict[str, Asked] = {}
    for r in _rows(book, "Facturas"):
        number = f"{str(r['Prefijo']).strip()}-{int(r['Número'])}"
        if number in invoices:
            continue  # the demo repeats one with other amounts: the first counts
        invoices[number] = Asked(
            number, str(r["Tipo"]).strip().lower().startswith("arr"), str(r["Contrato"]).strip(), _document(r["Cliente (documento)"]),
            _day(r["Fecha emisión"]), _amount(r["Canon o comisión"]), _amount(r["Administración"]), _amount(r["IVA"]),
            _amount(r["Retención"]), _amount(r["Total"]), str(r["Estado"]).strip().lower() == "pagada",
        )  # fmt: skip
    payments: dict[str, Paid] = {}
    for r in _rows(book, "Pagos"):
        try:
            payments.setdefault(str(r["Recibo"]), Paid(_day(r["Fecha"]), str(r["Facturas"]).strip(), _amount(r["Valor"])))
        except (ValueError, ArithmeticError):
            continue  # the 31st of February, "abc"
    payouts = [
        PaidOut(_day(r["Fecha"]), _document(r["Propietario (documento)"]), str(r["Contrato"]).strip(), tuple(
            _amount(r[name]) for name in ("Canon recaudado", "Comisión", "IVA comisión", "Retenciones", "Otros descuentos", "Neto girado")
        ))
        for r in {str(r["Comprobante"]): r for r in _rows(book, "Egresos")}.values()
    ]  # fmt: skip
    units = {str(r["Número"]).strip(): str(r["Inmueble"]).strip() for r in _rows(book, "Contratos")}
    return Sheets(invoices, list(payments.values()), payouts, units)


def _rows(book: Any, sheet: str) -> Iterator[dict[str, Any]]:
    rows = book[sheet].iter_rows(values_only=True)
    names = [str(name).strip() for name in next(rows)]
    for row in rows:
        if any(value is not None for value in row):
            yield dict(zip(names, row, strict=False))


def _document(value: Any) -> str:
    text = str(int(value)) if isinstance(value, float) else str(value)
    return re.sub(r"[^0-9A-Za-z]", "", text.strip().rsplit("-", 1)[0] if re.search(r"-\d$", text.strip()) else text).upper()


def _amount(value: Any) -> Decimal:
    if isinstance(value, int | float):
        return Decimal(str(value))
    return Decimal(re.sub(r"[$\s\u00a0]", "", value or "").replace(".", "").replace(",", "."))


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    text = str(value).strip()
    form = "%Y-%m-%d" if re.match(r"\d{4}-", text) else "%d/%m/%Y"
    return datetime.strptime(text if form == "%Y-%m-%d" else text.replace("-", "/"), form).date()  # noqa: DTZ007
