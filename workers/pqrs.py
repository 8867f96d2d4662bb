"""The jobs of PQRS: the mails of each step, and the reminders before a term ends."""

from django.db import transaction

from pqrs import mails, notices
from pqrs.models import Case
from saas.jobs.registry import Task, handles
from saas.lib import clock
from tenants.context import current_agency


@handles("pqrs.mail_client")
def mail_client(task: Task) -> None:
    """Mail the client what happened to a case."""
    mails.send_to_client(task.payload["event_id"], agency=current_agency(), now=clock.now())


@handles("pqrs.mail_staff")
def mail_staff(task: Task) -> None:
    """Mail a member of staff what a client did, or that a case is theirs."""
    mails.send_to_staff(task.payload["event_id"], task.payload["user_id"], agency=current_agency(), now=clock.now())


@handles("pqrs.due")
def due(task: Task) -> None:
    """Ask for the reminders of a term that is about to end."""
    with transaction.atomic():
        case = Case.objects.get(pk=task.payload["case_id"])
        notices.tell_due(case, due_on=task.payload["due_on"], days=task.payload["days"], now=clock.now())


@handles("pqrs.mail_due")
def mail_due(task: Task) -> None:
    """Mail one reminder."""
    mails.send_due(task.payload["case_id"], task.payload["user_id"], agency=current_agency(), now=clock.now(), key=task.key)
