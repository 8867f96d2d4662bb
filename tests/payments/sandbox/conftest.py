"""A shop for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.payments.sandbox.driving import Shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    opened = Shop()
    yield opened
    opened.close()
