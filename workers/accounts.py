"""The mails that open an account: activation, and a forgotten password.

The token is made when the mail is, never stored. A repeated job sends the same Message-ID. Who may no longer use a link
(inactive, or already activated) gets none.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from saas.accounts import links
from saas.accounts.models import User
from saas.jobs.registry import Task, handles
from saas.lib import mail
from saas.lib.here import current_schema
from tenants import branding, context


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
    waiting = User.objects.filter(pk=task.payload["user_id"], is_active=True, activated_at=None).exclude(email="")
    user = waiting.first()
    if user is not None:
        _send(
            user,
            task,
            subject="Active su cuenta",
            template="activation",
            purpose="activacion",
            view="account_activate",
            life={"days": settings.ACTIVATION_DAYS},
        )


def _send(user: User, task: Task, *, subject: str, template: str, purpose: str, view: str, life: dict[str, float]) -> None:
    sender = _sender()
    token = links.make_token(user, purpose=purpose)
    link = sender["origin"] + reverse(view, args=[token], urlconf=sender["urlconf"])
    message = mail.build_mail(
        subject=f"{subject} · {sender['name']}",
        template=template,
        context={
            **sender["brand"],
            "name": user.name,
            "username": user.username,
            "link": link,
            **{key: int(value) for key, value in life.items()},
        },
        to=user.email,
        from_name=sender["name"],
        from_address=settings.MAIL_FROM,
        message_id_key=f"{task.kind}:{current_schema()}:{task.key}",
    )
    message.send()


def _sender() -> dict[str, Any]:
    # Operators' accounts are the platform's: their job runs in public.
    if current_schema() == context.PUBLIC:
        return {"name": settings.PLATFORM_NAME, "origin": settings.PLATFORM_ORIGIN, "urlconf": settings.PUBLIC_SCHEMA_URLCONF, "brand": {}}
    agency = context.current_agency()
    return {"name": agency.name, "origin": branding.origin(agency), "urlconf": settings.AGENCY_URLCONF, "brand": branding.mail_brand(agency)}
