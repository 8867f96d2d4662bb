"""The sheets Facturas and Pagos in the ledger: invoices, and the payments that the agency received before or beside the gateway.

What an invoice has covered follows from movements alone; the state that a workbook writes beside it is never believed,
only reported when it disagrees. Money once recorded is not rewritten. Existing invoices are locked, by id, before they
are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from clientarea.importing import store
from clientarea.importing.estate import repeated
from clientarea.importing.report import Fate, SheetReport
from clientarea.importing.values import CENT, ZERO, shown
from clientarea.importing.workbook import Row
from clientarea.models import Client, Lease
from payments.importing_rows import WHO, InvoiceSaid, Key, PaymentSaid, full, read_invoices, read_payments
from payments.models import (
    Counter,
    Invoice,
    InvoiceKind,
    Movement,
    MovementKind,
    Payment,
    PaymentLine,
    PaymentSource,
    PaymentState,
    Receipt,
)
from payments.receipts import PREFIX
from saas.lib import crypto
from saas.lib.clock import BOGOTA, short_date
from saas.lib.money import cop

# Who owes how much: fixed from the first movement on. The rest of an invoice only describes it.
MONEY_FIELDS = ("kind", "client_id", "lease_id", "base", "administration", "iva", "withholding", "total")
INVOICE_FIELDS = (*MONEY_FIELDS, "period", "issued_on", "due_on", "concept", "cufe", "voided_at", "applied")


class Move(NamedTuple):
    """A movement of a payment, to be written."""

    kind: MovementKind
    client_id: int
    amount: Decimal
    on: date
    invoice: Invoice | None
    payment: Payment


class Paid(NamedTuple):
    """A payment to be written, and what its lines and its receipt will say: they are made when they are written."""

    said: PaymentSaid
    payment: Payment
    covered: Sequence[tuple[Invoice, Decimal]]
    meant: Sequence[tuple[Invoice, Decimal]]
    left: Decimal
    settled_at: datetime


@dataclass
class Books:
    """The invoices at hand while a workbook is read, and what is to be written at its end."""

    invoices: dict[Key, Invoice]
    moved: set[int]  # ids of the invoices that had movements before
    said: dict[Key, InvoiceSaid] = field(default_factory=dict)
    new: list[Invoice] = field(default_factory=list)
    touched: dict[int, Invoice] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    deducted: list[Movement] = field(default_factory=list)

    def move(self, kind: MovementKind, *, client: int, amount: Decimal, on: date, invoice: Invoice | None, payment: Payment) -> None:
        """Add to the ledger, and to what its invoice has covered."""
        self.moves.append(Move(kind, client, amount, on, invoice, payment))
        if invoice is not None:
            invoice.applied += amount
            self.touch(invoice)

    def deduct(self, invoice: Invoice) -> Movement:
        """Cover what is left of a commission, as taken off its owner's payout."""
        movement = Movement(
            kind=MovementKind.DEDUCTED, client_id=invoice.client_id, amount=invoice.balance, on=invoice.issued_on, invoice=invoice
        )
        self.deducted.append(movement)
        invoice.applied += movement.amount
        self.touch(invoice)
        return movement

    def touch(self, invoice: Invoice) -> None:
        """Have an invoice written at the end."""
        if invoice.pk is not None:
            self.touched[invoice.pk] = invoice


def import_money(
    invoices: Iterable[Row],
    payments: Iterable[Row],
    *,
    invoice_sheet: SheetReport,
    payment_sheet: SheetReport,
    clients: Mapping[str, int],
    leases: Mapping[str, int],
    now: datetime,
) -> None:
    """Create and update invoices, record payments with their receipts, and deduct paid commissions."""
    invoices_said = read_invoices(invoices, invoice_sheet, clients, leases)
    payments_said = read_payments(payments, payment_sheet, clients)
    books = _open({said.key for said in invoices_said} | {key for said in payments_said for key in said.keys})
    for said in invoices_said:
        _keep_invoice(said, books, invoice_sheet, now=now)
    records = _keep_payments(payments_said, books, payment_sheet, now=now)
    _deduct_commissions(books, invoice_sheet)
    _write(books, records)
    _compare_states(books, payments_said, invoice_sheet, payment_sheet)


