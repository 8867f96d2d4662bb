"""How an agency comes to be, step by step. Every step may be repeated: whatever crashed, running it again finishes it.

Each step and its mark on the sign-up are one transaction (PostgreSQL makes schemas in transactions too), under the lock of
the sign-up's row, so that two workers on the same sign-up still make one agency. An agency opens last: nobody gets in
before everything that they need is there.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from saas.accounts.models import Role, StaffRole, User
from saas.jobs.defer import defer
from tenants import context, ddl, hosts
from tenants.models import Agency, AgencyState, Domain, Signup, SignupState, new_schema_name

log = logging.getLogger(__name__)


class ProvisioningError(RuntimeError):
    """What was asked cannot be done, now or later. The message is for operators."""


def create_agency(*, name: str, slug: str, nit: str, nit_check: str, email: str, now: datetime, colour: str = "#1f5fa8") -> Agency:
    """An open agency with that slug, without sign-up and without staff: for the demo, the tests and operators.

    Asking again gives the same agency, finished if it was half made. One that is suspended stays so. Leaves the thread in
    public.
    """
    context.leave()
    with transaction.atomic():
        agency = _reserve(name=name, slug=slug, nit=nit, nit_check=nit_check, email=email, colour=colour)
        _make_schema(agency)
        _open(agency)
        transaction.on_commit(lambda: hosts.forget(agency))
    return agency


def provision(signup_id: uuid.UUID | str, *, now: datetime) -> Agency | None:
    """Make the agency of a confirmed sign-up: the steps that are still missing, each committed with its mark.

    Returns the agency, or None if the sign-up is gone or waits for its confirmation. What a step raises is kept on the
    sign-up for the operators, and raised again.
    """
    context.leave()
    signup = Signup.objects.filter(pk=signup_id).exclude(state=SignupState.REQUESTED).first()
    if signup is None:
        return None
    try:
        for step, act in STEPS.items():
            signup = _once(signup.pk, step, act, now=now)
    except Exception as error:
        context.leave()
        Signup.objects.filter(pk=signup_id).exclude(state=SignupState.READY).update(
            state=SignupState.FAILED, error=f"{type(error).__name__}: {error}"[:2000]
        )
        raise
    assert signup.agency is not None  # noqa: S101  (the first step made it)
    hosts.forget(signup.agency)
    return signup.agency


def retry(signup: Signup, *, now: datetime) -> bool:
    """Try a failed sign-up again. Returns whether there was something to try."""
    with transaction.atomic():
        failed = Signup.objects.filter(pk=signup.pk, state=SignupState.FAILED)
        if not failed.update(state=SignupState.CREATING, error=""):
            return False
        # A key of its own: the job that failed may be set aside, or wait for its next try.
        return defer("tenants.provision", f"{signup.pk}:{now:%Y%m%d%H%M%S}", now=now, signup_id=str(signup.pk))


def suspend(agency: Agency) -> bool:
    """Close an agency's pages; payments that are under way still arrive. Returns whether it was open."""
    return _move(agency, AgencyState.ACTIVE, AgencyState.SUSPENDED)


def reactivate(agency: Agency) -> bool:
    """Open a suspended agency again. Returns whether it was suspended."""
    return _move(agency, AgencyState.SUSPENDED, AgencyState.ACTIVE)


def _move(agency: Agency, before: AgencyState, after: AgencyState) -> bool:
    moved = Agency.objects.filter(pk=agency.pk, state=before).update(state=after)
    transaction.on_commit(lambda: hosts.forget(agency))
    return bool(moved)


def _once(signup_id: uuid.UUID, step: str, act: Callable[[Signup, datetime], None], *, now: datetime) -> Signup:
    """Do a step unless it is done, and mark it."""
    with transaction.atomic():
        signup = Signup.objects.select_for_update(of=("self",)).select_related("agency").get(pk=signup_id)
        if step not in signup.steps:
            if signup.state == SignupState.FAILED:
                signup.state, signup.error = SignupState.CREATING, ""
            act(signup, now)
            signup.steps = [*signup.steps, step]
            signup.save()
    return signup


def _address(signup: Signup, now: datetime) -> None:
    """The agency's row and its host, which says that it is not open yet."""
    if Agency.objects.filter(slug=signup.slug).exclude(pk=signup.agency_id).exists():
        raise ProvisioningError(f"El subdominio {signup.slug} ya es de otra inmobiliaria.")
    signup.agency = _reserve(
        name=signup.agency_name, slug=signup.slug, nit=signup.nit, nit_check=signup.nit_check, email=signup.email,
        colour=Agency._meta.get_field("colour").default,
    )  # fmt: skip


def _schema(signup: Signup, now: datetime) -> None:
    """The agency's tables."""
    _make_schema(_agency_of(signup))


def _team(signup: Signup, now: datetime) -> None:
    """The account of the person who signed up. The sign-up forgets the password's hash."""
    email = signup.email.lower()
    with context.in_agency(_agency_of(signup)):
        user, _new = User.objects.get_or_create(
            username=email,
            defaults={
                "role": Role.STAFF, "staff_role": StaffRole.HEAD, "name": signup.person_name, "email": email,
                "password": signup.password, "activated_at": now,
            },
        )  # fmt: skip
    signup.password = ""


def _opening(signup: Signup, now: datetime) -> None:
    """The doors open, and a mail says so."""
    _open(_agency_of(signup))
    signup.state, signup.ready_at, signup.error = SignupState.READY, now, ""
    defer("tenants.mail_ready", str(signup.pk), now=now, signup_id=str(signup.pk))


STEPS: dict[str, Callable[[Signup, datetime], None]] = {
    "address": _address,
    "schema": _schema,
    "team": _team,
    "open": _opening,
}


def _agency_of(signup: Signup) -> Agency:
    if signup.agency is None:
        raise ProvisioningError("La inmobiliaria de este registro ya no existe.")
    return signup.agency


def _reserve(*, name: str, slug: str, nit: str, nit_check: str, email: str, colour: str) -> Agency:
    agency, _new = Agency.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name, "nit": nit, "nit_check": nit_check, "email": email, "colour": colour, "schema_name": new_schema_name()
        },
    )  # fmt: skip
    Domain.objects.get_or_create(domain=f"{slug}.{settings.PLATFORM_HOST}", tenant=agency, defaults={"is_primary": True})
    return agency


def _make_schema(agency: Agency) -> None:
    if not ddl.schema_exists(agency.schema_name):
        ddl.create_schema(agency.schema_name)


def _open(agency: Agency) -> None:
    if agency.state == AgencyState.CREATING:
        agency.state = AgencyState.ACTIVE
        agency.save(update_fields=["state", "branded_at"])
