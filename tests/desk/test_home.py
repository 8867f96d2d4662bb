"""The desk's first page: exact sums by day, by age and by what waits; its queries; who may see it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from payments.models import Invoice, Payment, Review
from pqrs.models import Case
from saas import desk_home
from saas.lib import clock
from tenants import context
from tests.desk.desks import assert_desk_only
from tests.portal.pages import at, queries_of, tags, text_of
from tests.world import Cast, Casts, make_invoice

TODAY = date(2026, 11, 23)  # a Monday


@pytest.fixture
def here(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """alfa, on TODAY, with nothing that the cast brought."""
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    with context.in_agency(cast.alfa.agency):
        Invoice.objects.all().delete()
    return cast.alfa


def _paid(cast: Cast, day: date, amount: int, state: str = "approved") -> None:
    Payment.objects.create(client=cast.rita, source="manual", state=state, amount=amount, paid_on=day)


def _case(cast: Cast, number: int, due: date, state: str = "pending") -> None:
    Case.objects.create(
        number=f"2026-{number:06}", client=cast.rita, kind="petition", subject="general", state=state, description="x",
        opened_at=clock.now(), received_on=clock.today(), due_on=due,
    )  # fmt: skip


def test_it_is_for_staff_alone(here: Cast, browse: Any) -> None:
    for page in ("desk", "desk_overdue", "desk_search"):
        assert_desk_only(browse, here, at(page))


def test_the_month_against_what_was_invoiced(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        make_invoice(here.lease, 10, total=1_000_000)
        make_invoice(here.lease, 11, total=500_000, voided_at=clock.now())
        make_invoice(here.lease, 12, total=700_000, period=date(2026, 10, 1))
        make_invoice(here.lease, 13, total=90_000, kind="commission", client=here.oscar)
        _paid(here, date(2026, 11, 1), 200_000)
        _paid(here, date(2026, 11, 5), 100_000)
        _paid(here, date(2026, 11, 5), 50_000)
        _paid(here, date(2026, 11, 6), 999_000, state="reversed")
        _paid(here, date(2026, 10, 31), 888_000)
    answer = browse(here.agency, here.sara).get(at("desk"))
    told = answer.context
    assert (told["collected"], told["invoiced"], told["percent"]) == (Decimal(350_000), Decimal(1_000_000), 35)
    assert len(told["days"]) == 30
    assert [(day.on.day, day.amount, day.height) for day in told["days_with_money"]] == [(1, 200_000, 100), (5, 150_000, 75)]
    page = answer.content.decode()
    assert page.count('class="day-bar"') == 2
    assert '<rect class="day-bar" x="83" y="25" width="14" height="75"><title>5 nov 2026: $\u00a0150.000</title>' in page
    assert "style=" not in page


def test_a_month_with_nothing(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.sara).get(at("desk"))
    assert (answer.context["collected"], answer.context["invoiced"], answer.context["percent"]) == (0, 0, None)
    assert "Todavía no hay pagos este mes." in text_of(answer)


def test_overdue_by_age_and_each_opens_its_list(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        for n, days in enumerate((0, 1, 30, 31, 60, 61, 90, 91, 400)):
            make_invoice(here.lease, 20 + n, total=1000 * 10**0 + n, due_on=TODAY - timedelta(days=days))
        make_invoice(here.lease, 40, total=5000, due_on=TODAY - timedelta(days=10), applied=4000)
        make_invoice(here.lease, 41, total=5000, due_on=TODAY - timedelta(days=10), voided_at=clock.now())
        make_invoice(here.lease, 42, total=5000, due_on=TODAY - timedelta(days=10), applied=5000)
    sara = browse(here.agency, here.sara)
    answer = sara.get(at("desk"))
    assert [(age["name"], age["count"], age["sum"]) for age in answer.context["ages"]] == [
        ("0-30", 3, 3003), ("31-60", 2, 2007), ("61-90", 2, 2011), ("90", 2, 2015),
    ]  # fmt: skip
    assert answer.context["overdue"] == 9036
    for age, numbers in (("0-30", [22, 40, 21]), ("31-60", [24, 23]), ("61-90", [26, 25]), ("90", [28, 27])):
        assert f'href="{at("desk_overdue")}?edad={age}"' in answer.content.decode()
        listed = sara.get(at("desk_overdue"), {"edad": age})
        assert [invoice.number for invoice in listed.context["page_obj"]] == numbers
    everything = sara.get(at("desk_overdue"), {"edad": "nada"})
    assert (len(everything.context["page_obj"]), everything.context["total"]) == (9, 9036)
    assert len(tags(everything, "overdue-row")) == 9


def test_what_waits_for_somebody(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Review.objects.create(kind="amount", key="1", text="x")
        Review.objects.create(kind="amount", key="2", text="x", closed_at=clock.now(), closed_by=here.sara)
        for n, due in enumerate((date(2026, 11, 20), TODAY, date(2026, 11, 24), date(2026, 11, 26), date(2026, 11, 27))):
            _case(here, n + 1, due)
        _case(here, 9, date(2026, 11, 2), state="closed")
    sara = browse(here.agency, here.sara)
    answer = sara.get(at("desk"))
    assert answer.context["reviews"] == 1
    assert answer.context["cases"] == {"total": 5, "vencidas": 1, "hoy": 1, "pronto": 2, "despues": 1}
    for name, found in (("vencidas", [1]), ("hoy", [2]), ("pronto", [3, 4]), ("despues", [5])):
        assert tags(answer, f"cases-{name}")[0].startswith("<a ")
        assert f'href="{at("desk_cases")}?plazo={name}"' in tags(answer, f"cases-{name}")[0]
        assert [int(case.number[5:]) for case in sara.get(at("desk_cases"), {"plazo": name}).context["page_obj"]] == found
    assert len(sara.get(at("desk_cases"), {"plazo": "tres"}).context["page_obj"]) == 3


def test_the_other_agency_s_money_is_not_in_it(here: Cast, cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        _paid(cast.beta, TODAY, 777_000)
    assert browse(here.agency, here.sara).get(at("desk")).context["collected"] == 0


def test_its_queries_do_not_grow(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    few = (len(queries_of(sara, at("desk"))), len(queries_of(sara, at("desk_overdue"))))
    with context.in_agency(here.agency):
        for n in range(30):
            make_invoice(here.lease, 100 + n, total=1000, due_on=TODAY - timedelta(days=n * 5))
            _paid(here, TODAY - timedelta(days=n % 20), 1000)
            _case(here, 100 + n, TODAY)
    assert few[0] == len(queries_of(sara, at("desk"))) <= 15
    assert len(queries_of(sara, at("desk_overdue"))) <= few[1] + 1 <= 8  # an empty page asks one query less


def test_february_has_its_days(here: Cast) -> None:
    with context.in_agency(here.agency):
        assert len(desk_home.collected_by_day(date(2028, 2, 10))) == 29
