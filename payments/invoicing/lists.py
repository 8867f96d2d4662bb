"""What staff may look at of invoices: all of the agency's, searched, filtered, added up, and taken away as a table.

Only the agency's own schema is ever asked. Texts that people wrote never become formulas in a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from payments.daily import harmless, plain_number
from payments.invoicing.forms import InvoiceFilter
from payments.models import Invoice, InvoiceKind, InvoiceQuerySet, InvoiceState
from saas.lib.text import fold

MOST = 50_000  # rows of a table that is taken away
HEADINGS = (
    "Número", "Tipo", "Cliente", "Documento", "Contrato", "Inmueble", "Periodo", "Emisión", "Vencimiento", "Canon o comisión", "Administración",
    "Otros conceptos", "IVA", "Retención", "Total", "Abonado", "Saldo", "Estado", "CUFE",
)  # fmt: skip
_NUMBERED = re.compile(r"([A-Za-z]{1,10}) ?-? ?([0-9]{1,15})")


def invoices(today: date) -> InvoiceQuerySet:
    """Every invoice with its state, client, lease and unit, newest first."""
    return Invoice.objects.with_state(today=today).select_related("client", "lease__unit").order_by("-issued_on", "-number", "-pk")


def chosen(rows: InvoiceQuerySet, wanted: InvoiceFilter) -> InvoiceQuerySet:
    """Those that the filter asks for."""
    for name in ("kind", "state", "period", "client"):
        if value := wanted.chosen(name):
            rows = rows.filter(**{name: value})
    words = wanted.chosen("q")
    return search(rows, words) if words else rows


def search(rows: InvoiceQuerySet, words: str) -> InvoiceQuerySet:
    """By number, client's name or document, unit's code or address, or lease's number."""
    named = Q()
    for word in fold(words).split()[:8]:
        named &= Q(client__folded__contains=word)
    found: Any = named if fold(words) else Q(pk=None)
    compact = re.sub(r"[\s.,-]", "", words).upper()
    if compact:
        found |= Q(client__document__startswith=compact)
    numbered = _NUMBERED.fullmatch(words.strip())
    if numbered:
        found |= Q(prefix__iexact=numbered[1], number=int(numbered[2]))
    elif compact.isascii() and compact.isdigit() and len(compact) <= 15:
        found |= Q(number=int(compact))
    typed = words.strip()
    about = Q(lease__number__iexact=typed) | Q(lease__unit__code__iexact=typed) | Q(lease__unit__address__icontains=typed)
    return rows.filter(found | about)


def as_csv(rows: InvoiceQuerySet) -> bytes:
    """A table for any spreadsheet: UTF-8 with its mark, `;` between, as Excel in Spanish reads it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEADINGS)
    for cells in _table(rows):
        writer.writerow([harmless(cell) if isinstance(cell, str) else plain_number(cell) for cell in cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(rows: InvoiceQuerySet) -> bytes:
    """The same as a workbook."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Facturas")
    sheet.freeze_panes = "A2"
    sheet.append(list(HEADINGS))

    def cell(value: Any) -> Any:
        made = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            made.data_type = "s"  # a text that begins with = stays a text
        elif isinstance(value, Decimal):
            made.number_format = "#,##0.00" if value % 1 else "#,##0"
        return made

    for cells in _table(rows):
        sheet.append([cell(value) for value in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _table(rows: Iterable[Any]) -> Iterator[tuple[object, ...]]:
    chosen_rows: Any = rows
    for i in chosen_rows[:MOST].iterator(chunk_size=2000):
        unit = i.lease.unit if i.lease else None
        yield (
            i.full_number, str(InvoiceKind(i.kind).label), i.client.name, f"{i.client.document_type} {i.client.document}",
            i.lease.number if i.lease else "", f"{unit.code} {unit.address}" if unit else "", f"{i.period:%Y-%m}", i.issued_on.isoformat(),
            i.due_on.isoformat(), i.base, i.administration, i.extras, i.iva, i.withholding, i.total, i.applied,
            Decimal(0) if i.voided_at else i.balance, str(InvoiceState(i.state).label), i.cufe,
        )  # fmt: skip
