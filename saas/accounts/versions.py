"""Writing and publishing texts with versions, whichever they are; and the agency's own policy on personal data.

Promises that a version gets the next number once, that what is published is never touched again, and that the history keeps who
did it. Who asks for the consent reads `policy_asked`, which travels through a short memory (tenants/platform_texts.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from saas.accounts.models import PolicyText, TextState
from saas.audit.changes import record

SUBJECT = "policy_text"


class TextError(ValueError):
    """It cannot be published. Its message is for people."""


def publish(draft: Any, *, siblings: QuerySet[Any], by: Any, now: datetime) -> int:
    """Make a draft the next version among `siblings` (all the texts of its kind). Returns its number. Raises TextError."""
    with transaction.atomic():
        # One at a time, in the order of their numbers: the rows of the kind are held.
        rows = {row.pk: row for row in siblings.select_for_update().order_by("pk")}
        locked = rows.get(draft.pk)
        if locked is None or locked.state != TextState.DRAFT:
            raise TextError(_("Ese borrador ya se publicó o se descartó."))
        last = in_force(siblings)
        if last is not None and last.body == locked.body:
            raise TextError(_("El texto es igual al de la versión vigente."))
        locked.version = (siblings.aggregate(last=Max("version"))["last"] or 0) + 1
        locked.state, locked.published_at, locked.published_by = TextState.PUBLISHED, now, by.name
        locked.save()
        return int(locked.version)


def in_force(siblings: QuerySet[Any]) -> Any | None:
    """The published version with the highest number."""
    return siblings.filter(state=TextState.PUBLISHED).order_by("-version").first()


def last_asked(siblings: QuerySet[Any]) -> int:
    """The number of the last version that must be accepted anew; 0 for none."""
    return siblings.filter(state=TextState.PUBLISHED, asks_again=True).aggregate(last=Max("version"))["last"] or 0


def policy() -> PolicyText | None:
    """The agency's own policy in force. Call it inside the agency."""
    found: PolicyText | None = in_force(PolicyText.objects.all())
    return found


def policy_asked() -> int:
    """The number of the agency's own policy that its clients must have accepted; 0 for none."""
    return last_asked(PolicyText.objects.all())


def draft_policy(body: str, *, asks_again: Any, by: Any, now: datetime) -> PolicyText:
    """Keep the draft of the agency's own policy; there is one at most."""
    with transaction.atomic():
        before = PolicyText.objects.select_for_update().filter(state=TextState.DRAFT).first()
        told = {} if before is None else {"draft": before.body, "asks_again": _yes(before.asks_again)}
        row, _new = PolicyText.objects.update_or_create(
            state=TextState.DRAFT, defaults={"body": body, "asks_again": bool(asks_again), "edited_at": now, "edited_by": by.name}
        )
        record(SUBJECT, row.pk, before=told, after={"draft": body, "asks_again": _yes(row.asks_again)}, by=by, now=now)
    return row


def discard_policy(*, by: Any, now: datetime) -> None:
    """Throw the draft away."""
    with transaction.atomic():
        row = PolicyText.objects.select_for_update().filter(state=TextState.DRAFT).first()
        if row is not None:
            record(SUBJECT, row.pk, before={"draft": row.body}, after={"draft": ""}, by=by, now=now)
            row.delete()


def publish_policy(*, by: Any, now: datetime) -> int:
    """Publish the draft. Returns the number of the version. Raises TextError."""
    with transaction.atomic():
        draft = PolicyText.objects.filter(state=TextState.DRAFT).first()
        if draft is None:
            raise TextError(_("No hay un borrador para publicar."))
        number = publish(draft, siblings=PolicyText.objects.all(), by=by, now=now)
        record(SUBJECT, draft.pk, before={"version": ""}, after={"version": number}, by=by, now=now)
    return number


def _yes(value: object) -> str:
    return _("sí") if value else _("no")
