"""What the office does with money, as rules for the stateful test: months issued in batches, commissions, credit notes, and
owners paid out. After each step: no gap in any series, receipts as they were, and nothing paid out that was not collected.
"""

from __future__ import annotations

import contextlib
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Model, Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from payments import credits, manual, settlement
from payments.invoicing import credit_notes, runs
from payments.models import (
    CreditNote,
    DeductionKind,
    Invoice,
    InvoiceKind,
    InvoiceRun,
    Movement,
    MovementKind,
    OrderState,
    Payment,
    PayoutOrder,
    PayoutSource,
    Receipt,
    Resolution,
    Reversal,
    RunKind,
    RunState,
)
from payments.payouts import paying, proposals
from saas.jobs.models import Job
from tests.payouts.steps import check_payouts, deduct, liquidate
from tests.world import NOW, TODAY, Cast

MONTHS = (date(2026, 12, 1), date(2027, 1, 1))
# A commission is for a month that is over: whose, and when it is asked for.
COMMISSIONS = ((date(2026, 11, 1), NOW + timedelta(days=10)), (date(2026, 12, 1), NOW + timedelta(days=40)))
COLLECTED = (MovementKind.APPLIED, MovementKind.REVERSED, MovementKind.RELEASED)
ZERO = Decimal(0)


