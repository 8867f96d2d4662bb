"""Archives of agencies that operators asked for: made by a job, kept in settings.EXPORTS_DIR for some days, downloaded by operators.

The making is tenants/archive.py's. A file is named by the export's id alone; a file that is half made has another name. They hold
personal data: nobody but operators reads them, and they are deleted when their days are over.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from saas.jobs.defer import defer
from tenants import acts, archive, context
from tenants.dump import DumpError
from tenants.models import Agency
from tenants.platform_models import Export, ExportState

KEPT = timedelta(days=7)
LAST_KEPT = timedelta(days=90)  # of an agency that was deleted


def path_of(export: Export) -> Path:
    """Where the archive is, or will be."""
    return Path(settings.EXPORTS_DIR) / f"{export.pk}.tar.gz"


def ask(agency: Agency, *, by: str, now: datetime) -> Export:
    """Ask for an archive, made by a job. In a transaction."""
    asked = Export.objects.create(agency_id=agency.pk, agency_slug=agency.slug, asked_by=by, asked_at=now)
    defer("tenants.export", str(asked.pk), now=now, export_id=str(asked.pk))
    return asked


def make(export_id: str, *, now: datetime) -> Export | None:
    """Make an archive that was asked for. Safe to repeat: a finished one stays as it is. What goes wrong is kept and raised."""
    context.leave()
    found = Export.objects.filter(pk=export_id).exclude(state__in=[ExportState.READY, ExportState.GONE]).first()
    if found is None:
        return None
    agency = Agency.objects.filter(pk=found.agency_id).first()
    if agency is None:
        Export.objects.filter(pk=found.pk).update(state=ExportState.FAILED, error="La inmobiliaria ya no existe.")
        return None
    return _write(found, agency, keep=KEPT, now=now)


def make_last(agency: Agency, *, now: datetime) -> Export:
    """The archive before the end of an agency. One is enough: asking again gives the one that there is."""
    found, _new = Export.objects.get_or_create(
        agency_id=agency.pk, agency_slug=agency.slug, asked_by=acts.SYSTEM, defaults={"asked_at": now}
    )
    if found.state == ExportState.READY and path_of(found).is_file():
        return found
    return _write(found, agency, keep=LAST_KEPT, now=now)


def clear(*, now: datetime) -> int:
    """Delete the files whose days are over. Returns how many."""
    over = list(Export.objects.filter(state=ExportState.READY, expires_at__lte=now))
    for export in over:
        path_of(export).unlink(missing_ok=True)
        Export.objects.filter(pk=export.pk).update(state=ExportState.GONE)
    return len(over)


def plan_clearing(export: Export, *, now: datetime) -> None:
    """Ask for the deletion of a finished archive when its days are over."""
    if export.expires_at is not None:
        with transaction.atomic():
            defer("tenants.clear_exports", str(export.pk), now=now, due_at=export.expires_at)


def _write(found: Export, agency: Agency, *, keep: timedelta, now: datetime) -> Export:
    Export.objects.filter(pk=found.pk).update(state=ExportState.RUNNING, error="", step="")
    target = path_of(found)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        manifest = archive.export(agency, target, now=now, tell=lambda step: Export.objects.filter(pk=found.pk).update(step=step[:100]))
    except (archive.ArchiveError, DumpError, OSError) as error:
        context.leave()
        Export.objects.filter(pk=found.pk).update(state=ExportState.FAILED, error=f"{type(error).__name__}: {error}"[:2000])
        raise
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    files = sum(name.startswith("files/") for name in manifest["members"])
    Export.objects.filter(pk=found.pk).update(
        state=ExportState.READY, done_at=now, expires_at=now + keep, rows=sum(manifest["rows"].values()), files=files,
        bytes=target.stat().st_size, sha256=digest, step="",
    )  # fmt: skip
    found.refresh_from_db()
    plan_clearing(found, now=now)
    return found
