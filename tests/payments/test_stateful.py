"""Any sequence of checkouts, callbacks (true, repeated, reordered, forged, of another amount, replayed with invented ids),
retries, questions and expiries, of payments received outside, transfers with proof, credits used, reversals, refunds,
chargebacks and voids keeps the money right, and so do months and commissions issued, credit notes and owners paid out
(`stateful_office.py`). A failing sequence is printed as the lines of a test.

The machine plays PayU: `tries` is what PayU itself holds, `returned` what it sent back. Each example is rolled back.
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from payments import accounts, checkout, credits, manual, proofs, reconcile, refunds, reversals, settlement, transfers
from payments.gateway import GatewayState, RefundRefused
from payments.invoicing import runs
from payments.models import (
    Attempt,
    AttemptState,
    Callback,
    Invoice,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Series,
    TransferProof,
    TransferState,
)
from payments.policy import save_policy
from tenants import context
from tests.invoicing.helpers import number
from tests.payments.money import answer, body_of, check_invariants, credited, finding, receive, refunded
from tests.payments.stateful_office import Office
from tests.world import NOW, TODAY, Casts, make_invoice

PROOF = proofs.ProofFile(b"%PDF-1.7\n%%EOF\n", "application/pdf")
TOLD = {"bank": "Bancolombia", "kind": "Ahorros", "account": "03512345678", "holder": "Alfa", "document": "890903938"}
POL = {GatewayState.APPROVED: "4", GatewayState.EXPIRED: "5", GatewayState.DECLINED: "6"}


@dataclass
class Try:
    """One try at paying an attempt, as PayU's own books have it."""

    attempt: int
    id: str
    state: GatewayState
    returned: list[tuple[str, Decimal]] = field(default_factory=list)  # refunds: their id and how much


