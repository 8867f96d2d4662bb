"""The jobs of the client area: invite the clients of a round, some at a time; mail notices and what happened to files; long papers."""

from clientarea import file_mail, invitations, notice_mail, papers
from saas.jobs.registry import Task, handles
from saas.lib import clock
from tenants.context import current_agency


@handles("clientarea.invite_some")
def invite_some(task: Task) -> None:
    """The next clients of a round."""
    invitations.invite_some(task.payload["round_id"], now=clock.now())


@handles("clientarea.mail_file_shared")
def mail_file_shared(task: Task) -> None:
    """Tell a client of a file that was shared."""
    file_mail.send_shared(task.payload["file_id"], agency=current_agency(), now=clock.now())


@handles("clientarea.mail_file_event")
def mail_file_event(task: Task) -> None:
    """Tell what happened to a request for a file."""
    file_mail.send_event(task.payload["event_id"], agency=current_agency(), now=clock.now())


@handles("clientarea.make_paper")
def make_paper(task: Task) -> None:
    """Make a long paper."""
    papers.make(task.payload["paper_id"], agency=current_agency())


@handles("clientarea.purge_paper")
def purge_paper(task: Task) -> None:
    """Delete a paper whose day is over."""
    papers.purge(task.payload["paper_id"])
@handles("clientarea.notice_mail")
def mail_notice(task: Task) -> None:
    """Mail what a notice says."""
    notice_mail.send(task.payload["notice_id"], agency=current_agency(), now=clock.now())
