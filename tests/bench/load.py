"""A small open-loop load: requests leave at their own pace whatever the server does, and each one's time is kept."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

Request = tuple[str, str, dict[str, str], bytes | None]  # method, path, headers, body
Answers = tuple[int, ...]
RIGHT: Answers = (200, 302)


@dataclass(frozen=True)
class Result:
    """What a load saw. Times in milliseconds, from the moment that the request was due."""

    asked: int
    right: int
    seconds: float
    times: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return self.right / self.seconds

    def percentile(self, percent: float) -> float:
        """Milliseconds that `percent` of the requests stayed under."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def paced(port: int, make: Callable[[int], Request], *, rate: float, seconds: float, threads: int = 16, right: Answers = RIGHT) -> Result:
    """`rate` requests a second for `seconds`, made by `make(n)`."""
    total = int(rate * seconds)
    due: queue.Queue[tuple[int, float] | None] = queue.Queue()
    times: list[float] = []
    good = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal good
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while (item := due.get()) is not None:
            number, moment = item
            status = _send(connection, make(number))
            took = (time.perf_counter() - moment) * 1000
            with lock:
                times.append(took)
                good += status in right
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    began = time.perf_counter()
    for number in range(total):
        moment = began + number / rate
        wait = moment - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        due.put((number, moment))
    for _ in workers:
        due.put(None)
    for worker in workers:
        worker.join()
    return Result(asked=total, right=good, seconds=time.perf_counter() - began, times=tuple(times))


def flat_out(port: int, make: Callable[[int], Request], *, seconds: float, threads: int = 4, right: Answers = RIGHT) -> Result:
    """As many requests as `threads` clients get answered in `seconds`."""
    times: list[float] = []
    good = 0
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def work(first: int) -> None:
        nonlocal good
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        number = first
        while time.perf_counter() < end:
            began = time.perf_counter()
            status = _send(connection, make(number))
            took = (time.perf_counter() - began) * 1000
            number += threads
            with lock:
                times.append(took)
                good += status in right
        connection.close()

    began = time.perf_counter()
    workers = [threading.Thread(target=work, args=[n]) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return Result(asked=len(times), right=good, seconds=time.perf_counter() - began, times=tuple(times))


def together(results: Sequence[Result]) -> Result:
    """Loads that took turns, as one."""
    return Result(
        asked=sum(each.asked for each in results), right=sum(each.right for each in results), seconds=sum(each.seconds for each in results),
        times=tuple(chain.from_iterable(each.times for each in results)),
    )  # fmt: skip


def _send(connection: http.client.HTTPConnection, request: Request) -> int:
    method, path, headers, body = request
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
