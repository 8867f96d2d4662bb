"""/internal/: addresses for the machines beside us, never for the public: Prometheus' and the proxy's.

Both ask for SAAS_INTERNAL_TOKEN and answer 404 without it, to a request that came in through the proxy, and everywhere
if no token is set. Answered before any host look-up, since they are asked at the web server's own address.
"""

from __future__ import annotations

import hmac
import logging

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from saas.lib import metrics
from tenants import context, hosts

log = logging.getLogger(__name__)
PREFIX = "/internal/"
VITALS = "vitals"  # what workers/vitals.py counts, in the cache that carries no agency
# From the name in VITALS to the metric, and what it says.
GAUGES = {
    "agencies": ("saas_agencies", "Agencies with a schema."),
    "jobs_waiting": ("saas_jobs_waiting", "Jobs that are neither done nor set aside."),
    "jobs_late": ("saas_jobs_late", "Jobs due for more than a minute."),
    "jobs_dead": ("saas_jobs_dead", "Jobs set aside after too many tries."),
    "jobs_late_seconds": ("saas_jobs_late_seconds", "How long the latest job has been due."),
    "callbacks_new": ("saas_callbacks_new", "Callbacks that nobody has processed."),
    "callbacks_settled": ("saas_callbacks_settled", "Callbacks of the last 24 hours that were applied."),
    "callbacks_ignored": ("saas_callbacks_ignored", "Callbacks of the last 24 hours without effect."),
    "callbacks_quarantined": ("saas_callbacks_quarantined", "Callbacks of the last 24 hours in quarantine."),
    "settlement_lag_seconds": ("saas_settlement_lag_seconds", "Longest time from a callback's arrival to its processing, of the last hour."),
    "counted_at": ("saas_vitals_counted_at_seconds", "When these figures were counted, Unix time."),
}


def answer(request: HttpRequest) -> HttpResponse:
    """What is at an internal address. 404 to whoever has no business there."""
    pages = {"/internal/metrics": _metrics, "/internal/tls-check": _tls_check}
    page = pages.get(request.path)
    if page is None or not _is_one_of_us(request):
        return HttpResponse(status=404)
    return page(request)


def _is_one_of_us(request: HttpRequest) -> bool:
    expected = settings.SAAS_INTERNAL_TOKEN
    # The proxy adds this header to whatever it passes on, and not to its own questions.
    if not expected or "HTTP_X_FORWARDED_FOR" in request.META:
        return False
    given = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.GET.get("token", "")
    return hmac.compare_digest(given.encode(), expected.encode())


def _metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(metrics.text() + _vitals(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _tls_check(request: HttpRequest) -> HttpResponse:
    """200 for a host that may have a certificate: the platform's, or a domain of an agency. The proxy asks this."""
    host = request.GET.get("domain", "").lower()
    context.leave()
    known = host == settings.PLATFORM_HOST or (0 < len(host) < 254 and hosts.agency_at(host) is not None)
    return HttpResponse(status=200 if known else 404)


def _vitals() -> bytes:
    """What the worker counted last; nothing if Redis or the worker is away, which the alerts notice."""
    try:
        counted = caches["hosts"].get(VITALS) or {}
    except Exception as error:
        log.warning("vitals: %s", type(error).__name__)
        counted = {}
    registry = CollectorRegistry()
    for name, (metric, meaning) in GAUGES.items():
        if name in counted:
            Gauge(metric, meaning, registry=registry).set(counted[name])
    worst = Gauge("saas_agency_jobs_dead", "Jobs set aside, of the agencies with most of them.", ["schema"], registry=registry)
    for schema, dead in counted.get("worst", []):
        worst.labels(schema).set(dead)
    return generate_latest(registry)
