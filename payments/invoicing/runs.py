"""Issuing many invoices at once, as jobs: a batch is one transaction with its numbers, its rows and the job of the next one.

Killed anywhere, a run goes on where it was; stopped, it is resumed; and no lease is asked twice for a month: each batch looks
again under the lock of the numbering, and the database refuses a second one (invoice_of_run_once). Locks: run, (of
commissions) the counter of payouts, leases, numbering.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from clientarea.models import Lease
from payments.invoicing import commissions, increases, issued, monthly, numbering
from payments.invoicing.drafts import Draft, issue
from payments.invoicing.monthly import Skipped
from payments.models import InvoiceRun, ItemState, RunItem, RunKind, RunState, Series
from saas.accounts.models import User
from saas.audit.changes import record
from saas.jobs.defer import defer
from saas.jobs.models import Job
from saas.lib import clock

BATCH = 500  # leases in one transaction: a second or two, well within the time that a job has
JOB = "payments.run_some"
SERIES = {RunKind.MONTH: Series.RENT, RunKind.COMMISSION: Series.COMMISSION}
SUBJECT = "invoice_run"


class RunRefused(ValueError):  # noqa: N818
    """Why a run cannot begin or go on, in Spanish, for staff."""


@dataclass(frozen=True)
class Preview:
    """What a run would do."""

    drafts: list[Draft]
    skipped: list[Skipped]

    @property
    def totals(self) -> dict[str, Decimal]:
        """The sums of the drafts, COP."""
        names = ("base", "administration", "extras", "iva", "withholding", "total")
        return {name: sum(map(attrgetter(name), self.drafts), Decimal(0)) for name in names}


def preview(kind: str, *, period: date, issued_on: date) -> Preview:
    """What a run of a month would issue, and what it would leave out and why."""
    made = _drafts(kind, _leases(kind, period), period=period, issued_on=issued_on)
    return Preview([each for each in made if isinstance(each, Draft)], [each for each in made if isinstance(each, Skipped)])


def refusal(kind: str, *, period: date, issued_on: date, today: date) -> str:
    """Why a run of a month may not begin, in Spanish; empty when it may."""
    if told := too_soon(kind, period=period, issued_on=issued_on, today=today):
        return told
    resolution = numbering.active(SERIES[RunKind(kind)])
    if resolution is None:
        return f"Registre primero la numeración de «{Series(SERIES[RunKind(kind)]).label}»."
    return numbering.warning(resolution, today=issued_on) if resolution.left == 0 else ""


def too_soon(kind: str, *, period: date, issued_on: date, today: date) -> str:
    """Why a run may not begin yet, by its days alone; empty when it may."""
    if kind == RunKind.COMMISSION and monthly.last_day(period) >= today:
        return f"{clock.month_name(period).capitalize()} no ha terminado: la comisión se factura sobre lo recaudado en el mes completo."
    if issued_on > today:
        return "La fecha de emisión no puede ser futura."
    return ""


def begin(kind: str, *, period: date, issued_on: date, key: UUID, staff: User, now: datetime) -> InvoiceRun:
    """Begin a run. The same form again returns the run that it began. Raises RunRefused while another of its month is open."""
    made = InvoiceRun.objects.filter(key=key).first()
    if made is not None:
        return made
    why = refusal(kind, period=period, issued_on=issued_on, today=clock.local(now).date())
    if why:
        raise RunRefused(why)
    try:
        with transaction.atomic():
            run = InvoiceRun.objects.create(kind=kind, period=period, issued_on=issued_on, key=key, asked_by=staff, asked_at=now)
            items = _items(run)
            if not items:
                raise RunRefused("Ese mes no hay nada que facturar.")
            RunItem.objects.bulk_create(items, batch_size=2000)
            _go_on(run, now=now)
            record(SUBJECT, run.pk, before={}, after={"state": f"{run.get_kind_display()} {clock.month_name(period)}"}, by=staff, now=now)
            return run
    except IntegrityError:
        existing = InvoiceRun.objects.filter(key=key).first()
        if existing is None:
            raise RunRefused("Ya hay una generación de ese mes en marcha o detenida. Termínela primero.") from None
        return existing


def run_some(run_id: int, *, now: datetime) -> bool:
    """The next batch of a run, and the job of the one after it. Returns whether there is more. Safe to repeat."""
    try:
        with transaction.atomic():
            run = InvoiceRun.objects.select_for_update().get(pk=run_id)
            if run.state != RunState.RUNNING:
                return False
            items = _next(run)
            if items:
                _issue(run, items, now=now)
            more = run.items.filter(state=ItemState.WAITING).exists()
            if more:
                _go_on(run, now=now)
            else:
                run.state, run.done_at, run.note = RunState.DONE, now, ""
                run.save(update_fields=["state", "done_at", "note"])
            return more
    except numbering.NumberingRefused as error:
        with transaction.atomic():
            InvoiceRun.objects.filter(pk=run_id, state=RunState.RUNNING).update(state=RunState.STOPPED, note=str(error)[:300])
        return False


def stop(run_id: int, *, staff: User, now: datetime) -> InvoiceRun:
    """Stop a run after the batch that is being issued. What was issued stays."""
    with transaction.atomic():
        run = InvoiceRun.objects.select_for_update().get(pk=run_id)
        if run.state == RunState.RUNNING:
            _turn(run, RunState.STOPPED, note=f"La detuvo {staff.name}.", staff=staff, now=now)
        return run


def resume(run_id: int, *, staff: User, now: datetime) -> InvoiceRun:
    """Go on with a run that was stopped, or whose job was set aside. What was issued is not issued again."""
    with transaction.atomic():
        run = InvoiceRun.objects.select_for_update().get(pk=run_id)
        if run.state == RunState.STOPPED or is_stuck(run):
            run.rounds += 1
            _turn(run, RunState.RUNNING, note="", staff=staff, now=now)
            _go_on(run, now=now)
        return run


def close(run_id: int, *, staff: User, now: datetime) -> InvoiceRun:
    """End a stopped run as it is: what waits is left out, and the month may be generated anew."""
    with transaction.atomic():
        run = InvoiceRun.objects.select_for_update().get(pk=run_id)
        if run.state == RunState.STOPPED:
            run.items.filter(state=ItemState.WAITING).update(state=ItemState.SKIPPED, reason="La generación se cerró antes.")
            run.done_at = now
            _turn(run, RunState.DONE, note=f"La cerró {staff.name} antes de terminar.", staff=staff, now=now)
        return run


def is_stuck(run: InvoiceRun) -> bool:
    """Whether a run goes on by itself no more: its job failed too often."""
    dead = Job.objects.filter(kind=JOB, payload__run_id=run.pk, dead_at__isnull=False, done_at=None)
    waiting = Job.objects.filter(kind=JOB, payload__run_id=run.pk, dead_at=None, done_at=None)
    return run.state == RunState.RUNNING and dead.exists() and not waiting.exists()


def progress(run: InvoiceRun) -> dict[str, int]:
    """How many leases a run has, and what became of them."""
    counts: dict[str, int] = run.items.aggregate(
        total=Count("pk"), **{state.value: Count("pk", filter=Q(state=state)) for state in ItemState}
    )
    return counts


def sum_of(run: InvoiceRun) -> Decimal:
    """COP that a run has issued; what was voided since does not count."""
    return run.invoices.filter(voided_at=None).aggregate(sum=Sum("total"))["sum"] or Decimal(0)


def _leases(kind: str, period: date) -> list[int]:
    return commissions.leases_with_money(period) if kind == RunKind.COMMISSION else monthly.leases_in(period)


def _drafts(kind: str, leases: Sequence[int], *, period: date, issued_on: date) -> list[Draft | Skipped]:
    of = commissions.drafts_of if kind == RunKind.COMMISSION else monthly.drafts_of
    return of(leases, period=period, issued_on=issued_on)


def _items(run: InvoiceRun) -> list[RunItem]:
    leases = _leases(run.kind, run.period)
    if run.kind == RunKind.MONTH:
        return [RunItem(run=run, lease_id=pk) for pk in leases]
    made = _drafts(run.kind, leases, period=run.period, issued_on=run.issued_on)
    return [RunItem(run=run, lease_id=each.lease_id, owner_id=_owner(each)) for each in made if each.lease_id is not None]


def _owner(each: Draft | Skipped) -> int | None:
    return each.client_id if isinstance(each, Draft) else each.owner_id


def _next(run: InvoiceRun) -> list[RunItem]:
    waiting = run.items.filter(state=ItemState.WAITING).order_by("pk")
    return list(waiting[:BATCH])


def _issue(run: InvoiceRun, items: list[RunItem], *, now: datetime) -> None:
    """Number and write the invoices of those items; note what became of each."""
    issued.prepare(run.kind)
    ids = list(dict.fromkeys(item.lease_id for item in items))
    list(Lease.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    # From here on nobody else numbers: what is looked at now is as it will be when the rows are written.
    resolution = numbering.lock(SERIES[RunKind(run.kind)])
    by_owner = run.kind == RunKind.COMMISSION
    made = {(each.lease_id, _owner(each) if by_owner else None): each for each in _drafts(run.kind, ids, period=run.period, issued_on=run.issued_on)}
    found = [made.get((item.lease_id, item.owner_id)) for item in items]
    drafts = [(item, each) for item, each in zip(items, found, strict=True) if isinstance(each, Draft)]
    invoices = issue([draft for _item, draft in drafts], resolution, run=run)
    for (item, draft), invoice in zip(drafts, invoices, strict=True):
        item.state, item.invoice, item.collected = ItemState.ISSUED, invoice, draft.collected
    for item, each in zip(items, found, strict=True):
        if not isinstance(each, Draft):
            item.state, item.reason = ItemState.SKIPPED, (each.reason if each else "Ya no es propietario.")[:200]
            if each and each.instead:
                item.state, (item.invoice_id, item.collected) = ItemState.ISSUED, each.instead
    RunItem.objects.bulk_update(items, ["state", "invoice", "collected", "reason"])
    increases.apply([draft.increase_id for _item, draft in drafts if draft.increase_id], now=now)
    issued.follow_up(invoices, now=now)


def _go_on(run: InvoiceRun, *, now: datetime) -> None:
    first = run.items.filter(state=ItemState.WAITING).order_by("pk").values_list("pk", flat=True).first()
    defer(JOB, f"{run.pk}:{run.rounds}:{first}", now=now, run_id=run.pk)


def _turn(run: InvoiceRun, to: RunState, *, note: str, staff: User, now: datetime) -> None:
    before = {"state": run.get_state_display()}
    run.state, run.note = to, note[:300]
    run.save()
    record(SUBJECT, run.pk, before=before, after={"state": run.get_state_display()}, by=staff, now=now)
