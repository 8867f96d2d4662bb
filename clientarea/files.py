"""What can happen to the files between an agency and a client: shared, put away, asked for, handed in, accepted, rejected.

Each act writes its rows, its history, the client's notice and the job of its mail in one transaction. A request is locked before it moves; nothing
is ever deleted, and a file handed in stays as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from clientarea import notices
from clientarea.file_models import WANTED, ClientFile, FileEvent, FileRequest, RequestState
from clientarea.models import Client, Lease, NoticeKind
from clientarea.notices import Letter
from saas.accounts.models import User
from saas.audit.changes import record
from saas.jobs.defer import defer
from saas.lib.files import CheckedFile, keeping

FILES_AT_ONCE = 5
EXPIRES_SOON = 30  # days
FOLDER = "documents"
FILE, REQUEST = "file", "file_request"  # subjects of the history of changes
RS = RequestState


class RequestError(ValueError):
    """The request does not allow that in its state. The message is for people."""


def share(
    clients: Iterable[Client], file: CheckedFile, *, kind: str, title: str, lease: Lease | None, expires_on: date | None, by: User, now: datetime
) -> list[ClientFile]:
    """Give each of those clients a file of their own with the same content, and tell them."""
    shared = []
    with keeping(FOLDER) as shelf, transaction.atomic():
        for client in clients:
            row = ClientFile.objects.create(
                client=client, lease=lease, kind=kind, title=title, expires_on=expires_on, added_at=now, added_by=by.name,
                **_kept(shelf.put(file), file),
            )  # fmt: skip
            record(FILE, row.pk, before={}, after={"client": client.name, "title": title, "name": file.name}, by=by, now=now)
            letter = Letter("clientarea.mail_file_shared", {"file_id": row.pk})
            _list(client, f"file:{row.pk}", title, "shared", letter, now=now)
            shared.append(row)
    return shared


def archive(file: ClientFile, *, by: User, now: datetime) -> None:
    """Put a shared file away: the client sees it no more. Again, it changes nothing. Raises RequestError for one handed in."""
    if file.event_id is not None:
        raise RequestError(_("Lo que entregó el cliente se conserva."))
    _put(file, now, by=by, now=now)


def restore(file: ClientFile, *, by: User, now: datetime) -> None:
    """Show a file that was put away again."""
    _put(file, None, by=by, now=now)


def _put(file: ClientFile, moment: datetime | None, *, by: User, now: datetime) -> None:
    with transaction.atomic():
        rows = ClientFile.objects.filter(pk=file.pk, archived_at__isnull=moment is not None)
        if rows.update(archived_at=moment):
            words = (_("visible"), _("retirado"))
            before, after = words if moment else words[::-1]
            record(FILE, file.pk, before={"state": before}, after={"state": after}, by=by, now=now)


def ask(client: Client, *, kind: str, title: str, why: str, due_on: date, lease: Lease | None, by: User, now: datetime) -> FileRequest:
    """Ask a client for a file, and tell them."""
    with transaction.atomic():
        request = FileRequest.objects.create(client=client, lease=lease, kind=kind, title=title, why=why, due_on=due_on, asked_at=now)
        record(REQUEST, request.pk, before={}, after={"client": client.name, "title": title, "due_on": due_on}, by=by, now=now)
        _tell(_move(request, RS.REQUESTED, by=by.name, staff=by, now=now), now=now)
        return request


def hand_in(request: FileRequest, files: Sequence[CheckedFile], *, now: datetime, text: str = "") -> FileEvent:
    """Keep what the client hands in, and tell the agency. Raises RequestError when nothing is awaited."""
    if not files:
        raise RequestError(_("Elija al menos un archivo."))
    with keeping(FOLDER) as shelf, transaction.atomic():
        request = _locked(request)
        if request.state not in WANTED:
            raise RequestError(_("Esta solicitud ya no espera archivos."))
        event = _move(request, RS.HANDED_IN, by=request.client.name, text=text, now=now)
        for file in files:
            ClientFile.objects.create(
                client=request.client, lease=request.lease, event=event, kind=request.kind, title=request.title, added_at=now,
                added_by=request.client.name, **_kept(shelf.put(file), file),
            )  # fmt: skip
        _tell(event, now=now)
        return event


def accept(request: FileRequest, *, by: User, now: datetime) -> None:
    """Accept what was handed in. Raises RequestError unless something waits to be looked at."""
    _decide(request, RS.ACCEPTED, by=by, now=now)


def reject(request: FileRequest, *, reason: str, by: User, now: datetime) -> None:
    """Reject what was handed in: the client reads why, and is asked again. Raises RequestError likewise."""
    with transaction.atomic():
        _tell(_decide(request, RS.REJECTED, text=reason, by=by, now=now), now=now)


def withdraw(request: FileRequest, *, by: User, now: datetime) -> None:
    """Withdraw a request that is not needed any more. Raises RequestError once it was accepted or withdrawn."""
    _decide(request, RS.WITHDRAWN, by=by, now=now, allowed=(*WANTED, RS.HANDED_IN))


def _decide(
    request: FileRequest, state: RequestState, *, by: User, now: datetime, text: str = "", allowed: Sequence[str] = (RS.HANDED_IN,)
) -> FileEvent:
    with transaction.atomic():
        request = _locked(request)
        if request.state not in allowed:
            raise RequestError(_("Esta solicitud cambió mientras tanto. Revísela de nuevo."))
        before = request.get_state_display()
        event = _move(request, state, by=by.name, staff=by, text=text, now=now)
        after: dict[str, Any] = {"state": request.get_state_display(), **({"reason": text} if text else {})}
        record(REQUEST, request.pk, before={"state": before}, after=after, by=by, now=now)
        return event


def _move(request: FileRequest, state: RequestState, *, by: str, now: datetime, staff: User | None = None, text: str = "") -> FileEvent:
    request.state = state
    request.save(update_fields=["state"])
    return FileEvent.objects.create(request=request, state=state, text=text, by_staff=staff is not None, by_name=by, at=now)


def _tell(event: FileEvent, *, now: datetime) -> None:
    if event.state == RS.HANDED_IN:
        defer("clientarea.mail_file_event", str(event.pk), now=now, event_id=event.pk)
        return
    step, letter = "rejected" if event.state == RS.REJECTED else "asked", Letter("clientarea.mail_file_event", {"event_id": event.pk})
    _list(event.request.client, f"file_event:{event.pk}", event.request.title, step, letter, now=now)


def _list(client: Client, key: str, title: str, step: str, letter: Letter, *, now: datetime) -> None:
    """Tell a client. The link is the list: what it is about may be put away or withdrawn before it is read."""
    link = reverse("client_files", urlconf=settings.AGENCY_URLCONF)
    notices.tell(client=client, kind=NoticeKind.DOCUMENT, key=key, data={"name": title, "step": step}, link=link, letter=letter, now=now)


def _locked(request: FileRequest) -> FileRequest:
    return FileRequest.objects.select_for_update(of=("self",)).select_related("client", "lease").get(pk=request.pk)


def _kept(path: str, file: CheckedFile) -> dict[str, Any]:
    return {"path": path, "name": file.name, "content_type": file.content_type, "size": len(file.data)}


def tell_expiry(file: Any, *, today: date) -> Any:
    """The same file, with `expiry` and `expiry_label` for the page: in force, about to expire, expired; empty without a date."""
    if file.expires_on is None:
        file.expiry, file.expiry_label = "", ""
        return file
    left = (file.expires_on - today).days
    if left < 0:
        file.expiry, file.expiry_label = "overdue", _("Vencido")
    elif left == 0:
        file.expiry, file.expiry_label = "pending", _("Vence hoy")
    elif left == 1:
        file.expiry, file.expiry_label = "pending", _("Vence mañana")
    elif left <= EXPIRES_SOON:
        file.expiry, file.expiry_label = "pending", _("Vence en %(count)s días") % {"count": left}
    else:
        file.expiry, file.expiry_label = "active", _("Vigente")
    return file
