"""Credit notes and voids: what they do to balances, credits, statements and certificates, and what is refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments import credits, reversals
from payments.invoicing import credit_notes, invoice_paper, issuing
from payments.invoicing.drafts import Draft, DraftLine
from payments.models import CreditNote, Invoice, InvoiceKind, InvoiceState, LineKind, Movement, MovementKind, Series
from payments.statements import account, certificates
from saas.desk_home import overdue_by_age
from tenants import context
from tests.invoicing.helpers import number, parts, pay
from tests.payments.money import check_invariants, say, start
from tests.world import NOW, TODAY, Cast, Casts


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        number(cast.alfa)
        number(cast.alfa, Series.NOTE)
        yield cast.alfa
        check_invariants()
        numbers = list(CreditNote.objects.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))


def note(here: Cast, invoice: Invoice, amount: int, **more: Any) -> CreditNote:
    key = more.pop("key", uuid.uuid4())
    return credit_notes.issue_note(invoice.pk, amount=Decimal(amount), reason="Cobro de más", key=key, staff=here.sara, now=NOW)


def state_of(invoice: Invoice) -> tuple[str, int, int]:
    row = Invoice.objects.with_state(today=TODAY).get(pk=invoice.pk)
    return row.state, int(row.balance), int(row.credited)  # type: ignore[attr-defined]


def test_a_note_lowers_the_balance_and_one_for_the_whole_ends_it(here: Cast) -> None:
    first = note(here, here.invoice, 215_000)
    assert (first.full_number, first.amount, first.iva) == ("NC-1", 215_000, 0)
    assert state_of(here.invoice) == ("pending", 1_000_000, 215_000)
    note(here, here.invoice, 1_000_000)
    assert state_of(here.invoice) == (InvoiceState.CREDITED, 0, 1_215_000)
    assert [(m.kind, m.amount, m.payment) for m in here.invoice.movements.order_by("pk")] == [
        (MovementKind.NOTE, 215_000, None), (MovementKind.NOTE, 1_000_000, None),
    ]  # fmt: skip
    with pytest.raises(credit_notes.NoteRefused, match="no queda nada por acreditar"):
        note(here, here.invoice, 1)


def test_the_same_form_makes_one_note(here: Cast) -> None:
    key = uuid.uuid4()
    assert note(here, here.invoice, 1000, key=key) == note(here, here.invoice, 1000, key=key)
    assert state_of(here.invoice)[1] == 1_214_000


def test_what_was_paid_beyond_what_stays_becomes_credit_of_the_payment(here: Cast) -> None:
    first = pay(here, here.invoice, 600_000, on=date(2026, 11, 2))
    second = pay(here, here.invoice, 500_000, on=date(2026, 11, 3))
    note(here, here.invoice, 815_000)  # 115 000 were owed: 700 000 go back, the last payment's first
    assert state_of(here.invoice) == (InvoiceState.PAID, 0, 815_000)
    assert credits.credits_of(here.rita) == [(first, Decimal(200_000)), (second, Decimal(500_000))]
    check_invariants()
    # The credit is the payment's: reversing it takes it back, and what was left on the invoice.
    reversals.reverse_by_staff(first.pk, reason="Cheque devuelto", staff=here.sara, now=NOW)
    assert credits.credits_of(here.rita) == [(second, Decimal(500_000))]
    assert state_of(here.invoice)[1] == 400_000


def test_money_that_comes_while_a_note_was_made_is_credit(here: Cast) -> None:
    attempt = start(here)
    note(here, here.invoice, 215_000)
    say(attempt)
    assert (state_of(here.invoice)[1], credits.credit_of(here.rita)) == (0, 215_000)


def test_notes_share_the_iva_to_the_peso(here: Cast) -> None:
    draft = Draft(
        kind=InvoiceKind.RENT, client_id=here.rita.pk, client="", period=date(2026, 11, 1), issued_on=TODAY, due_on=TODAY, concept="Reparación",
        base=Decimal(0), lines=(DraftLine(LineKind.REPAIR, "Cerradura", Decimal(100_001), Decimal(19_000)),),
    )  # fmt: skip
    invoice = issuing.write_one(draft, key=uuid.uuid4(), staff=here.sara, now=NOW)
    assert parts(invoice) == (0, 0, 100_001, 19_000, 0, 119_001)
    made = [note(here, invoice, amount) for amount in (33_333, 33_333, 52_335)]
    assert [int(each.iva) for each in made] == [5_322, 5_322, 8_356]
    assert sum(each.iva for each in made) == invoice.iva


def test_no_note_beyond_the_invoice_of_a_void_one_nor_of_what_a_payout_deducted(here: Cast) -> None:
    with pytest.raises(credit_notes.NoteRefused, match="hasta \\$\u00a01.215.000"):
        note(here, here.invoice, 1_215_001)
    issuing.void(here.invoice.pk, reason="Mal hecha", staff=here.sara, now=NOW)
    with pytest.raises(credit_notes.NoteRefused, match="anulada"):
        note(here, here.invoice, 1)
    commission = Invoice.objects.create(
        kind=InvoiceKind.COMMISSION, prefix="FC", number=1, client=here.oscar, period=TODAY, issued_on=TODAY, due_on=TODAY, concept="x",
        base=100, total=100,
    )  # fmt: skip
    with transaction.atomic():
        Movement.objects.create(kind=MovementKind.DEDUCTED, client=here.oscar, invoice=commission, amount=60, on=TODAY)
        Invoice.objects.filter(pk=commission.pk).update(applied=60)
    assert credit_notes.most_of(Invoice.objects.get(pk=commission.pk)) == 40
    with pytest.raises(credit_notes.NoteRefused, match="hasta \\$\u00a040"):
        note(here, commission, 41)
    Invoice.objects.filter(pk=commission.pk).update(applied=60)


def test_without_a_numbering_there_is_no_note(here: Cast) -> None:
    number(here, Series.NOTE, prefix="ZZ", first=1, last=1)
    note(here, here.overdue, 1)
    with pytest.raises(credit_notes.NoteRefused, match="no quedan números"):
        note(here, here.invoice, 1)
    assert state_of(here.invoice) == ("pending", 1_215_000, 0)


def test_the_database_keeps_notes_and_issued_invoices_as_they_are(here: Cast) -> None:
    made = note(here, here.invoice, 1000)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        CreditNote.objects.filter(pk=made.pk).update(reason="otro")
    copy = CreditNote.objects.get(pk=made.pk)
    copy.pk, copy.key, copy.number = None, uuid.uuid4(), 99
    with transaction.atomic():
        copy.save(force_insert=True)
        with pytest.raises(IntegrityError, match="notes say"), transaction.atomic():
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)
    draft = Draft(
        kind=InvoiceKind.RENT, client_id=here.rita.pk, client="", period=TODAY, issued_on=TODAY, due_on=TODAY, concept="x", base=Decimal(10)
    )
    issued = issuing.write_one(draft, key=uuid.uuid4(), staff=here.sara, now=NOW)
    with pytest.raises(IntegrityError, match="amounts stay"), transaction.atomic():
        Invoice.objects.filter(pk=issued.pk).update(total=11, base=11)
    issuing.void(issued.pk, reason="Mal hecha", staff=here.sara, now=NOW)
    with pytest.raises(IntegrityError, match="voided one stays so"), transaction.atomic():
        Invoice.objects.filter(pk=issued.pk).update(voided_at=None)


def test_void_only_what_no_money_touched(here: Cast) -> None:
    pay(here, here.overdue, 1)
    with pytest.raises(issuing.IssueRefused, match="dinero aplicado"):
        issuing.void(here.overdue.pk, reason="x", staff=here.sara, now=NOW)
    start(here, here.invoice)
    with pytest.raises(issuing.IssueRefused, match="pago en línea en curso"):
        issuing.void(here.invoice.pk, reason="x", staff=here.sara, now=NOW)
    Invoice.objects.filter(pk=here.berta_invoice.pk).update(cufe="a" * 96)
    with pytest.raises(issuing.IssueRefused, match="tiene CUFE"):
        issuing.void(here.berta_invoice.pk, reason="x", staff=here.sara, now=NOW)


def test_statements_certificates_and_the_home_count_notes_right(here: Cast) -> None:
    pay(here, here.invoice, 1_000_000, on=date(2026, 11, 10))
    note(here, here.invoice, 315_000)
    note(here, here.overdue, 215_000)
    told = account.statement_of(here.rita, account.Account.RENT, since=date(2026, 11, 1), until=TODAY)
    assert (told.opening, told.closing, told.in_favour) == (1_215_000, 900_000, 100_000)
    assert [(line.document, line.concept, line.amount) for line in told.lines if line.document.startswith("NC")] == [
        ("NC-1", "Nota crédito NC-1 a la factura FA-1", -315_000), ("NC-2", "Nota crédito NC-2 a la factura FA-2", -215_000),
    ]  # fmt: skip
    year = certificates.renter_year(here.rita, 2026)
    # $ 900.000 of FA-1 stayed paid: 900/1215 of each part.
    assert year.totals == (Decimal("703703.70"), Decimal("196296.30"), 0, 0, 900_000)
    assert sum(age["sum"] for age in overdue_by_age(TODAY)) == 1_000_000


def test_extra_concepts_have_a_column_in_the_certificate_of_who_paid_them(here: Cast) -> None:
    draft = Draft(
        kind=InvoiceKind.RENT, client_id=here.rita.pk, client="", period=TODAY, issued_on=TODAY, due_on=TODAY, concept="x", base=Decimal(100),
        lease_id=here.lease.pk, lines=(DraftLine(LineKind.INTEREST, "Mora", Decimal(30)),),
    )  # fmt: skip
    invoice = issuing.write_one(draft, key=uuid.uuid4(), staff=here.sara, now=NOW)
    pay(here, invoice, 130)
    year = certificates.renter_year(here.rita, 2026)
    assert year.headings == ("Canon", "Administración", "Otros conceptos", "IVA", "Retenciones", "Total pagado")
    assert year.totals == (100, 0, 30, 0, 0, 130)


def test_the_paper_of_a_note(here: Cast) -> None:
    data = invoice_paper.note_paper(note(here, here.invoice, 215_000), here.agency)
    assert data.startswith(b"%PDF-")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.sampled_from(["pay", "note", "reverse"]), st.integers(1, 900_000)), max_size=7))
def test_any_order_of_payments_notes_and_reversals_adds_up(here: Cast, moves: list[tuple[str, int]]) -> None:
    with transaction.atomic():
        paid = []
        for what, amount in moves:
            invoice = Invoice.objects.get(pk=here.invoice.pk)
            if what == "pay" and invoice.balance:
                paid.append(pay(here, invoice, min(Decimal(amount), invoice.balance)))
            elif what == "note" and credit_notes.most_of(invoice):
                note(here, invoice, int(min(Decimal(amount), credit_notes.most_of(invoice))))
            elif what == "reverse" and paid:
                reversals.reverse_by_staff(paid.pop().pk, reason="Devuelto", staff=here.sara, now=NOW)
            check_invariants()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        transaction.set_rollback(True)
