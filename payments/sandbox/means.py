"""The means of payment of the stand-in's page and what can come of them, in PayU's own words and numbers.

Where PayU's documentation has no number (Nequi's), the one here was chosen and nothing may depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

APPROVED, EXPIRED, DECLINED, PENDING = "APPROVED", "EXPIRED", "DECLINED", "PENDING"
STATE_NUMBERS = {APPROVED: "4", EXPIRED: "5", DECLINED: "6", PENDING: "7"}
# The same in `polTransactionState`, where a pending transaction has a number of its own.
POL_STATE_NUMBERS = {**STATE_NUMBERS, PENDING: "14"}

# What the page, the control and the person at the demo say, and the state that it makes.
OUTCOMES = {"approved": APPROVED, "declined": DECLINED, "pending": PENDING}
DECISIONS = {"approved": APPROVED, "declined": DECLINED, "expired": EXPIRED}

RESPONSE_NUMBERS = {
    "APPROVED": "1",
    "ENTITY_DECLINED": "5",
    "INSUFFICIENT_FUNDS": "6",
    "PENDING_TRANSACTION_REVIEW": "15",
    "EXPIRED_TRANSACTION": "20",
    "PENDING_TRANSACTION_CONFIRMATION": "25",
    "PENDING_SENT_TO_FINANCIAL_ENTITY": "29",
    "PENDING_AWAITING_PSE_CONFIRMATION": "9994",
}


@dataclass(frozen=True)
class Mean:
    """A means of payment. `method` is its name at PayU, `type_number`/`type_word` its kind, `number` its code."""

    key: str
    label: str
    hint: str
    method: str
    number: str
    type_number: str
    type_word: str
    declined: str
    pending: str
    allowed_as: tuple[str, ...]
    minimum: Decimal = Decimal(0)
    maximum: Decimal = Decimal(10**15)

    def takes(self, amount: Decimal) -> bool:
        """Whether `amount` COP is within its limits."""
        return self.minimum <= amount <= self.maximum

    def allowed(self, payment_methods: str) -> bool:
        """Whether a form's `paymentMethods` (a list with commas; empty: all of them) lets it be used."""
        wanted = {name.strip() for name in payment_methods.split(",") if name.strip()}
        return not wanted or bool(wanted & set(self.allowed_as))


MEANS = {
    mean.key: mean
    for mean in (
        Mean(
            "card", "Tarjeta de crédito o débito", "Visa terminada en 0004, de prueba", "VISA", "10", "2", "CREDIT_CARD",
            "INSUFFICIENT_FUNDS", "PENDING_TRANSACTION_REVIEW", ("VISA", "VISA_DEBIT", "MASTERCARD", "AMEX", "DINERS", "CODENSA"),
        ),
        Mean(
            "pse", "PSE", "Débito desde una cuenta de ahorros o corriente", "PSE", "25", "4", "PSE",
            "ENTITY_DECLINED", "PENDING_AWAITING_PSE_CONFIRMATION", ("PSE",),
        ),
        Mean(
            "efecty", "Efecty", "Efectivo: de $ 20.000 a $ 6.000.000", "EFECTY", "35", "7", "CASH",
            "ENTITY_DECLINED", "PENDING_TRANSACTION_CONFIRMATION", ("EFECTY",), Decimal(20_000), Decimal(6_000_000),
        ),
        Mean(
            "nequi", "Nequi", "Desde la aplicación del celular", "NEQUI", "730", "5", "ACH",
            "ENTITY_DECLINED", "PENDING_SENT_TO_FINANCIAL_ENTITY", ("NEQUI",),
        ),
    )
}  # fmt: skip


def response_code(mean: Mean, state: str) -> str:
    """The word that says why a transaction of that means is in that state."""
    return {APPROVED: "APPROVED", EXPIRED: "EXPIRED_TRANSACTION", DECLINED: mean.declined, PENDING: mean.pending}[state]
