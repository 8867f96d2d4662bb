"""The one mover of money: what each thing that PayU may say does, and what it must never do. Named after faults.md."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from payments import checkout, settlement
from payments.gateway import GatewayState
from payments.models import (
    Attempt,
    AttemptState,
    Callback,
    CallbackState,
    Movement,
    MovementKind,
    Payment,
    PaymentState,
    Receipt,
    Review,
)
from payments.policy import save_policy
from saas.jobs.models import Job
from tenants import context
from tests.payments.money import answer, body_of, check_invariants, credited, finding, receive, say, start
from tests.world import NOW, Cast, Casts

SETTLED = settlement.Outcome(CallbackState.SETTLED)


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa
        check_invariants()


def test_an_approved_callback_pays_the_invoice_and_numbers_a_receipt(here: Cast) -> None:
    attempt = start(here)
    assert (attempt.payment.state, attempt.state) == (PaymentState.STARTED, AttemptState.SENT)

    assert say(attempt, transaction="tx-1") == SETTLED

    attempt.refresh_from_db()
    here.invoice.refresh_from_db()
    payment = Payment.objects.get()
    receipt = Receipt.objects.get()
    assert (attempt.state, attempt.credited, attempt.gateway_transaction) == (AttemptState.APPROVED, 1, "tx-1")
    assert (payment.state, payment.amount, str(payment.paid_on)) == (PaymentState.APPROVED, Decimal(1215000), "2026-11-23")
    assert here.invoice.balance == 0
    assert (receipt.full_number, receipt.amount, receipt.content["lines"]) == (
        "CP-1", Decimal(1215000), [["FA-1", "Canon de arrendamiento 11/2026", "1215000.00"]],
    )  # fmt: skip
    assert [(m.kind, m.amount, m.invoice_id) for m in Movement.objects.all()] == [
        (MovementKind.APPLIED, Decimal(1215000), here.invoice.pk)
    ]
    assert Job.objects.filter(kind="payments.receipt_pdf").count() == 1
    assert not Review.objects.exists()


def test_row_01_the_same_callback_nine_times_is_one(here: Cast) -> None:
    attempt = start(here)
    body = body_of(attempt)
    rows = {receive(body.replace("attempts=1", f"attempts={n}")) for n in range(1, 10)}
    assert len(rows) == 1
    row = rows.pop()
    assert [settlement.settle_callback(row, now=NOW) for _ in range(3)] == [SETTLED] * 3
    assert Callback.objects.get().times == 9
    assert Job.objects.filter(kind="payments.settle").count() == 1
    assert (Receipt.objects.count(), credited(attempt)) == (1, Decimal(1215000))


@pytest.mark.parametrize("order", list(itertools.permutations(["4", "6", "5"])))
def test_row_02_any_order_ends_approved(here: Cast, order: tuple[str, ...]) -> None:
    attempt = start(here)
    rows = {state: receive(body_of(attempt, state=state, transaction=f"tx-{state}")) for state in "465"}
    for state in order:
        settlement.settle_callback(rows[state], now=NOW)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.payment.state) == (AttemptState.APPROVED, PaymentState.APPROVED)
    assert (Receipt.objects.count(), credited(attempt)) == (1, Decimal(1215000))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sign": "0" * 32}, "signature"),
        ({"sign": ""}, "signature"),
        ({"sign": "ñ" * 32}, "signature"),
    ],
)
def test_row_03_a_forged_signature_changes_nothing(here: Cast, change: dict[str, str], reason: str) -> None:
    attempt = start(here)
    outcome = say(attempt, **change)
    assert outcome.state == CallbackState.QUARANTINED
    assert outcome.reason in (reason, "malformed")
    _nothing_happened(attempt)


@pytest.mark.parametrize(
    ("field", "changed", "reason"),
    [
        ("value", "1215001.00", "signature"), ("value", "1215000.01", "signature"), ("currency", "COQ", "signature"),
        ("state_pol", "6", "signature"), ("merchant_id", "508028", "merchant"), ("reference_sale", "", "unknown_reference"),
        ("sign", "", "signature"),
    ],
)  # fmt: skip
def test_row_03_one_byte_changed_in_a_signed_field_changes_nothing(here: Cast, field: str, changed: str, reason: str) -> None:
    attempt = start(here)
    true = dict(pair.split("=", 1) for pair in body_of(attempt).split("&"))
    other = true[field][:-1] + ("1" if true[field][-1] == "0" else "0")  # its last byte
    body = "&".join(f"{name}={(changed or other) if name == field else value}" for name, value in true.items())
    assert settlement.settle_callback(receive(body), now=NOW) == settlement.Outcome(CallbackState.QUARANTINED, reason)
    _nothing_happened(attempt)


@pytest.mark.parametrize("change", [{"value": "1215000.01"}, {"value": "1.00"}, {"currency": "USD"}])
def test_row_04_a_wrong_amount_or_currency_with_a_valid_signature_waits_for_a_person(here: Cast, change: dict[str, str]) -> None:
    attempt = start(here)
    assert say(attempt, **change) == settlement.Outcome(CallbackState.QUARANTINED, "amount")
    assert Review.objects.get().kind == "amount"
    _nothing_happened(attempt)


def test_row_05_another_agency_is_never_looked_into(cast: Casts) -> None:
    with context.in_agency(cast.beta.agency):
        attempt = start(cast.beta)
        body = body_of(attempt)
    with context.in_agency(cast.alfa.agency):
        assert settlement.settle_callback(receive(body), now=NOW).reason == "unknown_reference"
        assert not Receipt.objects.exists()
    with context.in_agency(cast.beta.agency):
        _nothing_happened(attempt)
        assert not Callback.objects.exists()


def test_row_06_an_unknown_reference_is_kept_apart(here: Cast) -> None:
    attempt = start(here)
    body = body_of(attempt, reference_sale="P999-NADIE")
    assert settlement.settle_callback(receive(body), now=NOW) == settlement.Outcome(CallbackState.QUARANTINED, "unknown_reference")
    _nothing_happened(attempt)


def test_row_07_an_approval_after_we_expired_the_attempt_is_accepted(here: Cast) -> None:
    attempt = start(here)
    settlement.expire(attempt.pk, now=NOW)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.payment.state) == (AttemptState.EXPIRED, PaymentState.EXPIRED)
    assert say(attempt) == SETTLED
    here.invoice.refresh_from_db()
    assert here.invoice.balance == 0


def test_row_08_two_approved_payments_for_one_invoice_are_both_kept(here: Cast) -> None:
    first, second = start(here), start(here)
    assert (say(first), say(second)) == (SETTLED, SETTLED)
    assert Receipt.objects.count() == 2
    assert sorted((m.kind, m.amount) for m in Movement.objects.all()) == [
        (MovementKind.APPLIED, Decimal(1215000)), (MovementKind.CREDIT, Decimal(1215000)),
    ]  # fmt: skip
    assert Review.objects.get().kind == "credit"


def test_row_08_a_late_approval_of_a_first_attempt_after_the_second_paid_is_a_second_payment(here: Cast) -> None:
    first = start(here)
    say(first, state="6")
    second = checkout.retry_payment(payment=first.payment, now=NOW)
    assert second.reference != first.reference
    say(second)
    say(first)
    assert [(p.state, p.amount) for p in Payment.objects.order_by("pk")] == [(PaymentState.APPROVED, Decimal(1215000))] * 2
    assert Receipt.objects.count() == 2
    assert Movement.objects.get(kind=MovementKind.CREDIT).amount == Decimal(1215000)


@pytest.mark.parametrize("true_first", [True, False])
def test_row_09_a_valid_signature_replayed_with_an_invented_transaction_gives_no_money(here: Cast, true_first: bool) -> None:
    attempt = start(here)
    names = ["true", "invented"] if true_first else ["invented", "true"]
    outcomes = [say(attempt, transaction=name) for name in names]
    assert outcomes == [SETTLED, settlement.Outcome(CallbackState.QUARANTINED, "needs_evidence")]
    assert Job.objects.filter(kind="payments.ask_now").count() == 1
    assert Review.objects.get().kind == "second"
    assert (Receipt.objects.count(), credited(attempt)) == (1, Decimal(1215000))
    # PayU knows of one: nothing more is credited.
    settlement.settle_answer(attempt.pk, answer(finding(attempt, GatewayState.APPROVED, transaction="true")), now=NOW)
    assert credited(attempt) == Decimal(1215000)


def test_row_09_what_payu_itself_holds_as_a_second_payment_is_a_credit(here: Cast) -> None:
    attempt = start(here)
    say(attempt, transaction="a")
    both = answer(*(finding(attempt, GatewayState.APPROVED, transaction=t) for t in "ab"))
    for _ in range(3):
        settlement.settle_answer(attempt.pk, both, now=NOW)
    assert credited(attempt) == Decimal(2430000)
    assert Movement.objects.get(kind=MovementKind.CREDIT).amount == Decimal(1215000)


@pytest.mark.parametrize("by_callback", ["t-1", "t-2", "invented"])
def test_the_payment_that_a_callback_credited_is_not_credited_again_wherever_payu_lists_it(here: Cast, by_callback: str) -> None:
    attempt = start(here)
    say(attempt, transaction=by_callback)
    found = answer(*(finding(attempt, GatewayState.APPROVED, transaction=name) for name in ("t-1", "t-2")))
    settlement.settle_answer(attempt.pk, found, now=NOW)
    settlement.settle_answer(attempt.pk, found, now=NOW)
    attempt.refresh_from_db()
    assert (attempt.credited, credited(attempt)) == (2, 2 * attempt.amount)
    assert attempt.gateway_transaction == ("t-1" if by_callback == "t-2" else "t-2")
    check_invariants()


def test_what_payu_would_not_take_is_refused_before_anything_is_kept(here: Cast) -> None:
    payer = replace(here.payer, email="no es un correo")
    with pytest.raises(checkout.CheckoutError, match="El correo de quien paga no es válido"):
        checkout.start_payment(client=here.rita, lines=[(here.invoice, here.invoice.balance)], payer=payer, now=NOW)
    assert (Payment.objects.count(), Job.objects.count()) == (0, 0)


def test_iva_is_declared_to_payu_only_for_a_whole_invoice(here: Cast) -> None:
    agency = context.current_agency()
    here.invoice.base, here.invoice.iva = here.invoice.total - 19, Decimal(19)
    here.invoice.save()
    whole = checkout.checkout_form(attempt=start(here), agency=agency).fields
    assert (whole["tax"], Decimal(whole["taxReturnBase"])) == ("19", here.invoice.base)
    save_policy(partial=True, minimum=Decimal(20000))
    part = checkout.start_payment(client=here.rita, lines=[(here.invoice, Decimal(20000))], payer=here.payer, now=NOW)
    assert (checkout.checkout_form(attempt=part, agency=agency).fields["tax"]) == "0"


def test_row_11_a_query_alone_settles(here: Cast) -> None:
    attempt = start(here)
    settlement.settle_answer(attempt.pk, answer(finding(attempt, GatewayState.PENDING)), now=NOW)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.payment.state) == (AttemptState.PENDING, PaymentState.PENDING)
    settlement.settle_answer(attempt.pk, answer(finding(attempt, GatewayState.APPROVED)), now=NOW)
    say(attempt, transaction="t-1")  # and the callback that comes after all
    attempt.refresh_from_db()
    assert (attempt.state, attempt.credited, attempt.cus) == (AttemptState.APPROVED, 1, "1234567")


def test_row_18_an_answer_that_knows_nothing_declines_nothing(here: Cast) -> None:
    attempt = start(here)
    settlement.settle_answer(attempt.pk, answer(), now=NOW)
    _nothing_happened(attempt)


def test_row_22_the_key_before_this_one_still_verifies(here: Cast) -> None:
    from dataclasses import replace

    from payments.accounts import save_account
    from tests.world import PAYU

    attempt = start(here)
    body = body_of(attempt)
    save_account(replace(PAYU, api_key="another-key-of-the-same-merchant"))
    assert settlement.settle_callback(receive(body), now=NOW) == SETTLED


def test_a_test_payment_never_settles_a_real_invoice(here: Cast) -> None:
    attempt = start(here)
    assert say(attempt, test="1") == settlement.Outcome(CallbackState.QUARANTINED, "test")
    assert Review.objects.get().kind == "test"
    _nothing_happened(attempt)


def test_a_decline_says_why_and_can_be_tried_again(here: Cast) -> None:
    attempt = start(here)
    assert say(attempt, state="6") == SETTLED
    payment = Payment.objects.get()
    assert (payment.state, payment.reason) != (PaymentState.DECLINED, "")
    assert payment.state == PaymentState.DECLINED
    second = checkout.retry_payment(payment=payment, now=NOW)
    assert say(second) == SETTLED
    payment.refresh_from_db()
    assert (payment.state, payment.reason) == (PaymentState.APPROVED, "")


def test_one_payment_covers_several_invoices(here: Cast) -> None:
    attempt = start(here, here.invoice, here.overdue)
    assert attempt.amount == Decimal(2430000)
    say(attempt)
    here.invoice.refresh_from_db()
    here.overdue.refresh_from_db()
    assert (here.invoice.balance, here.overdue.balance) == (0, 0)
    assert len(Receipt.objects.get().content["lines"]) == 2


def test_a_rolled_back_settlement_leaves_no_number_behind(here: Cast) -> None:
    attempt = start(here)
    row = receive(body_of(attempt))

    with transaction.atomic():
        settlement.settle_callback(row, now=NOW)
        transaction.set_rollback(True)
    assert not Receipt.objects.exists()
    settlement.settle_callback(row, now=NOW)
    assert Receipt.objects.get().number == 1


@pytest.mark.parametrize("what", ["paid", "foreign", "too much", "nothing", "void", "commission"])
def test_what_cannot_be_paid_is_refused_and_writes_nothing(here: Cast, what: str) -> None:
    invoice, amount, client = here.invoice, here.invoice.balance, here.rita
    if what == "paid":
        say(start(here))
        invoice.refresh_from_db()
    elif what == "foreign":
        invoice = here.berta_invoice
    elif what == "too much":
        amount += 1
    elif what == "void":
        invoice.voided_at = NOW
        invoice.save()
    elif what == "commission":
        invoice.kind = "commission"
        invoice.save()
    before = Payment.objects.count()
    with pytest.raises(checkout.CheckoutError):
        checkout.start_payment(client=client, lines=[(invoice, amount)] if what != "nothing" else [], payer=here.payer, now=NOW)
    assert (Payment.objects.count(), Attempt.objects.count()) == (before, before)
    here.invoice.voided_at = None


def _nothing_happened(attempt: Attempt) -> None:
    attempt.refresh_from_db()
    assert (attempt.state, attempt.credited, attempt.payment.state) == (AttemptState.SENT, 0, PaymentState.STARTED)
    assert not Receipt.objects.exists()
    assert not Movement.objects.exists()
