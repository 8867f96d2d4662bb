"""An owner's income: what the agency collected, kept and paid out, by year and by month; each payout with what led to it."""

from __future__ import annotations

from django.db.models import F, Sum
from django.db.models.functions import ExtractYear
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from clientarea.access import client_of
from payments import access
from payments.forms import StateAndYearFilter
from payments.payouts import document as payout_document
from payments.payouts import income
from saas.accounts.doors import client
from saas.lib.downloads import drawn_download
from saas.lib.paging import page_of
from tenants.hosts import agency_of


@client
def payouts(request: HttpRequest) -> HttpResponse:
    """The payouts of who asks, with totals by year."""
    rows = access.payouts_of(client_of(request))
    totals = list(
        rows.order_by()
        .annotate(year=ExtractYear("paid_on"))
        .values("year")
        .annotate(
            sum_collected=Sum("collected"),
            sum_commission=Sum(F("commission") + F("commission_iva")),
            sum_other=Sum(F("withholdings") + F("other")),
            sum_net=Sum("net"),
        )
        .order_by("-year")
    )
    filters = StateAndYearFilter(request.GET, years=[total["year"] for total in totals])
    if year := filters.chosen("year"):
        rows = rows.filter(paid_on__year=int(year))
        totals = [total for total in totals if total["year"] == int(year)]
    pictured = int(year) if year else (totals[0]["year"] if totals else None)
    months = income.months_of(client_of(request), pictured) if pictured else []
    page = page_of(request, rows)
    for row in page:
        row.taken = row.commission + row.commission_iva
        row.others = row.withholdings + row.other
    context = {"page": page, "totals": totals, "filters": filters, "months": months, "pictured": pictured, "scale": income.scale_of(months)}
    return render(request, "payments/payouts.html", context)


@client
def payout(request: HttpRequest, pk: int) -> HttpResponse:
    """One payout: what it consists of, and the rent, the receipts and the commission that it comes from."""
    row = get_object_or_404(access.payouts_of(client_of(request)), pk=pk)
    context = {
        "payout": row,
        "lines": payout_document.payout_lines(row),
        "account": payout_document.masked(row.account),
        "trail": income.trail_of(row),
    }
    return render(request, "payments/payout.html", context)


@client
def payout_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper of one payout (comprobante de egreso)."""
    row = get_object_or_404(access.payouts_of(client_of(request)), pk=pk)
    return drawn_download(
        request,
        lambda: payout_document.payout_pdf(payout_document.payout_document(row, agency_of(request))),
        f"egreso-{row.full_number}.pdf",
        back=reverse("payout", args=[pk]),
    )
