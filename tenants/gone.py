"""Money that the gateway tells of an agency that is deleted: kept in public, so that no word of it is lost, and shown to operators.

Only what says how much, when and under which reference; nobody's name, mail or document. Nothing can be believed here (the key
to the signature went with the agency), so no more than MOST of an agency are kept, the newest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection, transaction

from tenants import acts, context
from tenants.models import Agency
from tenants.platform_models import GoneCallback, GoneState

MOST = 500
LONGEST = 120  # characters of a value


def keep(agency: Agency, said: Mapping[str, str], *, reference: str, now: datetime) -> int:
    """Keep one saying about a deleted agency, once: the same again only counts up. Returns its row's id."""
    context.leave()
    text = urlencode(sorted((name[:LONGEST], value[:LONGEST]) for name, value in said.items()))
    digest = hashlib.sha256(f"{agency.pk}:{text}".encode()).hexdigest()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tenants_gonecallback (agency_id, agency_slug, reference, said, digest, received_at, times, state)
            VALUES (%s, %s, %s, %s, %s, %s, 1, 'waiting')
            ON CONFLICT (digest) DO UPDATE SET times = tenants_gonecallback.times + 1
            RETURNING id, times
            """,
            [agency.pk, agency.slug, reference[:60], text, digest, now],
        )
        row_id, times = cursor.fetchone()
        if times == 1:
            newest = GoneCallback.objects.filter(agency_id=agency.pk).order_by("-pk").values_list("pk", flat=True)
            GoneCallback.objects.filter(agency_id=agency.pk).exclude(pk__in=list(newest[:MOST])).delete()
    return int(row_id)


def waiting() -> int:
    """How many nobody has looked at."""
    return GoneCallback.objects.filter(state=GoneState.WAITING).count()


def close(row: GoneCallback, *, by: Any, reason: str, now: datetime) -> None:
    """An operator looked at it, and says what was done about the money."""
    with transaction.atomic():
        if GoneCallback.objects.filter(pk=row.pk, state=GoneState.WAITING).update(state=GoneState.SEEN):
            agency = Agency.every.filter(pk=row.agency_id).first()
            acts.note("atender confirmación", by=by, reason=reason, now=now, agency=agency, detail=row.reference)
