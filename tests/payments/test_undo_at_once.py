"""The undo of an import beside money that comes: at each statement of one the other, on real connections.

A book brings an invoice and a payment with a receipt of our own series, as an agency's export does. Whatever the order: the
money that came is kept and numbered without a gap, or the import stays; never half of either.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count, Max

from clientarea.models import BookImport
from payments import checkout, manual, settlement
from payments.models import Counter, Invoice, Payment, Receipt
from saas.book import imports as book_imports
from saas.book import undo as book_undo
from tests.importing.books import Book
from tests.own_agency import committed_agency, inside
from tests.payments.boundaries import cross
from tests.payments.money import body_of, check_invariants, credited, receive, start
from tests.world import NOW, TODAY, Cast, make_invoice, payer_of

NUMBERS = count(7000)


@pytest.fixture(scope="module")
def arena(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """The agency of this module."""
    with committed_agency(django_db_blocker, slug="zeta") as cast:
        yield cast


@pytest.fixture
def here(arena: Cast, committed: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Iterator[Cast]:
    """Inside that agency; nobody is nudged. The money must add up afterwards."""
    settings.MEDIA_ROOT = tmp_path / "media"
    with inside(arena, monkeypatch):
        yield arena
        check_invariants()


def brought(here: Cast, folder: Path) -> tuple[BookImport, Invoice, Receipt]:
    """A book with an invoice of Rita's that she has paid in part: applied, and its undo asked for. The invoice and the receipt."""
    number, invoice = (Receipt.objects.filter(prefix="CP").count() + 1, next(NUMBERS))
    book = Book()
    for sheet in book.rows:
        book.rows[sheet] = []
    book.invoice(invoice, here.lease.number, here.rita.document, Prefijo="ZF")
    book.payment(f"CP-{number}", here.rita.document, f"ZF-{invoice}", amount=400_000)
    data = book.save(folder / "libro.xlsx").read_bytes()
    made = book_imports.bring(SimpleUploadedFile("libro.xlsx", data), by=here.sara, now=NOW)
    book_imports.read(made.pk, now=NOW)
    made.refresh_from_db()
    assert made.state == "preview", made.error
    book_imports.confirm(made.pk, digest=made.digest, by=here.sara, now=NOW)
    book_imports.apply(made.pk, now=NOW)
    made.refresh_from_db()
    assert made.state == "applied", made.error
    book_undo.ask(made.pk, by=here.sara, now=NOW)
    return made, Invoice.objects.get(prefix="ZF", number=invoice), Receipt.objects.get(prefix="CP", number=number)


def cash(here: Cast, invoice: Invoice) -> Payment:
    """Staff receive $ 100.000 for an invoice."""
    entry = manual.ManualPayment(
        key=uuid.uuid4(), client=here.rita, amount=Decimal(100_000), means="Efectivo", reference="", paid_on=TODAY,
        lines=((invoice.pk, Decimal(100_000)),),
    )  # fmt: skip
    return settlement.settle_manual(entry, staff=here.sara, now=NOW)


def undo(book: BookImport) -> Callable[[], str]:
    """The undo; what became of the import."""

    def work() -> str:
        book_undo.undo(book.pk, now=NOW)
        return str(BookImport.objects.get(pk=book.pk).state)

    return work


def settled(book: BookImport) -> None:
    """So that the next one may be brought: an import that stands and was not undone is left as it is. Numbers go on."""
    book.refresh_from_db()
    assert (book.state in ("applied", "undone"), book.busy) == (True, None)
    numbers = Receipt.objects.filter(prefix="CP").aggregate(most=Max("number"), count=Count("pk"))
    assert Counter.objects.get(name="receipt").value == numbers["count"] == (numbers["most"] or 0)


def test_an_undo_and_a_payment_by_payu_of_another_invoice(here: Cast, tmp_path: Path) -> None:
    told: set[str] = set()
    for undo_is_first in (True, False):
        for at in count():
            attempt = start(here, make_invoice(here.lease, next(NUMBERS)))
            row = receive(body_of(attempt))
            book, _invoice, receipt = brought(here, tmp_path)

            def settle(row: int = row) -> Any:
                return settlement.settle_callback(row, now=NOW)

            works = (undo(book), settle) if undo_is_first else (settle, undo(book))
            results = cross(here.agency, *works, at=at)
            if results is None:  # only the first ran
                works[1]()
            assert credited(attempt) == attempt.amount
            book.refresh_from_db()
            told.add(book.state)
            assert Receipt.objects.filter(pk=receipt.pk).exists() == (book.state == "applied")
            if book.state == "applied":  # a receipt that came after one of the book's holds it: its number would be a gap
                assert "hueco" in book.holding[0][2]
            settled(book)
            if results is None:
                break
    assert told == {"applied", "undone"}


def test_an_undo_and_money_for_what_it_brought(here: Cast, tmp_path: Path) -> None:
    for undo_is_first in (True, False):
        for at in count():
            book, invoice, receipt = brought(here, tmp_path)

            def pay(invoice: Invoice = invoice) -> str:
                try:
                    return cash(here, invoice).receipt.full_number
                except manual.EntryRefused:
                    return "refused"

            works: Any = (undo(book), pay) if undo_is_first else (pay, undo(book))
            results = cross(here.agency, *works, at=at)
            if results is None:
                works[1]()
            book.refresh_from_db()
            kept = Invoice.objects.filter(pk=invoice.pk).first()
            if book.state == "undone":
                assert kept is None
                assert not Receipt.objects.filter(pk=receipt.pk).exists()
            else:
                assert kept is not None
                assert kept.applied == 500_000
                assert Receipt.objects.filter(pk=receipt.pk).exists()
            settled(book)
            if results is None:
                break


def test_an_undo_and_a_payment_that_begins(here: Cast, tmp_path: Path) -> None:
    for undo_is_first in (True, False):
        for at in count():
            book, invoice, _receipt = brought(here, tmp_path)

            def begin(invoice: Invoice = invoice) -> str:
                try:
                    lines = [(invoice, invoice.balance)]
                    return checkout.start_payment(client=here.rita, lines=lines, payer=payer_of(here.rita), now=NOW).reference
                except checkout.CheckoutError:
                    return "refused"

            works: Any = (undo(book), begin) if undo_is_first else (begin, undo(book))
            results = cross(here.agency, *works, at=at)
            if results is None:
                works[1]()
            book.refresh_from_db()
            assert Invoice.objects.filter(pk=invoice.pk).exists() == (book.state == "applied")
            settled(book)
            if results is None:
                break
