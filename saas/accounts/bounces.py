"""Mail that did not reach an account's address: refused when it was sent, or come back later to a signed return path.

Promises that a mark is made only for the account, the address and the schema that the mail went to: a token of one agency
is worthless in another, and once the e-mail was changed. Nothing that a server wrote is kept, only which kind of refusal it was.
"""

from __future__ import annotations

import base64
import logging
import re
import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac

from saas.accounts.models import User
from saas.lib import refusals, signing
from saas.lib.refusals import Refusal

log = logging.getLogger(__name__)
LIFE = timedelta(days=10)  # servers give up after five
_TOKEN = re.compile(r"(0|[1-9]\d{0,8})-([1-9]\d{0,17})-([1-9]\d{4,5})-([a-z2-7]{16})", re.ASCII)


@dataclass(frozen=True)
class Path:
    """What a return path says, not yet believed: the agency's id (0: the platform), the account, the day, and the signature."""

    agency_id: int
    user_id: int
    day: int
    signature: str


def send(message: EmailMultiAlternatives, user: User, *, agency_id: int, now: datetime) -> bool:
    """Send a mail that begins anew, such as an invitation: `deliver`, and what was known against the address is forgotten."""
    sent = deliver(message, user, agency_id=agency_id, now=now)
    if sent:
        forget(user)
    return sent


def deliver(message: EmailMultiAlternatives, user: User, *, agency_id: int, now: datetime) -> bool:
    """Send a mail to an account's address. False, and written on the account, where the server refused it for good.

    What came back before stays known for a while: that a server took this one says little. Where nothing came back for
    LIFE, it is forgotten. Raises what else the server or the network raises: it may be tried again.
    """
    if settings.MAIL_BOUNCES:
        # Django gives `from_email` to the server as the envelope's sender; people see the header.
        message.extra_headers["From"] = message.from_email
        message.from_email = return_path(user, agency_id=agency_id, now=now)
    try:
        message.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
        why = refusals.at_sending(error)
        if why is None:
            raise
        log.info("%s: the mail server refuses the address of account %s: %s", signing.current_schema(), user.pk, why.value)
        User.objects.filter(pk=user.pk, email=user.email).update(mail_refused_at=now, mail_refused_for=why)
        return False
    User.objects.filter(pk=user.pk, mail_refused_at__lt=now - LIFE).update(mail_refused_at=None, mail_refused_for="")
    return True


def forget(user: User) -> None:
    """Nothing is known against the account's address: it is another one, or a mail is on its way again."""
    user.mail_refused_at, user.mail_refused_for = None, ""
    User.objects.filter(pk=user.pk).exclude(mail_refused_at=None).update(mail_refused_at=None, mail_refused_for="")


def return_path(user: User, *, agency_id: int, now: datetime) -> str:
    """Where a mail to the account comes back to: settings.MAIL_BOUNCES with a signed tag that a lower-casing server keeps."""
    day = _day(now)
    local, _at, domain = settings.MAIL_BOUNCES.rpartition("@")
    return f"{local}+{agency_id}-{user.pk}-{day}-{_signature(user, day, settings.SECRET_KEY)}@{domain}"


def read_path(address: str) -> Path | None:
    """The parts of an address made by `return_path`, None for any other. Whether it is true is for `come_back` to say."""
    local, _at, domain = settings.MAIL_BOUNCES.lower().rpartition("@")
    typed, _at, its_domain = address.strip().strip("<>").lower().rpartition("@")
    box, _plus, tag = typed.rpartition("+")
    found = _TOKEN.fullmatch(tag) if local and (box, its_domain) == (local, domain) else None
    return Path(int(found[1]), int(found[2]), int(found[3]), found[4]) if found else None


def come_back(path: Path, why: Refusal, *, now: datetime) -> bool:
    """Write on the account of the current schema that a mail to it came back. False, and nothing, if the path is not true here."""
    user = User.objects.filter(pk=path.user_id).first()
    today = _day(now)
    if user is None or not today - LIFE.days <= path.day <= today + 1:
        return False
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(path.signature, _signature(user, path.day, key)) for key in keys):
        return False
    # Who followed the link of an invitation got it, whatever came back besides.
    waiting = User.objects.filter(Q(link_opened_at=None) | Q(activated_at__isnull=False), pk=user.pk, email=user.email)
    return bool(waiting.update(mail_refused_at=now, mail_refused_for=why))


def _day(now: datetime) -> int:
    return int(now.timestamp() // 86400)


def _signature(user: User, day: int, key: str) -> str:
    said = f"{user.pk}:{day}:{user.email}"
    digest = salted_hmac(signing.bound_salt("accounts.bounces"), said, secret=key, algorithm="sha256").digest()
    return base64.b32encode(digest[:10]).decode().lower()
