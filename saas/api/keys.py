"""An agency's keys: made, found and revoked.

What is shown once is `<prefix>.<160 random bits>`; the row keeps the prefix and a SHA-256 of the whole, which is enough
because nobody can guess 160 bits. A key lives in its agency's schema: in another there is no such prefix. It may do what its
dueño could: once who made it is put out of the team, or is dueño no more, it opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from saas.accounts.models import StaffRole, User
from saas.api.models import ApiKey
from saas.api.scopes import Scope
from saas.audit.changes import record
from saas.lib import clock, crypto

SUBJECT = "api_key"
SEEN_EVERY = timedelta(minutes=1)
_NOTHING = "0" * 64


class Caller:
    """Who calls: a key. What it does is in the history under its name, beside the number of who made it."""

    is_authenticated = True
    is_active = True

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.pk: Any = key.made_by_id
        self.name: Any = f"API · {key.name}"

    @property
    def staff(self) -> User:
        """The person who answers for the key: who made it."""
        staff: Any = self.key.made_by
        return staff


def create_key(*, name: str, scopes: Sequence[str], expires_on: date | None, by: User, now: datetime) -> tuple[ApiKey, str]:
    """A new key and what to show of it, once."""
    prefix = f"ak{secrets.token_hex(5)}"
    shown = f"{prefix}.{crypto.random_reference(20)}"
    wanted = sorted(Scope(scope).value for scope in scopes)
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name, prefix=prefix, digest=_digest(shown), scopes=wanted, expires_on=expires_on, made_by=by, made_at=now
        )
        record(SUBJECT, key.pk, before={}, after={"name": name, "scopes": ", ".join(wanted), "expires_on": expires_on}, by=by, now=now)
    return key, shown


def revoke(key_id: int, *, by: User, now: datetime) -> None:
    """End a key at once. Raises ApiKey.DoesNotExist."""
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().get(pk=key_id)
        if key.revoked_at is None:
            key.revoked_at = now
            key.save(update_fields=["revoked_at"])
            record(SUBJECT, key.pk, before={"revoked_at": None}, after={"revoked_at": now}, by=by, now=now)


def find(shown: str, *, now: datetime) -> ApiKey | None:
    """The live key that was shown as `shown`. Comparing takes as long whether the prefix is known or not."""
    prefix = shown.partition(".")[0]
    known = None
    if shown.isascii() and len(shown) <= 100:
        alive = Q(expires_on=None) | Q(expires_on__gte=clock.local(now).date())
        vouched = Q(made_by__is_active=True, made_by__staff_role=StaffRole.HEAD)
        known = ApiKey.objects.select_related("made_by").filter(alive, vouched, prefix=prefix, revoked_at=None).first()
    same = hmac.compare_digest(_digest(shown), known.digest if known else _NOTHING)
    return known if same else None


def touch(key: ApiKey, *, now: datetime) -> None:
    """Keep when a key was last used, once a minute at most."""
    if key.last_used_at is None or key.last_used_at < now - SEEN_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def _digest(shown: str) -> str:
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()
