"""The one place where a payment changes state. Callback, query and a payment entered by staff all end here.

Every function may be called any number of times, in any order: what was already done is not done again. Rows are locked
in one order: a callback's own row, attempt, payment, invoices (by id), counter. A decline or an expiry never undoes an approval; only
money that went back does, in `payments/reversals.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from payments import accounts, manual, quarantine, receipts, reversals, reviews
from payments.applying import apply_to_invoices
from payments.gateway import Answer, Finding, FindingKind, GatewayState, Notice, NoticeRefused
from payments.models import (
    Attempt,
    AttemptState,
    Basis,
    Callback,
    CallbackState,
    Payment,
    PaymentLine,
    PaymentSource,
    PaymentState,
    Review,
)
from saas.accounts.models import User
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
# What a charge is or was: money that came in, whatever became of it later.
CAME_IN = (GatewayState.APPROVED, GatewayState.REFUNDED, GatewayState.CHARGEBACK)
# The columns that a move writes: of a payment, of an attempt, and what `_note` learns of the charge.
_SETTLED = ["state", "reason", "means", "settled_at"]
_MOVED = ["state", "settled_at"]
_NOTED = ["gateway_order", "gateway_transaction", "means", "authorisation", "cus", "response_code"]

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
        # Of two workers with the same row, the second waits here and sees it processed.
        callback = Callback.objects.select_for_update().get(pk=callback_id)
        if callback.state != CallbackState.NEW:
            return Outcome(CallbackState(callback.state), callback.reason)
        attempt = _locked().filter(reference=callback.reference).first()
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
        attempt = _locked().get(pk=attempt_id)
        # All of its payments at once, in order: what follows takes them one by one.
        list(Payment.objects.select_for_update(of=("self",)).filter(Q(credited_by=attempt) | Q(pk=attempt.payment_id)).order_by("pk"))
        tries = [f for f in answer.findings if f.kind is not FindingKind.REFUND]
        matching = [f for f in tries if f.amount == attempt.amount and f.currency == attempt.currency]
        for finding in tries:
            if finding.paid and finding not in matching:
                _tell_amount(attempt, finding)
        charges = [f for f in matching if _came_in(f) and not (f.test and not attempt.test)]
        for finding in _not_credited(attempt, charges):
            if finding.paid:
                _credit(attempt, finding, basis=Basis.QUERY, now=now)
            else:
                text = "PayU aprobó y devolvió un pago antes de que lo supiéramos: no se aplicó. Revíselo en PayU."
                reviews.tell(attempt, f"unseen:{finding.gateway_transaction_id}", text, evidence=reversals.evidence_of(finding))
        reversals.follow(attempt, answer.findings, now=now)
        if charges:
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


def settle_manual(entry: manual.ManualPayment, *, staff: User, now: datetime) -> Payment:
    """Register a payment that staff received outside, apply it and number its receipt: the same ledger as any other.

    The same key again returns the payment that it made. Raises manual.EntryRefused; then nothing is kept.
    """
    if entry.amount <= 0 or sum((amount for _, amount in entry.lines), Decimal(0)) > entry.amount:
        raise manual.EntryRefused("Lo que aplica a las facturas no puede pasar del valor recibido.")
    try:
        with transaction.atomic():
            # First of all: of the same form sent twice at once, the second waits here for the first.
            payment = Payment.objects.create(
                client=entry.client, source=PaymentSource.MANUAL, state=PaymentState.APPROVED, amount=entry.amount,
                means=entry.means, reference=entry.reference, paid_on=entry.paid_on, settled_at=now, entered_by=staff,
                entry_key=entry.key,
            )  # fmt: skip
            manual.check_lines(entry)
            PaymentLine.objects.bulk_create(PaymentLine(payment=payment, invoice_id=pk, amount=amount) for pk, amount in entry.lines)
            applied = apply_to_invoices(payment, attempt=None, now=now)
            receipts.issue(payment=payment, attempt=None, applied=applied, now=now)
            return payment
    except IntegrityError:
        existing = Payment.objects.filter(entry_key=entry.key).first()
        if existing is None:
            raise
        return existing


def settle_as_credit(review_id: int, *, now: datetime) -> Payment:
    """Take money that the gateway holds, and that fits no invoice, as the client's credit: once for each charge.

    Only on the gateway's own evidence, which the review carries. Raises manual.EntryRefused.
    """
    review = Review.objects.get(pk=review_id)
    seen = review.evidence
    if review.attempt_id is None or not seen.get("gateway_transaction") or seen.get("currency") != "COP" or seen.get("state") != "approved":
        raise manual.EntryRefused("PayU no confirmó este dinero: no hay qué tomar como saldo a favor.")
    with transaction.atomic():
        attempt = _locked().get(pk=review.attempt_id)
        known = Payment.objects.filter(credited_by=attempt, gateway_transaction=seen["gateway_transaction"]).first()
        if known is not None:
            return known
        payment = _another_payment(attempt.payment, amount=Decimal(seen["amount"]))
        payment.state, payment.means = PaymentState.APPROVED, str(seen.get("means", ""))[:60]
        payment.paid_on, payment.settled_at = clock.local(now).date(), now
        payment.credited_by, payment.basis = attempt, Basis.QUERY
        payment.gateway_transaction, payment.reference = seen["gateway_transaction"], str(seen.get("order", ""))[:80]
        payment.save()
        apply_to_invoices(payment, attempt=attempt, now=now)
        attempt.credited += 1
        attempt.save(update_fields=["credited"])
        receipts.issue(payment=payment, attempt=attempt, applied=[], now=now)
        # The answer may be old: if PayU gave it back meanwhile, asking again reverses it.
        defer("payments.ask_now", f"{attempt.pk}:taken:{payment.pk}", now=now, attempt_id=attempt.pk)
        return payment


def _locked() -> QuerySet[Attempt]:
    """Attempts with their payments, locked, and with the account and the client that a move needs."""
    return Attempt.objects.select_for_update(of=("self", "payment")).select_related("account", "payment__client")


def _came_in(finding: Finding) -> bool:
    return finding.kind is FindingKind.PAYMENT and bool(finding.gateway_transaction_id) and finding.state in CAME_IN


def _not_credited(attempt: Attempt, charges: list[Finding]) -> list[Finding]:
    """The charges that are further payments. A payment that a signature alone credited may carry an invented id: it
    stands for the first charge that nobody claims, and learns its true name."""
    payments = list(Payment.objects.select_for_update(of=("self",)).filter(credited_by=attempt, amount=attempt.amount).order_by("pk"))
    claimed = {payment.gateway_transaction for payment in payments}
    found = {finding.gateway_transaction_id for finding in charges}
    others = [finding for finding in charges if finding.gateway_transaction_id not in claimed]
    nameless = [p for p in payments if p.basis == Basis.SIGNATURE and p.gateway_transaction not in found]
    for payment, finding in zip(nameless, others, strict=False):
        payment.gateway_transaction = finding.gateway_transaction_id[:80]
        payment.save(update_fields=["gateway_transaction"])
    return others[len(nameless) :]


def expire(attempt_id: int, *, now: datetime) -> None:
    """Stop waiting for an attempt of which PayU never knew. Money that comes later all the same is accepted."""
    with transaction.atomic():
        attempt = _locked().get(pk=attempt_id)
        _move(attempt, AttemptState.EXPIRED, None, now=now)


def reopen(payment_id: int) -> None:
    """A payment that failed is being tried again: it waits once more, and why it failed is no longer true of it. What is
    open, approved or reversed stays as it is. Call it in the transaction of the new attempt."""
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    if payment.state in (PaymentState.DECLINED, PaymentState.EXPIRED):
        payment.state, payment.reason, payment.means, payment.settled_at = PaymentState.STARTED, "", "", None
        payment.save(update_fields=_SETTLED)


def _judge(callback: Callback, attempt: Attempt | None, *, now: datetime) -> Outcome:
    def quarantine(reason: Reason) -> Outcome:
        return Outcome(CallbackState.QUARANTINED, reason)

    if attempt is None:
        return quarantine(Reason.UNKNOWN_REFERENCE)
    opened = accounts.credentials(attempt.account)
    try:
        said = accounts.gateway_of(attempt.account).read_callback(
            callback.body.encode("latin-1"), callback.content_type, credentials=opened
        )
    except NoticeRefused:
        return quarantine(Reason.MALFORMED)
    if said.merchant_id != opened.merchant_id:
        return quarantine(Reason.MERCHANT)
    if not said.signed:
        return quarantine(Reason.SIGNATURE)
    if said.amount != attempt.amount or said.currency != attempt.currency:
        reviews.tell(attempt, "amount", "PayU avisó un valor o una moneda distintos de los pedidos.", callback=callback)
        _ask(attempt, callback, now=now)  # a part of it may have gone back, or more may have come in than was asked
        return quarantine(Reason.AMOUNT)
    if said.test and not attempt.test:
        reviews.tell(attempt, "test", "PayU avisó un pago de prueba para un pago real.", callback=callback)
        return quarantine(Reason.TEST)
    if said.state is GatewayState.APPROVED:
        return _approved_by_signature(callback, attempt, said, now=now)
    if said.state in (GatewayState.DECLINED, GatewayState.EXPIRED):
        to = AttemptState.DECLINED if said.state is GatewayState.DECLINED else AttemptState.EXPIRED
        if attempt.state == AttemptState.APPROVED:
            return Outcome(CallbackState.IGNORED, Reason.AFTER_APPROVAL)
        moved = _move(attempt, to, said, now=now)
        return Outcome(CallbackState.SETTLED) if moved else Outcome(CallbackState.IGNORED, Reason.REPEATED)
    if attempt.credited:
        # A refund, a chargeback, or a state that we do not know: nothing is taken back on its word.
        text = "PayU avisó un cambio en un pago ya aprobado (reembolso, contracargo u otro). Se le está preguntando: solo lo que confirme se reversa."
        reviews.tell(attempt, f"state:{callback.pk}", text, callback=callback)
        _ask(attempt, callback, now=now)
    return quarantine(Reason.STATE)


def _ask(attempt: Attempt, callback: Callback, *, now: datetime) -> None:
    """Ask PayU at once, once for each saying that a signature does not prove."""
    defer("payments.ask_now", f"{attempt.pk}:{callback.pk}", now=now, attempt_id=attempt.pk)


def _approved_by_signature(callback: Callback, attempt: Attempt, said: Said, *, now: datetime) -> Outcome:
    if attempt.credited == 0:
        _credit(attempt, said, basis=Basis.SIGNATURE, now=now)
        return Outcome(CallbackState.SETTLED)
    if said.gateway_transaction_id == attempt.gateway_transaction:
        return Outcome(CallbackState.IGNORED, Reason.REPEATED)
    # A signature says nothing of the transaction: whoever paid once can make as many "approvals" as he likes. Ask PayU.
    _ask(attempt, callback, now=now)
    reviews.tell(
        attempt,
        f"second:{callback.pk}",
        "Llegó otra aprobación por la misma referencia. No se aplicó: se le está preguntando a PayU si es un segundo pago.",
        callback=callback,
    )
    return Outcome(CallbackState.QUARANTINED, Reason.NEEDS_EVIDENCE)


def _credit(attempt: Attempt, said: Said, *, basis: Basis, now: datetime) -> None:
    """One payment's worth of money came in for `attempt` (locked): apply it, number its receipt, tell the client."""
    payment = attempt.payment
    if payment.state in (PaymentState.APPROVED, PaymentState.REVERSED):
        first, payment = payment, _another_payment(payment, amount=payment.amount)
        meant = first.lines.order_by("invoice_id")
        PaymentLine.objects.bulk_create(PaymentLine(payment=payment, invoice_id=line.invoice_id, amount=line.amount) for line in meant)
        reviews.tell(attempt, f"again:{attempt.credited}", "Se recibió un segundo pago: quedó como saldo a favor.", payment=payment)
    today = clock.local(now).date()
    payment.state = PaymentState.APPROVED
    payment.means, payment.reason = said.method_label[:60], ""
    payment.reference = said.cus or said.authorization or said.gateway_order_id
    payment.paid_on, payment.settled_at = today, now
    payment.credited_by, payment.basis, payment.gateway_transaction = attempt, basis, said.gateway_transaction_id[:80]
    payment.save(update_fields=[*_SETTLED, "paid_on", "reference", "credited_by", "basis", "gateway_transaction"])
    applied = apply_to_invoices(payment, attempt=attempt, now=now)
    if sum((amount for _, amount in applied), Decimal(0)) < payment.amount:
        reviews.tell_credit(payment, attempt)
    if attempt.state in (AttemptState.DECLINED, AttemptState.EXPIRED):
        # Its questions may have ended: an approved attempt is asked about again (reconcile.AFTER_APPROVAL).
        defer("payments.ask", f"{attempt.pk}:late", now=now, attempt_id=attempt.pk)
    attempt.credited += 1
    attempt.state, attempt.settled_at = AttemptState.APPROVED, now
    _note(attempt, said)
    attempt.save(update_fields=["credited", *_MOVED, *_NOTED])
    receipts.issue(payment=payment, attempt=attempt, applied=applied, now=now)


