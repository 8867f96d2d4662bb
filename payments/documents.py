"""The papers of money: what each says, as a frozen dataclass, and the function from it to the bytes of its PDF.

Pure: no database, no storage, no clock. Amounts are Decimal COP and texts come as people read them. Who gathers the data
is payments/receipts.py and payments/invoicing/invoice_paper.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from saas.lib import clock, money
from tenants.paper import Issuer, qr_svg, render


@dataclass(frozen=True)
class ReceiptDocument:
    """A receipt (comprobante de pago). `lines` are the invoices it was applied to: number, concept, COP.

    `credit` is what was left over in the client's favour; lines and credit add up to `total`. `test` marks a payment that
    moved no money.
    """

    issuer: Issuer
    number: str
    issued_at: datetime
    paid_on: date
    payer: str
    payer_document: str
    client: str
    client_document: str
    means: str
    reference: str
    cus: str
    authorisation: str
    lines: tuple[tuple[str, str, Decimal], ...]
    total: Decimal
    code: str
    verify_url: str
    credit: Decimal = Decimal(0)
    test: bool = False


@dataclass(frozen=True)
class InvoiceDocument:
    """A rent or commission invoice. `lines` are concept, detail and COP (withholdings negative); they add up to `total`.

    `title` is what it is called ("Factura de arrendamiento"), `client_role` what the client is in it ("Arrendatario"),
    `principal` the owner for whom it is issued, `resolution` and `cufe` DIAN's where there are any, `how_to_pay` one
    line each, `pay_url` where it can be paid online. Empty texts are left out of the paper.
    """

    issuer: Issuer
    title: str
    number: str
    issued_on: date
    due_on: date
    period: date
    client: str
    client_document: str
    lines: tuple[tuple[str, str, Decimal], ...]
    total: Decimal
    balance: Decimal
    state: str
    client_role: str = "Cliente"
    client_address: str = ""
    principal: str = ""
    principal_document: str = ""
    lease: str = ""
    unit: str = ""
    resolution: str = ""
    cufe: str = ""
    how_to_pay: tuple[str, ...] = ()
    pay_url: str = ""
    test: bool = False


@dataclass(frozen=True)
class NoteDocument:
    """A credit note of an invoice. `base` and `iva` add up to `total`; `resolution` and `invoice_cufe` where there are any."""

    issuer: Issuer
    number: str
    issued_on: date
    invoice: str
    invoice_on: date
    client: str
    client_document: str
    reason: str
    base: Decimal
    iva: Decimal
    total: Decimal
    resolution: str = ""
    invoice_cufe: str = ""


def receipt_pdf(doc: ReceiptDocument) -> bytes:
    """The PDF of a receipt. Raises pdf.PdfError."""
    different = (doc.payer, doc.payer_document) != (doc.client, doc.client_document)
    facts = [
        ("Fecha del pago", clock.long_date(doc.paid_on)),
        ("Medio de pago", doc.means),
        ("Referencia", doc.reference),
        ("CUS", doc.cus),
        ("Autorización", doc.authorisation),
    ]
    return render(
        "pdf/receipt.html",
        doc.issuer,
        title=f"Comprobante de pago {doc.number}",
        context={
            "doc": doc,
            "issued": clock.long_datetime(doc.issued_at),
            "facts": [fact for fact in facts if fact[1]],
            "other": doc.client if different else "",
            "total": money.cop(doc.total),
            "words": _sentence(money.in_words(doc.total)),
            "lines": [(number, concept, money.cop(amount)) for number, concept, amount in doc.lines],
            "credit": money.cop(doc.credit) if doc.credit else "",
            "code": _grouped(doc.code),
            "qr": qr_svg(doc.verify_url),
        },
    )


def invoice_pdf(doc: InvoiceDocument) -> bytes:
    """The PDF of a rent or commission invoice. Raises pdf.PdfError."""
    paid = doc.total - doc.balance
    facts = [
        ("Emisión", clock.long_date(doc.issued_on)),
        ("Vencimiento", clock.long_date(doc.due_on)),
        ("Periodo", clock.month_name(doc.period)),
        ("Contrato", doc.lease),
        ("Inmueble", doc.unit),
    ]
    return render(
        "pdf/invoice.html",
        doc.issuer,
        title=f"{doc.title} {doc.number}",
        context={
            "doc": doc,
            "due": clock.long_date(doc.due_on),
            "facts": [fact for fact in facts if fact[1]],
            "lines": [(concept, detail, money.cop(amount)) for concept, detail, amount in doc.lines],
            "total": money.cop(doc.total),
            "words": _sentence(money.in_words(doc.total)),
            "paid": money.cop(-paid) if paid else "",
            "balance": money.cop(doc.balance),
            "owed": doc.balance > 0,
            "qr": qr_svg(doc.pay_url) if doc.pay_url and doc.balance > 0 else "",
        },
    )


def note_pdf(doc: NoteDocument) -> bytes:
    """The PDF of a credit note. Raises pdf.PdfError."""
    lines = [("Valor que se acredita antes de IVA", money.cop(doc.base)), ("IVA", money.cop(doc.iva) if doc.iva else "")]
    context = {
        "doc": doc,
        "issued": clock.long_date(doc.issued_on),
        "facts": [
            ("Emisión", clock.long_date(doc.issued_on)),
            ("Factura", f"{doc.invoice}, {clock.long_date(doc.invoice_on)}"),
            ("Motivo", doc.reason),
        ],
        "lines": [line for line in lines if line[1]],
        "total": money.cop(doc.total),
        "words": _sentence(money.in_words(doc.total)),
    }
    return render("pdf/credit_note.html", doc.issuer, title=f"Nota crédito {doc.number}", context=context)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _grouped(code: str) -> str:
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))
