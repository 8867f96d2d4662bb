"""The second factor: an application's six digits (TOTP), recovery codes, and passkeys.

A code counts once: the step of the last one taken is kept under a lock, so neither the same code nor an older one is taken
again. Failures are counted per account. Turning one on or off ends the account's other sessions; the caller has asked for
the password first.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote, urlencode

import segno
from allauth.mfa import utils
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import Role, StaffRole, User

WRONG_CODE = _("El código no es correcto, ya se usó o venció. Escriba el que muestra ahora la aplicación.")
STEP_SECONDS = 30
DRIFT = 1  # steps that a telephone's clock may be off
MAIN = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
REQUIRED_OF = (StaffRole.HEAD, StaffRole.COLLECTIONS)


class CodeError(ValueError):
    """The code was not taken. Its message is for people."""


def is_on(user: User) -> bool:
    """Whether logging in asks this account for a second factor."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=MAIN).exists()


def on_of(account: OuterRef) -> Exists:
    """The same for the account of each row of a query, e.g. `on_of(OuterRef("user_id"))`."""
    return Exists(Authenticator.objects.filter(user_id=account, type__in=MAIN))


def who_has_one(users: Iterable[User]) -> set[int]:
    """Which of those accounts have a second factor, in one query."""
    return set(Authenticator.objects.filter(user__in=list(users), type__in=MAIN).values_list("user_id", flat=True))


def is_required(user: User) -> bool:
    """Whether the account's role asks for a second factor."""
    return user.role == Role.OPERATOR or user.staff_role in REQUIRED_OF


def is_missing(user: User) -> bool:
    """Whether the role asks for a second factor and there is none."""
    return is_required(user) and not is_on(user)


def is_due(user: User) -> bool:
    """Whether the account may do nothing else before it has a second factor (settings.SECOND_FACTOR_ENFORCED)."""
    return bool(settings.SECOND_FACTOR_ENFORCED) and is_missing(user)


def new_secret() -> str:
    """160 random bits in the letters that applications take."""
    return b32encode(secrets.token_bytes(20)).decode()


def otp_address(*, secret: str, label: str, issuer: str) -> str:
    """What the picture says to the application."""
    return f"otpauth://totp/{quote(issuer)}:{quote(label)}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"


def picture(address: str) -> SafeString:
    """An address as the SVG of a QR code, without styles of its own."""
    code = segno.make(address, error="m")
    drawn = code.svg_inline(border=2, svgclass="qr", lineclass=None, omitsize=True, dark="#000", light="#fff")
    return mark_safe(drawn)  # noqa: S308  (numbers of a path: nothing of the address is written out)


def turn_on_totp(user: User, *, secret: str, code: str, now: datetime) -> None:
    """Enrol an application that has shown that it knows `secret`. Raises CodeError."""
    step = _step_of(secret, code, now=now, after=0)
    if step is None:
        raise CodeError(WRONG_CODE)
    try:
        with transaction.atomic():
            Authenticator.objects.create(
                user=user, type=Authenticator.Type.TOTP, data={"secret": utils.encrypt(secret), "step": step}, created_at=now
            )
            RecoveryCodes.activate(user)
    except IntegrityError as error:
        raise CodeError(_("Ya tiene una aplicación activa. Desactívela para cambiarla.")) from error


def turn_off(user: User, *, authenticator_id: int) -> bool:
    """Take one application or passkey away; with the last one go the recovery codes. Returns whether it was there."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        gone, _rows = Authenticator.objects.filter(pk=authenticator_id, user_id=user.pk, type__in=MAIN).delete()
        if not is_on(user):
            Authenticator.objects.filter(user_id=user.pk).delete()
    return bool(gone)


def new_recovery_codes(user: User) -> None:
    """Ten new recovery codes; the old ones are worth nothing any more. Raises CodeError without a second factor."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if not is_on(user):
            raise CodeError(_("Active primero la verificación en dos pasos."))
        Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(user)


def recovery_codes_left(user: User) -> list[str]:
    """The recovery codes that were not used."""
    kept = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    return [] if kept is None else list(RecoveryCodes(kept).get_unused_codes())


def take_code(user: User, code: str, *, now: datetime) -> Authenticator:
    """Spend a code of the application or a recovery code, and say whose it was. Raises CodeError."""
    digits = "".join(code.split())
    with transaction.atomic():
        kept = Authenticator.objects.select_for_update().filter(user_id=user.pk).exclude(type=Authenticator.Type.WEBAUTHN)
        for authenticator in kept.order_by("pk"):
            if authenticator.type == Authenticator.Type.TOTP:
                step = _step_of(utils.decrypt(authenticator.data["secret"]), digits, now=now, after=authenticator.data.get("step", 0))
                if step is not None:
                    authenticator.data["step"] = step
                    authenticator.save(update_fields=["data"])
                    return authenticator
            elif RecoveryCodes(authenticator).validate_code(digits):
                return authenticator
    raise CodeError(WRONG_CODE)


def _step_of(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The step, later than `after` and near `now`, whose code is `code`."""
    here = int(now.timestamp()) // STEP_SECONDS
    for step in range(here - DRIFT, here + DRIFT + 1):
        if step > after and hmac.compare_digest(format_hotp_value(hotp_value(secret, step)).encode(), code.strip().encode()):
            return step
    return None
