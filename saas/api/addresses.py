"""Where outgoing notices may go: public addresses of the internet by https, and their signing secrets.

A name is resolved once, every address that it has is judged, and the connection goes to one of those judged: a name that
points elsewhere a moment later changes nothing. Only the explicit setting NOTICES_TO_LOOPBACK lets this machine through.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from saas.accounts.models import User
from saas.api.models import NoticeAddress, OutgoingKind
from saas.audit.changes import record
from saas.lib import crypto
from saas.lib.here import current_schema

SUBJECT = "notice_address"
BOTH_VALID = timedelta(days=3)  # as long as a notice may be under way
MOST = 10  # addresses of an agency
# What is the internet in IPv6, and what of it is set apart: protocols, tunnels that hide an IPv4 address, examples.
_GLOBAL6 = ipaddress.ip_network("2000::/3")
_APART = tuple(ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_PLAIN = re.compile(r"[!-~]+")  # what an address is written with: no spaces, no other alphabets
_MODEL = "api.NoticeAddress"
crypto.seals(_MODEL, "secret", "previous_secret")

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(ValueError):  # noqa: N818
    """Why nothing is sent there, in Spanish."""


@dataclass(frozen=True)
class Target:
    """Where to connect: the address that was judged, and the name that the certificate and the Host must carry."""

    ip: str
    port: int
    host: str
    path: str
    secure: bool

    @property
    def host_header(self) -> str:
        """The Host of the request."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.secure else 80) else f"{name}:{self.port}"


def look_up(url: str) -> Target:
    """Where a notice to `url` goes, now. Raises AddressRefused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefused(_("La dirección no se entiende: escriba algo como https://sistema.ejemplo.co/avisos.")) from error
    if not host or parts.username is not None or parts.password is not None or parts.fragment or not _PLAIN.fullmatch(url):
        raise AddressRefused(_("La dirección no se entiende: escriba algo como https://sistema.ejemplo.co/avisos."))
    secure = parts.scheme == "https"
    if not secure and not (parts.scheme == "http" and settings.NOTICES_TO_LOOPBACK):
        raise AddressRefused(_("La dirección debe empezar por https://."))
    port = port if port is not None else (443 if secure else 80)
    if port != 443 and port < 1024 and not settings.NOTICES_TO_LOOPBACK:
        raise AddressRefused(_("Ese puerto no se usa para avisos: deje el 443 o uno desde el 1024."))
    found = _resolve(host, port)
    # All of them: a name with one address inside is not trusted with the others.
    for ip in found:
        if not _allowed(ip, secure=secure):
            raise AddressRefused(_("Esa dirección apunta a una red interna: los avisos solo salen a internet."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(ip=str(found[0]), port=port, host=host, path=path, secure=secure)


def is_public(ip: IP) -> bool:
    """Whether an address is of the internet. Those that hide an IPv4 address (mapped, tunnelled, translated) are not."""
    if isinstance(ip, ipaddress.IPv6Address) and (ip.scope_id is not None or ip not in _GLOBAL6):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip.version == net.version and ip in net for net in _APART)


def add_address(*, url: str, kinds: Sequence[str], by: User, now: datetime) -> tuple[NoticeAddress, str]:
    """A new address and its secret, to be shown once. Raises AddressRefused."""
    look_up(url)
    with transaction.atomic():
        # Two dueños at once count each other.
        if len(NoticeAddress.objects.select_for_update().all()) >= MOST:
            raise AddressRefused(_("Ya hay %(count)s direcciones: quite una que no use.") % {"count": MOST})
        address = NoticeAddress.objects.create(url=url, kinds=_kinds(kinds), made_by=by, made_at=now)
        secret = new_secret()
        address.secret = _seal(address, "secret", secret)
        address.save(update_fields=["secret"])
        record(SUBJECT, address.pk, before={}, after={"url": url, "kinds": ", ".join(address.kinds)}, by=by, now=now)
    return address, secret


def change_address(pk: int, *, url: str, kinds: Sequence[str], active: bool, by: User, now: datetime) -> NoticeAddress:
    """Give an address another place or other kinds, or put it to sleep. Raises AddressRefused."""
    look_up(url)
    with transaction.atomic():
        address = NoticeAddress.objects.select_for_update().get(pk=pk)
        before = {"url": address.url, "kinds": ", ".join(address.kinds), "active": address.active}
        if address.url != url:
            address.failures, address.resting_until = 0, None
        address.url, address.kinds, address.active = url, _kinds(kinds), active
        address.save(update_fields=["url", "kinds", "active", "failures", "resting_until"])
        after = {"url": url, "kinds": ", ".join(address.kinds), "active": active}
        record(SUBJECT, pk, before=before, after=after, by=by, now=now)
    return address


def rotate(pk: int, *, by: User, now: datetime) -> str:
    """A new secret, shown once. The one before goes on signing beside it for BOTH_VALID."""
    with transaction.atomic():
        address = NoticeAddress.objects.select_for_update().get(pk=pk)
        before, secret = _open(address, "secret"), new_secret()
        address.previous_secret, address.previous_until = _seal(address, "previous_secret", before), now + BOTH_VALID
        address.secret = _seal(address, "secret", secret)
        address.save(update_fields=["secret", "previous_secret", "previous_until"])
        record(SUBJECT, pk, before={"secret": ""}, after={"secret": _("cambiado")}, by=by, now=now)
    return secret


def secrets_of(address: NoticeAddress, *, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first."""
    held = [_open(address, "secret")]
    if address.previous_secret and address.previous_until is not None and now < address.previous_until:
        held.append(_open(address, "previous_secret"))
    return held


def new_secret() -> str:
    """256 random bits."""
    return f"fs_{secrets.token_hex(32)}"


def _allowed(ip: IP, *, secure: bool) -> bool:
    if settings.NOTICES_TO_LOOPBACK and ip.is_loopback:
        return True
    return secure and is_public(ip)


def _resolve(host: str, port: int) -> list[IP]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # "%" names an interface: of this machine, or of its network.
        return [ipaddress.ip_address(str(entry[4][0])) for entry in found]
    except (OSError, UnicodeError, ValueError) as error:
        raise AddressRefused(_("No encontramos ese servidor en internet: revise el nombre.")) from error


def _kinds(kinds: Sequence[str]) -> list[str]:
    return sorted(OutgoingKind(kind).value for kind in kinds)


def _seal(address: NoticeAddress, field: str, plain: str) -> str:
    return crypto.encrypt(plain, schema=current_schema(), model=_MODEL, pk=address.pk, field=field)


def _open(address: NoticeAddress, field: str) -> str:
    return crypto.decrypt(getattr(address, field), schema=current_schema(), model=_MODEL, pk=address.pk, field=field)
