"""The close of a day: the receipts that were given and the reversals that were made, by means, as a table, CSV and XLSX.

A day is Bogotá's. Texts that people wrote never become formulas in a spreadsheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from payments.models import Payment, PaymentSource, Receipt, Reversal
from saas.lib.clock import BOGOTA

HEADINGS = ("Hora", "Documento", "Cliente", "Documento del cliente", "Medio", "Origen", "Referencia", "Fecha de pago", "Registró", "Valor")
SUMS = ("Medio", "Comprobantes", "Recibido", "Reversado", "Total")
NO_MEANS = "Sin medio"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Entry:
    """One receipt (COP above zero) or one reversal (below)."""

    at: datetime
    number: str
    payment_id: int
    client: str
    document: str
    means: str
    source: str
    reference: str
    paid_on: date | None
    by: str
    amount: Decimal


@dataclass(frozen=True)
class Close:
    """A day's entries, and their sums by means: name, how many receipts, received, reversed."""

    day: date
    entries: tuple[Entry, ...]
    means: tuple[tuple[str, int, Decimal, Decimal], ...]

    @property
    def received(self) -> Decimal:
        """COP of the day's receipts."""
        return sum((entry.amount for entry in self.entries if entry.amount > 0), Decimal(0))

    @property
    def reversed(self) -> Decimal:
        """COP that went back on that day, below zero."""
        return sum((entry.amount for entry in self.entries if entry.amount < 0), Decimal(0))

    @property
    def total(self) -> Decimal:
        """The day's receipts less its reversals, COP."""
        return self.received + self.reversed


def close_of(day: date) -> Close:
    """The close of a day in Bogotá."""
    since = datetime.combine(day, time(), BOGOTA)
    until = since + timedelta(days=1)
    given = Receipt.objects.filter(issued_at__gte=since, issued_at__lt=until).select_related("payment__entered_by", "payment__client")
    back = Reversal.objects.filter(made_at__gte=since, made_at__lt=until).select_related("payment__client", "made_by")
    entries = [_entry(r.issued_at, r.full_number, r.payment, r.amount, _name(r.payment.entered_by)) for r in given]
    entries += [_entry(r.made_at, r.full_number, r.payment, -r.amount, _name(r.made_by)) for r in back]
    entries.sort(key=lambda entry: (entry.at, entry.number))
    names = sorted({entry.means for entry in entries})
    sums = tuple(_sums(name, [entry for entry in entries if entry.means == name]) for name in names)
    return Close(day, tuple(entries), sums)


def as_csv(close: Close) -> bytes:
    """The close for any spreadsheet: UTF-8 with its mark, `;` between, as Excel in Spanish reads it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEADINGS)
    for entry in close.entries:
        writer.writerow([harmless(cell) if isinstance(cell, str) else plain_number(cell) for cell in _cells(entry)])
    writer.writerow([])
    writer.writerow(SUMS)
    for name, count, received, gone in close.means:
        writer.writerow([harmless(name), count, plain_number(received), plain_number(gone), plain_number(received + gone)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(close: Close) -> bytes:
    """The close as a workbook: the day's entries, and the sums by means."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    del book["Sheet"]
    sheets: tuple[tuple[str, list[Sequence[Any]]], ...] = (
        (f"Cierre {close.day.isoformat()}", [HEADINGS, *(_cells(entry) for entry in close.entries)]),
        ("Por medio", [SUMS, *((name, count, got, gone, got + gone) for name, count, got, gone in close.means)]),
    )
    for title, lines in sheets:
        sheet = book.create_sheet(title)
        for number, line in enumerate(lines, start=1):
            for column, value in enumerate(line, start=1):
                cell = sheet.cell(row=number, column=column, value=value)
                if isinstance(value, str):
                    cell.data_type = "s"  # a text that begins with = stays a text
                elif isinstance(value, Decimal):
                    cell.number_format = "#,##0.00" if value % 1 else "#,##0"
                if number == 1:
                    cell.font = Font(bold=True)
        for letter, width in zip("ABCDEFGHIJ", (16, 14, 34, 20, 26, 26, 24, 14, 24, 16), strict=True):
            sheet.column_dimensions[letter].width = width
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _entry(at: datetime, number: str, payment: Payment, amount: Decimal, by: str) -> Entry:
    client = payment.client
    return Entry(
        at=at.astimezone(BOGOTA), number=number, payment_id=payment.pk, client=client.name, document=f"{client.document_type} {client.document}",
        means=payment.means or NO_MEANS, source=str(PaymentSource(payment.source).label), reference=payment.reference,
        paid_on=payment.paid_on, by=by, amount=amount,
    )  # fmt: skip


def _sums(name: str, entries: list[Entry]) -> tuple[str, int, Decimal, Decimal]:
    received = [entry.amount for entry in entries if entry.amount > 0]
    gone = [entry.amount for entry in entries if entry.amount < 0]
    return name, len(received), sum(received, Decimal(0)), sum(gone, Decimal(0))


def _cells(entry: Entry) -> tuple[object, ...]:
    return (
        f"{entry.at:%H:%M}", entry.number, entry.client, entry.document, entry.means, entry.source, entry.reference,
        entry.paid_on.isoformat() if entry.paid_on else "", entry.by, entry.amount,
    )  # fmt: skip


def _name(person: object) -> str:
    return str(person) if person is not None else ""


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain_number(value: object) -> str:
    """An amount as Excel in Spanish reads it: `1215000,50`."""
    if not isinstance(value, Decimal):
        return str(value)
    return (f"{value:.2f}" if value % 1 else f"{value:.0f}").replace(".", ",")
