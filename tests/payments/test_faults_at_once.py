"""Rows of the fault table in which two things happen at once: on real connections, at every statement boundary.

They write for good, into an agency of their own that is thrown away afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.core import mail
from django.db.utils import Error as DatabaseError
from django.test import Client as Browser
from django.urls import reverse

from payments import checkout, receipts, reconcile, settlement
from payments.gateway import GatewayState
from payments.models import Attempt, AttemptState, Callback, Movement, Payment, PaymentState, Receipt
from saas.jobs import run
from saas.jobs.models import Job
from tenants import context
from tenants.models import Agency
from tests.own_agency import committed_agency, inside
from tests.payments.boundaries import cut, everywhere, together
from tests.payments.money import FORM, answer, body_of, check_invariants, credited, finding, receive, start
from tests.world import NOW, Cast, make_invoice
from workers import sweep

SLUG = "gama"
NUMBERS = count(1000)
ONE = Decimal(1215000)


@pytest.fixture(scope="module")
def arena(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """The agency of this module."""
    with committed_agency(django_db_blocker, slug=SLUG) as cast:
        yield cast


@pytest.fixture
def here(arena: Cast, committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """Inside that agency; nobody is nudged. The money must add up afterwards."""
    with inside(arena, monkeypatch):
        yield arena
        check_invariants()


def fresh(cast: Cast) -> Attempt:
    """An attempt at a new invoice of $ 1.215.000."""
    return start(cast, make_invoice(cast.lease, next(NUMBERS)))


def settle(row: int) -> Callable[[], settlement.Outcome]:
    return lambda: settlement.settle_callback(row, now=NOW)


def paid_once(attempt: Attempt, times: int = 1) -> None:
    attempt.refresh_from_db()
    assert (attempt.state, attempt.credited, credited(attempt)) == (AttemptState.APPROVED, times, times * attempt.amount)
    assert Receipt.objects.filter(payment__attempts=attempt).count() == 1
    assert Movement.objects.filter(attempt=attempt).count() == times


def test_row_01_the_same_callback_stored_at_once_is_one_row_and_one_job(here: Cast) -> None:
    def prepare() -> Any:
        body = body_of(fresh(here))

        def check(results: tuple[int, int]) -> None:
            assert results[0] == results[1]
            assert Callback.objects.get(pk=results[0]).times == 2
            assert Job.objects.filter(kind="payments.settle", key=str(results[0])).count() == 1

        return lambda: receive(body), lambda: receive(body.replace("attempts=1", "attempts=2")), check

    assert everywhere(here.agency, prepare) >= 1  # storing is one statement; the nine below meet within it


def test_row_01_nine_posts_at_once_are_answered_200_and_are_one_payment(here: Cast) -> None:
    attempt = fresh(here)
    bodies = [body_of(attempt, transaction="tx-nine").replace("attempts=1", f"attempts={n}") for n in range(1, 10)]
    address = reverse("payu_callback", args=[here.agency.key], urlconf="saas.urls_public")

    def post(body: str) -> Callable[[], int]:
        def work() -> int:
            context.leave()
            return Browser(headers={"host": "plataforma.test"}).generic("POST", address, body, content_type=FORM).status_code

        return work

    assert together(here.agency, *(post(body) for body in bodies)) == [200] * 9
    row = Callback.objects.get(reference=attempt.reference)
    assert row.times == 9
    job = Job.objects.get(kind="payments.settle", key=str(row.pk))
    ran = together(here.agency, *([lambda: run.run_job(job.pk, now=job.due_at)] * 5))
    assert sorted(ran) == [False] * 4 + [True]
    paid_once(attempt)
    mail.outbox.clear()
    for kind in ("payments.receipt_pdf", "payments.receipt_mail"):
        paper = Job.objects.get(kind=kind, key=str(Receipt.objects.get(payment=attempt.payment).pk))
        assert sorted(together(here.agency, *([lambda: run.run_job(paper.pk, now=paper.due_at)] * 3))) == [False, False, True]  # noqa: B023
    assert [letter.to for letter in mail.outbox] == [[here.rita.email]]


def test_row_01_two_workers_with_one_callback_credit_once(here: Cast) -> None:
    def prepare() -> Any:
        attempt = fresh(here)
        row = receive(body_of(attempt))

        def check(results: tuple[Any, Any]) -> None:
            assert [outcome.state for outcome in results] == ["settled", "settled"]
            paid_once(attempt)

        return settle(row), settle(row), check

    assert everywhere(here.agency, prepare) >= 15


def test_row_02_an_approval_and_a_decline_at_once_end_approved(here: Cast) -> None:
    for first_state, second_state in (("4", "6"), ("6", "4")):

        def prepare(one: str = first_state, two: str = second_state) -> Any:
            attempt = fresh(here)
            rows = {state: receive(body_of(attempt, state=state, transaction=f"tx-{state}")) for state in (one, two)}

            def check(_results: tuple[Any, Any]) -> None:
                paid_once(attempt)
                assert Payment.objects.get(pk=attempt.payment_id).state == PaymentState.APPROVED

            return settle(rows[one]), settle(rows[two]), check

        assert everywhere(here.agency, prepare) >= 5


def test_row_07_an_approval_while_we_expire_the_attempt_is_kept(here: Cast) -> None:
    for approval_first in (True, False):

        def prepare(first: bool = approval_first) -> Any:
            attempt = fresh(here)
            row = receive(body_of(attempt))
            calls = (settle(row), lambda: settlement.expire(attempt.pk, now=NOW))
            one, two = calls if first else calls[::-1]
            return one, two, lambda _results: paid_once(attempt)

        assert everywhere(here.agency, prepare) >= 3


def test_row_08_two_attempts_at_one_invoice_approved_at_once_are_both_kept(here: Cast) -> None:
    def prepare() -> Any:
        invoice = make_invoice(here.lease, next(NUMBERS))
        attempts = [start(here, invoice), start(here, invoice)]
        rows = [receive(body_of(attempt)) for attempt in attempts]

        def check(_results: tuple[Any, Any]) -> None:
            for attempt in attempts:
                paid_once(attempt)
            invoice.refresh_from_db()
            assert (invoice.applied, invoice.total) == (ONE, ONE)
            kinds = Movement.objects.filter(attempt__in=attempts).order_by("kind").values_list("kind", "amount")
            assert list(kinds) == [("applied", ONE), ("credit", ONE)]

        return settle(rows[0]), settle(rows[1]), check

    assert everywhere(here.agency, prepare) >= 15


def test_row_08_a_retry_while_the_first_attempt_is_approved_never_pays_twice_by_itself(here: Cast) -> None:
    for approval_first in (True, False):

        def prepare(first: bool = approval_first) -> Any:
            attempt = fresh(here)
            settlement.settle_callback(receive(body_of(attempt, state="6")), now=NOW)
            row = receive(body_of(attempt, transaction="after all"))

            def retry() -> str:
                try:
                    return checkout.retry_payment(payment=attempt.payment, now=NOW).reference
                except checkout.CheckoutError:
                    return "refused"

            def check(_results: tuple[Any, Any]) -> None:
                paid_once(attempt)

            one, two = (settle(row), retry) if first else (retry, settle(row))
            return one, two, check

        assert everywhere(here.agency, prepare) >= 5


def test_row_09_the_true_callback_and_one_with_an_invented_id_at_once_credit_once(here: Cast) -> None:
    def prepare() -> Any:
        attempt = fresh(here)
        rows = [receive(body_of(attempt, transaction=name)) for name in ("true", "invented")]

        def check(results: tuple[Any, Any]) -> None:
            assert sorted(outcome.reason for outcome in results) == ["", "needs_evidence"]
            paid_once(attempt)

        return settle(rows[0]), settle(rows[1]), check

    assert everywhere(here.agency, prepare) >= 15


@pytest.mark.parametrize("callback_first", [True, False])
def test_row_12_callback_and_reconciliation_at_the_same_moment_credit_once(
    here: Cast, callback_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare() -> Any:
        attempt = fresh(here)
        row = receive(body_of(attempt, transaction="t-1"))
        found = answer(finding(attempt, GatewayState.APPROVED, transaction="t-1"))
        monkeypatch.setattr(reconcile, "_ask", lambda *_asked, **_now: found)  # what came over the network
        calls = (settle(row), lambda: reconcile.ask(attempt.pk, now=NOW))
        one, two = calls if callback_first else calls[::-1]

        def check(_results: tuple[Any, Any]) -> None:
            paid_once(attempt)
            inbox = list(Callback.objects.filter(reference=attempt.reference).order_by("source").values_list("source", "attempt", "state", "reason"))
            assert inbox[0] in [("post", attempt.pk, "settled", ""), ("post", attempt.pk, "ignored", "repeated")]
            assert inbox[1:] == [("query", attempt.pk, "settled", "")]

        return one, two, check

    assert everywhere(here.agency, prepare) >= 10


def test_row_10_a_checkout_while_the_invoice_is_being_paid_waits_and_is_refused(here: Cast) -> None:
    def prepare() -> Any:
        attempt = fresh(here)
        invoice = attempt.payment.lines.get().invoice
        row = receive(body_of(attempt))

        def pay_again() -> str:
            try:
                return checkout.start_payment(client=here.rita, lines=[(invoice, ONE)], payer=here.payer, now=NOW).reference
            except checkout.CheckoutError:
                return "refused"

        def check(results: tuple[Any, Any]) -> None:
            paid_once(attempt)
            # Before the money came, another payment may be begun; after it, none. Nothing in between.
            open_now = Attempt.objects.filter(payment__lines__invoice=invoice, state=AttemptState.SENT).count()
            assert open_now == (0 if results[1] == "refused" else 1)

        return settle(row), pay_again, check

    assert everywhere(here.agency, prepare) >= 15


def test_row_13_the_database_goes_away_in_the_middle_of_a_callback_and_it_is_not_200(here: Cast) -> None:
    address = reverse("payu_callback", args=[here.agency.key], urlconf="saas.urls_public")
    statuses: list[int] = []
    for at in count():
        attempt = fresh(here)
        body = body_of(attempt)

        def post(sent: str = body) -> None:
            context.leave()
            browser = Browser(headers={"host": "plataforma.test"}, raise_request_exception=False)
            statuses.append(browser.generic("POST", address, sent, content_type=FORM).status_code)

        statuses.clear()
        interrupted = cut(here.agency, post, at=at)
        stored = Callback.objects.filter(reference=attempt.reference).count()
        rows = [str(pk) for pk in Callback.objects.filter(reference=attempt.reference).values_list("pk", flat=True)]
        asked = Job.objects.filter(kind="payments.settle", key__in=rows).count()
        assert stored == asked
        if not interrupted:
            assert (statuses, stored) == ([200], 1)
            break
        assert statuses == [500]
        assert stored == 0
        # PayU tries again.
        assert Browser(headers={"host": "plataforma.test"}).generic("POST", address, body, content_type=FORM).status_code == 200
        context.enter(here.agency)
        assert Callback.objects.get(reference=attempt.reference).times == 1
    assert at >= 1


def test_row_15_a_worker_cut_off_at_any_statement_leaves_all_or_nothing(here: Cast) -> None:
    for at in count():
        attempt = fresh(here)
        row = receive(body_of(attempt))
        last = Receipt.objects.count()
        interrupted = cut(here.agency, settle(row), at=at)
        attempt.refresh_from_db()
        if not interrupted:
            paid_once(attempt)
            break
        assert (attempt.state, attempt.credited, credited(attempt)) == (AttemptState.SENT, 0, Decimal(0))
        assert (Receipt.objects.count(), Callback.objects.get(pk=row).state) == (last, "new")
        assert settle(row)().state == "settled"
        paid_once(attempt)
        assert Receipt.objects.get(payment=attempt.payment).number == last + 1
    assert at >= 15


def test_row_15_a_job_whose_worker_was_cut_off_runs_again_when_its_lease_ends(here: Cast) -> None:
    for at in count():
        attempt = fresh(here)
        row = receive(body_of(attempt))
        job = Job.objects.get(kind="payments.settle", key=str(row))

        def work(job_id: int = job.pk, due: Any = job.due_at) -> None:
            run.run_job(job_id, now=due)

        interrupted = cut(here.agency, work, at=at)
        job.refresh_from_db()
        if not interrupted:
            assert job.done_at is not None
            break
        later = max(job.due_at, job.lease_until or job.due_at) + run.LEASE
        if job.done_at is None:
            assert run.run_job(job.pk, now=later) is True
        paid_once(attempt)
        job.refresh_from_db()
        assert (job.done_at is not None, job.dead_at) == (True, None)
    assert at >= 17


def test_row_16_a_worker_cut_off_around_the_mail_sends_it_again_under_the_same_id(here: Cast) -> None:
    attempt = fresh(here)
    settle(receive(body_of(attempt)))()
    receipt = Receipt.objects.get(payment=attempt.payment)
    receipts.make_pdf(receipt.pk, agency=here.agency, now=NOW)
    job = Job.objects.get(kind="payments.receipt_mail", key=str(receipt.pk))
    sent: list[int] = []
    for at in count():
        Job.objects.filter(pk=job.pk).update(done_at=None, attempts=0, lease_until=None, lease_token=None)
        mail.outbox.clear()
        interrupted = cut(here.agency, lambda: run.run_job(job.pk, now=job.due_at), at=at)
        job.refresh_from_db()
        if job.done_at is None:
            assert run.run_job(job.pk, now=job.due_at + run.LEASE + run.LEASE) is True
        assert len({letter.extra_headers["Message-ID"] for letter in mail.outbox}) == 1
        sent.append(len(mail.outbox))
        if not interrupted:
            break
    # Cut before it was sent: one. Cut between sending it and marking it: a second copy, under the first one's name.
    assert (set(sent), sent[0], sent[-1]) == ({1, 2}, 1, 1)


def test_row_25_three_ticks_at_the_same_moment_offer_a_job_once(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[tuple[str, int]] = []
    monkeypatch.setattr("saas.jobs.run.nudge", lambda schema, job_id: offered.append((schema, job_id)))
    row = receive(body_of(fresh(here)))
    job = Job.objects.get(kind="payments.settle", key=str(row))
    Job.objects.exclude(pk=job.pk).update(done_at=NOW)  # the waiting work of the tests before
    monkeypatch.setattr("saas.lib.clock.now", lambda: job.due_at + run.BORN)
    together(here.agency, *([sweep.sweep_tick] * 3))
    assert offered.count((here.agency.schema_name, job.pk)) == 1


def test_their_agency_is_not_among_the_others(alfa: Agency, beta: Agency) -> None:
    """It is made when it is needed and gone with the module (and asking for `db` makes pytest-django make a database)."""
    assert set(Agency.objects.values_list("slug", flat=True)) - {SLUG} == {alfa.slug, beta.slug}


def test_a_deadlock_would_be_seen(here: Cast) -> None:
    """The apparatus itself: two calls that lock in opposite orders do fail here."""
    from django.db import transaction

    one, two = fresh(here), fresh(here)

    def lock(*order: Attempt) -> Callable[[], None]:
        def work() -> None:
            with transaction.atomic():
                for attempt in order:
                    Attempt.objects.select_for_update().get(pk=attempt.pk)

        return work

    with pytest.raises(DatabaseError, match="deadlock"):
        everywhere(here.agency, lambda: (lock(one, two), lock(two, one), lambda _results: None))
