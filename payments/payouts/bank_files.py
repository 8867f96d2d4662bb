"""The bank's own file of what it paid: read, compared with the orders that wait, and applied. No row is lost: each one is kept
with what became of it, and so is what it was compared with.

A row belongs to an order by its reference, or, where it brings none of ours, by the owner's document and the amount, if only one
order fits. It is applied only if document and amount agree.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from clientarea.importing.checking import no_definitions
from payments.models import BankFile, OrderState, PayoutOrder
from payments.payouts import paying
from saas.accounts.models import User
from saas.lib import clock, money
from saas.lib.text import fold

MAX_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 60 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 5_000, 40
NAMES = {
    "reference": ("referencia", "ref", "referencia del pago", "concepto"),
    "document": ("nit", "documento", "identificacion", "nit/documento", "documento beneficiario"),
    "amount": ("valor", "monto", "valor pagado", "importe"),
    "date": ("fecha", "fecha de pago", "fecha pago", "fecha del pago"),
}
_OURS = re.compile(r"GIRO-?\s?([0-9]{1,15})", re.IGNORECASE)


class FileRefused(ValueError):  # noqa: N818
    """Why a file cannot be used, in Spanish, for staff."""


@dataclass(frozen=True)
class Match:
    """A row of the file, the order that it pays, if it does, and what is wrong otherwise."""

    row: int
    reference: str
    document: str
    amount: str
    day: str
    order: PayoutOrder | None
    paid_on: date | None
    trouble: str

    @property
    def told_amount(self) -> str:
        """The amount as people read it, or as it was written when nobody can."""
        try:
            return money.cop(money.parse_cop(self.amount))
        except money.MoneyError:
            return self.amount

    @property
    def fits(self) -> bool:
        """Whether applying the file marks its order as paid."""
        return self.order is not None and not self.trouble


def read_file(upload: UploadedFile) -> list[dict[str, Any]]:
    """The rows of a CSV (`;` or `,`) or XLSX, as written. Raises FileRefused."""
    if (upload.size or 0) > MAX_BYTES:
        raise FileRefused("El archivo pasa de 2 MB.")
    data = upload.read(MAX_BYTES + 1)
    table = _workbook(data) if data.startswith(b"PK") else _text(data)
    if not table:
        raise FileRefused("El archivo está vacío.")
    columns = _columns(table[0])
    rows = [
        {"row": number, **{name: _cell(line, at) for name, at in columns.items()}}
        for number, line in enumerate(table[1:], start=2)
        if any(str(cell or "").strip() for cell in line)
    ]
    if not rows:
        raise FileRefused("El archivo no trae ningún pago.")
    if len(rows) > MOST_ROWS:
        raise FileRefused(f"El archivo trae más de {MOST_ROWS} pagos. Divídalo.")
    return rows


def keep_file(name: str, rows: list[dict[str, Any]], *, staff: User, now: datetime) -> BankFile:
    """Keep what a file says, to look at and to apply."""
    return BankFile.objects.create(name=name[:100], rows=rows, made_by=staff, made_at=now)


def told_of(file: BankFile, *, today: date) -> list[Match]:
    """What each row would do now or, of a file that was applied, what became of it then."""
    if file.applied_at is None:
        return _match(file.rows, today=today)
    became = {row["row"]: row for row in file.outcome}
    orders = PayoutOrder.objects.select_related("owner").in_bulk([row["order"] for row in file.outcome if row["order"]])
    return [
        Match(
            row["row"], row["reference"], row["document"], row["amount"], row["date"], orders.get(became[row["row"]]["order"]), _day(row),
            became[row["row"]]["trouble"],
        )
        for row in file.rows
    ]  # fmt: skip


def apply_file(file_id: int, *, staff: User, now: datetime) -> BankFile:
    """Mark as paid every order that a row fits. A file is applied once; each row keeps what became of it."""
    with transaction.atomic():
        file = BankFile.objects.select_for_update(of=("self",)).get(pk=file_id)
        if file.applied_at is not None:
            return file
        paying.one_at_a_time()
        file.outcome = []
        for match in _match(file.rows, today=clock.local(now).date()):
            trouble = match.trouble
            if match.order is not None and match.paid_on is not None and not trouble:
                try:
                    with transaction.atomic():
                        transfer = paying.Transfer(match.paid_on, match.reference[:60])
                        paying.mark_paid(match.order.pk, transfer, staff=staff, now=now)
                except paying.PayoutRefused as refused:
                    trouble = str(refused)
            file.outcome.append({"row": match.row, "order": match.order.pk if match.order else None, "trouble": trouble})
        file.applied_at = now
        file.save(update_fields=["applied_at", "outcome"])
        return file


def _match(rows: Sequence[dict[str, Any]], *, today: date) -> list[Match]:
    named = {row["row"]: int(ours[1]) for row in rows if (ours := _OURS.search(row["reference"]))}
    waiting = PayoutOrder.objects.filter(state=OrderState.REVIEWED)
    orders = {o.pk: o for o in (waiting | PayoutOrder.objects.filter(pk__in=set(named.values()))).select_related("owner")}
    totals = paying.totals_of(list(orders.values()))
    by_owner: dict[str, list[PayoutOrder]] = defaultdict(list)
    for each in orders.values():
        if each.state == OrderState.REVIEWED:
            by_owner[_digits(each.owner.document)].append(each)
    used: dict[int, int] = {}
    found: list[Match] = []
    for row in rows:
        amount, day, trouble = _amount(row), _day(row), ""
        order: PayoutOrder | None = orders.get(named.get(row["row"], 0))
        if row["row"] not in named:
            fitting = [o for o in _of_document(by_owner, row["document"]) if totals[o.pk] == amount]
            order = fitting[0] if len(fitting) == 1 else None
            if len(fitting) > 1:
                trouble = "Varios egresos de este propietario tienen ese valor: falta la referencia."
        if trouble:
            pass
        elif order is None and amount is None:
            trouble = "No se entiende el valor."
        elif order is None:
            trouble = "Ningún egreso revisado corresponde a esta referencia o a este documento y valor."
        elif order.pk in used:
            trouble = f"El egreso {order.reference} ya está en la fila {used[order.pk]}."
        else:
            trouble = _disagreement(order, totals[order.pk], row, amount=amount, day=day, today=today)
        if order is not None and not trouble:
            used[order.pk] = row["row"]
        found.append(Match(row["row"], row["reference"], row["document"], row["amount"], row["date"], order, day, trouble))
    return found


def _disagreement(
    order: PayoutOrder, total: Decimal, row: dict[str, Any], *, amount: Decimal | None, day: date | None, today: date
) -> str:
    if order.state == OrderState.PAID:
        return f"El egreso {order.reference} ya se marcó como girado."
    if order.state == OrderState.DRAFT:
        return f"El egreso {order.reference} todavía es un borrador: revíselo primero."
    if row["document"] and not _same_document(order, row["document"]):
        return f"El documento no es el de {order.owner.name}."
    if amount is None:
        return "No se entiende el valor."
    if amount != total:
        return f"El valor no es el del egreso, que es {money.cop(total)}."
    if day is None:
        return "No se entiende la fecha."
    return "La fecha es posterior a hoy." if day > today else ""


def _of_document(by_owner: dict[str, list[PayoutOrder]], document: str) -> list[PayoutOrder]:
    digits = _digits(document)
    return [*by_owner.get(digits, []), *(o for o in by_owner.get(digits[:-1], []) if o.owner.document_check == digits[-1:])]


def _same_document(order: PayoutOrder, written: str) -> bool:
    ours = _digits(order.owner.document)
    return _digits(written) in (ours, ours + order.owner.document_check)


def _digits(text: str) -> str:
    return re.sub(r"\W", "", text).upper().lstrip("0")


def _amount(row: dict[str, Any]) -> Decimal | None:
    try:
        return money.parse_cop(row["amount"])
    except money.MoneyError:
        return None


def _day(row: dict[str, Any]) -> date | None:
    try:
        return clock.parse_date(row["date"])
    except clock.DateError:
        return None


def _columns(heading: Sequence[Any]) -> dict[str, int]:
    names = [fold(str(cell or "")) for cell in heading]
    columns = {}
    for name, known in NAMES.items():
        at = next((names.index(each) for each in known if each in names), None)
        if at is not None:
            columns[name] = at
    missing = [word for name, word in (("amount", "Valor"), ("date", "Fecha")) if name not in columns]
    if "reference" not in columns and "document" not in columns:
        missing.append("Referencia o NIT")
    if missing:
        raise FileRefused(f"Al archivo le faltan columnas: {', '.join(missing)}. La primera fila debe traer los nombres.")
    return {**dict.fromkeys(NAMES, -1), **columns}


def _cell(line: Sequence[Any], at: int) -> str:
    """A cell as text; a moment of a workbook as its day."""
    value = line[at] if 0 <= at < len(line) else None
    if isinstance(value, datetime | date):
        return clock.parse_date(value).isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str("" if value is None else value).strip()[:120]


def _text(data: bytes) -> list[list[Any]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\0" in text:
        raise FileRefused("El archivo no es CSV ni Excel (.xlsx).")
    first = text.split("\n", 1)[0]
    separator = max(";,\t", key=first.count)
    try:
        return [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if line]
    except csv.Error:
        raise FileRefused("El archivo no se puede leer como CSV.") from None


def _workbook(data: bytes) -> list[list[Any]]:
    """The first sheet. A small file may unpack to fill the memory: what it declares is looked at before it is opened."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED:
                raise FileRefused("El archivo es demasiado grande.")
            no_definitions(packed)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            sheet = book[book.sheetnames[0]]
            sheet.reset_dimensions()
            lines = islice(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), MOST_ROWS + 2)
            return [list(line) for line in lines]
        finally:
            book.close()
    except FileRefused:
        raise
    except Exception as error:  # whatever a broken file makes the reader stumble on
        raise FileRefused("El archivo no es un libro de Excel (.xlsx) que se pueda abrir.") from error
