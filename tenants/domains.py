"""An agency's own domains: asked for at the desk, proven by a record in their DNS, then answered and given a certificate.

A domain is nobody's before its TXT record shows the agency's token: what points here may be anyone's. The record is looked for by a
job for CLAIM_LIFE. The subdomain on the platform always stays, so links that were mailed and PayU's callbacks keep working.
What becomes of a domain afterwards is watched in tenants/domain_watch.py.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from saas.jobs.defer import defer
from tenants import context, hosts
from tenants.models import Agency, Domain
from tenants.platform_models import ClaimState, DomainClaim

log = logging.getLogger(__name__)
PREFIX = "_arriendo-al-dia"
CLAIM_LIFE = timedelta(days=14)
MOST = 5  # claims of an agency at a time
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+[a-z]{{2,24}}")
Resolver = Callable[[str, str], list[str]]
WATCH = "tenants.watch_domain"
FIRST_LOOK = timedelta(hours=6)


class DnsSilent(Exception):
    """The DNS did not say: no answer in time, or a server's failure. Nothing follows from it."""


class DomainError(ValueError):
    """The domain cannot be had. Its message is for people."""


def check_host(text: str) -> str:
    """A host name as it is kept (lower case, IDNA). Raises DomainError."""
    typed = text.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/.")
    try:
        host = typed.encode("idna").decode() if not typed.isascii() else typed
    except UnicodeError as error:
        raise DomainError(_("Escriba un dominio completo, por ejemplo portal.suinmobiliaria.com.co.")) from error
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise DomainError(_("Escriba un dominio completo, por ejemplo portal.suinmobiliaria.com.co."))
    if host == settings.PLATFORM_HOST or host.endswith(f".{settings.PLATFORM_HOST}"):
        raise DomainError(_("Ese nombre es de la plataforma. Escriba un dominio suyo."))
    return host


def attach(agency: Agency, text: str, *, now: datetime) -> Domain:
    """Let `agency` answer at a host that is known to be its own, send its people there, and have it watched. Raises DomainError."""
    host = check_host(text)
    try:
        with transaction.atomic():
            domain = Domain.objects.create(domain=host, tenant=agency, is_primary=False)
    except IntegrityError as error:
        raise DomainError(_("Ese dominio ya es de una inmobiliaria de la plataforma.")) from error
    send_people(agency, host)
    defer(WATCH, str(domain.pk), now=now, due_at=now + FIRST_LOOK, domain_id=domain.pk)
    return domain


def detach(agency: Agency, host: str) -> None:
    """Take a domain of its own from an agency; its people are sent to another one, or to its subdomain. Raises DomainError."""
    if host.endswith(f".{settings.PLATFORM_HOST}"):
        raise DomainError(_("El subdominio de la plataforma no se quita: por él llegan los enlaces que ya se enviaron."))
    gone, _rows = Domain.objects.filter(tenant=agency, domain=host).delete()
    claims, _rows = DomainClaim.objects.filter(agency=agency, domain=host).delete()
    if not gone and not claims:
        raise DomainError(_("Ese dominio no es de esta inmobiliaria."))
    send_people(agency, host)


def send_people(agency: Agency, changed: str) -> None:
    """Send an agency's people to its newest domain that is not lost, or to its subdomain, after something changed about one."""
    best = own_domains(agency).filter(told_at=None).first()
    Agency.objects.filter(pk=agency.pk).update(own_host=best.domain if best else "")
    _forget(agency, changed)


def drop(agency: Agency, host: str) -> None:
    """`detach`, for the agency's own staff. Call it inside the agency. Raises DomainError."""
    with context.in_public(), transaction.atomic():
        detach(agency, host)


def own_domains(agency: Agency) -> QuerySet[Domain]:
    """The domains of an agency that are not the platform's, the last one first."""
    return Domain.objects.filter(tenant=agency).exclude(domain__endswith=f".{settings.PLATFORM_HOST}").order_by("-pk")


