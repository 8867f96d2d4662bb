"""An owner's income told two ways: by month, for a picture, and payout by payout, with what led to it.

Reads only. The trail shows of a rent invoice and its receipts what concerns the owner: numbers, days and amounts, never
who paid nor how.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from clientarea.models import Client, Ownership
from payments import access
from payments.models import Invoice, InvoiceKind, Movement, MovementKind, Payout
from saas.lib import clock

ZERO = Decimal(0)
HEIGHT = 100  # of the picture, in its own units


@dataclass(frozen=True)
class Month:
    """What was paid out in a month, COP. The last four are the picture's, in its own units: the middle of
    the bar, from the left, and the heights of its two parts, from the top."""

    first: date
    collected: Decimal
    net: Decimal
    x: int
    kept_y: int
    kept_height: int
    net_height: int

    @property
    def kept(self) -> Decimal:
        """The deductions, COP."""
        return self.collected - self.net

    @property
    def short(self) -> str:
        """`ene`."""
        return clock.short_month(self.first)

    @property
    def net_y(self) -> int:
        """Where the lower bar begins."""
        return HEIGHT - self.net_height


@dataclass(frozen=True)
class Step:
    """A payment of the rent: its day, its receipt and what of it went to the invoice."""

    on: date
    receipt: str
    amount: Decimal


@dataclass(frozen=True)
class Rent:
    """A rent invoice and how it was paid."""

    invoice: Invoice
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Trail:
    """What led to a payout: the rents of its lease and period, how they were paid, and the owner's commission invoices."""

    rents: tuple[Rent, ...]
    commissions: tuple[Invoice, ...]
    share: Decimal | None


def months_of(client: Client, year: int) -> list[Month]:
    """The twelve months of a year, by the day of the payout."""
    sums = (
        access.payouts_of(client)
        .filter(paid_on__year=year)
        .order_by()
        .annotate(first=TruncMonth("paid_on"))
        .values("first")
        .annotate(sum_collected=Sum("collected"), sum_net=Sum("net"))
    )
    by_month = {row["first"].month: (row["sum_collected"], row["sum_net"]) for row in sums}
    most = max((max(pair) for pair in by_month.values()), default=ZERO)
    return [_month(date(year, number, 1), *by_month.get(number, (ZERO, ZERO)), most=most) for number in range(1, 13)]


def trail_of(payout: Payout) -> Trail:
    """What led to a payout that came from payments/access.py."""
    about = Invoice.objects.filter(lease=payout.lease, period=payout.period, voided_at=None).order_by("issued_on", "pk")
    rents = list(about.filter(kind=InvoiceKind.RENT))
    paid: dict[int, list[Step]] = {invoice.pk: [] for invoice in rents}
    money = Movement.objects.filter(invoice__in=rents).exclude(kind=MovementKind.NOTE)
    for movement in money.select_related("payment__receipt").order_by("on", "pk"):
        receipt = getattr(movement.payment, "receipt", None)
        paid[movement.invoice_id or 0].append(Step(movement.on, receipt.full_number if receipt else "", movement.amount))
    share = Ownership.objects.filter(unit=payout.lease.unit_id, owner=payout.owner_id).values_list("share", flat=True).first()
    return Trail(
        rents=tuple(Rent(invoice, tuple(paid[invoice.pk])) for invoice in rents),
        commissions=tuple(about.filter(kind=InvoiceKind.COMMISSION, client=payout.owner_id)),
        share=share,
    )


def scale_of(months: Iterable[Month]) -> Decimal:
    """What the whole height of the picture stands for, COP."""
    return max((max(month.collected, month.net) for month in months), default=ZERO)


def _month(first: date, collected: Decimal, net: Decimal, *, most: Decimal) -> Month:
    def height(amount: Decimal) -> int:
        return round(max(amount, ZERO) / most * HEIGHT) if most > 0 else 0

    whole, lower = height(collected), height(net)
    return Month(
        first=first,
        collected=collected,
        net=net,
        x=first.month * 10 - 5,
        kept_y=HEIGHT - max(whole, lower),
        kept_height=max(whole - lower, 0),
        net_height=lower,
    )
