"""What the rows of Facturas and Pagos say, before anything is looked up in the ledger.

A row leaves here readable and consistent in itself, or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from sys import intern
from typing import Any

from django.utils.translation import gettext as _

from clientarea.importing.estate import repeated
from clientarea.importing.report import Fate, SheetReport
from clientarea.importing.values import ZERO, Cells, numbered
from clientarea.importing.workbook import Row, SheetSpec
from payments.models import InvoiceKind
from payments.receipts import PREFIX
from saas.lib.money import cop, parse_cop
from saas.lib.text import fold

RECEIPTS = "RC"  # the series of an agency's own receipts; PREFIX is ours, which its export brings back
SERIES = (RECEIPTS, PREFIX)
NO_LEASE = "sin contrato"  # what an invoice without a lease says in its place
CREDIT = "saldo a favor"  # what a payment without invoices says in their place
INVOICES = SheetSpec(
    "Facturas",
    (
        "Prefijo", "Número", "Tipo", "Contrato", "Cliente (documento)", "Periodo", "Fecha emisión", "Fecha vencimiento",
        "Concepto", "Canon o comisión", "Administración", "IVA", "Retención", "Total", "Estado", "CUFE",
    ),
    told=("Prefijo", "Número", "Concepto"),
    optional=frozenset({"CUFE"}),
    also={
        "Número": ("Número de factura", "No. factura", "Factura", "Consecutivo"),
        "Tipo": ("Tipo de factura", "Clase"),
        "Contrato": ("Número de contrato", "No. contrato"),
        "Cliente (documento)": ("Cliente", "Documento", "Documento cliente", "Documento del cliente", "Tercero"),
        "Periodo": ("Mes", "Mes facturado"),
        "Fecha emisión": ("Fecha de emisión", "Fecha", "Fecha factura"),
        "Fecha vencimiento": ("Fecha de vencimiento", "Vencimiento", "Vence", "Fecha límite de pago"),
        "Concepto": ("Descripción", "Detalle"),
        "Canon o comisión": ("Canon", "Subtotal", "Base", "Valor"),
        "Administración": ("Cuota de administración",),
        "IVA": ("Valor IVA",),
        "Retención": ("Retenciones", "Retefuente", "Retención en la fuente"),
        "Total": ("Valor total", "Total a pagar", "Neto a pagar"),
    },
    names=("Factura", "Facturación"),
)  # fmt: skip
PAYMENTS = SheetSpec(
    "Pagos",
    ("Recibo", "Fecha", "Cliente (documento)", "Facturas", "Valor", "Medio de pago", "Referencia"),
    told=("Recibo", "Facturas"),
    optional=frozenset({"Medio de pago", "Referencia"}),
    also={
        "Recibo": ("Número de recibo", "No. recibo", "Recibo de caja", "Comprobante"),
        "Fecha": ("Fecha de pago", "Fecha pago", "Fecha recibo"),
        "Cliente (documento)": ("Cliente", "Documento", "Documento cliente", "Documento del cliente", "Tercero"),
        "Facturas": ("Factura", "Facturas pagadas", "Aplica a"),
        "Valor": ("Valor pagado", "Total", "Monto"),
        "Medio de pago": ("Medio", "Forma de pago"),
        "Referencia": ("Número de referencia", "Ref"),
    },
    names=("Recibos", "Recaudos", "Pago"),
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


@dataclass(slots=True)
class InvoiceSaid:
    """What a row of Facturas says, by the fields `names`; nothing any more of one that was kept: its invoice has it."""

    row: int
    key: Key
    state: str
    names: tuple[str, ...]
    said: tuple[Any, ...]

    @property
    def values(self) -> dict[str, Any]:
        """What is said by field."""
        return dict(zip(self.names, self.said, strict=True))


@dataclass(slots=True)
class PaymentSaid:
    """What a row of Pagos says."""

    row: int
    receipt: Key
    paid_on: date
    client: int
    shares: dict[Key, Decimal | None]  # of each invoice, how much goes to it: None is as much as it owes
    amount: Decimal
    means: str
    reference: str

    @property
    def keys(self) -> list[Key]:
        """The invoices, in the order named."""
        return list(self.shares)


def read_invoices(
    rows: Iterable[Row], sheet: SheetReport, clients: Mapping[str, int], leases: Mapping[str, int]
) -> list[InvoiceSaid]:
    """The invoices of the rows that can be used; the others are refused."""
    result: list[InvoiceSaid] = []
    names: tuple[str, ...] = ()
    for row in rows:
        cells = Cells(sheet, row)
        key = (intern(cells.text("Prefijo", most=10).upper()), cells.whole("Número", least=1, most=10**15))
        values: dict[str, Any] = {
            "kind": cells.choice("Tipo", KINDS, InvoiceKind.RENT),
            "lease_id": None if fold(str(cells.raw("Contrato") or "")) == NO_LEASE else cells.named("Contrato", leases, 0),
            "client_id": cells.known(WHO, clients, 0),
            "period": cells.period("Periodo"),
            "issued_on": cells.day("Fecha emisión"),
            "due_on": cells.day("Fecha vencimiento"),
            "concept": intern(cells.needed("Concepto", most=200)),
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
            said = cells.without(values, {"cufe": "CUFE"})
            names = names if len(names) == len(said) else tuple(said)  # one for all rows: a sheet has its columns
            result.append(InvoiceSaid(row.number, key, state, names, tuple(said.values())))
    return result


def read_payments(rows: Iterable[Row], sheet: SheetReport, clients: Mapping[str, int]) -> list[PaymentSaid]:
    """The payments of the rows that can be used; the others are refused."""
    result: dict[Key, PaymentSaid] = {}
    for row in rows:
        cells = Cells(sheet, row)
        receipt = cells.numbered("Recibo", prefix=RECEIPTS)
        if cells.ok and receipt[0] not in SERIES:
            told = {"ours": RECEIPTS, "theirs": receipt[0]}
            cells.refuse("Recibo", _("Los recibos importados son de la serie %(ours)s, no %(theirs)s.") % told)
        said = PaymentSaid(
            row=row.number, receipt=receipt, paid_on=cells.day("Fecha"), client=cells.known(WHO, clients, 0),
            shares=cells.read("Facturas", _shares, {}), amount=cells.money("Valor"), means=cells.text("Medio de pago", most=60),
            reference=cells.text("Referencia", most=80),
        )  # fmt: skip
        if cells.ok and said.amount == 0:
            cells.refuse("Valor", _("Un pago no puede ser de cero."))
        if cells.ok and sum((share or ZERO for share in said.shares.values()), ZERO) > said.amount:
            cells.refuse("Facturas", _("Los valores por factura suman más que el pago."))
        if not cells.ok:
            continue
        before = result.get(receipt)
        if before is None:
            result[receipt] = said
        elif (before.paid_on, before.client, before.shares, before.amount) == (said.paid_on, said.client, said.shares, said.amount):
            sheet.settle(row.number, Fate.UNCHANGED)
        else:
            cells.refuse("Recibo", repeated(full(receipt), before.row))
    return list(result.values())


def _shares(value: object) -> dict[Key, Decimal | None]:
    """The invoices that a cell names: `FA-5001; FA-5002`, each perhaps with what goes to it: `FA-5001:850000`. None for
    *Saldo a favor*. Raises ValueError."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value or "")
    if fold(text) == CREDIT:
        return {}
    pieces = [piece for piece in (text if ":" in text else text.replace(",", ";")).split(";") if piece.strip()]
    if not pieces:
        raise ValueError(_("Falta la factura que se pagó."))
    shares: dict[Key, Decimal | None] = {}
    for piece in pieces:
        name, colon, amount = piece.partition(":")
        shares.setdefault(numbered(name), parse_cop(amount.strip()) if colon else None)
    if any(share is not None and share < 0 for share in shares.values()):
        raise ValueError(_("El valor que se aplica a una factura no puede ser negativo."))
    return shares


def full(key: Key) -> str:
    """As people write it: `FA-5001`."""
    return f"{key[0]}-{key[1]}" if key[0] else str(key[1])
