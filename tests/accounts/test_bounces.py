"""Mail that comes back: refused by a real SMTP server at sending, or by a delivery status that an MTA hands to `read_bounce`.

alfa and beta hold the same ids, so that a mark in the wrong one would show.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import override_settings

from clientarea import people
from clientarea.invitations import invite
from clientarea.models import Client
from saas.accounts import bounces, team
from saas.accounts.models import Role, StaffRole, User
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock, refusals, seen
from saas.lib.logs import JsonFormatter
from saas.lib.refusals import Refusal
from tenants import context
from tests.accounts.postmaster import Postmaster, listening, report
from tests.accounts.steps import words_of
from tests.world import Cast, Casts, make_client

BOX = "rebotes@portal.example"
NORA = "nora@correo.example"


@pytest.fixture
def server() -> Iterator[Postmaster]:
    with listening() as postmaster:
        yield postmaster


@pytest.fixture
def mailbox() -> Iterator[None]:
    """Returned mail is listened to."""
    with override_settings(MAIL_BOUNCES=BOX):
        yield


def nora_of(cast: Cast) -> Client:
    """A client who was invited; the job of her mail waits. Call it inside the agency."""
    client = make_client("777", "Nora Nueva", with_user=False)
    Client.objects.filter(pk=client.pk).update(email=NORA)
    client.refresh_from_db()
    invite(client, now=clock.now())
    return client


@pytest.fixture
def noras(cast: Casts) -> tuple[int, int]:
    """Nora of alfa and Nora of beta: the ids of their accounts, which are one number."""
    ids = []
    for one in (cast.alfa, cast.beta):
        with context.in_agency(one.agency):
            ids.append(nora_of(one).user_id or 0)
    return ids[0], ids[1]


def run_mail(cast: Cast) -> Job:
    """Run the newest job of an activation mail."""
    with context.in_agency(cast.agency):
        job = Job.objects.filter(kind="clientarea.mail_activation").order_by("-pk")[0]
        Job.objects.filter(pk=job.pk).update(due_at=clock.now() - timedelta(seconds=1))
        assert run_job(job.pk, now=clock.now()) is True
        job.refresh_from_db()
    return job


def mark_of(cast: Cast, pk: int) -> tuple[bool, str]:
    """Whether an account's mail came back, and why."""
    with context.in_agency(cast.agency):
        user = User.objects.get(pk=pk)
    return user.mail_refused_at is not None, user.mail_refused_for


def path_of(cast: Cast, pk: int, *, days_ago: int = 0) -> str:
    """The return path of a mail to an account."""
    with context.in_agency(cast.agency):
        sent = clock.now() - timedelta(days=days_ago)
        return bounces.return_path(User.objects.get(pk=pk), agency_id=cast.agency.pk, now=sent)


def read(raw: bytes, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, recipient: str = "") -> str:
    """What the pipe says; it ends without an error."""
    stdin = io.TextIOWrapper(io.BytesIO(raw))
    monkeypatch.setattr(sys, "stdin", stdin)
    call_command("read_bounce", recipient=recipient)
    assert stdin.buffer.read() == b""  # taken to its end: the MTA's pipe never breaks
    return capsys.readouterr().out.strip()


@pytest.fixture
def pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """`pipe(raw, recipient=…)`."""
    return lambda raw, recipient="": read(raw, capsys, monkeypatch, recipient=recipient)


