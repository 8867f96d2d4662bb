"""A statement of account to keep: what its paper says, the bytes of its PDF, and the workbook for whoever goes on counting.

Pure: no database, no clock. Both show the same lines in the same order; texts in the workbook are never formulas.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from payments.documents import Issuer, render
from payments.statements.account import Account, Statement
from saas.lib import clock, money

MOST_LINES = 1000  # of a PDF: some fifty pages, which take a worker a dozen seconds. The workbook has no such limit.
_MONEY_FORMAT = '"$" #,##0.00;-"$" #,##0.00'
_WIDTHS = (13, 16, 46, 34, 18, 18, 18)


@dataclass(frozen=True)
class StatementDocument:
    """A statement, whose it is, and the day on which it was drawn up."""

    issuer: Issuer
    client: str
    client_document: str
    made_on: date
    statement: Statement


@dataclass(frozen=True)
class Words:
    """How an account's figures are called."""

    raises: str
    lowers: str
    opening: str
    closing: str


def words_of(account: Account) -> Words:
    """The headings of an account."""
    if account is Account.INCOME:
        return Words(_("Recaudos"), _("Descuentos y giros"), _("Saldo por girar al inicio"), _("Saldo por girar"))
    return Words(_("Cargos"), _("Abonos"), _("Saldo inicial"), _("Saldo por pagar"))


def statement_pdf(doc: StatementDocument) -> bytes:
    """The PDF of a statement of up to MOST_LINES lines. Raises pdf.PdfError."""
    statement = doc.statement
    words = words_of(statement.account)
    facts = [
        (_("Cuenta"), str(statement.account.label)),
        (_("Desde"), clock.long_date(statement.since)),
        (_("Hasta"), clock.long_date(statement.until)),
        (_("Elaborado"), clock.long_date(doc.made_on)),
    ]
    context = {
        "doc": doc,
        "words": words,
        "facts": facts,
        "opening": money.cop(statement.opening),
        "closing": money.cop(statement.closing),
        "raised": money.cop(statement.raised),
        "lowered": money.cop(statement.lowered),
        "until": clock.long_date(statement.until),
        "lines": [
            (clock.short_date(line.on), line.document, line.concept, line.unit, _cop(line.raises), _cop(line.lowers), money.cop(balance))
            for line, balance in statement.rows
        ],
        "open_items": [
            (item.number, clock.short_date(item.due_on), item.unit, item.days_late, money.cop(item.total), money.cop(item.balance))
            for item in statement.open_items
        ],
        "in_favour": _cop(statement.in_favour or None),
    }
    return render("pdf/statement.html", doc.issuer, title=title_of(statement), context=context)


def title_of(statement: Statement) -> str:
    """What the paper is called."""
    span = {"since": clock.short_date(statement.since), "until": clock.short_date(statement.until)}
    return _("Estado de cuenta del %(since)s al %(until)s") % span


def statement_xlsx(doc: StatementDocument) -> bytes:
    """The workbook of a statement: amounts as numbers, dates as dates, one row a line."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    statement, words = doc.statement, words_of(doc.statement.account)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Estado de cuenta"))
    for column, width in zip("ABCDEFG", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width

    def cell(value: Any, *, bold: str = "") -> Any:
        made = WriteOnlyCell(sheet, value)
        if isinstance(value, str):
            made.data_type = "s"  # a text that begins with "=" stays a text
        elif isinstance(value, Decimal):
            made.number_format = _MONEY_FORMAT
        elif isinstance(value, date):
            made.number_format = "yyyy-mm-dd"
        if bold:
            made.font = Font(bold=True)
        return made

    def row(*values: Any, bold: str = "") -> None:
        sheet.append([cell(value, bold=bold) if value is not None else None for value in values])

    heading = [
        (doc.issuer.name, "x"), (title_of(statement), "x"), (f"{doc.client} · {doc.client_document}", ""), (str(statement.account.label), ""),
    ]  # fmt: skip
    sheet.freeze_panes = f"A{len(heading) + 3}"
    for text, bold in heading:
        row(text, bold=bold)
    row()
    row(_("Fecha"), _("Documento"), _("Concepto"), _("Inmueble"), words.raises, words.lowers, _("Saldo"), bold="x")
    row(statement.since, None, words.opening, None, None, None, statement.opening)
    for line, balance in statement.rows:
        row(line.on, line.document, line.concept, line.unit, line.raises, line.lowers, balance)
    row(statement.until, None, words.closing, None, statement.raised, statement.lowered, statement.closing, bold="x")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cop(amount: Decimal | None) -> str:
    return "" if amount is None else money.cop(amount)
