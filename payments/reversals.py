"""Money that goes back: by staff with a reason, or because the gateway itself says that it refunded or was charged back.

The one way out of APPROVED. A reversal is a numbered document with negative movements; invoices reopen, the receipt stays
as it was. Each has a key: nothing is taken back twice, and never more than a payment brought. Rows are locked in
settlement's order. What the gateway says counts only as an answer to our own question.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from payments import outgoing, receipts, reviews
from payments.gateway import Finding, FindingKind, GatewayState
from payments.models import (
    Attempt,
    Invoice,
    Movement,
    MovementKind,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Reversal,
    ReversalKind,
)
from saas.accounts.models import User
from saas.jobs.defer import defer
from saas.lib import clock
from saas.lib.money import cop

PREFIX = "RV"
OPEN_REFUNDS = (RefundState.REQUESTED, RefundState.SENT, RefundState.PENDING)


class ReversalRefused(ValueError):  # noqa: N818
    """Why a payment cannot be reversed, in Spanish, for staff."""


def left_of(payment: Payment) -> Decimal:
    """COP of an approved payment that have not gone back."""
    gone = payment.reversals.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return payment.amount - gone


def reverse_by_staff(payment_id: int, *, reason: str, staff: User, now: datetime) -> Reversal:
    """Reverse what is left of an approved payment. Again, it returns the reversal that was made. Raises ReversalRefused."""
    with transaction.atomic():
        payment = lock(payment_id)
        key = f"staff:{payment.pk}"
        made = Reversal.objects.filter(key=key).first()
        if made is not None:
            return made
        if payment.state == PaymentState.REVERSED:
            raise ReversalRefused("Este pago ya fue reversado.")
        if payment.state != PaymentState.APPROVED:
            raise ReversalRefused("Solo se reversan pagos aprobados.")
        if payment.refunds.filter(state__in=OPEN_REFUNDS).exists():
            raise ReversalRefused("Hay un reembolso en curso: cuando PayU lo apruebe, el pago se reversa solo.")
        reversal = Reversal(key=key, kind=ReversalKind.STAFF, reason=reason, made_by=staff)
        return _reverse(payment, reversal, amount=left_of(payment), now=now)


def lock(payment_id: int) -> Payment:
    """A payment, locked after the attempt that brought it. Call it inside a transaction."""
    attempt_id = Payment.objects.values_list("credited_by", flat=True).get(pk=payment_id)
    if attempt_id is not None:
        Attempt.objects.select_for_update(of=("self",)).get(pk=attempt_id)
    return Payment.objects.select_for_update(of=("self",)).select_related("client").get(pk=payment_id)


def follow(attempt: Attempt, findings: Sequence[Finding], *, now: datetime) -> None:
    """Take back what the gateway answered that went back, of the payments of `attempt` (locked), each thing once."""
    payments = list(Payment.objects.select_for_update(of=("self",)).select_related("client").filter(credited_by=attempt).order_by("pk"))
    refunds = [f for f in findings if f.kind is FindingKind.REFUND and f.gateway_transaction_id]
    for finding in refunds:
        _follow_refund(attempt, finding, payments, now=now)
    # An order that is REFUNDED says so of all its charges; where the refund itself is listed, that one counts.
    told = {f.gateway_order_id for f in refunds if f.state is GatewayState.REFUNDED}
    for finding in findings:
        if finding.kind is not FindingKind.PAYMENT or not finding.gateway_transaction_id:
            continue
        if finding.state is GatewayState.CHARGEBACK:
            _take_back(attempt, finding, payments, ReversalKind.CHARGEBACK, charge=finding.gateway_transaction_id, now=now)
        elif finding.state is GatewayState.REFUNDED and finding.gateway_order_id not in told:
            _take_back(attempt, finding, payments, ReversalKind.REFUND, charge=finding.gateway_transaction_id, now=now)
        elif finding.paid:
            _tell_restored(attempt, finding, payments)


def evidence_of(finding: Finding) -> dict[str, Any]:
    """What of a finding is kept beside a decision. No person's data."""
    return {
        "gateway_transaction": finding.gateway_transaction_id[:80],
        "parent": finding.gateway_parent_id,
        "order": finding.gateway_order_id,
        "order_status": finding.order_status,
        "kind": finding.kind.value,
        "state": finding.state.value,
        "amount": None if finding.amount is None else str(finding.amount),
        "currency": finding.currency,
        "means": finding.method_label,
        "message": finding.message,
        "at": finding.occurred_text,
    }


def _follow_refund(attempt: Attempt, finding: Finding, payments: list[Payment], *, now: datetime) -> None:
    """One refund that the gateway lists: its state goes to the refund we asked for, and what it paid back is reversed."""
    asked = _asked_for(attempt, finding, payments)
    if asked is not None:
        asked.gateway_transaction = finding.gateway_transaction_id[:80]
        if finding.state is GatewayState.REFUNDED:
            asked.state, asked.decided_at, asked.message = RefundState.APPROVED, now, ""
        elif finding.state in (GatewayState.DECLINED, GatewayState.ERROR, GatewayState.EXPIRED):
            asked.state, asked.decided_at, asked.message = RefundState.DECLINED, now, finding.message[:300]
            reviews.tell(attempt, f"refund:no:{asked.pk}", "PayU rechazó el reembolso que se le pidió.", payment=asked.payment)
        elif finding.state is GatewayState.PENDING:
            asked.state = RefundState.PENDING
        asked.save()
    if finding.state is GatewayState.REFUNDED:
        _take_back(attempt, finding, payments, ReversalKind.REFUND, charge=finding.gateway_parent_id, now=now)


