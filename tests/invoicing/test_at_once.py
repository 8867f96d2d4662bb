"""Two generations, two forms and two notes at once, on real connections, at every statement: nothing is issued twice.

They write for good, into an agency of their own that is thrown away afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from payments.invoicing import credit_notes, issuing, numbering, runs
from payments.invoicing.drafts import Draft
from payments.models import CreditNote, Invoice, InvoiceKind, InvoiceRun, Resolution, RunKind, RunState, Series
from tenants import context
from tests.invoicing.helpers import finish, number, some_leases
from tests.own_agency import committed_agency, inside
from tests.payments.boundaries import Crossing, everywhere, told
from tests.world import NOW, TODAY, Cast, make_invoice

MONTHS = count(0)
NUMBERS = count(5000)


@pytest.fixture(scope="module")
def arena(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """The agency of this module, with three leases more and its numbering."""
    with committed_agency(django_db_blocker, slug="delta") as cast:
        with context.in_agency(cast.agency):
            some_leases(cast, 3, ends_on=date(2040, 12, 31))
            number(cast)
            number(cast, Series.NOTE)
        yield cast


@pytest.fixture
def here(arena: Cast, committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """Inside that agency; nobody is nudged."""
    with inside(arena, monkeypatch):
        yield arena
        for resolution in Resolution.objects.filter(series=Series.RENT):
            numbers = list(Invoice.objects.filter(resolution=resolution).order_by("number").values_list("number", flat=True))
            assert numbers == list(range(1, resolution.given + 1))


def fresh_month() -> date:
    number_ = next(MONTHS)
    return date(2030 + number_ // 12, number_ % 12 + 1, 1)


def a_run(here: Cast, period: date) -> InvoiceRun:
    """A run as `runs.begin` leaves it, whatever the month."""
    return runs.begin(RunKind.MONTH, period=period, issued_on=TODAY, key=uuid.uuid4(), staff=here.sara, now=NOW)


def test_two_workers_with_the_same_run_issue_it_once(here: Cast) -> None:
    def prepare() -> Crossing:
        run = a_run(here, fresh_month())

        def work() -> None:
            runs.run_some(run.pk, now=NOW)

        def check(_results: Any) -> None:
            finish(run)
            assert (run.state, Invoice.objects.filter(run=run).count()) == (RunState.DONE, 3)

        return work, work, check

    assert everywhere(here.agency, prepare) >= 5


def test_two_forms_at_once_begin_one_run_of_a_month(here: Cast) -> None:
    def prepare() -> Crossing:
        period = fresh_month()
        begin = told(lambda: a_run(here, period), runs.RunRefused)

        def check(results: tuple[str, str]) -> None:
            finish(InvoiceRun.objects.get(period=period))
            assert sorted(results) == ["Ya hay una generación de ese mes en marcha o detenida. Termínela primero.", "done"]

        return begin, begin, check

    assert everywhere(here.agency, prepare) >= 5


def test_one_form_sent_twice_at_once_makes_one_invoice(here: Cast) -> None:
    def prepare() -> Crossing:
        key = uuid.uuid4()
        draft = Draft(
            kind=InvoiceKind.RENT, client_id=here.rita.pk, client="", period=TODAY, issued_on=TODAY, due_on=TODAY, concept="x", base=Decimal(10)
        )

        def write() -> int:
            return issuing.write_one(draft, key=key, staff=here.sara, now=NOW).pk

        def check(results: tuple[int, int]) -> None:
            assert results[0] == results[1]
            assert Invoice.objects.filter(entry_key=key).count() == 1

        return write, write, check

    assert everywhere(here.agency, prepare) >= 5


def test_two_notes_at_once_never_credit_more_than_the_invoice(here: Cast) -> None:
    def prepare() -> Crossing:
        invoice = make_invoice(here.lease, next(NUMBERS), total=1000)

        def issue() -> None:
            credit_notes.issue_note(invoice.pk, amount=Decimal(600), reason="Cobro de más", key=uuid.uuid4(), staff=here.sara, now=NOW)

        def check(results: tuple[str, str]) -> None:
            assert sorted(results) == ["La nota puede ser de hasta $\u00a0400.", "done"]
            assert CreditNote.objects.filter(invoice=invoice).count() == 1

        note = told(issue, credit_notes.NoteRefused)
        return note, note, check

    assert everywhere(here.agency, prepare) >= 5


def test_two_forms_at_once_register_one_numbering(here: Cast) -> None:
    adopt = told(lambda: number(here, Series.COMMISSION), numbering.NumberingRefused)

    def prepare() -> Crossing:
        Resolution.objects.filter(series=Series.COMMISSION).delete()

        def check(results: tuple[str, str]) -> None:
            assert Resolution.objects.filter(series=Series.COMMISSION).count() == 1
            refused, done = sorted(results, key=lambda said: said == "done")
            assert done == "done"
            assert refused.startswith(
                ("Esa numeración ya está en uso: la siguiente es FC-1.", "Alguien registró otra numeración en este momento.")
            )

        return adopt, adopt, check

    assert everywhere(here.agency, prepare) >= 3


def test_two_numberings_at_once_after_another_leave_one_in_use(here: Cast) -> None:
    def prepare() -> Crossing:
        Resolution.objects.filter(series=Series.COMMISSION).delete()
        number(here, Series.COMMISSION)
        first, second = (
            told(lambda prefix=prefix: number(here, Series.COMMISSION, prefix=prefix), numbering.NumberingRefused) for prefix in ("FA", "FB")
        )

        def check(results: tuple[str, str]) -> None:
            kept = Resolution.objects.filter(series=Series.COMMISSION)
            assert kept.filter(active=True).count() == 1
            assert kept.count() == 1 + results.count("done")
            assert set(results) - {"done"} <= {"Alguien registró otra numeración en este momento. Mire la que quedó en uso antes de cambiarla."}

        return first, second, check

    assert everywhere(here.agency, prepare) >= 3
