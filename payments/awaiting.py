"""What a pending payment waits for and until when, from its means: a slip of cash, a bank, a review of a card.

Pure. PayU gives a cash code seven days at most; a bank answers by the next business day; a review takes hours. The day is
for people: nothing is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from saas.lib import businessdays, clock

CASH_DAYS = timedelta(days=7)


class Waits(StrEnum):
    """For what."""

    CASH = "cash"
    BANK = "bank"
    CARD = "card"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Awaited:
    """`until` is the last day on which it may still come, Bogotá's."""

    kind: Waits
    until: date


def awaited(*, means: str, since: datetime) -> Awaited:
    """What a pending payment by `means` (as people read it) that began at `since` waits for. Unknown means get the longest wait."""
    kind, began = _kind(means), clock.local(since).date()
    if kind is Waits.BANK:
        return Awaited(kind, businessdays.add_business_days(began, 1))
    if kind is Waits.CARD:
        return Awaited(kind, began + timedelta(days=1))
    return Awaited(kind, began + CASH_DAYS)


def _kind(means: str) -> Waits:
    name = means.casefold()
    if any(word in name for word in ("efectivo", "referencia")):
        return Waits.CASH
    if any(word in name for word in ("pse", "débito ach", "bancolombia", "nequi", "bre-b")):
        return Waits.BANK
    return Waits.CARD if any(word in name for word in ("tarjeta", "crédito", "google pay")) else Waits.UNKNOWN
