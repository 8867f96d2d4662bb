"""An agency whose money must add up at a test's end; one stand-in for a module, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tenants import context
from tests.payments.money import check_invariants
from tests.payments.sandbox.driving import StandIn
from tests.world import Cast, Casts


@pytest.fixture
def office(cast: Casts) -> Iterator[Cast]:
    """Inside alfa; what must always be true of its money is, at the end."""
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa
        check_invariants()


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
def there(payu: StandIn, settings: Any) -> StandIn:
    """The stand-in, asked by us; it loses every notice, so that only questions tell."""
    settings.PAYU_REPORTS_URL = f"http://127.0.0.1:{payu.port}/reports-api/4.0/service.cgi"
    payu.control("knobs", {"lose": 1000})
    return payu
