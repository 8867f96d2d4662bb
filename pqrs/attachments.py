"""Files of a case, checked and kept as saas/lib/files.py says: so many at a time, so much in a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.http import FileResponse
from django.utils.translation import gettext as _

from pqrs.models import Attachment, Case, Message
from saas.lib import files as lib
from saas.lib.files import CheckedFile, FileError

FILES_AT_ONCE = 5
CASE_BYTES = 100 * 1024 * 1024


def check(files: Sequence[UploadedFile]) -> list[CheckedFile]:
    """The files as they will be kept. Raises FileError at the first that may not, or when they are too many."""
    return lib.check(files, at_once=FILES_AT_ONCE)


def keep(case: Case, files: Sequence[CheckedFile], *, now: datetime, message: Message | None = None) -> None:
    """Store checked files as a case's, inside the caller's transaction; the case's row is locked by the caller.

    Raises FileError beyond CASE_BYTES in the case. Whatever goes wrong, no file of this call stays behind.
    """
    held = case.attachments.aggregate(sum=Sum("size"))["sum"] or 0
    if held + sum(len(file.data) for file in files) > CASE_BYTES:
        raise FileError(_("Esta PQRS ya no admite más archivos: llegó al máximo de %(size)s MB.") % {"size": CASE_BYTES // 1024**2})
    with lib.keeping("pqrs") as shelf, transaction.atomic():
        for file in files:
            Attachment.objects.create(
                case=case, message=message, name=file.name, path=shelf.put(file), content_type=file.content_type, size=len(file.data), added_at=now,
            )  # fmt: skip


def download(attachment: Attachment) -> FileResponse:
    """The answer that hands a file out."""
    return lib.hand_out(attachment)
