"""A POST is done once, however often it is sent with the same Idempotency-Key.

The answer is kept in the transaction of what the POST did: either both are there or neither. While one is being worked
on, the same key waits for nobody: it is told to come back (409). Another body under the same key is refused (422).
Errors of the caller are kept too; errors of ours undo everything, so that the same key may try again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from saas.api.models import ApiKey, KeptAnswer
from saas.api.problems import Problem
from saas.api.purging import purge_after
from saas.lib import clock
from saas.lib.here import current_schema

PATTERN = r"^[A-Za-z0-9_.:-]{8,80}$"
KEPT = timedelta(hours=48)
_HEADERS = ("Location", "ETag")


def key_of(request: Request) -> str:
    """The Idempotency-Key of a request. Raises Problem (400)."""
    key = request.headers.get("Idempotency-Key", "")
    if not re.match(PATTERN, key) or key.endswith("\n"):
        text = "Envíe un Idempotency-Key de 8 a 80 letras, números o signos _ . : -, distinto para cada operación."
        raise Problem(400, text, errors={"Idempotency-Key": [text]})
    return key


def once(request: Request, caller: ApiKey, work: Callable[[], Response]) -> Response | HttpResponse:
    """What `work` answers to this POST, or what it answered before. `work` answers problems as responses, too."""
    key, now = key_of(request), clock.now()
    fingerprint = hashlib.sha256(f"{request.path}\n".encode() + request._request.body).hexdigest()
    with transaction.atomic():
        if not _alone(caller, key):
            raise Problem(409, "Otra solicitud con el mismo Idempotency-Key está en curso. Repítala en un momento.")
        kept = KeptAnswer.objects.filter(api_key=caller, key=key).first()
        if kept is not None:
            if kept.fingerprint != fingerprint:
                raise Problem(422, "Ese Idempotency-Key ya se usó para otra solicitud.")
            headers = {**kept.headers, "Idempotent-Replayed": "true"}
            return HttpResponse(kept.body, status=kept.status, headers=headers)
        response = work()
        _keep(response, caller, key, fingerprint, now=now)
        return response


def purge(*, now: datetime) -> int:
    """Forget answers older than KEPT. Returns how many."""
    gone, _rows = KeptAnswer.objects.filter(answered_at__lt=now - KEPT).delete()
    return gone


def _keep(response: Response, caller: ApiKey, key: str, fingerprint: str, *, now: datetime) -> None:
    headers = {name: response[name] for name in _HEADERS if response.has_header(name)}
    headers["Content-Type"] = response["Content-Type"]
    KeptAnswer.objects.create(
        api_key=caller, key=key, fingerprint=fingerprint, status=response.status_code, body=response.content.decode(),
        headers=headers, answered_at=now,
    )  # fmt: skip
    purge_after(now + KEPT, now=now)


def _alone(caller: ApiKey, key: str) -> bool:
    """Whether nobody else works on this key now: a lock of the database, for the length of the transaction."""
    digest = hashlib.sha256(f"{current_schema()}:{caller.pk}:{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)])
        return bool(cursor.fetchone()[0])
