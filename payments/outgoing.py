"""What the agency's own software is told of money, in the words of `saas.api.notices`: ids and amounts, nobody's data.

Each is called where its fact is decided, in the fact's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from payments.models import Invoice, Payout, Receipt, Reversal
from saas.api.models import OutgoingKind
from saas.api.notices import publish

Applied = Sequence[tuple[Invoice, Decimal]]


def payment_approved(receipt: Receipt, applied: Applied, *, now: datetime) -> None:
    """Money came in and has its receipt."""
    payment = receipt.payment
    publish(
        OutgoingKind.PAYMENT_APPROVED, now=now,
        facts=lambda: [{
            "payment": payment.pk, "client": payment.client_id, "amount": _cop(payment.amount), "source": payment.source,
            "receipt": receipt.pk, "receipt_number": receipt.full_number,
            "invoices": [{"invoice": invoice.pk, "amount": _cop(amount)} for invoice, amount in applied],
        }],
    )  # fmt: skip


def payment_reversed(reversal: Reversal, *, now: datetime) -> None:
    """Money of a payment went back, whole or part."""
    payment = reversal.payment
    publish(
        OutgoingKind.PAYMENT_REVERSED, now=now,
        facts=lambda: [{
            "payment": payment.pk, "client": payment.client_id, "amount": _cop(reversal.amount), "kind": reversal.kind,
            "reversal_number": reversal.full_number, "payment_state": payment.state,
        }],
    )  # fmt: skip


def invoices_issued(invoices: Iterable[Invoice], *, now: datetime) -> None:
    """Invoices were issued, one notice each."""
    publish(
        OutgoingKind.INVOICE_ISSUED, now=now,
        facts=lambda: [
            {
                "invoice": invoice.pk, "number": invoice.full_number, "kind": invoice.kind, "client": invoice.client_id,
                "lease": invoice.lease_id, "total": _cop(invoice.total), "due_on": str(invoice.due_on),
            }
            for invoice in invoices
        ],
    )  # fmt: skip


def payouts_paid(payouts: Iterable[Payout], *, now: datetime) -> None:
    """An owner was paid, one notice for each voucher."""
    publish(
        OutgoingKind.PAYOUT_PAID, now=now,
        facts=lambda: [
            {
                "payout": payout.pk, "number": payout.full_number, "owner": payout.owner_id, "lease": payout.lease_id,
                "net": _cop(payout.net), "paid_on": str(payout.paid_on),
            }
            for payout in payouts
        ],
    )  # fmt: skip


def _cop(amount: Decimal) -> str:
    return f"{amount:.2f}"
