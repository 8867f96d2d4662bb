"""Errors to Sentry and traces by OpenTelemetry, each only where the environment names an address for it.

What leaves is built anew from a list of what may: types and places of an error, the route's pattern, the agency's schema, the
request's id. A message, a variable, a path, a cookie or an address never leaves: any of them may hold a person's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from saas.lib import logs

_FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app")
_EVENT = ("event_id", "timestamp", "platform", "level", "environment", "release", "logger")
OURS = ("saas", "tenants", "clientarea", "payments", "pqrs", "workers")  # others put what they know into their messages
_tracer: Any = None


def start(*, sentry_dsn: str, otlp_url: str, environment: str) -> None:
    """Begin to send, once in a process. An empty address sends nothing and loads nothing."""
    if sentry_dsn:
        _start_sentry(sentry_dsn, environment)
    if otlp_url:
        _start_tracing(otlp_url, environment)


@contextmanager
def span(name: str, **about: str | int) -> Iterator[dict[str, str | int]]:
    """Time the block under `name`. What is put into the dictionary that it gets is told with `about`."""
    said: dict[str, str | int] = dict(about)
    if _tracer is None:
        yield said
        return
    with _tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as made:
        try:
            yield said
        except Exception as error:
            said["error.type"] = type(error).__name__
            raise
        finally:
            made.set_attributes({key: value for key, value in said.items() if value != ""})


def allowed(event: Any, _hint: Any) -> Any:
    """Of an event that Sentry's client made, what may leave."""
    about = logs.about_now()
    made: dict[str, Any] = {name: event[name] for name in _EVENT if name in event}
    made["tags"] = {"agency": about["agency"], "request": about["request"]}
    said = event.get("logentry") or {}
    if said.get("message") and str(event.get("logger", "")).split(".")[0] in OURS:  # the pattern, without what fills it
        made["logentry"] = {"message": str(said["message"])[:200]}
    made["exception"] = {"values": [_without_words(value) for value in (event.get("exception") or {}).get("values", [])]}
    return made


def _without_words(error: dict[str, Any]) -> dict[str, Any]:
    frames = ((error.get("stacktrace") or {}).get("frames")) or []
    kept = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    return {"type": error.get("type"), "module": error.get("module"), "value": "", "stacktrace": {"frames": kept}}


def _start_sentry(dsn: str, environment: str) -> None:
    import sentry_sdk
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        dsn=dsn, environment=environment, before_send=allowed, send_default_pii=False, include_local_variables=False,
        include_source_context=False, max_request_body_size="never", max_breadcrumbs=0, traces_sample_rate=None, server_name="",
        default_integrations=False, auto_enabling_integrations=False, integrations=[LoggingIntegration(level=None)],
        send_client_reports=False,
    )  # fmt: skip


def _start_tracing(url: str, environment: str) -> None:
    global _tracer
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource({"service.name": "saas", "deployment.environment": environment}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=5)))
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer("saas")
