"""The desk's list of invoices and the page of one: what it consists of, what covered it, its papers, its history, and what may
be done with it now."""

from __future__ import annotations

from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from payments import access
from payments.invoicing import credit_notes, invoice_paper, issuing, numbering, official_papers
from payments.invoicing import lists as invoice_lists
from payments.invoicing.forms import InvoiceFilter
from payments.models import CreditNote, Invoice, InvoiceState, PaperKind, Resolution
from saas.accounts.doors import staff_of
from saas.accounts.models import StaffRole
from saas.audit.changes import changes_of
from saas.lib import clock
from saas.lib.downloads import download, drawn_download
from saas.lib.paging import keyed_page_of
from tenants.hosts import agency_of
from tenants.replica import reading_reports

_TYPES = {
    "csv": ("text/csv; charset=utf-8", invoice_lists.as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", invoice_lists.as_xlsx),
}
# What the history calls each field.
FIELDS = {
    "issued": "Emitida", "voided": "Anulada", "credit_note": "Nota crédito", "cufe": "CUFE", "pdf": "PDF oficial", "xml": "XML oficial",
    "mail": "Correo",
}  # fmt: skip


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_invoices(request: HttpRequest) -> HttpResponse:
    """*Facturas*: all of them, searched and filtered, with their totals."""
    wanted = InvoiceFilter(request.GET)
    rows = invoice_lists.chosen(invoice_lists.invoices(clock.today()), wanted)
    totals = access.totals_of(rows)
    page = keyed_page_of(request, rows, count=totals.count)
    for row in page:
        row.label = InvoiceState(row.state).label
    context = {
        "filters": wanted, "page": page, "totals": totals, "warnings": warnings(), "query": request.GET.urlencode(),
        "too_many": totals.count > invoice_lists.MOST, "most": invoice_lists.MOST,
    }  # fmt: skip
    return render(request, "payments/desk_invoices.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_invoices_file(request: HttpRequest, ending: str) -> HttpResponse:
    """The list as a file: what the filter shows."""
    if ending not in _TYPES:
        raise Http404
    content_type, write = _TYPES[ending]
    rows = invoice_lists.chosen(invoice_lists.invoices(clock.today()), InvoiceFilter(request.GET))
    with reading_reports():
        data = write(rows)
    return download(data, f"facturas-{clock.today().isoformat()}.{ending}", content_type)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """One invoice, with all that is known of it and what can be done."""
    rows = invoice_lists.invoices(clock.today()).select_related("client", "lease__unit", "voided_by", "issued_by", "resolution", "run")
    invoice = get_object_or_404(rows.prefetch_related("lines"), pk=pk)
    most = credit_notes.most_of(invoice)
    changes = list(changes_of("invoice", pk)[:50])
    for change in changes:
        change.label = FIELDS.get(change.field, change.field)  # type: ignore[attr-defined]
        if change.field in ("pdf", "xml"):
            change.after, change.before = "reemplazado" if change.before else "adjunto", ""
    context = {
        "invoice": invoice,
        "label": InvoiceState(invoice.state).label,  # type: ignore[attr-defined]
        "balance": Decimal(0) if invoice.voided_at else invoice.balance,
        "title": invoice_paper.title_of(invoice),
        "lines": invoice_paper.invoice_lines(invoice),
        "movements": invoice.movements.select_related("payment__receipt", "credit_note", "reversal").order_by("pk"),
        "notes": invoice.notes.select_related("made_by").order_by("pk"),
        "papers": {paper.kind: paper for paper in invoice.papers.select_related("made_by")},
        "changes": changes,
        "why_not_void": issuing.why_not_void(invoice, now=clock.now()),
        "most": most,
        "may_mail": bool(invoice.client.email) and invoice.voided_at is None and invoice.balance > 0,
    }
    return render(request, "payments/desk_invoice.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_invoice_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The invoice as a PDF: the official one where there is one."""
    invoice = get_object_or_404(invoice_lists.invoices(clock.today()), pk=pk)
    name, back = f"factura-{invoice.full_number}.pdf", reverse("desk_invoice", args=[pk])
    return drawn_download(request, lambda: invoice_paper.paper_of(invoice, agency_of(request)), name, back=back)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_invoice_xml(request: HttpRequest, pk: int) -> HttpResponse:
    """The official XML."""
    invoice = get_object_or_404(Invoice, pk=pk)
    file = official_papers.open_paper(invoice, PaperKind.XML)
    if file is None:
        raise Http404
    with file:
        return download(file.read(), f"factura-{invoice.full_number}.xml", "application/xml")


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_note_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """A credit note as a PDF."""
    note = get_object_or_404(CreditNote.objects.select_related("invoice", "client", "resolution"), pk=pk)
    name, back = f"nota-credito-{note.full_number}.pdf", reverse("desk_invoice", args=[note.invoice_id])
    return drawn_download(request, lambda: invoice_paper.note_paper(note, agency_of(request)), name, back=back)


def warnings() -> list[tuple[Resolution, str]]:
    """The numberings in use that will soon stop, and why."""
    today = clock.today()
    told = [(row, numbering.warning(row, today=today)) for row in Resolution.objects.filter(active=True).order_by("series")]
    return [(row, text) for row, text in told if text]


urlpatterns = [
    path("facturas/", desk_invoices, name="desk_invoices"),
    path("facturas/lista.<slug:ending>", desk_invoices_file, name="desk_invoices_file"),
    path("facturas/<int:pk>/", desk_invoice, name="desk_invoice"),
    path("facturas/<int:pk>/pdf/", desk_invoice_pdf, name="desk_invoice_pdf"),
    path("facturas/<int:pk>/xml/", desk_invoice_xml, name="desk_invoice_xml"),
    path("facturas/notas/<int:pk>/pdf/", desk_note_pdf, name="desk_note_pdf"),
]
