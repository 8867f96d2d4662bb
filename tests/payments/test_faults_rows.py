"""Rows of the fault table, one after the other: callbacks, jobs and clocks (what PayU is asked: test_faults_asking; rows at once:
test_faults_at_once; the mover itself: test_settlement)."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from payments import checkout, quarantine, receipts, reconcile, settlement
from payments.accounts import save_account
from payments.models import (
    Attempt,
    AttemptState,
    Callback,
    CallbackState,
    Movement,
    MovementKind,
    Receipt,
    ReceiptFile,
    Review,
)
from saas.jobs import run
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Task
from tenants import context
from tenants.models import Bell
from tests.payments.faults import nothing_happened, pay, work
from tests.payments.money import FORM, body_of, credited, receive, say, start
from tests.payments.sandbox.driving import StandIn
from tests.world import NOW, PAYU, Cast, Casts
from workers import sweep

ONE = Decimal(1215000)
SETTLED = settlement.Outcome(CallbackState.SETTLED)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_row_03_forged_callbacks_are_kept_up_to_a_number(office: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "KEPT", 3)
    attempt = start(office)
    say(attempt, value="1.00")  # rightly signed: waits for a person, and is never thrown away
    for number in range(6):
        say(attempt, sign="0" * 32, transaction=f"forged-{number}")
    assert list(Callback.objects.order_by("pk").values_list("reason", flat=True)) == ["amount", "signature", "signature", "signature"]
    assert "forged-5" in Callback.objects.latest("pk").body
    nothing_happened(attempt)


def test_row_05_another_merchant_with_its_own_key_changes_nothing(office: Cast) -> None:
    attempt = start(office)
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
    office: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = start(office)
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


def test_row_06_money_under_an_unknown_reference_is_told_to_staff(office: Cast, there: StandIn) -> None:
    attempt = start(office)
    pay(there, office, attempt)
    row = receive(body_of(attempt))
    Callback.objects.filter(pk=row).update(reference=attempt.reference)
    reconcile.ask_about_stranger(row, now=NOW)
    assert Review.objects.get().kind == "stranger"
    assert attempt.reference in Review.objects.get().text
    nothing_happened(attempt)


def test_row_07_late_money_for_a_covered_invoice_is_a_credit_and_a_task_for_staff(office: Cast) -> None:
    late, other = start(office), start(office)
    settlement.expire(late.pk, now=NOW)
    say(other)
    assert say(late) == SETTLED
    credit = Movement.objects.get(kind=MovementKind.CREDIT)
    assert (credit.amount, credit.invoice_id, credit.client_id, credit.attempt_id) == (ONE, None, office.rita.pk, late.pk)
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


def test_row_17_a_disk_that_takes_no_pdf_costs_neither_the_receipt_nor_the_money(office: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(office)
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


def test_row_09_replays_do_not_make_us_ask_again_and_again(office: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(office)
    pay(there, office, attempt)
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
def test_row_20_clocks_off_by_a_day_change_nothing(office: Cast, off: timedelta) -> None:
    attempt = start(office)
    declined = receive(body_of(attempt, state="6", transaction_date="2031-01-01 00:00:00"))
    approved = receive(body_of(attempt, transaction_date="1999-01-01 00:00:00"))
    settlement.settle_callback(approved, now=NOW + off)
    settlement.settle_callback(declined, now=NOW)
    attempt.refresh_from_db()
    assert (attempt.state, credited(attempt)) == (AttemptState.APPROVED, ONE)
    assert list(Callback.objects.order_by("pk").values_list("pk", flat=True)) == [declined, approved]  # by what the database counted
    assert "transaction_date=1999-01-01+00%3A00%3A00" in Callback.objects.get(pk=approved).body  # kept as text


def test_row_21_a_callback_that_crashes_its_handler_blocks_nothing_and_can_be_replayed(office: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = start(office), start(office, office.overdue)
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


def test_row_22_a_wrong_key_is_told_to_the_agency_once_and_payments_are_found_by_asking(office: Cast, there: StandIn) -> None:
    attempt = start(office)
    pay(there, office, attempt)
    for number in range(quarantine.WRONG_KEY_AFTER + 2):
        assert say(attempt, sign="0" * 32, transaction=f"t-{number}").reason == "signature"
        assert Review.objects.filter(kind="key").count() == (number + 1 >= quarantine.WRONG_KEY_AFTER)
    reconcile.ask_and_settle(attempt.pk, now=NOW + 7 * MINUTE)
    assert credited(attempt) == ONE


def test_row_22_credentials_that_payu_refuses_are_told_once_a_day_and_decline_nothing(
    office: Cast, there: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = start(office)
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
        row = receive(body_of(start(cast.alfa)))
        job = Job.objects.get(kind="payments.settle", key=str(row))
    late = job.due_at + timedelta(days=2)  # nobody swept for two days
    for _ in range(3):
        sweep.sweep(now=late)
    assert sent.count((agency.schema_name, job.pk)) == 1  # the two that came after saw that it was offered
    assert Bell.objects.filter(schema_name=agency.schema_name, due_at__gt=late).exists()
