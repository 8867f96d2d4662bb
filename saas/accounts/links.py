"""Links that open an account: activation and a forgotten password.

A link names a user and is signed with the user's current password hash and the schema, so it dies with its first use,
is worthless in another agency, and ends after its days. No password is ever mailed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.http import base36_to_int, int_to_base36

from saas.accounts.models import User
from saas.lib.here import current_schema

RESET_LIFE = timedelta(hours=2)


class LinkError(ValueError):
    """The link is not valid (any more): used, too old, altered, or of another agency."""


class _Tokens(PasswordResetTokenGenerator):
    """Django's one-use tokens, with the purpose and the schema in what is signed."""

    key_salt = "saas.accounts.links"

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        base = super()._make_hash_value(user, timestamp)
        return f"{self.purpose}:{current_schema()}:{user.is_active}:{base}"


LIVES = {"activacion": timedelta(days=settings.ACTIVATION_DAYS), "clave": RESET_LIFE}


def make_token(user: User, *, purpose: str) -> str:
    """The text for a link of `purpose` ("activacion" or "clave") for `user`, in the current schema."""
    return f"{int_to_base36(user.pk)}-{_Tokens(purpose).make_token(user)}"


def user_of(token: str, *, purpose: str, now: datetime) -> User:
    """The user that a link opens. Raises LinkError."""
    life = LIVES[purpose]
    pk_text, dash, rest = token.partition("-")
    try:
        pk = base36_to_int(pk_text)
    except ValueError as error:
        raise LinkError("malformed") from error
    user = User.objects.filter(pk=pk, is_active=True).first()
    if not dash or user is None or not _Tokens(purpose).check_token(user, rest):
        raise LinkError("invalid")
    made = base36_to_int(rest.partition("-")[0])
    age = now.timestamp() - (made + datetime(2001, 1, 1).timestamp())  # noqa: DTZ001  (Django counts from local 2001)
    if age > life.total_seconds():
        raise LinkError("expired")
    return user
