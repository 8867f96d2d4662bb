"""Signed texts for links, bound to one purpose and one schema.

One secret key serves all agencies, so every salt carries the schema: a token of one agency is worthless in another and
on the platform. What is signed can be read by anyone who holds it: never put a secret in it.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from saas.lib.here import current_schema

__all__ = ["BadLink", "ExpiredLink", "bound_salt", "current_schema", "sign", "unsign"]


class BadLink(ValueError):
    """The token was altered, cut, or made for another purpose or agency. Its message is for people."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("Este enlace no es válido. Ábralo completo desde el mensaje, o pida uno nuevo."))


class ExpiredLink(BadLink):
    """The token was good and its time is over. Its message is for people."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("Este enlace ya venció. Pida uno nuevo para continuar."))


def bound_salt(purpose: str) -> str:
    """The salt of `purpose` in the schema that the thread is inside now; the two cannot run into each other."""
    return f"saas:{len(purpose)}:{purpose}:{current_schema()}"


def sign(value: dict[str, Any], *, purpose: str) -> str:
    """A URL-safe token that carries `value` (JSON) and the time, good for `purpose` in the current schema."""
    from django.core import signing

    return signing.dumps(value, salt=bound_salt(purpose), compress=True)


def unsign(token: str, *, purpose: str, max_age_seconds: int) -> dict[str, Any]:
    """What `sign` put in. Raises ExpiredLink after `max_age_seconds`, BadLink for anything else that is not ours."""
    from django.core import signing

    try:
        value = signing.loads(token, salt=bound_salt(purpose), max_age=max_age_seconds)
    except signing.SignatureExpired:
        raise ExpiredLink from None
    except (signing.BadSignature, ValueError, TypeError, OverflowError):
        raise BadLink from None
    if not isinstance(value, dict):
        raise BadLink
    return value
