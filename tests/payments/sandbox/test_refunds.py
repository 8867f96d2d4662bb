"""A refund from the desk to its end, against the stand-in: sent once, followed, and reversed only when PayU holds it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from payments import checkout, reconcile, refunds, reversal_document, reversals, settlement
from payments.gateway import RefundRefused
from payments.models import Attempt, Callback, CallbackSource, Payment, PaymentState, Receipt, Refund, RefundState, Reversal, Review
from payments.payu import queries
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.payments.money import check_invariants
from tests.payments.sandbox.driving import Shop, StandIn
from tests.world import Cast, Casts

LATER = timedelta(minutes=11)  # PayU takes refunds ten minutes after the approval


@pytest.fixture
def here(cast: Casts, payu: StandIn, settings: Any) -> Iterator[Cast]:
    settings.PAYU_CHECKOUT_URL = payu.checkout_url
    settings.PAYU_REPORTS_URL = payu.reports_url
    settings.PAYU_PAYMENTS_URL = payu.payments_url
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa
        check_invariants()


@pytest.fixture
def attempt(here: Cast, payu: StandIn, shop: Shop) -> Attempt:
    """Rita's payment by card, that PayU approved and we asked about."""
    return paid(here, payu, shop, mean="card")


def paid(here: Cast, payu: StandIn, shop: Shop, *, mean: str) -> Attempt:
    begun = checkout.start_payment(
        client=here.rita, lines=[(here.invoice, here.invoice.balance)], payer=here.payer, now=clock.now()
    )
    form = checkout.checkout_form(attempt=begun, agency=here.agency).fields
    payu.control("pay", {"form": {**form, "confirmationUrl": f"{shop.url}/c/"}, "mean": mean, "outcome": "approved"})
    reconcile.ask_and_settle(begun.pk, now=clock.now())
    begun.refresh_from_db()
    assert begun.payment.state == PaymentState.APPROVED
    return begun


def ask_for(attempt: Attempt, here: Cast, amount: Decimal | None = None) -> Refund:
    return refunds.request_refund(
        attempt.payment_id, amount=amount or attempt.amount, reason="Pagó dos veces", key=uuid.uuid4(), staff=here.sara, now=clock.now()
    )


def step(refund: Refund, *, after: timedelta = LATER) -> Any:
    again = refunds.take_step(refund.pk, now=clock.now() + after)
    refund.refresh_from_db()
    return again


def at_payu(payu: StandIn) -> list[dict[str, Any]]:
    return [row for row in payu.control("transactions") if row["type"] != "AUTHORIZATION_AND_CAPTURE"]


@pytest.mark.parametrize("part", [None, Decimal(200_000)])
def test_a_refund_that_payu_grants_reverses_the_payment_once(here: Cast, attempt: Attempt, payu: StandIn, part: Decimal | None) -> None:
    refund = ask_for(attempt, here, part)
    assert Job.objects.get(kind="payments.refund").payload == {"refund_id": refund.pk}
    again = step(refund)
    assert again is not None
    assert (refund.state, bool(refund.gateway_transaction)) == (RefundState.PENDING, True)
    (sent,) = at_payu(payu)
    assert (sent["type"], Decimal(sent["value"])) == ("PARTIAL_REFUND" if part else "REFUND", part or attempt.amount)
    # Still being decided: nothing goes back, and it is not sent again.
    assert step(refund) is not None
    assert (len(at_payu(payu)), Reversal.objects.count()) == (1, 0)
    payu.control("decide", {"reference": attempt.reference, "outcome": "approved"})
    assert step(refund) is None
    assert step(refund) is None
    reconcile.ask_and_settle(attempt.pk, now=clock.now())
    assert (refund.state, refund.decided_at is not None) == (RefundState.APPROVED, True)
    reversal = Reversal.objects.get()
    assert (reversal.amount, reversal.kind) == (part or attempt.amount, "refund")
    payment = Payment.objects.get()
    assert payment.state == (PaymentState.APPROVED if part else PaymentState.REVERSED)
    here.invoice.refresh_from_db()
    assert here.invoice.balance == (part or attempt.amount)


def test_a_refund_that_payu_declines_takes_nothing_back_and_can_be_asked_for_again(here: Cast, attempt: Attempt, payu: StandIn) -> None:
    refund = ask_for(attempt, here)
    step(refund)
    payu.control("decide", {"reference": attempt.reference, "outcome": "declined"})
    assert step(refund) is None
    assert (refund.state, Reversal.objects.count(), Payment.objects.get().state) == (RefundState.DECLINED, 0, PaymentState.APPROVED)
    assert Review.objects.filter(kind="refund").count() == 1
    assert ask_for(attempt, here, Decimal(5000)).state == RefundState.REQUESTED


def test_row_26_a_chargeback_at_payu_is_found_by_asking_and_reverses_the_payment_once(here: Cast, attempt: Attempt, payu: StandIn) -> None:
    before = Receipt.objects.values().get()
    payu.control("chargeback", {"reference": attempt.reference})
    for _ in range(2):
        compared = reconcile.compare(attempt.pk, now=clock.now())
    assert (compared.there, compared.here, compared.difference) == (attempt.amount, attempt.amount, "")
    reversal = Reversal.objects.get()
    assert (reversal.full_number, reversal.kind, reversal.amount) == ("RV-1", "chargeback", attempt.amount)
    here.invoice.refresh_from_db()
    assert (here.invoice.balance, Payment.objects.get().state, Receipt.objects.values().get()) == (attempt.amount, PaymentState.REVERSED, before)
    assert [review.kind for review in Review.objects.all()] == ["chargeback"]
    assert Job.objects.filter(kind="payments.reversal_mail").count() == 1
    paper = reversal_document.reversal_pdf(reversal_document.reversal_document(reversal, here.agency))
    assert paper[:5] == b"%PDF-"


