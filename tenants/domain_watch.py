"""What becomes of an agency's own domain after it was proven: looked at every few hours, and let go if it stays lost.

Only what the DNS says counts: silence, or a DNS that does not even know the platform, changes nothing. A domain that lacked something for
PATIENCE is lost: its people are sent elsewhere and the agency is told, while it still answers. Back again, all is as before; still lost
after GRACE, it is nobody's and gets no certificate. One that an operator added was never proven: what is seen of it is shown, and only
a person takes it away.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils.text import capfirst

from saas.accounts.models import Role, StaffRole, User
from saas.jobs.defer import defer
from saas.lib import mail as mails
from tenants import acts, branding, context, domains
from tenants.domains import PREFIX, DnsSilent, Resolver
from tenants.models import Agency, Domain, LostWhy
from tenants.platform_models import ClaimState, DomainClaim

EVERY = timedelta(hours=6)
SOON = timedelta(hours=1)  # while something is wrong, or the DNS is silent
PATIENCE = timedelta(hours=24)
GRACE = timedelta(days=14)  # after the agency was told
LOST, LET_GO, BACK = "lost", "let_go", "back"
SUBJECTS = {
    LOST: "{host} dejó de apuntar a su portal",
    LET_GO: "{host} ya no responde por su portal",
    BACK: "{host} volvió a apuntar a su portal",
}


def look(domain_id: int, *, now: datetime, resolve: Resolver | None = None) -> datetime | None:
    """Look at a domain, and do what follows. Returns when to look again, or None when it is no agency's any more."""
    context.leave()
    seen = Domain.objects.select_related("tenant").filter(pk=domain_id).first()
    if seen is None:
        return None
    proof = DomainClaim.objects.filter(agency=seen.tenant, domain=seen.domain, state=ClaimState.PROVEN).first()
    try:
        why = _lacks(seen, proof, resolve or domains.ask_dns)
    except DnsSilent:
        return now + SOON
    with transaction.atomic():
        domain = Domain.objects.select_for_update(of=("self",)).select_related("tenant").filter(pk=domain_id).first()
        if domain is None:
            return None
        domain.looked_at = now
        if not why:
            _found(domain, now=now)
            return now + EVERY
        domain.lost_since, domain.lost_why = domain.lost_since or now, why
        domain.save()
        if proof is None:
            return now + EVERY
        if domain.told_at is None and now - domain.lost_since >= PATIENCE:
            _lose(domain, now=now)
        elif domain.told_at is not None and now - domain.told_at >= GRACE:
            _let_go(domain, proof, now=now)
            return None
    return now + SOON


def ends_at(domain: Domain) -> datetime | None:
    """When a lost domain is let go; None for one that is not."""
    return domain.told_at + GRACE if domain.told_at else None


def lost() -> dict[str, int]:
    """How many domains each schema has lost."""
    counted = Domain.objects.exclude(told_at=None).values("tenant__schema_name").annotate(many=Count("pk"))
    return {row["tenant__schema_name"]: row["many"] for row in counted}


def mail(user_id: int, *, host: str, news: str, key: str) -> None:
    """Tell someone who runs the agency that we are inside what became of `host`."""
    agency = context.current_agency()
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    if user is None:
        return
    subdomain = f"{agency.slug}.{settings.PLATFORM_HOST}"
    mails.build_mail(
        subject=SUBJECTS[news].format(host=host), template="domain",
        context={
            **branding.mail_brand(agency), "name": user.name, "host": host, "news": news, "subdomain": subdomain, "days": GRACE.days,
            "link": branding.origin(agency) + reverse("desk_domain", urlconf=settings.AGENCY_URLCONF),
        },
        to=user.email, from_name=settings.PLATFORM_NAME, from_address=settings.MAIL_FROM,
        message_id_key=f"domain:{agency.schema_name}:{key}",
    ).send()  # fmt: skip


def _lacks(domain: Domain, proof: DomainClaim | None, ask: Resolver) -> str:
    """What a domain lacks, "" for nothing. Raises DnsSilent."""
    if not (ask(settings.PLATFORM_HOST, "A") or ask(settings.PLATFORM_HOST, "AAAA")):
        raise DnsSilent  # who does not know the platform cannot be asked what points to it
    if proof is not None and proof.token not in ask(f"{PREFIX}.{domain.domain}", "TXT"):
        return LostWhy.RECORD
    return "" if domains.points_here(domain, ask) else LostWhy.POINTS


def _found(domain: Domain, *, now: datetime) -> None:
    was_told, domain.lost_since, domain.lost_why, domain.told_at = domain.told_at, None, "", None
    domain.save()
    if was_told is not None:
        domains.send_people(domain.tenant, domain.domain)
        _tell(domain.tenant, domain.domain, domain.pk, BACK, now=now)


def _lose(domain: Domain, *, now: datetime) -> None:
    domain.told_at = now
    domain.save()
    domains.send_people(domain.tenant, domain.domain)
    _tell(domain.tenant, domain.domain, domain.pk, LOST, now=now)


def _let_go(domain: Domain, proof: DomainClaim, *, now: datetime) -> None:
    agency, host, number = domain.tenant, domain.domain, domain.pk
    why = capfirst(LostWhy(domain.lost_why).label)
    domain.delete()
    DomainClaim.objects.filter(pk=proof.pk).update(state=ClaimState.LOST, checked_at=now, found=f"{why}.")
    domains.send_people(agency, host)
    acts.note("soltar dominio", by=None, reason=f"{why} desde hace más de {GRACE.days} días", now=now, agency=agency, detail=host)
    _tell(agency, host, number, LET_GO, now=now)


def _tell(agency: Agency, host: str, domain_id: int, news: str, *, now: datetime) -> None:
    with context.in_agency(agency):
        heads = User.objects.filter(role=Role.STAFF, staff_role=StaffRole.HEAD, is_active=True).exclude(email="")
        for user_id in heads.order_by("pk").values_list("pk", flat=True):
            defer("tenants.mail_domain", f"{domain_id}:{news}:{now:%Y%m%d%H%M}:{user_id}", now=now, user_id=user_id, host=host, news=news)
