"""The demo's database, filled once for all stacks of a run of the tests: the first to ask fills it, the others get a copy of it.

The parallel processes share a folder: in it a lock, the name of the copy that is kept, how many stacks still use it, and the
collected static files. Who lets go last drops the copy.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

KEPT, USERS = "kept", "users"


def create(shared: Path, name: str, *, server: str, fill: Callable[[], None]) -> None:
    """Create the database `name`: a copy of the kept one, or, for the first to ask, an empty one that `fill()` fills and that
    is then kept as a copy. `fill()` runs in either case and completes what it does not find. `server` is a URL to it."""
    with _alone(shared), psycopg.connect(server, autocommit=True) as connection:
        kept = shared / KEPT
        template = kept.read_text() if kept.exists() else ""
        connection.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))  # type: ignore[arg-type]
        fill()
        if not template:
            connection.execute(f'CREATE DATABASE "{name}_kept" TEMPLATE "{name}"')  # type: ignore[arg-type]
            kept.write_text(f"{name}_kept")
        _count(shared, 1)


def let_go(shared: Path, *, server: str) -> None:
    """Say that a stack has ended; the last one drops the copy."""
    with _alone(shared), psycopg.connect(server, autocommit=True) as connection:
        if _count(shared, -1) == 0:
            kept = shared / KEPT
            connection.execute(f'DROP DATABASE "{kept.read_text()}"')  # type: ignore[arg-type]
            kept.unlink()


def _count(shared: Path, more: int) -> int:
    users = shared / USERS
    now = int(users.read_text() if users.exists() else 0) + more
    users.write_text(str(now))
    return now


@contextmanager
def _alone(shared: Path) -> Iterator[None]:
    shared.mkdir(parents=True, exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
