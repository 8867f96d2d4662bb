"""Announcements of the platform on top of desks. What a desk shows travels on its agency's row, so that no page asks for it; who of
the staff put one away is asked only while there is one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from saas.accounts.models import Role
from saas.lib import clock
from tenants import context, hosts
from tenants.models import Agency
from tenants.platform_models import Announcement, Dismissal


def publish(*, now: datetime) -> int:
    """Write on each agency's row the announcements that are for it and not over. Returns of how many agencies it changed."""
    to_all: list[dict[str, Any]] = []
    to_some: dict[int, list[dict[str, Any]]] = {}
    for row in Announcement.objects.filter(ends_at__gt=now).prefetch_related("agencies").order_by("pk"):
        said = {"id": row.pk, "level": row.level, "text": row.text, "from": row.starts_at.isoformat(), "until": row.ends_at.isoformat()}
        chosen = list(row.agencies.all())
        for agency in chosen:
            to_some.setdefault(agency.pk, []).append(said)
        if not chosen:
            to_all.append(said)
    changed = 0
    for agency in Agency.objects.order_by("pk"):
        wanted = sorted([*to_all, *to_some.get(agency.pk, [])], key=lambda said: said["id"])
        if agency.notices != wanted:
            Agency.objects.filter(pk=agency.pk).update(notices=wanted)
            transaction.on_commit(lambda agency=agency: hosts.forget(agency))  # type: ignore[misc]
            changed += 1
    return changed


def shown(request: Any) -> list[dict[str, Any]]:
    """What the desk of who asks shows now, less what was put away."""
    agency, user = getattr(request, "agency", None), getattr(request, "user", None)
    if agency is None or not agency.notices or user is None or not user.is_authenticated or user.role != Role.STAFF:
        return []
    now = clock.now()
    current = [said for said in agency.notices if _moment(said["from"]) <= now < _moment(said["until"])]
    if not current:
        return []
    with context.in_public():
        away = set(
            Dismissal.objects.filter(
                schema_name=agency.schema_name, user_id=user.pk, announcement_id__in=[said["id"] for said in current]
            ).values_list("announcement_id", flat=True)
        )  # fmt: skip
    return [said for said in current if said["id"] not in away]


def dismiss(agency: Agency, user: Any, announcement_id: int) -> None:
    """Put an announcement away for one of the staff. One that is not for this agency is not known here."""
    if announcement_id in {said["id"] for said in agency.notices}:
        with context.in_public(), transaction.atomic():
            if Announcement.objects.filter(pk=announcement_id).exists():
                Dismissal.objects.get_or_create(announcement_id=announcement_id, schema_name=agency.schema_name, user_id=user.pk)


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    return moment
