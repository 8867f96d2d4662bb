"""Two people (or one, twice) at once, on real connections, the second put between the first's statements: what is decided is
decided once, and money leaves once.

They write for good, into an agency of their own that is thrown away afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from clientarea import calendar_feed, files
from clientarea.file_models import RequestState
from clientarea.models import BookImport, CalendarFeed, FileEvent, ImportState
from payments import accounts, checkout, proofs, transfers
from payments.models import Attempt, DeductionKind, OrderState, Payout, PayoutDeduction, PayoutOrder, TransferState
from payments.payouts import paying
from saas.book import imports as book_imports
from saas.lib import clock
from saas.lib.files import CheckedFile
from saas.lib.signing import BadLink
from tenants import context, visits
from tenants.platform_models import OperatorAct, SupportVisit
from tests.own_agency import committed_agency, inside
from tests.payments.boundaries import Crossing, everywhere, told
from tests.payments.test_transfers import TOLD
from tests.payouts.steps import collect, liquidate
from tests.pqrs.files import PDF
from tests.tenants.superadmin import an_operator
from tests.world import NOW, TODAY, Cast, make_invoice

SLUG = "epsilon"
NUMBERS = count(7000)
PAPER = CheckedFile("a.pdf", PDF, "application/pdf")


@pytest.fixture(scope="module")
def arena(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Cast]:
    """The agency of this module, which takes transfers and keeps its files apart."""
    before, settings.MEDIA_ROOT = settings.MEDIA_ROOT, Path(tmp_path_factory.mktemp(SLUG))
    with committed_agency(django_db_blocker, slug=SLUG) as cast:
        try:
            with context.in_agency(cast.agency):
                transfers.save_account(TOLD, active=True, staff=cast.sara, now=NOW)
            yield cast
        finally:
            settings.MEDIA_ROOT = before
            context.leave()
            SupportVisit.objects.filter(agency=cast.agency).delete()
            OperatorAct.objects.filter(agency_slug=SLUG).delete()


@pytest.fixture
def here(arena: Cast, committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """Inside that agency; nobody is nudged."""
    with inside(arena, monkeypatch):
        yield arena


def an_order(here: Cast) -> PayoutOrder:
    """An order of Oscar's over one rent that was collected just now, a draft; whatever was left of others is paid."""
    for left in PayoutOrder.objects.exclude(state=OrderState.PAID):
        paying.review([left.pk], staff=here.sara, now=NOW)
        paying.mark_paid(left.pk, paying.Transfer(TODAY), staff=here.sara, now=NOW)
    collect(here, make_invoice(here.lease, next(NUMBERS)))
    (order,) = liquidate(here)
    return order


def a_transfer(here: Cast) -> Attempt:
    """An attempt by bank transfer at an invoice of its own."""
    invoice = make_invoice(here.lease, next(NUMBERS))
    lines = [(invoice, invoice.balance)]
    return checkout.start_payment(client=here.rita, lines=lines, payer=here.payer, now=clock.now(), provider=accounts.TRANSFER)


def one_is_done(results: tuple[str, str]) -> None:
    """One of two calls did it, the other was refused."""
    assert sorted(result == "done" for result in results) == [False, True]


def test_an_order_is_paid_once(here: Cast) -> None:
    def prepare() -> Crossing:
        order = an_order(here)
        paying.review([order.pk], staff=here.sara, now=NOW)
        vouchers = Payout.objects.count()

        def pay() -> None:
            paying.mark_paid(order.pk, paying.Transfer(TODAY), staff=here.sara, now=NOW)

        def check(_results: Any) -> None:
            assert Payout.objects.count() == vouchers + order.lines.count() == vouchers + 1

        return pay, pay, check

    assert everywhere(here.agency, prepare, step=4) >= 3


def test_nothing_is_taken_off_an_order_that_was_reviewed(here: Cast) -> None:
    def prepare() -> Crossing:
        order = an_order(here)
        line = order.lines.get()
        net = line.net

        def deduct() -> None:
            repair = DeductionKind.REPAIR
            paying.deduct(line.pk, kind=repair, concept="Plomería", amount=Decimal(5), key=uuid.uuid4(), staff=here.sara, now=NOW)

        def review() -> None:
            paying.review([order.pk], staff=here.sara, now=NOW)

        def check(results: tuple[str, Any]) -> None:
            line.refresh_from_db()
            order.refresh_from_db()
            taken = PayoutDeduction.objects.filter(line=line).count()
            assert line.net == net - 5 * taken
            assert (order.state, taken) == ("reviewed", 1 if results[0] == "done" else 0)

        return told(deduct, paying.PayoutRefused), review, check

    assert everywhere(here.agency, prepare, step=3) >= 2


