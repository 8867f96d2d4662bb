"""Bank transfers behind the seam. `books` tells what became of the proofs handed in under a reference: nobody else is asked.

A proof that waits is pending, one that staff confirmed is money, one that they rejected is a decline with their reason. There
are no callbacks to believe and no refunds to ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from payments.gateway import (
    Answer,
    CheckoutForm,
    CheckoutRefused,
    CheckoutRequest,
    Credentials,
    Finding,
    FindingKind,
    GatewayState,
    Notice,
    NoticeRefused,
    RefundAnswer,
    RefundRefused,
)

LABEL = "Transferencia bancaria"
DAYS = 3  # without a proof, an attempt ends
# What a payer is told of the account, in this order; the keys of Credentials.told.
TOLD = (("bank", "Banco"), ("kind", "Tipo de cuenta"), ("account", "Número de cuenta"), ("holder", "A nombre de"), ("document", "Documento"))


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one proof. `bank_reference` is the transfer's own number, `reason` why it was rejected."""

    id: str
    amount: Decimal
    state: GatewayState
    reason: str = ""
    bank_reference: str = ""


Books = Callable[[str], Sequence[Entry]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The agency's own account at a bank."""

    books: Books
    provider: str = "transfer"
    paced: bool = False
    refunds: bool = False
    schedule: tuple[int, ...] = (DAYS * 24 * 3600,)
    pending_for: timedelta | None = None  # staff decide, however long it takes: no proof is dropped by time

    def build_form(self, credentials: Credentials, request: CheckoutRequest, *, now: datetime | None = None) -> CheckoutForm:
        """Where to send the money; the payer comes back with a proof. Raises CheckoutRefused without an account."""
        if not credentials.told.get("account"):
            raise CheckoutRefused("La inmobiliaria no ha dicho a qué cuenta transferir.", field="told")
        told = tuple((label, credentials.told.get(key, "")) for key, label in TOLD if credentials.told.get(key))
        return CheckoutForm(action=request.response_url, fields={}, told=told, proof=True)

    def read_callback(self, body: bytes, content_type: str, *, credentials: Credentials | None = None) -> Notice:
        """No bank calls us: whatever comes is somebody else's invention."""
        raise NoticeRefused("Una transferencia no tiene avisos.", status=400)

    def read_return(self, query: Mapping[str, str], *, credentials: Credentials | None = None) -> Notice:
        """Nobody is sent back from a bank."""
        raise NoticeRefused("Una transferencia no tiene regreso.", status=400)

    def ping(self, credentials: Credentials) -> None:
        """Nobody to ask."""

    def ask_by_reference(self, credentials: Credentials, reference: str) -> Answer:
        """What staff decided of the proofs of a reference."""
        return _answer(reference, self.books(reference))

    def ask_by_order(self, credentials: Credentials, order_id: str) -> Answer:
        """An order here is a reference."""
        return self.ask_by_reference(credentials, order_id)

    def cash_warning(self, amount: Decimal) -> str:
        """Nothing to warn of."""
        return ""

    def check_refund(self, *, amount: Decimal, method: str, approved_at: datetime, now: datetime) -> None:
        """Always raises RefundRefused: the money is sent back at the bank, and reversed here by staff."""
        raise RefundRefused("Una transferencia no se reembolsa en línea: devuélvala por el banco y reverse el pago.")

    def request_refund(
        self, credentials: Credentials, *, order_id: str, gateway_transaction_id: str, reason: str, amount: Decimal | None = None
    ) -> RefundAnswer:
        """See check_refund."""
        raise RefundRefused("Una transferencia no se reembolsa en línea: devuélvala por el banco y reverse el pago.")


def _answer(reference: str, entries: Sequence[Entry]) -> Answer:
    return Answer(known=bool(entries), findings=tuple(_finding(reference, entry) for entry in entries))


def _finding(reference: str, entry: Entry) -> Finding:
    return Finding(
        reference=reference, amount=entry.amount, currency="COP", state=entry.state, kind=FindingKind.PAYMENT, order_status="",
        test=False, gateway_order_id=reference, gateway_transaction_id=entry.id, method="TRANSFER", method_label=LABEL,
        authorization=entry.bank_reference, message=entry.reason,
    )  # fmt: skip
