"""The mail that brings a receipt to the client. Sent once per job; a crash between sending and marking it may send a
second copy, with the same Message-ID."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from clientarea import mailing
from payments import receipts
from payments.models import Receipt
from saas.lib import mail
from tenants import branding
from tenants.models import Agency


def send(receipt_id: int, *, agency: Agency, now: datetime) -> None:
    """Mail the receipt to its client, with the PDF attached. Raises what the mail server raises: the job tries again."""
    receipt = Receipt.objects.select_related("client__user", "payment").get(pk=receipt_id)
    link = branding.origin(agency) + reverse("payment", args=[receipt.payment_id], urlconf=settings.AGENCY_URLCONF)
    message = mail.build_mail(
        subject=f"Recibimos su pago · comprobante {receipt.full_number}",
        template="receipt",
        context={
            **branding.mail_brand(agency),
            "name": receipt.client.name,
            "number": receipt.full_number,
            "amount": receipt.amount,
            "means": receipt.payment.means,
            "lines": receipt.content["lines"],
            "link": link,
            "verify_url": receipts.verify_url(receipt, agency),
            "test": receipt.content["test"],
        },
        to=receipt.client.email,
        **branding.mail_sender(agency),
        message_id_key=f"receipt:{agency.schema_name}:{receipt.pk}",
    )
    pdf = receipts.open_pdf(receipt)
    if pdf is None:
        raise FileNotFoundError(f"the PDF of receipt {receipt.pk} is not there")
    with pdf:
        message.attach(f"comprobante-{receipt.full_number}.pdf", pdf.read(), "application/pdf")
    mailing.send(message, receipt.client, agency=agency, now=now)
