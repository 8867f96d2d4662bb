"""The production settings, started as production starts them: gunicorn, all variables, real PostgreSQL and Valkey."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deploy.server import TOKEN, Server, run

pytestmark = pytest.mark.django_db
ALFA = "alfa.plataforma.test"
PLATFORM = "plataforma.test"


def test_the_check_for_deployment_says_nothing(env: dict[str, str]) -> None:
    done = run(env, "manage.py", "check", "--deploy", "--database", "default")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "System check identified no issues (0 silenced).\n")


def test_it_is_ready(server: Server) -> None:
    answer = server.ask_directly("/readyz")
    assert (answer.status, answer.body) == (200, b"database: ok\nredis: ok\n")
    assert server.ask_directly("/livez").body == b"ok\n"


def test_a_page_of_an_agency_over_https(server: Server) -> None:
    answer = server.ask("/area-de-clientes/ingresar/", host=ALFA)
    assert answer.status == 200
    assert "Inmobiliaria Alfa" in answer.body.decode()
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "form-action 'self' https://checkout.payu.test" in answer.headers["Content-Security-Policy"]
    (csrf,) = answer.cookies
    assert csrf.startswith("__Host-csrf=")
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in csrf
    assert "Domain" not in csrf


def test_static_files_are_hashed_and_kept_for_ten_years(server: Server) -> None:
    page = server.ask("/", host=ALFA).body.decode()
    path = next(part for part in page.split('"') if part.startswith("/static/") and part.endswith(".css"))
    answer = server.ask(path, host=ALFA)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"


def test_plain_http_is_sent_to_https(server: Server) -> None:
    answer = server.ask("/", host=ALFA, headers={"X-Forwarded-Proto": "http"})
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{ALFA}/")


def test_an_unknown_host_is_nobody(server: Server) -> None:
    assert server.ask("/", host="nadie.plataforma.test").status == 404
    assert server.ask("/", host="evil.example").status == 404


def test_the_mailbox_of_the_demo_is_not_there(server: Server) -> None:
    assert server.ask("/correo/", host=PLATFORM).status == 404
    assert server.ask("/correo/1-a/0/", host=PLATFORM).status == 404


def test_the_stand_in_of_payu_refuses_to_run(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, "-m", "payments.sandbox", "--port", "0", "--books", str(tmp_path / "books.sqlite"))
    assert done.returncode == 1
    assert "cannot be loaded in production" in done.stderr
    assert not (tmp_path / "books.sqlite").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAAS_MAIL_URL", "file://"), ("PAYU_CHECKOUT_URL", "http://localhost:8001/"), ("SAAS_PLATFORM_ORIGIN", "http://plataforma.test"),
        ("SAAS_MAIL_FROM", "no-responder@localhost"), ("SAAS_INTERNAL_TOKEN", "short"), ("SAAS_WORKER_METRICS", "9101"),
    ],
)  # fmt: skip
def test_what_is_unfit_for_production_stops_it(env: dict[str, str], name: str, value: str) -> None:
    done = run({**env, name: value}, "manage.py", "check")
    assert done.returncode != 0
    assert f"{name} must" in done.stderr


def test_metrics_are_for_those_who_know_the_token_and_not_through_the_proxy(server: Server) -> None:
    assert server.ask_directly("/internal/metrics").status == 404
    assert server.ask_directly("/internal/metrics", headers={"Authorization": "Bearer wrong"}).status == 404
    assert server.ask("/internal/metrics", host=PLATFORM, headers={"Authorization": f"Bearer {TOKEN}"}).status == 404
    server.ask("/", host=ALFA)
    answer = server.ask_directly("/internal/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200
    text = answer.body.decode()
    assert 'saas_requests_total{method="GET",side="agency",status="200"}' in text
    assert "# TYPE saas_pdf_seconds histogram" in text
    assert "alfa" not in text


def test_the_counters_of_both_processes_are_added(server: Server) -> None:
    def asked() -> float:
        text = server.ask_directly("/internal/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).body.decode()
        lines = [line for line in text.splitlines() if line.startswith('saas_requests_total{method="OPTIONS"')]
        return sum(float(line.split()[-1]) for line in lines)

    before = asked()
    for _ in range(12):
        server.ask("/", host=PLATFORM, method="OPTIONS")
    assert asked() == before + 12


def test_certificates_are_asked_for_by_the_proxy_and_given_to_known_hosts(server: Server) -> None:
    def may(host: str, token: str = TOKEN) -> int:
        return server.ask_directly(f"/internal/tls-check?token={token}&domain={host}").status

    assert (may(ALFA), may(PLATFORM), may("beta.plataforma.test")) == (200, 200, 200)
    assert (may("nadie.plataforma.test"), may("evil.example"), may(""), may("x" * 300)) == (404, 404, 404, 404)
    assert may(ALFA, "wrong") == 404
    assert server.ask(f"/internal/tls-check?token={TOKEN}&domain={ALFA}", host=PLATFORM).status == 404


def test_the_real_address_is_the_one_that_our_proxy_saw(server: Server) -> None:
    # A spoofed first part of X-Forwarded-For does not open another count of the limit by address.
    path = "/registro/disponible/?slug=gamma"
    said = [
        server.ask(path, host=PLATFORM, headers={"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.99"}).status for number in range(130)
    ]
    assert 429 in said
    assert server.ask(path, host=PLATFORM, headers={"X-Forwarded-For": "203.0.113.98"}).status == 200


def test_the_log_is_json_without_personal_data(server: Server) -> None:
    secret_path = "/area-de-clientes/activar/un-token-secreto-123/"
    server.ask(secret_path, host=ALFA, headers={"X-Request-ID": "abcdef0123456789"})
    server.ask("/verificar/CODIGOSECRETO9/?documento=1017999888", host=ALFA)
    server.ask(
        "/area-de-clientes/ingresar/", host=ALFA, method="POST", body="login=rita%40correo.example&password=clave-muy-secreta",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    server.ask("/", host="evil-host.example/x")
    lines = server.lines()
    entries = [json.loads(line) for line in lines]
    said = "\n".join(lines)
    for private in ("un-token-secreto", "CODIGOSECRETO9", "1017999888", "rita", "clave-muy-secreta", "evil-host", "203.0.113", TOKEN):
        assert private not in said
    (one,) = [entry for entry in entries if entry.get("request") == "abcdef0123456789" and entry["message"] == "request"]
    assert one["method"] == "GET"
    assert one["agency"].startswith("a_")
    assert isinstance(one["ms"], float)


def test_the_request_id_comes_back(server: Server) -> None:
    assert server.ask("/", host=ALFA, headers={"X-Request-ID": "fedcba9876543210"}).headers["X-Request-ID"] == "fedcba9876543210"
    made = server.ask("/", host=ALFA, headers={"X-Request-ID": "no good\tone"}).headers["X-Request-ID"]
    assert len(made) == 32
