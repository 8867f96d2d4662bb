"""What the pages of money share: a row or 404, one page of a list, a PDF as a private download, and a word about cash."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from payments.accounts import gateway
from saas.lib.languages import is_english

PER_PAGE = 20
Row = TypeVar("Row", bound=Model)


def own(rows: QuerySet[Row], pk: int) -> Row:
    """The row of `rows` with that id. What is not among them is not there: 404."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def page_of(request: HttpRequest, rows: QuerySet[Any]) -> Page[Any]:
    """The page of `rows` that the address asks for; the nearest one when it asks for nonsense.

    Its rows are Any: they carry annotations, and views add to them what a template shows.
    """
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def counted_page_of(request: HttpRequest, rows: QuerySet[Any], *, count: int) -> Page[Any]:
    """`page_of` for rows that were counted already: it does not count again."""
    paginator = Paginator(rows, PER_PAGE)
    paginator.count = count  # a cached property
    return paginator.get_page(request.GET.get("page"))


def cash_notice(amount: Decimal) -> str:
    """What to tell a payer of `amount` (COP) about cash; empty if there is nothing. The gateway says it in Spanish, means by
    means; in another language it is said in general."""
    told = gateway().cash_warning(amount)
    if told and is_english():
        return _("Por su valor, este pago no se recibe en todos los puntos de efectivo. Con tarjeta, PSE u otro medio en línea sí.")
    return told


def pdf_download(data: bytes, filename: str) -> HttpResponse:
    """A PDF to keep, never to be cached on the way."""
    return download(data, filename, "application/pdf")


def download(data: bytes, filename: str, content_type: str) -> HttpResponse:
    """A file to keep, never to be shown in the page nor cached on the way."""
    return HttpResponse(
        data,
        content_type=content_type,
        headers={
            "Content-Disposition": content_disposition_header(True, filename) or "attachment",
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
