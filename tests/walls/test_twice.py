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
from clientarea.models import BookImport, CalendarFeed, FileEvent, ImportState
from clientarea.models_files import RequestState
from payments import accounts, checkout, payouts, proofs, transfers
from payments.models import DeductionKind, Payout, PayoutDeduction, PayoutOrder, TransferState
from saas import book_imports
from saas.lib import clock
from saas.lib.files import CheckedFile
from saas.lib.signing import BadLink
from tenants import context, visits
from tenants.platform_models import OperatorAct, SupportVisit
from tests.arena import committed_agency, inside
from tests.payments.boundaries import cross, told
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
    """An order of Oscar's over one rent that was collected just now, a draft."""
    collect(here, make_invoice(here.lease, next(NUMBERS)))
    (order,) = liquidate(here)
    return order


def test_an_order_is_paid_once(here: Cast) -> None:
    for at in count(0, 4):
        order = an_order(here)
        payouts.review([order.pk], staff=here.sara, now=NOW)
        vouchers = Payout.objects.count()

        def pay() -> Any:
            return payouts.mark_paid(order.pk, payouts.Transfer(TODAY), staff=here.sara, now=NOW)  # noqa: B023

        ended = cross(here.agency, pay, pay, at=at)
        assert Payout.objects.count() == vouchers + order.lines.count() == vouchers + 1
        if ended is None:
            break


def test_nothing_is_taken_off_an_order_that_was_reviewed(here: Cast) -> None:
    for at in count(0, 3):
        order = an_order(here)
        line = order.lines.get()
        net = line.net

        def deduct() -> None:
            payouts.deduct(
                line.pk, kind=DeductionKind.REPAIR, concept="Plomería", amount=Decimal(5), key=uuid.uuid4(), staff=here.sara, now=NOW  # noqa: B023
            )

        def review() -> None:
            payouts.review([order.pk], staff=here.sara, now=NOW)  # noqa: B023

        ended = cross(here.agency, told(deduct, payouts.PayoutRefused), review, at=at)
        line.refresh_from_db()
        order.refresh_from_db()
        taken = PayoutDeduction.objects.filter(line=line).count()
        assert line.net == net - 5 * taken
        if ended is not None:
            assert (order.state, taken) == ("reviewed", 1 if ended[0] == "done" else 0)
        payouts.review([order.pk], staff=here.sara, now=NOW)
        payouts.mark_paid(order.pk, payouts.Transfer(TODAY), staff=here.sara, now=NOW)
        if ended is None:
            break


def test_a_transfer_is_confirmed_or_rejected(here: Cast) -> None:
    for at in count(0, 2):
        invoice = make_invoice(here.lease, next(NUMBERS))
        attempt = checkout.start_payment(
            client=here.rita, lines=[(invoice, invoice.balance)], payer=here.payer, now=clock.now(), provider=accounts.TRANSFER
        )
        proof = transfers.hand_in(attempt.pk, proofs.ProofFile(PDF, "application/pdf"), now=clock.now())

        def confirm() -> None:
            transfers.confirm(proof.pk, bank_reference="TR-9", staff=here.sara, now=NOW)  # noqa: B023

        def reject() -> None:
            transfers.reject(proof.pk, reason="No aparece", staff=here.sara, now=NOW)  # noqa: B023

        ended = cross(here.agency, confirm, told(reject, transfers.TransferRefused), at=at)
        proof.refresh_from_db()
        assert proof.state == TransferState.CONFIRMED  # a rejected one may still turn out to have come; never the other way round
        if ended is None:
            break


def test_one_proof_of_a_payment(here: Cast) -> None:
    for at in count():
        invoice = make_invoice(here.lease, next(NUMBERS))
        attempt = checkout.start_payment(
            client=here.rita, lines=[(invoice, invoice.balance)], payer=here.payer, now=clock.now(), provider=accounts.TRANSFER
        )

        def hand_in() -> int:
            return transfers.hand_in(attempt.pk, proofs.ProofFile(PDF, "application/pdf"), now=clock.now()).pk  # noqa: B023

        ended = cross(here.agency, hand_in, hand_in, at=at)
        if ended is None:
            break
        assert ended[0] == ended[1]


def test_what_a_client_handed_in_is_decided_once(here: Cast) -> None:
    for at in count():
        asked = files.ask(here.rita, kind="policy", title="Póliza", why="x", due_on=TODAY, lease=None, by=here.sara, now=NOW)
        files.hand_in(asked, [PAPER], now=NOW)

        def accept() -> None:
            files.accept(asked, by=here.sara, now=NOW)  # noqa: B023

        def reject() -> None:
            files.reject(asked, reason="Borroso", by=here.sara, now=NOW)  # noqa: B023

        ended = cross(here.agency, told(accept, files.RequestError), told(reject, files.RequestError), at=at)
        decided = FileEvent.objects.filter(request=asked.pk, state__in=[RequestState.ACCEPTED, RequestState.REJECTED])
        assert decided.count() == 1
        if ended is None:
            break
        assert sorted(result == "done" for result in ended) == [False, True]


def test_one_calendar_address(here: Cast) -> None:
    for at in count():
        CalendarFeed.objects.all().delete()
        ended = cross(
            here.agency, lambda: calendar_feed.make(here.rita, now=NOW).code, lambda: calendar_feed.make(here.rita, now=NOW).code, at=at
        )
        assert CalendarFeed.objects.count() == 1
        if ended is None:
            break


def test_a_book_is_confirmed_or_discarded(here: Cast) -> None:
    for at in count():
        BookImport.objects.all().delete()
        book = BookImport.objects.create(
            name="a.xlsx", path="libro/a.xlsx", size=1, sha256="0" * 64, made_by=here.sara, made_by_name="Sara", made_at=NOW,
            state=ImportState.PREVIEW, digest="d",
        )  # fmt: skip

        def confirm() -> None:
            book_imports.confirm(book.pk, digest="d", by=here.sara, now=NOW)  # noqa: B023

        def discard() -> None:
            book_imports.discard(book.pk, by=here.sara, now=NOW)  # noqa: B023

        ended = cross(here.agency, told(confirm, book_imports.MovedOnError), told(discard, book_imports.MovedOnError), at=at)
        book.refresh_from_db()
        if ended is None:
            assert book.state == ImportState.APPLYING
            BookImport.objects.all().delete()
            break
        assert sorted(result == "done" for result in ended) == [False, True]
        assert book.state == (ImportState.APPLYING if ended[0] == "done" else ImportState.DISCARDED)


def test_a_pass_opens_once(here: Cast) -> None:
    with context.in_public():
        olga = an_operator()
    try:
        for at in count():
            with context.in_public():
                visit = SupportVisit.objects.create(
                    agency=here.agency, operator_id=olga.pk, operator_name="Olga", reason="x", asked_at=clock.now(),
                    until=clock.now() + timedelta(minutes=30),
                )  # fmt: skip
            text = visits.make_pass(visit)

            def enter() -> None:
                visits.enter(here.agency, text, now=clock.now())  # noqa: B023

            ended = cross(here.agency, told(enter, BadLink), told(enter, BadLink), at=at)
            if ended is None:
                break
            assert sorted(result == "done" for result in ended) == [False, True]
    finally:
        with context.in_public(), connection.cursor() as cursor:  # Django would look for what points to her in tables of agencies
            cursor.execute("DELETE FROM accounts_user WHERE id = %s", [olga.pk])