def _open(keys: set[Key]) -> Books:
    """The invoices of those keys, locked in the order of their ids, as whoever settles a payment locks them."""
    ids = sorted(
        pk
        for piece in store.chunks(sorted({number for _prefix, number in keys}))
        for pk, prefix, number in Invoice.objects.filter(number__in=piece).values_list("pk", "prefix", "number")
        if (prefix, number) in keys
    )
    invoices: dict[Key, Invoice] = {}
    moved: set[int] = set()
    for piece in store.chunks(ids):
        for invoice in Invoice.objects.select_for_update().filter(pk__in=piece).order_by("pk"):
            invoices[invoice.prefix, invoice.number] = invoice
        moved.update(Movement.objects.filter(invoice_id__in=piece).values_list("invoice_id", flat=True).distinct())
    return Books(invoices, moved)


def _keep_invoice(said: InvoiceSaid, books: Books, sheet: SheetReport, *, now: datetime) -> None:
    prefix, number = said.key
    first = books.said.get(said.key)
    if first is not None:
        if first.state == said.state and not store.differs(books.invoices[said.key], said.values):
            sheet.settle(said.row, Fate.UNCHANGED)
        else:
            sheet.reject(said.row, "Número", repeated(full(said.key), first.row))
        return
    invoice = books.invoices.get(said.key)
    voided = said.state == "void"
    if invoice is None:
        invoice = store.slim(Invoice(prefix=prefix, number=number, applied=ZERO, voided_at=now if voided else None, **said.values))
        books.invoices[said.key] = invoice
        books.new.append(invoice)
        sheet.make(said.row, "invoice", invoice)
        sheet.settle(said.row, Fate.CREATED)
    else:
        refusal = _frozen(invoice, said, books)
        if refusal is not None:
            sheet.reject(said.row, *refusal)
            return
        wanted = {**said.values, "voided_at": now} if voided and invoice.voided_at is None else said.values
        before = store.put(invoice, wanted)
        changed = bool(before)
        if changed:
            books.touch(invoice)
            sheet.change(said.row, "invoice", invoice, before=before)
        sheet.settle(said.row, Fate.UPDATED if changed else Fate.UNCHANGED)
    books.said[said.key] = said
    said.said = ()  # the invoice has it: of a whole workbook it is not held twice


def _frozen(invoice: Invoice, said: InvoiceSaid, books: Books) -> tuple[str, str] | None:
    """Why a row may not change an invoice that is there (column and reason), or None."""
    voided = said.state == "void"
    if invoice.voided_at is not None and not voided:
        return "Estado", _("La factura está anulada: no se reactiva al importar.")
    if invoice.resolution_id is not None and (store.differs(invoice, said.values) or voided and invoice.voided_at is None):
        return "Número", _("La factura se expidió aquí: no se cambia al importar.")
    if invoice.pk not in books.moved:
        return None
    if voided and invoice.voided_at is None:
        return "Estado", _("La factura tiene pagos: no se anula al importar.")
    if store.differs(invoice, {name: said.values[name] for name in MONEY_FIELDS}):
        told = {"old": cop(invoice.total), "new": cop(said.values["total"])}
        return "Total", _("La factura ya tiene pagos: no se cambian sus valores ni de quién es (había %(old)s, ahora %(new)s).") % told
    return None


