"""What the tests of the fault table share: a payment at the stand-in, a job run at a given time."""

from __future__ import annotations

from datetime import datetime

import pytest

from payments import checkout
from payments.models import (
    Attempt,
    AttemptState,
    Movement,
)
from saas.jobs import run
from saas.jobs.models import Job
from tests.payments.sandbox.driving import StandIn
from tests.world import Cast


def pay(there: StandIn, cast: Cast, attempt: Attempt, outcome: str = "approved") -> None:
    form = checkout.checkout_form(attempt=attempt, agency=cast.agency).fields
    there.control("pay", {"form": form, "mean": "pse", "outcome": outcome})


def nothing_happened(attempt: Attempt) -> None:
    attempt.refresh_from_db()
    assert (attempt.state, attempt.credited) == (AttemptState.SENT, 0)
    assert not Movement.objects.filter(attempt=attempt).exists()


def work(kind: str, *, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Run the newest job of a kind at `now`, and the handler with it."""
    monkeypatch.setattr("saas.lib.clock.now", lambda: now)
    job = Job.objects.filter(kind=kind).latest("pk")
    assert run.run_job(job.pk, now=now) is True
    job.refresh_from_db()
    return job
