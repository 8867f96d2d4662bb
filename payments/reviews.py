"""The review queue: what a person of the agency must look at, told once for each thing and closed by somebody, with a note.

Telling happens in the transaction of the fact. Closing moves no money: what does is in settlement, credits and reversals.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from payments.models import Attempt, Callback, Payment, Review
from saas.accounts.models import User
from saas.audit.changes import record

# What each kind is called, for people.
KINDS = {
    "credit": "Saldo a favor",
    "again": "Segundo pago",
    "second": "Otra aprobación sin confirmar",
    "amount": "Valor distinto",
    "test": "Pago de prueba",
    "state": "Cambio por confirmar",
    "unseen": "Devuelto antes de aplicarse",
    "refund": "Reembolso",
    "refund_unmatched": "Reembolso sin pago",
    "chargeback": "Contracargo",
    "chargeback_unmatched": "Contracargo sin pago",
    "restored": "Dinero que volvió",
}


def label(review: Review) -> str:
    """What a review is about, in two or three words."""
    return KINDS.get(review.kind, "Pago por revisar")


def close(review_id: int, *, note: str, staff: User, now: datetime) -> Review:
    """Mark a review as seen, with what was decided. One that is closed stays as it was."""
    with transaction.atomic():
        review = Review.objects.select_for_update(of=("self",)).get(pk=review_id)
        if review.closed_at is None:
            review.closed_at, review.closed_by, review.note = now, staff, note
            review.save(update_fields=["closed_at", "closed_by", "note"])
            record("review", review.pk, before={}, after={"closed": note}, by=staff, now=now)
        return review


def tell_credit(payment: Payment, attempt: Attempt) -> None:
    """Tell staff that a payment left a credit that nobody chose."""
    Review.objects.get_or_create(
        key=f"credit:{payment.pk}",
        defaults={
            "kind": "credit",
            "text": "El pago cubre más de lo que se debía: la diferencia quedó como saldo a favor del cliente.",
            "payment": payment,
            "attempt": attempt,
        },
    )


def tell(
    attempt: Attempt, key: str, text: str, *, callback: Callback | None = None, payment: Payment | None = None,
    evidence: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Tell staff, once for each thing."""
    Review.objects.get_or_create(
        key=f"attempt:{attempt.pk}:{key}"[:120],
        defaults={
            "kind": key.partition(":")[0],
            "text": text,
            "payment": payment or attempt.payment,
            "attempt": attempt,
            "callback": callback,
            "evidence": evidence or {},
        },
    )
