"""Gathers what the paper of an invoice says, from its row. The amounts of its lines add up to its total.

Reads only. The paper itself is payments/documents.py; who may see it is payments/access.py.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from clientarea.models import Lease
from payments import accounts, documents, receipts
from payments.invoicing import numbering, official_papers
from payments.models import CreditNote, Invoice, InvoiceKind, InvoiceState, PaperKind
from saas.lib import clock
from tenants import branding
from tenants.models import Agency

Line = tuple[str, str, Decimal]


def title_of(invoice: Invoice) -> str:
    """What an invoice is called."""
    return _("Factura de arrendamiento") if invoice.kind == InvoiceKind.RENT else _("Factura de comisión")


def invoice_lines(invoice: Invoice) -> list[Line]:
    """What an invoice consists of: concept, detail and COP, withholdings negative. What is zero is left out."""
    month = clock.month_name(invoice.period)
    if invoice.kind == InvoiceKind.RENT:
        base = (_("Canon de arrendamiento"), month, invoice.base)
    else:
        base = (_("Comisión de administración"), month, invoice.base)
    others: list[Line] = [
        (_("Cuota de administración"), month, invoice.administration),
        *((line.concept, "", line.amount) for line in (invoice.lines.all() if invoice.extras else ())),
        (_("IVA"), "", invoice.iva),
        (_("Retenciones"), "", -invoice.withholding),
    ]
    return [line for line in (base, *others) if line[2]]


def paper_of(invoice: Invoice, agency: Agency) -> bytes:
    """The PDF of an invoice: the official one if the agency attached it, or else ours. Raises pdf.PdfError."""
    official = official_papers.open_paper(invoice, PaperKind.PDF)
    if official is None:
        return documents.invoice_pdf(invoice_document(invoice, agency))
    with official:
        return official.read()


def note_paper(note: CreditNote, agency: Agency) -> bytes:
    """The PDF of a credit note. Raises pdf.PdfError."""
    client = note.client
    return documents.note_pdf(
        documents.NoteDocument(
            issuer=receipts.issuer(agency),
            number=note.full_number,
            issued_on=note.issued_on,
            invoice=note.invoice.full_number,
            invoice_on=note.invoice.issued_on,
            invoice_cufe=note.invoice.cufe,
            client=client.name,
            client_document=client.full_document,
            reason=note.reason,
            base=note.amount - note.iva,
            iva=note.iva,
            total=note.amount,
            resolution=numbering.printed(note.resolution),
        )
    )


def invoice_document(invoice: Invoice, agency: Agency) -> documents.InvoiceDocument:
    """The paper of an invoice that came from payments/access.py (it carries its state)."""
    client, rent = invoice.client, invoice.kind == InvoiceKind.RENT
    principal, principal_document = _principal(invoice.lease) if rent else ("", "")
    payable = rent and accounts.active_account() is not None
    return documents.InvoiceDocument(
        issuer=receipts.issuer(agency),
        title=title_of(invoice),
        number=invoice.full_number,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        period=invoice.period,
        client=client.name,
        client_document=client.full_document,
        client_address=", ".join(part for part in (client.address, client.city) if part),
        client_role=_("Arrendatario") if rent else _("Propietario"),
        lines=tuple(invoice_lines(invoice)),
        total=invoice.total,
        balance=Decimal(0) if invoice.voided_at else invoice.balance,
        state=str(InvoiceState(invoice.state).label),  # type: ignore[attr-defined]
        principal=principal,
        principal_document=principal_document,
        lease=invoice.lease.number if invoice.lease else "",
        unit=_unit(invoice.lease),
        resolution=numbering.printed(invoice.resolution),
        cufe=invoice.cufe,
        how_to_pay=(_("En línea, con tarjeta, PSE o efectivo: escanee el código o abra la dirección e ingrese al área de clientes."),)
        if payable
        else (),
        pay_url=branding.origin(agency) + reverse("invoice_pay", args=[invoice.pk], urlconf=settings.AGENCY_URLCONF)
        if payable
        else "",
    )


def _unit(lease: Lease | None) -> str:
    if lease is None:
        return ""
    unit = lease.unit
    return f"{unit.kind} {unit.code}, {unit.address}, {unit.city}"


def _principal(lease: Lease | None) -> tuple[str, str]:
    """For whom the rent is invoiced: the owner and the document, or all owners by name."""
    if lease is None:
        return "", ""
    owners = [o.owner for o in lease.unit.ownerships.select_related("owner").order_by("-share", "pk")]
    if len(owners) == 1:
        owner = owners[0]
        return owner.name, owner.full_document
    return ", ".join(owner.name for owner in owners), ""
