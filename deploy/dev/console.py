"""What the launcher says: steps with their time, prefixed lines of the processes, and errors that say what to do."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

COLOURS = {"web": 36, "worker": 35, "beat": 34, "payu": 33, "postgres": 32, "valkey": 31}
_lock = threading.Lock()


class Trouble(Exception):
    """The launcher cannot go on. The message says what happened and what to do; `code` is the exit code."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def say(text: str = "") -> None:
    """One line for the person who started us."""
    with _lock:
        print(text, flush=True)


def line(name: str, text: str) -> None:
    """One line of a process, behind its name."""
    mark = f"{name:<8} │ "
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        mark = f"\x1b[{COLOURS.get(name, 37)}m{mark}\x1b[0m"
    say(mark + text)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announces `what`, and says how long it took. A terminal sees the seconds pass while it works."""
    began = time.monotonic()
    done = threading.Event()
    ticker = None
    if sys.stdout.isatty():
        ticker = threading.Thread(target=_tick, args=(what, began, done), daemon=True)
        ticker.start()
    else:
        say(f"· {what}…")
    try:
        yield
    finally:
        done.set()
        if ticker is not None:
            ticker.join()
    taken = f"{time.monotonic() - began:.1f} s"
    say(f"\r✓ {what} ({taken})      " if ticker is not None else f"✓ {what} ({taken})")


def _tick(what: str, began: float, done: threading.Event) -> None:
    while not done.wait(0.5):
        with _lock:
            print(f"\r· {what}… {time.monotonic() - began:.0f} s", end="", flush=True)
