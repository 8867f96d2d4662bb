"""What an application of codes does, for tests: the code of a secret at a moment; and people who have one."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from saas.accounts import second_factor
from saas.accounts.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(now: datetime, *, steps: int = 0, secret: str = SECRET) -> str:
    """The code that the application shows at `now`, or some steps of 30 seconds before or after."""
    code: str = format_hotp_value(hotp_value(secret, int(now.timestamp()) // 30 + steps))
    return code


def enrol(user: User, now: datetime, *, secret: str = SECRET) -> None:
    """Give an account an application, enrolled some minutes before `now`. Call it inside the agency."""
    earlier = datetime.fromtimestamp(now.timestamp() - 600, tz=now.tzinfo)
    second_factor.turn_on_totp(user, secret=secret, code=code_at(earlier, secret=secret), now=earlier)
