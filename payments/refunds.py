"""Money asked back of the gateway, from the desk to its end: written down, sent once, and asked about until it is decided.

Nothing is reversed because we asked: only what the gateway itself then holds as refunded is (`reversals.follow`). A request
whose answer was lost is asked about before it is sent again. No lock is held while we wait for the gateway.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction

from payments import accounts, reconcile, reversals, reviews
from payments.gateway import Answer, GatewayRefused, GatewayState, GatewayUnavailable, RefundRefused
from payments.models import Attempt, Payment, PaymentState, Refund, RefundState
from saas.accounts.models import User
from saas.jobs.defer import defer
from saas.lib.money import cop

# A request without an answer is sent again only after this long of not being seen at the gateway.
SEND_AGAIN_AFTER = timedelta(minutes=15)
ASK_SENT_EVERY = timedelta(minutes=5)
ASK_PENDING_EVERY = (timedelta(hours=1), timedelta(hours=6))  # the first day; after it
GIVE_UP_AFTER = timedelta(days=15)


def request_refund(payment_id: int, *, amount: Decimal, reason: str, key: UUID, staff: User, now: datetime) -> Refund:
    """Write down that staff asks the gateway for `amount` COP of a payment back; a worker sends it.

    The same key again returns the refund that it made. Raises RefundRefused; then nothing is kept.
    """
    try:
        with transaction.atomic():
            payment = reversals.lock(payment_id)
            made = Refund.objects.filter(key=key).first()
            if made is not None:
                return made
            if payment.state != PaymentState.APPROVED or payment.credited_by is None:
                raise RefundRefused("Solo se pide reembolso de un pago en línea que esté aprobado.")
            if not accounts.gateway_of(payment.credited_by.account).refunds:
                raise RefundRefused("Una transferencia se devuelve por el banco: después, reverse el pago.")
            if not 0 < amount <= reversals.left_of(payment):
                raise RefundRefused(f"De este pago se pueden devolver hasta {cop(reversals.left_of(payment))}.")
            if payment.refunds.filter(state__in=reversals.OPEN_REFUNDS).exists():
                raise RefundRefused("Ya hay un reembolso en curso para este pago: espere su respuesta.")
            refund = Refund.objects.create(
                payment=payment, attempt=payment.credited_by, key=key, amount=amount, reason=reason, made_by=staff, made_at=now
            )
            defer("payments.refund", str(refund.pk), now=now, refund_id=refund.pk)
            return refund
    except IntegrityError:
        existing = Refund.objects.filter(key=key).first()
        if existing is None:
            raise
        return existing


def take_step(refund_id: int, *, now: datetime) -> datetime | None:
    """Send a refund, or ask what became of it. Returns when to come back, or None when it is decided.

    Raises GatewayUnavailable: nothing is known, come back.
    """
    refund = Refund.objects.select_related("attempt__account", "payment").get(pk=refund_id)
    if refund.decided_at is not None:
        return None
    try:
        answer = reconcile.ask(refund.attempt_id, now=now)
    except GatewayRefused as error:
        if refund.state != RefundState.REQUESTED:
            raise GatewayUnavailable(str(error)) from error  # it may be under way: its fate is unknown, not declined
        _decline(refund, str(error), now=now)
        return None
    Refund.objects.filter(pk=refund_id).update(asked_at=now)
    refund.refresh_from_db()
    if refund.decided_at is not None:
        return None
    if refund.state == RefundState.PENDING:
        return _ask_again(refund, now=now)
    if refund.state == RefundState.SENT and refund.sent_at is not None and now < refund.sent_at + SEND_AGAIN_AFTER:
        return now + ASK_SENT_EVERY
    return _send(refund, answer, now=now)


def _send(refund: Refund, answer: Answer, *, now: datetime) -> datetime | None:
    credentials, gateway = accounts.credentials(refund.attempt.account), accounts.gateway_of(refund.attempt.account)
    refund.payment.refresh_from_db()  # the answer may have told us the true name of its charge
    charge = next((f for f in answer.findings if f.paid and f.gateway_transaction_id == refund.payment.gateway_transaction), None)
    try:
        if charge is None:
            raise RefundRefused("PayU no muestra este pago como aprobado: no hay qué reembolsar.")
        approved_at = refund.payment.settled_at or now
        gateway.check_refund(amount=refund.amount, method=charge.method, approved_at=approved_at, now=now)
        # Written before it is sent: whoever comes after a crash asks first. Of two workers, one sends.
        mine = Refund.objects.filter(pk=refund.pk, state=refund.state, sent_at=refund.sent_at).update(state=RefundState.SENT, sent_at=now)
        if not mine:
            return now + ASK_SENT_EVERY
        refund.refresh_from_db()
        said = gateway.request_refund(
            credentials,
            order_id=charge.gateway_order_id,
            gateway_transaction_id=charge.gateway_transaction_id,
            reason=refund.reason,
            amount=refund.amount if refund.amount != charge.amount else None,
        )
    except (RefundRefused, GatewayRefused) as error:
        _decline(refund, str(error), now=now)
        return None
    except GatewayUnavailable as error:
        Refund.objects.filter(pk=refund.pk, decided_at=None).update(message=str(error)[:300])
        return now + ASK_SENT_EVERY
    if said.state in (GatewayState.DECLINED, GatewayState.ERROR):
        _decline(refund, said.message or "PayU rechazó el reembolso.", now=now)
        return None
    if said.gateway_transaction_id:
        Refund.objects.filter(pk=refund.pk, decided_at=None).update(
            state=RefundState.PENDING, gateway_transaction=said.gateway_transaction_id[:80], message=said.message[:300]
        )
    # Granted at once or not, what counts is what its own books say.
    return now + (ASK_SENT_EVERY if said.state is GatewayState.REFUNDED else ASK_PENDING_EVERY[0])


def _decline(refund: Refund, message: str, *, now: datetime) -> None:
    with transaction.atomic():
        Attempt.objects.select_for_update(of=("self",)).get(pk=refund.attempt_id)
        declined = Refund.objects.filter(pk=refund.pk, decided_at=None).update(
            state=RefundState.DECLINED, decided_at=now, message=message[:300]
        )
        if declined:
            reviews.tell(refund.attempt, f"refund:no:{refund.pk}", f"El reembolso no se hizo. {message}", payment=refund.payment)


def _ask_again(refund: Refund, *, now: datetime) -> datetime | None:
    since = now - refund.made_at
    if since > GIVE_UP_AFTER:
        text = "PayU no ha decidido un reembolso en 15 días. Pregúntele a PayU; cuando lo decida, pregunte desde la página del pago."
        reviews.tell(refund.attempt, f"refund:late:{refund.pk}", text, payment=refund.payment)
        return None
    return now + ASK_PENDING_EVERY[0 if since < timedelta(days=1) else 1]


def may_refund(payment: Payment) -> bool:
    """Whether the desk offers a refund: paid online, approved, something left, and none under way."""
    if payment.state != PaymentState.APPROVED or payment.credited_by is None:
        return False
    if not accounts.gateway_of(payment.credited_by.account).refunds:
        return False
    return not any(refund.state in reversals.OPEN_REFUNDS for refund in payment.refunds.all())
