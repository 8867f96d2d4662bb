"""What the money tests share: callbacks as PayU sends them, and the invariants that must hold after anything."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Sum

from payments import accounts, callbacks, checkout, settlement
from payments.gateway import Answer, Finding, FindingKind, GatewayState
from payments.models import Attempt, Invoice, Movement, MovementKind, Payment, Receipt
from payments.payu import signature
from tests.world import NOW, Cast

FORM = "application/x-www-form-urlencoded"


def start(cast: Cast, *invoices: Invoice) -> Attempt:
    """Rita starts to pay those invoices in full (her pending one if none is named)."""
    chosen = invoices or (cast.invoice,)
    return checkout.start_payment(
        client=chosen[0].client, lines=[(invoice, invoice.balance) for invoice in chosen], payer=cast.payer, now=NOW
    )


def body_of(attempt: Attempt, *, state: str = "4", transaction: str = "", **changes: str) -> str:
    """A callback for an attempt as PayU sends it, signed with the attempt's account after `changes` to the signed fields;
    `sign` may be given to forge one. state: 4 approved, 5 expired, 6 declined."""
    opened = accounts.credentials(attempt.account)
    fields: dict[str, str] = {
        "merchant_id": opened.merchant_id, "state_pol": state, "response_code_pol": "1" if state == "4" else "4",
        "reference_sale": attempt.reference, "reference_pol": "844000123", "value": f"{attempt.amount:.2f}", "tax": "0.00",
        "currency": "COP", "transaction_id": transaction or str(uuid.uuid4()), "transaction_date": "2026-11-23 10:05:00",
        "payment_method_name": "VISA", "payment_method_type": "2", "payment_method_id": "2", "authorization_code": "00000",
        "cus": "", "test": "0", "email_buyer": "rita@correo.example", "attempts": "1",
        "response_message_pol": "APPROVED" if state == "4" else "INSUFFICIENT_FUNDS",
    }  # fmt: skip
    fields.update(changes)
    if "sign" not in changes:
        fields["sign"] = signature.sign_callback(
            opened, reference=fields["reference_sale"], value=fields["value"], currency=fields["currency"], state=fields["state_pol"]
        )
    return urlencode(fields)


def receive(body: str) -> int:
    """Store a callback as the view does. Returns the inbox row's id."""
    reference = dict(pair.split("=", 1) for pair in body.split("&"))["reference_sale"]
    return callbacks.store(body, content_type=FORM, reference=reference, address="127.0.0.1")


def say(attempt: Attempt, **options: str) -> settlement.Outcome:
    """PayU says it, and a worker settles it."""
    return settlement.settle_callback(receive(body_of(attempt, **options)), now=NOW)


def finding(attempt: Attempt, state: GatewayState, *, transaction: str = "t-1", amount: Decimal | None = None, **more: Any) -> Finding:
    """One try as the Queries API tells it."""
    return Finding(
        reference=attempt.reference, amount=attempt.amount if amount is None else amount, currency="COP", state=state,
        kind=FindingKind.PAYMENT, order_status="CAPTURED", gateway_order_id="844000123", gateway_transaction_id=transaction,
        method="PSE", method_label="PSE", cus="1234567", **more,
    )  # fmt: skip


def answer(*findings: Finding) -> Answer:
    """The Queries API's answer with those tries."""
    return Answer(known=bool(findings), findings=findings)


def credited(attempt: Attempt) -> Decimal:
    """COP that the ledger holds for an attempt."""
    return Movement.objects.filter(attempt=attempt).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def check_invariants() -> None:
    """What must be true of the agency that we are inside, whatever happened."""
    for invoice in Invoice.objects.all():
        moved = Movement.objects.filter(invoice=invoice).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        assert invoice.applied == moved
        assert 0 <= invoice.applied <= invoice.total
    numbers = list(Receipt.objects.filter(prefix="CP").order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    for payment in Payment.objects.filter(state="approved"):
        moved = Movement.objects.filter(payment=payment).aggregate(sum=Sum("amount"))["sum"]
        assert moved == payment.amount
        assert payment.receipt.amount == payment.amount
    for attempt in Attempt.objects.all():
        assert credited(attempt) == attempt.amount * attempt.credited
    for movement in Movement.objects.filter(kind=MovementKind.CREDIT):
        assert movement.invoice_id is None
