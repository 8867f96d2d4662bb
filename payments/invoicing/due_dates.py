"""The due dates of a client's pending invoices as a calendar (RFC 5545), for a file or for an address to subscribe to.

One day a pending invoice, with an alarm the day before at nine. The same invoice has the same UID wherever it is read, and no
two agencies share one. The public form says dates and amounts and nothing else. Reads only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event

from clientarea.models import Client
from payments import announcing
from payments.models import Invoice
from saas.lib import money
from tenants import branding
from tenants.models import Agency

MOST = 200
ALARM = timedelta(hours=-15)  # before the day begins: nine in the morning of the day before


def pending_of(client: Client) -> list[Invoice]:
    """A client's invoices with a balance, by due date."""
    return list(Invoice.objects.filter(client=client).owed().order_by("due_on", "pk")[:MOST])


def private_calendar(invoices: Iterable[Invoice], *, agency: Agency, now: datetime) -> bytes:
    """The calendar that its client downloads: each invoice by its number and concept, with its page."""
    calendar = _calendar(agency)
    for invoice in invoices:
        event = _event(invoice, agency=agency, now=now)
        event.add("description", _("Factura %(number)s. %(concept)s.") % {"number": invoice.full_number, "concept": invoice.concept})
        event.add("url", branding.origin(agency) + announcing.invoice_path(invoice))
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def public_calendar(invoices: Iterable[Invoice], *, agency: Agency, now: datetime) -> bytes:
    """The calendar of the address that anyone may hold: dates and amounts."""
    calendar = _calendar(agency)
    calendar.add("refresh-interval", timedelta(hours=12), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT12H")
    for invoice in invoices:
        calendar.add_component(_event(invoice, agency=agency, now=now))
    return bytes(calendar.to_ical())


def _calendar(agency: Agency) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Arriendo al dia//Vencimientos//ES")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Vencimientos · %(agency)s") % {"agency": agency.name})
    return calendar


def _event(invoice: Invoice, *, agency: Agency, now: datetime) -> Event:
    title = _("Vence un pago de %(amount)s") % {"amount": money.cop(invoice.balance).replace("\u00a0", " ")}
    event = Event()
    event.add("uid", _uid(invoice, agency))
    event.add("dtstamp", now)
    event.add("dtstart", invoice.due_on)
    event.add("dtend", invoice.due_on + timedelta(days=1))
    event.add("summary", title)
    event.add("transp", "TRANSPARENT")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", ALARM)
    event.add_component(alarm)
    return event


def _uid(invoice: Invoice, agency: Agency) -> str:
    # The schema's name is nobody's business; its hash is as stable and as much the agency's own.
    digest = hashlib.sha256(f"due:{agency.schema_name}:{invoice.pk}".encode()).hexdigest()[:32]
    return f"{digest}@{branding.origin(agency).split('//')[1].split(':')[0]}"
