"""The address by which a client's calendar program reads due dates: made when asked for, ended when the client says so.

It is signed for the agency and the client, and carries the code of the client's row: without the row, or with another code,
it opens nothing. What it shows is payments/invoicing/due_dates.py's: dates and amounts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from clientarea.models import CalendarFeed, Client
from saas.lib import crypto, signing
from tenants import branding
from tenants.models import Agency

PURPOSE = "clientarea.calendar"
LIFE = timedelta(days=3650)  # it ends when its client says so, not by itself


def make(client: Client, *, now: datetime) -> CalendarFeed:
    """A new address for a client; the one before it ends."""
    feed, _made = CalendarFeed.objects.update_or_create(client=client, defaults={"code": crypto.random_reference(16), "made_at": now})
    return feed


def end(client: Client) -> None:
    """No address any more."""
    CalendarFeed.objects.filter(client=client).delete()


def url_of(feed: CalendarFeed, agency: Agency) -> str:
    """The whole address. Call it inside the agency."""
    token = signing.sign({"client": feed.client_id, "code": feed.code}, purpose=PURPOSE)
    return branding.origin(agency) + reverse("calendar_feed", args=[token], urlconf=settings.AGENCY_URLCONF)


def client_of_token(token: str) -> Client:
    """Whose due dates a token opens. Raises signing.BadLink."""
    said = signing.unsign(token, purpose=PURPOSE, max_age_seconds=int(LIFE.total_seconds()))
    pk, code = said.get("client"), said.get("code")
    feed = None
    if isinstance(pk, int) and isinstance(code, str):
        feed = CalendarFeed.objects.select_related("client").filter(client=pk, code=code, client__archived_at=None).first()
    if feed is None:
        raise signing.BadLink
    return feed.client
