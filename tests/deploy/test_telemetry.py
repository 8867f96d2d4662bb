"""What goes to Sentry and to an OpenTelemetry collector, as a server of each would receive it: enough to mend, nobody's data."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.deploy.server import Server, run
from tests.journeys.stack import until

pytestmark = pytest.mark.django_db
ALFA = "alfa.plataforma.test"
PRIVATE = ("rita", "1017999888", "clave-muy-secreta", "un-token-secreto", "203.0.113", "sesion=", "SELECT")
FAILING = """
import logging, django
django.setup()
from saas.lib import logs
with logs.in_request("abcdef0123456789"):
    clave = "clave-muy-secreta"
    try:
        try:
            raise KeyError("un-token-secreto")
        except KeyError as cause:
            raise ValueError("rita@correo.example debe " + clave) from cause
    except ValueError:
        logging.getLogger("payments.tried").exception("the job of %s failed", "1017999888")
    logging.getLogger("somebody.else").error("rita came from 203.0.113.7")
import sentry_sdk
sentry_sdk.flush(10)
"""


OPENED: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


class Collector:
    """Takes whatever is sent to it."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((self.path, OPENED[self.headers.get("Content-Encoding", "")](body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self) -> list[dict[str, str]]:
        """Name and attributes of each span received."""
        found = []
        for path, body in list(self.got):
            assert path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        found.append({"name": span.name, **{a.key: a.value.string_value or str(a.value.int_value) for a in span.attributes}})
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_an_error_arrives_with_its_place_and_without_words(env: dict[str, str], collector: Collector) -> None:
    done = run({**env, "SAAS_SENTRY_DSN": f"http://publica@{collector.address}/7"}, "-c", FAILING)
    assert done.returncode == 0, done.stderr
    (first, second) = collector.got
    assert first[0] == "/api/7/envelope/"
    event = json.loads(first[1].splitlines()[2])
    assert event["logentry"] == {"message": "the job of %s failed"}
    assert event["tags"] == {"agency": "public", "request": "abcdef0123456789"}
    assert [error["type"] for error in event["exception"]["values"]] == ["KeyError", "ValueError"]
    assert [error["value"] for error in event["exception"]["values"]] == ["", ""]
    assert event["exception"]["values"][1]["stacktrace"]["frames"][-1]["lineno"] > 0
    assert set(event) <= {
        "event_id", "timestamp", "platform", "level", "environment", "release", "logger", "tags", "logentry", "exception", "sdk",
    }  # fmt: skip
    assert "logentry" not in json.loads(second[1].splitlines()[2])
    sent = b"".join(body for _path, body in collector.got).decode()
    assert [word for word in PRIVATE if word in sent] == []


def test_a_request_is_traced_by_its_route_and_agency(collected: dict[str, str], collector: Collector, tmp_path: Path) -> None:
    web = Server(tmp_path, {**collected, "SAAS_OTLP_URL": f"http://{collector.address}", "OTEL_BSP_SCHEDULE_DELAY": "200"})
    web.start()
    try:
        web.ask("/area-de-clientes/activar/un-token-secreto-123/?documento=1017999888", host=ALFA, headers={"Cookie": "sesion=rita"})
        found = until("the span arrives", lambda: [span for span in collector.spans() if "activar" in span.get("http.route", "")])
    finally:
        web.stop()
    (span,) = found
    assert span["name"] == "request"
    assert span["http.route"] == "area-de-clientes/activar/<str:token>/"
    assert (span["http.request.method"], span["http.response.status_code"]) == ("GET", "410")
    assert span["agency"].startswith("a_")
    assert set(span) == {"name", "http.route", "http.request.method", "http.response.status_code", "agency", "request"}
    sent = b"".join(body for _path, body in collector.got)
    assert [word for word in PRIVATE if word.encode() in sent] == []


def test_nothing_is_loaded_where_nothing_is_told(env: dict[str, str]) -> None:
    code = "import django, sys; django.setup(); print([m for m in sys.modules if m.split('.')[0] in ('sentry_sdk', 'opentelemetry')])"
    done = run(env, "-c", code)
    assert (done.returncode, done.stdout.strip()) == (0, "[]")
