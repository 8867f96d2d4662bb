"""Invoices that came with the agency's book and that no client was told of: how many, and telling them when the agency asks.

Only those that are not due yet: what is overdue is a matter of collection and of its hours (payments/reminders/reminding.py).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from clientarea.models import Notice
from payments import announcing
from payments.models import Invoice, InvoiceQuerySet
from saas.accounts.models import User
from saas.audit.changes import record
from saas.jobs.defer import defer
from saas.lib import clock

RECENT = timedelta(days=45)  # issued longer ago, an invoice is no news
SOME = 100


def unannounced(*, today: date) -> InvoiceQuerySet:
    """The recent invoices with a balance, not due yet, whose client was not told of them."""
    key = Concat(Value(announcing.invoice_key("")), Cast(OuterRef("pk"), CharField()))
    told = Notice.objects.filter(key=key)
    recent = Invoice.objects.owed().filter(due_on__gte=today, issued_on__gte=today - RECENT, client__archived_at=None)
    return recent.filter(~Exists(told))


def ask_to_announce(*, staff: User, now: datetime) -> bool:
    """Ask for all of them to be announced. Returns whether there was any."""
    today = clock.local(now).date()
    if not unannounced(today=today).exists():
        return False
    with transaction.atomic():
        record("invoice_mail", 0, before={}, after={"asked": "las que llegaron con el libro"}, by=staff, now=now)
        return defer("payments.announce", f"{now:%Y-%m-%dT%H:%M:%S.%f}", now=now)


def announce_some(*, now: datetime, limit: int = SOME) -> bool:
    """Announce some. Returns whether there may be more."""
    waiting = list(unannounced(today=clock.local(now).date()).select_related("client").order_by("pk")[:limit])
    for invoice in waiting:
        with transaction.atomic():
            announcing.announce_invoice(invoice, now)
    return len(waiting) == limit
