"""What follows in the transaction in which invoices were issued here, one or a whole batch: a handful of statements for all.

A commission that was taken off a payout already covers its invoice; a client's credit goes to it, if that is the agency's rule;
each client finds the invoice in the list of notices, once; and the agency's software is told. Nothing is mailed from here: the
mail of an invoice or of a month is the agency's own button.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from payments import announcing, credits, outgoing
from payments.models import Invoice, InvoiceKind
from payments.payouts import paying


def prepare(kind: str) -> None:
    """Take the lock that covering needs, before any other: liquidations hold it while they look at commissions."""
    if kind == InvoiceKind.COMMISSION:
        paying.one_at_a_time()


def follow_up(invoices: Sequence[Invoice], *, now: datetime) -> None:
    """Cover, tell and publish. Call it in the transaction that issued them, after `prepare`."""
    commissions = [invoice.pk for invoice in invoices if invoice.kind == InvoiceKind.COMMISSION]
    if commissions:
        paying.cover_reckoned(Invoice.objects.filter(pk__in=commissions), now=now)
    credits.follow_rule(invoices, now=now)
    announcing.announce_issued(invoices, now)
    outgoing.invoices_issued(invoices, now=now)
