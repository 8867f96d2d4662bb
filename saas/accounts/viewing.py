"""*View as this client*: a member of staff looks at the client area as one client sees it, for half an hour, reading only.

The session says whom, until when and which member of staff asked; for anybody else, or later, it says nothing. The door of
the client area (doors.py) refuses whatever is not reading; clientarea/access.py writes down each page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from saas.accounts.models import Role
from saas.lib import clock

LIFE = timedelta(minutes=30)
READING = ("GET", "HEAD", "OPTIONS")
_KEY = "viewing"


class ReadOnly(PermissionDenied):
    """Staff tried to do something while looking as a client."""


@dataclass(frozen=True)
class Viewing:
    """Whom a member of staff is looking as."""

    client_id: int
    until: datetime


def begin(request: HttpRequest, *, client_id: int, now: datetime) -> None:
    """Let the staff who asks look as that client from now on."""
    until = (now + LIFE).timestamp()
    request.session[_KEY] = {"staff": request.user.pk, "client": client_id, "until": until}


def end(request: HttpRequest) -> None:
    """Stop looking."""
    request.session.pop(_KEY, None)


def viewing_of(request: HttpRequest) -> Viewing | None:
    """Whom the staff who asks is looking as, or None."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_active or user.role != Role.STAFF:
        return None
    session = getattr(request, "session", None)
    kept = session.get(_KEY) if session is not None else None
    if not isinstance(kept, dict) or kept.get("staff") != user.pk:
        return None
    until = datetime.fromtimestamp(kept["until"], UTC)
    return Viewing(kept["client"], until) if clock.now() < until else None
