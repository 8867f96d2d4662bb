"""Two calls at once, on real connections, the second put at a chosen statement of the first; and a connection cut there.

No sleeping and hoping: the first waits before its statement until the second has either ended or is seen by PostgreSQL to
wait for a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import connection

from tenants import context
from tenants.models import Agency

Work = Callable[[], Any]
Crossing = tuple[Work, Work, Callable[[tuple[Any, Any]], None]]  # two calls, and what must be true of their results
PATIENCE = 30.0


class _Side(threading.Thread):
    """One call on a thread, and so on a connection, of its own."""

    def __init__(self, agency: Agency, work: Work, before: Callable[[int], None] | None = None) -> None:
        super().__init__(daemon=True)
        self.agency, self.work, self.before = agency, work, before
        self.pid = 0
        self.connected = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            connection.ensure_connection()
            self.pid = connection.connection.info.backend_pid
            self.connected.set()
            with context.in_agency(self.agency), _counting(self.before):
                self.result = self.work()
        except BaseException as error:  # noqa: BLE001  handed to the test
            self.error = error
        finally:
            self.connected.set()
            connection.close()

    def waits_for_a_lock(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [self.pid])
            row = cursor.fetchone()
        return row is not None and row[0] == "Lock"


@contextmanager
def _counting(before: Callable[[int], None] | None) -> Iterator[None]:
    """Call `before(n)` ahead of this connection's statement number n; its commits are counted among them."""
    if before is None:
        yield
        return
    count = 0
    commit = connection._commit

    def step() -> None:
        nonlocal count
        before(count)
        count += 1

    def wrapper(execute: Any, *args: Any) -> Any:
        step()
        return execute(*args)

    def counted_commit() -> Any:
        step()
        return commit()

    connection._commit = counted_commit
    try:
        with connection.execute_wrapper(wrapper):
            yield
    finally:
        connection._commit = commit


def cross(agency: Agency, first: Work, second: Work, *, at: int) -> tuple[Any, Any] | None:
    """Run `first` inside `agency` up to its statement `at`, then `second`, then both to their ends. Returns what each
    returned, or None when `first` has fewer statements (then only `first` ran). Raises what either raised."""
    reached, go_on = threading.Event(), threading.Event()

    def before(number: int) -> None:
        if number == at:
            reached.set()
            assert go_on.wait(PATIENCE)

    one, other = _Side(agency, first, before), _Side(agency, second)
    one.start()
    while not reached.wait(0.002):
        if not one.is_alive():
            break
    if reached.is_set():
        other.start()
        assert other.connected.wait(PATIENCE)
        while other.is_alive() and not other.waits_for_a_lock():
            other.join(0.002)
        go_on.set()
        other.join(PATIENCE)
    one.join(PATIENCE)
    for side in (one, other):
        if side.error is not None:
            raise side.error
    return (one.result, other.result) if reached.is_set() else None


def everywhere(agency: Agency, prepare: Callable[[], Crossing], *, step: int = 1) -> int:
    """Cross two calls at every statement of the first (or at every `step`-th), each time anew. Returns at how many boundaries.

    `prepare` is called once more than that: the last time the first call has fewer statements, and runs alone."""
    for crossed, at in enumerate(count(0, step)):
        first, second, check = prepare()
        results = cross(agency, first, second, at=at)
        if results is None:
            return crossed
        check(results)
    raise AssertionError


def told(work: Work, *refusals: type[Exception]) -> Callable[[], str]:
    """What became of a call: "done", or why it was refused."""

    def run() -> str:
        try:
            work()
        except refusals as error:
            return str(error) or type(error).__name__
        return "done"

    return run


def cut(agency: Agency, work: Work, *, at: int) -> bool:
    """Run `work` inside `agency`, its connection cut by the server before its statement `at`. Returns whether it got there;
    what the cut makes of it is swallowed."""
    side = _Side(agency, work)
    cuts = []

    def before(number: int) -> None:
        if number == at:
            cuts.append(number)
            _terminate(side.pid)

    side.before = before
    side.start()
    side.join(PATIENCE)
    if not cuts and side.error is not None:
        raise side.error
    return bool(cuts)


def together(agency: Agency, *works: Work) -> list[Any]:
    """Run all of them at once. Returns what each returned; raises what any raised."""
    gate = threading.Barrier(len(works))

    def at_the_gate(work: Work) -> Work:
        def run() -> Any:
            gate.wait(PATIENCE)
            return work()

        return run

    sides = [_Side(agency, at_the_gate(work)) for work in works]
    for side in sides:
        side.start()
    for side in sides:
        side.join(PATIENCE)
    for side in sides:
        if side.error is not None:
            raise side.error
    return [side.result for side in sides]


def _terminate(pid: int) -> None:
    """End a backend and wait until it is gone, on a connection of our own."""
    done: list[BaseException] = []

    def work() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        except BaseException as error:  # noqa: BLE001  handed over
            done.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(PATIENCE)
    if done:
        raise done[0]
