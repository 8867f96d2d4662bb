"""schemathesis against the API in this process: with a key, without one, and with the other agency's. Bounded and the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from saas.wsgi import application
from tests.api.calls import make_key
from tests.world import Casts

# What is right in its shape may still be no client's document, or seen by nobody: 412, 422, 428 say so.
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "412", "422"]},
        "missing_required_header": {"expected-statuses": ["400", "401", "403", "422", "428"]},
    }
}
BASE = "http://alfa.plataforma.test"


def look(headers: dict[str, str], modes: list[GenerationMode], *, examples: int, expected: set[int] | None = None) -> int:
    """Call every operation with data right and wrong; every check of schemathesis holds. Returns how many calls were made."""
    schema: Any = schemathesis.openapi.from_wsgi(
        "/api/v1/schema.json", application, config=SchemathesisConfig.from_dict(CONFIG), headers={"Host": "alfa.plataforma.test"}
    )
    calls = 0
    seen: set[int] = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in modes:
            try:
                strategy = operation.as_strategy(generation_mode=mode)

                @settings(
                    max_examples=examples, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )  # fmt: skip
                @given(case=strategy)
                def one(case: Any) -> None:
                    nonlocal calls
                    calls += 1
                    response = case.call_and_validate(base_url=BASE, headers=headers)
                    seen.add(response.status_code)

                one()
            except schemathesis.errors.SchemathesisError as error:
                if "negative" not in str(error).lower():  # an operation of which nothing can be wrong
                    raise
    if expected is not None:
        assert seen <= expected
    return calls


@pytest.fixture
def many(settings: Any) -> Iterator[None]:
    """As many requests as one likes, in the transaction of the test: the end of a request does not close it."""
    settings.API_REQUESTS_A_MINUTE = 100_000
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_with_a_key(cast: Casts, many: None) -> None:
    shown = make_key(cast.alfa)[1]
    calls = look({"Authorization": f"Bearer {shown}"}, [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], examples=5)
    assert calls > 150


@pytest.mark.parametrize("whose", ["nobody", "beta"])
def test_without_a_key_and_with_the_other_agency_s(cast: Casts, many: None, whose: str) -> None:
    headers = {"Authorization": f"Bearer {make_key(cast.beta)[1]}"} if whose == "beta" else {}
    calls = look(headers, [GenerationMode.POSITIVE], examples=2, expected={401})
    assert calls > 25
