"""How far a long piece of work is, for the page that waits for it. Kept in the cache of the agency alone: losing it loses nothing.

What is far below the work (the drawing of a PDF) says where it is with `say`; who began the work listens with `heard_by`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.cache import cache

log = logging.getLogger(__name__)
EVERY = 0.5  # seconds between two tellings
KEPT = 3600
Progress = Callable[[int, int], object]  # done, in all
Listener = Callable[[str, int, int], object]  # phase, done, in all (0: nobody knows)
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


def teller(name: str, phase: str) -> Progress:
    """A function that keeps how far the work `name` is in its `phase`, at most twice a second."""
    last = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last < EVERY and done < total:
            return
        last = moment
        try:
            cache.set(f"progress:{name}", [phase, done, total], KEPT)
        except Exception as error:  # whatever the cache's trouble is, the work goes on untold
            log.warning("progress of %s is not told: %s", name, type(error).__name__)

    return tell


def far(name: str) -> tuple[str, int, int]:
    """Phase, done and in all of the work `name`; ("", 0, 0) if nothing is known."""
    try:
        found = cache.get(f"progress:{name}")
    except Exception as error:
        log.warning("progress of %s is not known: %s", name, type(error).__name__)
        found = None
    return tuple(found) if found else ("", 0, 0)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Whatever the block says of how far it is, `listener` hears."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def say(phase: str, done: int = 0, total: int = 0) -> None:
    """The work that we are part of is in that phase, so far. Nothing where nobody listens."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(phase, done, total)
