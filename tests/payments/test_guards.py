"""What the database refuses of money by itself, whoever asks: receipts, movements and reversals stay, sums agree."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from payments import reversals
from payments.invoicing import issuing
from payments.invoicing.drafts import Draft
from payments.models import (
    Attempt,
    Basis,
    CreditNote,
    Invoice,
    InvoiceKind,
    Liquidation,
    Movement,
    MovementKind,
    Payment,
    PaymentSource,
    PaymentState,
    Payout,
    PayoutLine,
    PayoutOrder,
    Receipt,
    Resolution,
    Reversal,
    ReversalKind,
    Series,
)
from tenants import context
from tests.invoicing.helpers import number
from tests.payments.money import check_invariants, say, start
from tests.world import NOW, TODAY, Cast, Casts, make_invoice


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


def _now() -> None:
    """Ask at once what the database asks at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_what_a_numbering_numbers_follows_without_a_gap_and_stays(here: Cast) -> None:
    fe, nc = number(here, prefix="FA"), number(here, Series.NOTE, first=40)
    assert fe.given == 3  # the agency's book brought FA-1 to FA-3

    def invoice(n: int, resolution: Resolution | None = fe) -> Invoice:
        return make_invoice(here.lease, n, period=date(2027, n, 1), resolution=resolution)

    _refused(lambda: [invoice(4), invoice(6)], "payments_invoice FA-6 would leave a gap")
    _refused(lambda: [invoice(5), invoice(7)], "payments_invoice FA-7 would leave a gap")  # nor from its first one on
    four = invoice(4)
    invoice(6, None)  # another book, with the numbers that its papers have
    invoice(8, None)
    _now()
    _refused(lambda: invoice(10), "payments_invoice FA-10 would leave a gap")
    invoice(5)
    invoice(7)
    _now()
    _refused(lambda: Invoice.objects.filter(pk=four.pk)._raw_delete(Invoice.objects.db), "never changed nor deleted")

    def note(n: int) -> CreditNote:
        four.credited += 10
        four.applied += 10
        four.save(update_fields=["credited", "applied"])
        made = CreditNote.objects.create(
            resolution=nc, prefix="NC", number=n, key=uuid.uuid4(), invoice=four, client=here.rita, issued_on=TODAY, amount=10, reason="x",
            made_by=here.sara, made_at=NOW,
        )  # fmt: skip
        Movement.objects.create(kind=MovementKind.NOTE, client=here.rita, invoice=four, amount=Decimal(10), on=TODAY, credit_note=made)
        return made

    note(40)
    _now()
    _refused(lambda: note(42), "payments_creditnote NC-42 would leave a gap")
    four.refresh_from_db()
    note(41)
    _now()


def test_a_numbering_whose_book_was_taken_back_still_begins(here: Cast) -> None:
    brought = make_invoice(here.lease, 9, period=date(2027, 1, 1))
    fe = number(here, prefix="FA")
    assert fe.given == 9
    brought.delete()  # the undo of an import
    draft = Draft(
        kind=InvoiceKind.RENT, client_id=here.rita.pk, client=here.rita.name, period=TODAY.replace(day=1), issued_on=TODAY, due_on=TODAY,
        concept="Canon", base=Decimal(5), lease_id=here.lease.pk,
    )  # fmt: skip
    made = [issuing.write_one(draft, key=uuid.uuid4(), staff=here.sara, now=NOW) for _ in range(2)]
    _now()
    assert [invoice.number for invoice in made] == [10, 11]


def test_vouchers_of_payouts_follow_without_a_gap(here: Cast) -> None:
    def voucher(n: int, *, ours: bool) -> None:
        sums = dict.fromkeys(("collected", "net"), Decimal(5)) | dict.fromkeys(("commission", "commission_iva", "withholdings", "other"), Decimal(0))
        made = Payout.objects.create(prefix="EG", number=n, owner=here.oscar, lease=here.lease, period=TODAY, paid_on=TODAY, **sums)
        if ours:
            of = Liquidation.objects.create(lease=here.lease, period=TODAY, until=TODAY, made_by=here.sara, made_at=NOW)
            order = PayoutOrder.objects.create(owner=here.oscar, made_at=NOW)
            PayoutLine.objects.create(liquidation=of, order=order, payout=made, share=100, **sums)

    voucher(7, ours=False)  # exported here and brought back
    _now()
    _refused(lambda: voucher(9, ours=True), "payments_payout EG-9 would leave a gap")
    voucher(8, ours=True)
    _now()


def test_a_signature_credits_one_payment_of_an_attempt(here: Cast) -> None:
    attempt = Attempt.objects.first()
    again = Payment(
        client=here.rita, source="gateway", state=PaymentState.STARTED, amount=1, credited_by=attempt, basis=Basis.SIGNATURE,
        gateway_transaction="other",
    )  # fmt: skip
    _refused(again.save, "payment_signature_once")


def test_an_invoice_is_never_covered_beyond_its_total(here: Cast) -> None:
    _refused(lambda: Invoice.objects.update(applied=10**9), "invoice_not_overpaid")
