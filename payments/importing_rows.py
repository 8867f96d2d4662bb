"""What the rows of Facturas and Pagos say, before anything is looked up in the ledger.

A row leaves here readable and consistent in itself, or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from clientarea.importing.estate import repeated
from clientarea.importing.report import Fate, SheetReport
from clientarea.importing.values import Cells, numbered
from clientarea.importing.workbook import Row, SheetSpec
from payments.models import InvoiceKind
from saas.lib.money import cop

RECEIPTS = "RC"  # the series of an agency's own receipts; ours is receipts.PREFIX
INVOICES = SheetSpec(
    "Facturas",
    (
        "Prefijo", "Número", "Tipo", "Contrato", "Cliente (documento)", "Periodo", "Fecha emisión", "Fecha vencimiento",
        "Concepto", "Canon o comisión", "Administración", "IVA", "Retención", "Total", "Estado", "CUFE",
    ),
)  # fmt: skip
PAYMENTS = SheetSpec(
    "Pagos", ("Recibo", "Fecha", "Cliente (documento)", "Facturas", "Valor", "Medio de pago", "Referencia")
)
WHO = "Cliente (documento)"
KINDS = {
    "arrendamiento": InvoiceKind.RENT, "arriendo": InvoiceKind.RENT, "canon": InvoiceKind.RENT, "comision": InvoiceKind.COMMISSION,
}  # fmt: skip
# What a workbook says of an invoice's state: only "paid" and "void" mean something to us.
STATES = {
    "pagada": "paid", "pagado": "paid", "pendiente": "pending", "vencida": "overdue", "en mora": "overdue", "abonada": "partly",
    "anulada": "void", "anulado": "void",
}  # fmt: skip

Key = tuple[str, int]  # prefix and number


@dataclass
class InvoiceSaid:
    """What a row of Facturas says."""

    row: int
    key: Key
    state: str
    values: dict[str, Any]


@dataclass
class PaymentSaid:
    """What a row of Pagos says."""

    row: int
    number: int
    paid_on: date
    client: int
    keys: list[Key]
    amount: Decimal
    means: str
    reference: str


def read_invoices(
    rows: Iterable[Row], sheet: SheetReport, clients: Mapping[str, int], leases: Mapping[str, int]
) -> list[InvoiceSaid]:
    """The invoices of the rows that can be used; the others are refused."""
    result = []
    for row in rows:
        cells = Cells(sheet, row)
        key = (cells.text("Prefijo", most=10).upper(), cells.whole("Número", least=1, most=10**15))
        values: dict[str, Any] = {
            "kind": cells.choice("Tipo", KINDS, InvoiceKind.RENT),
            "lease_id": cells.named("Contrato", leases, 0),
            "client_id": cells.known(WHO, clients, 0),
            "period": cells.period("Periodo"),
            "issued_on": cells.day("Fecha emisión"),
            "due_on": cells.day("Fecha vencimiento"),
            "concept": cells.needed("Concepto", most=200),
            "base": cells.money("Canon o comisión"),
            "administration": cells.money("Administración"),
            "iva": cells.money("IVA"),
            "withholding": cells.money("Retención"),
            "total": cells.money("Total"),
            "cufe": cells.text("CUFE", most=200),
        }
        state = cells.choice("Estado", STATES, "pending")
        if cells.ok:
            due = values["base"] + values["administration"] + values["iva"] - values["withholding"]
            if due != values["total"]:
                told = {"total": cop(values["total"]), "sum": cop(due)}
                cells.refuse("Total", _("El total dice %(total)s, pero canon + administración + IVA − retención da %(sum)s.") % told)
        if cells.ok:
            result.append(InvoiceSaid(row.number, key, state, values))
    return result


def read_payments(rows: Iterable[Row], sheet: SheetReport, clients: Mapping[str, int]) -> list[PaymentSaid]:
    """The payments of the rows that can be used; the others are refused."""
    result: dict[int, PaymentSaid] = {}
    for row in rows:
        cells = Cells(sheet, row)
        prefix, number = cells.numbered("Recibo", prefix=RECEIPTS)
        if cells.ok and prefix != RECEIPTS:
            cells.refuse("Recibo", _("Los recibos importados son de la serie %(ours)s, no %(theirs)s.") % {"ours": RECEIPTS, "theirs": prefix})
        said = PaymentSaid(
            row=row.number, number=number, paid_on=cells.day("Fecha"), client=cells.known(WHO, clients, 0),
            keys=cells.read("Facturas", _keys, []), amount=cells.money("Valor"), means=cells.text("Medio de pago", most=60),
            reference=cells.text("Referencia", most=80),
        )  # fmt: skip
        if cells.ok and said.amount == 0:
            cells.refuse("Valor", _("Un pago no puede ser de cero."))
        if not cells.ok:
            continue
        before = result.get(number)
        if before is None:
            result[number] = said
        elif (before.paid_on, before.client, before.keys, before.amount) == (said.paid_on, said.client, said.keys, said.amount):
            sheet.settle(row.number, Fate.UNCHANGED)
        else:
            cells.refuse("Recibo", repeated(f"{RECEIPTS}-{number}", before.row))
    return list(result.values())


def _keys(value: object) -> list[Key]:
    """The invoices that a cell names: `FA-5001; FA-5002`. Raises ValueError."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    pieces = [piece for piece in str(value or "").replace(",", ";").split(";") if piece.strip()]
    if not pieces:
        raise ValueError(_("Falta la factura que se pagó."))
    return list(dict.fromkeys(numbered(piece) for piece in pieces))


def full(key: Key) -> str:
    """As people write it: `FA-5001`."""
    return f"{key[0]}-{key[1]}" if key[0] else str(key[1])
