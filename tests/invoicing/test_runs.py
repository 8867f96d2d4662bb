"""Runs: a month issued once, in batches with their numbers; stopped, resumed, killed between and within batches."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

import workers.payments  # noqa: F401  (the handlers)
from payments.invoicing import drafts, issuing, numbering, runs
from payments.models import Invoice, InvoiceRun, ItemState, Resolution, RunItem, RunKind, RunState, Series
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.invoicing.helpers import DECEMBER, NOVEMBER, another_owner, begin, finish, number, parts, pay, some_leases
from tests.world import NOW, TODAY, Cast, Casts, make_invoice


@pytest.fixture
def here(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    monkeypatch.setattr(runs, "BATCH", 3)
    with context.in_agency(cast.alfa.agency):
        number(cast.alfa)
        yield cast.alfa
        issued_once()


def issued_once() -> None:
    """What is true of the numbered invoices whatever happened: no gap, no lease twice in a month, totals that add up."""
    for resolution in Resolution.objects.exclude(series=Series.NOTE):
        numbers = list(Invoice.objects.filter(resolution=resolution).order_by("number").values_list("number", flat=True))
        assert numbers == list(range(resolution.first, resolution.given + 1))
    alive = list(Invoice.objects.filter(run__isnull=False, voided_at=None).values_list("lease", "period", "kind", "client"))
    assert len(alive) == len(set(alive))
    for invoice in Invoice.objects.filter(resolution__isnull=False):
        assert invoice.total == invoice.base + invoice.administration + invoice.extras + invoice.iva - invoice.withholding
        assert invoice.extras == sum(line.amount for line in invoice.lines.all())


def test_a_month_is_issued_in_batches_and_once(here: Cast) -> None:
    some_leases(here, 8)
    run = begin(here)
    assert (run.state, run.items.count(), Job.objects.filter(kind=runs.JOB).count()) == (RunState.RUNNING, 10, 1)
    assert runs.run_some(run.pk, now=NOW)
    assert runs.progress(run) == {"total": 10, "issued": 3, "skipped": 0, "waiting": 7}
    finish(run)
    assert (run.state, run.done_at) == (RunState.DONE, NOW)
    assert Invoice.objects.filter(run=run).count() == 10
    assert runs.sum_of(run) == 1_215_000 + 2_000_000 + 8 * 1_100_000
    assert not runs.run_some(run.pk, now=NOW)  # its last job once more
    again = finish(begin(here))
    assert runs.progress(again) == {"total": 10, "issued": 0, "skipped": 10, "waiting": 0}
    assert Invoice.objects.filter(period=DECEMBER).count() == 10


def test_the_jobs_drive_it_to_its_end(here: Cast) -> None:
    some_leases(here, 5)
    run = begin(here)
    for _batch in range(3):
        (job,) = Job.objects.filter(kind=runs.JOB, done_at=None)
        assert run_job(job.pk, now=max(NOW, clock.now()) + timedelta(minutes=1))
    run.refresh_from_db()
    assert (run.state, Job.objects.filter(kind=runs.JOB, done_at=None).count()) == (RunState.DONE, 0)


@pytest.mark.parametrize("where", ["_line", "apply", "_go_on", "bulk_update"])
def test_a_batch_that_dies_leaves_nothing_and_is_done_whole_the_next_time(here: Cast, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    some_leases(here, 5)
    run = begin(here)
    runs.run_some(run.pk, now=NOW)

    def die(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt  # as a killed process: nothing of ours catches it

    with monkeypatch.context() as broken:
        target: Any = {"_line": drafts.InvoiceLine.objects, "apply": runs.increases, "_go_on": runs, "bulk_update": RunItem.objects}[where]
        broken.setattr(target, "bulk_create" if where == "_line" else where, die)
        with pytest.raises(KeyboardInterrupt):
            runs.run_some(run.pk, now=NOW)
    assert runs.progress(run) == {"total": 7, "issued": 3, "skipped": 0, "waiting": 4}
    issued_once()
    finish(run)
    assert Invoice.objects.filter(run=run).count() == 7


def test_stopped_resumed_and_closed(here: Cast) -> None:
    some_leases(here, 8)
    run = begin(here)
    runs.run_some(run.pk, now=NOW)
    runs.stop(run.pk, staff=here.sara, now=NOW)
    assert not runs.run_some(run.pk, now=NOW)
    assert runs.progress(run)["issued"] == 3
    with pytest.raises(runs.RunRefused, match="marcha o detenida"):
        begin(here)
    runs.resume(run.pk, staff=here.sara, now=NOW)
    assert Job.objects.filter(kind=runs.JOB).count() == 3
    runs.run_some(run.pk, now=NOW)
    runs.stop(run.pk, staff=here.sara, now=NOW)
    closed = runs.close(run.pk, staff=here.sara, now=NOW)
    assert (closed.state, runs.progress(run)) == (RunState.DONE, {"total": 10, "issued": 6, "skipped": 4, "waiting": 0})
    rest = finish(begin(here))
    assert runs.progress(rest) == {"total": 10, "issued": 4, "skipped": 6, "waiting": 0}


def test_a_job_that_was_set_aside_can_be_gone_on_with(here: Cast) -> None:
    run = begin(here)
    assert not runs.is_stuck(run)
    Job.objects.filter(kind=runs.JOB).update(dead_at=NOW)
    assert runs.is_stuck(run)
    runs.resume(run.pk, staff=here.sara, now=NOW)
    assert not runs.is_stuck(run)
    assert finish(run).state == RunState.DONE


def test_the_same_form_begins_one_run(here: Cast) -> None:
    key = uuid.uuid4()
    first, second = (
        runs.begin(RunKind.MONTH, period=DECEMBER, issued_on=TODAY, key=key, staff=here.sara, now=NOW) for _ in range(2)
    )
    assert first == second
    assert InvoiceRun.objects.count() == 1


def test_numbers_that_run_out_stop_it_with_a_reason_and_it_goes_on_with_a_new_numbering(here: Cast) -> None:
    some_leases(here, 5)
    number(here, first=1, last=4, prefix="AA")
    run = begin(here)
    finish(run)
    assert (run.state, run.note) == (RunState.STOPPED, "En la numeración AA solo quedan 1 números y hacen falta 3. Registre la nueva resolución.")
    assert runs.progress(run)["issued"] == 3
    number(here, prefix="BB")
    runs.resume(run.pk, staff=here.sara, now=NOW)
    assert finish(run).state == RunState.DONE
    assert Invoice.objects.filter(run=run, prefix="BB").count() == 4


def test_the_database_refuses_a_second_invoice_of_a_run(here: Cast) -> None:
    run = finish(begin(here))
    assert Invoice.objects.filter(run=run, lease=here.lease).exists()
    with pytest.raises(IntegrityError, match="invoice_of_run_once"), transaction.atomic():
        make_invoice(here.lease, 777, period=DECEMBER, run=run)


# Numbers


@pytest.mark.parametrize(
    ("fields", "on", "told"),
    [
        ({"valid_until": date(2026, 11, 22)}, TODAY, "venció el 22 de noviembre de 2026"),
        ({"valid_from": date(2026, 11, 24)}, TODAY, "rige desde el 24 de noviembre de 2026"),
        ({"first": 1, "last": 1}, TODAY, "solo quedan 1 números y hacen falta 2"),
    ],
)
def test_no_number_outside_the_range_or_the_days(here: Cast, fields: dict[str, Any], on: date, told: str) -> None:
    made = number(here, **fields)
    with pytest.raises(numbering.NumberingRefused, match=told):
        numbering.take(made, 2, on=on)
    made.refresh_from_db()
    assert made.given == made.first - 1


def test_a_numbering_goes_on_after_what_a_book_brought_and_refuses_what_is_in_use(here: Cast) -> None:
    made = number(here, prefix="FA", first=1, last=50)
    assert (made.given, made.next_number) == (3, "FA-4")
    make_invoice(here.lease, 5, period=DECEMBER)
    with pytest.raises(numbering.NumberingRefused, match="FA-5 ya está en uso"):
        numbering.take(made, 2, on=TODAY)
    assert [row.active for row in Resolution.objects.filter(series=Series.RENT).order_by("pk")] == [False, True]
    assert "quedan 47 números" in numbering.warning(made, today=TODAY)
    Resolution.objects.filter(pk=made.pk).delete()
    number(here, first=1, last=9999, valid_until=date(2026, 12, 1))
    assert numbering.warning(Resolution.objects.get(active=True, series=Series.RENT), today=TODAY) == (
        "La numeración está por terminarse: vence el 1 de diciembre de 2026."
    )


# Commissions

OCTOBER = date(2026, 10, 1)


def commission(here: Cast, period: date = OCTOBER) -> InvoiceRun:
    return finish(begin(here, period, kind=RunKind.COMMISSION))


def test_the_commission_is_on_the_rent_that_was_collected_shared_by_the_owners(here: Cast) -> None:
    number(here, Series.COMMISSION)
    another_owner(here.lease.unit, here, Decimal("33.33"))
    pay(here, here.overdue, 1_000_000, on=date(2026, 10, 20))
    run = commission(here)
    # Of $ 1.000.000 of 1.215.000, 950/1215 is rent: 781 893. 8 %: 62 551. Two thirds 41 703, one third 20 848.
    mine, hers = Invoice.objects.filter(run=run).order_by("-base")
    assert (parts(mine), mine.client_id) == ((41_703, 0, 0, 7_924, 0, 49_627), here.oscar.pk)
    assert (parts(hers), hers.client_id) == ((20_848, 0, 0, 3_961, 0, 24_809), here.berta.pk)
    assert mine.concept.startswith("Comisión del 8 % sobre $\u00a0521.288 de canon recaudado hasta octubre de 2026")
    assert RunItem.objects.filter(run=run).values_list("collected", flat=True).order_by("collected")[0] == 260_605
    assert Invoice.objects.filter(run=commission(here)).count() == 0  # once
    # Voided for one, it is issued again for that one alone.
    issuing.void(hers.pk, reason="Con otro NIT", staff=here.sara, now=NOW)
    (again,) = Invoice.objects.filter(run=commission(here))
    assert (parts(again), again.client_id) == (parts(hers), here.berta.pk)


def test_what_comes_later_comes_with_the_next_month_and_what_went_back_is_taken_off(here: Cast) -> None:
    number(here, Series.COMMISSION)
    pay(here, here.overdue, 243_000, on=date(2026, 9, 30))
    first = Invoice.objects.get(run=commission(here, date(2026, 9, 1)))
    assert first.base == 15_200  # 190 000 of rent
    pay(here, here.overdue, 243_000, on=date(2026, 9, 30))  # written down late
    pay(here, here.overdue, 729_000, on=date(2026, 10, 5))
    second = Invoice.objects.get(run=commission(here))
    assert (second.base, first.base + second.base) == (60_800, 76_000)


def test_a_month_that_is_not_over_has_no_commission(here: Cast) -> None:
    number(here, Series.COMMISSION)
    pay(here, here.invoice, 1_215_000)
    with pytest.raises(runs.RunRefused, match="Noviembre de 2026 no ha terminado"):
        commission(here, NOVEMBER)
    with pytest.raises(runs.RunRefused, match="nada que facturar"):
        commission(here)


def test_a_batch_asks_as_many_questions_for_three_leases_as_for_thirty(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    some_leases(here, 40)
    run = begin(here)

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            runs.run_some(run.pk, now=NOW)
        return len(asked)

    few = count()
    monkeypatch.setattr(runs, "BATCH", 30)
    assert count() <= few <= 30
    assert RunItem.objects.filter(run=run, state=ItemState.ISSUED).count() == 33
    finish(run)
