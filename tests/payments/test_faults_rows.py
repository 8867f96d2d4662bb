"""Rows of the fault table, one after the other, against the running stand-in where PayU is asked (rows at once:
test_faults_at_once; the mover itself: test_settlement)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from payments import callbacks, checkout, pace, quarantine, receipts, reconcile, settlement
from payments.accounts import save_account
from payments.gateway import GatewayState, GatewayUnavailable
from payments.models import (
    Attempt,
    AttemptState,
    Callback,
    CallbackState,
    Movement,
    MovementKind,
    Payment,
    PaymentState,
    Receipt,
    ReceiptFile,
    Review,
)
from saas.jobs import run
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Task
from tenants import context
from tenants.models import Bell
from tests.payments.money import FORM, answer, body_of, check_invariants, credited, finding, receive, say, start
from tests.payments.sandbox.conftest import payu, running  # noqa: F401  (fixtures)
from tests.payments.sandbox.driving import StandIn
from tests.world import NOW, PAYU, Cast, Casts
from workers import sweep

ONE = Decimal(1215000)
SETTLED = settlement.Outcome(CallbackState.SETTLED)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa
        check_invariants()


@pytest.fixture
def there(payu: StandIn, settings: Any) -> StandIn:  # noqa: F811
    """The stand-in, asked by us; it loses every notice, so that only questions tell."""
    settings.PAYU_REPORTS_URL = f"http://127.0.0.1:{payu.port}/reports-api/4.0/service.cgi"
    payu.control("knobs", {"lose": 1000})
    return payu


def pay(there: StandIn, cast: Cast, attempt: Attempt, outcome: str = "approved") -> None:
    form = checkout.checkout_form(attempt=attempt, agency=cast.agency).fields
    there.control("pay", {"form": form, "mean": "pse", "outcome": outcome})


def nothing_happened(attempt: Attempt) -> None:
    attempt.refresh_from_db()
    assert (attempt.state, attempt.credited) == (AttemptState.SENT, 0)
    assert not Movement.objects.filter(attempt=attempt).exists()


def work(kind: str, *, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Run the newest job of a kind at `now`, and the handler with it."""
    monkeypatch.setattr("saas.lib.clock.now", lambda: now)
    job = Job.objects.filter(kind=kind).latest("pk")
    assert run.run_job(job.pk, now=now) is True
    job.refresh_from_db()
    return job


def test_row_03_forged_callbacks_are_kept_up_to_a_number(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "KEPT", 3)
    attempt = start(here)
    say(attempt, value="1.00")  # rightly signed: waits for a person, and is never thrown away
    for number in range(6):
        say(attempt, sign="0" * 32, transaction=f"forged-{number}")
    assert list(Callback.objects.order_by("pk").values_list("reason", flat=True)) == ["amount", "signature", "signature", "signature"]
    assert "forged-5" in Callback.objects.latest("pk").body
    nothing_happened(attempt)


def test_row_05_another_merchant_with_its_own_key_changes_nothing(here: Cast) -> None:
    attempt = start(here)
    assert say(attempt, merchant_id="508030") == settlement.Outcome(CallbackState.QUARANTINED, "merchant")
    nothing_happened(attempt)


