"""What the database refuses of money by itself, whoever asks: receipts, movements and reversals stay, sums agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from payments import reversals
from payments.models import (
    Attempt,
    Basis,
    Invoice,
    Movement,
    MovementKind,
    Payment,
    PaymentSource,
    PaymentState,
    Receipt,
    Reversal,
    ReversalKind,
)
from tenants import context
from tests.payments.money import check_invariants, say, start
from tests.world import NOW, TODAY, Cast, Casts


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        attempt = start(cast.alfa)
        say(attempt, transaction="t-1")
        reversals.reverse_by_staff(attempt.payment_id, reason="Prueba", staff=cast.alfa.sara, now=NOW)
        say(start(cast.alfa, cast.alfa.overdue), transaction="t-2")
        yield cast.alfa
        check_invariants()


def _refused(work: Callable[[], Any], said: str) -> None:
    def commit() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            work()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match=said):
        commit()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize("model", [Receipt, Movement, Reversal])
def test_it_never_changes_nor_goes(here: Cast, model: Any) -> None:
    assert model.objects.exists()
    _refused(lambda: model.objects.update(amount=1), "never changed nor deleted")
    _refused(lambda: model.objects.all()._raw_delete(model.objects.db), "never changed nor deleted")


@pytest.mark.parametrize("state", ["started", "pending", "declined", "expired"])
def test_an_approval_is_left_only_by_a_reversal(here: Cast, state: str) -> None:
    approved, back = Payment.objects.filter(state="approved"), Payment.objects.filter(state="reversed")
    _refused(lambda: approved.update(state=state), "may not go from approved")
    _refused(lambda: back.update(state=state), "may not go from reversed")
    _refused(lambda: back.update(state="approved"), "may not go from reversed to approved")


def test_money_that_was_approved_is_not_changed(here: Cast) -> None:
    changes: list[dict[str, Any]] = [{"amount": 1}, {"client": here.berta}, {"source": PaymentSource.MANUAL}]
    for change in changes:
        _refused(lambda change=change: Payment.objects.update(**change), "its money is not changed")  # type: ignore[misc]
    changes = [{"state": "declined"}, {"credited": 0}, {"amount": 1}, {"reference": "x"}]
    for change in changes:
        _refused(lambda change=change: Attempt.objects.update(**change), "stay")  # type: ignore[misc]


def test_a_payment_that_was_never_approved_is_not_reversed(here: Cast) -> None:
    payment = Payment.objects.create(client=here.rita, source="manual", state="declined", amount=5)
    _refused(lambda: Payment.objects.filter(pk=payment.pk).update(state="reversed"), "from declined to reversed")


def test_the_sums_must_agree_at_the_end(here: Cast) -> None:
    payment, invoice = Payment.objects.get(state="approved"), here.overdue

    def move(**fields: Any) -> Callable[[], Any]:
        values = {"kind": MovementKind.APPLIED, "client": here.rita, "amount": Decimal(-5), "on": TODAY, **fields}
        return lambda: Movement.objects.create(**values)

    _refused(move(invoice=invoice), f"invoice {invoice.pk}: its movements say")
    _refused(move(payment=payment, kind=MovementKind.CREDIT), f"payment {payment.pk}: its movements say")


def test_no_more_goes_back_than_came(here: Cast) -> None:
    payment = Payment.objects.get(state="approved")
    too_much = Reversal(
        prefix="RV", number=2, key="x", kind=ReversalKind.STAFF, payment=payment, client=here.rita, amount=payment.amount + 1,
        reason="x", made_by=here.sara, made_at=NOW,
    )  # fmt: skip
    _refused(too_much.save, "would go back")
    nobody = Reversal(
        prefix="RV", number=2, key="x", kind=ReversalKind.STAFF, payment=payment, client=here.rita, amount=1, reason="x", made_at=NOW
    )
    _refused(nobody.save, "reversal_on_whose_word")


def test_numbers_follow_without_a_gap(here: Cast) -> None:
    last = Receipt.objects.order_by("-number").first()
    assert last is not None
    payment = Payment.objects.create(client=here.rita, source="manual", state=PaymentState.STARTED, amount=1)
    values = {"payment": payment, "client": here.rita, "amount": 1, "issued_at": NOW, "code": "x"}
    _refused(lambda: Receipt.objects.create(prefix="CP", number=last.number + 2, **values), f"CP-{last.number + 2} would leave a gap")
    reversal = Reversal(
        prefix="RV", number=3, key="x", kind=ReversalKind.STAFF, payment=Payment.objects.get(state="approved"), client=here.rita, amount=1,
        reason="x", made_by=here.sara, made_at=NOW,
    )  # fmt: skip

    def reverse() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            reversal.save()
            cursor.execute("SET CONSTRAINTS reversal_number_follows IMMEDIATE")

    with pytest.raises(IntegrityError, match="RV-3 would leave a gap"):
        reverse()
    # What an agency's book brought says what its own papers said; ours go on after it.
    Payment.objects.filter(pk=payment.pk).update(source="imported")
    with transaction.atomic():
        Receipt.objects.create(prefix="CP", number=last.number + 9, **values)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS receipt_number_follows IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        transaction.set_rollback(True)


def test_a_signature_credits_one_payment_of_an_attempt(here: Cast) -> None:
    attempt = Attempt.objects.first()
    again = Payment(
        client=here.rita, source="gateway", state=PaymentState.STARTED, amount=1, credited_by=attempt, basis=Basis.SIGNATURE,
        gateway_transaction="other",
    )  # fmt: skip
    _refused(again.save, "payment_signature_once")


def test_an_invoice_is_never_covered_beyond_its_total(here: Cast) -> None:
    _refused(lambda: Invoice.objects.update(applied=10**9), "invoice_not_overpaid")
