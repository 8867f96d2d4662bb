"""A mail that an MTA hands over because it came to the return path: find the agency that it speaks of, and mark the account there.

Promises that only a delivery status that failed for good, at a return path that we signed, changes anything; all else is ignored.
"""

from __future__ import annotations

from datetime import datetime
from email.parser import BytesHeaderParser

from saas.accounts import bounces
from saas.lib import refusals
from tenants import context
from tenants.models import Agency, AgencyState

# Where an MTA that tells no recipient leaves it.
HEADERS = ("X-Original-To", "Delivered-To", "To")
WITH_ROWS = (AgencyState.ACTIVE, AgencyState.SUSPENDED, AgencyState.RETIRED)


def take(raw: bytes, *, recipient: str, now: datetime) -> bool:
    """Read a mail (its first refusals.MOST bytes). Whether it marked an account. `recipient` is the envelope's, if it is known."""
    why = refusals.in_report(raw)
    path = _path(raw, recipient) if why is not None else None
    if why is None or path is None:
        return False
    context.leave()
    if path.agency_id == 0:
        return bounces.come_back(path, why, now=now)
    agency = Agency.objects.filter(pk=path.agency_id, state__in=WITH_ROWS).first()
    if agency is None:
        return False
    with context.in_agency(agency):
        return bounces.come_back(path, why, now=now)


def _path(raw: bytes, recipient: str) -> bounces.Path | None:
    if recipient:
        return bounces.read_path(recipient)
    headers = BytesHeaderParser().parsebytes(raw[: refusals.MOST])
    found = (bounces.read_path(str(said)) for name in HEADERS for said in headers.get_all(name, []))
    return next((path for path in found if path is not None), None)
