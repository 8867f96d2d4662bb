"""The reminders of rents: the beat wakes each agency within the hours that Ley 2300 allows; a round and its mails are jobs."""

import logging
from datetime import datetime, timedelta

from celery import shared_task

from payments.reminders import mail as reminder_mail
from payments.reminders import reminding
from saas.jobs.registry import Later, Task, handles
from saas.lib import clock
from saas.lib.businessdays import collection_hours
from tenants import context
from tenants.models import Agency, AgencyState
from workers.sweep import run_alone

log = logging.getLogger(__name__)
LOCK = 7_203


def wake_all(*, now: datetime) -> int:
    """Ask for today's round in each agency that wants one. Returns in how many it was new."""
    context.leave()
    if not collection_hours(now):
        return 0
    woken = 0
    for agency in list(Agency.objects.filter(state=AgencyState.ACTIVE)):
        try:
            with context.in_agency(agency):
                woken += reminding.wake(now=now)
        except Exception as error:
            # One agency's trouble must not silence the others.
            log.exception("reminders of %s: %s", agency.schema_name, type(error).__name__)
    return woken


@shared_task(name="workers.reminders", ignore_result=True, expires=600)
def reminders_tick() -> None:
    """The beat's tick."""
    run_alone(LOCK, wake_all)


@handles("payments.remind")
def remind(task: Task) -> None:
    """A day's round, some clients at a time."""
    now = clock.now()
    if reminding.remind_some(now=now):
        raise Later(now + timedelta(seconds=1))


@handles("payments.reminder_mail")
def mail_reminder(task: Task) -> None:
    """Mail one client what is owed."""
    reminder_mail.send(task.payload["contact_id"], agency=context.current_agency(), now=clock.now())
