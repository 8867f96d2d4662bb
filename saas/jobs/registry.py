"""Which function does which kind of job. Handlers live in workers/ and register themselves with @handles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Task:
    """A claimed job, as its handler sees it."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int  # this one included


class Permanent(Exception):
    """Trying again will not help: the job is set aside with this error until a person replays it."""


class Later(Exception):
    """Nothing failed, but there is more to do at `due_at` (UTC)."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"later, at {due_at:%Y-%m-%d %H:%M:%S}")
        self.due_at = due_at


Handler = Callable[[Task], None]
HANDLERS: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the decorated function for `kind`. It may run more than once for the same job: it must be safe to repeat."""

    def register(handler: Handler) -> Handler:
        if HANDLERS.setdefault(kind, handler) is not handler:
            raise RuntimeError(f"two handlers for {kind}")
        return handler

    return register
