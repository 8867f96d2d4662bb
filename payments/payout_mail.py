"""The mail that tells an owner of a payout and brings its paper. Sent once per job; a second copy after a crash has the same
Message-ID."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from clientarea import notice_mail, notices
from clientarea.models import NoticeKind
from payments import payout_document
from payments.models import Payout
from saas.lib import mail
from tenants import branding
from tenants.models import Agency


def send(payout_id: int, *, agency: Agency) -> bool:
    """Mail a payout to its owner, who may have chosen otherwise meanwhile. Returns whether it was sent."""
    payout = Payout.objects.select_related("owner", "lease__unit").get(pk=payout_id)
    owner = payout.owner
    if not notices.may_mail(owner) or not notices.wish_of(owner, NoticeKind.PAYOUT).mail:
        return False
    link = branding.origin(agency) + reverse("payout", args=[payout.pk], urlconf=settings.AGENCY_URLCONF)
    message = mail.build_mail(
        subject=f"Le giramos un ingreso · comprobante {payout.full_number}",
        template="payout",
        context={
            **branding.mail_brand(agency),
            "name": owner.name,
            "number": payout.full_number,
            "net": payout.net,
            "paid_on": payout.paid_on,
            "period": payout.period,
            "unit": str(payout.lease.unit),
            "lines": payout_document.payout_lines(payout),
            "bank": payout.bank,
            "account": payout_document.masked(payout.account),
            "link": link if owner.user_id else "",
        },
        to=owner.email,
        from_name=agency.name,
        from_address=settings.MAIL_FROM,
        message_id_key=f"payout:{agency.schema_name}:{payout.pk}",
        stop_url=notice_mail.stop_url(owner, NoticeKind.PAYOUT, agency),
    )
    data = payout_document.payout_pdf(payout_document.payout_document(payout, agency))
    message.attach(f"egreso-{payout.full_number}.pdf", data, "application/pdf")
    message.send()
    return True
