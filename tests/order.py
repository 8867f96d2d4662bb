"""Who runs what, and when, of a parallel run (`-n auto`). Loaded by pytest's `-p`, in the run's own process and in each of its parallel ones.

A file stays on one process, in its random order. What takes long begins first, so that no process is left alone with it at the
end. The journeys of one lane share a stack. There is one process more than processors: what waits for a page, a worker or the
database leaves a processor free.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# A stack takes long to start: there are two, whatever the number of processes. Each lane takes about as long as the other.
LANES = {
    f"tests/journeys/{name}.py": lane
    for lane, names in (("pages", ("test_pages", "test_life")), ("deeds", ("test_manual", "test_main_job", "test_desk", "test_production")))
    for name in names
}


class Lanes(LoadFileScheduling):
    """By file, and the journeys by lane."""

    def _split_scope(self, nodeid: str) -> str:
        path: str = super()._split_scope(nodeid)
        return LANES.get(path, path)


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """How files are given to processes."""
    return Lanes(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The journeys first, then the files of few tests: theirs are the long ones. What is alike stays in its random order."""
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.get_closest_marker("journey") is None, sizes[item.path]))
