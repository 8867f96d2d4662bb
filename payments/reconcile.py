"""Ask PayU about attempts that have not settled, at PayU's own pace, and settle through the same door.

A question that fails says nothing: unknown is never declined.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from payments import accounts, reversals, settlement
from payments.gateway import Answer
from payments.models import Attempt, AttemptState, Callback, CallbackSource, CallbackState

# An approved attempt is asked about too: a second payment whose callback was lost shows only here.
AFTER_APPROVAL = (timedelta(hours=1), timedelta(hours=24))


def ask_and_settle(attempt_id: int, *, now: datetime) -> datetime | None:
    """Ask about one attempt and settle what comes. Returns when to ask again (UTC), or None when there is no need.

    Raises GatewayUnavailable or GatewayRefused; then nothing has changed.
    """
    ask(attempt_id, now=now)
    attempt = Attempt.objects.get(pk=attempt_id)
    again = next_question(attempt, now=now)
    if again is None and attempt.state in (AttemptState.SENT, AttemptState.PENDING):
        settlement.expire(attempt_id, now=now)
    return again


def ask(attempt_id: int, *, now: datetime) -> Answer:
    """Ask about one attempt, settle what comes and keep it in the inbox. Raises GatewayUnavailable or GatewayRefused."""
    attempt = Attempt.objects.select_related("account").get(pk=attempt_id)
    # No transaction is open while we wait for PayU.
    answer = accounts.gateway().ask_by_reference(accounts.credentials(attempt.account), attempt.reference)
    with transaction.atomic():
        settlement.settle_answer(attempt_id, answer, now=now)
        _keep(attempt, answer, now=now)
        Attempt.objects.filter(pk=attempt_id).update(asked_at=now, asked_times=F("asked_times") + 1)
    return answer


def next_question(attempt: Attempt, *, now: datetime) -> datetime | None:
    """When to ask about an attempt next: the schedule counts from its start, or from its approval."""
    if attempt.state == AttemptState.APPROVED:
        start = attempt.settled_at or now
        moments = [start + wait for wait in AFTER_APPROVAL]
    else:
        moments = [attempt.created_at + timedelta(seconds=seconds) for seconds in settings.PAYU_POLL_SECONDS]
    return next((moment for moment in moments if moment > now), None)


def _keep(attempt: Attempt, answer: Answer, *, now: datetime) -> None:
    """Put an answer in the inbox, for people to read: without anybody's data, and the same one only counted again.
    Call it under the attempt's lock, so that two same answers at once are one row."""
    body = json.dumps({"known": answer.known, "findings": [reversals.evidence_of(f) for f in answer.findings]}, sort_keys=True)
    digest = hashlib.sha256(f"query:{attempt.reference}:{body}".encode()).hexdigest()
    again = Callback.objects.filter(digest=digest).update(times=F("times") + 1, processed_at=now)
    if not again:
        Callback.objects.create(
            source=CallbackSource.QUERY, digest=digest, body=body, content_type="application/json", reference=attempt.reference,
            attempt=attempt, state=CallbackState.SETTLED, processed_at=now,
        )  # fmt: skip
