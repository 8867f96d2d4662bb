"""The mails of accounts: activation, a forgotten password, the team's invitations, and the codes of new e-mails.

The token or code is made when the mail is, never stored as it is read. A repeated job sends the same Message-ID. Who may no longer use a link
(inactive, or already activated) gets none.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from saas.accounts import bounces, email_codes, links
from saas.accounts.models import EmailCode, Role, User
from saas.audit.models import Change
from saas.jobs.registry import Task, handles
from saas.lib import clock, mail
from saas.lib.here import current_schema
from tenants import branding, context, senders


@handles("accounts.mail_reset")
def mail_reset(task: Task) -> None:
    """Mail the link to set a new password."""
    user = User.objects.filter(pk=task.payload["user_id"], is_active=True).exclude(email="").first()
    if user is not None:
        _send(
            user,
            task,
            subject="Cambie su contraseña",
            template="password_reset",
            purpose="clave",
            view="account_new_password",
            life={"hours": links.RESET_LIFE.total_seconds() // 3600},
        )


@handles("clientarea.mail_activation")
def mail_activation(task: Task) -> None:
    """Mail a client the link that opens the account."""
    _mail_activation(task, "activation")


@handles("accounts.mail_staff_invitation")
def mail_staff_invitation(task: Task) -> None:
    """Mail someone of the team the link that opens the account."""
    _mail_activation(task, "staff_invitation")


@handles("accounts.mail_operator_invitation")
def mail_operator_invitation(task: Task) -> None:
    """Mail a new operator the link that opens the account. Runs in public."""
    _mail_activation(task, "operator_invitation")


INVITED = {"staff_invitation": Role.STAFF, "operator_invitation": Role.OPERATOR, "activation": Role.CLIENT}


def _mail_activation(task: Task, template: str) -> None:
    waiting = User.objects.filter(pk=task.payload["user_id"], is_active=True, activated_at=None).exclude(email="")
    user = waiting.filter(role=INVITED[template]).first()
    if user is None:
        return
    _send(
        user,
        task,
        subject="Active su cuenta",
        template=template,
        purpose="activacion",
        view="account_activate",
        life={"days": settings.ACTIVATION_DAYS},
    )
    User.objects.filter(pk=user.pk).update(link_opened_at=None)


@handles("accounts.mail_email_code")
def mail_email_code(task: Task) -> None:
    """Mail the code that confirms a new e-mail, to that e-mail."""
    wish = EmailCode.objects.select_related("user").filter(user_id=task.payload["user_id"], user__is_active=True).first()
    if wish is not None:
        words = {"code": email_codes.make_code(wish), "minutes": int(email_codes.LIFE.total_seconds() // 60)}
        _mail(task, to=wish.email, name=wish.user.name, subject="Código para confirmar su correo", template="email_code", words=words)


@handles("tenants.mail_reply_code")
def mail_reply_code(task: Task) -> None:
    """Mail the code that confirms where answers to the agency's mails go, to that address."""
    agency, email = context.current_agency(), task.payload["email"]
    words = {"code": senders.code_of(email, task.payload["asked_at"]), "minutes": int(senders.LIFE.total_seconds() // 60)}
    _mail(task, to=email, name=agency.name, subject="Código para confirmar su correo", template="email_code", words=words)


@handles("clientarea.mail_email_changed")
def mail_email_changed(task: Task) -> None:
    """Tell the old address that the account has another e-mail now."""
    change = Change.objects.filter(pk=task.payload["change_id"]).first()
    if change is not None and change.before:
        when = clock.long_datetime(change.at)
        _mail(
            task, to=change.before, name=change.who_name, subject="Su correo cambió", template="email_changed",
            words={"new_email": _masked(change.after), "when": when},
        )  # fmt: skip


def _masked(email: str) -> str:
    # The old address may be somebody else's by now: it learns that it changed, not to what.
    local, _at, domain = email.partition("@")
    return f"{local[:1]}…@{domain}"


def _send(user: User, task: Task, *, subject: str, template: str, purpose: str, view: str, life: dict[str, float]) -> None:
    token = links.make_token(user, purpose=purpose)
    link = _sender()["origin"] + reverse(view, args=[token], urlconf=_sender()["urlconf"])
    words = {"username": user.username, "link": link, "staff_role": user.get_staff_role_display(), **{k: int(v) for k, v in life.items()}}
    message = _built(task, to=user.email, name=user.name, subject=subject, template=template, words=words)
    agency_id = 0 if current_schema() == context.PUBLIC else context.current_agency().pk
    # Where the server refuses the address, the account says so and the job is over: trying again says the same.
    bounces.send(message, user, agency_id=agency_id, now=clock.now())


def _mail(task: Task, *, to: str, name: str, subject: str, template: str, words: dict[str, Any]) -> None:
    _built(task, to=to, name=name, subject=subject, template=template, words=words).send()


def _built(task: Task, *, to: str, name: str, subject: str, template: str, words: dict[str, Any]) -> EmailMultiAlternatives:
    sender = _sender()
    return mail.build_mail(
        subject=f"{subject} · {sender['name']}",
        template=template,
        context={**sender["brand"], "name": name, **words},
        to=to,
        **sender["sender"],
        message_id_key=f"{task.kind}:{current_schema()}:{task.key}",
    )


def _sender() -> dict[str, Any]:
    # Operators' accounts are the platform's: their job runs in public.
    if current_schema() == context.PUBLIC:
        platform = {"from_name": settings.PLATFORM_NAME, "from_address": settings.MAIL_FROM}
        return {
            "name": settings.PLATFORM_NAME, "origin": settings.PLATFORM_ORIGIN, "urlconf": settings.PUBLIC_SCHEMA_URLCONF, "brand": {},
            "sender": platform,
        }  # fmt: skip
    agency = context.current_agency()
    return {
        "name": agency.name, "origin": branding.origin(agency), "urlconf": settings.AGENCY_URLCONF, "brand": branding.mail_brand(agency),
        "sender": branding.mail_sender(agency),
    }  # fmt: skip
