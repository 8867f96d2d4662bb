"""What the money tests share: callbacks as PayU sends them, and the invariants that must hold after anything."""

from __future__ import annotations

import hashlib
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Sum

from payments import accounts, callbacks, checkout, settlement
from payments.gateway import Answer, Finding, FindingKind, GatewayState, Notice, NoticeRefused
from payments.models import (
    Attempt,
    CreditUse,
    Invoice,
    Movement,
    MovementKind,
    Payment,
    PaymentState,
    Receipt,
    Reversal,
    Review,
)
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
    """Store a callback as the view does, and also one that the view would refuse. Returns the inbox row's id."""
    try:
        said = accounts.gateway().read_callback(body.encode("latin-1"), FORM)
    except NoticeRefused:
        said = Notice(
            merchant_id="", reference=dict(parse_qsl(body))["reference_sale"], amount=None, currency="", state=GatewayState.UNKNOWN,
            signed=False, test=False, digest=hashlib.sha256(body.encode()).hexdigest(),
        )  # fmt: skip
    return callbacks.store(body, said, content_type=FORM, address="127.0.0.1")


def say(attempt: Attempt, **options: str) -> settlement.Outcome:
    """PayU says it, and a worker settles it."""
    return settlement.settle_callback(receive(body_of(attempt, **options)), now=NOW)


def finding(attempt: Attempt, state: GatewayState, *, transaction: str = "t-1", amount: Decimal | None = None, **more: Any) -> Finding:
    """One try as the Queries API tells it."""
    return Finding(
        **{
            "reference": attempt.reference, "amount": attempt.amount if amount is None else amount, "currency": "COP",
            "kind": FindingKind.PAYMENT, "order_status": "CAPTURED", "gateway_order_id": "844000123", "method": "PSE",
            "method_label": "PSE", "cus": "1234567", **more,
        },
        state=state, gateway_transaction_id=transaction,
    )  # fmt: skip


def refunded(attempt: Attempt, amount: Decimal | int, *, transaction: str = "r-1", parent: str = "t-1", **more: Any) -> Finding:
    """A refund that the Queries API tells of, granted unless `state` says otherwise."""
    state = more.pop("state", GatewayState.REFUNDED)
    return finding(
        attempt, state, transaction=transaction, amount=Decimal(amount), kind=FindingKind.REFUND, gateway_parent_id=parent, **more
    )


def answer(*findings: Finding) -> Answer:
    """The Queries API's answer with those tries."""
    return Answer(known=bool(findings), findings=findings)


def credited(attempt: Attempt) -> Decimal:
    """COP that the ledger holds for an attempt."""
    return Movement.objects.filter(attempt=attempt).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def check_invariants() -> None:
    """What must be true of the agency that we are inside, whatever happened."""
    for invoice in Invoice.objects.all():
        assert invoice.applied == _sum(Movement.objects.filter(invoice=invoice))
        assert 0 <= invoice.applied <= invoice.total
    numbers = list(Receipt.objects.filter(prefix="CP").order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    numbers = list(Reversal.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    for payment in Payment.objects.all():
        gone = _sum(payment.reversals.all())
        if payment.state not in (PaymentState.APPROVED, PaymentState.REVERSED):
            assert (payment.movements.count(), gone, payment.credited_by_id) == (0, 0, None)
            continue
        assert 0 <= gone <= payment.amount
        assert (gone == payment.amount) == (payment.state == PaymentState.REVERSED)
        assert _sum(payment.movements.all()) == payment.amount - gone
        assert payment.receipt.amount == payment.amount
        # No invoice, and not the credit, ever holds less than nothing of a payment.
        assert all(row["net"] >= 0 for row in payment.movements.order_by().values("invoice").annotate(net=Sum("amount")))
    for reversal in Reversal.objects.all():
        assert _sum(reversal.movements.all()) == -reversal.amount
        assert all(m.amount < 0 and m.kind == MovementKind.REVERSED for m in reversal.movements.all())
    for use in CreditUse.objects.all():
        assert _sum(use.movements.filter(kind=MovementKind.APPLIED)) == use.amount
        assert _sum(use.movements.filter(kind=MovementKind.CREDIT)) == -use.amount
    for attempt in Attempt.objects.all():
        assert attempt.credits.count() == attempt.credited
        assert credited(attempt) == _sum(attempt.credits.all()) - _sum(Reversal.objects.filter(payment__credited_by=attempt))
    for movement in Movement.objects.filter(kind=MovementKind.CREDIT):
        assert movement.invoice_id is None
    assert not Review.objects.filter(closed_at__isnull=False, closed_by=None).exists()


def _sum(rows: Any) -> Decimal:
    return rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
