"""The jobs of the API: delivering notices, and forgetting what was kept long enough."""

from saas.api import delivery, idempotency, notices
from saas.jobs.registry import Later, Task, handles
from saas.lib import clock


@handles("api.deliver")
def deliver(task: Task) -> None:
    """Try a notice once; it says itself when it wants to be tried again."""
    again = delivery.deliver(task.payload["notice_id"], round_=task.payload["round"], now=clock.now())
    if again is not None:
        raise Later(again)


@handles("api.purge")
def purge(task: Task) -> None:
    """Forget old answers and old notices."""
    idempotency.purge(now=clock.now())
    notices.purge(now=clock.now())