def test_refused_at_sending(
    cast: Casts, noras: tuple[int, int], server: Postmaster, browse: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.answers[NORA] = f"550 5.1.1 <{NORA}>: Recipient address rejected: User unknown"
    job = run_mail(cast.alfa)
    assert (job.done_at is not None, job.dead_at, job.last_error, job.attempts) == (True, None, "", 1)
    assert mark_of(cast.alfa, noras[0]) == (True, "address")
    assert mark_of(cast.beta, noras[1]) == (False, "")
    lines = [JsonFormatter().format(record) for record in caplog.records if record.name != "mail.log"]  # not the server's own
    assert any("refuses the address of account" in line for line in lines)
    assert "correo.example" not in json.dumps(lines)

    with context.in_agency(cast.alfa.agency):
        nora = Client.objects.get(user_id=noras[0])
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    page = words_of(sara.get(f"/oficina/clientes/{nora.pk}/"))
    assert "Devuelto el" in page
    assert "la dirección no existe o no recibe correo" in page
    assert "Corrija el correo" in page
    listed = sara.get("/oficina/clientes/", {"estado": "bounced"})
    assert [client.pk for client in listed.context["page_obj"]] == [nora.pk]
    assert "Invitar a este" in words_of(listed)
    assert "Con la invitación devuelta 1" in words_of(sara.get("/oficina/"))
    assert "Con la invitación devuelta" not in words_of(browse(cast.beta.agency, cast.beta.sara).get("/oficina/"))

    server.answers.clear()
    assert sara.post(f"/oficina/clientes/{nora.pk}/invitar/").status_code == 302
    assert mark_of(cast.alfa, noras[0]) == (False, "")
    assert "Enviado: todavía nadie ha seguido el enlace" in words_of(sara.get(f"/oficina/clientes/{nora.pk}/"))


def test_deferred_is_tried_again(cast: Casts, noras: tuple[int, int], server: Postmaster) -> None:
    server.answers[NORA] = f"451 4.2.0 <{NORA}>: Greylisted, try again later"
    job = run_mail(cast.alfa)
    assert (job.done_at, job.dead_at, job.attempts) == (None, None, 1)
    assert job.last_error.startswith("SMTPRecipientsRefused")
    assert "nora" not in job.last_error
    assert mark_of(cast.alfa, noras[0]) == (False, "")
    server.answers.clear()
    assert run_mail(cast.alfa).done_at is not None
    assert [envelope.rcpt_tos for envelope in server.taken] == [[NORA]]
    assert server.asked == [NORA, NORA]


@pytest.mark.parametrize(
    ("answer", "why"),
    [("552 5.2.2 Mailbox full", "full"), ("554 5.7.1 Blocked", "blocked"), ("554 No", "other"), ("550 5.1.10 no", "address"), ("553 no", "address")],
)
def test_the_reasons(cast: Casts, noras: tuple[int, int], server: Postmaster, answer: str, why: str) -> None:
    server.answers[NORA] = answer
    run_mail(cast.alfa)
    assert mark_of(cast.alfa, noras[0]) == (True, why)


@pytest.mark.parametrize("answer", ["530 5.7.0 Authentication required", "503 5.5.1 Bad sequence", "554 5.7.1 Relay access denied"])
def test_a_fault_of_ours_is_nobody_s(cast: Casts, noras: tuple[int, int], server: Postmaster, answer: str) -> None:
    server.answers[NORA] = answer
    assert run_mail(cast.alfa).done_at is None
    assert mark_of(cast.alfa, noras[0]) == (False, "")


def test_refused_with_its_data(cast: Casts, noras: tuple[int, int], server: Postmaster) -> None:
    server.data_answer = "554 5.7.1 Message refused"
    assert run_mail(cast.alfa).done_at is not None
    assert mark_of(cast.alfa, noras[0]) == (True, "blocked")
    with context.in_agency(cast.alfa.agency):
        nora = Client.objects.get(user_id=noras[0])
        people.change_client(nora, {**people.values_of(nora), "email": "otra@correo.example"}, mark=seen.mark(people.values_of(nora)))
    assert mark_of(cast.alfa, noras[0]) == (False, "")


def test_someone_of_the_team(cast: Casts, server: Postmaster, browse: Any) -> None:
    server.answers["tito@correo.example"] = "550 5.1.1 no such user"
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role=StaffRole.HEAD)
        tito = team.invite_staff(name="Tito", email="tito@correo.example", staff_role=StaffRole.VIEWER, by=cast.alfa.sara, now=clock.now())
        job = Job.objects.get(kind="accounts.mail_staff_invitation")
        assert run_job(job.pk, now=clock.now()) is True
    assert mark_of(cast.alfa, tito.pk) == (True, "address")
    page = words_of(browse(cast.alfa.agency, cast.alfa.sara).get("/oficina/equipo/"))
    assert "Devuelto" in page
    assert "Si la dirección está mal, desactive esta cuenta" in page
    with context.in_agency(cast.alfa.agency):
        team.invite_again(tito.pk, by=cast.alfa.sara, now=clock.now())
    assert mark_of(cast.alfa, tito.pk) == (False, "")


