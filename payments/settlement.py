"""The one place where a payment changes state. Callback, query and a payment entered by staff all end here.

Every function may be called any number of times, in any order: what was already done is not done again. Rows are locked
in one order: attempt, payment, invoices (by id), counter. Approved is terminal; a decline or an expiry never undoes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db import transaction

from payments import accounts, quarantine, receipts
from payments.gateway import Answer, Finding, FindingKind, GatewayState, Notice, NoticeRefused
from payments.models import (
    Attempt,
    AttemptState,
    Callback,
    CallbackState,
    Invoice,
    Movement,
    MovementKind,
    Payment,
    PaymentLine,
    PaymentSource,
    PaymentState,
    Review,
)
from saas.jobs.defer import defer
from saas.lib import clock

# From which states an attempt may move to another. Approved is reached from anywhere, and left by nothing here.
MOVES: dict[AttemptState, tuple[AttemptState, ...]] = {
    AttemptState.PENDING: (AttemptState.SENT,),
    AttemptState.DECLINED: (AttemptState.SENT, AttemptState.PENDING),
    AttemptState.EXPIRED: (AttemptState.SENT, AttemptState.PENDING),
    AttemptState.APPROVED: (AttemptState.SENT, AttemptState.PENDING, AttemptState.DECLINED, AttemptState.EXPIRED),
}
PAYMENT_STATE = {
    AttemptState.PENDING: PaymentState.PENDING,
    AttemptState.DECLINED: PaymentState.DECLINED,
    AttemptState.EXPIRED: PaymentState.EXPIRED,
}


Said = Notice | Finding


class Reason(StrEnum):
    """Why a callback was put in quarantine or had no effect."""

    MALFORMED = "malformed"
    UNKNOWN_REFERENCE = "unknown_reference"
    SIGNATURE = "signature"
    MERCHANT = "merchant"
    AMOUNT = "amount"
    TEST = "test"
    STATE = "state"
    REPEATED = "repeated"
    NEEDS_EVIDENCE = "needs_evidence"
    AFTER_APPROVAL = "after_approval"


@dataclass(frozen=True)
class Outcome:
    """What became of a callback."""

    state: CallbackState
    reason: str = ""


def settle_callback(callback_id: int, *, now: datetime) -> Outcome:
    """Believe or set aside one inbox row. Returns what became of it; a row already processed is left alone."""
    with transaction.atomic():
        callback = Callback.objects.get(pk=callback_id)
        attempt = (
            Attempt.objects.select_for_update(of=("self",))
            .select_related("account")
            .filter(reference=callback.reference)
            .first()
        )
        # Under the attempt's lock: of two workers with the same row, the second sees it processed.
        callback = Callback.objects.select_for_update().get(pk=callback_id)
        if callback.state != CallbackState.NEW:
            return Outcome(CallbackState(callback.state), callback.reason)
        outcome = _judge(callback, attempt, now=now)
        callback.attempt = attempt
        callback.state, callback.reason, callback.processed_at = outcome.state, outcome.reason, now
        callback.save(update_fields=["attempt", "state", "reason", "processed_at"])
        if outcome.state == CallbackState.QUARANTINED:
            quarantine.watch(callback, now=now)
        return outcome


def settle_answer(attempt_id: int, answer: Answer, *, now: datetime) -> None:
    """Apply what the gateway itself answered about an attempt: evidence, so it may credit as many payments as it found.

    An answer that knows nothing says nothing: unknown is never declined.
    """
    with transaction.atomic():
        attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
        tries = [f for f in answer.findings if f.kind is not FindingKind.REFUND]
        matching = [f for f in tries if f.amount == attempt.amount and f.currency == attempt.currency]
        if any(f.paid for f in tries if f not in matching):
            _review(attempt, "amount", "PayU aprobó por esta referencia un valor distinto del que se pidió.", now=now)
        approved = [f for f in matching if f.paid and not (f.test and not attempt.test)]
        for finding in _not_credited(attempt, approved):
            _credit(attempt, finding, now=now)
        if approved:
            return
        # The newest try speaks for the attempt; a pending one speaks louder than a decline beside it.
        for state, to in (
            (GatewayState.PENDING, AttemptState.PENDING),
            (GatewayState.DECLINED, AttemptState.DECLINED),
            (GatewayState.EXPIRED, AttemptState.EXPIRED),
        ):
            said = [f for f in matching if f.state is state]
            if said:
                _move(attempt, to, said[-1], now=now)
                return


def _not_credited(attempt: Attempt, approved: list[Finding]) -> list[Finding]:
    """The approved findings that are further payments. A signed callback may have credited any of them, so the one that
    the attempt names is taken out wherever it stands in the list; how many were credited decides the rest."""
    others = [f for f in approved if f.gateway_transaction_id != attempt.gateway_transaction]
    named = 1 if len(others) < len(approved) and attempt.credited else 0
    return (others if named else approved)[max(attempt.credited - named, 0) :]


def expire(attempt_id: int, *, now: datetime) -> None:
    """Stop waiting for an attempt of which PayU never knew. Money that comes later all the same is accepted."""
    with transaction.atomic():
        attempt = Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
        _move(attempt, AttemptState.EXPIRED, None, now=now)


def _judge(callback: Callback, attempt: Attempt | None, *, now: datetime) -> Outcome:
    def quarantine(reason: Reason) -> Outcome:
        return Outcome(CallbackState.QUARANTINED, reason)

    if attempt is None:
        return quarantine(Reason.UNKNOWN_REFERENCE)
    opened = accounts.credentials(attempt.account)
    try:
        said = accounts.gateway().read_callback(
            callback.body.encode("latin-1"), callback.content_type, credentials=opened
        )
    except NoticeRefused:
        return quarantine(Reason.MALFORMED)
    if said.merchant_id != opened.merchant_id:
        return quarantine(Reason.MERCHANT)
    if not said.signed:
        return quarantine(Reason.SIGNATURE)
    if said.amount != attempt.amount or said.currency != attempt.currency:
        _review(attempt, "amount", "PayU avisó un valor o una moneda distintos de los pedidos.", now=now, callback=callback)
        return quarantine(Reason.AMOUNT)
    if said.test and not attempt.test:
        _review(attempt, "test", "PayU avisó un pago de prueba para un pago real.", now=now, callback=callback)
        return quarantine(Reason.TEST)
    if said.state is GatewayState.APPROVED:
        return _approved_by_signature(callback, attempt, said, now=now)
    if said.state in (GatewayState.DECLINED, GatewayState.EXPIRED):
        to = AttemptState.DECLINED if said.state is GatewayState.DECLINED else AttemptState.EXPIRED
        if attempt.state == AttemptState.APPROVED:
            return Outcome(CallbackState.IGNORED, Reason.AFTER_APPROVAL)
        moved = _move(attempt, to, said, now=now)
        return Outcome(CallbackState.SETTLED) if moved else Outcome(CallbackState.IGNORED, Reason.REPEATED)
    return quarantine(Reason.STATE)


def _approved_by_signature(callback: Callback, attempt: Attempt, said: Said, *, now: datetime) -> Outcome:
    if attempt.credited == 0:
        _credit(attempt, said, now=now)
        return Outcome(CallbackState.SETTLED)
    if said.gateway_transaction_id == attempt.gateway_transaction:
        return Outcome(CallbackState.IGNORED, Reason.REPEATED)
    # A signature says nothing of the transaction: whoever paid once can make as many "approvals" as he likes. Ask PayU.
    defer("payments.ask_now", f"{attempt.pk}:{callback.pk}", now=now, attempt_id=attempt.pk)
    _review(
        attempt,
        f"second:{callback.pk}",
        "Llegó otra aprobación por la misma referencia. No se aplicó: se le está preguntando a PayU si es un segundo pago.",
        now=now,
        callback=callback,
    )
    return Outcome(CallbackState.QUARANTINED, Reason.NEEDS_EVIDENCE)


def _credit(attempt: Attempt, said: Said, *, now: datetime) -> None:
    """One payment's worth of money came in for `attempt` (locked): apply it, number its receipt, tell the client."""
    payment = Payment.objects.select_for_update(of=("self",)).select_related("client").get(pk=attempt.payment_id)
    if payment.state in (PaymentState.APPROVED, PaymentState.REVERSED):
        payment = _second_payment(payment)
        _review(attempt, f"again:{attempt.credited}", "Se recibió un segundo pago: quedó como saldo a favor.", now=now, payment=payment)
    today = clock.local(now).date()
    payment.state = PaymentState.APPROVED
    payment.means, payment.reason = said.method_label[:60], ""
    payment.reference = said.cus or said.authorization or said.gateway_order_id
    payment.paid_on, payment.settled_at = today, now
    payment.save(update_fields=["state", "means", "reason", "reference", "paid_on", "settled_at"])
    applied = apply_to_invoices(payment, attempt=attempt, now=now)
    if attempt.state in (AttemptState.DECLINED, AttemptState.EXPIRED):
        # Its questions may have ended: an approved attempt is asked about again (reconcile.AFTER_APPROVAL).
        defer("payments.ask", f"{attempt.pk}:late", now=now, attempt_id=attempt.pk)
    attempt.credited += 1
    attempt.state, attempt.settled_at = AttemptState.APPROVED, now
    _note(attempt, said)
    attempt.save()
    receipts.issue(payment=payment, attempt=attempt, applied=applied, now=now)