def _keep_payments(said: list[PaymentSaid], books: Books, sheet: SheetReport, *, now: datetime) -> list[Paid]:
    """Apply the payments that are new, oldest first; look whether those that are known still say the same."""
    receipts = Receipt.objects.select_related("payment").prefetch_related("payment__lines", "payment__reversals")
    known = {(r.prefix, r.number): r for r in store.found(receipts, "number", [p.receipt[1] for p in said])}
    leases = {i.lease_id for p in said for key in p.keys if (i := books.invoices.get(key)) is not None}
    parties = {lease.pk: {lease.renter_id, lease.co_renter_id} for lease in store.found(Lease.objects.all(), "pk", leases)}
    payers = {client.pk: client for client in store.found(Client.objects.all(), "pk", [p.client for p in said])}
    records: list[Paid] = []
    for payment in sorted(said, key=lambda payment: (payment.paid_on, payment.row)):
        if payment.receipt in known:
            _compare_payment(payment, known[payment.receipt].payment, books, sheet)
        elif _may_pay(payment, books, parties, sheet):
            records.append(_apply(payment, payers[payment.client], books, sheet, now=now))
    return records


def _may_pay(said: PaymentSaid, books: Books, parties: Mapping[int, set[int | None]], sheet: SheetReport) -> bool:
    """Whether the invoices of a payment are there, and are asked of its client or of who signed the lease with them."""
    for key in said.keys:
        invoice = books.invoices.get(key)
        if invoice is None:
            sheet.reject(said.row, "Facturas", _("La factura %s no existe o fue rechazada.") % shown(full(key)))
            return False
        together = parties.get(invoice.lease_id or 0, set())
        if said.client != invoice.client_id and not {said.client, invoice.client_id} <= together:
            sheet.reject(said.row, WHO, _("La factura %s no es de este cliente ni de su contrato.") % shown(full(key)))
            return False
    return True


def _compare_payment(said: PaymentSaid, payment: Payment, books: Books, sheet: SheetReport) -> None:
    """A payment that is known stays as it is; a row that says otherwise is refused."""
    paid = {line.invoice_id for line in payment.lines.all()}
    named = {books.invoices[key].pk for key in said.keys if key in books.invoices}
    told = {"old": "", "new": ""}
    left = payment.amount - sum((reversal.amount for reversal in payment.reversals.all()), ZERO)
    if said.amount not in (payment.amount, left):
        column, told = "Valor", {"old": cop(payment.amount), "new": cop(said.amount)}
    elif payment.paid_on != said.paid_on:
        column, told = "Fecha", {"old": short_date(payment.paid_on or said.paid_on), "new": short_date(said.paid_on)}
    elif payment.client_id != said.client:
        sheet.reject(said.row, WHO, _("Este recibo ya está registrado a nombre de otro cliente. No se cambió."))
        return
    elif not paid <= named:
        sheet.reject(said.row, "Facturas", _("Este recibo ya está registrado para otras facturas. No se cambió."))
        return
    else:
        sheet.settle(said.row, Fate.UNCHANGED)
        return
    sheet.reject(said.row, column, _("Este recibo ya está registrado con %(old)s, y ahora dice %(new)s. No se cambió.") % told)


def _apply(said: PaymentSaid, payer: Client, books: Books, sheet: SheetReport, *, now: datetime) -> Paid:
    """Cover the invoices in the order named; what they do not need is the client's credit."""
    settled_at = min(datetime.combine(said.paid_on, time(12), BOGOTA), now)  # the workbook gives no hour
    payment = Payment(
        client=payer, source=PaymentSource.IMPORTED, state=PaymentState.APPROVED, amount=said.amount, means=said.means,
        reference=said.reference, paid_on=said.paid_on, settled_at=settled_at,
    )  # fmt: skip
    covered: list[tuple[Invoice, Decimal]] = []
    left = said.amount
    for key, share in said.shares.items():
        invoice = books.invoices[key]
        amount = min(left, ZERO if invoice.voided_at else invoice.balance, left if share is None else share)
        if amount > 0:
            books.move(MovementKind.APPLIED, client=payer.pk, amount=amount, on=said.paid_on, invoice=invoice, payment=payment)
            covered.append((invoice, amount))
            left -= amount
    meant = {id(invoice): (invoice, amount) for invoice, amount in covered}
    if left > 0:
        books.move(MovementKind.CREDIT, client=payer.pk, amount=left, on=said.paid_on, invoice=None, payment=payment)
        sheet.notice(said.row, "Valor", _("Sobran %s: quedan como saldo a favor del cliente.") % cop(left))
        if said.keys:
            last = books.invoices[said.keys[-1]]  # a payment's lines add up to it
            meant[id(last)] = (last, meant.get(id(last), (last, ZERO))[1] + left)
    went = [f"{invoice.full_number} {cop(amount)}" for invoice, amount in covered]
    sheet.make(said.row, "payment", payment, note="; ".join([*went, *([_("saldo a favor %s") % cop(left)] if left > 0 else [])]))
    sheet.settle(said.row, Fate.CREATED)
    return Paid(said, payment, tuple(covered), tuple(meant.values()), left, settled_at)