def _another_payment(first: Payment, *, amount: Decimal) -> Payment:
    """A payment of its own for money that came beside `first`: both are kept, never merged."""
    return Payment.objects.create(
        client=first.client, source=PaymentSource.GATEWAY, state=PaymentState.STARTED, amount=amount,
        payer_name=first.payer_name, payer_email=first.payer_email, payer_phone=first.payer_phone,
        payer_document_type=first.payer_document_type, payer_document=first.payer_document,
    )  # fmt: skip


def _move(attempt: Attempt, to: AttemptState, said: Said | None, *, now: datetime) -> bool:
    """Move an attempt (locked), and its payment with it when no other attempt is better off. Returns whether it moved."""
    if attempt.state not in MOVES[to]:
        return False
    attempt.state = to
    attempt.settled_at = now if to != AttemptState.PENDING else None
    if said is not None:
        _note(attempt, said)
    attempt.save(update_fields=[*_MOVED, *_NOTED])
    payment = attempt.payment
    others_open = (
        Attempt.objects.filter(payment=payment, pk__gt=attempt.pk).exclude(state=AttemptState.EXPIRED).exists()
    )
    if payment.state not in (PaymentState.APPROVED, PaymentState.REVERSED) and not others_open:
        payment.state = PAYMENT_STATE[to]
        payment.reason = said.message[:200] if said else ""
        if said and said.method_label:
            payment.means = said.method_label[:60]
        payment.settled_at = attempt.settled_at
        payment.save(update_fields=_SETTLED)
    return True


def _note(attempt: Attempt, said: Said) -> None:
    attempt.gateway_order = said.gateway_order_id[:60]
    attempt.gateway_transaction = said.gateway_transaction_id[:80]
    attempt.means = said.method_label[:60]
    attempt.authorisation = said.authorization[:60]
    attempt.cus = said.cus[:60]
    attempt.response_code = said.response_code[:80]


def _tell_amount(attempt: Attempt, finding: Finding) -> None:
    """Tell staff of money that the gateway holds and that is not what was asked, unless it was taken as credit."""
    if not Payment.objects.filter(credited_by=attempt, gateway_transaction=finding.gateway_transaction_id).exists():
        text = "PayU aprobó por esta referencia un valor distinto del que se pidió. No se aplicó a ninguna factura."
        reviews.tell(attempt, f"amount:{finding.gateway_transaction_id}", text, evidence=reversals.evidence_of(finding))
