"""A new e-mail: a code to it, a few tries, and nothing changes before it is typed. The old address is told; history is kept."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, transaction

from clientarea.models import Client
from saas.accounts import email_codes, links
from saas.accounts.models import EmailCode, User
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.accounts.steps import words_of
from tests.world import NOW, Cast, Casts

PROFILE = "/area-de-clientes/perfil/"
CONFIRM = "/area-de-clientes/perfil/correo/"
NEW = "rita.nueva@correo.example"
SAME = {"mobile": "300 123 4567", "landline": "", "address": "", "city": ""}


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The clock stands at NOW; `now(minutes=16)` moves it on from there."""

    def move(**later: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(**later))

    move()
    return move


def run_mails(cast: Cast) -> None:
    """Run the agency's jobs that wait."""
    with context.in_agency(cast.agency):
        for job in Job.objects.filter(done_at=None):
            assert run_job(job.pk, now=clock.now()) is True


def code_in(letter: Any) -> str:
    (code,) = set(re.findall(r"(?<!\d)\d{6}(?!\d)", letter.body))
    assert code in letter.alternatives[0][0]
    return str(code)


def ask(cast: Cast, browse: Any, email: str = NEW) -> tuple[Any, str]:
    """Rita asks for a new e-mail. Her browser, and the code that arrived."""
    browser = browse(cast.agency, cast.rita.user)
    answer = browser.post(PROFILE, {**SAME, "email": email})
    assert (answer.status_code, answer["Location"]) == (302, CONFIRM)
    run_mails(cast)
    letter = mail.outbox[-1]
    assert letter.to == [email.lower()]
    return browser, code_in(letter)


def emails(cast: Cast) -> tuple[str, str]:
    """Rita's e-mail as client and as account."""
    with context.in_agency(cast.agency):
        rita = Client.objects.get(pk=cast.rita.pk)
        return rita.email, User.objects.get(pk=rita.user_id).email


OLD = ("rita@correo.example", "rita@correo.example")


