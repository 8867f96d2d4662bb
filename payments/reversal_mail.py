"""The mail that tells a client that a payment was reversed. Sent once per job; a second copy has the same Message-ID."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from clientarea import mailing
from payments.models import Reversal
from payments.reversal_document import reason_of
from saas.lib import mail
from tenants import branding
from tenants.models import Agency


def send(reversal_id: int, *, agency: Agency, now: datetime) -> None:
    """Tell the client what went back and which invoices are owed again. Raises what the mail server raises."""
    reversal = Reversal.objects.select_related("client__user", "payment__receipt").get(pk=reversal_id)
    if not reversal.client.email:
        return
    invoices = [m.invoice for m in reversal.movements.select_related("invoice").order_by("invoice_id") if m.invoice is not None]
    receipt = getattr(reversal.payment, "receipt", None)
    message = mail.build_mail(
        subject=f"Se reversó un pago · {reversal.full_number}",
        template="reversal",
        context={
            **branding.mail_brand(agency),
            "name": reversal.client.name,
            "number": reversal.full_number,
            "amount": reversal.amount,
            "whole": reversal.amount == reversal.payment.amount,
            "paid": reversal.payment.amount,
            "receipt": receipt.full_number if receipt else "",
            "reason": reason_of(reversal),
            "invoices": [(invoice.full_number, invoice.concept, invoice.balance) for invoice in invoices],
            "link": branding.origin(agency) + reverse("payment", args=[reversal.payment_id], urlconf=settings.AGENCY_URLCONF),
        },
        to=reversal.client.email,
        **branding.mail_sender(agency),
        message_id_key=f"reversal:{agency.schema_name}:{reversal.pk}",
    )
    mailing.send(message, reversal.client, agency=agency, now=now)
