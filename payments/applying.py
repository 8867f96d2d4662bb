"""Where a payment's money goes: to its invoices, in the order of their ids, and what they no longer need to the client's favour.

Writes the ledger and what an invoice has covered, in the caller's transaction. It moves no payment from one state to another:
that is `payments/settlement.py`, which calls this.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from payments.models import Attempt, Invoice, Movement, MovementKind, Payment, PaymentLine
from saas.lib import clock


def apply_to_invoices(payment: Payment, *, attempt: Attempt | None, now: datetime) -> list[tuple[Invoice, Decimal]]:
    """Cover the payment's invoices (locked by id) with its money; what they no longer need is the client's credit.

    Returns (invoice, COP applied) for those covered. Writes the ledger.
    """
    on = payment.paid_on or clock.local(now).date()
    lines = PaymentLine.objects.select_related("invoice").select_for_update(of=("invoice",)).filter(payment=payment).order_by("invoice_id")
    applied: list[tuple[Invoice, Decimal]] = []
    movements: list[Movement] = []

    def movement(kind: MovementKind, amount: Decimal, invoice: Invoice | None) -> None:
        movements.append(
            Movement(
                kind=kind, client_id=payment.client_id, payment=payment, attempt=attempt, invoice=invoice,
                amount=amount, on=on, made_at=now,
            )
        )  # fmt: skip

    left = payment.amount
    for line in lines:
        invoice = line.invoice
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
    Movement.objects.bulk_create(movements)
    return applied
