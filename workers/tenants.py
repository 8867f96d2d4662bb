"""The platform's jobs: make an agency, and mail who asked for it. They live in public."""

from saas.jobs.registry import Permanent, Task, handles
from saas.lib import clock
from tenants import provisioning, signup


@handles("tenants.provision")
def provision(task: Task) -> None:
    """Make the agency of a confirmed sign-up, or what is missing of it."""
    try:
        provisioning.provision(task.payload["signup_id"], now=clock.now())
    except provisioning.ProvisioningError as error:
        raise Permanent(str(error)) from error


@handles("tenants.mail_confirm")
def mail_confirm(task: Task) -> None:
    """Mail the link that confirms a sign-up."""
    signup.mail_confirmation(task.payload["signup_id"])


@handles("tenants.mail_ready")
def mail_ready(task: Task) -> None:
    """Mail that the agency is open."""
    signup.mail_ready(task.payload["signup_id"])
