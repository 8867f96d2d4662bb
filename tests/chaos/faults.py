"""What goes wrong: kill -9, cut connections, an emptied or frozen Valkey, a full disk, a frozen or odd gateway. Chosen by the seed.

What ends by itself is started again, as a supervisor does in production; everything is running after `stop()`.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import redis

from tests.chaos.disk import Disk
from tests.journeys.stack import Stack

WEIGHTS = {
    "kill a web process": 34, "kill a worker process": 34, "kill the whole web": 3, "kill the whole worker": 4, "kill the beat": 4,
    "cut database connections": 14, "empty Valkey": 5, "freeze Valkey": 2, "freeze the gateway": 2, "bend the notices": 6,
    "fill the disk": 4,
}  # fmt: skip


class Faults:
    """Breaks things at random, one after the other. `own_valkey`: it may be emptied whole and frozen."""

    def __init__(self, stack: Stack, disk: Disk, *, seed: str, own_valkey: bool) -> None:
        self.stack, self.disk, self.own_valkey = stack, disk, own_valkey
        self.done: Counter[str] = Counter()
        self.cut = 0
        self.full_seconds = 0.0
        self._full = threading.Lock()
        self._chance = random.Random(f"{seed}:faults")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._later: list[threading.Thread] = []  # starting again, and thawing
        self.trouble: BaseException | None = None

    @property
    def kills(self) -> int:
        """How often a process was killed with -9."""
        return sum(times for name, times in self.done.items() if name.startswith("kill"))

    def start(self) -> None:
        """Begin to break things."""
        self._thread.start()

    def stop(self) -> None:
        """Break nothing more; everything runs when this returns. Raises what went wrong with the breaking itself."""
        self._stopped.set()
        self._thread.join(120)
        for thread in self._later:
            thread.join(120)
        if self.trouble:
            raise self.trouble
        self._supervise()
        for thread in self._later:
            thread.join(120)
        self.stack.payu_control("knobs", {"duplicate": 0, "reorder": False, "delay_seconds": 0, "lose": 0, "wrong_signature": 0, "wrong_amount": 0})

    def _run(self) -> None:
        acts = {
            "kill a web process": lambda: self._kill_child("web"), "kill a worker process": lambda: self._kill_child("worker"),
            "kill the whole web": lambda: self._kill_all("web"), "kill the whole worker": lambda: self._kill_all("worker"),
            "kill the beat": lambda: self._kill_all("beat"), "cut database connections": self._cut, "empty Valkey": self._empty,
            "freeze Valkey": self._freeze_valkey, "freeze the gateway": self._freeze_gateway, "bend the notices": self._bend,
            "fill the disk": self._fill,
        }  # fmt: skip
        try:
            while not self._stopped.wait(self._chance.uniform(0.2, 1.4)):
                self._supervise()
                name = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
                if acts[name]() is not False:
                    self.done[name] += 1
        except BaseException as error:  # noqa: BLE001  handed to whoever stops us
            self.trouble = error

    def _supervise(self) -> None:
        self._later = [thread for thread in self._later if thread.is_alive()]
        for name in ("web", "worker", "beat"):
            process = self.stack.processes.get(name)
            if process is not None and process.poll() is not None:
                self.done[f"{name} ended by itself and was started again"] += 1
                self._start_again(name)

    def _kill_child(self, name: str) -> bool:
        process = self.stack.processes.get(name)
        children = children_of(process.pid) if process else []
        if not children:
            return False
        with suppress(ProcessLookupError):
            os.kill(self._chance.choice(children), signal.SIGKILL)
            return True
        return False

    def _kill_all(self, name: str) -> bool:
        if name not in self.stack.processes:
            return False  # it is just being started again
        self._start_again(name, wait=self._chance.uniform(0, 2))
        return True

    def _start_again(self, name: str, wait: float = 0) -> None:
        start = {"web": self.stack.start_web, "worker": self.stack.start_worker, "beat": self.stack.start_beat}[name]
        with suppress(ProcessLookupError):  # it, and all that it started, ended by itself
            self.stack.kill(name)

        def work() -> None:
            time.sleep(wait)
            with suppress(AssertionError):  # it may well be killed again before it is ready
                start()

        self._in_background(work)

    def _in_background(self, work: Callable[[], None]) -> None:
        self._later.append(threading.Thread(target=work, daemon=True))
        self._later[-1].start()

    def _cut(self) -> None:
        share = self._chance.choice([0.3, 0.6, 1.0])
        with psycopg.connect(self.stack.maintenance_url, autocommit=True) as server:
            self.cut += server.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND random() < %s",
                [self.stack.database, share],
            ).fetchone()[0]  # type: ignore[index]

    def _empty(self) -> None:
        server = self._valkey()
        with suppress(redis.RedisError):  # frozen just now
            if self.own_valkey:
                server.flushall()
            else:
                server.flushdb()

    def _valkey(self) -> redis.Redis:
        return redis.Redis.from_url(self.stack.redis_url, socket_timeout=3)

    def _freeze_valkey(self) -> bool:
        if not self.own_valkey:
            return False
        with suppress(redis.RedisError):
            self._freeze(int(self._valkey().info("server")["process_id"]), self._chance.uniform(1, 8))  # type: ignore[index]
            return True
        return False

    def _freeze_gateway(self) -> None:
        self._freeze(self.stack.processes["payu"].pid, self._chance.uniform(2, 20))

    def _freeze(self, pid: int, seconds: float) -> None:
        def work() -> None:
            time.sleep(seconds)
            os.kill(pid, signal.SIGCONT)

        os.kill(pid, signal.SIGSTOP)
        self._in_background(work)

    def _fill(self) -> bool:
        if not self._full.acquire(blocking=False):
            return False
        seconds = self._chance.uniform(5, 30)

        def work() -> None:
            try:
                time.sleep(seconds)
                self.disk.free()
                self.full_seconds += seconds
            finally:
                self._full.release()

        self.disk.fill()
        self._in_background(work)
        return True

    def _bend(self) -> None:
        chance = self._chance
        turned = {"duplicate": chance.choice([0, 0, 1, 3, 8]), "reorder": chance.random() < 0.5, "delay_seconds": chance.choice([0, 0, 1, 4])}
        with suppress(OSError):  # frozen just now
            self.stack.payu_control("knobs", turned)


def children_of(pid: int) -> list[int]:
    """The processes that `pid` started, from /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return sorted(found)