def _asked_for(attempt: Attempt, finding: Finding, payments: list[Payment]) -> Refund | None:
    """The refund of ours that a finding is: by its id, or the open one without an id of the same charge and amount."""
    refunds = Refund.objects.filter(attempt=attempt, state__in=OPEN_REFUNDS).select_related("payment")
    named = refunds.filter(gateway_transaction=finding.gateway_transaction_id).first()
    if named is not None:
        return named
    if Refund.objects.filter(attempt=attempt, gateway_transaction=finding.gateway_transaction_id).exists():
        return None  # it was decided before
    payment = _payment_of(finding.gateway_parent_id, payments)
    if payment is None or finding.amount is None:
        return None
    return refunds.filter(payment=payment, gateway_transaction="", amount=finding.amount).exclude(state=RefundState.REQUESTED).first()


def _take_back(
    attempt: Attempt, finding: Finding, payments: list[Payment], kind: ReversalKind, *, charge: str, now: datetime
) -> None:
    """Reverse the payment that `charge` brought, by what went back of it; tell staff. Once for each id of the gateway."""
    name = finding.gateway_transaction_id[:80]
    key = f"{kind}:{attempt.pk}:{name}"
    if Reversal.objects.filter(key=key).exists():
        return
    payment = _payment_of(charge, payments)
    if payment is None:
        if payments:
            text = "PayU devolvió dinero por esta referencia, pero no se sabe de cuál de sus pagos. Reverse el que corresponda."
            reviews.tell(attempt, f"{kind}_unmatched:{name}", text, evidence=evidence_of(finding))
        return
    # A refund says how much it was. A charge that was taken back whole says how much it brought.
    amount = min(finding.amount or Decimal(0), left_of(payment))
    if amount <= 0 or payment.state != PaymentState.APPROVED:
        return  # it was reversed before, by staff or by another of its names
    word = "un contracargo" if kind is ReversalKind.CHARGEBACK else "un reembolso"
    reversal = Reversal(key=key, kind=kind, reason=f"PayU confirmó {word}.", evidence=evidence_of(finding))
    _reverse(payment, reversal, amount=amount, now=now)
    text = f"PayU confirmó {word} de {cop(amount)}. El pago se reversó, sus facturas volvieron a quedar por cobrar y se avisó al cliente."
    reviews.tell(attempt, f"{kind}:{name}", text, payment=payment, evidence=evidence_of(finding))


def _payment_of(charge: str, payments: list[Payment]) -> Payment | None:
    """The payment that a charge brought: the one that carries its id, or the only one that there is when none does."""
    named = [payment for payment in payments if charge and payment.gateway_transaction == charge]
    if named:
        return named[0]
    return payments[0] if len(payments) == 1 else None


def _tell_restored(attempt: Attempt, finding: Finding, payments: list[Payment]) -> None:
    """A chargeback that the gateway holds as paid again was won: a person decides, no money moves by itself."""
    payment = next((p for p in payments if p.gateway_transaction == finding.gateway_transaction_id), None)
    if payment is None or payment.state != PaymentState.REVERSED:
        return
    if payment.reversals.filter(kind=ReversalKind.CHARGEBACK).exists():
        text = "PayU muestra otra vez como aprobado un pago que había reversado. Si el dinero volvió, regístrelo como un pago nuevo."
        reviews.tell(attempt, f"restored:{payment.pk}", text, payment=payment, evidence=evidence_of(finding))


def _reverse(payment: Payment, reversal: Reversal, *, amount: Decimal, now: datetime) -> Reversal:
    """Take `amount` COP of a locked payment back: from its unused credit first, then from the invoices due last."""
    rows = Movement.objects.filter(payment=payment).order_by().values("invoice_id").annotate(net=Sum("amount"))
    held: dict[int | None, Decimal] = {row["invoice_id"]: row["net"] for row in rows if row["net"] > 0}
    invoices = list(Invoice.objects.select_for_update().filter(pk__in=[pk for pk in held if pk]).order_by("pk"))
    reversal.payment, reversal.client, reversal.amount, reversal.made_at = payment, payment.client, amount, now
    reversal.prefix, reversal.number = PREFIX, receipts.next_number("reversal")
    reversal.save(force_insert=True)
    left = amount
    movements: list[Movement] = []
    for invoice in [None, *sorted(invoices, key=lambda invoice: (invoice.due_on, invoice.pk), reverse=True)]:
        part = min(held.get(invoice.pk if invoice else None, Decimal(0)), left)
        if part <= 0:
            continue
        if invoice is not None:
            invoice.applied -= part
            invoice.save(update_fields=["applied"])
        movements.append(
            Movement(
                kind=MovementKind.REVERSED, client=payment.client, payment=payment, attempt_id=payment.credited_by_id,
                invoice=invoice, amount=-part, on=clock.local(now).date(), made_at=now, reversal=reversal,
            )
        )  # fmt: skip
        left -= part
    if left:
        raise AssertionError(f"payment {payment.pk} holds less than {amount}")  # undone with the transaction
    Movement.objects.bulk_create(movements)
    if left_of(payment) == 0:
        payment.state, payment.reason = PaymentState.REVERSED, reversal.reason[:200]
        payment.save(update_fields=["state", "reason"])
    defer("payments.reversal_mail", str(reversal.pk), now=now, reversal_id=reversal.pk)
    outgoing.payment_reversed(reversal, now=now)
    return reversal
