"""The papers that a client asks for: statement of account, paz y salvo and yearly certificates, on screen and to keep.

Shows only the accounts of who asks. A paper that cannot be given says why, and what to do.
"""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clientarea.access import client_of
from clientarea.models import Client
from payments import certificates, clearance, receipts, statement_papers
from payments.portal_parts import pdf_download
from payments.statement_form import StatementForm
from payments.statements import Statement, holdings_of, statement_of
from saas.accounts.doors import client
from saas.lib import clock
from saas.lib.documents import format_document
from saas.lib.languages import in_spanish
from saas.lib.pdf import PdfError
from tenants.models import Agency

PER_PAGE = 40
OPEN_SHOWN = 12
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
    page = Paginator(found.rows, PER_PAGE).get_page(request.GET.get("page"))
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
def statement_pdf(request: HttpRequest) -> HttpResponse:
    """The statement as a PDF."""
    with in_spanish():
        found = _asked(request)
    if found is None:
        return _back(request, _("Revise las fechas del estado de cuenta."))
    if len(found.lines) > statement_papers.MOST_LINES:
        return _back(request, _("Ese rango tiene demasiados movimientos para un PDF. Elija uno más corto, o descargue el Excel."))
    try:
        with in_spanish():
            data = statement_papers.statement_pdf(_document(request, found))
    except PdfError:
        return _back(request, _("No pudimos preparar el PDF en este momento. Intente de nuevo en unos minutos."))
    return pdf_download(data, f"{_file_name(found)}.pdf")


@client
@require_GET
def statement_xlsx(request: HttpRequest) -> HttpResponse:
    """The statement as a workbook."""
    with in_spanish():
        found = _asked(request)
    if found is None:
        return _back(request, _("Revise las fechas del estado de cuenta."))
    with in_spanish():
        data = statement_papers.statement_xlsx(_document(request, found))
    return HttpResponse(
        data,
        content_type=XLSX,
        headers={
            "Content-Disposition": content_disposition_header(True, f"{_file_name(found)}.xlsx") or "attachment",
            "Cache-Control": "private, no-store",
        },
    )


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
    try:
        with in_spanish():
            items = clearance.items_of(client_)  # again: these are the paper's
            data = clearance.clearance_pdf(clearance.clearance_document(client_, _agency(request), items, on=today))
    except PdfError:
        messages.error(request, _("No pudimos preparar el PDF en este momento. Intente de nuevo en unos minutos."))
        return redirect("clearance")
    return pdf_download(data, f"paz-y-salvo-{today.isoformat()}.pdf")


@client
@require_GET
def certificates_page(request: HttpRequest) -> HttpResponse:
    """*Certificados*: the years for which there is one."""
    as_owner, as_renter = certificates.years_of(client_of(request))
    context = {"as_owner": as_owner, "as_renter": as_renter, "this_year": clock.today().year}
    return render(request, "payments/certificates.html", context)


@client
@require_GET
@in_spanish()
def owner_certificate(request: HttpRequest, year: int) -> HttpResponse:
    """The certificate of an owner's year."""
    client_ = client_of(request)
    document = _certificate(
        request,
        client_,
        _year(certificates.owner_year(client_, year) if _plausible(year) else None),
        role=_("Propietario"),
        statement=_("recaudó y giró a su nombre, como administradora de sus inmuebles, los valores de este certificado."),
        note=_("Valores por la fecha del giro. Las retenciones son las que se practicaron al pagar el canon."),
        first_heading=_("Inmueble"),
    )
    return _certificate_download(document, request, f"certificado-propietario-{year}.pdf")


@client
@require_GET
@in_spanish()
def renter_certificate(request: HttpRequest, year: int) -> HttpResponse:
    """The certificate of a renter's year."""
    client_ = client_of(request)
    document = _certificate(
        request,
        client_,
        _year(certificates.renter_year(client_, year) if _plausible(year) else None),
        role=_("Arrendatario"),
        statement=_("recibió, por las facturas de arrendamiento a su nombre, los pagos de este certificado."),
        note=_("Valores por la fecha del pago. De una factura pagada en parte, cada concepto cuenta en proporción."),
        first_heading=_("Contrato"),
    )
    return _certificate_download(document, request, f"certificado-arrendatario-{year}.pdf")


def _asked(request: HttpRequest) -> Statement | None:
    """The statement that the address asks for, or None if it asks for nonsense. 404 for a client without accounts."""
    client_ = client_of(request)
    accounts = holdings_of(client_).accounts
    if not accounts:
        raise Http404
    form = StatementForm(request.GET, accounts=accounts, today=clock.today())
    if not form.is_valid():
        return None
    return statement_of(client_, form.account_chosen, since=form.cleaned_data["since"], until=form.cleaned_data["until"])


def _document(request: HttpRequest, found: Statement) -> statement_papers.StatementDocument:
    client_ = client_of(request)
    return statement_papers.StatementDocument(
        issuer=receipts.issuer(_agency(request)),
        client=client_.name,
        client_document=format_document(client_.document_type, client_.document, client_.document_check),
        made_on=clock.today(),
        statement=found,
    )


def _file_name(found: Statement) -> str:
    return f"estado-de-cuenta-{found.account.value}-{found.since.isoformat()}-{found.until.isoformat()}"


def _back(request: HttpRequest, told: str) -> HttpResponse:
    messages.error(request, told)
    return redirect("statement")


def _plausible(year: int) -> bool:
    return date.min.year < year < date.max.year


def _year(found: certificates.Year | None) -> certificates.Year:
    if found is None or not found.rows:
        raise Http404
    return found


def _certificate(
    request: HttpRequest, client_: Client, year: certificates.Year, *, role: str, statement: str, note: str, first_heading: str
) -> certificates.CertificateDocument:
    return certificates.CertificateDocument(
        issuer=receipts.issuer(_agency(request)),
        client=client_.name,
        client_document=format_document(client_.document_type, client_.document, client_.document_check),
        role=role,
        statement=statement,
        note=note,
        made_on=clock.today(),
        first_heading=first_heading,
        year=year,
    )


def _certificate_download(document: certificates.CertificateDocument, request: HttpRequest, name: str) -> HttpResponse:
    try:
        return pdf_download(certificates.certificate_pdf(document), name)
    except PdfError:
        messages.error(request, _("No pudimos preparar el PDF en este momento. Intente de nuevo en unos minutos."))
        return redirect("certificates")


def _agency(request: HttpRequest) -> Agency:
    return request.agency  # type: ignore[attr-defined]