class Office(RuleBasedStateMachine):
    """Rules beside those of the payers and of PayU. `newest` is the invoice that the payers pay next."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.newest: Invoice | None = None
        self.printed: dict[int, dict[str, Any]] = {}  # receipts as they were when they were new

    # Asking for money

    @rule(period=st.sampled_from(MONTHS))
    def a_month_begins_to_be_issued(self, period: date) -> None:
        self._begin_run(RunKind.MONTH, period, TODAY, NOW)

    @rule(which=st.sampled_from(COMMISSIONS))
    def commissions_begin_to_be_issued(self, which: tuple[date, datetime]) -> None:
        self._begin_run(RunKind.COMMISSION, which[0], which[1].date(), which[1])

    @precondition(lambda self: self._running())
    @rule(which=st.integers(0, 5), what=st.sampled_from(["go on", "go on", "go on", "stop", "resume"]))
    def a_run(self, which: int, what: str) -> None:
        found = self._running()
        run = found[which % len(found)]
        if what == "stop":
            runs.stop(run.pk, staff=self.cast.sara, now=NOW)
        elif what == "resume":
            runs.resume(run.pk, staff=self.cast.sara, now=NOW)
        else:
            runs.run_some(run.pk, now=NOW)
            made = Invoice.objects.filter(run=run, client=self.cast.rita, kind=InvoiceKind.RENT).first()
            self.newest = made or self.newest

    @rule(which=st.integers(0, 50), amount=st.sampled_from([1, 215_000, None]))
    def a_credit_note(self, which: int, amount: int | None) -> None:
        invoice = self._one_of(Invoice, which)
        wanted = credit_notes.most_of(invoice) if amount is None else Decimal(amount)
        key = uuid.uuid4()
        with contextlib.suppress(credit_notes.NoteRefused):
            first = credit_notes.issue_note(invoice.pk, amount=wanted, reason="Prueba", key=key, staff=self.cast.sara, now=NOW)
            assert credit_notes.issue_note(invoice.pk, amount=wanted, reason="Prueba", key=key, staff=self.cast.sara, now=NOW) == first

    @precondition(lambda self: self._commissions())
    @rule(which=st.integers(0, 5), part=st.sampled_from([1, 2]))
    def an_owner_pays_a_commission(self, which: int, part: int) -> None:
        found = self._commissions()
        invoice = found[which % len(found)]
        amount = max((invoice.balance / part).to_integral_value(), Decimal(1))
        entry = manual.ManualPayment(
            key=uuid.uuid4(), client=invoice.client, amount=amount, means="Efectivo", reference="", paid_on=TODAY, lines=((invoice.pk, amount),)
        )
        settlement.settle_manual(entry, staff=self.cast.sara, now=NOW)

    @precondition(lambda self: self._to_apply().exists())
    @rule(which=st.integers(0, 20), again=st.booleans())
    def a_worker_applies_a_credit_by_the_rule(self, which: int, again: bool) -> None:
        job = self._to_apply()[which % self._to_apply().count()]
        credits.apply_by_rule(job.payload["invoice_id"], now=NOW)
        Job.objects.filter(pk=job.pk).update(done_at=None if again else NOW)

    # Paying owners

    @rule()
    def what_came_is_liquidated(self) -> None:
        with contextlib.suppress(paying.PayoutRefused):
            liquidate(self.cast)

    @precondition(lambda self: PayoutOrder.objects.exists())
    @rule(which=st.integers(0, 20), what=st.sampled_from(["review", "review", "pay", "pay", "reopen", "discard", "deduct"]))
    def an_order(self, which: int, what: str) -> None:
        order = self._one_of(PayoutOrder, which)
        staff = self.cast.sara
        with contextlib.suppress(paying.PayoutRefused):
            if what == "review":
                paying.review([order.pk], staff=staff, now=NOW)
            elif what == "pay":
                paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=staff, now=NOW)
            elif what == "reopen":
                paying.reopen(order.pk, staff=staff, now=NOW)
            elif what == "discard":
                paying.discard(order.lines.order_by("pk")[0].liquidation_id, staff=staff, now=NOW)
            else:
                deduct(self.cast, order.lines.order_by("pk")[which % order.lines.count()], 59_999, DeductionKind.REPAIR)

    # What is always true

    @invariant()
    def the_office_adds_up(self) -> None:
        self.nothing_is_paid_out_that_was_not_collected()
        self.every_number_is_given_once_and_none_is_left_out()
        self.a_receipt_stays_as_it_was()
        self.all_money_is_somewhere()
        self.the_database_agrees()

    def nothing_is_paid_out_that_was_not_collected(self) -> None:
        check_payouts()
        bound: dict[int, Decimal] = {}
        for source in PayoutSource.objects.select_related("movement"):
            assert source.movement.kind in COLLECTED
            of = source.movement.invoice_id or 0
            bound[of] = bound.get(of, ZERO) + source.rent
        for pk, rent in bound.items():
            invoice = Invoice.objects.get(pk=pk)
            assert rent <= invoice.base
            if not Movement.objects.filter(invoice=pk, kind__in=COLLECTED, paid_out=None).exists():
                # All that moved is bound: what was shared out is the rent in what the ledger holds, to the peso.
                assert rent == _rent_in(invoice, _sum(Movement.objects.filter(invoice=pk, kind__in=COLLECTED)))

    def every_number_is_given_once_and_none_is_left_out(self) -> None:
        for series in Resolution.objects.all():
            rows: Any = CreditNote.objects if series.series == "note" else Invoice.objects
            numbers = list(rows.filter(resolution=series).order_by("number").values_list("number", flat=True))
            assert numbers == list(range(1, series.given + 1))

    def a_receipt_stays_as_it_was(self) -> None:
        for receipt in Receipt.objects.values():
            row: dict[str, Any] = dict(receipt)
            assert self.printed.setdefault(row["id"], row) == row
        assert Receipt.objects.count() == len(self.printed)

    def all_money_is_somewhere(self) -> None:
        """In total: what came is on invoices, in credits, or went back; notes and deductions are nobody's money."""
        came = _sum(Payment.objects.filter(receipt__isnull=False))
        went = _sum(Reversal.objects.all())
        money = Movement.objects.filter(payment__isnull=False)
        on_invoices, credit = _sum(money.filter(invoice__isnull=False)), _sum(money.filter(invoice=None))
        assert credit >= 0
        assert came == on_invoices + credit + went
        other = _sum(Movement.objects.filter(payment=None))
        applied = Invoice.objects.aggregate(sum=Sum("applied"))["sum"]
        assert applied == on_invoices + other
        notes = _sum(CreditNote.objects.all())
        assert notes == _sum(Movement.objects.filter(kind=MovementKind.NOTE)) == Invoice.objects.aggregate(sum=Sum("credited"))["sum"]

    def the_database_agrees(self) -> None:
        with connection.cursor() as cursor:  # what it checks at the end of a transaction
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def everything_is_paid_out_in_the_end(self) -> None:
        """What nobody liquidated yet is, and every order that may be paid is: then owners have their part of what was collected."""
        with contextlib.suppress(paying.PayoutRefused):
            liquidate(self.cast)
        for order in PayoutOrder.objects.exclude(state=OrderState.PAID).order_by("pk"):
            with contextlib.suppress(paying.PayoutRefused):  # against its owner, or its commission invoice changed
                paying.review([order.pk], staff=self.cast.sara, now=NOW)
                paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=self.cast.sara, now=NOW)
        assert proposals.propose(until=TODAY).liquids == ()
        self.the_office_adds_up()

    # How

    def _begin_run(self, kind: RunKind, period: date, issued_on: date, now: datetime) -> None:
        with contextlib.suppress(runs.RunRefused):
            key = uuid.uuid4()
            first = runs.begin(kind, period=period, issued_on=issued_on, key=key, staff=self.cast.sara, now=now)
            assert runs.begin(kind, period=period, issued_on=issued_on, key=key, staff=self.cast.sara, now=now) == first

    def _to_apply(self) -> Any:
        return Job.objects.filter(kind=credits.RULE, done_at=None).order_by("pk")

    def _running(self) -> list[InvoiceRun]:
        return list(InvoiceRun.objects.exclude(state=RunState.DONE).order_by("pk"))

    def _commissions(self) -> list[Invoice]:
        return list(Invoice.objects.owed().filter(kind=InvoiceKind.COMMISSION, applied__lt=F("total")).order_by("pk"))

    def _one_of(self, model: type[Model], which: int) -> Any:
        found = list(model._default_manager.order_by("pk"))
        return found[which % len(found)]


def _rent_in(invoice: Invoice, covered: Decimal) -> Decimal:
    return proposals._part(invoice.base, covered, invoice.total)


def _sum(rows: Any) -> Decimal:
    return rows.aggregate(sum=Sum("amount"))["sum"] or ZERO
