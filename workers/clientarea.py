"""The jobs of the client area: invite the clients of a round, some at a time, and mail notices."""

from clientarea import invitations, notice_mail
from saas.jobs.registry import Task, handles
from saas.lib import clock
from tenants.context import current_agency


@handles("clientarea.invite_some")
def invite_some(task: Task) -> None:
    """The next clients of a round."""
    invitations.invite_some(task.payload["round_id"], now=clock.now())


@handles("clientarea.notice_mail")
def mail_notice(task: Task) -> None:
    """Mail what a notice says."""
    notice_mail.send(task.payload["notice_id"], agency=current_agency())
