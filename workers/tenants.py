"""The platform's jobs: make an agency and mail who asked for it, export, restore, delete, prove a domain and watch it, tell of an alarm. They
live in public. The one that publishes an agency's figures lives in the agency."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection

from payments.models import Attempt, AttemptState
from saas import figures
from saas.jobs.registry import Later, Permanent, Task, handles
from saas.lib import clock
from saas.lib.crypto import CryptoError
from tenants import acts, alarms, archive, context, domain_watch, domains, exports, life, provisioning, signup
from tenants.models import Agency
from tenants.platform_models import Export
from tenants.slugs import SlugError

LONG_WORK = 7_204  # first half of the advisory locks of work that outlives a job's lease: one at a time for each agency


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


@handles("tenants.mail_rejected")
def mail_rejected(task: Task) -> None:
    """Mail that a sign-up was not accepted, and why."""
    signup.mail_rejected(task.payload["signup_id"])


@handles("tenants.drop_signup")
def drop_signup(task: Task) -> None:
    """Forget a sign-up that nobody confirmed in its time."""
    signup.forget_unconfirmed(task.payload["signup_id"], now=clock.now())


@handles("tenants.export")
def export(task: Task) -> None:
    """Make an archive that was asked for."""
    found = Export.objects.filter(pk=task.payload["export_id"]).first()
    if found is not None:
        with _alone(found.agency_id):
            exports.make(task.payload["export_id"], now=clock.now())


@handles("tenants.clear_exports")
def clear_exports(task: Task) -> None:
    """Delete archives whose days are over."""
    exports.clear(now=clock.now())


@handles("tenants.delete_agency")
def delete_agency(task: Task) -> None:
    """The end of a retired agency, unless money may still come: an attempt that is open is waited for, a day at a time."""
    now = clock.now()
    agency = life.due_for_deletion(task.payload["agency_id"], now=now)
    if agency is None:
        return
    with context.in_agency(agency):
        waits = Attempt.objects.filter(state__in=[AttemptState.SENT, AttemptState.PENDING]).exists()
    if waits:
        raise Later(now + timedelta(days=1))
    with _alone(agency.pk):
        life.delete(agency, now=now)


@handles("tenants.restore")
def restore(task: Task) -> None:
    """A new agency from an archive, suspended. Done once: a second run finds its subdomain taken by the first."""
    found = Export.objects.get(pk=task.payload["export_id"])
    slug = task.payload["slug"]
    with _alone(found.agency_id):
        if Agency.objects.filter(slug=slug).exists():
            return
        try:
            done = archive.restore(exports.path_of(found), slug=slug, resume="hold")
        except (archive.ArchiveError, SlugError, CryptoError) as error:
            raise Permanent(str(error)) from error
        acts.note(
            "restaurada", by=None, reason=f"Exportación {found.pk}", now=clock.now(), agency=done.agency,
            detail=f"{done.rows} filas, {done.files} archivos",
        )  # fmt: skip


@handles("tenants.check_domain")
def check_domain(task: Task) -> None:
    """Look for the DNS records of a domain that an agency says is its own."""
    again = domains.check(task.payload["claim_id"], now=clock.now())
    if again is not None:
        raise Later(again)


@handles(domains.WATCH)
def watch_domain(task: Task) -> None:
    """Look whether a domain of an agency still points here, and again in some hours."""
    again = domain_watch.look(task.payload["domain_id"], now=clock.now())
    if again is not None:
        raise Later(again)


@handles("tenants.mail_domain")
def mail_domain(task: Task) -> None:
    """Tell someone who runs an agency what became of its domain. Runs in the agency."""
    domain_watch.mail(task.payload["user_id"], host=task.payload["host"], news=task.payload["news"], key=task.key)


@handles("tenants.mail_alarm")
def mail_alarm(task: Task) -> None:
    """Tell the operators of an alarm."""
    alarms.mail_operators(task.payload["alarm_id"])


@handles(figures.KIND)
def publish_figures(task: Task) -> None:
    """Publish the agency's figures, and again in an hour, or later while nothing changes."""
    now = clock.now()
    changed = figures.publish(context.current_agency(), now=now)
    raise Later(now + timedelta(seconds=figures.EVERY_SECONDS if changed else figures.IDLE_SECONDS))


@contextmanager
def _alone(agency_id: int) -> Iterator[None]:
    """Hold an agency's lock for long work; whoever comes second comes again later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LONG_WORK, agency_id])
        if not cursor.fetchone()[0]:
            raise Later(clock.now() + timedelta(minutes=1))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LONG_WORK, agency_id])
