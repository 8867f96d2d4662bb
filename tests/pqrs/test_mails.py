"""Mails at each step: who gets which, once; what they say; and that a note is in none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from pqrs import attachments, cases, handling
from saas.accounts.models import Role, User
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.pqrs.files import PDF, upload
from tests.pqrs.test_cases import BOGOTA, open_one
from tests.world import NOW, Casts

# Which of their cases a mail is about.
WHICH = "Reclamo: reparaciones, radicada el 23 de noviembre de 2026"
RITA, SARA = "rita@correo.example", "sara@alfa.example"


def run_jobs(*, now: datetime = NOW) -> list[Any]:
    """Run what is due, and what that asks for; the mails that were sent."""
    mail.outbox.clear()
    while due := list(Job.objects.filter(done_at=None, dead_at=None, due_at__lte=now).order_by("pk").values_list("pk", flat=True)):
        for pk in due:
            run_job(pk, now=now)
    assert not Job.objects.exclude(last_error="").exists()
    return list(mail.outbox)


def told(letters: list[EmailMessage]) -> list[tuple[str, str]]:
    """To whom, about what."""
    return sorted((letter.to[0], letter.subject) for letter in letters)


def said(letter: Any) -> str:
    """All of a mail: subject, text and HTML."""
    return "\n".join([letter.subject, letter.body, *(str(part.content) for part in letter.alternatives)])


def test_each_step_is_told_once_to_whom_it_concerns(cast: Casts) -> None:
    sara, later = cast.alfa.sara, NOW + timedelta(minutes=5)
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        assert told(run_jobs()) == [(RITA, "Recibimos su PQRS 2026-000001"), (SARA, "Nueva PQRS 2026-000001")]
        assert run_jobs() == []
        handling.add_note(case, text="SECRETO", by=sara, now=NOW)
        handling.take(case, by=sara, now=NOW)
        assert run_jobs() == []
        handling.ask(case, text="¿Cuándo?", by=sara, now=NOW)
        (letter,) = run_jobs()
        assert told([letter]) == [(RITA, "La inmobiliaria le escribió sobre su PQRS 2026-000001")]
        assert said(letter).count(WHICH) == 2
        cases.add_message(case, text="Mañana", now=NOW)
        assert told(run_jobs()) == [(SARA, "El cliente escribió en la PQRS 2026-000001")]
        handling.extend(case, reason="Falta una pieza", days=5, by=sara, now=NOW)
        (letter,) = run_jobs()
        assert told([letter]) == [(RITA, "Prórroga del plazo de su PQRS 2026-000001")]
        assert said(letter).count("Falta una pieza") == 2
        assert "22 de diciembre de 2026" in letter.body
        handling.answer(case, text="Ya <b>quedó</b>", by=sara, now=NOW, attached=attachments.check([upload("acta.pdf", PDF)]))
        (letter,) = run_jobs()
        assert told([letter]) == [(RITA, "Respuesta a su PQRS 2026-000001")]
        assert said(letter).count(WHICH) == 2
        assert "Ya <b>quedó</b>" in letter.body
        assert "Ya &lt;b&gt;quedó" in str(letter.alternatives[0].content)
        assert "Con 1 archivo adjunto:" in letter.body
        assert "hasta el 8 de diciembre de 2026" in letter.body
        assert "http://alfa.plataforma.test/area-de-clientes/pqrs/2026-000001/" in letter.body
        cases.add_message(case, text="No quedó", now=later)
        assert told(run_jobs(now=later)) == [(RITA, "Reabrimos su PQRS 2026-000001"), (SARA, "El cliente reabrió la PQRS 2026-000001")]
        handling.close(case, reason="Desistió", by=sara, now=later)
        (letter,) = run_jobs(now=later)
        assert told([letter]) == [(RITA, "Cerramos su PQRS 2026-000001")]
        assert said(letter).count(WHICH) == 2
        assert said(letter).count("La cerramos por este motivo:") == 2
        assert "Desistió" in letter.body
        # A number does not break in two.
        assert 'PQRS <span style="white-space:nowrap;">2026-000001</span>' in str(letter.alternatives[0].content)
    with context.in_agency(cast.beta.agency):
        assert not Job.objects.exists()


def test_no_mail_has_a_note(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        handling.add_note(case, text="SECRETO", by=cast.alfa.sara, now=NOW)
        handling.ask(case, text="x", by=cast.alfa.sara, now=NOW)
        handling.extend(case, reason="x", days=1, by=cast.alfa.sara, now=NOW)
        handling.answer(case, text="x", by=cast.alfa.sara, now=NOW)
        cases.add_message(case, text="x", now=NOW)
        handling.close(case, reason="x", by=cast.alfa.sara, now=NOW)
        letters = run_jobs()
        assert len(letters) == 8
        assert [letter for letter in letters if "SECRETO" in said(letter)] == []


def _team(*names: str) -> list[User]:
    return [
        User.objects.create_user(username=f"{name}@alfa.example", role=Role.STAFF, name=name.title(), email=f"{name}@alfa.example")
        for name in names
    ]


def test_who_has_the_case_is_told_and_nobody_else(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        pedro, gone = _team("pedro", "gone")
        User.objects.filter(pk=gone.pk).update(is_active=False)
        case = open_one(cast.alfa)
        assert [to for to, _ in told(run_jobs())] == ["pedro@alfa.example", RITA, SARA]
        handling.assign(case, to=pedro, by=cast.alfa.sara, now=NOW)
        assert told(run_jobs()) == [("pedro@alfa.example", "Le asignaron la PQRS 2026-000001")]
        cases.add_message(case, text="Hola", now=NOW)
        assert [to for to, _ in told(run_jobs())] == ["pedro@alfa.example"]


def test_who_has_no_address_gets_no_mail_and_nothing_fails(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        type(cast.alfa.rita).objects.update(email="")
        open_one(cast.alfa)
        assert [to for to, _ in told(run_jobs())] == [SARA]


def test_a_client_without_an_account_gets_no_link(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        type(cast.alfa.rita).objects.filter(pk=cast.alfa.rita.pk).update(user=None)
        open_one(cast.alfa, by=cast.alfa.sara, channel="phone")
        (letter,) = run_jobs()
        assert told([letter]) == [(RITA, "Recibimos su PQRS 2026-000001")]
        assert "http" not in letter.body


def _at(day: int, hour: int = 8) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=BOGOTA)


def test_staff_are_reminded_three_business_days_before_and_on_the_day(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        open_one(cast.alfa)  # due on the 15th, a Tuesday
        run_jobs()
        assert run_jobs(now=_at(10, 7)) == []
        assert Job.objects.filter(kind="pqrs.due", done_at=None).count() == 2
        assert list(Job.objects.filter(kind="pqrs.due").order_by("due_at").values_list("due_at", flat=True)) == [_at(10), _at(15)]


@pytest.mark.parametrize("change", ["answered", "extended"])
def test_what_was_answered_or_extended_is_not_reminded_of_its_old_date(cast: Casts, change: str) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        if change == "answered":
            handling.answer(case, text="x", by=cast.alfa.sara, now=NOW)
        else:
            handling.extend(case, reason="x", days=15, by=cast.alfa.sara, now=NOW)
        run_jobs()
        assert run_jobs(now=_at(15)) == []


@pytest.mark.parametrize(
    ("day", "subject", "text"),
    [
        (10, "Está por vencer la PQRS 2026-000001", "espera respuesta: quedan 3 días hábiles"),
        (15, "Hoy vence la PQRS 2026-000001", "espera respuesta."),
    ],
)
def test_a_reminder_says_how_long_is_left(cast: Casts, monkeypatch: pytest.MonkeyPatch, day: int, subject: str, text: str) -> None:
    with context.in_agency(cast.alfa.agency):
        open_one(cast.alfa)
        run_jobs()
        Job.objects.filter(kind="pqrs.due").exclude(due_at=_at(day)).delete()
        monkeypatch.setattr(clock, "now", lambda: _at(day))
        monkeypatch.setattr(clock, "today", lambda: _at(day).date())
        (letter,) = run_jobs(now=_at(day))
        assert told([letter]) == [(SARA, subject)]
        assert text in letter.body
        assert "http://alfa.plataforma.test/oficina/pqrs/2026-000001/" in letter.body
        Job.objects.filter(kind="pqrs.due").update(done_at=None)
        assert run_jobs(now=_at(day)) == []