def apply_to_invoices(payment: Payment, *, attempt: Attempt | None, now: datetime) -> list[tuple[Invoice, Decimal]]:
    """Cover the payment's invoices (locked by id) with its money; what they no longer need is the client's credit.

    Returns (invoice, COP applied) for those covered. Writes the ledger; tells staff of a credit.
    """
    today = clock.local(now).date()
    lines = list(PaymentLine.objects.filter(payment=payment).order_by("invoice_id"))
    invoices = {i.pk: i for i in Invoice.objects.select_for_update().filter(pk__in=[line.invoice_id for line in lines]).order_by("pk")}
    applied: list[tuple[Invoice, Decimal]] = []
    movements: list[Movement] = []

    def movement(kind: MovementKind, amount: Decimal, invoice: Invoice | None) -> None:
        movements.append(
            Movement(
                kind=kind, client_id=payment.client_id, payment=payment, attempt=attempt, invoice=invoice,
                amount=amount, on=today, made_at=now,
            )
        )  # fmt: skip

    left = payment.amount
    for line in lines:
        invoice = invoices[line.invoice_id]
        owed = invoice.balance if invoice.voided_at is None else Decimal(0)
        amount = min(line.amount, owed, left)
        if amount > 0:
            invoice.applied += amount
            invoice.save(update_fields=["applied"])
            movement(MovementKind.APPLIED, amount, invoice)
            applied.append((invoice, amount))
            left -= amount
    if left > 0:
        movement(MovementKind.CREDIT, left, None)
        Review.objects.get_or_create(
            key=f"credit:{payment.pk}",
            defaults={
                "kind": "credit",
                "text": "El pago cubre más de lo que se debía: la diferencia quedó como saldo a favor del cliente.",
                "payment": payment,
                "attempt": attempt,
            },
        )
    Movement.objects.bulk_create(movements)
    return applied


