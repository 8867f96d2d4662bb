"""What a sign-up is refused for before anything is kept: an address that is thrown away, or too many of one kind in a day.

The list of domains is a file of ours (disposable.txt), one a line, which anybody may lengthen. The robot's puzzle and the limit by
network address are the page's (public.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from tenants.models import Signup

LIST = Path(__file__).with_name("disposable.txt")
DAY = timedelta(days=1)
PER_ADDRESS = 3  # sign-ups of one e-mail address in a day
PER_DOMAIN = 10  # of one domain, but those that everybody uses
EVERYBODYS = frozenset({
    "gmail.com", "hotmail.com", "hotmail.es", "outlook.com", "outlook.es", "live.com", "yahoo.com", "yahoo.es", "yahoo.com.co",
    "icloud.com", "me.com", "msn.com", "une.net.co",
})  # fmt: skip


class Abuse(ValueError):
    """The sign-up is not taken. Its message is for people."""


@cache
def disposable() -> frozenset[str]:
    """The domains whose addresses are thrown away."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def is_disposable(email: str) -> bool:
    """Whether the address's domain, or one that it belongs to, is in the list."""
    parts = email.rpartition("@")[2].lower().rstrip(".").split(".")
    return any(".".join(parts[start:]) in disposable() for start in range(len(parts) - 1))


def check(email: str, *, now: datetime) -> None:
    """Let an address ask for an agency. Raises Abuse."""
    if is_disposable(email):
        raise Abuse(_("Use un correo permanente de su inmobiliaria: con él entrará y recibirá avisos de dinero."))
    domain = email.rpartition("@")[2].lower()
    recent = Signup.objects.filter(requested_at__gt=now - DAY)
    if recent.filter(email__iexact=email).count() >= PER_ADDRESS:
        raise Abuse(_("Ya enviamos varios enlaces a ese correo hoy. Busque el último o espere a mañana."))
    if domain not in EVERYBODYS and recent.filter(email__iendswith=f"@{domain}").count() >= PER_DOMAIN:
        raise Abuse(_("Hay demasiados registros con correos de ese dominio hoy. Espere a mañana."))
