"""The papers that a client asks for: statement of account, paz y salvo and yearly certificates, on screen and to keep.

Shows only the accounts of who asks. A paper that cannot be given says why, and what to do.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clientarea.access import client_of
from clientarea.paper_pages import answer
from payments.statements import certificates, clearance
from payments.statements import papers as statement_papers
from payments.statements.account import holdings_of, statement_of
from payments.statements.form import StatementForm
from saas.accounts.doors import client
from saas.lib import clock
from saas.lib.downloads import drawn_download
from saas.lib.paging import page_of
from tenants.hosts import agency_of

PER_PAGE = 40
OPEN_SHOWN = 12


@client
@require_GET
def statement(request: HttpRequest) -> HttpResponse:
    """*Estado de cuenta*: an account of who asks between two days."""
    client_ = client_of(request)
    holdings = holdings_of(client_)
    context: dict[str, object] = {"is_renter": holdings.is_renter, "is_owner": holdings.is_owner}
    if not holdings.accounts:
        return render(request, "payments/statement.html", context)
    form = StatementForm(request.GET, accounts=holdings.accounts, today=clock.today())
    context["form"] = form
    if not form.is_valid():
        return render(request, "payments/statement.html", context, status=422)
    found = statement_of(
        client_, form.account_chosen, since=form.cleaned_data["since"], until=form.cleaned_data["until"]
    )
    page = page_of(request, found.rows, size=PER_PAGE)
    context |= {
        "statement": found,
        "words": statement_papers.words_of(found.account),
        "page": page,
        "open_items": found.open_items[:OPEN_SHOWN],
        "more_open": max(len(found.open_items) - OPEN_SHOWN, 0),
        "query": request.GET.urlencode(),
    }
    return render(request, "payments/statement.html", context)


@client
@require_GET
def statement_pdf(request: HttpRequest) -> HttpResponseBase:
    """The statement as a PDF."""
    return _statement_paper(request, "payments.statement_pdf")


@client
@require_GET
def statement_xlsx(request: HttpRequest) -> HttpResponseBase:
    """The statement as a workbook."""
    return _statement_paper(request, "payments.statement_xlsx")


@client
@require_GET
def clearance_page(request: HttpRequest) -> HttpResponse:
    """*Paz y salvo*: the letter to download, or what is owed."""
    client_ = client_of(request)
    context = {"debts": clearance.debts_of(client_), "items": clearance.items_of(client_), "today": clock.today()}
    return render(request, "payments/clearance.html", context)


@client
@require_GET
def clearance_pdf(request: HttpRequest) -> HttpResponse:
    """The letter, for whom owes nothing and has something to do with the agency. For others, the page that says why not."""
    client_, today = client_of(request), clock.today()
    debts, items = clearance.debts_of(client_), clearance.items_of(client_)
    if debts.any or not items:
        return render(request, "payments/clearance.html", {"debts": debts, "items": items, "today": today}, status=409)

    def letter() -> bytes:
        items = clearance.items_of(client_)  # again, in the language of the paper
        return clearance.clearance_pdf(clearance.clearance_document(client_, agency_of(request), items, on=today))

    return drawn_download(request, letter, f"paz-y-salvo-{today.isoformat()}.pdf", back=reverse("clearance"))


@client
@require_GET
def certificates_page(request: HttpRequest) -> HttpResponse:
    """*Certificados*: the years for which there is one."""
    as_owner, as_renter = certificates.years_of(client_of(request))
    context = {"as_owner": as_owner, "as_renter": as_renter, "this_year": clock.today().year}
    return render(request, "payments/certificates.html", context)


@client
@require_GET
def owner_certificate(request: HttpRequest, year: int) -> HttpResponseBase:
    """The certificate of an owner's year."""
    return answer(request, "payments.owner_certificate", {"year": year}, back="certificates")


@client
@require_GET
def renter_certificate(request: HttpRequest, year: int) -> HttpResponseBase:
    """The certificate of a renter's year."""
    return answer(request, "payments.renter_certificate", {"year": year}, back="certificates")


def _statement_paper(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The statement that the address asks for. 404 for a client without accounts."""
    accounts = holdings_of(client_of(request)).accounts
    if not accounts:
        raise Http404
    form = StatementForm(request.GET, accounts=accounts, today=clock.today())
    if not form.is_valid():
        messages.error(request, _("Revise las fechas del estado de cuenta."))
        return redirect("statement")
    days = {name: form.cleaned_data[name].isoformat() for name in ("since", "until")}
    return answer(request, kind, {"account": form.account_chosen.value, **days}, back="statement")
