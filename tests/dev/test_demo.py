"""The demo's data: what makes its desk work at once. The whole of it is filled and walked by the journeys."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from deploy.dev import demo
from payments.invoicing import numbering, runs
from payments.models import Resolution, RunKind, Series
from saas.audit.models import Change
from tenants import context
from tests.invoicing.helpers import DECEMBER
from tests.world import NOW, TODAY, Cast, Casts, make_invoice


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa


def test_a_month_can_be_generated_at_once(here: Cast) -> None:
    make_invoice(here.lease, 5003, total=Decimal(1))
    for _ in range(2):
        demo.number_documents(here.sara, now=NOW)
    assert list(Resolution.objects.order_by("pk").values_list("series", "active")) == [(str(series), True) for series in Series]
    rent = numbering.active(Series.RENT)
    assert rent is not None
    assert (rent.next_number, numbering.warning(rent, today=TODAY)) == ("FA-5004", "")  # after what the book brought
    assert runs.refusal(RunKind.MONTH, period=DECEMBER, issued_on=TODAY, today=TODAY) == ""
    assert Change.objects.filter(subject="resolution").count() == 3
