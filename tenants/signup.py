"""From a form to a confirmed request: keep it, mail its link, and give the subdomain to who confirms first.

Nothing is made before the mail's link is confirmed. The link carries the sign-up's id alone, signed, for two days.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.urls import reverse

from saas.jobs.defer import defer
from saas.lib import mail
from saas.lib.signing import BadLink, sign, unsign
from tenants import branding, platform_texts
from tenants.models import Signup, SignupState
from tenants.platform_models import Platform, TextKind
from tenants.slugs import SlugError, check_slug

TERMS_VERSION = "2026-11"
LINK_SECONDS = 48 * 3600
_PURPOSE = "tenants.signup"


class SlugTaken(ValueError):
    """Someone else has the subdomain by now. Its message is for people."""


def request_agency(data: dict[str, Any], *, now: datetime) -> Signup:
    """Keep what a valid SignupForm says, and ask for the mail with the link."""
    with transaction.atomic():
        signup = Signup.objects.create(
            agency_name=data["agency_name"], slug=data["slug"], nit=data["nit"], nit_check=data["nit_check"],
            person_name=data["person_name"], email=data["email"], password=make_password(data["password"]),
            terms_version=TERMS_VERSION, accepted_at=now,
        )  # fmt: skip
        defer("tenants.mail_confirm", str(signup.pk), now=now, signup_id=str(signup.pk))
        defer("tenants.drop_signup", str(signup.pk), now=now, due_at=now + timedelta(seconds=LINK_SECONDS), signup_id=str(signup.pk))
    return signup


def forget_unconfirmed(signup_id: str, *, now: datetime) -> bool:
    """Delete a sign-up that was not confirmed while its link lived. Returns whether it was."""
    over = now - timedelta(seconds=LINK_SECONDS)
    gone, _rows = Signup.objects.filter(pk=signup_id, state=SignupState.REQUESTED, requested_at__lte=over).delete()
    return bool(gone)


def make_token(signup: Signup) -> str:
    """The text of the confirmation link."""
    return sign({"signup": str(signup.pk)}, purpose=_PURPOSE)


def signup_of(token: str) -> Signup:
    """The sign-up that a confirmation link names. Raises BadLink, also when it is gone."""
    said = unsign(token, purpose=_PURPOSE, max_age_seconds=LINK_SECONDS)
    try:
        pk = uuid.UUID(str(said.get("signup")))
    except ValueError:
        raise BadLink from None
    signup = Signup.objects.filter(pk=pk).first()
    if signup is None:
        raise BadLink
    return signup


def confirm(signup: Signup, *, slug: str, now: datetime) -> None:
    """Take the subdomain for a sign-up and ask for its agency to be made, or leave it to an operator where each must be
    approved. Confirming again changes nothing.

    Raises SlugTaken; the unique constraint decides between two at the same moment.
    """
    try:
        with transaction.atomic():
            locked = Signup.objects.select_for_update().get(pk=signup.pk)
            if locked.state != SignupState.REQUESTED:
                return
            locked.slug = check_slug(slug, besides=locked)
            waits = Platform.objects.filter(needs_approval=True).exists()
            locked.state, locked.confirmed_at = SignupState.PENDING if waits else SignupState.CREATING, now
            locked.save(update_fields=["slug", "state", "confirmed_at"])
            if not waits:
                defer("tenants.provision", str(locked.pk), now=now, signup_id=str(locked.pk))
    except SlugError as error:
        raise SlugTaken(str(error)) from error
    except IntegrityError as error:
        raise SlugTaken(f"«{slug}» ya está ocupado. Elija otro.") from error


def mail_confirmation(signup_id: str) -> None:
    """Mail the confirmation link, unless the sign-up is confirmed or gone."""
    signup = Signup.objects.filter(pk=signup_id, state=SignupState.REQUESTED).first()
    if signup is None:
        return
    link = settings.PLATFORM_ORIGIN + reverse("signup_confirm", args=[make_token(signup)], urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    said = {"link": link, "texts": _words(TextKind.MAIL_CONFIRM, signup)}
    _send(signup, subject=f"Confirme el registro de {signup.agency_name}", template="signup_confirm", said=said)


def mail_rejected(signup_id: str) -> None:
    """Mail that a sign-up was not accepted."""
    signup = Signup.objects.filter(pk=signup_id, state=SignupState.REJECTED).first()
    if signup is not None:
        said = {"reason": signup.error, "texts": _words(TextKind.MAIL_REJECTED, signup)}
        _send(signup, subject=f"El registro de {signup.agency_name}", template="signup_rejected", said=said)


def mail_ready(signup_id: str) -> None:
    """Mail the address of the new agency."""
    signup = Signup.objects.select_related("agency").filter(pk=signup_id, state=SignupState.READY).first()
    if signup is None or signup.agency is None:
        return
    said = {
        "link": login_url(signup), "site_url": branding.origin(signup.agency) + "/", "username": signup.email,
        "texts": _words(TextKind.MAIL_READY, signup),
    }  # fmt: skip
    _send(signup, subject=f"{signup.agency_name} ya está en línea", template="agency_ready", said=said)


def login_url(signup: Signup) -> str:
    """Where the team of a sign-up's agency logs in."""
    if signup.agency is None:
        raise ValueError("no agency yet")
    return branding.origin(signup.agency) + reverse("account_login", urlconf=settings.AGENCY_URLCONF)


def _words(kind: TextKind, signup: Signup) -> list[str]:
    return platform_texts.mail_words(kind, agency_name=signup.agency_name)


def _send(signup: Signup, *, subject: str, template: str, said: dict[str, Any]) -> None:
    mail.build_mail(
        subject=subject,
        template=template,
        context={
            "name": signup.person_name,
            "agency_name": signup.agency_name,
            **said,
            "brand_colour": branding.PLATFORM_COLOUR,
            "brand_foreground": branding.foreground(branding.PLATFORM_COLOUR),
        },
        to=signup.email,
        from_name=settings.PLATFORM_NAME,
        from_address=settings.MAIL_FROM,
        message_id_key=f"{template}:{signup.pk}",
    ).send()
