"""The processes of a run: started one after the other, their lines shown behind their names, stopped all together.

Promises that none outlives us: each is asked to end, then killed with its children; on Linux the kernel ends them too if
we are killed ourselves.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from deploy.dev.console import Trouble, line

PATIENCE = 10.0  # seconds to end by itself
_PR_SET_PDEATHSIG = 1


@dataclass
class _Running:
    name: str
    process: subprocess.Popen[bytes]
    stop: signal.Signals
    reader: threading.Thread
    last: list[str]


class Processes:
    """What is running. Use as a context manager: leaving it stops everything, last started first."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.running: list[_Running] = []
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop_all()

    def start(
        self, name: str, command: list[str], *, stop: str = "TERM", text: str | None = None, show: Callable[[str, str], None] = line,
        cwd: Path | None = None, env: Mapping[str, str] | None = None, **options: Any,
    ) -> None:  # fmt: skip
        """Start `command` under `name`. `stop` is the signal that asks it to end; `text` goes to its standard input.

        `show(name, line)` is given what it writes; all of it is in the log as well."""
        asking = signal.Signals[f"SIG{stop}"]
        process = subprocess.Popen(
            command, cwd=cwd, env=None if env is None else dict(env), stdin=subprocess.PIPE if text else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=partial(_die_with_us, asking), **options,
        )  # fmt: skip
        if text and process.stdin:
            process.stdin.write(text.encode())
            process.stdin.close()
        last: list[str] = []
        assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
        reader = threading.Thread(target=self._read, args=(name, process.stdout, last, show), daemon=True)
        reader.start()
        self.running.append(_Running(name, process, asking, reader, last))

    def until_ready(self, name: str, ready: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait until `ready()`. Raises Trouble with what the process said, if it ends first or takes longer."""
        found = next(r for r in self.running if r.name == name)
        end = time.monotonic() + seconds
        while not ready():
            if found.process.poll() is not None:
                found.reader.join(1)
                raise Trouble(f"{name} ended before it was ready:\n" + "\n".join(found.last))
            if time.monotonic() > end:
                raise Trouble(f"{name} was not ready after {seconds:.0f} s; its log is {self.logs / name}.log")
            time.sleep(0.05)

    def ended(self) -> str | None:
        """The name of a process that is not running any more, or None."""
        return next((r.name for r in self.running if r.process.poll() is not None), None)

    def stop_all(self) -> None:
        """Stop everything, last started first."""
        while self.running:
            self._stop(self.running.pop())

    def _stop(self, one: _Running) -> None:
        if one.process.poll() is None:
            one.process.send_signal(one.stop)
            try:
                one.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                line(one.name, "did not end in time: killed")
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(one.process.pid, signal.SIGKILL)  # whatever it left behind
        one.process.wait()
        one.reader.join(2)

    def _read(self, name: str, pipe: IO[bytes], last: list[str], show: Callable[[str, str], None]) -> None:
        with (self.logs / f"{name}.log").open("w", encoding="utf-8") as log:
            for raw in pipe:
                text = raw.decode(errors="replace").rstrip()
                log.write(text + "\n")
                log.flush()
                last.append(text)
                del last[:-20]
                if text:
                    show(name, text)


def _die_with_us(how: signal.Signals) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
