"""The history of a client's contact data: kept with every change, told to the client and to the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clientarea.models import Client
from saas.accounts.models import User
from saas.audit.changes import differences, record
from saas.audit.changes import keep as keep_all
from saas.audit.models import Change
from saas.lib import phones

SUBJECT = "client"
CONTACT = ("email", "mobile", "landline", "address", "city")
TOLD = ("document_type", "document", "name", *CONTACT)  # what a client is told of; the whole history is the agency's
SHOWN = 20


@dataclass(frozen=True)
class Told:
    """A change as people read it."""

    at: datetime
    who: str
    what: str
    before: str
    after: str


def contact(client: Client) -> dict[str, str]:
    """A client's contact data as they are now, to be compared afterwards."""
    return {name: getattr(client, name) for name in CONTACT}


def keep(client: Client, *, before: dict[str, str], by: User, now: datetime) -> list[Change]:
    """Keep what became of a client's contact data since `before`."""
    return record(SUBJECT, client.pk, before=before, after=contact(client), by=by, now=now)


def keep_imported(clients: Iterable[Client], *, before: Mapping[int, dict[str, str]], now: datetime) -> None:
    """Keep what the agency's book changed of many clients, whose data `before` are known by id."""
    keep_all(
        [
            change
            for client in clients
            for change in differences(SUBJECT, client.pk, before=before[client.pk], after=contact(client), by=None, now=now)
        ]
    )


def told(client: Client, *, reader: Any = None) -> list[Told]:
    """The last changes of a client's data, newest first; `reader`'s own are told as theirs."""
    return [tell(change, reader=reader) for change in changes_told(Client.objects.filter(pk=client.pk))[:SHOWN]]


def changes_told(clients: QuerySet[Client]) -> QuerySet[Change]:
    """The part of those clients' history that they may read, newest first."""
    return Change.objects.filter(subject=SUBJECT, subject_id__in=clients.order_by().values("pk"), field__in=TOLD).order_by("-pk")


def tell(change: Change, *, reader: Any = None) -> Told:
    """A change in words; `reader`'s own is told as theirs."""
    return Told(
        at=change.at,
        who=_("Usted") if reader is not None and change.who_id == reader.pk else change.who_name,
        what=str(Client._meta.get_field(change.field).verbose_name).capitalize(),  # type: ignore[union-attr]
        before=_shown(change.field, change.before),
        after=_shown(change.field, change.after),
    )


def _shown(field: str, value: str) -> str:
    if not value:
        return _("(vacío)")
    return phones.pretty(value) if field in ("mobile", "landline") else value
