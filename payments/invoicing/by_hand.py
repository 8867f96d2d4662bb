"""An invoice that somebody writes, at the desk or by the agency's software: to whom it goes, and its taxes. Makes a draft; issuing it
is payments/invoicing/issuing.py.

The rent of a lease is asked of its renter, its commission of an owner of its unit: only so do payouts and runs of commissions know
what it is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from clientarea.models import Client, Lease
from payments.invoicing import monthly
from payments.invoicing import policy as invoicing_policy
from payments.invoicing.drafts import Draft, DraftLine
from payments.models import InvoiceKind, LineKind
from saas.lib import money

ZERO = Decimal(0)


@dataclass(frozen=True)
class Concept:
    """An extra concept as it is written, COP before IVA."""

    kind: str
    text: str
    amount: Decimal
    with_iva: bool


@dataclass(frozen=True)
class Written:
    """What is written: for which month, until when it is to be paid, and how much, COP before IVA."""

    kind: InvoiceKind
    period: date
    due_on: date
    concept: str
    base: Decimal = ZERO
    administration: Decimal = ZERO
    lines: Sequence[Concept] = ()


def addressees(lease: Lease) -> dict[str, list[Client]]:
    """Whom an invoice of a lease may go to, by its kind. Needs monthly.leases_with_all."""
    owners = sorted(lease.unit.ownerships.all(), key=lambda ownership: (-ownership.share, ownership.pk))
    return {InvoiceKind.RENT: [lease.renter], InvoiceKind.COMMISSION: [ownership.owner for ownership in owners]}


def draft(written: Written, *, client: Client, lease: Lease | None, today: date) -> Draft:
    """What was written, with its taxes; a lease comes from monthly.leases_with_all. Raises invoicing_policy.FiguresMissing."""
    rules, rent = monthly.Rules.now(), written.kind == InvoiceKind.RENT
    rate = rules.policy.iva_rate
    lines = tuple(
        DraftLine(LineKind(each.kind), each.text, each.amount, money.whole(each.amount * rate / 100) if each.with_iva else ZERO)
        for each in written.lines
    )
    if not rent:
        iva = money.whole(written.base * rules.policy.commission_iva_rate / 100)
    else:
        iva = monthly.iva_of(lease.liable, written.base, rules) if lease else ZERO  # type: ignore[attr-defined]
    withholds = rent and client.withholding_agent
    return Draft(
        kind=written.kind, client_id=client.pk, client=client.name, period=written.period, issued_on=today, due_on=written.due_on,
        concept=written.concept, base=written.base, lease_id=lease.pk if lease else None, lease=lease.number if lease else "",
        administration=written.administration, rent_iva=iva,
        withholding=invoicing_policy.withholding_of(written.base, today.year, rules.figures) if withholds else ZERO, lines=lines,
    )  # fmt: skip
