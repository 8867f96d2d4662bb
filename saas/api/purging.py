"""Asks for the night job that forgets what was kept long enough: once a night, and only where there is something to forget."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from saas.jobs.defer import defer
from saas.lib import clock

AT = time(3)


def purge_after(moment: datetime, *, now: datetime) -> None:
    """Forget in the first night after `moment`. Call it in the transaction of what will be forgotten."""
    night = datetime.combine(clock.local(moment).date() + timedelta(days=1), AT, clock.BOGOTA)
    defer("api.purge", f"{night:%Y%m%d}", now=now, due_at=night)
