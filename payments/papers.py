"""The papers of money that may be long: statements (PDF and workbook) and yearly certificates, each put together for one client."""

from __future__ import annotations

from datetime import date

from django.http import Http404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clientarea.models import Client
from clientarea.papers import XLSX, Asked, CannotMake, Draft, Page, puts_together
from payments import receipts
from payments.statements import certificates
from payments.statements import papers as statement_papers
from payments.statements.account import Account, Statement, holdings_of, statement_of
from saas.lib import clock
from tenants.models import Agency

# A row of a workbook is written some forty times as fast as a line of a PDF.
ROWS_A_LINE = 40


def _statement_page(asked: Asked) -> Page:
    days = urlencode({name: asked[name] for name in ("account", "since", "until")})
    return Page(f"{reverse('statement')}?{days}", _("Estado de cuenta"))


def _certificates_page(asked: Asked) -> Page:
    return Page(reverse("certificates"), _("Certificados anuales"))


@puts_together("payments.statement_pdf", asked_on=_statement_page)
def statement_pdf(client: Client, agency: Agency, asked: Asked) -> Draft:
    """An account between two days, on paper: `account`, `since`, `until`."""
    doc = _statement(client, agency, asked)
    if len(doc.statement.lines) > statement_papers.MOST_LINES:
        raise CannotMake(_("Ese rango tiene demasiados movimientos para un PDF. Elija uno más corto, o descargue el Excel."))
    return Draft(
        name=f"{_file_name(doc.statement)}.pdf", title=statement_papers.title_of(doc.statement), says=doc,
        lines=len(doc.statement.lines) + len(doc.statement.open_items), draw=lambda: statement_papers.statement_pdf(doc),
    )  # fmt: skip


@puts_together("payments.statement_xlsx", asked_on=_statement_page)
def statement_xlsx(client: Client, agency: Agency, asked: Asked) -> Draft:
    """The same as a workbook."""
    doc = _statement(client, agency, asked)
    return Draft(
        name=f"{_file_name(doc.statement)}.xlsx", title=statement_papers.title_of(doc.statement), says=doc,
        lines=len(doc.statement.lines) // ROWS_A_LINE, draw=lambda: statement_papers.statement_xlsx(doc), content_type=XLSX,
    )  # fmt: skip


@puts_together("payments.owner_certificate", asked_on=_certificates_page)
def owner_certificate(client: Client, agency: Agency, asked: Asked) -> Draft:
    """An owner's year: `year`."""
    year = _year(asked)
    return _certificate(
        client, agency, certificates.owner_year(client, year), name=f"certificado-propietario-{year}.pdf", role=_("Propietario"),
        statement=_("recaudó y giró a su nombre, como administradora de sus inmuebles, los valores de este certificado."),
        note=_("Valores por la fecha del giro. Las retenciones son las que se practicaron al pagar el canon."), first_heading=_("Inmueble"),
    )  # fmt: skip


@puts_together("payments.renter_certificate", asked_on=_certificates_page)
def renter_certificate(client: Client, agency: Agency, asked: Asked) -> Draft:
    """A renter's year: `year`."""
    year = _year(asked)
    return _certificate(
        client, agency, certificates.renter_year(client, year), name=f"certificado-arrendatario-{year}.pdf", role=_("Arrendatario"),
        statement=_("recibió, por las facturas de arrendamiento a su nombre, los pagos de este certificado."),
        note=_("Valores por la fecha del pago. De una factura pagada en parte, cada concepto cuenta en proporción."), first_heading=_("Contrato"),
    )  # fmt: skip


def _statement(client: Client, agency: Agency, asked: Asked) -> statement_papers.StatementDocument:
    account = Account(asked["account"])
    if account not in holdings_of(client).accounts:
        raise Http404
    return statement_papers.StatementDocument(
        issuer=receipts.issuer(agency),
        client=client.name,
        client_document=client.full_document,
        made_on=clock.today(),
        statement=statement_of(client, account, since=date.fromisoformat(asked["since"]), until=date.fromisoformat(asked["until"])),
    )


def _file_name(found: Statement) -> str:
    return f"estado-de-cuenta-{found.account.value}-{found.since.isoformat()}-{found.until.isoformat()}"


def _year(asked: Asked) -> int:
    year = int(asked["year"])
    if not date.min.year < year < date.max.year:
        raise Http404
    return year


def _certificate(
    client: Client, agency: Agency, year: certificates.Year, *, name: str, role: str, statement: str, note: str, first_heading: str
) -> Draft:
    if not year.rows:
        raise Http404
    doc = certificates.CertificateDocument(
        issuer=receipts.issuer(agency),
        client=client.name,
        client_document=client.full_document,
        role=role,
        statement=statement,
        note=note,
        made_on=clock.today(),
        first_heading=first_heading,
        year=year,
    )
    title = _("Certificado anual %s") % year.year
    return Draft(name=name, title=title, says=doc, lines=len(year.rows), draw=lambda: certificates.certificate_pdf(doc))