def test_a_transfer_is_confirmed_or_rejected(here: Cast) -> None:
    def prepare() -> Crossing:
        proof = transfers.hand_in(a_transfer(here).pk, proofs.ProofFile(PDF, "application/pdf"), now=clock.now())

        def confirm() -> None:
            transfers.confirm(proof.pk, bank_reference="TR-9", staff=here.sara, now=NOW)

        def reject() -> None:
            transfers.reject(proof.pk, reason="No aparece", staff=here.sara, now=NOW)

        def check(_results: Any) -> None:
            proof.refresh_from_db()
            assert proof.state == TransferState.CONFIRMED  # a rejected one may still turn out to have come; never the other way round

        return confirm, told(reject, transfers.TransferRefused), check

    assert everywhere(here.agency, prepare, step=2) >= 5


def test_one_proof_of_a_payment(here: Cast) -> None:
    def prepare() -> Crossing:
        attempt = a_transfer(here)

        def hand_in() -> int:
            return transfers.hand_in(attempt.pk, proofs.ProofFile(PDF, "application/pdf"), now=clock.now()).pk

        def check(results: tuple[int, int]) -> None:
            assert results[0] == results[1]

        return hand_in, hand_in, check

    assert everywhere(here.agency, prepare) >= 3


def test_what_a_client_handed_in_is_decided_once(here: Cast) -> None:
    def prepare() -> Crossing:
        asked = files.ask(here.rita, kind="policy", title="Póliza", why="x", due_on=TODAY, lease=None, by=here.sara, now=NOW)
        files.hand_in(asked, [PAPER], now=NOW)

        def accept() -> None:
            files.accept(asked, by=here.sara, now=NOW)

        def reject() -> None:
            files.reject(asked, reason="Borroso", by=here.sara, now=NOW)

        def check(results: tuple[str, str]) -> None:
            one_is_done(results)
            assert FileEvent.objects.filter(request=asked.pk, state__in=[RequestState.ACCEPTED, RequestState.REJECTED]).count() == 1

        return told(accept, files.RequestError), told(reject, files.RequestError), check

    assert everywhere(here.agency, prepare) >= 3


def test_one_calendar_address(here: Cast) -> None:
    def prepare() -> Crossing:
        CalendarFeed.objects.all().delete()

        def make() -> None:
            calendar_feed.make(here.rita, now=NOW)

        def check(_results: Any) -> None:
            assert CalendarFeed.objects.count() == 1

        return make, make, check

    assert everywhere(here.agency, prepare) >= 2


def test_a_book_is_confirmed_or_discarded(here: Cast) -> None:
    def prepare() -> Crossing:
        BookImport.objects.all().delete()
        book = BookImport.objects.create(
            name="a.xlsx", path="libro/a.xlsx", size=1, sha256="0" * 64, made_by=here.sara, made_by_name="Sara", made_at=NOW,
            state=ImportState.PREVIEW, digest="d",
        )  # fmt: skip

        def confirm() -> None:
            book_imports.confirm(book.pk, digest="d", by=here.sara, now=NOW)

        def discard() -> None:
            book_imports.discard(book.pk, by=here.sara, now=NOW)

        def check(results: tuple[str, str]) -> None:
            one_is_done(results)
            book.refresh_from_db()
            assert book.state == (ImportState.APPLYING if results[0] == "done" else ImportState.DISCARDED)

        return told(confirm, book_imports.MovedOnError), told(discard, book_imports.MovedOnError), check

    assert everywhere(here.agency, prepare) >= 3


def test_a_pass_opens_once(here: Cast) -> None:
    with context.in_public():
        olga = an_operator()

    def prepare() -> Crossing:
        now = clock.now()
        with context.in_public():
            visit = SupportVisit.objects.create(
                agency=here.agency, operator_id=olga.pk, operator_name="Olga", reason="x", asked_at=now, until=now + timedelta(minutes=30)
            )
        text = visits.make_pass(visit)
        enter = told(lambda: visits.enter(here.agency, text, now=clock.now()), BadLink)
        return enter, enter, one_is_done

    try:
        assert everywhere(here.agency, prepare) >= 2
    finally:
        with context.in_public(), connection.cursor() as cursor:  # Django would look for what points to her in tables of agencies
            cursor.execute("DELETE FROM accounts_user WHERE id = %s", [olga.pk])
