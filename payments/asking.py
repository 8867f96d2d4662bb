"""*Consultar a PayU*: a payer asks us to ask. At most one question for each attempt in a while, at the pace that PayU allows.

Writes a job, never the state of money; the answer goes through settlement like any other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from payments.models import Attempt
from saas.jobs.defer import defer

EVERY = timedelta(minutes=10)


def ask_now(attempt: Attempt, *, now: datetime) -> datetime | None:
    """Ask PayU about `attempt` at once, in a job. Returns None when it was asked for, or when it may be (UTC).

    PayU knows nothing of an attempt in its first minutes, and does not want to be asked again soon after.
    """
    allowed = attempt.created_at + timedelta(seconds=settings.PAYU_POLL_SECONDS[0])
    if attempt.asked_at is not None:
        allowed = max(allowed, attempt.asked_at + EVERY)
    if now < allowed:
        return allowed
    slot = int(now.timestamp() // EVERY.total_seconds())
    with transaction.atomic():
        # The slot is in the key: of many clicks, in whatever number of processes, one becomes a job.
        new = defer("payments.ask_now", f"{attempt.pk}:payer:{slot}", now=now, attempt_id=attempt.pk)
    return None if new else datetime.fromtimestamp((slot + 1) * EVERY.total_seconds(), tz=now.tzinfo)
