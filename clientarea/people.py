"""What the desk does to clients: create, edit, archive and restore.

Promises one client a document, an account that follows its client (usuario, name, e-mail), and that nobody overwrites what
they did not see. Clients are never deleted: their money is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clientarea.models import Client
from saas.accounts import bounces
from saas.accounts.models import User
from saas.lib import seen
from saas.lib.text import fold
from tenants import limits

FIELDS = ("document_type", "document", "document_check", "name", "email", "mobile", "landline", "address", "city")


class DocumentTaken(ValueError):
    """Another client has the document: `client`."""

    def __init__(self, client: Client) -> None:
        super().__init__(_("Ya hay un cliente con ese documento: %(name)s.") % {"name": client.name})
        self.client = client


class UsuarioTaken(ValueError):
    """The document is already the usuario of an account that is not this client's."""


def values_of(client: Client) -> dict[str, Any]:
    """What the desk may change of a client."""
    return {field: getattr(client, field) for field in FIELDS}


def create_client(values: Mapping[str, Any]) -> Client:
    """A new client with those checked values (FIELDS). Raises DocumentTaken, LimitReached."""
    limits.check("clients", there=Client.objects.filter(archived_at=None).count)
    with transaction.atomic():
        client, made = Client.objects.get_or_create(document=values["document"], defaults={**values, "folded": _folded(values)})
    if not made:
        raise DocumentTaken(client)
    return client


def change_client(client: Client, values: Mapping[str, Any], *, mark: str) -> Client:
    """Give a client those checked values; `mark` is what was seen of it. Raises StaleError, DocumentTaken, UsuarioTaken."""
    with transaction.atomic():
        locked = Client.objects.select_for_update(of=("self",)).select_related("user").get(pk=client.pk)
        seen.check(values_of(locked), mark)
        other = Client.objects.filter(document=values["document"]).exclude(pk=locked.pk).first()
        if other is not None:
            raise DocumentTaken(other)
        if locked.user is not None:
            _follow(locked.user, locked.document, values)
        for field in FIELDS:
            setattr(locked, field, values[field])
        locked.folded = _folded(values)
        locked.save(update_fields=[*FIELDS, "folded"])
    return locked


def archive(client: Client, *, now: datetime) -> None:
    """Put a client away: out of the lists, and the account closed, sessions and links with it."""
    with transaction.atomic():
        Client.objects.filter(pk=client.pk, archived_at=None).update(archived_at=now)
        User.objects.filter(client=client).update(is_active=False)


def unarchive(client: Client) -> None:
    """Bring a client back, and let the account in again. Raises LimitReached."""
    limits.check("clients", there=Client.objects.filter(archived_at=None).count)
    with transaction.atomic():
        if Client.objects.filter(pk=client.pk).exclude(archived_at=None).update(archived_at=None):
            User.objects.filter(client=client).update(is_active=True)


def _follow(user: User, document: str, values: Mapping[str, Any]) -> None:
    """An account keeps the name and the e-mail of its client, and the document as its usuario where that is what it was."""
    wanted = values["document"].lower()
    if user.username == document.lower() and wanted != user.username:
        if User.objects.filter(username=wanted).exists():
            raise UsuarioTaken(_("Ese documento ya es el usuario de otra cuenta. Revíselo."))
        user.username = wanted
    if user.email != values["email"]:
        bounces.forget(user)
    user.name, user.email = values["name"], values["email"]
    user.save(update_fields=["username", "name", "email"])


def _folded(values: Mapping[str, Any]) -> str:
    return fold(f"{values['name']} {values['document']}")[:400]