def _second_payment(first: Payment) -> Payment:
    """A payment of its own for money that came twice: both are kept, never merged."""
    lines = list(PaymentLine.objects.filter(payment=first))
    second = Payment.objects.create(
        client=first.client, source=PaymentSource.GATEWAY, state=PaymentState.STARTED, amount=first.amount,
        payer_name=first.payer_name, payer_email=first.payer_email, payer_phone=first.payer_phone,
        payer_document_type=first.payer_document_type, payer_document=first.payer_document,
    )  # fmt: skip
    PaymentLine.objects.bulk_create(PaymentLine(payment=second, invoice_id=line.invoice_id, amount=line.amount) for line in lines)
    return second


def _move(attempt: Attempt, to: AttemptState, said: Said | None, *, now: datetime) -> bool:
    """Move a locked attempt, and its payment with it when no other attempt is better off. Returns whether it moved."""
    if attempt.state not in MOVES[to]:
        return False
    attempt.state = to
    attempt.settled_at = now if to != AttemptState.PENDING else None
    if said is not None:
        _note(attempt, said)
    attempt.save()
    payment = Payment.objects.select_for_update().get(pk=attempt.payment_id)
    others_open = (
        Attempt.objects.filter(payment=payment, pk__gt=attempt.pk).exclude(state=AttemptState.EXPIRED).exists()
    )
    if payment.state not in (PaymentState.APPROVED, PaymentState.REVERSED) and not others_open:
        payment.state = PAYMENT_STATE[to]
        payment.reason = said.message[:200] if said else ""
        if said and said.method_label:
            payment.means = said.method_label[:60]
        payment.settled_at = attempt.settled_at
        payment.save(update_fields=["state", "reason", "means", "settled_at"])
    return True


def _note(attempt: Attempt, said: Said) -> None:
    attempt.gateway_order = said.gateway_order_id[:60]
    attempt.gateway_transaction = said.gateway_transaction_id[:80]
    attempt.means = said.method_label[:60]
    attempt.authorisation = said.authorization[:60]
    attempt.cus = said.cus[:60]
    attempt.response_code = said.response_code[:80]


def _review(
    attempt: Attempt, key: str, text: str, *, now: datetime, callback: Callback | None = None, payment: Payment | None = None
) -> None:
    """Tell staff, once for each thing."""
    Review.objects.get_or_create(
        key=f"attempt:{attempt.pk}:{key}",
        defaults={
            "kind": key.partition(":")[0],
            "text": text,
            "payment": payment or attempt.payment,
            "attempt": attempt,
            "callback": callback,
        },
    )
