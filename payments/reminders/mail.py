"""The mail of one contact: what a client owes that was to be reminded of, with a link to pay each invoice.

Sent at most once: it is claimed in a transaction of its own before it leaves, so that a process killed on the way sends no
second one (which the law would count). It leaves only within the hours of Ley 2300 and on its own day; what was not sent
then is taken back, and the next round makes a new one.
"""

from __future__ import annotations

import smtplib
from contextlib import suppress
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction

from clientarea import mailing, notice_mail
from clientarea.models import Client
from payments import accounts, links
from payments.models import Contact, ContactState, Invoice, InvoiceState, Reminder, ReminderKind, ReminderPolicy
from payments.reminders import policy as reminder_policy
from payments.reminders.reminding import NOTICE_KIND, mail_kinds
from saas.lib import clock, mail
from saas.lib.businessdays import collection_hours
from tenants import branding
from tenants.models import Agency


class Outcome(StrEnum):
    """What became of a contact's mail."""

    SENT = "sent"
    UNKNOWN = "unknown"  # the mail server fell silent while taking it: never sent again
    NOT_NEEDED = "not_needed"  # all was paid, or the client wants no mail any more, or has no proper address, or one that is refused
    TAKEN_BACK = "taken_back"  # its day or its hours were over
    DONE_BEFORE = "done_before"


def send(contact_id: int, *, agency: Agency, now: datetime) -> Outcome:
    """Mail a contact. Raises what the mail server raises, and then it may be tried again."""
    claimed = _claim(contact_id, now=now)
    if isinstance(claimed, Outcome):
        return claimed
    contact, invoices, late = claimed
    mine = Contact.objects.filter(pk=contact.pk, state=ContactState.CLAIMED)
    try:
        taken = _deliver(_message(contact, invoices, late=late, agency=agency), contact.client, agency=agency, now=now)
    except mail.MailError:
        mine.update(state=ContactState.LISTED)
        return Outcome.NOT_NEEDED
    except Exception:
        # It did not leave, and we know it: not the silence of a killed process.
        mine.update(state=ContactState.WAITING)
        raise
    if not taken:
        return Outcome.UNKNOWN
    mine.update(state=ContactState.SENT, sent_at=now)
    return Outcome.SENT


def _message(contact: Contact, invoices: list[Invoice], *, late: bool, agency: Agency) -> EmailMultiAlternatives:
    payable = accounts.active_account() is not None
    return build(
        contact.client,
        [(invoice, links.url_of(invoice, agency) if payable else "") for invoice in invoices],
        reminder_policy.current(),
        late=late,
        agency=agency,
        key=str(contact.pk),
        today=contact.on,
    )


def _deliver(message: EmailMultiAlternatives, client: Client, *, agency: Agency, now: datetime) -> bool:
    """Whether the mail server took it; False where it fell silent while taking it. Raises where it surely did not: mail.MailError
    where it refuses the address for good."""
    server = get_connection()
    server.open()
    message.connection = server
    try:
        if not mailing.send(message, client, agency=agency, now=now):
            raise mail.MailError("the server refuses the address")
    except (TimeoutError, smtplib.SMTPServerDisconnected):
        return False
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.close()
    return True


def _claim(contact_id: int, *, now: datetime) -> tuple[Contact, list[Invoice], bool] | Outcome:
    today = clock.local(now).date()
    with transaction.atomic():
        contact = Contact.objects.select_for_update(of=("self",)).select_related("client").filter(pk=contact_id).first()
        if contact is None or contact.state != ContactState.WAITING:
            return Outcome.DONE_BEFORE
        if contact.on != today or not collection_hours(now):
            contact.delete()
            return Outcome.TAKEN_BACK
        reminders = _still_owed(contact, today=today)
        if not reminders:
            contact.state = ContactState.LISTED
            contact.save(update_fields=["state"])
            return Outcome.NOT_NEEDED
        contact.state = ContactState.CLAIMED
        contact.save(update_fields=["state"])
    return contact, [reminder.invoice for reminder in reminders], any(r.kind == ReminderKind.LATE for r in reminders)


def _still_owed(contact: Contact, *, today: date) -> list[Reminder]:
    """Its reminders of which the client may be mailed and whose invoice still asks for money that is not on its way."""
    reminders = Reminder.objects.filter(contact=contact)
    if contact.beside_id is not None:  # who signed the lease too: of the renter's reminders, those of that lease
        reminders = Reminder.objects.filter(contact=contact.beside_id, invoice__lease__co_renter=contact.client_id)
    owed = {i.pk: i for i in Invoice.objects.filter(reminders__in=reminders).owed().with_state(today=today)}
    kinds = mail_kinds(contact.client)
    kept = []
    for reminder in reminders.order_by("invoice__due_on", "invoice_id"):
        invoice = owed.get(reminder.invoice_id)
        if invoice is not None and reminder.kind in kinds and invoice.state != InvoiceState.IN_PROCESS:  # type: ignore[attr-defined]
            reminder.invoice = invoice
            kept.append(reminder)
    return kept


def build(
    client: Client, owed: list[tuple[Invoice, str]], policy: ReminderPolicy, *, late: bool, agency: Agency, key: str, today: date
) -> EmailMultiAlternatives:
    """The message about invoices, each with its address to pay ("" for none): `late` where any of them is overdue. It says no
    more than what is owed and until when."""
    rows: list[dict[str, Any]] = [
        {
            "number": invoice.full_number,
            "concept": invoice.concept,
            "balance": invoice.balance,
            "due_on": invoice.due_on,
            "overdue": invoice.due_on < today,
            "link": link,
        }
        for invoice, link in owed
    ]
    own_text = policy.late_text if late else policy.soon_text
    return mail.build_mail(
        subject=_subject(rows, late=late),
        template="reminder",
        context={
            **branding.mail_brand(agency),
            "name": client.name,
            "text": own_text or (reminder_policy.LATE_TEXT if late else reminder_policy.SOON_TEXT),
            "rows": rows,
            "total": sum(invoice.balance for invoice, _link in owed),
            "contact": ", ".join(part for part in (agency.email, agency.phone) if part),
        },
        to=client.email,
        **branding.mail_sender(agency),
        message_id_key=f"reminder:{agency.schema_name}:{key}",
        stop_url=notice_mail.stop_url(client, NOTICE_KIND[ReminderKind.LATE if late else ReminderKind.SOON], agency),
    )


def _subject(rows: list[dict[str, Any]], *, late: bool) -> str:
    if len(rows) > 1:
        return f"Tiene {len(rows)} facturas por pagar"
    due = clock.long_date(rows[0]["due_on"])
    return f"Su factura {rows[0]['number']} venció el {due}" if late else f"Su factura {rows[0]['number']} vence el {due}"
