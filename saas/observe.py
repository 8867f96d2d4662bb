"""Around every request: its id, the client's real address, one log line without its path, and its counters.

The address is taken from X-Forwarded-For only as far as SAAS_PROXY_COUNT proxies are trusted; what a client writes there
itself is never believed. The line says the route's pattern, since a path may hold a token.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from saas.lib import logs, metrics, telemetry

log = logging.getLogger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class ObserveMiddleware:
    """The outermost of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request.META["REMOTE_ADDR"] = real_address(request)
        request_id = _id_of(request)
        with logs.in_request(request_id), telemetry.span("request", request=request_id) as said:
            response = self.get_response(request)
            seconds = time.perf_counter() - began
            agency = getattr(request, "agency", None)
            side = "agency" if agency else "platform"
            method = request.method if request.method in METHODS else "other"
            metrics.REQUESTS.labels(side, method, str(response.status_code)).inc()
            metrics.REQUEST_SECONDS.labels(side).observe(seconds)
            match = request.resolver_match
            data: dict[str, Any] = {
                "method": method, "route": match.route if match else "", "status": response.status_code,
                "ms": round(seconds * 1000, 1), "agency": agency.schema_name if agency else "public",
            }  # fmt: skip
            said |= {
                "http.request.method": method, "http.response.status_code": response.status_code, "http.route": data["route"],
                "agency": data["agency"],
            }  # fmt: skip
            log.log(_level(response.status_code), "request", extra={"data": data})
        response["X-Request-ID"] = request_id
        return response


def real_address(request: HttpRequest) -> str:
    """Who asks: the address that the outermost trusted proxy saw."""
    own: str = request.META.get("REMOTE_ADDR", "")
    count = settings.SAAS_PROXY_COUNT
    said = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if not count or len(said) < count:
        return own
    return said[-count]


def _id_of(request: HttpRequest) -> str:
    """The proxy's id of the request, or a new one."""
    given = request.META.get("HTTP_X_REQUEST_ID", "") if settings.SAAS_PROXY_COUNT else ""
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _level(status: int) -> int:
    # A demo and the tests are not told of each page.
    if status >= 500:
        return logging.ERROR
    return logging.INFO if settings.PRODUCTION else logging.DEBUG
