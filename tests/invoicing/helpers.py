"""What the tests of invoicing share: numberings, leases by the dozen, and runs driven by hand."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from clientarea.models import Lease, Ownership, Unit
from payments import manual, settlement
from payments.invoicing import numbering, runs
from payments.models import Invoice, InvoiceRun, Payment, Resolution, RunKind, Series
from tests.world import NOW, TODAY, Cast

DECEMBER = date(2026, 12, 1)
NOVEMBER = date(2026, 11, 1)


def number(cast: Cast, series: str = Series.RENT, **fields: Any) -> Resolution:
    """A numbering of 1 to 100,000. Call it inside the agency."""
    prefixes = {Series.RENT: "FE", Series.COMMISSION: "FC", Series.NOTE: "NC"}
    values: dict[str, Any] = {
        "series": series, "prefix": prefixes[Series(series)], "first": 1, "last": 100_000, "text": "Resolución DIAN 18764000001 de 2026-01-15",
        "valid_from": date(2026, 1, 15), "valid_until": date(2028, 1, 15), **fields,
    }  # fmt: skip
    return numbering.adopt(**values, staff=cast.sara, now=NOW)


def begin(cast: Cast, period: date = DECEMBER, *, kind: str = RunKind.MONTH, issued_on: date = TODAY) -> InvoiceRun:
    """A run of a month that waits for its first batch."""
    return runs.begin(kind, period=period, issued_on=issued_on, key=uuid.uuid4(), staff=cast.sara, now=NOW)


def finish(run: InvoiceRun) -> InvoiceRun:
    """All batches of a run, as its jobs do them."""
    while runs.run_some(run.pk, now=NOW):
        pass
    run.refresh_from_db()
    return run


def some_leases(cast: Cast, count: int, *, prefix: str = "M", **fields: Any) -> list[Lease]:
    """That many leases more, each of a unit of Óscar's, rented by Nadie."""
    units = Unit.objects.bulk_create(Unit(code=f"{prefix}-{n}", kind="Local", address=f"Carrera {n}", city="Cali") for n in range(count))
    Ownership.objects.bulk_create(Ownership(unit=unit, owner=cast.oscar, share=100) for unit in units)
    values: dict[str, Any] = {
        "renter": cast.nadie, "rent": Decimal(1_000_000), "administration": Decimal(100_000), "starts_on": date(2026, 1, 1),
        "ends_on": date(2027, 12, 31), "payment_day": 5, "use": "housing", "commission": Decimal(10), **fields,
    }  # fmt: skip
    return Lease.objects.bulk_create(Lease(number=f"{prefix}-{n}", unit=unit, **values) for n, unit in enumerate(units))


def pay(cast: Cast, invoice: Invoice, amount: Decimal | int, *, on: date = TODAY) -> Payment:
    """A payment received outside for an invoice."""
    lines = ((invoice.pk, Decimal(amount)),)
    entry = manual.ManualPayment(
        key=uuid.uuid4(), client=invoice.client, amount=Decimal(amount), means="Efectivo", reference="", paid_on=on, lines=lines
    )
    return settlement.settle_manual(entry, staff=cast.sara, now=NOW)


def another_owner(unit: Unit, cast: Cast, share: Decimal) -> None:
    """Give Berta a share of a unit that Óscar owns whole."""
    Ownership.objects.filter(unit=unit).update(share=100 - share)
    Ownership.objects.create(unit=unit, owner=cast.berta, share=share)


def parts(invoice: Invoice) -> tuple[int, ...]:
    """Base, administration, extras, IVA, withholding and total of an invoice."""
    invoice.refresh_from_db()
    return tuple(int(x) for x in (invoice.base, invoice.administration, invoice.extras, invoice.iva, invoice.withholding, invoice.total))


