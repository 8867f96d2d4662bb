"""The calendar of due dates: the file of who is logged in, and the address that a calendar program reads without logging in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from clientarea import calendar_feed as feeds
from clientarea.access import client_of
from payments.invoicing import due_dates
from saas.accounts import doors
from saas.lib import clock, signing
from tenants.hosts import agency_of

ICS = "text/calendar; charset=utf-8"


@doors.client
@require_GET
def calendar_file(request: HttpRequest) -> HttpResponse:
    """*Descargar calendario*."""
    invoices = due_dates.pending_of(client_of(request))
    data = due_dates.private_calendar(invoices, agency=agency_of(request), now=clock.now())
    return _ics(data, attachment=True)


@doors.everyone
@require_GET
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The subscribed calendar. What is not a good address of this agency is not there."""
    try:
        client = feeds.client_of_token(token)
    except signing.BadLink as error:
        raise Http404 from error
    invoices = due_dates.pending_of(client)
    data = due_dates.public_calendar(invoices, agency=agency_of(request), now=clock.now())
    return _ics(data, attachment=False)


def _ics(data: bytes, *, attachment: bool) -> HttpResponse:
    headers = {
        "Content-Disposition": content_disposition_header(attachment, "vencimientos.ics") or "inline",
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return HttpResponse(data, content_type=ICS, headers=headers)
