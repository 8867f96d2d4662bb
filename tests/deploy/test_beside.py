"""The servers beside ours, as deploy/ sets them up: Caddy before the web server, PgBouncer before PostgreSQL.

They are not in any package index of Python: where one is not on the machine, a warning in the run's summary says so.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection

from tests.deploy.server import TOKEN, Server
from tests.deploy.test_files import DEPLOY, tool, variables
from tests.journeys.stack import free_port, until

pytestmark = pytest.mark.django_db
ALFA, PLATFORM = "alfa.plataforma.test", "plataforma.test"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the platform and its subdomains, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, PLATFORM)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(PLATFORM), x509.DNSName(f"*.{PLATFORM}")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "wildcard.pem", folder / "wildcard.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


class Proxy:
    """Caddy with deploy/proxy/Caddyfile on ports of its own, with a certificate of the test's."""

    def __init__(self, caddy: str, folder: Path, web: Server) -> None:
        self.port = free_port()
        pem, key = certificate(folder)
        text = (DEPLOY / "proxy" / "Caddyfile").read_text(encoding="utf-8")
        # What a test cannot have: the ports of the world, and an authority that signs.
        text = text.replace("\tadmin off\n", f"\tadmin off\n\thttp_port {free_port()}\n\thttps_port {self.port}\n\tauto_https disable_redirects\n")
        text = text.replace("tls {\n\t\tkey_type rsa2048\n\t}", "tls {$PROXY_WILDCARD_TLS}")
        text = text.replace("\t\ton_demand\n", "\t\ton_demand\n\t\tissuer internal\n")
        config = folder / "Caddyfile"
        config.write_text(text, encoding="utf-8")
        env = {
            **os.environ, **variables(DEPLOY / ".env.example"), "PROXY_HOST": PLATFORM, "PROXY_WEB": f"http://127.0.0.1:{web.port}",
            "PROXY_WILDCARD_TLS": f"{pem} {key}", "SAAS_INTERNAL_TOKEN": TOKEN, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        }  # fmt: skip
        self.log = (folder / "proxy.log").open("wb")
        command = [caddy, "run", "--adapter", "caddyfile", "--config", str(config)]
        self.process = subprocess.Popen(command, env=env, stdout=self.log, stderr=subprocess.STDOUT)
        until("the proxy answers", lambda: self._open(folder))

    def _open(self, folder: Path) -> bool:
        assert self.process.poll() is None, (folder / "proxy.log").read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def ask(self, host: str, path: str, *, method: str = "GET", body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """What it answers over TLS to a browser that asks for `host`."""
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        asked = http.client.HTTPConnection(host)
        asked.sock = trust.wrap_socket(raw, server_hostname=host)
        try:
            asked.request(method, path, body=body or None, headers=headers or {})
            answer = asked.getresponse()
            return answer.status, answer.read()
        finally:
            asked.close()


@pytest.fixture(scope="module")
def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy | None]:
    caddy = tool("caddy")
    made = Proxy(caddy, tmp_path_factory.mktemp("proxy"), server) if caddy else None
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
    port = free_port()
    text = (DEPLOY / "pgbouncer" / "pgbouncer.ini").read_text(encoding="utf-8")
    server = " ".join(f"{name}={values[of]}" for name, of in zip(
        ("host", "port", "dbname", "user", "password"), ("HOST", "PORT", "NAME", "USER", "PASSWORD"), strict=True
    ))
    for before, after in (
        ("host=127.0.0.1 port=5432 dbname=saas", server),
        ("listen_port = 6432", f"listen_port = {port}\nunix_socket_dir ="), ("auth_type = scram-sha-256", "auth_type = any"),
        ("auth_file = /etc/pgbouncer/userlist.txt", ""),
        ("default_pool_size = 80", "default_pool_size = 2"), ("reserve_pool_size = 10", "reserve_pool_size = 0"),
    ):  # fmt: skip
        assert before in text
        text = text.replace(before, after)
    config = tmp_path / "pgbouncer.ini"
    config.write_text(text, encoding="utf-8")
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and str(folder).startswith(("/tmp/", "/var/")):
            folder.chmod(0o755)
    command = [bouncer, *(["-u", "nobody"] if os.geteuid() == 0 else []), str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"postgres://anybody@127.0.0.1:{port}/saas"
    schemas = [row[0] for row in _query("SELECT schema_name FROM public.tenants_agency ORDER BY slug LIMIT 2")]
    wrong: list[str] = []

    def work(number: int) -> None:
        own = schemas[number % 2]
        for _ in range(10):
            with psycopg.connect(url, autocommit=True, prepare_threshold=None) as client:
                (before,) = client.execute("SHOW search_path").fetchone() or ("",)
                client.execute(f'SET search_path = "{own}"')
                (inside,) = client.execute("SELECT current_schema()").fetchone() or ("",)
                if own in before or "a_" in before or inside != own:
                    wrong.append(f"{own}: {before}, {inside}")

    try:
        until("pgbouncer answers", lambda: process.poll() is None and socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        process.terminate()
        process.wait(10)
    assert wrong == []


def _query(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
