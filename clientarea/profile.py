"""What clients may change of their own data: how to reach them. Name and document are the agency's to mend."""

from __future__ import annotations

from django.db import transaction

from clientarea.models import Client
from saas.accounts.models import User


def update_contact(client: Client, *, email: str, mobile: str, landline: str, address: str, city: str) -> None:
    """Keep a client's checked contact data. The account's e-mail follows: new links go to the new address only."""
    with transaction.atomic():
        client.email, client.mobile, client.landline, client.address, client.city = email, mobile, landline, address, city
        client.save(update_fields=["email", "mobile", "landline", "address", "city"])
        if client.user_id is not None:
            User.objects.filter(pk=client.user_id).update(email=email)
