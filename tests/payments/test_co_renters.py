"""Who signed a lease too: reminded of its rents and told of new ones as themselves, by their own choices and within the bounds of
Ley 2300 for their own person; shown no more than the signed link shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from clientarea import notices
from clientarea.models import Client, Notice, NoticeKind
from clientarea.notices import Wish
from payments import announcing
from payments.invoicing import issuing
from payments.models import Contact, ContactState, Invoice, Reminder
from payments.reminders import reminding
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.payments.test_reminders import LATER, a_day, policy
from tests.portal.pages import at, text_of
from tests.world import NOW, TODAY, Cast, Casts, make_invoice, make_lease


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    """Alfa, inside it, with reminders on."""
    with context.in_agency(cast.alfa.agency):
        policy(soon=True, late=True)
        yield cast.alfa


@pytest.fixture
def nadie(here: Cast) -> Client:
    """Nadie, who signed Rita's lease too. Rita owes FA-2."""
    here.lease.co_renter = here.nadie
    here.lease.save()
    return here.nadie


def sent(letters: list[Any]) -> list[tuple[str, str]]:
    return sorted((letter.to[0], letter.subject) for letter in letters)


def run_mails() -> list[Any]:
    mail.outbox.clear()
    for job in Job.objects.filter(kind__in=["payments.invoice_mail", notices.GENERIC, issuing.MAIL_SOME], done_at=None).order_by("pk"):
        assert run_job(job.pk, now=clock.now())
    return list(mail.outbox)


def test_both_are_reminded_each_by_a_contact_of_their_own(here: Cast, nadie: Client, monkeypatch: pytest.MonkeyPatch, browse: Any) -> None:
    letters = a_day(monkeypatch, NOW)
    assert sent(letters) == [
        ("nadie@correo.example", "Su factura FA-2 venció el 9 de octubre de 2026"),
        ("rita@correo.example", "Su factura FA-2 venció el 9 de octubre de 2026"),
    ]  # fmt: skip
    assert [(c.client.pk, c.state, c.beside_id) for c in Contact.objects.order_by("pk")] == [
        (here.rita.pk, "sent", None), (nadie.pk, "sent", Contact.objects.get(client=here.rita).pk),
    ]  # fmt: skip
    assert Reminder.objects.count() == 1  # of the invoice, once
    told = {notice.client_id: notice for notice in Notice.objects.all()}
    assert (told[here.rita.pk].link, told[nadie.pk].link) == (at("invoice", here.overdue.pk), at("shared_invoice", here.overdue.pk))
    (theirs,) = [letter for letter in letters if letter.to == [nadie.email]]
    assert "Nadie" in theirs.body
    assert "Rita" not in str(theirs.body) + str(theirs.alternatives[0][0])
    assert a_day(monkeypatch, NOW) == []
    context.leave()
    page = browse(here.agency, nadie.user)
    opened = page.get(at("notice", told[nadie.pk].pk), follow=True)
    assert "Factura FA-2" in text_of(opened)
    assert "Rita" not in opened.content.decode()
    for name in ("invoice", "invoice_pdf", "invoice_pay"):
        assert page.get(at(name, here.overdue.pk)).status_code == 404  # the invoice is its client's alone
    for name, pk, client in (("notice", told[here.rita.pk].pk, nadie), ("shared_invoice", here.overdue.pk, here.berta)):
        assert browse(here.agency, client.user).get(at(name, pk)).status_code == 404
    assert "Recordatorios de pago 1 registro" in text_of(page.get(at("my_data")))
    assert "Facturas 1" in text_of(page.get(at("my_data_section", "recordatorios")))
    desk = text_of(browse(here.agency, here.sara).get(at("desk_reminders")))
    assert "Nadie Ninguna Ríos" in desk


