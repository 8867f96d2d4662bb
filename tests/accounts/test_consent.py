"""Consent: asked once of a client before anything else, kept with version, time and place; its words are tied to the version."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from saas.accounts import consents
from saas.accounts.models import Consent
from tenants import context, platform_texts
from tests.accounts.steps import LOGIN, log_in, words_of
from tests.world import NOW, Casts

CONSENT = "/area-de-clientes/autorizacion/"
INVOICES = "/area-de-clientes/facturas/"


@pytest.fixture
def rita(cast: Casts, browse: Any) -> Any:
    """Rita of alfa logged in, who accepted nothing yet."""
    with context.in_agency(cast.alfa.agency):
        Consent.objects.filter(user=cast.alfa.rita.user).delete()
    browser = browse(cast.alfa.agency)
    log_in(browser, "1001")
    return browser


def test_the_text_and_its_version_go_together() -> None:
    text = platform_texts.shipped("consent")
    known = {"2026-11": "f2a447cbf7f84de3"}
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == known[consents.VERSION], "the words changed: give them a new VERSION"


def test_a_client_is_asked_before_anything_else_and_goes_on_where_they_were(cast: Casts, rita: Any) -> None:
    answer = rita.get(INVOICES + "?page=1")
    assert (answer.status_code, answer["Location"]) == (302, f"{CONSENT}?next=%2Farea-de-clientes%2Ffacturas%2F%3Fpage%3D1")
    page = rita.get(answer["Location"])
    assert "Autorizo a Inmobiliaria Alfa" in words_of(page)
    answer = rita.post(CONSENT, {"next": INVOICES + "?page=1"})
    assert (answer.status_code, "marque que acepta" in words_of(answer)) == (422, True)
    assert rita.get(INVOICES).status_code == 302
    answer = rita.post(CONSENT, {"next": INVOICES + "?page=1", "accept": consents.VERSION})
    assert (answer.status_code, answer["Location"]) == (302, INVOICES + "?page=1")
    assert rita.get(INVOICES).status_code == 200
    with context.in_agency(cast.alfa.agency):
        kept = Consent.objects.get(user=cast.alfa.rita.user)
        assert (kept.version, kept.ip) == (consents.VERSION, "127.0.0.1")
        with pytest.raises(IntegrityError), transaction.atomic():
            Consent.objects.create(user=cast.alfa.rita.user, version=consents.VERSION, accepted_at=NOW)


def test_it_leads_nowhere_else(rita: Any) -> None:
    for elsewhere in ("https://malo.example/", "//malo.example/"):
        assert rita.post(CONSENT, {"next": elsewhere, "accept": consents.VERSION})["Location"] == "/area-de-clientes/"


def test_it_is_for_clients(cast: Casts, browse: Any) -> None:
    assert browse(cast.alfa.agency, cast.alfa.sara).get(CONSENT).status_code == 404  # nothing is asked of staff
    assert browse(cast.alfa.agency).get(CONSENT)["Location"].startswith(LOGIN)


def test_one_agency_s_consent_is_none_in_another(cast: Casts, rita: Any) -> None:
    rita.post(CONSENT, {"accept": consents.VERSION})
    with context.in_agency(cast.beta.agency):
        Consent.objects.filter(user=cast.beta.rita.user).delete()
        assert not Consent.objects.filter(user=cast.beta.rita.user).exists()
    with context.in_agency(cast.alfa.agency):
        assert Consent.objects.filter(user=cast.alfa.rita.user).count() == 1


def test_a_form_or_a_fragment_waits_too(cast: Casts, rita: Any) -> None:
    assert rita.post("/area-de-clientes/perfil/", {"email": "x@y.example"})["Location"] == CONSENT
    assert rita.get(INVOICES, headers={"HX-Request": "true"})["HX-Redirect"] == CONSENT
