"""The servers beside ours as deploy/ sets them up, on ports of a test: Caddy and HAProxy before the web, PgBouncer before PostgreSQL."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.deploy.server import TOKEN
from tests.deploy.test_files import DEPLOY, variables
from tests.journeys.stack import free_port, until


def certificate(folder: Path, host: str) -> tuple[Path, Path, Path]:
    """A certificate for `host` and its subdomains, its key, and the authority that signed it."""
    now = datetime.now(UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in ("Test authority", host))
    about_root = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    signs = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    root = (
        x509.CertificateBuilder().subject_name(root_name).issuer_name(root_name).public_key(root_key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(about_root, critical=False)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **signs), critical=True)
        .sign(root_key, hashes.SHA256())
    )  # fmt: skip
    names: list[x509.GeneralName] = [x509.DNSName(host), x509.DNSName(f"*.{host}"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(root_name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(about_root), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(root_key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "wildcard.pem", folder / "wildcard.key", folder / "authority.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    files[2].write_bytes(root.public_bytes(serialization.Encoding.PEM))
    return files


class Proxy:
    """Caddy with deploy/proxy/Caddyfile on ports of its own, with a certificate of the test's.

    `more` is added to the file: sites of the test, in which {$PEM} and {$KEY} are the certificate and its key."""

    def __init__(self, caddy: str, folder: Path, *, host: str, web_port: int, port: int | None = None, more: str = "") -> None:
        self.port = port or free_port()
        pem, key, self.authority = certificate(folder, host)
        text = (DEPLOY / "proxy" / "Caddyfile").read_text(encoding="utf-8")
        # What a test cannot have: the ports of the world, and an authority that signs.
        for before, after in (
            ("\tadmin off\n", f"\tadmin off\n\thttp_port {free_port()}\n\thttps_port {self.port}\n\tauto_https disable_redirects\n"),
            ("tls {\n\t\tkey_type rsa2048\n\t}", "tls {$PROXY_WILDCARD_TLS}"),
            ("\t\ton_demand\n", "\t\ton_demand\n\t\tissuer internal\n"),
        ):
            assert before in text
            text = text.replace(before, after)
        config = folder / "Caddyfile"
        config.write_text(text + more, encoding="utf-8")
        env = {
            **os.environ, **variables(DEPLOY / ".env.example"), "PROXY_HOST": host, "PROXY_WEB": f"http://127.0.0.1:{web_port}",
            "PROXY_WILDCARD_TLS": f"{pem} {key}", "PEM": str(pem), "KEY": str(key), "SAAS_INTERNAL_TOKEN": TOKEN, "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config"),
        }  # fmt: skip
        self._folder = folder
        self.log = (folder / "proxy.log").open("wb")
        command = [caddy, "run", "--adapter", "caddyfile", "--config", str(config)]
        self.process = subprocess.Popen(command, env=env, stdout=self.log, stderr=subprocess.STDOUT)
        until("the proxy answers", self._open)

    def _open(self) -> bool:
        assert self.process.poll() is None, (self._folder / "proxy.log").read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def ask(
        self, host: str, path: str, *, method: str = "GET", body: bytes = b"", headers: dict[str, str] | None = None, source: str = "127.0.0.1"
    ) -> tuple[int, bytes]:
        """What it answers over TLS to a browser that asks for `host` from the address `source`."""
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(source, 0))
        asked = http.client.HTTPConnection(host)
        asked.sock = trust.wrap_socket(raw, server_hostname=host)
        try:
            asked.request(method, path, body=body or None, headers=headers or {})
            answer = asked.getresponse()
            return answer.status, answer.read()
        finally:
            asked.close()


class Limits:
    """HAProxy with deploy/limits/haproxy.cfg on a port of its own, before the web server at `web_port`."""

    def __init__(self, haproxy: str, folder: Path, *, web_port: int, requests: int = 400) -> None:
        self.port = free_port()
        env = {**os.environ, "LIMITS_BIND": f"127.0.0.1:{self.port}", "LIMITS_WEB": f"127.0.0.1:{web_port}", "LIMITS_REQUESTS": str(requests)}
        self.log = (folder / "limits.log").open("wb")
        self.folder = folder
        command = [haproxy, "-db", "-f", str(DEPLOY / "limits" / "haproxy.cfg")]
        self.process = subprocess.Popen(command, env=env, stdout=self.log, stderr=subprocess.STDOUT)
        until("haproxy answers", self._open)

    def _open(self) -> bool:
        assert self.process.poll() is None, (self.folder / "limits.log").read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


class Bouncer:
    """PgBouncer with deploy/pgbouncer/pgbouncer.ini on a port of its own, before the server of `database_url`."""

    def __init__(self, pgbouncer: str, folder: Path, *, database_url: str, pool: int = 80) -> None:
        self.port = free_port()
        parts = urlsplit(database_url)
        user, password, name = unquote(parts.username or ""), unquote(parts.password or ""), parts.path.lstrip("/")
        self.url = f"postgres://{parts.username}:{parts.password}@127.0.0.1:{self.port}/saas"
        server = f"host={parts.hostname} port={parts.port or 5432} dbname={name} user={user} password={password}"
        users = folder / "userlist.txt"
        users.write_text(f'"{user}" "{password}"\n', encoding="utf-8")
        text = (DEPLOY / "pgbouncer" / "pgbouncer.ini").read_text(encoding="utf-8")
        for before, after in (
            ("host=127.0.0.1 port=5432 dbname=saas", server),
            ("listen_port = 6432", f"listen_port = {self.port}\nunix_socket_dir ="),
            ("/etc/pgbouncer/userlist.txt", str(users)),
            ("default_pool_size = 80", f"default_pool_size = {pool}"), ("reserve_pool_size = 10", "reserve_pool_size = 0"),
        ):  # fmt: skip
            assert before in text
            text = text.replace(before, after)
        config = folder / "pgbouncer.ini"
        config.write_text(text, encoding="utf-8")
        if os.geteuid() == 0:  # it refuses to run as root; nobody must find its files
            for path in (folder, *folder.parents):
                if path.stat().st_uid == 0 and not path.stat().st_mode & 0o005:
                    path.chmod(0o755)
        command = [pgbouncer, *(["-u", "nobody"] if os.geteuid() == 0 else []), str(config)]
        self.log = (folder / "pgbouncer.log").open("wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        until("pgbouncer answers", lambda: self._open(folder))

    def _open(self, folder: Path) -> bool:
        assert self.process.poll() is None, (folder / "pgbouncer.log").read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it, whoever is still connected."""
        self.process.kill()
        self.process.wait(10)
        self.log.close()
