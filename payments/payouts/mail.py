"""The mail that tells an owner that the money was sent, with a voucher (comprobante de egreso) for each unit and month.

Sent once per job; a second copy has the same Message-ID.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from clientarea import mailing, notice_mail, notices
from clientarea.models import NoticeKind
from payments.models import Payout, PayoutOrder
from payments.payouts import document as payout_document
from saas.lib import mail
from tenants import branding
from tenants.models import Agency


def send(order_id: int, *, agency: Agency, now: datetime) -> bool:
    """Tell the owner of a paid order, who may have chosen otherwise meanwhile. Returns whether it was sent. Raises what the mail
    server raises, and pdf.PdfError: the job tries again."""
    order = PayoutOrder.objects.select_related("owner__user").get(pk=order_id)
    if not notices.may_mail(order.owner) or not notices.wish_of(order.owner, NoticeKind.PAYOUT).mail:
        return False
    rows = list(Payout.objects.filter(line__order=order).select_related("lease__unit", "owner").order_by("number"))
    message = mail.build_mail(
        subject=f"Le giramos su canon · {agency.name}",
        template="payout",
        context={
            **branding.mail_brand(agency),
            "name": order.owner.name,
            "total": sum(row.net for row in rows),
            "paid_on": order.paid_on,
            "bank": rows[0].bank,
            "account": rows[0].account,
            "rows": [(row.full_number, row.lease.unit.address, row.period, row.net) for row in rows],
            "link": branding.origin(agency) + reverse("payouts", urlconf=settings.AGENCY_URLCONF),
        },
        to=order.owner.email,
        **branding.mail_sender(agency),
        message_id_key=f"payout:{agency.schema_name}:{order.pk}",
        stop_url=notice_mail.stop_url(order.owner, NoticeKind.PAYOUT, agency),
    )
    for row in rows:
        pdf = payout_document.payout_pdf(payout_document.payout_document(row, agency))
        message.attach(f"egreso-{row.full_number}.pdf", pdf, "application/pdf")
    return mailing.send(message, order.owner, agency=agency, now=now)
