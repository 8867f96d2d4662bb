"""Ask PayU about attempts that have not settled, at PayU's own pace, and settle through the same door.

A question that fails says nothing: unknown is never declined.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from payments import accounts, settlement
from payments.models import Attempt, AttemptState

# An approved attempt is asked about too: a second payment whose callback was lost shows only here.
AFTER_APPROVAL = (timedelta(hours=1), timedelta(hours=24))


def ask_and_settle(attempt_id: int, *, now: datetime) -> datetime | None:
    """Ask about one attempt and settle what comes. Returns when to ask again (UTC), or None when there is no need.

    Raises GatewayUnavailable or GatewayRefused; then nothing has changed.
    """
    attempt = Attempt.objects.select_related("account").get(pk=attempt_id)
    # No transaction is open while we wait for PayU.
    answer = accounts.gateway().ask_by_reference(accounts.credentials(attempt.account), attempt.reference)
    settlement.settle_answer(attempt_id, answer, now=now)
    Attempt.objects.filter(pk=attempt_id).update(asked_at=now, asked_times=F("asked_times") + 1)
    attempt.refresh_from_db()
    again = next_question(attempt, now=now)
    if again is None and attempt.state in (AttemptState.SENT, AttemptState.PENDING):
        settlement.expire(attempt_id, now=now)
    return again


def next_question(attempt: Attempt, *, now: datetime) -> datetime | None:
    """When to ask about an attempt next: the schedule counts from its start, or from its approval."""
    if attempt.state == AttemptState.APPROVED:
        start = attempt.settled_at or now
        moments = [start + wait for wait in AFTER_APPROVAL]
    else:
        moments = [attempt.created_at + timedelta(seconds=seconds) for seconds in settings.PAYU_POLL_SECONDS]
    return next((moment for moment in moments if moment > now), None)