def claim(agency: Agency, text: str, *, by: str, now: datetime) -> DomainClaim:
    """Keep that an agency says a domain is its own, and look for the proof. Call it inside the agency or in public.
    Raises DomainError."""
    host = check_host(text)
    with context.in_public(), transaction.atomic():
        Agency.objects.select_for_update().get(pk=agency.pk)
        if Domain.objects.filter(domain=host).exists():
            raise DomainError(_("Ese dominio ya es de una inmobiliaria de la plataforma."))
        kept = DomainClaim.objects.filter(agency=agency, domain=host).first()
        if kept is None and DomainClaim.objects.filter(agency=agency).count() >= MOST:
            raise DomainError(_("Ya hay %(most)s dominios pedidos. Quite el que no use.") % {"most": MOST})
        if kept is None:
            kept = DomainClaim(agency=agency, domain=host, token=secrets.token_hex(16))
        kept.asked_by, kept.asked_at, kept.state, kept.found = by, now, ClaimState.WAITING, ""
        kept.save()
        defer("tenants.check_domain", f"{kept.pk}:{now:%Y%m%d%H%M}", now=now, claim_id=kept.pk)
    return kept


def records_of(found: DomainClaim) -> list[tuple[str, str, str]]:
    """The records to create: kind, name and value."""
    return [
        ("CNAME", found.domain, f"{found.agency.slug}.{settings.PLATFORM_HOST}"),
        ("TXT", f"{PREFIX}.{found.domain}", found.token),
    ]


def check(claim_id: int, *, now: datetime, resolve: Resolver | None = None) -> datetime | None:
    """Look for a claim's proof. Returns when to look again, or None when it is over: proven, too late, or gone."""
    context.leave()
    found = DomainClaim.objects.select_related("agency").filter(pk=claim_id, state=ClaimState.WAITING).first()
    if found is None:
        return None
    ask = _or_nothing(resolve or ask_dns)
    texts = ask(f"{PREFIX}.{found.domain}", "TXT")
    proven, points = found.token in texts, points_here(found, ask)
    said = ""
    if not proven:
        said = _("El registro TXT tiene otro valor.") if texts else _("Todavía no vemos el registro TXT.")
    elif not points:
        said = _("El registro TXT está bien. Todavía no vemos que el dominio apunte a la plataforma.")
    with transaction.atomic():
        locked = DomainClaim.objects.select_for_update(of=("self",)).filter(pk=claim_id, state=ClaimState.WAITING).first()
        if locked is None:
            return None
        locked.checked_at, locked.found = now, said
        if proven and points:
            locked.state = ClaimState.PROVEN
            try:
                attach(found.agency, found.domain, now=now)
            except DomainError as error:
                locked.state, locked.found = ClaimState.FAILED, str(error)
        elif now - locked.asked_at > CLAIM_LIFE:
            locked.state = ClaimState.FAILED
        locked.save()
    if locked.state != ClaimState.WAITING:
        return None
    return now + (timedelta(minutes=5) if now - locked.asked_at < timedelta(days=1) else timedelta(hours=1))


def points_here(found: DomainClaim | Domain, ask: Resolver) -> bool:
    """Whether the domain leads to the platform: by its name, or by an address that is the platform's too."""
    if any(f".{name.rstrip('.').lower()}".endswith(f".{settings.PLATFORM_HOST}") for name in ask(found.domain, "CNAME")):
        return True
    ours = {*ask(settings.PLATFORM_HOST, "A"), *ask(settings.PLATFORM_HOST, "AAAA")}
    return bool(ours & {*ask(found.domain, "A"), *ask(found.domain, "AAAA")})


def ask_dns(name: str, kind: str) -> list[str]:
    """What the DNS says; nothing if it says that there is nothing. Raises DnsSilent if it does not say."""
    import dns.exception
    import dns.resolver

    try:
        answers = dns.resolver.resolve(name, kind, lifetime=5)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        log.info("dns, %s: %s", kind, type(error).__name__)
        raise DnsSilent from error
    return [b"".join(row.strings).decode("ascii", "replace") if kind == "TXT" else row.to_text() for row in answers]


def _or_nothing(ask: Resolver) -> Resolver:
    """A DNS whose silence is as good as nothing: who still waits for a proof is looked at again anyway."""

    def patient(name: str, kind: str) -> list[str]:
        try:
            return ask(name, kind)
        except DnsSilent:
            return []

    return patient


def _forget(agency: Agency, host: str) -> None:
    def forget() -> None:
        hosts.forget(agency)
        hosts.forget_hosts([host], schema=agency.schema_name)

    transaction.on_commit(forget)
