"""An invoice before it is one: its parts, which always add up to its total, and the only function that makes rows of drafts.

Numbers are taken in the same transaction. Each part is whole pesos, half up (money.whole).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from payments.invoicing import numbering
from payments.invoicing.late_interest import Interest
from payments.invoicing.policy import percent
from payments.models import Invoice, InvoiceKind, InvoiceLine, InvoiceRun, LineKind, Resolution
from saas.accounts.models import User
from saas.lib.money import cop

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An extra concept, COP before IVA."""

    kind: LineKind
    concept: str
    amount: Decimal
    iva: Decimal = ZERO
    interest: Interest | None = None


@dataclass(frozen=True)
class Draft:
    """An invoice before it has a number: all that it will say."""

    kind: InvoiceKind
    client_id: int
    client: str
    period: date
    issued_on: date
    due_on: date
    concept: str
    base: Decimal
    lease_id: int | None = None
    lease: str = ""
    administration: Decimal = ZERO
    rent_iva: Decimal = ZERO
    withholding: Decimal = ZERO
    lines: tuple[DraftLine, ...] = ()
    collected: Decimal = ZERO  # of a commission: the rent that it is for
    increase_id: int | None = None

    @cached_property
    def extras(self) -> Decimal:
        """The lines together, before IVA."""
        return sum((line.amount for line in self.lines), ZERO)

    @cached_property
    def iva(self) -> Decimal:
        """The IVA of the rent or commission and of each line."""
        return self.rent_iva + sum((line.iva for line in self.lines), ZERO)

    @cached_property
    def total(self) -> Decimal:
        """The total that will be asked for, COP."""
        return self.base + self.administration + self.extras + self.iva - self.withholding

    @property
    def others(self) -> Decimal:
        """All but the rent or the commission itself."""
        return self.total - self.base


def interest_lines(owed: Iterable[Interest], rate: Decimal) -> tuple[DraftLine, ...]:
    """Late interest as lines: of which invoice, for how long, at which rate."""
    at = f"al {percent(rate)} % mensual"
    return tuple(
        DraftLine(
            LineKind.INTEREST, f"Intereses de mora, factura {each.number}: {each.days} {'día' if each.days == 1 else 'días'} {at}",
            each.amount, interest=each,
        )
        for each in owed
    )  # fmt: skip


def issue(
    drafts: Sequence[Draft], resolution: Resolution, *, run: InvoiceRun | None = None, key: UUID | None = None, staff: User | None = None
) -> list[Invoice]:
    """Number drafts of one series with a locked numbering, and make their rows: a handful of statements however many they are.

    Raises numbering.NumberingRefused. Call it inside a transaction.
    """
    if not drafts:
        return []
    numbers = numbering.take(resolution, len(drafts), on=drafts[0].issued_on)
    invoices = Invoice.objects.bulk_create(
        [
            Invoice(
                kind=draft.kind, prefix=resolution.prefix, number=number, lease_id=draft.lease_id, client_id=draft.client_id,
                period=draft.period, issued_on=draft.issued_on, due_on=draft.due_on, concept=draft.concept[:200], base=draft.base,
                administration=draft.administration, extras=draft.extras, iva=draft.iva, withholding=draft.withholding, total=draft.total,
                resolution=resolution, run=run, entry_key=key, issued_by=staff,
            )
            for draft, number in zip(drafts, numbers, strict=True)
        ]
    )  # fmt: skip
    InvoiceLine.objects.bulk_create(
        [_line(invoice, position, line) for draft, invoice in zip(drafts, invoices, strict=True) for position, line in enumerate(draft.lines, 1)]
    )
    return invoices


def parts_of(draft: Draft) -> list[tuple[str, Decimal]]:
    """A draft as its invoice will show it: concept and COP, withholdings negative; what is zero is left out."""
    first = "Canon de arrendamiento" if draft.kind == InvoiceKind.RENT else "Comisión de administración"
    parts = [
        (first, draft.base), ("Cuota de administración", draft.administration), *((line.concept, line.amount) for line in draft.lines),
        ("IVA", draft.iva), ("Retenciones", -draft.withholding),
    ]  # fmt: skip
    return [part for part in parts if part[1]]


def refusal(draft: Draft) -> str:
    """Why a draft cannot be issued, in Spanish; empty when it can."""
    if draft.total <= 0:
        return "El total sería cero: no hay nada que facturar."
    if draft.total >= Decimal(10) ** 12:
        return f"El total {cop(draft.total)} es demasiado grande."
    return ""


def _line(invoice: Invoice, position: int, line: DraftLine) -> InvoiceLine:
    about = line.interest
    return InvoiceLine(
        invoice=invoice, position=position, kind=line.kind, concept=line.concept[:150], amount=line.amount, iva=line.iva,
        about_id=about.invoice_id if about else None, since=about.since if about else None, until=about.until if about else None,
    )  # fmt: skip
