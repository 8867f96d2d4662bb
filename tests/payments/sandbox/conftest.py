"""One stand-in for a module, emptied before each test; a shop for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.payments.sandbox.driving import Shop, StandIn


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    stand_in = StandIn(tmp_path_factory.mktemp("payu") / "books.sqlite")
    yield stand_in
    code, said = stand_in.end()
    assert (code, said) == (0, "")  # no error was printed while it ran


@pytest.fixture
def payu(running: StandIn) -> StandIn:
    running.control("reset", {})
    running.control("knobs", {"retry_seconds": [0.05] * 3})
    return running


@pytest.fixture
def shop() -> Iterator[Shop]:
    opened = Shop()
    yield opened
    opened.close()
