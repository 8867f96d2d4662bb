"""A payment received outside, as staff types it: what it says, how it is shared, and what is refused.

Registering it is `settlement.settle_manual`. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from clientarea.models import Client
from payments.models import Invoice
from saas.lib.money import cop

MEANS = ("Efectivo", "Transferencia", "Consignación", "Cheque")


class EntryRefused(ValueError):  # noqa: N818
    """Why a payment cannot be registered as it was typed, in Spanish, for staff."""


@dataclass(frozen=True)
class ManualPayment:
    """A payment received outside, as staff typed it. `lines`: invoice id and COP; what they leave is kept as credit.
    `key` is the form's: the same form registers one payment however often it is sent."""

    key: UUID
    client: Client
    amount: Decimal
    means: str
    reference: str
    paid_on: date
    lines: tuple[tuple[int, Decimal], ...] = ()


def oldest_first(invoices: Iterable[Invoice], amount: Decimal) -> tuple[tuple[int, Decimal], ...]:
    """`amount` COP shared among `invoices`, those due first covered first: (invoice id, COP)."""
    lines: list[tuple[int, Decimal]] = []
    for invoice in sorted(invoices, key=lambda invoice: (invoice.due_on, invoice.pk)):
        part = min(invoice.balance, amount)
        if part > 0:
            lines.append((invoice.pk, part))
            amount -= part
    return tuple(lines)


def check_lines(entry: ManualPayment) -> None:
    """Lock the invoices of a manual payment, by id, and refuse what they do not owe."""
    wanted = dict(entry.lines)
    invoices = list(Invoice.objects.select_for_update().filter(pk__in=wanted, client=entry.client).order_by("pk"))
    if len(invoices) != len(entry.lines):
        raise EntryRefused("Una de las facturas no es de este cliente o está repetida.")
    for invoice in invoices:
        owed = Decimal(0) if invoice.voided_at else invoice.balance
        if not 0 < wanted[invoice.pk] <= owed:
            raise EntryRefused(f"La factura {invoice.full_number} tiene un saldo de {cop(owed)}: revise lo que le aplica.")
