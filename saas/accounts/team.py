"""The staff of an agency: invite, change the role, deactivate, and take a lost second factor away.

Promises that somebody who may do everything is always left: the last *dueño* who can log in keeps the role and the account.
Every change is kept in the history. No password is mailed: the link of the invitation lets its person choose one.
"""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from saas.accounts import bounces, sessions
from saas.accounts.models import Role, StaffRole, User
from saas.audit.changes import record
from saas.jobs.defer import defer
from saas.lib import clock

SUBJECT = "user"


class TeamError(ValueError):
    """It cannot be done. Its message is for people and says what to do."""


def team() -> QuerySet[User]:
    """Everybody on the staff, those who may enter first."""
    return User.objects.filter(role=Role.STAFF).order_by("-is_active", "name", "pk")


def invite_staff(*, name: str, email: str, staff_role: StaffRole, by: User, now: datetime) -> User:
    """Open an account for someone of the staff and ask for the mail with its link. Raises TeamError."""
    with transaction.atomic():
        if User.objects.filter(username=email.lower()).exists():
            raise TeamError(_("Ya hay una cuenta con ese correo. Búsquela en la lista."))
        user = User.objects.create_user(username=email, role=Role.STAFF, name=name, email=email, staff_role=staff_role)
        record(SUBJECT, user.pk, before={}, after={"staff_role": staff_role.label}, by=by, now=now)
        _ask_for_mail(user, now)
    return user


def invite_again(user_id: int, *, by: User, now: datetime) -> User:
    """Mail the link again to someone who has not used it. Raises TeamError."""
    with transaction.atomic():
        user = _locked(user_id)
        if not user.is_active or user.activated_at is not None or user.has_usable_password():
            raise TeamError(_("Esa persona ya activó su cuenta o está desactivada."))
        _ask_for_mail(user, now)
        record(SUBJECT, user.pk, before={}, after={"invited": clock.long_datetime(now)}, by=by, now=now)
    return user


def change_role(user_id: int, *, staff_role: StaffRole, by: User, now: datetime) -> User:
    """Give someone of the staff another role. Raises TeamError for the last dueño."""
    with transaction.atomic():
        user = _locked(user_id)
        if user.staff_role == StaffRole.HEAD and staff_role != StaffRole.HEAD:
            _keep_one_head(user)
        before = {"staff_role": StaffRole(user.staff_role).label}
        user.staff_role = staff_role
        user.save(update_fields=["staff_role"])
        record(SUBJECT, user.pk, before=before, after={"staff_role": staff_role.label}, by=by, now=now)
    return user


def deactivate(user_id: int, *, by: User, now: datetime) -> User:
    """Close an account and its sessions. Raises TeamError for the last dueño."""
    with transaction.atomic():
        user = _locked(user_id)
        if user.staff_role == StaffRole.HEAD:
            _keep_one_head(user)
        _set_active(user, to=False, by=by, now=now)
        sessions.end_all_sessions(user)
    return user


def reactivate(user_id: int, *, by: User, now: datetime) -> User:
    """Open a closed account again, with its password."""
    with transaction.atomic():
        user = _locked(user_id)
        _set_active(user, to=True, by=by, now=now)
    return user


def forget_second_factor(user: User, *, by: User, now: datetime) -> None:
    """Take the second factor of somebody who lost it away, and end the sessions. Who asks has checked who they are."""
    with transaction.atomic():
        gone, _rows = Authenticator.objects.filter(user_id=user.pk).delete()
        if gone:
            record(SUBJECT, user.pk, before={"second_factor": _("activa")}, after={"second_factor": _("quitada")}, by=by, now=now)
        sessions.end_all_sessions(user)


def _set_active(user: User, *, to: bool, by: User, now: datetime) -> None:
    words = {True: _("activa"), False: _("desactivada")}
    before = {"is_active": words[user.is_active]}
    user.is_active = to
    user.save(update_fields=["is_active"])
    record(SUBJECT, user.pk, before=before, after={"is_active": words[to]}, by=by, now=now)


def _locked(user_id: int) -> User:
    # All of them, in one order: two dueños who remove each other at the same moment must not both succeed.
    rows = {user.pk: user for user in User.objects.select_for_update().filter(role=Role.STAFF).order_by("pk")}
    if user_id not in rows:
        raise User.DoesNotExist
    return rows[user_id]


def _keep_one_head(user: User) -> None:
    heads = User.objects.filter(role=Role.STAFF, staff_role=StaffRole.HEAD, is_active=True).exclude(pk=user.pk)
    if not any(other.has_usable_password() for other in heads):
        raise TeamError(_("Es el único dueño que puede ingresar. Nombre antes a otro dueño."))


def _ask_for_mail(user: User, now: datetime) -> None:
    bounces.forget(user)
    # One mail a minute: a double click is one invitation.
    defer("accounts.mail_staff_invitation", f"{user.pk}:{now:%Y%m%d%H%M}", now=now, user_id=user.pk)
