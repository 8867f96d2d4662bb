"""Own domains: nobody's before its DNS shows the agency's token; then answered, given a certificate, and where people are sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from saas.jobs.models import Job
from saas.lib import clock
from tenants import branding, context, domains
from tenants.models import Agency, Domain
from tenants.platform_models import DomainClaim
from tests.tenants.superadmin import an_operator, do
from tests.world import Cast, Casts

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
