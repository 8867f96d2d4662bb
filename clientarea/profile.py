"""What clients may change of their own data: how to reach them. Name and document are the agency's to mend.

Every change is kept in the history. A new e-mail counts once the code sent to it was typed; the old address is told.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from clientarea import history
from clientarea.models import Client
from saas.accounts import email_codes
from saas.accounts.models import EmailCode, User
from saas.jobs.defer import defer


def update_contact(client: Client, *, mobile: str, landline: str, address: str, city: str, by: User, now: datetime) -> None:
    """Keep a client's checked telephones and address."""
    with transaction.atomic():
        kept = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
        before = history.contact(kept)
        for row in (kept, client):
            row.mobile, row.landline, row.address, row.city = mobile, landline, address, city
        kept.save(update_fields=["mobile", "landline", "address", "city"])
        history.keep(kept, before=before, by=by, now=now)


def ask_for_email(client: Client, *, email: str, by: User, now: datetime) -> EmailCode:
    """Send a code to the address that a client wants. Nothing changes until it is typed."""
    return email_codes.ask(by, email=email, now=now)


def confirm_email(client: Client, code: str, *, by: User, now: datetime) -> None:
    """Give a client the address that the code confirms. Raises email_codes.CodeError."""
    set_email(client, email=email_codes.confirm(by, code, now=now), by=by, now=now)


def set_email(client: Client, *, email: str, by: User, now: datetime) -> None:
    """Keep a proven e-mail. The account's follows: new links go to the new address only, and the old one is told."""
    with transaction.atomic():
        kept = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
        before = history.contact(kept)
        kept.email = client.email = email
        kept.save(update_fields=["email"])
        if kept.user_id is not None:
            User.objects.filter(pk=kept.user_id).update(email=email, mail_refused_at=None, mail_refused_for="")
        for change in history.keep(kept, before=before, by=by, now=now):
            if change.before:
                defer("clientarea.mail_email_changed", str(change.pk), now=now, change_id=change.pk)