def _receipt(paid: Paid) -> Receipt:
    """The receipt that the agency gave, by its own number, with what receipts.issue() would have kept."""
    said, payment = paid.said, paid.payment
    client = payment.client
    return Receipt(  # by the payment's id: a payment that is given holds its receipt for as long as it is there itself
        prefix=said.receipt[0], number=said.receipt[1], payment_id=payment.pk, client=client, amount=said.amount, issued_at=paid.settled_at,
        code=crypto.random_reference(10),
        content={
            "client": client.name,
            "client_document": client.full_document,
            "payer": client.name,
            "payer_document": "",
            "paid_on": said.paid_on.isoformat(),
            "means": said.means,
            "reference": said.reference,
            "cus": "",
            "authorisation": "",
            "test": False,
            "lines": [[invoice.full_number, invoice.concept, str(amount.quantize(CENT))] for invoice, amount in paid.covered],
            "credit": str(paid.left.quantize(CENT)),
        },
    )  # fmt: skip


def _deduct_commissions(books: Books, sheet: SheetReport) -> None:
    """A commission that the workbook says is paid was kept from the owner's payout, but for what payments covered."""
    for key, said in books.said.items():
        invoice = books.invoices[key]
        if invoice.kind == InvoiceKind.COMMISSION and said.state == "paid" and invoice.balance > 0:
            movement = books.deduct(invoice)
            sheet.make(said.row, "movement", movement, note=cop(movement.amount))
            if sheet.fates[said.row] is Fate.UNCHANGED:
                sheet.settle(said.row, Fate.UPDATED)


def _write(books: Books, records: list[Paid]) -> None:
    store.insert(books.new)
    store.rewrite(list(books.touched.values()), INVOICE_FIELDS)
    for piece in store.chunks(records):
        store.insert([paid.payment for paid in piece])
        store.insert([PaymentLine(payment=paid.payment, invoice=invoice, amount=amount) for paid in piece for invoice, amount in paid.meant])
        store.insert([_receipt(paid) for paid in piece])
    store.insert(Movement(**move._asdict()) for move in books.moves)
    store.insert(books.deducted)
    _count_on(max((paid.said.receipt[1] for paid in records if paid.said.receipt[0] == PREFIX), default=0))


def _count_on(number: int) -> None:
    """Go on numbering our own receipts after those that a book brought: an export put into an agency that does not have them."""
    if number:
        Counter.objects.get_or_create(name="receipt")
        Counter.objects.filter(name="receipt", value__lt=number).update(value=number)


def _compare_states(books: Books, payments: list[PaymentSaid], invoices_sheet: SheetReport, payments_sheet: SheetReport) -> None:
    """Tell where the state that the workbook writes is not what its payments say."""
    for payment in payments:
        pending = [full(key) for key in payment.keys if key in books.said and books.said[key].state == "pending"]
        if pending and payments_sheet.fates[payment.row] is not Fate.REJECTED:
            told = _("La hoja Facturas dice que %s está pendiente. El pago se aplicó.") % ", ".join(pending)
            payments_sheet.notice(payment.row, "Facturas", told)
    for key, said in books.said.items():
        invoice = books.invoices[key]
        if said.state == "paid" and invoice.balance > 0:
            told = _("Dice que está pagada, pero sus pagos suman %(paid)s de %(total)s. Quedó con saldo.")
            values = {"paid": cop(invoice.applied), "total": cop(invoice.total)}
            invoices_sheet.notice(said.row, "Estado", told % values)
