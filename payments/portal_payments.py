"""A client's history of payments, and the receipts to keep."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clientarea.access import client_of
from payments import access, documents, receipts, reversal_document
from payments.forms import PAYMENT_STATES, StateAndYearFilter
from payments.models import Payment, PaymentState, TransferState
from payments.transfer.gateway import LABEL as TRANSFER_LABEL
from saas.accounts.doors import client
from saas.lib import clock
from saas.lib.downloads import PDF, drawn_download, stored_download
from saas.lib.paging import page_of
from tenants.hosts import agency_of


@client
def payments(request: HttpRequest) -> HttpResponse:
    """The payments of who asks."""
    rows = access.payments_of(client_of(request))
    years = [day.year for day in rows.order_by().dates("on", "year", order="DESC")]
    filters = StateAndYearFilter(request.GET, states=PAYMENT_STATES, years=years)
    page = page_of(request, _filtered(rows, filters))
    for row in page:
        verifying = row.shown == PaymentState.PENDING and row.means == TRANSFER_LABEL
        row.label = TransferState.WAITING.label if verifying else PaymentState(row.shown).label
    return render(request, "payments/payments.html", {"page": page, "filters": filters})


@client
def payment_receipt(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The receipt of a payment as a PDF, or a page that says that it is being made."""
    client_ = client_of(request)
    payment = get_object_or_404(access.payments_of(client_), pk=pk)
    receipt = access.receipts_of(client_).filter(payment=payment).first()
    if receipt is None:
        messages.info(request, _("Este pago no tiene comprobante."))
        return redirect("payment", pk=payment.pk)
    name = f"comprobante-{receipt.full_number}.pdf"
    file = receipts.open_pdf(receipt)
    if file is not None:
        return stored_download(file, name, PDF)
    if receipts.on_its_way(receipt, now=clock.now()):
        return render(request, "payments/receipt_wait.html", {"payment": payment, "receipt": receipt})
    # Drawn for this download alone: storing it would also mail it.
    return drawn_download(
        request,
        lambda: documents.receipt_pdf(receipts.receipt_document(receipt, agency_of(request))),
        name,
        back=reverse("payment", args=[pk]),
    )


@client
def payment_reversal(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper of money that went back."""
    reversal = get_object_or_404(access.reversals_of(client_of(request)).select_related("payment__receipt", "client"), pk=pk)
    return drawn_download(
        request,
        lambda: reversal_document.reversal_pdf(reversal_document.reversal_document(reversal, agency_of(request))),
        f"reversion-{reversal.full_number}.pdf",
        back=reverse("payment", args=[reversal.payment_id]),
    )


def _filtered(rows: QuerySet[Payment], filters: StateAndYearFilter) -> QuerySet[Payment]:
    if state := filters.chosen("state"):
        rows = rows.filter(shown=state)  # type: ignore[misc]
    if year := filters.chosen("year"):
        rows = rows.filter(on__year=int(year))  # type: ignore[misc]
    return rows