def test_row_05_another_agency_s_key_signs_nothing_here_and_nobody_looks_there(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        save_account(replace(PAYU, api_key="the-key-of-beta"))
        theirs = start(cast.beta)
    with context.in_agency(cast.alfa.agency):
        attempt = start(cast.alfa)
        body = body_of(attempt)
    with context.in_agency(cast.beta.agency):
        forged = body_of(theirs, reference_sale=attempt.reference)  # rightly signed, by beta's key
    address = reverse("payu_callback", args=[cast.alfa.agency.key], urlconf="saas.urls_public")
    with CaptureQueriesContext(connection) as asked:
        for said in (forged, body):
            assert browse(None).generic("POST", address, said, content_type=FORM).status_code == 200
        with context.in_agency(cast.alfa.agency):
            rows = Callback.objects.order_by("pk").values_list("pk", flat=True)
            assert [settlement.settle_callback(row, now=NOW).reason for row in rows] == ["signature", ""]
    assert not [query["sql"] for query in asked if cast.beta.agency.schema_name in query["sql"]]
    with context.in_agency(cast.beta.agency):
        nothing_happened(theirs)
        assert not Callback.objects.exists()


def test_row_06_a_signed_callback_under_an_unknown_reference_is_asked_about_once(
    here: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = start(here)
    for transaction in "ab":
        outcome = settlement.settle_callback(receive(body_of(attempt, reference_sale="P999-NADIE", transaction=transaction)), now=NOW)
        assert outcome.reason == "unknown_reference"
    assert Job.objects.filter(kind="payments.ask_stranger").count() == 1
    assert work("payments.ask_stranger", now=NOW, monkeypatch=monkeypatch).done_at == NOW
    assert not Review.objects.exists()  # PayU knows of nothing there
    settlement.settle_callback(receive(body_of(attempt, reference_sale="P998-NADIE", sign="0" * 32)), now=NOW)
    assert Job.objects.filter(kind="payments.ask_stranger").count() == 1  # whoever cannot sign asks nothing of PayU
    nothing_happened(attempt)


def test_row_06_an_unknown_reference_is_answered_200(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        body = body_of(start(cast.alfa), reference_sale="P999-NADIE")
    address = reverse("payu_callback", args=[cast.alfa.agency.key], urlconf="saas.urls_public")
    said = browse(None).generic("POST", address, body, content_type=FORM)
    assert (said.status_code, said.content) == (200, b"")
    with context.in_agency(cast.alfa.agency):
        assert Callback.objects.get().reference == "P999-NADIE"


def test_row_06_money_under_an_unknown_reference_is_told_to_staff(here: Cast, there: StandIn) -> None:
    attempt = start(here)
    pay(there, here, attempt)
    row = receive(body_of(attempt))
    Callback.objects.filter(pk=row).update(reference=attempt.reference)
    reconcile.ask_about_stranger(row, now=NOW)
    assert Review.objects.get().kind == "stranger"
    assert attempt.reference in Review.objects.get().text
    nothing_happened(attempt)


def test_row_07_late_money_for_a_covered_invoice_is_a_credit_and_a_task_for_staff(here: Cast) -> None:
    late, other = start(here), start(here)
    settlement.expire(late.pk, now=NOW)
    say(other)
    assert say(late) == SETTLED
    credit = Movement.objects.get(kind=MovementKind.CREDIT)
    assert (credit.amount, credit.invoice_id, credit.client_id, credit.attempt_id) == (ONE, None, here.rita.pk, late.pk)
    assert [review.kind for review in Review.objects.all()] == ["credit"]
    assert Job.objects.get(kind="payments.ask", key=f"{late.pk}:late").payload == {"attempt_id": late.pk}


def test_row_10_the_attempt_is_there_before_the_form_is_shown_and_coming_back_only_shows(
    cast: Casts, browse: Any, there: StandIn, django_capture_on_commit_callbacks: Any
) -> None:
    agency, invoice = cast.alfa.agency, cast.alfa.invoice
    browser = browse(agency, cast.alfa.rita.user)
    payer = {"name": "Rita", "email": "rita@correo.example", "phone": "3001234567", "document_type": "CC", "document": "1020304050"}
    with django_capture_on_commit_callbacks():
        address = browser.post(f"/area-de-clientes/facturas/{invoice.pk}/pagar/", payer).headers["Location"]
    with context.in_agency(agency):
        attempt = Attempt.objects.get()
    page = browser.get(address).content.decode()
    assert attempt.reference in page
    with context.in_agency(agency):
        form = checkout.checkout_form(attempt=attempt, agency=agency).fields
    back = there.control("pay", {"form": form, "mean": "card", "outcome": "approved"})["return_url"]
    assert browser.get("/" + back.split("/", 3)[3]).status_code == 302
    with context.in_agency(agency):
        nothing_happened(attempt)
        assert (attempt.returned_state, Attempt.objects.get().returned_state) == ("approved", "approved")
        assert say(attempt) == SETTLED


def test_row_11_the_schedule_of_questions(here: Cast, settings: Any) -> None:
    settings.PAYU_POLL_SECONDS = [420, 600, 1800, 3600, 10800, 43200, 86400, 172800, 259200, 345600, 432000]
    attempt = start(here)
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


def test_row_11_a_callback_that_never_comes(here: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(here)
    pay(there, here, attempt, "pending")
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


def test_row_11_an_approved_attempt_is_not_asked_about_before_its_hour(here: Cast, there: StandIn) -> None:
    attempt = start(here)
    say(attempt, transaction="t-1")
    assert reconcile.ask_and_settle(attempt.pk, now=NOW + 7 * MINUTE) == NOW + HOUR
    attempt.refresh_from_db()
    assert attempt.asked_times == 0


def test_row_11_an_attempt_that_payu_never_heard_of_ends_as_expired(here: Cast, there: StandIn) -> None:
    attempt = start(here)
    assert reconcile.ask_and_settle(attempt.pk, now=attempt.created_at + timedelta(days=5)) is None
    attempt.refresh_from_db()
    assert (attempt.state, attempt.payment.state) == (AttemptState.EXPIRED, PaymentState.EXPIRED)


def test_row_14_with_the_cache_away_callbacks_are_stored_and_questions_asked(cast: Casts, browse: Any, there: StandIn, settings: Any) -> None:
    from django.core.cache import caches

    with context.in_agency(cast.alfa.agency):
        attempt = start(cast.alfa)
        body = body_of(attempt)
        pay(there, cast.alfa, attempt)
    away = {name: {**options, "LOCATION": "redis://127.0.0.1:9/0"} for name, options in settings.CACHES.items()}
    settings.CACHES = away
    for name in away:
        if hasattr(caches._connections, name):  # type: ignore[attr-defined]
            delattr(caches._connections, name)  # type: ignore[attr-defined]
    try:
        with pytest.raises(Exception, match="refused"):
            caches["hosts"].get("x")
        address = reverse("payu_callback", args=[cast.alfa.agency.key], urlconf="saas.urls_public")
        assert browse(None).generic("POST", address, body, content_type=FORM).status_code == 200
        with context.in_agency(cast.alfa.agency):
            reconcile.ask_and_settle(attempt.pk, now=NOW + 7 * MINUTE)
            assert credited(attempt) == ONE
    finally:
        for name in away:
            delattr(caches._connections, name)  # type: ignore[attr-defined]


def test_row_17_a_disk_that_takes_no_pdf_costs_neither_the_receipt_nor_the_money(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(here)
    say(attempt)
    folder = Path(default_storage.path("receipts"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("no room")  # nothing can be written below a file
    job = Job.objects.get(kind="payments.receipt_pdf")
    try:
        job = work("payments.receipt_pdf", now=job.due_at, monkeypatch=monkeypatch)
        assert (job.done_at, job.dead_at, job.attempts) == (None, None, 1)
        assert (Receipt.objects.get().number, credited(attempt), ReceiptFile.objects.count()) == (1, ONE, 0)
        assert receipts.open_pdf(Receipt.objects.get()) is None  # the page says that it is being made
    finally:
        folder.unlink()
    assert work("payments.receipt_pdf", now=job.due_at, monkeypatch=monkeypatch).done_at is not None
    assert ReceiptFile.objects.get().receipt == Receipt.objects.get()


def test_row_18_no_answer_is_unknown_and_the_breaker_opens_and_closes(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(here)
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


def test_row_09_replays_do_not_make_us_ask_again_and_again(here: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(here)
    pay(there, here, attempt)
    say(attempt)
    for number in range(5):
        say(attempt, transaction=f"invented-{number}")
    jobs = list(Job.objects.filter(kind="payments.ask_now").order_by("pk"))
    assert len(jobs) == 5
    monkeypatch.setattr("saas.lib.clock.now", lambda: NOW)
    for job in jobs:
        assert run.run_job(job.pk, now=NOW) is True
    attempt.refresh_from_db()
    assert attempt.asked_times == 1
    assert [job.done_at is not None for job in Job.objects.filter(kind="payments.ask_now").order_by("pk")] == [True] + [False] * 4
    assert credited(attempt) == ONE


@pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(days=1)])
def test_row_20_clocks_off_by_a_day_change_nothing(here: Cast, off: timedelta) -> None:
    attempt = start(here)
    declined = receive(body_of(attempt, state="6", transaction_date="2031-01-01 00:00:00"))
    approved = receive(body_of(attempt, transaction_date="1999-01-01 00:00:00"))
    settlement.settle_callback(approved, now=NOW + off)
    settlement.settle_callback(declined, now=NOW)
    attempt.refresh_from_db()
    assert (attempt.state, credited(attempt)) == (AttemptState.APPROVED, ONE)
    assert list(Callback.objects.order_by("pk").values_list("pk", flat=True)) == [declined, approved]  # by what the database counted
    assert "transaction_date=1999-01-01+00%3A00%3A00" in Callback.objects.get(pk=approved).body  # kept as text


def test_row_21_a_callback_that_crashes_its_handler_blocks_nothing_and_can_be_replayed(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = start(here), start(here, here.overdue)
    rows = [receive(body_of(attempt)) for attempt in (bad, good)]
    real = HANDLERS["payments.settle"]

    def crashes(task: Task) -> None:
        if task.payload["callback_id"] == rows[0]:
            raise RuntimeError("always")
        real(task)

    monkeypatch.setitem(HANDLERS, "payments.settle", crashes)
    job, other = (Job.objects.get(kind="payments.settle", key=str(row)) for row in rows)
    moment = job.due_at
    for _ in range(run.MAX_ATTEMPTS):
        run.run_job(job.pk, now=moment)
        job.refresh_from_db()
        moment = max(job.due_at, moment)
    assert (job.dead_at is not None, job.attempts, job.last_error.partition(" [")[0]) == (True, run.MAX_ATTEMPTS, "RuntimeError: always")
    assert run.run_job(other.pk, now=other.due_at) is True
    assert (credited(bad), credited(good)) == (Decimal(0), ONE)
    monkeypatch.setitem(HANDLERS, "payments.settle", real)
    run.replay(job.pk, now=moment)
    assert run.run_job(job.pk, now=moment) is True
    assert credited(bad) == ONE


def test_row_22_a_wrong_key_is_told_to_the_agency_once_and_payments_are_found_by_asking(here: Cast, there: StandIn) -> None:
    attempt = start(here)
    pay(there, here, attempt)
    for number in range(quarantine.WRONG_KEY_AFTER + 2):
        assert say(attempt, sign="0" * 32, transaction=f"t-{number}").reason == "signature"
        assert Review.objects.filter(kind="key").count() == (number + 1 >= quarantine.WRONG_KEY_AFTER)
    reconcile.ask_and_settle(attempt.pk, now=NOW + 7 * MINUTE)
    assert credited(attempt) == ONE


def test_row_22_credentials_that_payu_refuses_are_told_once_a_day_and_decline_nothing(
    here: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = start(here)
    save_account(replace(PAYU, api_key="not-the-key"))
    for moment in (NOW + HOUR, NOW + 3 * HOUR):
        job = work("payments.ask", now=moment, monkeypatch=monkeypatch)
        assert (job.due_at, job.dead_at) == (moment + HOUR, None)
    assert [review.kind for review in Review.objects.all()] == ["credentials"]
    nothing_happened(attempt)


def test_row_25_no_beat_or_three_sweeps_at_once_find_the_work(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr("saas.jobs.run.nudge", lambda schema, job_id: sent.append((schema, job_id)))
    agency = cast.alfa.agency
    with context.in_agency(agency):
        row = callbacks.store(body_of(start(cast.alfa)), content_type=FORM, reference="x", address=None)
        job = Job.objects.get(kind="payments.settle", key=str(row))
    late = job.due_at + timedelta(days=2)  # nobody swept for two days
    for _ in range(3):
        sweep.sweep(now=late)
    assert sent.count((agency.schema_name, job.pk)) == 1  # the two that came after saw that it was offered
    assert Bell.objects.filter(schema_name=agency.schema_name, due_at__gt=late).exists()


# The comparison (after the table: "it is also a nightly check in production")


def test_the_night_compares_every_reference_and_asks_for_the_next_night(here: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(here)
    nights = Job.objects.filter(kind="payments.compare")
    first = nights.get()
    assert first.due_at == reconcile.night_after(NOW)
    assert NOW < first.due_at <= NOW + timedelta(days=1)
    pay(there, here, attempt)
    work("payments.compare", now=first.due_at, monkeypatch=monkeypatch)
    assert nights.count() == 2
    assert nights.latest("pk").due_at == first.due_at + timedelta(days=1)
    assert work("payments.compare_one", now=first.due_at, monkeypatch=monkeypatch).done_at == first.due_at
    assert credited(attempt) == ONE  # its callback and its questions were all lost
    assert not Review.objects.exists()


def test_a_credit_that_payu_knows_nothing_of_is_written_down_once(here: Cast, there: StandIn) -> None:
    attempt = start(here)
    say(attempt)  # as if the key had been stolen: rightly signed, and PayU has no such payment
    for _ in range(2):
        compared = reconcile.compare(attempt.pk, now=NOW + HOUR)
    assert (compared.there, compared.here) == (Decimal(0), ONE)
    review = Review.objects.get()
    assert (review.kind, review.payment_id) == ("difference", attempt.payment_id)
    assert "$1.215.000" in review.text
    assert credited(attempt) == ONE  # a person decides


def test_what_payu_gave_back_is_written_down(here: Cast) -> None:
    attempt = start(here)
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


def test_the_check_of_all_agencies_asks_about_each_reference(cast: Casts, there: StandIn, capsys: Any) -> None:
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