def test_without_the_setting_nothing_changes(cast: Casts, noras: tuple[int, int], server: Postmaster, pipe: Any) -> None:
    run_mail(cast.alfa)
    (envelope,) = server.taken
    assert envelope.mail_from == settings.MAIL_FROM
    with override_settings(MAIL_BOUNCES=BOX):
        path = path_of(cast.alfa, noras[0])
    assert pipe(report(path), path) == "Sin cambios."
    assert mark_of(cast.alfa, noras[0]) == (False, "")


@pytest.mark.usefixtures("mailbox")
def test_a_mail_comes_back(cast: Casts, noras: tuple[int, int], server: Postmaster, pipe: Any) -> None:
    run_mail(cast.alfa)
    (envelope,) = server.taken
    assert envelope.mail_from == path_of(cast.alfa, noras[0])
    assert len(envelope.mail_from.partition("@")[0]) <= 64
    assert f"From: {cast.alfa.agency.name} <{settings.MAIL_FROM}>".encode() in envelope.content
    assert b"rebotes" not in envelope.content
    back = envelope.mail_from.upper()  # a server may change its case
    assert pipe(report(back, status="5.2.2"), back) == "Devolución anotada."
    assert mark_of(cast.alfa, noras[0]) == (True, "full")
    assert mark_of(cast.beta, noras[1]) == (False, "")


@pytest.mark.usefixtures("mailbox")
def test_without_a_recipient_the_headers_say_it(cast: Casts, noras: tuple[int, int], pipe: Any) -> None:
    path = path_of(cast.alfa, noras[0])
    assert pipe(report(f"<{path}>")) == "Devolución anotada."
    assert mark_of(cast.alfa, noras[0]) == (True, "address")


@pytest.mark.usefixtures("mailbox")
def test_only_what_failed_for_good(cast: Casts, noras: tuple[int, int], pipe: Any) -> None:
    path = path_of(cast.alfa, noras[0])
    mails = [
        report(path, action="delayed", status="4.4.1"), report(path, action="delayed"), report(path, status="4.4.7"), report(path, status="5.1"),
        report(path, action="delivered", status="2.0.0"), report(path).replace(b"message/delivery-status", b"text/plain"),
        report(path).replace(b"multipart/report", b"multipart/mixed"), b"", b"\xff\x00" * 500, f"To: {path}\n\nEstoy de vacaciones".encode(),
    ]  # fmt: skip
    assert [pipe(raw, path) for raw in mails] == ["Sin cambios."] * len(mails)
    assert mark_of(cast.alfa, noras[0]) == (False, "")


@pytest.mark.usefixtures("mailbox")
def test_a_forged_path_marks_nobody(cast: Casts, noras: tuple[int, int], pipe: Any) -> None:
    assert noras[0] == noras[1]
    path, other = path_of(cast.alfa, noras[0]), path_of(cast.alfa, cast.alfa.rita.user_id or 0)
    tag = path.partition("+")[2].partition("@")[0]
    agency, user, day, signature = tag.split("-")
    changed = signature[:-1] + ("a" if signature[-1] != "a" else "b")
    forged = [
        f"{cast.beta.agency.pk}-{user}-{day}-{signature}", f"0-{user}-{day}-{signature}", f"999999999-{user}-{day}-{signature}",
        f"{agency}-{cast.alfa.rita.user_id}-{day}-{signature}", f"{agency}-{user}-{int(day) - 1}-{signature}", f"{agency}-{user}-{day}-{changed}",
        f"{agency}-{user}-{day}-", f"{agency}-{user}-{day}", f"{agency}-{'9' * 18}-{day}-{signature}", f"{agency}-{'9' * 40}-{day}-{signature}",
        f"{agency}-{user}-{day}-{other.partition('@')[0][-16:]}", "", "../../x",
    ]  # fmt: skip
    elsewhere = [path.replace("portal.example", "otro.example"), path.replace("rebotes", "otra")]
    addresses = [*(f"rebotes+{one}@portal.example" for one in forged), *elsewhere]
    assert [pipe(report(address), address) for address in addresses] == ["Sin cambios."] * len(addresses)
    assert {mark_of(one, pk) for one in (cast.alfa, cast.beta) for pk in (noras[0], one.rita.user_id or 0)} == {(False, "")}