class Money(Office):
    """The agency alfa and a PayU that says anything, any number of times, in any order."""

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
        self._send(body_of(self._attempt(which.attempt), state=POL.get(which.state, "4"), transaction=which.id), settle=settle)

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
        invented = str(uuid.UUID(int=next(self.numbers)))
        self._send(body_of(self._attempt(which.attempt), state=POL.get(which.state, "4"), transaction=invented), settle=True)

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

    # What staff do

    @rule(amount=st.sampled_from([1, 400_000, 1_215_000, 3_000_000]), spread=st.booleans())
    def received_outside(self, amount: int, spread: bool) -> None:
        owed = list(Invoice.objects.owed().filter(client=self.cast.rita)) if spread else []
        entry = manual.ManualPayment(
            key=uuid.uuid4(), client=self.cast.rita, amount=Decimal(amount), means="Efectivo", reference="", paid_on=TODAY,
            lines=manual.oldest_first(owed, Decimal(amount)),
        )  # fmt: skip
        first = settlement.settle_manual(entry, staff=self.cast.sara, now=NOW)
        assert settlement.settle_manual(entry, staff=self.cast.sara, now=NOW) == first

    @rule(which=st.sampled_from(["invoice", "overdue"]), amount=st.sampled_from([1, 200_000, 1_215_000]))
    def credit_is_used(self, which: str, amount: int) -> None:
        lines = [(getattr(self.cast, which).pk, Decimal(amount))]
        with contextlib.suppress(credits.CreditRefused):
            credits.apply_credit(self.cast.rita, lines, key=uuid.uuid4(), staff=self.cast.sara, now=NOW)

    @rule(which=st.integers(0, 50))
    def reversed_by_staff(self, which: int) -> None:
        payments = list(Payment.objects.order_by("pk"))
        with contextlib.suppress(reversals.ReversalRefused):
            reversals.reverse_by_staff(payments[which % len(payments)].pk, reason="Prueba", staff=self.cast.sara, now=NOW)

    @rule(which=st.integers(0, 50), part=st.sampled_from([1, 2]))
    def refund_is_asked_for(self, which: int, part: int) -> None:
        payment = list(Payment.objects.order_by("pk"))[which % Payment.objects.count()]
        amount = (payment.amount / part).to_integral_value()
        with contextlib.suppress(RefundRefused):
            made = refunds.request_refund(payment.pk, amount=amount, reason="Prueba", key=uuid.uuid4(), staff=self.cast.sara, now=NOW)
            Refund.objects.filter(pk=made.pk).update(state=RefundState.SENT, sent_at=NOW)  # a worker sent it

    @rule(which=st.sampled_from(["invoice", "overdue"]))
    def invoice_is_voided(self, which: str) -> None:
        # One that has money is not voided.
        Invoice.objects.filter(pk=getattr(self.cast, which).pk, applied=0, voided_at=None).update(voided_at=NOW)

    @rule()
    def next_month_is_invoiced(self) -> None:
        self.newest = make_invoice(self.cast.lease, 1000 + next(self.numbers))

    # What PayU takes back

    @rule(which=tries, part=st.sampled_from([1, 2, 3]))
    def payu_refunds(self, which: Try, part: int) -> None:
        attempt = self._attempt(which.attempt)
        left = attempt.amount - sum((amount for _id, amount in which.returned), Decimal(0))
        amount = min((attempt.amount / part).to_integral_value(), left)
        if which.state is GatewayState.APPROVED and amount > 0:
            which.returned.append((f"r-{next(self.numbers)}", amount))

    @rule(which=tries)
    def payu_charges_back(self, which: Try) -> None:
        if which.state is GatewayState.APPROVED and not which.returned:
            which.state = GatewayState.CHARGEBACK

    # Transfers

    @rule(which=st.sampled_from(["invoice", "overdue"]), part=st.sampled_from([1, 2]))
    def transfer_begins(self, which: str, part: int) -> None:
        with contextlib.suppress(checkout.CheckoutError):
            self._begin([which], part=part, provider=accounts.TRANSFER)

    @precondition(lambda self: self._transfers())
    @rule(which=st.integers(0, 50))
    def proof_is_handed_in(self, which: int) -> None:
        with contextlib.suppress(transfers.TransferRefused):
            transfers.hand_in(self._transfer(which), PROOF, now=NOW)

    @precondition(lambda self: TransferProof.objects.exists())
    @rule(which=st.integers(0, 50), confirmed=st.booleans())
    def transfer_is_decided(self, which: int, confirmed: bool) -> None:
        found = list(TransferProof.objects.order_by("pk"))
        proof = found[which % len(found)]
        with contextlib.suppress(transfers.TransferRefused):
            if confirmed:
                transfers.confirm(proof.pk, bank_reference="TR", staff=self.cast.sara, now=NOW)
            else:
                transfers.reject(proof.pk, reason="Prueba", staff=self.cast.sara, now=NOW)

    @precondition(lambda self: self._transfers())
    @rule(which=st.integers(0, 50), days=st.integers(0, 9))
    def transfer_is_asked_about(self, which: int, days: int) -> None:
        attempt = self._attempt(self._transfer(which))
        if attempt.asked_at is None:
            reconcile.ask_and_settle(attempt.pk, now=attempt.created_at + timedelta(days=days))
        waits = TransferProof.objects.filter(attempt=attempt, state=TransferState.WAITING).exists()
        assert not waits or self._attempt(attempt.pk).state == AttemptState.PENDING

    @precondition(lambda self: self._transfers())
    @rule(which=st.integers(0, 50), state=st.sampled_from(list(POL)))
    def a_callback_for_a_transfer(self, which: int, state: GatewayState) -> None:
        before = self._attempt(self._transfer(which))
        outcome = settlement.settle_callback(receive(body_of(before, state=POL[state], transaction=f"x-{next(self.numbers)}")), now=NOW)
        assert (outcome.state, self._attempt(before.pk).state) == ("quarantined", before.state)

    @precondition(lambda self: self._transfers())
    @rule(which=st.integers(0, 50))
    def transfer_is_tried_again(self, which: int) -> None:
        with contextlib.suppress(checkout.CheckoutError):
            checkout.retry_payment(payment=Payment.objects.get(attempts=self._transfer(which)), now=NOW)

    # What is always true

    @invariant()
    def the_money_adds_up(self) -> None:
        check_invariants()

    @invariant()
    def nothing_is_credited_that_payu_does_not_hold(self) -> None:
        for attempt in Attempt.objects.select_related("account"):
            assert attempt.credited <= (self._confirmed(attempt.pk) if attempt.account.provider == accounts.TRANSFER else self._came_in(attempt.pk))
            assert (attempt.state == AttemptState.APPROVED) == (attempt.credited > 0)

    def _everything_is_found_in_the_end(self) -> None:
        """Every callback of ours judged and every attempt asked about: what PayU holds is what was credited."""
        for row in Callback.objects.filter(state="new").values_list("pk", flat=True):
            settlement.settle_callback(row, now=NOW)
        for attempt in Attempt.objects.select_related("account").order_by("pk"):
            if attempt.account.provider == accounts.TRANSFER:
                reconcile.ask(attempt.pk, now=NOW)
                held = came_in = self._confirmed(attempt.pk)
            else:
                self._ask(attempt.pk)
                held, came_in = self._approved(attempt.pk), self._came_in(attempt.pk)
            attempt.refresh_from_db()
            # What PayU took back before we knew of it was never credited.
            assert held <= attempt.credited <= came_in
            if attempt.credited:
                assert Payment.objects.get(pk=attempt.payment_id).state in (PaymentState.APPROVED, PaymentState.REVERSED)
        check_invariants()
        self.everything_is_paid_out_in_the_end()

    # How

    def _begin(self, which: list[str], part: int = 1, provider: str = accounts.PAYU) -> int:
        invoices = [self.newest if name == "invoice" and self.newest else getattr(self.cast, name) for name in which]
        for invoice in invoices:
            invoice.refresh_from_db()
        lines = [(invoice, (invoice.balance / part).quantize(invoice.balance.to_integral_value())) for invoice in invoices]
        return checkout.start_payment(client=invoices[0].client, lines=lines, payer=self.cast.payer, now=NOW, provider=provider).pk

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
        mine = [held for held in self.held if held.attempt == attempt]
        found = [finding(asked, held.state, transaction=held.id) for held in mine]
        found += [refunded(asked, amount, transaction=name, parent=held.id) for held in mine for name, amount in held.returned]
        settlement.settle_answer(attempt, answer(*found), now=NOW)

    def _approved(self, attempt: int) -> int:
        return sum(1 for held in self.held if held.attempt == attempt and held.state is GatewayState.APPROVED)

    def _came_in(self, attempt: int) -> int:
        came = (GatewayState.APPROVED, GatewayState.CHARGEBACK)
        return sum(1 for held in self.held if held.attempt == attempt and held.state in came)

    def _confirmed(self, attempt: int) -> int:
        return TransferProof.objects.filter(attempt=attempt, state=TransferState.CONFIRMED).count()

    def _transfers(self) -> list[int]:
        return list(Attempt.objects.filter(account__provider=accounts.TRANSFER).order_by("pk").values_list("pk", flat=True))

    def _transfer(self, which: int) -> int:
        found = self._transfers()
        return found[which % len(found)]

    def _attempt(self, pk: int) -> Attempt:
        return Attempt.objects.select_related("account", "payment").get(pk=pk)


@pytest.mark.parametrize("length", [15, 40])
def test_any_sequence_keeps_the_money_right(cast: Casts, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setattr(django_settings, "MEDIA_ROOT", tmp_path)
    monkeypatch.setattr(runs, "BATCH", 1)  # so that other things happen between two batches of a month
    with context.in_agency(cast.alfa.agency):
        Money.cast = cast.alfa
        for series in Series:
            number(cast.alfa, series)
        save_policy(partial=True, minimum=Decimal(1), use_credit=True)
        transfers.save_account(TOLD, active=True, staff=cast.alfa.sara, now=NOW)
        run_state_machine_as_test(
            Money,
            settings=settings(
                max_examples=14 if length == 15 else 6, stateful_step_count=length, deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