def test_a_transfer_is_not_refunded_by_payu_and_nothing_is_sent(here: Cast, payu: StandIn, shop: Shop) -> None:
    refund = ask_for(paid(here, payu, shop, mean="pse"), here)
    assert step(refund) is None
    assert (refund.state, refund.message) == (RefundState.DECLINED, "PayU solo reembolsa pagos con tarjeta. Devuelva el dinero por otro medio.")
    assert at_payu(payu) == []


def test_too_soon_says_so(here: Cast, attempt: Attempt, payu: StandIn) -> None:
    refund = ask_for(attempt, here)
    assert step(refund, after=timedelta(0)) is None
    assert (refund.state, "10 minutos" in refund.message, at_payu(payu)) == (RefundState.DECLINED, True, [])


def test_an_answer_that_was_lost_is_asked_about_before_it_is_sent_again(
    here: Cast, attempt: Attempt, payu: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = queries.post

    def lossy(url: str, payload: Any, timeout: float) -> Any:
        reply = real(url, payload, timeout)
        if payload["command"] == "SUBMIT_TRANSACTION":
            raise queries.GatewayUnavailable("PayU no respondió")
        return reply

    gateway = payu.gateway()
    monkeypatch.setattr("payments.accounts.gateway", lambda: type(gateway)(
        checkout_url=gateway.checkout_url, reports_url=gateway.reports_url, payments_url=gateway.payments_url, transport=lossy,
    ))  # fmt: skip
    refund = ask_for(attempt, here)
    assert step(refund) is not None
    assert (refund.state, refund.gateway_transaction, refund.message) == (RefundState.SENT, "", "PayU no respondió")
    step(refund)
    assert (refund.state, len(at_payu(payu))) == (RefundState.PENDING, 1)
    assert refund.gateway_transaction == at_payu(payu)[0]["transaction_id"]


def test_a_request_that_never_arrived_is_sent_again_only_later(here: Cast, attempt: Attempt, payu: StandIn) -> None:
    refund = ask_for(attempt, here)
    Refund.objects.filter(pk=refund.pk).update(state=RefundState.SENT, sent_at=clock.now() + LATER)  # died before the wire
    assert step(refund, after=LATER + timedelta(minutes=5)) is not None
    assert (refund.state, at_payu(payu)) == (RefundState.SENT, [])
    step(refund, after=LATER + refunds.SEND_AGAIN_AFTER)
    assert (refund.state, len(at_payu(payu))) == (RefundState.PENDING, 1)


def test_what_cannot_be_refunded_is_refused_and_writes_nothing(here: Cast, attempt: Attempt) -> None:
    with pytest.raises(RefundRefused, match="hasta"):
        ask_for(attempt, here, attempt.amount + 1)
    first = ask_for(attempt, here)
    with pytest.raises(RefundRefused, match="Ya hay un reembolso en curso"):
        ask_for(attempt, here)
    with pytest.raises(reversals.ReversalRefused, match="Hay un reembolso en curso"):
        reversals.reverse_by_staff(attempt.payment_id, reason="x", staff=here.sara, now=clock.now())
    # The same form again is the same refund.
    again = refunds.request_refund(attempt.payment_id, amount=first.amount, reason="x", key=first.key, staff=here.sara, now=clock.now())
    assert (again, Refund.objects.count()) == (first, 1)


def test_payu_away_leaves_the_refund_where_it_was(here: Cast, attempt: Attempt, settings: Any) -> None:
    refund = ask_for(attempt, here)
    settings.PAYU_REPORTS_URL = "http://127.0.0.1:9/"
    job = Job.objects.get(kind="payments.refund")
    assert run_job(job.pk, now=clock.now())
    job.refresh_from_db()
    refund.refresh_from_db()
    assert (refund.state, job.done_at, job.dead_at, job.last_error) == (RefundState.REQUESTED, None, None, "GatewayUnavailable")
    assert job.due_at > clock.now()


def test_what_payu_answers_is_kept_once_for_people_to_read(here: Cast, attempt: Attempt) -> None:
    for _ in range(2):
        reconcile.ask(attempt.pk, now=clock.now())
    row = Callback.objects.get(source=CallbackSource.QUERY)
    assert row.times == 3  # with the one that settled it
    for secret in ("4Vj8eK4rloUd272L48hsrarnUA", "pRRXKOl8ikMmt9u", here.rita.email, here.rita.document):
        assert secret not in row.body


def test_settle_again_changes_nothing(here: Cast, attempt: Attempt, payu: StandIn) -> None:
    from payments import accounts

    answer = accounts.gateway().ask_by_reference(accounts.credentials(attempt.account), attempt.reference)
    for _ in range(3):
        settlement.settle_answer(attempt.pk, answer, now=clock.now())
    assert (Payment.objects.count(), Reversal.objects.count()) == (1, 0)
