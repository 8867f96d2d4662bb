"""A new e-mail counts once its owner has typed the six digits sent to it.

The code is made when the mail is, and kept as a hash bound to the schema, the account and the address: it is worthless for
another account, another agency or another address. It ends after LIFE, after TRIES wrong tries, and with its use.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import EmailCode, User
from saas.jobs.defer import defer
from saas.lib.here import current_schema

LIFE = timedelta(minutes=15)
TRIES = 5


class CodeError(ValueError):
    """The code was not taken. Its message is for people."""


def ask(user: User, *, email: str, now: datetime) -> EmailCode:
    """Begin to give `user` the address `email`: a code goes to it. A wish before this one is forgotten."""
    with transaction.atomic():
        wish, _new = EmailCode.objects.update_or_create(
            user=user, defaults={"email": email.strip().lower(), "asked_at": now, "code_hash": "", "tries": 0}
        )
        defer("accounts.mail_email_code", f"{user.pk}:{now:%Y%m%d%H%M%S}", now=now, user_id=user.pk)
    return wish


def waiting(user: User, *, now: datetime) -> EmailCode | None:
    """The wish of `user` that can still be confirmed."""
    return EmailCode.objects.filter(user_id=user.pk, asked_at__gt=now - LIFE, tries__lt=TRIES).first()


def forget(user: User) -> None:
    """Drop the wish."""
    EmailCode.objects.filter(user_id=user.pk).delete()


def make_code(wish: EmailCode) -> str:
    """A fresh code for the mail that is about to go; one sent before is worth nothing any more."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    EmailCode.objects.filter(pk=wish.pk, asked_at=wish.asked_at).update(code_hash=_hash(wish, code))
    return code


def confirm(user: User, code: str, *, now: datetime) -> str:
    """Spend the code and return the address that it confirms. Raises CodeError; a wrong try is counted for good."""
    with transaction.atomic():
        wish = EmailCode.objects.select_for_update().filter(user_id=user.pk).first()
        if wish is not None and wish.asked_at + LIFE > now and wish.tries < TRIES:
            if wish.code_hash and constant_time_compare(wish.code_hash, _hash(wish, "".join(code.split()))):
                wish.delete()
                return wish.email
            wish.tries += 1
            wish.save(update_fields=["tries"])
            left = TRIES - wish.tries
        else:
            left = 0
    if left:
        raise CodeError(_("Ese no es el código. Revise el último correo que le enviamos."))
    raise CodeError(_("El código venció o se escribió mal demasiadas veces. Pida otro."))


def _hash(wish: EmailCode, code: str) -> str:
    salt = f"saas.accounts.email_codes:{current_schema()}"
    return salted_hmac(salt, f"{wish.user_id}:{wish.email}:{code}", algorithm="sha256").hexdigest()