def test_nothing_changes_before_the_code_and_all_after_it(cast: Casts, browse: Any, now: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        assert cast.alfa.rita.user is not None
        token = links.make_token(cast.alfa.rita.user, purpose="clave")
    browser, code = ask(cast.alfa, browse)
    assert emails(cast.alfa) == OLD
    assert f"Falta confirmar {NEW}" in words_of(browser.get(PROFILE))
    answer = browser.post(CONFIRM, {"code": f"{code[:3]} {code[3:]}"})
    assert (answer.status_code, answer["Location"]) == (302, PROFILE)
    assert emails(cast.alfa) == (NEW, NEW)
    assert emails(cast.beta) == OLD
    run_mails(cast.alfa)
    told = mail.outbox[-1]
    assert (told.to, told.subject) == (["rita@correo.example"], "Su correo cambió · Inmobiliaria Alfa")
    assert "r…@correo.example" in told.body
    assert NEW not in told.body
    with context.in_agency(cast.alfa.agency):
        (change,) = Change.objects.all()
        assert (change.who_id, change.field, change.before, change.after, change.at) == (cast.alfa.rita.user_id, "email", OLD[0], NEW, NOW)
        assert not EmailCode.objects.exists()
        with pytest.raises(links.LinkError):  # what was sent to the old address is worth nothing
            links.user_of(token, purpose="clave", now=NOW)
    assert browser.post(CONFIRM, {"code": code}).status_code == 422


def test_the_code_is_kept_hashed_and_not_in_the_job(cast: Casts, browse: Any, now: Any) -> None:
    _browser, code = ask(cast.alfa, browse)
    with context.in_agency(cast.alfa.agency):
        wish = EmailCode.objects.get()
        assert re.fullmatch(r"[0-9a-f]{64}", wish.code_hash)
        assert code not in str(Job.objects.values_list("payload", "key"))
        assert NEW not in str(Job.objects.values_list("payload", "key"))


def test_a_code_is_worthless_for_another_account_agency_or_address(cast: Casts, browse: Any, now: Any) -> None:
    _rita, code = ask(cast.alfa, browse)
    with context.in_agency(cast.alfa.agency):
        hashed = EmailCode.objects.get().code_hash
        oscar = cast.alfa.oscar.user
        assert oscar is not None
        EmailCode.objects.create(user=oscar, email=NEW, asked_at=NOW, code_hash=hashed)
        with pytest.raises(email_codes.CodeError):
            email_codes.confirm(oscar, code, now=NOW)
        EmailCode.objects.filter(user=cast.alfa.rita.user).update(email="otro@correo.example")
        with pytest.raises(email_codes.CodeError):
            email_codes.confirm(cast.alfa.rita.user, code, now=NOW)  # type: ignore[arg-type]
    with context.in_agency(cast.beta.agency):
        EmailCode.objects.create(user=cast.beta.rita.user, email=NEW, asked_at=NOW, code_hash=hashed)
    assert browse(cast.beta.agency, cast.beta.rita.user).post(CONFIRM, {"code": code}).status_code == 422
    assert (emails(cast.alfa), emails(cast.beta)) == (OLD, OLD)


def test_five_wrong_tries_end_it(cast: Casts, browse: Any, now: Any) -> None:
    browser, code = ask(cast.alfa, browse)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _try in range(4):
        assert "Ese no es el código" in words_of(browser.post(CONFIRM, {"code": wrong}))
    assert "demasiadas veces" in words_of(browser.post(CONFIRM, {"code": wrong}))
    assert browser.post(CONFIRM, {"code": code}).status_code == 422
    assert emails(cast.alfa) == OLD


def test_it_ends_after_fifteen_minutes(cast: Casts, browse: Any, now: Any) -> None:
    browser, code = ask(cast.alfa, browse)
    now(minutes=15)
    assert browser.post(CONFIRM, {"code": code}).status_code == 422
    assert emails(cast.alfa) == OLD
    now(minutes=14, seconds=59)
    assert browser.post(CONFIRM, {"code": code}).status_code == 302


def test_a_newer_wish_ends_the_one_before(cast: Casts, browse: Any, now: Any) -> None:
    browser, code = ask(cast.alfa, browse)
    now(seconds=5)
    _browser, newer = ask(cast.alfa, browse, "tercera@correo.example")
    if newer != code:
        assert browser.post(CONFIRM, {"code": code}).status_code == 422
    assert browser.post(CONFIRM, {"code": newer}).status_code == 302
    assert emails(cast.alfa) == ("tercera@correo.example",) * 2


def test_before_the_mail_goes_no_code_fits(cast: Casts, now: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        email_codes.ask(cast.alfa.rita.user, email=NEW, now=NOW)  # type: ignore[arg-type]
        for code in ("", "000000"):
            with pytest.raises(email_codes.CodeError):
                email_codes.confirm(cast.alfa.rita.user, code, now=NOW)  # type: ignore[arg-type]


def test_codes_are_not_for_flooding_a_stranger(cast: Casts, browse: Any, now: Any) -> None:
    browser = browse(cast.alfa.agency, cast.alfa.rita.user)
    for number in range(5):
        assert browser.post(PROFILE, {**SAME, "email": f"x{number}@correo.example"}).status_code == 302
    answer = browser.post(PROFILE, {**SAME, "email": "x6@correo.example"})
    assert (answer.status_code, "Pidió demasiados códigos" in words_of(answer)) == (422, True)
    with context.in_agency(cast.alfa.agency):
        assert EmailCode.objects.get().email == "x4@correo.example"


def test_every_change_is_told_to_the_client_and_at_the_desk(cast: Casts, browse: Any, now: Any) -> None:
    rita = browse(cast.alfa.agency, cast.alfa.rita.user)
    rita.post(PROFILE, {**SAME, "email": OLD[0], "mobile": "321 474 5328", "city": "Cali"})
    with context.in_agency(cast.alfa.agency):
        kept = [(c.subject_id, c.field, c.before, c.after, c.who_name) for c in Change.objects.order_by("pk")]
    assert kept == [
        (cast.alfa.rita.pk, "mobile", "+573001234567", "+573214745328", "Rita Arrendataria Ñáñez"),
        (cast.alfa.rita.pk, "city", "", "Cali", "Rita Arrendataria Ñáñez"),
    ]
    assert "Celular : 300 123 4567 → 321 474 5328 Usted" in words_of(rita.get(PROFILE))
    desk = words_of(browse(cast.alfa.agency, cast.alfa.sara).get(f"/oficina/clientes/{cast.alfa.rita.pk}/"))
    assert "Ciudad : (vacío) → Cali Rita Arrendataria Ñáñez" in desk
    for other in (browse(cast.alfa.agency, cast.alfa.oscar.user), browse(cast.beta.agency, cast.beta.rita.user)):
        assert "321 474 5328" not in words_of(other.get(PROFILE))


def test_the_history_is_append_only(cast: Casts, browse: Any, now: Any) -> None:
    browse(cast.alfa.agency, cast.alfa.rita.user).post(PROFILE, {**SAME, "email": OLD[0], "city": "Cali"})
    with context.in_agency(cast.alfa.agency):
        for act in (lambda: Change.objects.update(after="Pasto"), lambda: Change.objects.all().delete()):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                act()
        assert Change.objects.get().after == "Cali"


def test_who_may_not(cast: Casts, browse: Any) -> None:
    assert browse(cast.alfa.agency, cast.alfa.sara).get(CONFIRM).status_code == 404
    assert browse(cast.alfa.agency).post(CONFIRM, {"code": "1"})["Location"].startswith("/area-de-clientes/ingresar/")
    assert "No hay un correo por confirmar" in words_of(browse(cast.alfa.agency, cast.alfa.rita.user).get(CONFIRM))
