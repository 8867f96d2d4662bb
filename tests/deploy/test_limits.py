"""How much one address may ask for, with deploy/limits/haproxy.cfg behind Caddy: who asks too much is refused, nobody else is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploy.beside import Limits, Proxy
from tests.deploy.server import Server
from tests.deploy.test_files import DEPLOY, tool

pytestmark = pytest.mark.django_db
PLATFORM, CALLBACK = "plataforma.test", f"/payu/{'0' * 32}/confirmacion/"
FEW = 20  # requests in ten seconds


@pytest.fixture
def limits(server: Server, tmp_path: Path) -> Iterator[Limits | None]:
    haproxy = tool("haproxy")
    made = Limits(haproxy, tmp_path, web_port=server.port, requests=FEW) if haproxy else None
    yield made
    if made:
        made.stop()


@pytest.fixture
def proxy(limits: Limits | None, tmp_path: Path) -> Iterator[Proxy | None]:
    caddy = tool("caddy")
    made = Proxy(caddy, tmp_path, host=PLATFORM, web_port=limits.port) if caddy and limits else None
    yield made
    if made:
        made.stop()


def until_refused(ask: Callable[[int], int]) -> list[int]:
    """The statuses of requests one after another, to the first that is refused. A slow machine may need more of them."""
    said: list[int] = []
    while len(said) < 20 * FEW and 429 not in said:
        said.append(ask(len(said)))
    return said


def test_haproxy_itself_reads_it() -> None:
    haproxy = tool("haproxy")
    if haproxy:
        env = {**os.environ, "LIMITS_BIND": "127.0.0.1:8080", "LIMITS_WEB": "127.0.0.1:8000", "LIMITS_REQUESTS": "400"}
        done = subprocess.run([haproxy, "-c", "-f", str(DEPLOY / "limits" / "haproxy.cfg")], env=env, capture_output=True, text=True)
        assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr


def test_an_address_that_asks_too_much_is_refused_and_another_is_not(proxy: Proxy | None) -> None:
    if proxy is None:
        return
    said = until_refused(lambda _number: proxy.ask(PLATFORM, "/livez", source="127.0.0.2")[0])
    assert said[:FEW] == [200] * FEW
    assert said[-1] == 429
    status, body = proxy.ask(PLATFORM, "/livez", source="127.0.0.2", headers={"X-Forwarded-For": "198.51.100.7"})
    assert (status, body.decode()) == (
        429, "Recibimos demasiadas solicitudes desde su conexión. Espere diez segundos y vuelva a intentarlo.\n",
    )  # fmt: skip
    assert proxy.ask(PLATFORM, "/livez", source="127.0.0.3") == (200, b"ok\n")
    # The callbacks of PayU are counted apart, even from that address; the key is nobody's, so the web server says 404. So are static files.
    said = [proxy.ask(PLATFORM, CALLBACK, method="POST", body=b"x=1", source="127.0.0.2")[0] for _ in range(3 * FEW)]
    assert said == [404] * (3 * FEW)
    assert proxy.ask(PLATFORM, "/static/favicon.svg", source="127.0.0.2")[0] != 429


def test_callbacks_take_nothing_from_pages(proxy: Proxy | None) -> None:
    if proxy:
        assert {proxy.ask(PLATFORM, CALLBACK, method="POST", body=b"x=1")[0] for _ in range(2 * FEW)} == {404}
        assert proxy.ask(PLATFORM, "/livez") == (200, b"ok\n")


def test_many_addresses_of_one_home_are_one(limits: Limits | None) -> None:
    """Directly, as the proxy would send them: this machine may have no IPv6."""
    if limits is None:
        return
    through = Server(limits.folder, {}, port=limits.port)

    def ask(address: str) -> int:
        return through.ask("/livez", host=PLATFORM, headers={"X-Forwarded-For": address}).status

    assert until_refused(lambda number: ask(f"2001:db8:1:2::{number:x}"))[-1] == 429
    assert ask("2001:db8:1:2:ffff::1") == 429
    assert ask("2001:db8:1:3::1") == 200
    assert ask("203.0.113.5") == 200


def test_the_proxy_s_own_questions_are_not_counted(limits: Limits | None) -> None:
    if limits:
        through = Server(limits.folder, {}, port=limits.port)
        assert {through.ask_directly("/readyz").status for _ in range(2 * FEW)} == {200}
