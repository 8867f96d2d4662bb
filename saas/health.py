"""/livez, /readyz and /internal/: answered before any host look-up, for the machines that watch over us."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse

from saas import internal


def _ready() -> tuple[int, str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return 503, "database: no\n"
    try:
        caches["hosts"].get("readyz")
        redis = "ok"
    except Exception:
        redis = "no (degraded)"  # pages and callbacks still work without it, so it does not take us out of service
    return 200, f"database: ok\nredis: {redis}\n"


class HealthMiddleware:
    """Answers those addresses on any host; passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/livez":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            status, text = _ready()
            return HttpResponse(text, content_type="text/plain", status=status)
        if request.path.startswith(internal.PREFIX):
            return internal.answer(request)
        return self.get_response(request)
