"""The mail that brings an invoice: its PDF, and for rent a link to pay it without logging in.

Sent once per job; a crash between sending and marking it may send a second copy, with the same Message-ID. Who has no
address or wants no such mail, and what is void or paid, gets none.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from clientarea import mailing, notice_mail, notices
from clientarea.models import NoticeKind
from payments import accounts, links
from payments.invoicing import invoice_paper
from payments.models import Invoice, InvoiceKind
from saas.lib import clock, mail
from tenants import branding
from tenants.models import Agency


def send(invoice_id: int, *, agency: Agency, now: datetime, key: str = "") -> bool:
    """Mail an invoice to its client. Returns whether it was sent. Raises what the mail server raises: the job tries again.

    `key` names the occasion (a new invoice, a reminder): the same one is the same message to a mail program.
    """
    today = clock.local(now).date()
    rows = Invoice.objects.with_state(today=today).select_related("client__user", "lease__unit")
    invoice = rows.get(pk=invoice_id)
    if not notices.may_mail(invoice.client) or invoice.voided_at is not None or invoice.balance <= 0:
        return False
    if not notices.wish_of(invoice.client, NoticeKind.INVOICE).mail:
        return False
    lines = invoice_paper.invoice_lines(invoice)
    if invoice.applied:
        lines.append((_("Abonado"), "", -invoice.applied))
    payable = invoice.kind == InvoiceKind.RENT and accounts.active_account() is not None
    message = mail.build_mail(
        subject=f"{invoice_paper.title_of(invoice)} {invoice.full_number}",
        template="invoice",
        context={
            **branding.mail_brand(agency),
            "name": invoice.client.name,
            "title": invoice_paper.title_of(invoice),
            "number": invoice.full_number,
            "concept": invoice.concept,
            "balance": invoice.balance,
            "due_on": invoice.due_on,
            "overdue": invoice.due_on < today,
            "lines": lines,
            "link": links.url_of(invoice, agency) if payable else "",
            "days": links.LIFE.days,
        },
        to=invoice.client.email,
        **branding.mail_sender(agency),
        message_id_key=f"invoice:{agency.schema_name}:{invoice.pk}:{key}",
        stop_url=notice_mail.stop_url(invoice.client, NoticeKind.INVOICE, agency),
    )
    message.attach(f"factura-{invoice.full_number}.pdf", invoice_paper.paper_of(invoice, agency), "application/pdf")
    if not mailing.send(message, invoice.client, agency=agency, now=now):
        return False
    Invoice.objects.filter(pk=invoice.pk).update(mailed_at=now)
    return True
