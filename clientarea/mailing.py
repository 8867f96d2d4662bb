"""Send a mail to a client: what comes back is known of the account, and both the client and the desk see it.

Of a client without an account the history keeps it, once.
"""

from __future__ import annotations

import smtplib
from datetime import datetime

from django.core.mail import EmailMultiAlternatives

from clientarea.history import SUBJECT
from clientarea.models import Client
from saas.accounts import bounces
from saas.audit.changes import note
from saas.lib import refusals
from tenants.models import Agency


def send(message: EmailMultiAlternatives, client: Client, *, agency: Agency, now: datetime) -> bool:
    """Send it. False where the server refuses the address for good: trying again says the same. Raises what else it raises."""
    if client.user is None or client.user.email != client.email:
        return _without_account(message, client, now=now)
    return bounces.deliver(message, client.user, agency_id=agency.pk, now=now)


def _without_account(message: EmailMultiAlternatives, client: Client, *, now: datetime) -> bool:
    try:
        message.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
        why = refusals.at_sending(error)
        if why is None:
            raise
        note(SUBJECT, client.pk, field="mail_refused", said=f"{client.email}: {why.label}", by=None, now=now)
        return False
    return True
