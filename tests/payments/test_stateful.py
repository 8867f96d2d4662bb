"""Any sequence of checkouts, callbacks (true, repeated, reordered, forged, of another amount, replayed with invented ids),
retries, questions and expiries keeps the money right. A failing sequence is printed as the lines of a test.

The machine plays PayU: `tries` is what PayU itself holds. Each example is rolled back.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from payments import checkout, settlement
from payments.gateway import GatewayState
from payments.models import Attempt, AttemptState, Callback, Payment, PaymentState
from tenants import context
from tests.payments.money import answer, body_of, check_invariants, credited, finding, receive
from tests.world import NOW, Cast, Casts

POL = {GatewayState.APPROVED: "4", GatewayState.EXPIRED: "5", GatewayState.DECLINED: "6"}


@dataclass
class Try:
    """One try at paying an attempt, as PayU's own books have it."""

    attempt: int
    id: str
    state: GatewayState


class Money(RuleBasedStateMachine):
    """The agency alfa and a PayU that says anything, any number of times, in any order."""

    cast: Cast
    attempts = Bundle("attempts")
    tries = Bundle("tries")
    pending = Bundle("pending")

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count(1)
        self.bodies: list[str] = []
        self.held: list[Try] = []
        self.waiting: list[int] = []
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self) -> None:
        try:
            self._everything_is_found_in_the_end()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    # The payer

    @initialize(target=attempts, which=st.sampled_from(["invoice", "overdue", "berta_invoice"]))
    def begin(self, which: str) -> int:
        return self._begin([which])

    @rule(
        target=attempts,
        which=st.lists(st.sampled_from(["invoice", "overdue"]), min_size=1, max_size=2, unique=True),
        part=st.sampled_from([1, 2, 3]),
    )
    def begin_another(self, which: list[str], part: int) -> Any:
        try:
            return self._begin(which, part=part)
        except checkout.CheckoutError:
            return multiple()

    @rule(target=attempts, attempt=attempts)
    def try_again(self, attempt: int) -> Any:
        payment = Payment.objects.get(attempts=attempt)
        try:
            return checkout.retry_payment(payment=payment, now=NOW).pk
        except checkout.CheckoutError:
            return multiple()

    # PayU's own books

    @rule(target=tries, attempt=attempts, state=st.sampled_from([GatewayState.APPROVED, GatewayState.APPROVED, GatewayState.DECLINED]))
    def payu_decides(self, attempt: int, state: GatewayState) -> Try:
        return self._hold(attempt, state)

    @rule(target=pending, attempt=attempts)
    def payu_waits(self, attempt: int) -> Try:
        return self._hold(attempt, GatewayState.PENDING)

    @rule(target=tries, which=consumes(pending), state=st.sampled_from(list(POL)))
    def payu_decides_what_waited(self, which: Try, state: GatewayState) -> Try:
        which.state = state
        return which

    # What reaches us

    @rule(which=tries, settle=st.booleans())
    def callback(self, which: Try, settle: bool) -> None:
        self._send(body_of(self._attempt(which.attempt), state=POL[which.state], transaction=which.id), settle=settle)

    @precondition(lambda self: self.bodies)
    @rule(which=st.integers(0, 200), tries=st.integers(2, 9))
    def repeated_callback(self, which: int, tries: int) -> None:
        self._send(self.bodies[which % len(self.bodies)].replace("attempts=1", f"attempts={tries}"), settle=True)

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 200))
    def a_worker_takes_a_waiting_callback(self, which: int) -> None:
        settlement.settle_callback(self.waiting.pop(which % len(self.waiting)), now=NOW)

    @rule(which=tries)
    def replayed_with_an_invented_id(self, which: Try) -> None:
        self._send(body_of(self._attempt(which.attempt), state=POL[which.state], transaction=str(uuid.UUID(int=next(self.numbers)))), settle=True)

    @rule(attempt=attempts, how=st.sampled_from([{"sign": "0" * 32}, {"value": "1.00"}, {"currency": "USD"}, {"merchant_id": "1"}, {"test": "1"}]))
    def forged(self, attempt: int, how: dict[str, str]) -> None:
        before = credited(self._attempt(attempt))
        outcome = settlement.settle_callback(receive(body_of(self._attempt(attempt), transaction=f"forged-{next(self.numbers)}", **how)), now=NOW)
        assert outcome.state == "quarantined"
        assert credited(self._attempt(attempt)) == before

    @rule(attempt=attempts)
    def question(self, attempt: int) -> None:
        self._ask(attempt)

    @rule(attempt=attempts)
    def unanswered_question(self, attempt: int) -> None:
        before = self._attempt(attempt)
        settlement.settle_answer(attempt, answer(), now=NOW)
        after = self._attempt(attempt)
        assert (after.state, after.credited) == (before.state, before.credited)

    @rule(attempt=attempts)
    def expiry(self, attempt: int) -> None:
        settlement.expire(attempt, now=NOW)

    # What is always true

    @invariant()
    def the_money_adds_up(self) -> None:
        check_invariants()

    @invariant()
    def nothing_is_credited_that_payu_does_not_hold(self) -> None:
        for attempt in Attempt.objects.all():
            assert attempt.credited <= self._approved(attempt.pk)
            assert (attempt.state == AttemptState.APPROVED) == (attempt.credited > 0)

    def _everything_is_found_in_the_end(self) -> None:
        """Every callback of ours judged and every attempt asked about: what PayU holds is what was credited."""
        for row in Callback.objects.filter(state="new").values_list("pk", flat=True):
            settlement.settle_callback(row, now=NOW)
        for attempt in Attempt.objects.order_by("pk"):
            self._ask(attempt.pk)
            attempt.refresh_from_db()
            assert attempt.credited == self._approved(attempt.pk)
            if attempt.credited:
                assert Payment.objects.get(pk=attempt.payment_id).state == PaymentState.APPROVED
        check_invariants()

    # How

    def _begin(self, which: list[str], part: int = 1) -> int:
        invoices = [getattr(self.cast, name) for name in which]
        for invoice in invoices:
            invoice.refresh_from_db()
        lines = [(invoice, (invoice.balance / part).quantize(invoice.balance.to_integral_value())) for invoice in invoices]
        return checkout.start_payment(client=invoices[0].client, lines=lines, payer=self.cast.payer, now=NOW).pk

    def _hold(self, attempt: int, state: GatewayState) -> Try:
        self.held.append(Try(attempt, f"t-{next(self.numbers)}", state))
        return self.held[-1]

    def _send(self, body: str, *, settle: bool) -> None:
        self.bodies.append(body)
        row = receive(body)
        if settle:
            settlement.settle_callback(row, now=NOW)
        else:
            self.waiting.append(row)

    def _ask(self, attempt: int) -> None:
        asked = self._attempt(attempt)
        found = [finding(asked, held.state, transaction=held.id) for held in self.held if held.attempt == attempt]
        settlement.settle_answer(attempt, answer(*found), now=NOW)

    def _approved(self, attempt: int) -> int:
        return sum(1 for held in self.held if held.attempt == attempt and held.state is GatewayState.APPROVED)

    def _attempt(self, pk: int) -> Attempt:
        return Attempt.objects.select_related("account", "payment").get(pk=pk)


@pytest.mark.parametrize("length", [15, 40])
def test_any_sequence_keeps_the_money_right(cast: Casts, length: int) -> None:
    with context.in_agency(cast.alfa.agency):
        Money.cast = cast.alfa
        run_state_machine_as_test(
            Money,
            settings=settings(
                max_examples=18 if length == 15 else 8, stateful_step_count=length, deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
