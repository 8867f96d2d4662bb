"""Rows of the fault table in which PayU is asked, against the running stand-in: the schedule, the breaker and the budget, the comparison by
night and by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from payments import pace, reconcile
from payments.gateway import GatewayState, GatewayUnavailable
from payments.models import (
    AttemptState,
    Movement,
    Payment,
    PaymentState,
    Receipt,
    Review,
)
from saas.jobs.models import Job
from tenants import context
from tests.payments.faults import nothing_happened, pay, work
from tests.payments.money import answer, credited, finding, say, start
from tests.payments.sandbox.driving import StandIn
from tests.world import NOW, Cast, Casts

ONE = Decimal(1215000)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_row_11_the_schedule_of_questions(office: Cast, settings: Any) -> None:
    settings.PAYU_POLL_SECONDS = [420, 600, 1800, 3600, 10800, 43200, 86400, 172800, 259200, 345600, 432000]
    attempt = start(office)
    began = attempt.created_at
    moments, now = [], began
    while (following := reconcile.next_question(attempt, now=now)) is not None:
        moments.append(following - began)
        now = following
    days = [timedelta(days=n) for n in range(1, 6)]
    assert moments == [7 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 12 * HOUR, *days]
    attempt.state, attempt.settled_at = AttemptState.APPROVED, began
    assert reconcile.next_question(attempt, now=began) == began + HOUR
    assert reconcile.next_question(attempt, now=began + HOUR) == began + 24 * HOUR
    assert reconcile.next_question(attempt, now=began + 24 * HOUR) is None
    attempt.state = AttemptState.PENDING  # cash may still be paid on the seventh day
    assert reconcile.next_question(attempt, now=began + days[-1]) == began + timedelta(days=6)
    assert reconcile.next_question(attempt, now=began + timedelta(days=8)) is None


def test_row_11_a_callback_that_never_comes(office: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(office)
    pay(there, office, attempt, "pending")
    first = Job.objects.get(kind="payments.ask")
    assert first.due_at == NOW + 7 * MINUTE
    work("payments.ask", now=attempt.created_at + 7 * MINUTE, monkeypatch=monkeypatch)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.payment.state) == (AttemptState.PENDING, PaymentState.PENDING)
    there.control("decide", {"reference": attempt.reference, "outcome": "approved"})
    second = Job.objects.get(kind="payments.ask")
    assert second.due_at == attempt.created_at + 10 * MINUTE
    job = work("payments.ask", now=second.due_at, monkeypatch=monkeypatch)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.credited, attempt.asked_times) == (AttemptState.APPROVED, 1, 2)
    assert attempt.settled_at is not None
    assert (job.due_at, job.done_at) == (attempt.settled_at + HOUR, None)  # and once more an hour after, and a day after
    assert Receipt.objects.get().amount == ONE


def test_row_11_an_approved_attempt_is_not_asked_about_before_its_hour(office: Cast, there: StandIn) -> None:
    attempt = start(office)
    say(attempt, transaction="t-1")
    assert reconcile.ask_and_settle(attempt.pk, now=NOW + 7 * MINUTE) == NOW + HOUR
    attempt.refresh_from_db()
    assert attempt.asked_times == 0


def test_row_11_an_attempt_that_payu_never_heard_of_ends_as_expired(office: Cast, there: StandIn) -> None:
    attempt = start(office)
    assert reconcile.ask_and_settle(attempt.pk, now=attempt.created_at + timedelta(days=5)) is None
    attempt.refresh_from_db()
    assert (attempt.state, attempt.payment.state) == (AttemptState.EXPIRED, PaymentState.EXPIRED)


def test_row_18_no_answer_is_unknown_and_the_breaker_opens_and_closes(office: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(office)
    moment = NOW + 7 * MINUTE
    for _ in range(pace.OPEN_AFTER):
        with pytest.raises(GatewayUnavailable) as silence:
            reconcile.ask_and_settle(attempt.pk, now=moment)
        assert not isinstance(silence.value, pace.NotNow)
    with pytest.raises(pace.NotNow) as rest:  # open: nobody is asked
        reconcile.ask_and_settle(attempt.pk, now=moment)
    assert rest.value.until == moment + pace.FIRST_REST
    with pytest.raises(GatewayUnavailable) as probe:  # half open: one question
        reconcile.ask_and_settle(attempt.pk, now=moment + pace.FIRST_REST)
    assert not isinstance(probe.value, pace.NotNow)
    with pytest.raises(pace.NotNow) as longer:  # it failed: twice as long
        reconcile.ask_and_settle(attempt.pk, now=moment + pace.FIRST_REST)
    assert longer.value.until == moment + 3 * pace.FIRST_REST
    job = work("payments.ask", now=moment + pace.FIRST_REST, monkeypatch=monkeypatch)
    assert (job.due_at, job.attempts, job.dead_at) == (moment + 3 * pace.FIRST_REST, 0, None)
    nothing_happened(attempt)
    pace.answered()
    with pytest.raises(GatewayUnavailable) as again:
        reconcile.ask_and_settle(attempt.pk, now=moment)
    assert not isinstance(again.value, pace.NotNow)


def test_row_18_one_probe_at_a_time_and_another_agency_s_breaker_is_its_own(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        for _ in range(pace.OPEN_AFTER):
            pace.failed(now=NOW)
        with pytest.raises(pace.NotNow):
            pace.permit(now=NOW)
        pace.permit(now=NOW + pace.FIRST_REST)
        with pytest.raises(pace.NotNow):
            pace.permit(now=NOW + pace.FIRST_REST)
    with context.in_agency(cast.beta.agency):
        pace.permit(now=NOW)


def test_row_18_the_budget_of_a_minute_is_the_agency_s_own(cast: Casts, settings: Any) -> None:
    settings.PAYU_QUESTIONS_A_MINUTE = 3
    with context.in_agency(cast.alfa.agency):
        for _ in range(3):
            pace.permit(now=NOW)
        with pytest.raises(pace.NotNow) as spent:
            pace.permit(now=NOW + timedelta(seconds=59))
        assert spent.value.until == NOW + MINUTE
        pace.permit(now=NOW + MINUTE)
    with context.in_agency(cast.beta.agency):
        pace.permit(now=NOW)


def test_the_night_compares_every_reference_and_asks_for_the_next_night(office: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(office)
    nights = Job.objects.filter(kind="payments.compare")
    first = nights.get()
    assert first.due_at == reconcile.night_after(NOW)
    assert NOW < first.due_at <= NOW + timedelta(days=1)
    pay(there, office, attempt)
    work("payments.compare", now=first.due_at, monkeypatch=monkeypatch)
    assert nights.count() == 2
    assert nights.latest("pk").due_at == first.due_at + timedelta(days=1)
    assert work("payments.compare_one", now=first.due_at, monkeypatch=monkeypatch).done_at == first.due_at
    assert credited(attempt) == ONE  # its callback and its questions were all lost
    assert not Review.objects.exists()


def test_a_credit_that_payu_knows_nothing_of_is_written_down_once(office: Cast, there: StandIn) -> None:
    attempt = start(office)
    say(attempt)  # as if the key had been stolen: rightly signed, and PayU has no such payment
    for _ in range(2):
        compared = reconcile.compare(attempt.pk, now=NOW + HOUR)
    assert (compared.there, compared.here) == (Decimal(0), ONE)
    review = Review.objects.get()
    assert (review.kind, review.payment_id) == ("difference", attempt.payment_id)
    assert "$1.215.000" in review.text
    assert credited(attempt) == ONE  # a person decides


def test_what_payu_gave_back_is_written_down(office: Cast) -> None:
    attempt = start(office)
    say(attempt, transaction="t-1")
    before = Movement.objects.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconcile, "_ask", lambda *_args, **_options: answer(finding(attempt, GatewayState.CHARGEBACK)))
        compared = reconcile.compare(attempt.pk, now=NOW + HOUR)
    assert (compared.there, compared.here) == (ONE, ONE)
    # The chargeback itself is followed by settlement; a comparison writes no second review of it.
    assert [review.kind for review in Review.objects.all()] == ["chargeback"]
    assert Payment.objects.get().state == PaymentState.REVERSED
    assert Movement.objects.count() == before + 1


def test_row_24_the_command_finds_what_a_restored_backup_does_not_know(cast: Casts, there: StandIn, capsys: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        attempt = start(cast.alfa)
        pay(there, cast.alfa, attempt)
    day = f"{datetime.now().date() - timedelta(days=1):%Y-%m-%d}"  # noqa: DTZ005  (the command's own clock)
    call_command("reconcile", agency="alfa", since=day)
    assert capsys.readouterr().out == "1 comparados, 0 con diferencia, 0 sin respuesta.\n"
    with context.in_agency(cast.alfa.agency):
        assert credited(attempt) == ONE
        assert Payment.objects.get().state == PaymentState.APPROVED
    with context.in_agency(cast.beta.agency):
        assert not Movement.objects.exists()


def test_the_check_of_all_agencies_asks_about_each_reference(cast: Casts, there: StandIn, capsys: Any, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # no files that another test left of an agency that is gone: they would be told too
    with context.in_agency(cast.alfa.agency):
        paid = start(cast.alfa)
        pay(there, cast.alfa, paid)
    with context.in_agency(cast.beta.agency):
        nowhere = start(cast.beta)
        say(nowhere)
    with pytest.raises(CommandError, match="1 problemas"):
        call_command("check_agencies", money_since="2026-01-01")
    said = capsys.readouterr().out
    assert "1 comparados, 0 con diferencia, 0 sin respuesta." in said
    assert (nowhere.reference in said, paid.reference in said) == (True, False)
    assert "beta: Hay pagos por revisar." in said
    with context.in_agency(cast.alfa.agency):
        assert credited(paid) == ONE
    cache.clear()


def test_the_command_says_what_differs_and_ends_with_an_error(cast: Casts, there: StandIn, capsys: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        attempt = start(cast.alfa)
        say(attempt)
    with pytest.raises(CommandError, match="Hay pagos por revisar"):
        call_command("reconcile", agency="alfa", since="2026-01-01")
    assert attempt.reference in capsys.readouterr().out
    with pytest.raises(CommandError, match="nadie"):
        call_command("reconcile", agency="nadie", since="2026-01-01")
    cache.clear()
