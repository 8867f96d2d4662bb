"""The signed link that opens one invoice to be paid without logging in.

Bound to the agency and to this purpose; good for 30 days, and until the invoice is paid. It names the invoice by its id and
carries nothing else: what it opens shows no more than what is asked for and the initials of whom.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse

from payments import access
from payments.models import Attempt, Invoice
from saas.lib import signing
from tenants import branding
from tenants.models import Agency

PURPOSE = "payments.link"
LIFE = timedelta(days=30)


def token_of(invoice: Invoice) -> str:
    """A fresh token for an invoice. Call it inside the agency."""
    return signing.sign({"invoice": invoice.pk}, purpose=PURPOSE)


def url_of(invoice: Invoice, agency: Agency) -> str:
    """The whole address to write in a message."""
    return branding.origin(agency) + reverse("pay_link", args=[token_of(invoice)], urlconf=settings.AGENCY_URLCONF)


def invoice_of(token: str, *, today: date) -> Invoice:
    """The invoice that a token opens, with its state and client. Raises signing.BadLink (or ExpiredLink, which is one)."""
    named = signing.unsign(token, purpose=PURPOSE, max_age_seconds=int(LIFE.total_seconds())).get("invoice")
    invoice = access.linked_invoices(today=today).filter(pk=named).first() if isinstance(named, int) else None
    if invoice is None:
        raise signing.BadLink
    return invoice


def attempt_of(invoice: Invoice, reference: str) -> Attempt | None:
    """The attempt with that reference, if its payment is for this invoice and nothing else. The reference has 80 random bits
    and is known to who began it: whoever else holds the link does not reach it."""
    if not reference.isprintable():
        return None
    attempt = Attempt.objects.select_related("payment", "account").filter(reference=reference).first()
    if attempt is None or [line.invoice_id for line in access.lines_of(attempt)] != [invoice.pk]:
        return None
    return attempt
