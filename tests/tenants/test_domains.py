"""Own domains: nobody's before its DNS shows the agency's token; then answered, given a certificate, and where people are sent.
Watched ever after; let go only when the DNS itself says for weeks that it is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser

from saas.jobs import run
from saas.jobs.models import Job
from saas.lib import clock
from tenants import alarms, branding, context, domain_watch, domains
from tenants.models import Agency, Domain
from tenants.platform_models import DomainClaim, OperatorAct
from tests.tenants.superadmin import an_operator, do
from tests.world import Cast, Casts
from workers import vitals

HOST = "portal.casalinda.com.co"
TOKEN = "x" * 32


def dns(**records: list[str]) -> domains.Resolver:
    """A DNS that says `records`: TXT, CNAME, A."""
    platform = {"A": ["203.0.113.9"]}

    def ask(name: str, kind: str) -> list[str]:
        if name == "plataforma.test":
            return platform.get(kind, [])
        wanted = f"_arriendo-al-dia.{HOST}" if kind == "TXT" else HOST
        return records.get(kind, []) if name == wanted else []

    return ask


def claimed(browse: Any, cast: Cast) -> DomainClaim:
    answer = browse(cast.agency, cast.sara).post("/oficina/ajustes/dominio/", {"domain": f"https://{HOST.upper()}/"})
    assert (answer.status_code, answer["Location"]) == (302, "/oficina/ajustes/dominio/")
    claim = DomainClaim.objects.get(agency=cast.agency)
    assert claim.domain == HOST
    return claim


def tls(browse: Any, settings: Any) -> int:
    settings.SAAS_INTERNAL_TOKEN = TOKEN
    return int(browse(None).get("/internal/tls-check", {"domain": HOST, "token": TOKEN}).status_code)


def test_from_the_desk_to_a_certificate(
    here: Cast, browse: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    claim = claimed(browse, here)
    page = browse(here.agency, here.sara).get("/oficina/ajustes/dominio/").content.decode()
    for said in (f"_arriendo-al-dia.{HOST}", claim.token, "alfa.plataforma.test", "Esperando sus registros DNS"):
        assert said in page
    assert Job.objects.get(kind="tenants.check_domain").payload == {"claim_id": claim.pk}
    assert tls(browse, settings) == 404
    now = clock.now()
    assert domains.check(claim.pk, now=now, resolve=dns()) == now + timedelta(minutes=5)
    assert DomainClaim.objects.get().found == "Todavía no vemos el registro TXT."
    domains.check(claim.pk, now=now, resolve=dns(TXT=["otra cosa"], CNAME=["alfa.plataforma.test."]))
    assert DomainClaim.objects.get().found == "El registro TXT tiene otro valor."
    domains.check(claim.pk, now=now, resolve=dns(TXT=[claim.token], CNAME=["plataforma.test.evil.example."]))
    assert "Todavía no vemos que el dominio apunte" in DomainClaim.objects.get().found
    assert not Domain.objects.filter(domain=HOST).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert domains.check(claim.pk, now=now, resolve=dns(TXT=[claim.token], CNAME=["alfa.plataforma.test."])) is None
    assert Domain.objects.get(domain=HOST).tenant_id == here.agency.pk
    assert tls(browse, settings) == 200
    assert branding.origin(Agency.objects.get(pk=here.agency.pk)) == f"http://{HOST}"
    # One address for people: the other sends them on, and keeps what they asked for.
    answer = browse(here.agency).get("/area-de-clientes/ingresar/?next=/x")
    assert (answer.status_code, answer["Location"]) == (302, f"http://{HOST}/area-de-clientes/ingresar/?next=/x")
    own = Browser(headers={"host": HOST})
    assert "Inmobiliaria Alfa" in own.get("/").content.decode()


def test_a_domain_without_www_points_by_its_address(here: Cast, browse: Any) -> None:
    claim = claimed(browse, here)
    assert domains.check(claim.pk, now=clock.now(), resolve=dns(TXT=[claim.token], A=["203.0.113.8"])) is not None
    assert domains.check(claim.pk, now=clock.now(), resolve=dns(TXT=[claim.token], A=["203.0.113.9"])) is None
    assert Domain.objects.filter(domain=HOST).exists()


def test_who_proves_it_gets_it(cast: Casts, browse: Any) -> None:
    mine, theirs = claimed(browse, cast.alfa), claimed(browse, cast.beta)
    assert mine.token != theirs.token
    assert domains.check(theirs.pk, now=clock.now(), resolve=dns(TXT=[mine.token], CNAME=["beta.plataforma.test."])) is not None
    domains.check(mine.pk, now=clock.now(), resolve=dns(TXT=[mine.token, "v=spf1"], CNAME=["alfa.plataforma.test."]))
    domains.check(theirs.pk, now=clock.now(), resolve=dns(TXT=[theirs.token], CNAME=["beta.plataforma.test."]))
    assert Domain.objects.get(domain=HOST).tenant_id == cast.alfa.agency.pk
    theirs.refresh_from_db()
    assert (theirs.state, theirs.found) == ("failed", "Ese dominio ya es de una inmobiliaria de la plataforma.")


def test_it_is_looked_for_two_weeks(here: Cast, browse: Any) -> None:
    claim = claimed(browse, here)
    day = claim.asked_at + timedelta(days=1)
    assert domains.check(claim.pk, now=day, resolve=dns()) == day + timedelta(hours=1)
    assert domains.check(claim.pk, now=claim.asked_at + timedelta(days=14, seconds=1), resolve=dns()) is None
    assert DomainClaim.objects.get().state == "failed"
    assert domains.check(claim.pk, now=day, resolve=dns(TXT=[claim.token], CNAME=["alfa.plataforma.test."])) is None
    assert not Domain.objects.filter(domain=HOST).exists()


@pytest.mark.parametrize("typed", ["", "casa", "a b.co", "plataforma.test", "otra.plataforma.test", "10.0.0.1", "x" * 250 + ".co", "-a.co", "a..co"])
def test_what_is_no_domain_of_theirs(here: Cast, browse: Any, typed: str) -> None:
    assert browse(here.agency, here.sara).post("/oficina/ajustes/dominio/", {"domain": typed}).status_code == 422
    assert DomainClaim.objects.count() == 0


def test_it_is_taken_away(cast: Casts, browse: Any, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    olga = browse(None, an_operator())
    with django_capture_on_commit_callbacks(execute=True):
        do(olga, "agregar-dominio", cast.alfa.agency, host=HOST)
    assert tls(browse, settings) == 200
    theirs = browse(cast.beta.agency, cast.beta.sara)
    theirs.post("/oficina/ajustes/dominio/quitar/", {"domain": HOST})
    theirs.post("/oficina/ajustes/dominio/quitar/", {"domain": "beta.plataforma.test"})
    assert Domain.objects.count() == 3
    with context.in_agency(cast.alfa.agency):
        sara = cast.alfa.sara
    own = Browser(headers={"host": HOST})
    from tests.world import log_in

    log_in(own, cast.alfa.agency, sara)
    with django_capture_on_commit_callbacks(execute=True):
        assert own.post("/oficina/ajustes/dominio/quitar/", {"domain": HOST}).status_code == 302
    assert tls(browse, settings) == 404
    assert Agency.objects.get(pk=cast.alfa.agency.pk).own_host == ""
    assert browse(cast.alfa.agency).get("/").status_code == 200


# What becomes of it afterwards


@pytest.fixture
def kept(here: Cast, browse: Any, django_capture_on_commit_callbacks: Any) -> Domain:
    """Alfa's domain, proven and pointing here."""
    claim = claimed(browse, here)
    with django_capture_on_commit_callbacks(execute=True):
        assert domains.check(claim.pk, now=clock.now(), resolve=dns(TXT=[claim.token], CNAME=["alfa.plataforma.test."])) is None
    return Domain.objects.get(domain=HOST)


