"""Money that goes back, whoever says so: once, never more than came, and never on a mere signature. Row 26 of the faults."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core import mail

from payments import reversal_mail, reversals, reviews, settlement
from payments.gateway import GatewayState
from payments.models import (
    AttemptState,
    CallbackState,
    Counter,
    Movement,
    MovementKind,
    Payment,
    PaymentSource,
    PaymentState,
    Receipt,
    Reversal,
    ReversalKind,
    Review,
)
from saas.jobs.models import Job
from tenants import context
from tests.payments.money import answer, check_invariants, finding, refunded, say, start
from tests.world import NOW, Cast, Casts

WHOLE = Decimal(1215000)
APPROVED, REFUNDED, CHARGEBACK = GatewayState.APPROVED, GatewayState.REFUNDED, GatewayState.CHARGEBACK


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa
        check_invariants()


def _owed(here: Cast) -> Decimal:
    here.invoice.refresh_from_db()
    return here.invoice.balance


def _reverse(payment: Payment, here: Cast) -> Reversal:
    return reversals.reverse_by_staff(payment.pk, reason="El cheque fue devuelto", staff=here.sara, now=NOW)


def test_staff_reverses_a_payment_and_its_invoice_is_owed_again(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    payment = Payment.objects.get()
    before = Receipt.objects.values().get()
    reversal = _reverse(payment, here)
    payment.refresh_from_db()
    assert (payment.state, payment.reason) == (PaymentState.REVERSED, "El cheque fue devuelto")
    assert (reversal.full_number, reversal.amount, reversal.made_by, reversal.made_at, reversal.kind) == (
        "RV-1", WHOLE, here.sara, NOW, ReversalKind.STAFF,
    )  # fmt: skip
    assert _owed(here) == WHOLE
    assert [(m.kind, m.amount, m.invoice_id, m.attempt_id) for m in Movement.objects.order_by("pk")] == [
        (MovementKind.APPLIED, WHOLE, here.invoice.pk, attempt.pk), (MovementKind.REVERSED, -WHOLE, here.invoice.pk, attempt.pk),
    ]  # fmt: skip
    assert Receipt.objects.values().get() == before  # the receipt stays
    # Again, it is the same reversal.
    assert _reverse(payment, here) == reversal
    assert Job.objects.filter(kind="payments.reversal_mail").count() == 1


@pytest.mark.parametrize("state", ["started", "declined"])
def test_only_an_approved_payment_is_reversed(here: Cast, state: str) -> None:
    attempt = start(here)
    if state == "declined":
        say(attempt, state="6")
    with pytest.raises(reversals.ReversalRefused, match="Solo se reversan pagos aprobados"):
        _reverse(attempt.payment, here)
    assert not Reversal.objects.exists()


def test_a_callback_that_comes_again_after_a_reversal_brings_no_money(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    _reverse(Payment.objects.get(), here)
    assert say(attempt, transaction="t-1", authorization_code="1").reason == "repeated"
    assert say(attempt, transaction="another").reason == "needs_evidence"
    settlement.settle_answer(attempt.pk, answer(finding(attempt, APPROVED)), now=NOW)
    assert (Payment.objects.count(), _owed(here)) == (1, WHOLE)


def test_row_26_a_refund_that_payu_holds_is_reversed_exactly_once(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    found = answer(finding(attempt, REFUNDED, order_status="REFUNDED"), refunded(attempt, WHOLE, order_status="REFUNDED"))
    for _ in range(3):
        settlement.settle_answer(attempt.pk, found, now=NOW)
    reversal = Reversal.objects.get()
    assert (reversal.kind, reversal.amount, reversal.key, reversal.made_by) == (ReversalKind.REFUND, WHOLE, f"refund:{attempt.pk}:r-1", None)
    assert reversal.evidence["gateway_transaction"] == "r-1"
    assert _owed(here) == WHOLE
    assert Review.objects.get().kind == "refund"
    attempt.refresh_from_db()
    assert (attempt.state, attempt.credited) == (AttemptState.APPROVED, 1)


def test_row_26_an_order_that_is_refunded_without_its_refund_listed_is_believed_too(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    whole = finding(attempt, REFUNDED, order_status="REFUNDED")
    settlement.settle_answer(attempt.pk, answer(whole), now=NOW)
    # And when the refund is listed after all, nothing goes back twice.
    settlement.settle_answer(attempt.pk, answer(whole, refunded(attempt, WHOLE)), now=NOW)
    assert Reversal.objects.get().amount == WHOLE


def test_row_26_a_part_that_went_back_reopens_a_part(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    charge = finding(attempt, APPROVED)
    for _ in range(2):
        settlement.settle_answer(attempt.pk, answer(charge, refunded(attempt, 200_000)), now=NOW)
    payment = Payment.objects.get()
    assert (payment.state, reversals.left_of(payment), _owed(here)) == (PaymentState.APPROVED, Decimal(1015000), Decimal(200_000))
    # Staff reverses what is left of it.
    assert _reverse(payment, here).amount == Decimal(1015000)
    payment.refresh_from_db()
    assert (payment.state, _owed(here)) == (PaymentState.REVERSED, WHOLE)


@pytest.mark.parametrize("state", [GatewayState.PENDING, GatewayState.DECLINED, GatewayState.ERROR, GatewayState.UNKNOWN])
def test_a_refund_that_is_not_granted_takes_nothing_back(here: Cast, state: GatewayState) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    settlement.settle_answer(attempt.pk, answer(finding(attempt, APPROVED), refunded(attempt, WHOLE, state=state)), now=NOW)
    assert (Reversal.objects.count(), _owed(here)) == (0, 0)


def test_row_26_a_chargeback_is_reversed_once_and_told_when_it_is_won(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    for _ in range(2):
        settlement.settle_answer(attempt.pk, answer(finding(attempt, CHARGEBACK, order_status="CHARGEBACK")), now=NOW)
    assert (Reversal.objects.get().kind, _owed(here)) == (ReversalKind.CHARGEBACK, WHOLE)
    settlement.settle_answer(attempt.pk, answer(finding(attempt, APPROVED)), now=NOW)
    assert sorted(review.kind for review in Review.objects.all()) == ["chargeback", "restored"]
    assert (Payment.objects.get().state, _owed(here)) == (PaymentState.REVERSED, WHOLE)


def test_a_signed_callback_takes_nothing_back_and_asks(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    assert say(attempt, state="104", transaction="r-1") == settlement.Outcome(CallbackState.QUARANTINED, "state")
    assert say(attempt, value="200000.00", transaction="r-2") == settlement.Outcome(CallbackState.QUARANTINED, "amount")
    assert Job.objects.filter(kind="payments.ask_now").count() == 2
    assert sorted(review.kind for review in Review.objects.all()) == ["amount", "state"]
    assert (Reversal.objects.count(), _owed(here)) == (0, 0)


def test_of_two_payments_under_one_reference_the_right_one_is_reversed(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="invented")
    both = [finding(attempt, APPROVED, transaction=name) for name in ("t-1", "t-2")]
    settlement.settle_answer(attempt.pk, answer(*both), now=NOW)
    first, second = Payment.objects.order_by("pk")
    assert (first.gateway_transaction, second.gateway_transaction) == ("t-1", "t-2")
    settlement.settle_answer(attempt.pk, answer(*both, refunded(attempt, WHOLE, parent="t-2")), now=NOW)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (PaymentState.APPROVED, PaymentState.REVERSED)
    assert _owed(here) == 0


def test_a_refund_that_names_no_payment_of_several_waits_for_a_person(here: Cast) -> None:
    attempt = start(here)
    both = [finding(attempt, APPROVED, transaction=name) for name in ("t-1", "t-2")]
    settlement.settle_answer(attempt.pk, answer(*both, refunded(attempt, WHOLE, parent="")), now=NOW)
    assert not Reversal.objects.exists()
    assert Review.objects.filter(kind="refund_unmatched").count() == 1


def test_a_first_payment_that_went_back_does_not_hide_the_second(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    found = answer(
        finding(attempt, REFUNDED, gateway_order_id="1"), finding(attempt, APPROVED, transaction="t-2", gateway_order_id="2")
    )
    settlement.settle_answer(attempt.pk, found, now=NOW)
    settlement.settle_answer(attempt.pk, found, now=NOW)
    assert sorted(p.state for p in Payment.objects.all()) == [PaymentState.APPROVED, PaymentState.REVERSED]


def test_what_went_back_before_we_knew_of_it_is_never_credited(here: Cast) -> None:
    attempt = start(here)
    settlement.settle_answer(attempt.pk, answer(finding(attempt, REFUNDED)), now=NOW)
    assert (Receipt.objects.count(), Review.objects.get().kind) == (0, "unseen")


def test_money_that_fits_nothing_is_taken_as_credit_once_and_can_go_back(here: Cast) -> None:
    attempt = start(here)
    odd = finding(attempt, APPROVED, amount=Decimal(900_000))
    settlement.settle_answer(attempt.pk, answer(odd), now=NOW)
    review = Review.objects.get()
    assert (review.kind, review.evidence["amount"]) == ("amount", "900000")
    payment = settlement.settle_as_credit(review.pk, now=NOW)
    assert settlement.settle_as_credit(review.pk, now=NOW) == payment
    assert [(m.kind, m.amount, m.invoice_id) for m in Movement.objects.all()] == [(MovementKind.CREDIT, Decimal(900_000), None)]
    assert (Receipt.objects.get().amount, _owed(here), payment.source) == (Decimal(900_000), WHOLE, PaymentSource.GATEWAY)
    settlement.settle_answer(attempt.pk, answer(odd), now=NOW)
    assert (Payment.objects.count(), Review.objects.count()) == (2, 1)
    settlement.settle_answer(attempt.pk, answer(odd, refunded(attempt, 900_000)), now=NOW)
    payment.refresh_from_db()
    assert payment.state == PaymentState.REVERSED


def test_money_that_payu_did_not_confirm_is_not_taken_as_credit(here: Cast) -> None:
    attempt = start(here)
    say(attempt, value="900000.00")  # signed, and yet only said
    with pytest.raises(settlement.manual.EntryRefused, match="PayU no confirmó"):
        settlement.settle_as_credit(Review.objects.get().pk, now=NOW)
    assert not Receipt.objects.exists()


def test_the_client_is_told_once_for_each_reversal(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    reversal = _reverse(Payment.objects.get(), here)
    reversal_mail.send(reversal.pk, agency=here.agency, now=NOW)
    reversal_mail.send(reversal.pk, agency=here.agency, now=NOW)
    first, second = mail.outbox
    body = str(first.body).replace("\u00a0", " ")
    assert (first.to, first.subject) == ([here.rita.email], "Se reversó un pago · RV-1")
    for said in ("Se reversó su pago de $ 1.215.000 (comprobante CP-1)", "El cheque fue devuelto", "(FA-1): saldo $ 1.215.000"):
        assert said in body
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_a_review_is_closed_once_with_who_and_when(here: Cast) -> None:
    attempt = start(here)
    reviews.tell(attempt, "test", "Algo pasó")
    pk = Review.objects.get().pk
    reviews.close(pk, note="Hablé con el cliente", staff=here.sara, now=NOW)
    reviews.close(pk, note="Otra cosa", staff=here.sara, now=NOW.replace(year=2027))
    review = Review.objects.get()
    assert (review.note, review.closed_by, review.closed_at) == ("Hablé con el cliente", here.sara, NOW)


def test_the_numbers_of_reversals_have_no_gap_after_a_rollback(here: Cast) -> None:
    from django.db import transaction

    attempt = start(here)
    say(attempt, transaction="t-1")
    payment = Payment.objects.get()
    with transaction.atomic():
        _reverse(payment, here)
        transaction.set_rollback(True)
    assert Counter.objects.filter(name="reversal", value__gt=0).count() == 0
    assert _reverse(payment, here).full_number == "RV-1"
