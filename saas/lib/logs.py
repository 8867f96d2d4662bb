"""Log lines as JSON: when, how bad, who says it, what, in which request and agency.

Promises to carry no personal data and no secret: an exception is its type and its frames, never its message or its
variables; what Django and gunicorn say of a request is said without its path, which may hold a link's token.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

# Their arguments are paths, hosts and whatever a browser sent.
UNTRUSTED = ("django.request", "django.security", "django.server", "gunicorn")
_request_id: ContextVar[str] = ContextVar("request_id", default="")


@contextmanager
def in_request(request_id: str) -> Iterator[None]:
    """Every line that is logged within the block says `request_id`."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


def about_now() -> dict[str, str]:
    """Which agency (its schema) and request this thread is at; empty where there is none."""
    return {"agency": _agency(), "request": _request_id.get()}


class JsonFormatter(logging.Formatter):
    """One JSON object a line. What a caller adds with `extra={"data": {...}}` is in it as it is."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            "agency": _agency(),
        }
        if _request_id.get():
            line["request"] = _request_id.get()
        line.update(getattr(record, "data", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    if record.name.startswith(UNTRUSTED):
        return str(record.msg).replace("%s", "…").split("\n")[0][:200]
    return record.getMessage()


def _agency() -> str:
    try:
        from saas.lib.here import current_schema

        return current_schema()
    except Exception:  # Django is not ready, or this is the web server's own process
        return ""


def _error(error: BaseException) -> dict[str, Any]:
    """The types of an exception and of what caused it, and where it went through our code and others'."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    types: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(types) < 5:
        types.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return {"types": types, "frames": frames[-20:]}