def test_the_law_counts_each_person(here: Cast, nadie: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """One contact a day and the week's bound of the co-renter's own, whatever else they were written about."""
    own = make_lease("CA-9", here.lease.unit, nadie)
    make_invoice(own, 70, due_on=TODAY - timedelta(days=3), period=TODAY.replace(day=1))
    letters = a_day(monkeypatch, NOW)
    assert len([1 for letter in letters if letter.to == [nadie.email]]) == 1
    assert [Contact.objects.filter(client=client, on=TODAY).count() for client in (here.rita, nadie)] == [1, 1]


@pytest.mark.parametrize("before", [{"on": TODAY}, {"on": TODAY - timedelta(days=1), "week": 3}])
def test_who_was_written_to_enough_is_left_out(here: Cast, nadie: Client, monkeypatch: pytest.MonkeyPatch, before: dict[str, Any]) -> None:
    for n in range(before.get("week", 1)):
        Contact.objects.create(client=nadie, on=before["on"] - timedelta(days=n), state=ContactState.SENT, made_at=NOW, sent_at=NOW)
    assert sent(a_day(monkeypatch, NOW)) == [("rita@correo.example", "Su factura FA-2 venció el 9 de octubre de 2026")]


def test_each_by_their_own_choices(here: Cast, nadie: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    notices.choose(here.rita, {NoticeKind.OVERDUE: Wish(portal=True, mail=False)}, by=here.rita.user, now=NOW)
    notices.choose(nadie, {NoticeKind.OVERDUE: Wish(portal=False, mail=True)}, by=nadie.user, now=NOW)
    assert [letter.to for letter in a_day(monkeypatch, NOW)] == [["nadie@correo.example"]]
    assert list(Contact.objects.order_by("pk").values_list("client", "state")) == [(here.rita.pk, "listed"), (nadie.pk, "sent")]
    assert list(Notice.objects.order_by("pk").values_list("client", "listed")) == [(here.rita.pk, True), (nadie.pk, False)]


def test_only_the_rents_of_the_lease_that_they_signed(here: Cast, nadie: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = make_lease("CA-8", here.lease.unit, here.rita)
    make_invoice(alone, 71, due_on=TODAY - timedelta(days=20), period=TODAY.replace(day=1))
    by_person = {letter.to[0]: str(letter.body) for letter in a_day(monkeypatch, NOW)}
    assert ["FA-71" in by_person[f"{name}@correo.example"] for name in ("rita", "nadie")] == [True, False]
    assert "FA-2" in by_person["nadie@correo.example"]


def test_what_was_paid_meanwhile_is_not_asked_of_them(here: Cast, nadie: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    reminding.remind_some(now=NOW)
    Invoice.objects.filter(pk=here.overdue.pk).update(voided_at=NOW)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for job in Job.objects.filter(kind="payments.reminder_mail"):
        run_job(job.pk, now=NOW)
    assert mail.outbox == []
    assert set(Contact.objects.values_list("state", flat=True)) == {"listed"}


def test_who_left_the_lease_or_the_agency_is_not_told(here: Cast, nadie: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    Client.objects.filter(pk=nadie.pk).update(archived_at=NOW)
    assert [letter.to for letter in a_day(monkeypatch, NOW)] == [["rita@correo.example"]]
    Client.objects.filter(pk=nadie.pk).update(archived_at=None)
    here.lease.co_renter = None
    here.lease.save()
    assert ["nadie@correo.example"] not in [letter.to for letter in a_day(monkeypatch, NOW + 7 * LATER)]


def test_a_new_rent_is_told_to_both(here: Cast, nadie: Client) -> None:
    invoice = make_invoice(here.lease, 80, due_on=clock.today() + timedelta(days=9))
    assert announcing.announce_invoice(invoice, NOW)
    assert not announcing.announce_invoice(invoice, NOW)
    letters = run_mails()
    assert sorted(letter.to[0] for letter in letters) == ["nadie@correo.example", "rita@correo.example"]
    (theirs,) = [letter for letter in letters if letter.to == [nadie.email]]
    assert (at("shared_invoice", invoice.pk) in theirs.body, theirs.attachments, "Rita" in theirs.body) == (True, [], False)
    assert sorted(Notice.objects.values_list("client", "key")) == [
        (here.rita.pk, f"invoice:{invoice.pk}"), (nadie.pk, f"invoice:{invoice.pk}:{nadie.pk}"),
    ]  # fmt: skip


def test_the_mail_of_a_month_goes_to_both_once(here: Cast, nadie: Client) -> None:
    Invoice.objects.all().update(voided_at=NOW)
    invoice = make_invoice(here.lease, 81, due_on=clock.today() + timedelta(days=9), period=TODAY.replace(day=1))
    announcing.announce_issued([invoice], NOW)
    assert sorted(Notice.objects.values_list("client", flat=True)) == [here.rita.pk, nadie.pk]
    assert run_mails() == []
    for _again in range(2):
        issuing.mail_some(invoice.period, invoice.kind, now=clock.now())
    assert sorted(letter.to[0] for letter in run_mails()) == ["nadie@correo.example", "rita@correo.example"]
    assert Notice.objects.count() == 2