def own_host(cast: Cast) -> str:
    return Agency.objects.get(pk=cast.agency.pk).own_host


def silent(name: str, kind: str) -> list[str]:
    raise domains.DnsSilent


def test_it_is_watched_from_the_day_it_is_proven(here: Cast, kept: Domain) -> None:
    (job,) = Job.objects.filter(kind="tenants.watch_domain")
    assert (job.payload, job.due_at - job.created_at) == ({"domain_id": kept.pk}, timedelta(hours=6))
    good = dns(TXT=[DomainClaim.objects.get().token], CNAME=["alfa.plataforma.test."])
    now = clock.now()
    assert domain_watch.look(kept.pk, now=now, resolve=good) == now + timedelta(hours=6)
    kept.refresh_from_db()
    assert (kept.looked_at, kept.lost_since, own_host(here)) == (now, None, HOST)


def test_silence_of_the_dns_takes_nothing(here: Cast, kept: Domain, browse: Any, settings: Any) -> None:
    def knows_nobody(name: str, kind: str) -> list[str]:
        return []

    for later in range(40):
        now = clock.now() + timedelta(days=later)
        for resolve in (silent, knows_nobody):
            assert domain_watch.look(kept.pk, now=now, resolve=resolve) == now + timedelta(hours=1)
    kept.refresh_from_db()
    assert (kept.lost_since, kept.told_at, kept.looked_at, own_host(here)) == (None, None, None, HOST)
    assert tls(browse, settings) == 200