@pytest.mark.usefixtures("mailbox")
def test_a_path_ends(cast: Casts, noras: tuple[int, int], pipe: Any) -> None:
    old = path_of(cast.alfa, noras[0], days_ago=11)
    assert pipe(report(old), old) == "Sin cambios."
    path = path_of(cast.alfa, noras[0])
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=noras[0]).update(email="nueva@correo.example")
    assert pipe(report(path), path) == "Sin cambios."  # the address that failed is not hers any more
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=noras[0]).update(email=NORA, link_opened_at=clock.now())
    assert pipe(report(path), path) == "Sin cambios."  # somebody followed its link
    assert mark_of(cast.alfa, noras[0]) == (False, "")


@pytest.mark.usefixtures("mailbox")
def test_an_older_secret_key_still_counts(cast: Casts, noras: tuple[int, int], pipe: Any) -> None:
    path = path_of(cast.alfa, noras[0])
    with override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert pipe(report(path), path) == "Devolución anotada."


@pytest.mark.usefixtures("mailbox")
def test_a_giant_mail_is_read_in_part(cast: Casts, noras: tuple[int, int], pipe: Any) -> None:
    path = path_of(cast.alfa, noras[0])
    late = report(path).replace(b"The mail system", b"x" * 60 + b"\n" + (b"y" * 70 + b"\n") * (refusals.MOST // 50))
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (depth, depth) for depth in range(6000))
    assert [pipe(raw, path) for raw in (late, nested)] == ["Sin cambios."] * 2
    assert pipe(report(path, more="z" * 70 * 100_000), path) == "Devolución anotada."
    assert mark_of(cast.alfa, noras[0]) == (True, "address")


@pytest.mark.usefixtures("mailbox")
def test_an_operator_s_mail_comes_back_to_public(db: None, pipe: Any) -> None:
    olga = User.objects.create_user(username="olga@plataforma.example", role=Role.OPERATOR, name="Olga", email="olga@plataforma.example")
    path = bounces.return_path(olga, agency_id=0, now=clock.now())
    assert pipe(report(path), path) == "Devolución anotada."
    assert User.objects.get(pk=olga.pk).mail_refused_for == Refusal.ADDRESS


@pytest.mark.usefixtures("mailbox")
def test_without_the_database_the_mta_keeps_it(
    cast: Casts, noras: tuple[int, int], pipe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(cast.alfa, noras[0])

    def down(*_args: Any, **_more: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("tenants.bounces.context.leave", down)
    with pytest.raises(CommandError) as raised:
        pipe(report(path), path)
    assert raised.value.returncode == 75
    monkeypatch.undo()


@pytest.mark.usefixtures("mailbox")
def test_an_active_client_s_address(cast: Casts, browse: Any, pipe: Any) -> None:
    for one in (cast.alfa, cast.beta):
        with context.in_agency(one.agency):
            User.objects.filter(pk=one.rita.user_id).update(activated_at=clock.now())
    path = path_of(cast.alfa, cast.alfa.rita.user_id or 0)
    assert pipe(report(path), path) == "Devolución anotada."
    page = words_of(browse(cast.alfa.agency, cast.alfa.sara).get(f"/oficina/clientes/{cast.alfa.rita.pk}/"))
    assert "Un correo a su dirección fue devuelto el" in page
    assert "fue devuelto" not in words_of(browse(cast.beta.agency, cast.beta.sara).get(f"/oficina/clientes/{cast.beta.rita.pk}/"))
