"""*Recordatorios* at the desk: the policy with its history, the preview, and the invoices of the book that are announced when asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail

from clientarea.models import Client, Notice
from payments import announcing
from payments.invoicing import unannounced
from payments.models import Contact, Invoice, Reminder, ReminderPolicy
from payments.reminders import policy as reminder_policy
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.lib import clock, seen
from tenants import context
from tests.desk.desks import assert_desk_only, errors_of
from tests.portal.pages import queries_of, text_of
from tests.world import NOW, TODAY, Casts, make_invoice
from workers import payments as handlers

PAGE = "/oficina/ajustes/recordatorios/"
PREVIEW, ANNOUNCE = PAGE + "vista/", PAGE + "avisar/"
VALUES = {
    "soon": "on", "days_before": "5", "late": "on", "days_after": "1", "repeat_days": "10", "most": "3", "weekly": "1",
    "soon_text": "", "late_text": "Llámenos para un acuerdo.",
}  # fmt: skip


def mark() -> str:
    return seen.mark(reminder_policy.values_of(reminder_policy.current()))


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Monday at ten."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)


def test_the_policy_is_kept_with_who_changed_it(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    assert "Los recordatorios están apagados" in text_of(sara.get(PAGE))
    with context.in_agency(cast.alfa.agency):
        first = mark()
    answer = sara.post(PAGE, {**VALUES, "seen": first})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    with context.in_agency(cast.alfa.agency):
        policy = ReminderPolicy.objects.get()
        assert [getattr(policy, name) for name in reminder_policy.FIELDS] == [True, 5, True, 1, 10, 3, 1, "", "Llámenos para un acuerdo."]
        told = {(c.field, c.before, c.after) for c in Change.objects.filter(subject="reminder_policy", who_id=cast.alfa.sara.pk)}
        assert told == {
            ("soon", "False", "True"), ("days_before", "3", "5"), ("late", "False", "True"), ("days_after", "2", "1"), ("repeat_days", "7", "10"),
            ("most", "4", "3"), ("weekly", "2", "1"), ("late_text", "", "Llámenos para un acuerdo."),
        }  # fmt: skip
    page = text_of(sara.get(PAGE))
    assert "Días antes : 3 → 5" in page.replace("Días antes: ", "Días antes : ")
    assert "Clientes por avisar con lo que está guardado 1" in page  # Rita, of October
    stale = sara.post(PAGE, {**VALUES, "most": "9", "seen": first})
    assert (stale.status_code, "Otra persona cambió estos datos" in text_of(stale)) == (422, True)
    with context.in_agency(cast.alfa.agency):
        assert ReminderPolicy.objects.get().most == 3
    with context.in_agency(cast.beta.agency):
        assert (ReminderPolicy.objects.count(), Change.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("days_before", "0"), ("days_before", "16"), ("days_after", "0"), ("days_after", "61"), ("repeat_days", "2"), ("most", "13"),
        ("weekly", "4"), ("weekly", "0"), ("weekly", "x"), ("late_text", "x" * 601),
    ],
)  # fmt: skip
def test_what_the_law_or_sense_forbids_is_refused(cast: Casts, browse: Any, field: str, value: str) -> None:
    with context.in_agency(cast.alfa.agency):
        first = mark()
    answer = browse(cast.alfa.agency, cast.alfa.sara).post(PAGE, {**VALUES, field: value, "seen": first})
    assert (answer.status_code, list(errors_of(answer))) == (422, [field])
    with context.in_agency(cast.alfa.agency):
        assert (ReminderPolicy.objects.count(), Change.objects.count()) == (0, 0)


def test_the_preview_says_what_was_typed_and_keeps_and_sends_nothing(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    typed = {**VALUES, "soon_text": "Hola <script>alert(1)</script>", "seen": ""}
    soon, late = sara.post(PREVIEW, typed), sara.post(PREVIEW + "?aviso=vencida", typed)
    assert (soon.status_code, late.status_code) == (200, 200)
    assert "Hola &lt;script&gt;" in soon.content.decode()
    assert "<script" not in soon.content.decode()
    assert "Llámenos para un acuerdo." in late.content.decode()
    assert "Venció el 22 de noviembre de 2026" in late.content.decode()
    policy = soon["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert "Su factura FA-1024 vence el 26 de noviembre de 2026" in sara.get(PREVIEW).content.decode()
    with context.in_agency(cast.alfa.agency):
        assert (ReminderPolicy.objects.count(), Contact.objects.count(), Client.objects.filter(pk=0).count(), Job.objects.count()) == (0, 0, 0, 0)
        assert not Invoice.objects.filter(number=1024).exists()
    assert mail.outbox == []


def test_only_who_collects(cast: Casts, browse: Any) -> None:
    for path in (PAGE, PREVIEW):
        assert_desk_only(browse, cast.alfa, path)
    assert_desk_only(browse, cast.alfa, ANNOUNCE, method="post")


def test_invoices_of_the_book_are_announced_when_the_agency_asks_and_only_then(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        announcing.announce_invoice(cast.alfa.berta_invoice, NOW)  # told already
        make_invoice(cast.alfa.lease, 60, issued_on=TODAY - timedelta(days=60), due_on=TODAY + timedelta(days=1))  # no news
        due_today = make_invoice(cast.alfa.lease, 61, period=date(2026, 11, 1), due_on=TODAY)
        before = Notice.objects.count()
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    page = text_of(sara.get(PAGE))
    assert "2 facturas llegaron con el libro y vencen más adelante. Nadie le ha avisado a 1 cliente." in page
    assert "Enviar 2 correos" in page
    with context.in_agency(cast.alfa.agency):
        assert Notice.objects.count() == before  # looking sends nothing
    assert sara.get(ANNOUNCE).status_code == 405
    sara.post(ANNOUNCE)
    with context.in_agency(cast.alfa.agency):
        job = Job.objects.get(kind="payments.announce")
        for _time in range(2):
            handlers.announce(handlers.Task(id=job.pk, kind=job.kind, key=job.key, payload=job.payload, attempts=1))
        told = list(Notice.objects.exclude(client=cast.alfa.berta).order_by("pk").values_list("key", flat=True))
        assert told == [f"invoice:{cast.alfa.invoice.pk}", f"invoice:{due_today.pk}"]
        assert Job.objects.filter(kind="payments.invoice_mail", payload__invoice_id__in=[cast.alfa.invoice.pk, due_today.pk]).count() == 2
        assert not unannounced.unannounced(today=TODAY).exists()
    sara.post(ANNOUNCE)
    with context.in_agency(cast.alfa.agency):
        assert Job.objects.filter(kind="payments.announce").count() == 1
    assert "No hay facturas nuevas por avisar." in text_of(sara.get(PAGE))


def test_announcing_goes_on_from_where_it_was(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        for n in range(70, 73):
            make_invoice(cast.alfa.lease, n)
        waiting = unannounced.unannounced(today=TODAY).count()
        assert waiting == 5
        assert [unannounced.announce_some(now=NOW, limit=2) for _time in range(3)] == [True, True, False]
        assert (Notice.objects.count(), unannounced.unannounced(today=TODAY).count()) == (5, 0)


def test_queries_do_not_grow_with_what_was_sent(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    with context.in_agency(cast.alfa.agency):
        ReminderPolicy.objects.create(pk=1, soon=True, late=True)
    few = len(queries_of(sara, PAGE))
    with context.in_agency(cast.alfa.agency):
        for n in range(12):
            contact = Contact.objects.create(client=cast.alfa.rita, on=TODAY - timedelta(days=30 + n), state="sent", made_at=NOW, sent_at=NOW)
            Reminder.objects.create(contact=contact, invoice=cast.alfa.overdue, kind="late", turn=n + 1)
    assert len(queries_of(sara, PAGE)) == few <= 12
