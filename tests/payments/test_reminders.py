"""Reminders of rents: within the hours of Ley 2300 of 2023 and the agency's policy, once, whoever dies on the way."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction

from clientarea import notices
from clientarea.models import Client, Notice, NoticeKind
from clientarea.notices import Wish
from payments.models import Contact, ContactState, Invoice, InvoiceKind, Reminder, ReminderPolicy
from payments.reminders import mail as reminder_mail
from payments.reminders import policy as reminder_policy
from payments.reminders import reminding
from payments.reminders.mail import Outcome
from saas.jobs.models import Job
from saas.jobs.run import LEASE, run_job
from saas.lib import clock
from saas.lib.businessdays import collection_hours, next_collection_time
from tenants import context
from tests.payments.money import start
from tests.world import NOW, TODAY, Cast, Casts, make_invoice, make_lease
from workers import reminders as worker

BOGOTA = clock.BOGOTA
LATER = timedelta(days=1)


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    """Alfa, inside it, with reminders on: three days before, two after, every seven, twice an invoice."""
    with context.in_agency(cast.alfa.agency):
        policy(soon=True, late=True)
        yield cast.alfa


def policy(**values: Any) -> ReminderPolicy:
    """The policy, with those values changed."""
    row, _made = ReminderPolicy.objects.get_or_create(pk=1, defaults={"most": 2, "weekly": 3})
    ReminderPolicy.objects.filter(pk=1).update(**values)
    return row


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)
    monkeypatch.setattr(clock, "today", lambda: clock.local(moment).date())


def a_day(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> list[Any]:
    """What the beat and the jobs do at `moment`; the mails that were sent."""
    set_clock(monkeypatch, moment)
    mail.outbox.clear()
    reminding.wake(now=moment)
    jobs = Job.objects.filter(kind__in=["payments.remind", "payments.reminder_mail"], done_at=None, dead_at=None, due_at__lte=moment)
    while due := list(jobs.order_by("pk").values_list("pk", flat=True)):
        for pk in due:
            run_job(pk, now=moment)
    assert not Job.objects.exclude(last_error="").exists()
    return list(mail.outbox)


def reminded() -> list[tuple[int, str, int, date]]:
    """Invoice number, kind, turn and day of every reminder."""
    rows = Reminder.objects.order_by("contact__on", "invoice__number", "turn")
    return list(rows.values_list("invoice__number", "kind", "turn", "contact__on"))


# The hours


HOURS = [
    # Wednesday to Friday of an ordinary week, at the edges
    ("2026-11-25 06:59", False, "2026-11-25 07:00"), ("2026-11-25 07:00", True, "2026-11-25 07:00"), ("2026-11-25 18:59", True, "2026-11-25 18:59"),
    ("2026-11-25 19:00", False, "2026-11-26 07:00"), ("2026-11-27 19:00", False, "2026-11-28 08:00"),
    # Saturday
    ("2026-11-28 07:59", False, "2026-11-28 08:00"), ("2026-11-28 08:00", True, "2026-11-28 08:00"), ("2026-11-28 14:59", True, "2026-11-28 14:59"),
    ("2026-11-28 15:00", False, "2026-11-30 07:00"),
    # Sunday
    ("2026-11-29 00:00", False, "2026-11-30 07:00"), ("2026-11-29 12:00", False, "2026-11-30 07:00"),
    # Holidays: a Tuesday (8 December), a moved Monday (11 January), Good Friday, a Saturday (26 December is none; 1 May 2027 is)
    ("2026-12-08 10:00", False, "2026-12-09 07:00"), ("2027-01-11 10:00", False, "2027-01-12 07:00"), ("2027-03-26 10:00", False, "2027-03-27 08:00"),
    ("2026-12-26 10:00", True, "2026-12-26 10:00"), ("2027-05-01 10:00", False, "2027-05-03 07:00"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "allowed", "opens"), HOURS)
def test_the_hours_of_ley_2300(here: Cast, monkeypatch: pytest.MonkeyPatch, when: str, allowed: bool, opens: str) -> None:
    moment, opening = (datetime.fromisoformat(text).replace(tzinfo=BOGOTA) for text in (when, opens))
    assert (collection_hours(moment), next_collection_time(moment)) == (allowed, opening)
    make_invoice(here.lease, 50, due_on=moment.date() - timedelta(days=2), period=moment.date().replace(day=1))
    sent = a_day(monkeypatch, moment)
    assert bool(sent) is allowed
    assert Contact.objects.exists() is allowed
    assert Job.objects.filter(kind="payments.remind").exists() is allowed
    if not allowed:
        assert len(a_day(monkeypatch, opening)) >= 1  # resumed at the next allowed hour


def test_the_clock_is_bogota_s(here: Cast) -> None:
    assert collection_hours(datetime.fromisoformat("2026-11-25T12:00:00+00:00"))  # seven in Bogotá
    assert not collection_hours(datetime.fromisoformat("2026-11-25T11:59:59+00:00"))
    assert not collection_hours(datetime.fromisoformat("2026-11-26T00:00:00+00:00"))  # still Wednesday, nineteen


# Who is reminded of what


def test_nobody_is_reminded_before_the_agency_asks(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> None:
    with context.in_agency(cast.alfa.agency):
        assert a_day(monkeypatch, NOW) == []
        policy()
        assert a_day(monkeypatch, NOW) == []
        assert (Contact.objects.count(), Job.objects.count(), Notice.objects.count()) == (0, 0, 0)


def test_an_overdue_rent_is_told_once_a_turn_and_no_more_than_asked(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[date, list[tuple[list[str], str]]] = {}
    for days in range(30):
        moment = NOW + timedelta(days=days)
        for letter in a_day(monkeypatch, moment):
            sent.setdefault(moment.date(), []).append((letter.to, letter.subject))
        if days == 0:
            Invoice.objects.filter(pk__in=[here.invoice.pk, here.berta_invoice.pk]).update(applied=Decimal("1215000"), total=Decimal("1215000"))
    told = (["rita@correo.example"], "Su factura FA-2 venció el 9 de octubre de 2026")
    assert sent == {TODAY: [told], TODAY + timedelta(days=7): [told]}
    assert reminded() == [(2, "late", 1, TODAY), (2, "late", 2, TODAY + timedelta(days=7))]
    assert list(Notice.objects.order_by("pk").values_list("client", "kind")) == [(here.rita.pk, "overdue")] * 2


@pytest.mark.parametrize(("days", "told"), [(-4, []), (-3, ["soon"]), (0, ["soon"]), (1, []), (2, ["late"]), (90, ["late"])])
def test_the_days_before_and_after(here: Cast, monkeypatch: pytest.MonkeyPatch, days: int, told: list[str]) -> None:
    Invoice.objects.exclude(pk=here.invoice.pk).delete()
    Invoice.objects.update(due_on=TODAY - timedelta(days=days))
    a_day(monkeypatch, NOW)
    assert [kind for _number, kind, _turn, _on in reminded()] == told


def test_about_to_fall_due_is_told_once(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Invoice.objects.exclude(pk=here.invoice.pk).delete()
    Invoice.objects.update(due_on=TODAY + timedelta(days=3))
    (letter,) = a_day(monkeypatch, NOW)
    assert letter.subject == "Su factura FA-1 vence el 26 de noviembre de 2026"
    assert [len(a_day(monkeypatch, NOW + timedelta(days=n))) for n in (0, 1, 2, 3)] == [0, 0, 0, 0]
    assert len(a_day(monkeypatch, NOW + timedelta(days=5))) == 1  # two days overdue by then
    assert [(kind, turn) for _number, kind, turn, _on in reminded()] == [("soon", 1), ("late", 1)]


@pytest.mark.parametrize("switch", ["soon", "late"])
def test_each_half_is_switched_by_itself(here: Cast, monkeypatch: pytest.MonkeyPatch, switch: str) -> None:
    policy(**{switch: False})
    Invoice.objects.filter(pk=here.invoice.pk).update(due_on=TODAY + timedelta(days=2))
    a_day(monkeypatch, NOW)
    assert {kind for _number, kind, _turn, _on in reminded()} == {"soon", "late"} - {switch}


def test_what_is_paid_void_a_commission_or_in_process_is_left_alone(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Invoice.objects.all().delete()
    long_ago = TODAY - timedelta(days=5)
    make_invoice(here.lease, 20, applied=Decimal(1_215_000), due_on=long_ago)
    make_invoice(here.lease, 21, voided_at=NOW, due_on=long_ago)
    make_invoice(here.lease, 22, kind=InvoiceKind.COMMISSION, client=here.oscar, due_on=long_ago)
    attempt = start(here, make_invoice(here.lease, 23, due_on=long_ago))
    attempt.returned_state = "pending"
    attempt.save()
    assert a_day(monkeypatch, NOW) == []
    assert reminded() == []


def test_an_archived_client_is_left_alone(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Client.objects.update(archived_at=NOW)
    assert a_day(monkeypatch, NOW) == []
    assert Contact.objects.count() == 0


def test_several_invoices_are_one_message(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Invoice.objects.filter(pk=here.invoice.pk).update(due_on=TODAY + timedelta(days=1))
    make_invoice(here.lease, 30, period=date(2026, 9, 1), due_on=date(2026, 9, 9), applied=Decimal(215_000))
    (letter,) = a_day(monkeypatch, NOW)
    assert (letter.to, letter.subject) == (["rita@correo.example"], "Tiene 3 facturas por pagar")
    body = letter.body.replace("\u00a0", " ")
    said = ["FA-30: $ 1.000.000. Venció el 9 de septiembre", "FA-2: $ 1.215.000. Venció", "FA-1: $ 1.215.000. Vence el 24"]
    assert [body.count(text) for text in said] == [1, 1, 1]
    assert sorted(said, key=body.index) == said  # the oldest first
    assert "Total: $ 3.430.000" in body
    assert body.count("/pagar/") == 3
    assert letter.extra_headers["List-Unsubscribe"].strip("<>") in body
    assert letter.reply_to == ["hola@alfa.example"]
    assert [n.kind for n in Notice.objects.order_by("pk")] == ["overdue", "overdue", "due_soon"]


def test_no_more_messages_a_week_than_the_agency_says(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    policy(weekly=1)
    Invoice.objects.filter(pk__in=[here.invoice.pk, here.berta_invoice.pk]).delete()
    assert len(a_day(monkeypatch, NOW)) == 1
    make_invoice(here.lease, 31, due_on=TODAY - timedelta(days=2))
    assert [len(a_day(monkeypatch, NOW + timedelta(days=n))) for n in (0, 1, 2, 3, 4, 5)] == [0] * 6
    (letter,) = a_day(monkeypatch, NOW + timedelta(days=7))
    assert letter.subject == "Tiene 2 facturas por pagar"


# As each client chose


def test_who_wants_no_mail_has_it_in_the_list_alone(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    notices.choose(here.rita, {NoticeKind.OVERDUE: Wish(True, False)}, by=here.rita.user, now=NOW)
    assert a_day(monkeypatch, NOW) == []
    assert (Contact.objects.get().state, Notice.objects.get().kind) == (ContactState.LISTED, "overdue")
    assert not Job.objects.filter(kind="payments.reminder_mail").exists()


def test_who_stops_them_meanwhile_is_not_mailed(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    reminding.remind_some(now=NOW)
    contact = Contact.objects.get()
    notices.stop_mail(here.rita, NoticeKind.OVERDUE, now=NOW)
    assert reminder_mail.send(contact.pk, agency=here.agency, now=NOW) == Outcome.NOT_NEEDED
    assert mail.outbox == []


def test_what_was_paid_meanwhile_drops_out(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_invoice(here.lease, 30, period=date(2026, 9, 1), due_on=date(2026, 9, 9))
    reminding.remind_some(now=NOW)
    contact = Contact.objects.get()
    Invoice.objects.filter(pk=other.pk).update(applied=Decimal(1_215_000))
    assert reminder_mail.send(contact.pk, agency=here.agency, now=NOW) == Outcome.SENT
    (letter,) = mail.outbox
    assert "FA-30" not in letter.body
    Contact.objects.update(state=ContactState.WAITING)
    Invoice.objects.update(applied=Decimal(1_215_000), total=Decimal(1_215_000))
    assert reminder_mail.send(contact.pk, agency=here.agency, now=NOW) == Outcome.NOT_NEEDED
    assert len(mail.outbox) == 1


# Twice, killed, late


def test_the_round_twice_reminds_once(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(a_day(monkeypatch, NOW)) == 1
    Job.objects.update(done_at=None)
    assert a_day(monkeypatch, NOW + timedelta(minutes=15)) == []
    for _time in range(3):
        reminding.remind_some(now=NOW + timedelta(hours=1))
    assert (Contact.objects.count(), Reminder.objects.count(), Notice.objects.count()) == (1, 1, 1)
    assert Job.objects.filter(kind="payments.remind").count() == 1


def test_the_database_refuses_a_second_message_of_a_day_and_a_turn_twice(here: Cast) -> None:
    reminding.remind_some(now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(client=here.rita, on=TODAY, state=ContactState.WAITING, made_at=NOW)
    again = Contact.objects.create(client=here.rita, on=TODAY + LATER, state=ContactState.WAITING, made_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(contact=again, invoice=here.overdue, kind="late", turn=1)


class Killed(BaseException):
    """The process ended here."""


def test_a_round_killed_half_way_is_finished_by_the_next(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    make_invoice(here.berta_lease, 40, due_on=TODAY - timedelta(days=3))
    whole = reminding._remind
    seen: list[int] = []

    def dies(client_id: int, *args: Any, **options: Any) -> bool:
        if seen:
            raise Killed
        seen.append(client_id)
        return whole(client_id, *args, **options)

    monkeypatch.setattr(reminding, "_remind", dies)
    with pytest.raises(Killed):
        a_day(monkeypatch, NOW)
    assert list(Contact.objects.values_list("client", flat=True)) == [here.rita.pk]
    monkeypatch.setattr(reminding, "_remind", whole)
    letters = a_day(monkeypatch, NOW + LEASE + timedelta(seconds=1))
    assert sorted(letter.to[0] for letter in letters) == ["berta@correo.example", "rita@correo.example"]
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("before", [True, False])
def test_a_process_killed_while_sending_sends_no_second_one(here: Cast, monkeypatch: pytest.MonkeyPatch, before: bool) -> None:
    def dies(self: Any, messages: Any) -> int:
        if not before:
            mail.outbox.extend(messages)
        raise Killed

    whole = EmailBackend.send_messages
    monkeypatch.setattr(EmailBackend, "send_messages", dies)
    with pytest.raises(Killed):
        a_day(monkeypatch, NOW)
    monkeypatch.setattr(EmailBackend, "send_messages", whole)
    assert (Contact.objects.get().state, Contact.objects.get().sent_at) == (ContactState.CLAIMED, None)
    assert a_day(monkeypatch, NOW + LEASE + timedelta(seconds=1)) == []
    assert Job.objects.get(kind="payments.reminder_mail").done_at is not None


def test_a_refusal_is_tried_again_and_silence_is_not(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    reminding.remind_some(now=NOW)
    contact = Contact.objects.get()

    def fails(error: Exception) -> Any:
        def send(self: Any, messages: Any) -> int:
            raise error

        return send

    whole = EmailBackend.send_messages
    monkeypatch.setattr(EmailBackend, "send_messages", fails(smtplib.SMTPDataError(451, b"later")))
    with pytest.raises(smtplib.SMTPDataError):
        reminder_mail.send(contact.pk, agency=here.agency, now=NOW)
    assert Contact.objects.get().state == ContactState.WAITING
    monkeypatch.setattr(EmailBackend, "send_messages", fails(TimeoutError()))
    assert reminder_mail.send(contact.pk, agency=here.agency, now=NOW) == Outcome.UNKNOWN
    monkeypatch.setattr(EmailBackend, "send_messages", whole)
    assert reminder_mail.send(contact.pk, agency=here.agency, now=NOW) == Outcome.DONE_BEFORE
    assert mail.outbox == []


@pytest.mark.parametrize("moment", [NOW.replace(hour=19), NOW + LATER, NOW + timedelta(days=6)])
def test_a_mail_that_missed_its_hours_is_taken_back_and_made_anew(here: Cast, monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    reminding.remind_some(now=NOW)
    contact = Contact.objects.get()
    assert reminder_mail.send(contact.pk, agency=here.agency, now=moment) == Outcome.TAKEN_BACK
    assert (Contact.objects.count(), Reminder.objects.count(), mail.outbox) == (0, 0, [])
    opening = next_collection_time(moment)
    assert [letter.to for letter in a_day(monkeypatch, opening) if "FA-2" in letter.body] == [["rita@correo.example"]]
    assert Notice.objects.filter(key=f"late:{here.overdue.pk}:1").count() == 1


def test_a_mail_of_long_ago_that_is_taken_back_leaves_the_later_turns_alone(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    reminding.remind_some(now=NOW)
    Job.objects.filter(kind="payments.reminder_mail").update(dead_at=NOW)
    week = timedelta(days=7)
    policy(most=9)
    assert len(a_day(monkeypatch, NOW + week)) >= 1
    Job.objects.update(dead_at=None)
    assert [letter for letter in a_day(monkeypatch, NOW + week + timedelta(minutes=1)) if "FA-2" in letter.body] == []
    a_day(monkeypatch, NOW + 2 * week)
    mine = [(turn, on) for number, _kind, turn, on in reminded() if number == 2]
    assert mine == [(2, TODAY + week), (3, TODAY + 2 * week)]


def test_an_address_that_is_none_is_not_tried_again(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Client.objects.filter(pk=here.rita.pk).update(email="no es un correo")
    assert a_day(monkeypatch, NOW) == []
    assert (Contact.objects.get().state, Job.objects.filter(done_at=None).exists()) == (ContactState.LISTED, False)


def test_one_client_s_trouble_does_not_silence_the_others(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    make_invoice(here.berta_lease, 40, due_on=TODAY - timedelta(days=3))
    whole = reminding._remind

    def trouble(client_id: int, *args: Any, **options: Any) -> bool:
        if client_id == here.rita.pk:
            raise IntegrityError
        return whole(client_id, *args, **options)

    monkeypatch.setattr(reminding, "_remind", trouble)
    assert [letter.to for letter in a_day(monkeypatch, NOW)] == [["berta@correo.example"]]
    assert reminding.remind_some(now=NOW, limit=1) is False  # it does not go round in circles


# Many


def test_a_round_takes_some_at_a_time_and_queries_do_not_grow_with_invoices(here: Cast, django_assert_max_num_queries: Any) -> None:
    for n in range(4):
        client = Client.objects.create(document_type="CC", document=f"77{n}", name=f"Moroso {n}", email=f"m{n}@correo.example")
        lease = make_lease(f"M-{n}", here.lease.unit, client)
        for k in range(3):
            make_invoice(lease, 700 + 10 * n + k, due_on=TODAY - timedelta(days=10 + k))
    assert reminding.remind_some(now=NOW, limit=2) is True
    assert Contact.objects.count() == 2
    with django_assert_max_num_queries(3 + 2 * 30):
        assert reminding.remind_some(now=NOW, limit=2) is True
    assert reminding.remind_some(now=NOW, limit=2) is False
    assert Contact.objects.count() == 5
    with django_assert_max_num_queries(2):
        assert reminding.remind_some(now=NOW) is False


def test_the_beat_wakes_only_who_wants_it(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> None:
    with context.in_agency(cast.alfa.agency):
        policy(late=True)
    assert worker.wake_all(now=NOW.replace(hour=19)) == 0
    assert worker.wake_all(now=NOW) == 1
    assert worker.wake_all(now=NOW + timedelta(minutes=15)) == 0
    assert worker.wake_all(now=NOW + LATER) == 1
    with context.in_agency(cast.alfa.agency):
        keys = list(Job.objects.filter(kind="payments.remind").order_by("pk").values_list("key", flat=True))
        assert keys == ["2026-11-23", "2026-11-24"]
        set_clock(monkeypatch, NOW)
        run_job(Job.objects.get(key="2026-11-23").pk, now=NOW)
        assert Contact.objects.count() == 1
    with context.in_agency(cast.beta.agency):
        assert (Job.objects.count(), Contact.objects.count()) == (0, 0)


def test_the_policy_starts_off() -> None:
    fresh = ReminderPolicy()
    values = reminder_policy.values_of(fresh)
    assert (values["soon"], values["late"], values["days_before"], values["days_after"]) == (False, False, 3, 2)
    assert (values["repeat_days"], values["most"], values["weekly"]) == (7, 4, 2)
