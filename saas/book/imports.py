"""An import of the book at the desk: brought, read, looked at, confirmed or put aside.

Reading tries everything and undoes it, so the preview is what would happen. Confirming does it again, and keeps it only if it
comes out word for word as it was shown; if the data changed meanwhile nothing is done and there is a new preview. One import
is open in an agency at a time: the database refuses another.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clientarea.importing.checking import inspect
from clientarea.importing.report import Report
from clientarea.importing.workbook import BookError
from clientarea.models import BookImport, ImportState
from saas.accounts.models import User
from saas.audit.changes import record
from saas.book.loading import SHEETS, import_book
from saas.book.outcome import Outcome, keep_lines, keep_records, outcome_of
from saas.jobs.defer import defer
from saas.jobs.registry import Later
from saas.lib.progress import teller
from saas.lib.text import clean_name
from saas.lib.uploads import TooBig
from tenants.context import current_agency

FOLDER = "libro"
WAIT = timedelta(seconds=15)  # for another worker that is at the same import
TRIES = 3  # of a job, before the import is given back to people


class ImportBusyError(ValueError):
    """Another import is open. Its message is for people."""

    def __init__(self) -> None:
        super().__init__(_("Ya hay un libro cargado sin terminar. Confírmelo o descártelo antes de cargar otro."))


class MovedOnError(ValueError):
    """The import is no longer where the page says. Its message is for people."""

    def __init__(self) -> None:
        super().__init__(_("Esta importación ya cambió de estado. Mire cómo está ahora."))


class _ChangedError(Exception):
    """What would be done is not what was shown."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def bring(file: UploadedFile, *, by: User, now: datetime) -> BookImport:
    """Keep a workbook that somebody uploaded, and ask for its reading. Raises BookError for a file that cannot be one, and
    ImportBusyError while another import is open; then nothing is kept."""
    name = _name_of(file)
    if isinstance(file, TooBig) or (file.size or 0) > settings.UPLOAD_FILE_BYTES:
        told = {"name": name, "size": settings.UPLOAD_FILE_BYTES // 1024**2}
        raise BookError(_("«%(name)s» pesa más de %(size)s MB. Divídalo en varios libros.") % told)
    if BookImport.objects.filter(busy=True).exists():
        raise ImportBusyError
    file.seek(0)
    inspect(file, SHEETS)
    file.seek(0)
    data = file.read()
    path = default_storage.save(f"{FOLDER}/{secrets.token_hex(16)}.xlsx", ContentFile(data))
    try:
        with transaction.atomic():
            book = BookImport.objects.create(
                name=name, path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest(), made_by=by, made_by_name=by.name, made_at=now
            )
            defer("book.read", str(book.pk), now=now, book_id=book.pk)
    except BaseException as error:
        default_storage.delete(path)
        if isinstance(error, IntegrityError):
            raise ImportBusyError from None
        raise
    return book


def read(book_id: int, *, now: datetime) -> None:
    """Try a workbook that was brought, and keep what it would do. Safe to repeat."""
    with transaction.atomic():
        book = held(book_id, ImportState.READING, now=now)
        if book is None:
            return
        try:
            outcome = _tried(book, now=now)
        except BookError as error:
            _refuse(book, str(error))
            return
        _show(book, outcome)


def confirm(book_id: int, *, digest: str, by: User, now: datetime) -> None:
    """Ask for what the preview with that digest says. Raises MovedOnError if the preview is another by now."""
    with transaction.atomic():
        moved = BookImport.objects.filter(pk=book_id, state=ImportState.PREVIEW, digest=digest).update(
            state=ImportState.APPLYING, applied_by_name=by.name, stale=False, error=""
        )
        if not moved:
            raise MovedOnError
        record("book", book_id, before={"state": ImportState.PREVIEW.label}, after={"state": ImportState.APPLYING.label}, by=by, now=now)
        defer("book.apply", f"{book_id}:{secrets.token_hex(8)}", now=now, book_id=book_id)


def apply(book_id: int, *, now: datetime) -> None:
    """Do what was confirmed, or show anew what would be done now. Safe to repeat."""
    with transaction.atomic():
        book = held(book_id, ImportState.APPLYING, now=now)
        if book is None:
            return

        def keep(report: Report) -> None:
            outcome = outcome_of(report)
            if outcome.digest != book.digest:
                raise _ChangedError(outcome)
            keep_records(book, report)

        try:
            with default_storage.open(book.path, "rb") as file:
                import_book(
                    file, agency=current_agency(), dry_run=False, now=now, progress=teller(f"book:{book.pk}", _("Importando")), within=keep
                )
        except _ChangedError as changed:
            book.stale = True
            _show(book, changed.outcome)
            return
        except (BookError, FileNotFoundError) as error:
            _refuse(book, str(error))
            return
        _move(book, ImportState.APPLIED, applied_at=now)


def discard(book_id: int, *, by: User, now: datetime) -> None:
    """Put an import aside that nobody confirmed; its file and its lines are not kept. Raises MovedOnError."""
    with transaction.atomic():
        states = (ImportState.READING, ImportState.PREVIEW)
        book = BookImport.objects.select_for_update(skip_locked=True).filter(pk=book_id, state__in=states).first()
        if book is None:
            raise MovedOnError
        record("book", book_id, before={"state": book.get_state_display()}, after={"state": ImportState.DISCARDED.label}, by=by, now=now)
        _put_away(book, ImportState.DISCARDED)


def give_back(book_id: int) -> None:
    """After a job failed again and again: the import waits for people, as it was before the job was asked for."""
    told = _("No pudimos terminar por una falla nuestra; no se cambió nada. Inténtelo de nuevo.")
    with transaction.atomic():
        book = BookImport.objects.select_for_update().get(pk=book_id)
        if book.state == ImportState.READING:
            _refuse(book, told)
        elif book.state == ImportState.APPLYING:
            _move(book, ImportState.PREVIEW, error=told)
        elif book.state == ImportState.UNDOING:
            _move(book, ImportState.APPLIED, error=told)


def held(book_id: int, state: ImportState, *, now: datetime) -> BookImport | None:
    """The import, locked until the transaction ends, if it is in that state. Raises Later if another worker has it."""
    there = BookImport.objects.filter(pk=book_id, state=state)
    book = there.select_for_update(skip_locked=True).first()
    if book is None and there.exists():
        raise Later(now + WAIT)
    return book


def _tried(book: BookImport, *, now: datetime) -> Outcome:
    seen: list[Outcome] = []
    try:
        with default_storage.open(book.path, "rb") as file:
            report = import_book(
                file, agency=current_agency(), dry_run=True, now=now, progress=teller(f"book:{book.pk}", _("Revisando")),
                within=lambda report: seen.append(outcome_of(report)),
            )  # fmt: skip
    except FileNotFoundError:
        raise BookError(_("El archivo ya no está. Cárguelo de nuevo.")) from None
    book.unread = [list(pair) for pair in report.unread[:50]]
    return seen[0]


def _show(book: BookImport, outcome: Outcome) -> None:
    keep_lines(book, outcome)
    _move(book, ImportState.PREVIEW, counts=outcome.counts, digest=outcome.digest)


def _refuse(book: BookImport, reason: str) -> None:
    book.error = reason
    _put_away(book, ImportState.REFUSED)


def _put_away(book: BookImport, state: ImportState) -> None:
    path, book.path = book.path, ""
    book.lines.all().delete()
    _move(book, state)
    transaction.on_commit(lambda: default_storage.delete(path) if path else None)


def _move(book: BookImport, state: ImportState, **values: Any) -> None:
    book.state = state
    book.busy = True if state in (ImportState.PREVIEW, ImportState.APPLYING, ImportState.UNDOING) else None
    for name, value in values.items():
        setattr(book, name, value)
    book.save()


def _name_of(file: UploadedFile) -> str:
    path = PurePath(clean_name(file.name or "").replace("\\", "/"))
    return (path.stem.strip(" .")[:100] or "libro") + path.suffix.lower()[:8]
