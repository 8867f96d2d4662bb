"""Two people at once where money meets: liquidations, vouchers, transfers beside PayU, credit notes, voids and runs.

The second call is put at every statement of the first, on real connections, in an agency that is thrown away afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from payments import accounts, checkout, credits, manual, proofs, reversals, settlement, transfers
from payments.invoicing import credit_notes, issuing, runs
from payments.models import (
    Attempt,
    AttemptState,
    Invoice,
    InvoiceRun,
    Movement,
    MovementKind,
    OrderState,
    Payout,
    PayoutOrder,
    PayoutSource,
    Resolution,
    RunItem,
    RunKind,
    Series,
    TransferProof,
)
from payments.payouts import paying, proposals
from tests.invoicing.helpers import number
from tests.own_agency import committed_agency, inside
from tests.payments.boundaries import everywhere, told
from tests.payments.money import body_of, check_invariants, receive, start
from tests.payouts.steps import check_payouts, collect
from tests.world import NOW, TODAY, Cast, make_invoice

NUMBERS = count(5000)
MONTHS = count()
ONE = Decimal(1_215_000)
PROOF = proofs.ProofFile(b"%PDF-1.7\n%%EOF\n", "application/pdf")
TOLD = {"bank": "Bancolombia", "kind": "Ahorros", "account": "03512345678", "holder": "Delta", "document": "900373913"}


@pytest.fixture(scope="module")
def arena(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """The agency of this module."""
    with committed_agency(django_db_blocker, slug="delta") as cast:
        yield cast


@pytest.fixture
def here(arena: Cast, committed: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> Iterator[Cast]:
    """Inside that agency; nobody is nudged. The money must add up afterwards."""
    settings.MEDIA_ROOT = tmp_path
    with inside(arena, monkeypatch):
        yield arena
        check_invariants()
        check_payouts()


def fresh(here: Cast) -> Invoice:
    return make_invoice(here.lease, next(NUMBERS))


def test_two_liquidations_at_once_bind_the_money_once(here: Cast) -> None:
    def prepare() -> Any:
        invoice = fresh(here)
        collect(here, invoice)
        mark = proposals.propose(until=TODAY).mark
        work = told(lambda: paying.liquidate(until=TODAY, mark=mark, staff=here.sara, now=NOW), paying.PayoutRefused)

        def check(results: tuple[str, str]) -> None:
            assert sorted(result == "done" for result in results) == [False, True]
            assert PayoutSource.objects.filter(movement__invoice=invoice).count() == 1

        return work, work, check

    assert everywhere(here.agency, prepare) >= 10


def test_one_order_marked_as_paid_twice_at_once_has_one_voucher(here: Cast) -> None:
    def prepare() -> Any:
        for order in PayoutOrder.objects.filter(state=OrderState.DRAFT):
            paying.review([order.pk], staff=here.sara, now=NOW)
            paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=here.sara, now=NOW)
        collect(here, fresh(here))
        paying.liquidate(until=TODAY, mark=proposals.propose(until=TODAY).mark, staff=here.sara, now=NOW)
        order = PayoutOrder.objects.get(state=OrderState.DRAFT)
        paying.review([order.pk], staff=here.sara, now=NOW)
        before = Payout.objects.count()

        def work() -> str:
            return paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=here.sara, now=NOW).state

        def check(results: tuple[str, str]) -> None:
            assert results == (OrderState.PAID, OrderState.PAID)
            assert Payout.objects.count() == before + order.lines.count()

        return work, work, check

    assert everywhere(here.agency, prepare) >= 8


def test_a_transfer_confirmed_while_payu_approves_the_same_invoice_covers_it_once(here: Cast) -> None:
    transfers.save_account(TOLD, active=True, staff=here.sara, now=NOW)

    def prepare() -> Any:
        invoice = fresh(here)
        by_payu = start(here, invoice)
        lines = [(invoice, invoice.balance)]
        by_bank = checkout.start_payment(client=here.rita, lines=lines, payer=here.payer, now=NOW, provider=accounts.TRANSFER)
        transfers.hand_in(by_bank.pk, PROOF, now=NOW)
        proof, row = TransferProof.objects.get(attempt=by_bank), receive(body_of(by_payu))

        def check(results: tuple[Any, Any]) -> None:
            invoice.refresh_from_db()
            assert invoice.balance == 0
            kept = Movement.objects.filter(attempt__in=[by_payu, by_bank])
            assert sorted((m.kind, m.amount) for m in kept) == [(MovementKind.APPLIED, ONE), (MovementKind.CREDIT, ONE)]
            assert set(Attempt.objects.filter(pk__in=[by_payu.pk, by_bank.pk]).values_list("state", flat=True)) == {AttemptState.APPROVED}

        return (
            lambda: transfers.confirm(proof.pk, bank_reference="TR", staff=here.sara, now=NOW),
            lambda: settlement.settle_callback(row, now=NOW),
            check,
        )

    assert everywhere(here.agency, prepare) >= 15


@pytest.mark.parametrize("note_first", [True, False])
def test_a_credit_note_while_a_payment_settles_loses_no_peso(here: Cast, note_first: bool) -> None:
    number(here, Series.NOTE, prefix=f"N{next(NUMBERS)}")

    def prepare() -> Any:
        invoice = fresh(here)
        row = receive(body_of(start(here, invoice)))

        def note() -> None:
            credit_notes.issue_note(invoice.pk, amount=Decimal(1_000_000), reason="Cobro de más", key=uuid.uuid4(), staff=here.sara, now=NOW)

        def settle() -> None:
            settlement.settle_callback(row, now=NOW)

        def check(results: tuple[Any, Any]) -> None:
            invoice.refresh_from_db()
            assert (invoice.balance, invoice.credited) == (0, 1_000_000)
            credit = Movement.objects.filter(payment__lines__invoice=invoice, invoice=None)
            assert sum(m.amount for m in credit) == 1_000_000
            assert sum(m.amount for m in Movement.objects.filter(invoice=invoice, payment__isnull=False)) == 215_000

        return (note, settle, check) if note_first else (settle, note, check)

    assert everywhere(here.agency, prepare) >= 10


@pytest.mark.parametrize("void_first", [True, False])
def test_an_invoice_is_not_voided_while_a_payment_of_it_begins(here: Cast, void_first: bool) -> None:
    def prepare() -> Any:
        invoice = fresh(here)
        void = told(lambda: issuing.void(invoice.pk, reason="Mal hecha", staff=here.sara, now=NOW), issuing.IssueRefused)
        pay = told(lambda: start(here, invoice), checkout.CheckoutError)

        def check(results: tuple[str, str]) -> None:
            assert sorted(result == "done" for result in results) == [False, True], results

        return (void, pay, check) if void_first else (pay, void, check)

    assert everywhere(here.agency, prepare) >= 4


def test_an_invoice_is_voided_or_paid_outside_and_never_both(here: Cast) -> None:
    def prepare() -> Any:
        invoice = fresh(here)
        entry = manual.ManualPayment(
            key=uuid.uuid4(), client=here.rita, amount=ONE, means="Efectivo", reference="", paid_on=TODAY, lines=((invoice.pk, ONE),)
        )
        void = told(lambda: issuing.void(invoice.pk, reason="Mal hecha", staff=here.sara, now=NOW), issuing.IssueRefused)

        def check(results: tuple[str, Any]) -> None:
            invoice.refresh_from_db()
            assert (results[0] == "done") == (invoice.voided_at is not None) == (invoice.applied == 0)

        return void, told(lambda: settlement.settle_manual(entry, staff=here.sara, now=NOW), manual.EntryRefused), check

    assert everywhere(here.agency, prepare) >= 4


def test_a_run_of_commissions_and_a_liquidation_at_once_charge_once_and_wait_for_each_other(here: Cast) -> None:
    number(here, Series.COMMISSION, prefix=f"C{next(NUMBERS)}")

    def prepare() -> Any:
        month = date(1950 + next(MONTHS), 1, 1)
        collect(here, make_invoice(here.lease, next(NUMBERS), period=month), on=month)
        run = InvoiceRun.objects.create(
            kind=RunKind.COMMISSION, period=month, issued_on=TODAY, key=uuid.uuid4(), asked_by=here.sara, asked_at=NOW
        )
        RunItem.objects.bulk_create(runs._items(run))
        mark = proposals.propose(until=TODAY).mark
        liquidate = told(lambda: paying.liquidate(until=TODAY, mark=mark, staff=here.sara, now=NOW), paying.PayoutRefused)

        def check(results: tuple[Any, Any]) -> None:
            assert results[0] is False
            if results[1] != "done":
                paying.liquidate(until=TODAY, mark=proposals.propose(until=TODAY).mark, staff=here.sara, now=NOW)
            for order in PayoutOrder.objects.filter(state=OrderState.DRAFT):
                paying.review([order.pk], staff=here.sara, now=NOW)
                paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=here.sara, now=NOW)
            paying.cover_reckoned(Invoice.objects.all(), now=NOW)
            (made,) = Invoice.objects.filter(run=run)
            (voucher,) = Payout.objects.filter(period=month)
            assert (made.total, made.balance, voucher.commission + voucher.commission_iva) == (90_440, 0, 90_440)

        return lambda: runs.run_some(run.pk, now=NOW), liquidate, check

    assert everywhere(here.agency, prepare) >= 15


@pytest.mark.parametrize("other", ["again", "reversal", "by staff", "note"])
def test_a_credit_applied_by_the_rule_beside_whatever_else_moves_it(here: Cast, other: str) -> None:
    if not Resolution.objects.filter(series=Series.NOTE, active=True).exists():  # the agency is the whole module's
        number(here, Series.NOTE)

    def prepare() -> Any:
        for left in list(credits.credits_of(here.rita)):
            reversals.reverse_by_staff(left[0].pk, reason="Prueba", staff=here.sara, now=NOW)
        invoice, another = fresh(here), fresh(here)
        entry = manual.ManualPayment(
            key=uuid.uuid4(), client=here.rita, amount=Decimal(400_000), means="Efectivo", reference="", paid_on=TODAY, lines=()
        )
        payment = settlement.settle_manual(entry, staff=here.sara, now=NOW)

        def rule() -> str:
            credits.apply_by_rule(invoice.pk, now=NOW)
            return "done"

        def by_staff() -> Any:
            return credits.apply_credit(here.rita, [(another.pk, Decimal(400_000))], key=uuid.uuid4(), staff=here.sara, now=NOW)

        def reverse() -> Any:
            return reversals.reverse_by_staff(payment.pk, reason="Prueba", staff=here.sara, now=NOW)

        def note() -> Any:
            return credit_notes.issue_note(invoice.pk, amount=Decimal(1_000_000), reason="x", key=uuid.uuid4(), staff=here.sara, now=NOW)

        works = {"again": rule, "reversal": reverse, "by staff": told(by_staff, credits.CreditRefused), "note": note}

        def check(results: tuple[Any, Any]) -> None:
            invoice.refresh_from_db()
            another.refresh_from_db()
            credit = credits.credit_of(here.rita)
            if other == "again":
                assert (invoice.applied, credit) == (400_000, 0)
            elif other == "reversal":
                assert (invoice.applied, credit) == (0, 0)
            elif other == "by staff":  # one of the two has all of it
                assert {invoice.applied, another.applied} == {0, 400_000}
                assert credit == 0
            else:  # the note leaves 215.000 to pay
                assert (invoice.applied, credit) == (ONE, 185_000)

        return rule, works[other], check

    assert everywhere(here.agency, prepare) >= 5
