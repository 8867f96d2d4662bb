"""What the tests of the API share: keys, and calls as an agency's software makes them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.test import Client as Browser

from saas.api import keys
from saas.api.models import ApiKey
from saas.api.scopes import Scope
from tenants import context
from tests.world import NOW, Cast

PROBLEM = "application/problem+json"
_count = itertools.count(1)


def make_key(cast: Cast, scopes: Sequence[str] = tuple(Scope.values), **more: Any) -> tuple[ApiKey, str]:
    """A key of that agency, and what is shown of it."""
    with context.in_agency(cast.agency):
        return keys.create_key(**{"name": "Contabilidad", "scopes": scopes, "expires_on": None, "by": cast.sara, "now": NOW, **more})


class Software:
    """A program that calls one agency's API."""

    def __init__(self, cast: Cast, shown: str | None) -> None:
        self.cast = cast
        self.browser = Browser(headers={"host": f"{cast.agency.slug}.{settings.PLATFORM_HOST}"})
        self.headers = {"Authorization": f"Bearer {shown}"} if shown else {}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request under /api/v1/; what it answered."""
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        more: dict[str, Any] = {}
        if body is not None:
            more = {"data": body if isinstance(body, str | bytes) else json.dumps(body), "content_type": "application/json"}
        return self.browser.generic(method, path if path.startswith("/") else f"/api/v1/{path}", headers=given, **more)

    def get(self, path: str, **headers: str) -> Any:
        """GET."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, key: str = "", **headers: str) -> Any:
        """POST, with an Idempotency-Key of its own unless one is given."""
        return self.call("POST", path, body, Idempotency_Key=key or f"prueba-{next(_count):06}", **headers)

    def change(self, path: str, body: Any, seen: str = "") -> Any:
        """PATCH of what was just read."""
        return self.call("PATCH", path, body, If_Match=seen or self.get(path)["ETag"])


def software(cast: Cast, scopes: Sequence[str] = tuple(Scope.values), **more: Any) -> Software:
    """A program with a key of that agency."""
    return Software(cast, make_key(cast, scopes, **more)[1])


def problem_of(answer: Any, status: int, *more: str) -> dict[str, Any]:
    """The problem that an answer is; it must have that status and be in the one form, with `more` members of its own."""
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content
    body: dict[str, Any] = json.loads(answer.content)
    assert body["status"] == status
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", *more}
    return body
