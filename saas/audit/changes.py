"""Keep and read the history of changes. Call `record` in the transaction of the change; it writes nothing when nothing differs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from saas.audit.models import Change

SYSTEM = "Sistema"


class Author(Protocol):
    """Who makes a change: an account."""

    pk: Any
    name: Any


def record(
    subject: str, subject_id: int, *, before: Mapping[str, Any], after: Mapping[str, Any], by: Author | None, now: datetime
) -> list[Change]:
    """Keep a row for each field of `after` that differs from `before`. `by` is the account that did it, None for the system."""
    return keep(differences(subject, subject_id, before=before, after=after, by=by, now=now))


def note(subject: str, subject_id: int, *, field: str, said: object, by: Author | None, now: datetime) -> None:
    """Keep that something happened to a subject, once: the same words again (a form sent twice) keep nothing."""
    if not Change.objects.filter(subject=subject, subject_id=subject_id, field=field, after=_text(said)).exists():
        record(subject, subject_id, before={}, after={field: said}, by=by, now=now)


def differences(
    subject: str, subject_id: int, *, before: Mapping[str, Any], after: Mapping[str, Any], by: Author | None, now: datetime
) -> list[Change]:
    """What `record` would keep, not kept yet: for many subjects at once."""
    return [
        Change(
            at=now, who_id=by.pk if by else None, who_name=by.name if by else SYSTEM, subject=subject, subject_id=subject_id,
            field=field, before=_text(before.get(field)), after=_text(value),
        )
        for field, value in after.items()
        if _text(before.get(field)) != _text(value)
    ]  # fmt: skip


def keep(changes: list[Change]) -> list[Change]:
    """Keep the differences of many subjects, in one go."""
    return Change.objects.bulk_create(changes, batch_size=500)


def changes_of(subject: str, subject_id: int) -> QuerySet[Change]:
    """The history of one subject, newest first."""
    return Change.objects.filter(subject=subject, subject_id=subject_id).order_by("-pk")


def _text(value: Any) -> str:
    return "" if value is None else str(value)
