"""A mail to a client that comes back: the account knows, the client and the desk see it, and a code of the same address ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from clientarea import mailing, notice_mail, notices
from clientarea.models import NoticeKind
from payments.models import Contact, ContactState, ReminderPolicy
from payments.payouts import owner_bank_mail
from payments.reminders import mail as reminder_mail
from payments.reminders import reminding
from saas.accounts import bounces
from saas.accounts.models import User
from saas.audit import changes
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock, mail
from tenants import context
from tests.accounts.postmaster import Postmaster, listening
from tests.portal.pages import at, tags, text_of
from tests.world import NOW, Cast, Casts

RITA = "rita@correo.example"
GONE = f"550 5.1.1 <{RITA}>: Recipient address rejected: User unknown"


@pytest.fixture
def server() -> Iterator[Postmaster]:
    with listening() as postmaster:
        yield postmaster


def tell(cast: Cast) -> bool:
    """Mail Rita of alfa what a new notice says. Whether it left."""
    with context.in_agency(cast.agency):
        key = f"document:{cast.rita.notices.count()}"
        notices.tell(client=cast.rita, kind=NoticeKind.DOCUMENT, key=key, now=NOW, data={"step": "shared", "name": "Contrato"})
        notice = cast.rita.notices.latest("pk")
        return notice_mail.send(notice.pk, agency=cast.agency, now=clock.now())


def mark_of(cast: Cast) -> str:
    """What is known against Rita's address."""
    with context.in_agency(cast.agency):
        return User.objects.get(client=cast.rita).mail_refused_for


def test_the_client_and_the_desk_see_it_and_a_code_ends_it(cast: Casts, server: Postmaster, browse: Any) -> None:
    here = cast.alfa
    with context.in_agency(here.agency):
        User.objects.filter(client=here.rita).update(activated_at=NOW)
    server.answers[RITA] = GONE
    assert tell(here) is False
    assert (mark_of(here), mark_of(cast.beta)) == ("address", "")
    rita, today = browse(here.agency, here.rita.user), clock.long_date(clock.today())
    said = f"Un correo que le enviamos a {RITA} fue devuelto el {today}: la dirección no existe o no recibe correo."
    for page in ("home", "notices", "notice_choices", "profile"):
        assert said in text_of(rita.get(at(page))), page
    assert tags(browse(cast.beta.agency, cast.beta.rita.user).get(at("home")), "mail-returned") == []
    desk = browse(here.agency, here.sara).get(at("desk_client", here.rita.pk))
    assert len(tags(desk, "mail-returned")) == 1
    assert f"fue devuelto el {today}" in text_of(desk)

    server.answers.clear()
    with context.in_agency(here.agency):
        known = Change.objects.count()
    assert rita.post(at("profile_email_check"))["Location"] == at("profile_email")
    assert "Mientras tanto su correo" not in text_of(rita.get(at("profile_email")))
    with context.in_agency(here.agency):
        job = Job.objects.get(kind="accounts.mail_email_code")
        assert run_job(job.pk, now=clock.now()) is True
    letter = message_from_bytes(server.taken[-1].content, policy=policy.default).get_body(("plain",))  # type: ignore[attr-defined]
    code = re.search(r"\b\d{6}\b", letter.get_content())
    assert code is not None
    assert rita.post(at("profile_email"), {"code": code[0]})["Location"] == at("profile")
    assert mark_of(here) == ""
    assert tags(rita.get(at("profile")), "mail-returned") == []
    with context.in_agency(here.agency):
        assert (User.objects.get(client=here.rita).email, Change.objects.count()) == (RITA, known)


def test_a_mail_that_a_server_took_says_little_at_once(cast: Casts, server: Postmaster) -> None:
    here = cast.alfa
    for days, known in ((1, "full"), (bounces.LIFE.days + 1, "")):
        with context.in_agency(here.agency):
            since = clock.now() - timedelta(days=days)
            User.objects.filter(client=here.rita).update(mail_refused_at=since, mail_refused_for="full")
        assert tell(here) is True
        assert mark_of(here) == known
    assert len(server.taken) == 2


def test_a_reminder_that_is_refused_is_not_sent_again(cast: Casts, server: Postmaster) -> None:
    here = cast.alfa
    server.answers[RITA] = GONE
    with context.in_agency(here.agency):
        ReminderPolicy.objects.update_or_create(pk=1, defaults={"soon": True, "late": True})
        reminding.remind_some(now=NOW)
        contact = Contact.objects.get()
        assert reminder_mail.send(contact.pk, agency=here.agency, now=NOW) == reminder_mail.Outcome.NOT_NEEDED
        assert Contact.objects.get().state == ContactState.LISTED
        assert reminder_mail.send(contact.pk, agency=here.agency, now=NOW) == reminder_mail.Outcome.DONE_BEFORE
    assert (mark_of(here), server.asked) == ("address", [RITA])


def test_an_owner_who_could_not_be_told_of_the_account_is_on_record(cast: Casts, server: Postmaster) -> None:
    here = cast.alfa
    server.answers[RITA] = GONE
    with context.in_agency(here.agency):
        changes.record(owner_bank_mail.SUBJECT, here.rita.pk, before={"bank": "Uno"}, after={"bank": "Dos"}, by=here.sara, now=NOW)
        owner_bank_mail.send(here.rita.pk, [Change.objects.latest("pk").pk], agency=here.agency, now=NOW)
        said = Change.objects.filter(subject=owner_bank_mail.SUBJECT, field=owner_bank_mail.FIELD).get().after
    assert said == "su correo fue devuelto: no se le pudo avisar"


def test_of_who_has_no_account_the_history_keeps_it_once(cast: Casts, server: Postmaster, browse: Any) -> None:
    here, nadie = cast.alfa, "nadie@correo.example"
    server.answers[nadie] = f"550 5.1.1 <{nadie}>: User unknown"
    with context.in_agency(here.agency):
        here.nadie.email, here.nadie.user = nadie, None

        def send() -> bool:
            message = mail.build_mail(
                subject="Hola", template="notice", context={"name": "N", "text": "T", "link": ""}, to=nadie, from_name="Alfa",
                from_address="a@alfa.example", message_id_key="n",
            )  # fmt: skip
            return mailing.send(message, here.nadie, agency=here.agency, now=NOW)

        assert [send(), send()] == [False, False]
        (kept,) = Change.objects.filter(subject="client", subject_id=here.nadie.pk, field="mail_refused")
        assert (kept.after, kept.who_id) == (f"{nadie}: la dirección no existe o no recibe correo", None)
        server.answers.clear()
        assert send() is True
    with context.in_agency(cast.beta.agency):
        assert not Change.objects.filter(field="mail_refused").exists()
    assert [envelope.rcpt_tos for envelope in server.taken] == [[nadie]]
    assert f"correo devuelto {nadie}" in " ".join(text_of(browse(here.agency, here.sara).get("/oficina/historial/")).replace("—", " ").split())


def test_every_mail_to_a_client_goes_this_way() -> None:
    """What sends by itself writes to the agency, to somebody without an account, or from the platform."""
    alone = re.compile(r"\.send\(\)")
    root = Path(settings.BASE_DIR)
    found = {
        str(path.relative_to(root)) for folder in ("clientarea", "payments", "pqrs") for path in (root / folder).rglob("*.py")
        if alone.search(path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert found == {"clientarea/mailing.py", "clientarea/file_mail.py"}
