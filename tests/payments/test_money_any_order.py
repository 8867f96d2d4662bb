"""Any sequence of what may happen to money keeps the invariants: checkouts, callbacks (true, repeated, forged, of another
amount), answers, payments received outside, credits, reversals, refunds and chargebacks. A failing sequence is printed."""

from __future__ import annotations

import contextlib
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments import credits, manual, reversals, settlement
from payments.gateway import Finding, GatewayState
from payments.models import Attempt, Invoice, Payment, PaymentState
from tenants import context
from tests.payments.money import answer, body_of, check_invariants, credited, finding, receive, refunded, start
from tests.world import NOW, TODAY, Cast, Casts

ACTIONS = (
    "checkout", "approve", "approve", "repeat", "another", "decline", "forge", "odd", "answer", "answer", "second", "refund",
    "part", "chargeback", "cash", "cash", "credit", "credit", "reverse", "expire",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3), st.integers(1, 1_300_000)), min_size=3, max_size=14)


class World:
    """One agency's money, and what the gateway itself holds of each attempt."""

    def __init__(self, here: Cast) -> None:
        self.here = here
        self.held: dict[int, list[Finding]] = {}

    def attempt(self, which: int) -> Attempt | None:
        attempts = list(Attempt.objects.select_related("account", "payment").order_by("pk"))
        return attempts[which % len(attempts)] if attempts else None

    def step(self, action: str, which: int, amount: int) -> None:
        if action in ("checkout", "cash", "credit", "reverse"):
            getattr(self, action)(which, amount)
            return
        attempt = self.attempt(which)
        if attempt is not None:
            getattr(self, action)(attempt, amount)

    # What people do.

    def checkout(self, which: int, amount: int) -> None:
        invoice = Invoice.objects.owed().order_by("pk")[which % 2 : which % 2 + 1].first()
        if invoice is not None and invoice.client_id == self.here.rita.pk:
            self.held[start(self.here, invoice).pk] = []

    def cash(self, which: int, amount: int) -> None:
        owed = list(Invoice.objects.owed().filter(client=self.here.rita)) if which % 2 else []
        lines = manual.oldest_first(owed, Decimal(amount))
        entry = manual.ManualPayment(
            key=uuid.UUID(int=which), client=self.here.rita, amount=Decimal(amount), means="Efectivo", reference="", paid_on=TODAY, lines=lines
        )
        settlement.settle_manual(entry, staff=self.here.sara, now=NOW)

    def credit(self, which: int, amount: int) -> None:
        invoices = Invoice.objects.filter(client=self.here.rita).order_by("pk")
        lines = [(invoices[which % 2].pk, Decimal(amount))]
        with contextlib.suppress(credits.CreditRefused):
            credits.apply_credit(self.here.rita, lines, key=uuid.uuid4(), staff=self.here.sara, now=NOW)

    def reverse(self, which: int, amount: int) -> None:
        payments = list(Payment.objects.filter(state=PaymentState.APPROVED).order_by("pk"))
        if payments:
            pk = payments[which % len(payments)].pk
            reversals.reverse_by_staff(pk, reason="Porque sí", staff=self.here.sara, now=NOW)

    # What the gateway does, and whoever plays it.

    def say(self, attempt: Attempt, **said: str) -> None:
        settlement.settle_callback(receive(body_of(attempt, **said)), now=NOW)

    def charge(self, attempt: Attempt, state: GatewayState, name: str, **more: Any) -> None:
        kept = [f for f in self.held[attempt.pk] if f.gateway_transaction_id != name]
        self.held[attempt.pk] = [*kept, finding(attempt, state, transaction=name, gateway_order_id=name, **more)]

    def approve(self, attempt: Attempt, amount: int) -> None:
        if not any(f.gateway_transaction_id == "t-1" for f in self.held[attempt.pk]):
            self.charge(attempt, GatewayState.APPROVED, "t-1")
        self.say(attempt, transaction="t-1", transaction_date="1")

    repeat = approve

    def another(self, attempt: Attempt, amount: int) -> None:
        self.say(attempt, transaction=f"invented-{amount}")

    def decline(self, attempt: Attempt, amount: int) -> None:
        self.say(attempt, state="6", transaction="t-0")

    def forge(self, attempt: Attempt, amount: int) -> None:
        self.say(attempt, transaction=f"forged-{amount}", sign="0" * 32)

    def odd(self, attempt: Attempt, amount: int) -> None:
        self.say(attempt, value=f"{amount}.00", transaction=f"odd-{amount}")

    def second(self, attempt: Attempt, amount: int) -> None:
        if len(self.held[attempt.pk]) == 1:
            self.charge(attempt, GatewayState.APPROVED, "t-2")

    def back(self, attempt: Attempt, name: str, amount: Decimal) -> None:
        """The gateway gives a part of its first charge back, once."""
        if any(f.gateway_transaction_id == "t-1" and f.paid for f in self.held[attempt.pk]):
            names = [f.gateway_transaction_id for f in self.held[attempt.pk]]
            if "r-1" not in names:
                self.held[attempt.pk].append(refunded(attempt, amount, transaction=name, gateway_order_id="t-1"))

    def refund(self, attempt: Attempt, amount: int) -> None:
        self.back(attempt, "r-1", attempt.amount)

    def part(self, attempt: Attempt, amount: int) -> None:
        self.back(attempt, "r-1", min(Decimal(amount), attempt.amount))

    def chargeback(self, attempt: Attempt, amount: int) -> None:
        if any(f.gateway_transaction_id == "t-1" and f.paid for f in self.held[attempt.pk]):
            self.charge(attempt, GatewayState.CHARGEBACK, "t-1")

    def answer(self, attempt: Attempt, amount: int) -> None:
        settlement.settle_answer(attempt.pk, answer(*self.held[attempt.pk]), now=NOW)

    def expire(self, attempt: Attempt, amount: int) -> None:
        settlement.expire(attempt.pk, now=NOW)

    def check_against_the_gateway(self) -> None:
        """Once we have asked, what we hold of a reference is never more than the gateway does, unless a mere signature was
        replayed before it; and what it gave back is never held."""
        for attempt in Attempt.objects.select_related("account"):
            self.answer(attempt, 0)
            self.answer(attempt, 0)
            came = [f for f in self.held[attempt.pk] if f.gateway_transaction_id.startswith("t-")]
            attempt.refresh_from_db()
            assert attempt.credited <= max(len(came), 1)
            by_staff = reversals.Reversal.objects.filter(payment__credited_by=attempt, kind="staff").exists()
            if came and not by_staff:
                gone = sum((f.amount or Decimal(0) for f in self.held[attempt.pk] if f.gateway_transaction_id == "r-1"), Decimal(0))
                whole = any(f.state is GatewayState.CHARGEBACK for f in came)
                if not whole and attempt.credited == len(came):
                    assert credited(attempt) == attempt.amount * len(came) - gone


@pytest.fixture
def alone(cast: Casts) -> Any:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa


@settings(
    max_examples=60, deadline=None, print_blob=True, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=STEPS)
def test_any_order_keeps_the_invariants(alone: Cast, steps: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        world = World(alone)
        for step in steps:
            world.step(*step)
            check_invariants()
        world.check_against_the_gateway()
        check_invariants()
        with connection.cursor() as cursor:  # what the database itself checks at the end
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        transaction.set_rollback(True)
