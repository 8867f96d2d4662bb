"""Send a mail to a client: what comes back is known of the account, and both the client and the desk see it.

A client without an account has nowhere to keep it: such a mail is sent as any other, and its job says what the server refused.
"""

from __future__ import annotations

from datetime import datetime

from django.core.mail import EmailMultiAlternatives

from clientarea.models import Client
from saas.accounts import bounces
from tenants.models import Agency


def send(message: EmailMultiAlternatives, client: Client, *, agency: Agency, now: datetime) -> bool:
    """Send it. False where the server refuses the address for good: trying again says the same. Raises what else it raises."""
    if client.user is None or client.user.email != client.email:
        message.send()
        return True
    return bounces.deliver(message, client.user, agency_id=agency.pk, now=now)
