"""The servers beside ours, as deploy/ sets them up: Caddy before the web server, PgBouncer before PostgreSQL. (HAProxy: test_limits.py.)

`make test` brings them where it can (deploy/dev/tools.py); where one is not there, a warning in the run's summary says so.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests.deploy.beside import Bouncer, Proxy
from tests.deploy.server import TOKEN, Server
from tests.deploy.test_files import tool

pytestmark = pytest.mark.django_db
ALFA, PLATFORM = "alfa.plataforma.test", "plataforma.test"


@pytest.fixture(scope="module")
def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy | None]:
    caddy = tool("caddy")
    made = Proxy(caddy, tmp_path_factory.mktemp("proxy"), host=PLATFORM, web_port=server.port) if caddy else None
    yield made
    if made:
        made.stop()


def test_pages_come_through_the_proxy_over_tls(proxy: Proxy | None) -> None:
    if proxy:
        status, body = proxy.ask(ALFA, "/area-de-clientes/ingresar/")
        assert (status, "Inmobiliaria Alfa" in body.decode()) == (200, True)
        assert proxy.ask(PLATFORM, "/")[0] == 200
        assert proxy.ask("nadie.plataforma.test", "/")[0] == 404


def test_nothing_internal_comes_through_it(proxy: Proxy | None) -> None:
    if proxy:
        for path in ("/internal/metrics", f"/internal/tls-check?token={TOKEN}&domain={ALFA}", "/internal/"):
            status, body = proxy.ask(PLATFORM, path, headers={"Authorization": f"Bearer {TOKEN}"})
            assert (status, body) == (404, b"")


def test_a_certificate_is_made_for_a_known_domain_only(proxy: Proxy | None) -> None:
    if proxy:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            proxy.ask("evil.example", "/")


def test_a_callback_that_is_too_large_stops_at_the_proxy(proxy: Proxy | None) -> None:
    if proxy:
        status, _ = proxy.ask(PLATFORM, f"/payu/{'0' * 32}/confirmacion/", method="POST", body=b"x" * 100_000)
        assert status in (413, 502)  # as the version of Caddy has it; without the limit the key that is nobody's would give 404


def test_a_client_cannot_choose_its_address(proxy: Proxy | None, server: Server) -> None:
    if proxy:
        path = "/registro/disponible/?slug=gamma"
        said = [proxy.ask(PLATFORM, path, headers={"X-Forwarded-For": f"198.51.100.{number % 250}"})[0] for number in range(130)]
        assert 429 in said


def test_agencies_stay_apart_through_pgbouncer(tmp_path: Path) -> None:
    """Many clients over few server connections, each in a schema of its own, in session mode as deploy/ sets it."""
    bouncer = tool("pgbouncer")
    if not bouncer:
        return
    values: dict[str, Any] = connection.settings_dict
    server = f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
    between = Bouncer(bouncer, tmp_path, database_url=server, pool=2)
    schemas = [row[0] for row in _query("SELECT schema_name FROM public.tenants_agency ORDER BY slug LIMIT 2")]
    wrong: list[str] = []

    def work(number: int) -> None:
        own = schemas[number % 2]
        for _ in range(10):
            with psycopg.connect(between.url, autocommit=True, prepare_threshold=None) as client:
                (before,) = client.execute("SHOW search_path").fetchone() or ("",)
                client.execute(f'SET search_path = "{own}"')
                (inside,) = client.execute("SELECT current_schema()").fetchone() or ("",)
                if own in before or "a_" in before or inside != own:
                    wrong.append(f"{own}: {before}, {inside}")

    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        between.stop()
    assert wrong == []


def _query(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