@pytest.mark.parametrize(("gone", "why"), [("TXT", "record"), ("CNAME", "points")])
def test_lost_told_and_let_go(
    here: Cast, kept: Domain, gone: str, why: str, browse: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    token = DomainClaim.objects.get().token
    records = {"TXT": [token], "CNAME": ["alfa.plataforma.test."]}
    good, bad = dns(**records), dns(**{**records, gone: ["otra.cosa.example."]})
    start = clock.now()

    def look(later: timedelta, resolve: domains.Resolver) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return domain_watch.look(kept.pk, now=start + later, resolve=resolve)

    # Once is not lost, and a good answer begins anew.
    assert look(timedelta(0), bad) == start + timedelta(hours=1)
    kept.refresh_from_db()
    assert (kept.lost_since, kept.lost_why, kept.told_at, own_host(here)) == (start, why, None, HOST)
    look(timedelta(hours=23), bad)
    look(timedelta(hours=24), good)
    look(timedelta(hours=25), bad)
    look(timedelta(hours=48), bad)
    kept.refresh_from_db()
    assert kept.told_at is None
    assert mailed(here) == []
    # A day of it: the agency is told once, and its people are sent to the subdomain; the domain still answers.
    look(timedelta(hours=49), bad)
    look(timedelta(hours=50), bad)
    assert (own_host(here), tls(browse, settings)) == ("", 200)
    assert mailed(here) == [f"{HOST} dejó de apuntar a su portal"]
    assert browse(here.agency).get("/").status_code == 200
    page = browse(here.agency, here.sara).get("/oficina/ajustes/dominio/").content.decode()
    assert "dejó de apuntar a su portal: " + {"record": "falta el registro TXT.", "points": "no apunta a la plataforma."}[why] in page
    assert token in page
    pulses = vitals.keep(vitals.rows(), now=clock.now())
    assert {pulse.schema_name: pulse.lost_domains for pulse in pulses if pulse.lost_domains} == {here.agency.schema_name: 1}
    assert [trouble.kind for pulse in pulses for trouble in alarms.troubles(pulse)] == ["domain"]
    # Back: as before.
    look(timedelta(days=10), good)
    assert own_host(here) == HOST
    # Lost for good: only an answer takes it, and its claim can be asked again.
    look(timedelta(days=11), bad)
    look(timedelta(days=12), bad)
    look(timedelta(days=25, hours=23), bad)
    look(timedelta(days=40), silent)
    assert tls(browse, settings) == 200
    assert look(timedelta(days=41), bad) is None
    assert (tls(browse, settings), own_host(here), Domain.objects.filter(domain=HOST).count()) == (404, "", 0)
    assert Browser(headers={"host": HOST}).get("/").status_code == 404
    assert DomainClaim.objects.get().state == "lost"
    assert OperatorAct.objects.get(act="soltar dominio").detail == HOST
    assert mailed(here)[1:] == [f"{HOST} volvió a apuntar a su portal", f"{HOST} dejó de apuntar a su portal", f"{HOST} ya no responde por su portal"]
    assert "ya no responde. Cree otra vez" in browse(here.agency, here.sara).get("/oficina/ajustes/dominio/").content.decode()
    assert claimed(browse, here).state == "waiting"


def mailed(cast: Cast) -> list[str]:
    """Run the agency's mails about domains. The subjects that went to its head, and to nobody else."""
    with context.in_agency(cast.agency):
        jobs = list(Job.objects.filter(kind="tenants.mail_domain", done_at=None).order_by("pk"))
        for job in jobs:
            run.run_job(job.pk, now=clock.now() + timedelta(days=60))
        assert not Job.objects.filter(kind="tenants.mail_domain", done_at=None).exists()
    assert {to for message in mail.outbox for to in message.to} <= {cast.sara.email}
    return [message.subject for message in mail.outbox]


def test_what_an_operator_added_is_looked_at_and_only_a_person_takes_it(cast: Casts, browse: Any) -> None:
    olga = browse(None, an_operator())
    do(olga, "agregar-dominio", cast.alfa.agency, host=HOST)
    domain = Domain.objects.get(domain=HOST)
    for later in range(40):
        domain_watch.look(domain.pk, now=clock.now() + timedelta(days=later), resolve=dns(A=["198.51.100.7"]))
    domain.refresh_from_db()
    assert (domain.lost_why, domain.told_at, own_host(cast.alfa)) == ("points", None, HOST)
    assert "No apunta a la plataforma desde el" in olga.get("/superadmin/tenants/domain/").content.decode()


def test_what_the_dns_says_and_what_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import dns.message
    import dns.resolver

    def says(error: Exception) -> Any:
        def resolve(*args: Any, **options: Any) -> Any:
            raise error

        return resolve

    nothing = dns.resolver.NoAnswer(response=dns.message.make_response(dns.message.make_query(HOST, "A")))
    denials: list[Exception] = [dns.resolver.NXDOMAIN(), nothing]
    silences: list[Exception] = [
        dns.resolver.LifetimeTimeout(timeout=5, errors=[]), dns.resolver.NoNameservers(), dns.resolver.NoResolverConfiguration(), OSError(),
    ]  # fmt: skip
    for error in denials:
        monkeypatch.setattr(dns.resolver, "resolve", says(error))
        assert domains.ask_dns(HOST, "A") == []
    for error in silences:
        monkeypatch.setattr(dns.resolver, "resolve", says(error))
        with pytest.raises(domains.DnsSilent):
            domains.ask_dns(HOST, "A")
