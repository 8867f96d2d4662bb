"""A bank's reference that was used before: which payment, or which payout, has it. Asked by the desk's forms and by the API.

What was reversed does not count. Nobody is refused here: a bank may give one reference to several transfers, so that who
registers one more is asked, and says that it is another. Whoever asks inside the transaction that then registers holds the reference
until its end, so that of two at once the second waits, sees the first, and is asked too. Writes nothing.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from payments.models import OrderState, Payment, PaymentState, PayoutOrder, TransferProof, TransferState


def payment_with(reference: str, *, key: UUID | None = None, proof: int | None = None) -> Payment | None:
    """The last payment that came in under that reference, with its client; its receipt is read. What the entry `key` registered,
    and the transfer `proof` itself, do not count."""
    if not reference:
        return None
    _hold("in", reference)
    payments = Payment.objects.filter(reference__iexact=reference, state=PaymentState.APPROVED).select_related("client", "receipt")
    if key is not None:
        payments = payments.exclude(entry_key=key)
    if proof is not None:
        payments = payments.exclude(attempts__transfer_proof=proof)
    return payments.order_by("-pk").first() or _confirmed(reference, proof)


def order_with(reference: str, *, order: int) -> PayoutOrder | None:
    """The last other order that was paid by under that reference, with its owner."""
    if not reference:
        return None
    _hold("out", reference)
    orders = PayoutOrder.objects.filter(bank_reference__iexact=reference, state=OrderState.PAID).exclude(pk=order).select_related("owner")
    return orders.order_by("-pk").first()


def _hold(way: str, reference: str) -> None:
    """Wait for whoever holds that reference of this agency, then hold it until the transaction ends; without one, not at all."""
    with connection.cursor() as cursor:  # upper: as the look-ups compare
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(':', 'reference', current_schema(), %s, upper(%s)), 0))", [way, reference]
        )


def _confirmed(reference: str, proof: int | None) -> Payment | None:
    proofs = TransferProof.objects.filter(
        bank_reference__iexact=reference, state=TransferState.CONFIRMED, attempt__payment__state=PaymentState.APPROVED
    )
    if proof is not None:
        proofs = proofs.exclude(pk=proof)
    found = proofs.select_related("attempt__payment__client", "attempt__payment__receipt").order_by("-pk").first()
    return found.attempt.payment if found else None
