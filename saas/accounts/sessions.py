"""Where an account is logged in: the list of its open sessions, and the ways to end them. Never another account's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from saas.accounts.models import User
from saas.lib import clock

log = logging.getLogger(__name__)
SEEN_EVERY = 300  # seconds
# The first name that a browser's text holds is the one: most name several others.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"))


@dataclass(frozen=True)
class OpenSession:
    """One place where an account is logged in."""

    id: int
    device: str
    ip: str
    since: datetime
    seen: datetime
    is_this: bool


def device(user_agent: str) -> str:
    """A browser and its system in words: «Chrome en Android»."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), _("Navegador desconocido"))
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return _("%(browser)s en %(system)s") % {"browser": browser, "system": system} if system else browser


def open_sessions(request: HttpRequest) -> list[OpenSession]:
    """The open sessions of who asks, this one first, then the last used."""
    rows = UserSession.objects.purge_and_list(request.user)
    here = request.session.session_key
    found = [OpenSession(r.pk, device(r.user_agent), r.ip, r.created_at, r.last_seen_at, r.session_key == here) for r in rows]
    return sorted(found, key=lambda s: (not s.is_this, -s.seen.timestamp()))


def end_session(user: User, *, session_id: int) -> bool:
    """End one session of `user`. Returns whether it was there."""
    row = UserSession.objects.filter(pk=session_id, user_id=user.pk).first()
    if row is None:
        return False
    row.end()
    return True


def end_other_sessions(request: HttpRequest) -> int:
    """End every session of who asks but this one. Returns how many."""
    others = list(UserSession.objects.filter(user_id=request.user.pk).exclude(session_key=request.session.session_key))
    for row in others:
        row.end()
    return len(others)


def end_all_sessions(user: User) -> None:
    """End every session of an account: it may not work here any more."""
    for row in UserSession.objects.filter(user_id=user.pk):
        row.end()


def change_password(request: HttpRequest, user: User, *, password: str) -> None:
    """Give `user`, who asks, a new password. This session goes on under a new key; every other one ends."""
    end_other_sessions(request)
    before = request.session.session_key
    user.set_password(password)
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)
    if request.session.session_key is None:
        request.session.save()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)


class SeenMiddleware:
    """Keeps when a session was last used, every SEEN_EVERY seconds at most. Without Redis it keeps nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        response = self.get_response(request)
        if key and request.session.get("_auth_user_id") and _is_time(key):
            UserSession.objects.filter(session_key=key).update(last_seen_at=clock.now())
        return response


def _is_time(key: Any) -> bool:
    try:
        return bool(cache.add(f"seen:{key}", 1, SEEN_EVERY))
    except Exception as error:  # Redis away
        log.warning("sessions: %s", type(error).__name__)
        return False
