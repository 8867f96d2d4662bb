"""The job of the client area: invite the clients of a round, some at a time."""

from clientarea import invitations
from saas.jobs.registry import Task, handles
from saas.lib import clock


@handles("clientarea.invite_some")
def invite_some(task: Task) -> None:
    """The next clients of a round."""
    invitations.invite_some(task.payload["round_id"], now=clock.now())
