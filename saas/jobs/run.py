"""Run one job: claim it with a lease, call its handler, and write down what came of it.

A process that dies holding a lease loses nothing: the lease ends and the sweep offers the job again. A job that keeps
failing is set aside after MAX_ATTEMPTS (more than an hour) with its error, without a person's data (saas/lib/failures.py); it
blocks nothing and can be replayed. One that finds no room on the disk is never set aside: that is not its fault, and it is done
within minutes of there being room again.
"""

from __future__ import annotations

import errno
import json
import logging
import random
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import F, Q

from saas.jobs.defer import nudge, ring
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Later, Permanent, Task
from saas.lib import failures, telemetry
from saas.lib.here import current_schema

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 12
FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(hours=1)
NO_SPACE = "NoSpace"  # what a job's error begins with while the disk is full; an alarm is raised from it (workers/vitals.py)
NO_SPACE_RETRY = timedelta(minutes=5)
BORN = timedelta(seconds=3)  # how long a nudge that was sent when the job was asked for may be on its way
OFFERED = timedelta(seconds=8)  # and one that a sweep sent: no longer than until the next sweep of a schema that rang once
# A claim, and that a job is done, need not wait for the disk: whatever the handler committed did, in between. A server that stops
# within a second may forget them; the job is then run again, as after a worker that died, and a handler is safe to repeat. Only for
# a statement that is a transaction by itself: nobody else's commit is hurried.
LAZILY = ", set_config('synchronous_commit', 'off', true)"
CLAIM = """
    UPDATE jobs_job SET lease_token = %s, lease_until = %s, attempts = attempts + 1
    WHERE id = %s AND done_at IS NULL AND dead_at IS NULL AND due_at <= %s AND (lease_until IS NULL OR lease_until < %s)
    RETURNING kind, key, payload::text, attempts
"""
DONE = """
    UPDATE jobs_job SET done_at = %s, last_error = '', lease_until = NULL, lease_token = NULL WHERE id = %s AND lease_token = %s
    RETURNING id
"""


def run_job(job_id: int, *, now: datetime) -> bool:
    """Run the job with that id in the current schema if it is due and nobody has it. Returns whether it was run."""
    token = uuid.uuid4()
    lazily = "" if connection.in_atomic_block else LAZILY
    with connection.cursor() as cursor:
        cursor.execute(CLAIM + lazily, [token, now + LEASE, job_id, now, now])
        claimed = cursor.fetchone()
    if claimed is None:
        return False
    kind, key, payload, attempts = claimed[:4]
    task = Task(id=job_id, kind=kind, key=key, payload=json.loads(payload), attempts=attempts)
    mine = Job.objects.filter(pk=job_id, lease_token=token)
    try:
        handler = HANDLERS.get(kind)
        if handler is None:
            raise Permanent(f"nobody handles {kind}")
        with telemetry.span("job", kind=kind, agency=current_schema(), attempt=task.attempts):
            handler(task)
    except Later as later:
        # What made it wait, if something did: people who look at the job should know.
        why = "" if later.__cause__ is None else type(later.__cause__).__name__
        _postpone(mine, due_at=later.due_at, error=why, attempts=0)
    except Permanent as error:
        why = failures.message(error, known=kind)
        log.error("%s job %s (%s) set aside: %s", current_schema(), job_id, kind, why)
        mine.update(dead_at=now, last_error=why, lease_until=None, lease_token=None)
    except Exception as error:
        # Neither the row nor the line gets the message as it is: it may carry personal data.
        text = failures.told(error, known=kind)
        log.exception("%s job %s (%s) failed: %s", current_schema(), job_id, kind, text)
        if _is_full_disk(error):
            wait = min(backoff(task.attempts), NO_SPACE_RETRY)
            _postpone(mine, due_at=now + wait, error=f"{NO_SPACE}: {text}", attempts=min(task.attempts, MAX_ATTEMPTS - 1))
        elif task.attempts >= MAX_ATTEMPTS:
            mine.update(dead_at=now, last_error=text, lease_until=None, lease_token=None)
        else:
            _postpone(mine, due_at=now + backoff(task.attempts), error=text, attempts=task.attempts)
    else:
        with connection.cursor() as cursor:
            cursor.execute(DONE + lazily, [now, job_id, token])
    return True


def backoff(attempts: int) -> timedelta:
    """How long to wait after that many failures: doubling from two seconds to an hour, with up to 20 % of chance."""
    wait = min(FIRST_RETRY * 2 ** min(attempts - 1, 16), LONGEST_RETRY)
    return wait * (1 + random.random() / 5)


def replay(job_id: int, *, now: datetime) -> None:
    """Offer a job that was set aside again, from the beginning."""
    with transaction.atomic():
        Job.objects.filter(pk=job_id).exclude(dead_at=None).update(dead_at=None, attempts=0, due_at=now)
        ring(now)
    nudge(current_schema(), job_id)


def offer_due(*, now: datetime, limit: int = 2_000) -> datetime | None:
    """Nudge the due jobs of the current schema that nobody has, each once in OFFERED, those that wait longest first: as many as
    workers do until then. Returns when to look again, None if nothing is left. A job that was due when it was asked for was told
    of then: it is offered only when it still waits after BORN."""
    waiting = Job.objects.filter(done_at=None, dead_at=None)
    due = waiting.filter(due_at__lte=now).filter(Q(lease_until=None) | Q(lease_until__lt=now)).order_by("due_at")
    young = Q(due_at=F("created_at"), due_at__gt=now - BORN)
    for job_id in _not_offered_lately(due.exclude(young).values_list("pk", "due_at")[:limit], now=now):
        nudge(current_schema(), job_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(GREATEST(due_at, COALESCE(lease_until, due_at))), bool_or(due_at = created_at AND due_at > %s AND lease_until IS NULL)"
            " FROM jobs_job WHERE done_at IS NULL AND dead_at IS NULL",
            [now - BORN],
        )
        soonest, any_young = cursor.fetchone()
    if soonest is None:
        return None
    return now + BORN if any_young else max(soonest, now + timedelta(seconds=10))


def _not_offered_lately(jobs: Iterable[tuple[int, datetime]], *, now: datetime) -> list[int]:
    """Those of some jobs (id, due) of which no message is on its way. That is kept where the messages are: who loses the one loses
    the other. Without it every sweep rings again for all that waits, and under load most of the work is to answer the bell."""
    keys = {f"offered:{job_id}:{due_at.timestamp()}": job_id for job_id, due_at in jobs}
    try:
        offered = cache.get_many(keys)
        fresh = [key for key in keys if offered.get(key, 0) <= (now - OFFERED).timestamp()]
        cache.set_many(dict.fromkeys(fresh, now.timestamp()), OFFERED.total_seconds())
    except Exception as error:  # the cache is away: offered twice is offered
        log.warning("offering without the cache: %s", type(error).__name__)
        fresh = list(keys)
    return [keys[key] for key in fresh]


def _is_full_disk(error: BaseException | None) -> bool:
    """Whether that is, or comes from, a disk without room or a quota that is used up."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__
    return False


def _postpone(mine: object, *, due_at: datetime, error: str, attempts: int) -> None:
    with transaction.atomic():
        mine.update(due_at=due_at, last_error=error, attempts=attempts, lease_until=None, lease_token=None)  # type: ignore[attr-defined]
        ring(due_at)
