"""A secret that is shown once, on the page that follows the form that made it: reloading that page shows it no more and makes nothing.

It waits in the session of who made it, sealed for that agency and that session, for two minutes, and is gone when it is read.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

from saas.lib import crypto
from saas.lib.here import current_schema

LIFE = timedelta(minutes=2)
_KEPT = "shown_once"
_MODEL = "api.once"


def keep(request: HttpRequest, place: str, secret: str, *, now: datetime) -> None:
    """Keep a secret for the next page of `place`, instead of any that waits."""
    sealed = crypto.encrypt(secret, schema=current_schema(), model=_MODEL, pk=str(request.session.session_key), field=place)
    request.session[_KEPT] = {"place": place, "sealed": sealed, "until": (now + LIFE).timestamp()}


def take(request: HttpRequest, place: str, *, now: datetime) -> str:
    """The secret that waits for `place`, which then waits no more; empty if none does, or if it waited too long."""
    kept = request.session.get(_KEPT)
    if request.method != "GET" or kept is None:
        return ""
    if kept["until"] < now.timestamp():
        del request.session[_KEPT]
        return ""
    if kept["place"] != place:
        return ""
    del request.session[_KEPT]
    try:
        return crypto.decrypt(kept["sealed"], schema=current_schema(), model=_MODEL, pk=str(request.session.session_key), field=place)
    except crypto.CryptoError:  # of another session, or sealed by a key that is no more
        return ""
