"""A client's invoices: the rent that a renter is asked for and the commissions that an owner is, as lists, pages and papers.

Shows only; paying is payments/portal_paying.py.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from clientarea.access import client_of
from payments import access, checkout, links
from payments.forms import SORTS, InvoiceFilterForm
from payments.invoicing import invoice_paper, official_papers
from payments.models import Invoice, InvoiceKind, InvoiceQuerySet, InvoiceState, PaperKind
from saas.accounts.doors import client
from saas.lib import clock
from saas.lib.downloads import download, drawn_download
from saas.lib.paging import counted_page_of
from tenants.hosts import agency_of

PAYABLE = (InvoiceState.PENDING, InvoiceState.OVERDUE, InvoiceState.PARTLY_PAID)


@client
def invoices(request: HttpRequest) -> HttpResponse:
    """The rent invoices of who asks."""
    rows = access.invoices_of(client_of(request), today=clock.today())
    return _list(request, rows, "payments/invoices.html")


@client
def commissions(request: HttpRequest) -> HttpResponse:
    """The commission invoices of who asks."""
    rows = access.commissions_of(client_of(request), today=clock.today())
    return _list(request, rows, "payments/commissions.html")


@client
def invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """One rent invoice: what it consists of and what was paid of it."""
    return _detail(request, get_object_or_404(access.invoices_of(client_of(request), today=clock.today()), pk=pk))


@client
def commission(request: HttpRequest, pk: int) -> HttpResponse:
    """One commission invoice."""
    return _detail(request, get_object_or_404(access.commissions_of(client_of(request), today=clock.today()), pk=pk))


@client
@require_GET
def shared_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """A rent of a lease that who asks signed beside the renter: on to the signed link, which shows what is owed and no more."""
    found = get_object_or_404(access.shared_invoices_of(client_of(request)), pk=pk)
    return redirect("pay_link", links.token_of(found))


@client
def invoice_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper of a rent invoice."""
    return _pdf(request, get_object_or_404(access.invoices_of(client_of(request), today=clock.today()).select_related("client"), pk=pk))


@client
def invoice_xml(request: HttpRequest, pk: int) -> HttpResponse:
    """The official XML of a rent invoice, where the agency attached one."""
    return _xml(get_object_or_404(access.invoices_of(client_of(request), today=clock.today()), pk=pk))


@client
def commission_xml(request: HttpRequest, pk: int) -> HttpResponse:
    """The official XML of a commission invoice, where the agency attached one."""
    return _xml(get_object_or_404(access.commissions_of(client_of(request), today=clock.today()), pk=pk))


@client
def invoice_note(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper of a credit note."""
    note = get_object_or_404(access.notes_of(client_of(request)), pk=pk)
    back = reverse("invoice" if note.invoice.kind == InvoiceKind.RENT else "commission", args=[note.invoice_id])
    name = f"nota-credito-{note.full_number}.pdf"
    return drawn_download(request, lambda: invoice_paper.note_paper(note, agency_of(request)), name, back=back)


@client
def commission_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper of a commission invoice."""
    return _pdf(request, get_object_or_404(access.commissions_of(client_of(request), today=clock.today()).select_related("client"), pk=pk))


def _list(request: HttpRequest, rows: InvoiceQuerySet, template: str) -> HttpResponse:
    leases = rows.order_by("lease__number").exclude(lease=None).values_list("lease_id", "lease__number").distinct()
    months = rows.order_by().dates("period", "month", order="DESC")
    filters = InvoiceFilterForm(request.GET, leases=leases, months=months)
    owed, overdue = access.owed_by(rows, today=clock.today())
    chosen = _filtered(rows, filters)
    totals = access.totals_of(chosen)
    _label, order = SORTS[filters.chosen("sort")]
    page = counted_page_of(request, chosen.order_by(*order, "pk"), count=totals.count)
    for row in page:
        row.label = InvoiceState(row.state).label
        row.payable = row.state in PAYABLE
    context = {"page": page, "filters": filters, "owed": owed, "overdue": overdue, "totals": totals}
    return render(request, template, {**context, "payable": any(row.payable for row in page)})


def _filtered(rows: InvoiceQuerySet, filters: InvoiceFilterForm) -> InvoiceQuerySet:
    if text := filters.chosen("q"):
        rows = access.search(rows, text)
    if state := filters.chosen("state"):
        rows = rows.filter(state=state)  # type: ignore[misc]
    if lease := filters.chosen("lease"):
        rows = rows.filter(lease=int(lease))
    if period := filters.chosen("period"):
        year, _, month = period.partition("-")
        rows = rows.filter(period__year=int(year))
        if month:
            rows = rows.filter(period__month=int(month))
    return rows


def _detail(request: HttpRequest, row: Invoice) -> HttpResponse:
    state = InvoiceState(row.state)  # type: ignore[attr-defined]
    under_way = checkout.open_attempt_of(row, now=clock.now())
    return render(
        request,
        "payments/invoice.html",
        {
            "invoice": row,
            "rent": row.kind == InvoiceKind.RENT,
            "heading": f"{invoice_paper.title_of(row)} {row.full_number}",
            "label": state.label,
            "payable": row.kind == InvoiceKind.RENT and state in (*PAYABLE, InvoiceState.IN_PROCESS),
            "under_way": under_way,
            "can_continue": under_way is not None and checkout.sendable(under_way, access.lines_of(under_way)),
            "lines": invoice_paper.invoice_lines(row),
            "movements": access.movements_of(client_of(request)).filter(invoice=row),
            "notes": access.notes_of(client_of(request)).filter(invoice=row),
            "official_xml": row.papers.filter(kind=PaperKind.XML).exists(),
        },
    )


def _pdf(request: HttpRequest, row: Invoice) -> HttpResponse:
    back = reverse("invoice" if row.kind == InvoiceKind.RENT else "commission", args=[row.pk])
    name = f"factura-{row.full_number}.pdf"
    return drawn_download(request, lambda: invoice_paper.paper_of(row, agency_of(request)), name, back=back)


def _xml(row: Invoice) -> HttpResponse:
    file = official_papers.open_paper(row, PaperKind.XML)
    if file is None:
        raise Http404
    with file:
        return download(file.read(), f"factura-{row.full_number}.xml", "application/xml")
