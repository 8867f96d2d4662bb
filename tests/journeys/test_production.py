"""The main job through what production has: TLS, Caddy, HAProxy, PgBouncer, production settings, SMTP.

Where one of them cannot be had, a warning in the run's summary says that it was not walked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from playwright.sync_api import Page, expect

from tests.deploy.test_files import tool
from tests.journeys.conftest import process_number
from tests.journeys.production import ProductionStack
from tests.journeys.steps import (
    FOUNDER,
    ask_for_agency,
    come_back,
    confirm_agency,
    download,
    expect_state,
    letter_with,
    log_in,
    pay_at_payu,
    register_payment,
    try_to_log_in,
)
from tests.journeys.test_main_job import receipts_of, text_of

pytestmark = pytest.mark.journey
CORDILLERA, DELRIO = "cordillera", "delrio"


@pytest.fixture(scope="module")
def production(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionStack | None]:
    caddy, haproxy, pgbouncer = tool("caddy"), tool("haproxy"), tool("pgbouncer")
    if not (caddy and haproxy and pgbouncer):
        yield None
        return
    redis_url = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{32 + process_number()}"))
    running = ProductionStack(
        folder=tmp_path_factory.mktemp("production"), database_server=os.environ["DATABASE_URL"], redis_url=redis_url,
        assets=os.environ["SAAS_ASSETS_DIR"], caddy=caddy, haproxy=haproxy, pgbouncer=pgbouncer, shared=shared,
    )  # fmt: skip
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def visitor(window: Any) -> Page:
    page: Page = window(ignore_https_errors=True).new_page()
    return page


def test_a_renter_pays_and_the_receipt_arrives(production: ProductionStack | None, visitor: Page) -> None:
    if production is None:
        return
    person, origin = production.people(CORDILLERA, "inquilino")[0], production.agency_origin(CORDILLERA)
    assert origin.startswith("https://cordillera.localhost:")
    log_in(visitor, origin, person)
    (session,) = [cookie for cookie in visitor.context.cookies() if cookie["name"] == "__Host-sesion"]
    assert (session["secure"], session["httpOnly"], session["domain"]) == (True, True, "cordillera.localhost")
    number = register_payment(visitor, origin)
    pay_at_payu(visitor, production, means="card", outcome="approved")
    come_back(visitor, origin)
    expect_state(visitor, "approved")
    link = visitor.get_by_test_id("download-receipt")
    expect(link).to_be_visible(timeout=30_000)
    text = text_of(download(visitor, link))
    ((receipt, amount, left),) = receipts_of(production, CORDILLERA, number)
    assert left == 0
    assert (f"CP-{receipt}" in text, number in text, f"{amount:,.0f}".replace(",", ".") in text) == (True, True, True)
    letter = letter_with(production, f"comprobante-CP-{receipt}.pdf (application/pdf)", "Recibimos su pago")
    assert "portal@plataforma.example" in letter
    # The gateway's own word came from outside, through the proxy, and not only because we asked.
    said = production.query(CORDILLERA, "SELECT source, state, remote_address::text FROM payments_callback WHERE source = 'post'")
    assert said == [("post", "settled", "127.0.0.1/32")]


def test_an_agency_signs_up_and_its_staff_are_asked_for_a_second_factor(production: ProductionStack | None, visitor: Page) -> None:
    if production is None:
        return
    confirm_agency(visitor, ask_for_agency(visitor, production))
    origin = production.agency_origin("laceiba")
    try_to_log_in(visitor, origin, FOUNDER, path="/oficina/")
    visitor.wait_for_url(origin + "/area-de-clientes/seguridad/")
    expect(visitor.get_by_role("main")).to_contain_text("Su cargo exige un segundo paso al ingresar")
    ((schema,),) = production.platform("SELECT schema_name FROM tenants_agency WHERE slug = 'laceiba'")
    ((tables, same),) = production.platform(
        "SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = '" + schema + "'), (SELECT count(*) FROM pg_tables WHERE schemaname ="
        " (SELECT schema_name FROM tenants_agency WHERE slug = 'cordillera'))"
    )  # fmt: skip
    assert tables == same > 0


def test_two_agencies_share_the_connections_and_nothing_else(production: ProductionStack | None, window: Any) -> None:
    if production is None:
        return
    pages = {}
    for slug in (CORDILLERA, DELRIO):
        pages[slug] = window(ignore_https_errors=True).new_page()
        log_in(pages[slug], production.agency_origin(slug), production.people(slug, "inquilino")[1])
    own = {slug: production.query(slug, "SELECT name FROM clientarea_client") for slug in pages}
    for _ in range(5):
        for slug, other in ((CORDILLERA, DELRIO), (DELRIO, CORDILLERA)):
            pages[slug].goto(production.agency_origin(slug) + "/area-de-clientes/")
            expect(pages[slug].get_by_role("main")).to_contain_text(production.people(slug, "inquilino")[1]["name"].split()[0])
            text = pages[slug].content()
            strangers = {name for (name,) in own[other]} - {name for (name,) in own[slug]}
            assert [name for name in strangers if name in text] == []
