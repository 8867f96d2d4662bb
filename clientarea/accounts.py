"""In which state a client's account is: for the lists, their filters and the pages of the desk."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy

from clientarea.models import Client

# The state's name, its label, and which clients that are not archived are in it.
ACCOUNT_STATES = {
    "none": (gettext_lazy("Sin cuenta"), Q(user=None)),
    "invited": (gettext_lazy("Invitado"), Q(user__is_active=True, user__activated_at=None, user__mail_refused_at=None)),
    "bounced": (gettext_lazy("Devuelto"), Q(user__is_active=True, user__activated_at=None, user__mail_refused_at__isnull=False)),
    "active": (gettext_lazy("Activo"), Q(user__is_active=True, user__activated_at__isnull=False)),
    "blocked": (gettext_lazy("Desactivado"), Q(user__is_active=False)),
}
ARCHIVED = "archived"
WAITING = ("none", "invited", "bounced")  # who may be invited, for the first time or again


def account_state(client: Client) -> str:
    """Which of ACCOUNT_STATES a client's account is in, or ARCHIVED."""
    if client.archived_at is not None:
        return ARCHIVED
    if client.user is None:
        return "none"
    if not client.user.is_active:
        return "blocked"
    if client.user.activated_at is not None:
        return "active"
    return "invited" if client.user.mail_refused_at is None else "bounced"


def tell_state(client: Client) -> Client:
    """The client, with `state` and `state_label` for templates."""
    state = account_state(client)
    client.state = state  # type: ignore[attr-defined]
    client.state_label = gettext_lazy("Archivado") if state == ARCHIVED else ACCOUNT_STATES[state][0]  # type: ignore[attr-defined]
    return client
