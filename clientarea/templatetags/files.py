"""`{% client_files_card client %}` and `{% lease_files_card lease %}`: the documents of a client and of a lease on their desk pages."""

from typing import Any

from django import template
from django.urls import reverse

from clientarea import files
from clientarea.desk_files import OPEN
from clientarea.models import Client, Lease
from saas.lib import clock

register = template.Library()
SHOWN = 5


@register.inclusion_tag("clientarea/desk_files_part.html")
def client_files_card(client: Client) -> dict[str, Any]:
    """The last files of a client, and what is still asked of them."""
    return {
        "files": _told(client.files.filter(archived_at=None)),
        "requests": client.file_requests.filter(state__in=OPEN)[:SHOWN],
        "share_url": reverse("desk_file_share", args=[client.pk]),
        "ask_url": reverse("desk_file_ask", args=[client.pk]),
        "all_url": reverse("desk_client_files", args=[client.pk]),
    }


@register.inclusion_tag("clientarea/desk_files_part.html")
def lease_files_card(lease: Lease) -> dict[str, Any]:
    """The last files about a lease, and what is still asked about it."""
    return {
        "files": _told(lease.files.filter(archived_at=None).select_related("client")),
        "requests": lease.file_requests.filter(state__in=OPEN)[:SHOWN],
        "share_url": reverse("desk_lease_share", args=[lease.pk]),
    }


def _told(rows: Any) -> list[Any]:
    today = clock.today()
    return [files.tell_expiry(file, today=today) for file in rows[:SHOWN]]
