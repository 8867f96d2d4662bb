"""*Documentos*: shared by the desk, asked for, handed in, accepted or rejected; told, kept, and nobody else's."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from clientarea import files
from clientarea.models import ClientFile, FileEvent, FileRequest
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from saas.lib.files import CheckedFile
from tenants import context
from tests.files.making import made
from tests.portal.pages import assert_closed, at, queries_of, text_of
from tests.pqrs.files import PDF, picture, upload, with_place
from tests.world import NOW, Cast, Casts

TODAY = clock.local(NOW).date()
PAPER = CheckedFile("contrato.pdf", PDF, "application/pdf")
TERMS = {"kind": "lease", "title": "Contrato firmado", "lease": None, "expires_on": None}
WANT = {"kind": "policy", "title": "Póliza de arrendamiento", "why": "Para renovar el contrato.", "lease": None}


def share(cast: Cast, **changes: Any) -> ClientFile:
    """A file of Rita's. Call it inside the agency."""
    (row,) = files.share([cast.rita], PAPER, **{**TERMS, **changes}, by=cast.sara, now=NOW)
    return row


def ask(cast: Cast, **changes: Any) -> FileRequest:
    """Something asked of Rita. Call it inside the agency."""
    return files.ask(cast.rita, **{**WANT, "due_on": clock.today() + timedelta(days=5), **changes}, by=cast.sara, now=NOW)


def stored() -> list[str]:
    """The files of the agency that we are inside."""
    return sorted(default_storage.listdir(files.FOLDER)[1]) if default_storage.exists(files.FOLDER) else []


def run_mails() -> list[Any]:
    """Run the jobs of the mails that wait; what was sent."""
    mail.outbox.clear()
    for job in Job.objects.filter(kind__startswith="clientarea.mail_file", done_at=None).order_by("pk"):
        assert run_job(job.pk, now=clock.now())
    return mail.outbox


@pytest.fixture(autouse=True)
def empty_shelves(settings: Any, tmp_path: Path) -> None:
    """No files yet."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def rita(cast: Casts, browse: Any) -> Any:
    """Rita of alfa."""
    return browse(cast.alfa.agency, cast.alfa.rita.user)


@pytest.fixture
def sara(cast: Casts, browse: Any) -> Any:
    """Sara of alfa."""
    return browse(cast.alfa.agency, cast.alfa.sara)


# Shared by the desk


def test_the_desk_shares_a_file_and_the_client_opens_it(cast: Casts, sara: Any, rita: Any) -> None:
    alfa = cast.alfa
    expires = clock.today() + timedelta(days=10)
    about = {"kind": "policy", "title": "  Póliza   2026 ", "lease": alfa.lease.pk, "expires_on": expires.isoformat()}
    sent = {**about, "file": upload("poliza.pdf", PDF)}
    answer = sara.post(at("desk_file_share", alfa.rita.pk), sent)
    assert (answer.status_code, answer["Location"]) == (302, at("desk_client_files", alfa.rita.pk))
    with context.in_agency(alfa.agency):
        (row,) = ClientFile.objects.all()
        assert (row.client, row.title, row.kind, row.lease, row.expires_on) == (alfa.rita, "Póliza 2026", "policy", alfa.lease, expires)
        assert (row.name, row.size, row.added_by, row.event) == ("poliza.pdf", len(PDF), "Sara Equipo", None)
        assert stored() == [row.path.removeprefix("documents/")]
        kept = {(c.field, c.after, c.who_name) for c in Change.objects.filter(subject="file", subject_id=row.pk)}
        assert ("title", "Póliza 2026", "Sara Equipo") in kept
        (letter,) = run_mails()
    assert (letter.to, letter.subject) == ([alfa.rita.email], "Le compartimos un documento")
    assert "Póliza 2026" in letter.body
    assert at("client_files") in letter.body
    assert letter.attachments == []
    page = rita.get(at("client_files"))
    for said in ("Póliza 2026", "Póliza", "CA-1", "Vence en 10 días"):
        assert said in text_of(page), said
    answer = rita.get(at("client_file", row.pk))
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, PDF)
    assert answer["Content-Disposition"] == 'attachment; filename="poliza.pdf"'
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("private, no-store", "nosniff")


def test_a_file_about_a_lease_goes_to_whom_is_chosen(cast: Casts, sara: Any) -> None:
    alfa = cast.alfa
    words = text_of(sara.get(at("desk_lease_share", alfa.lease.pk)))
    assert ("Rita Arrendataria Ñáñez" in words, "Óscar Propietario Gómez" in words, "Berta" in words) == (True, True, False)
    sent = {"clients": [alfa.rita.pk, alfa.oscar.pk], "kind": "inventory", "title": "Inventario", "file": upload("a.jpg", with_place())}
    assert sara.post(at("desk_lease_share", alfa.lease.pk), sent).status_code == 302
    with context.in_agency(alfa.agency):
        rows = list(ClientFile.objects.order_by("client_id"))
        assert [(row.client.name, row.lease.number, row.content_type) for row in rows] == [
            ("Rita Arrendataria Ñáñez", "CA-1", "image/jpeg"), ("Óscar Propietario Gómez", "CA-1", "image/jpeg"),
        ]  # fmt: skip
        assert len(stored()) == 2
        assert b"GPS" not in default_storage.open(rows[0].path).read()
    assert "Inventario" in text_of(sara.get(at("desk_lease", alfa.lease.pk)))
    wrong = {**sent, "clients": [alfa.berta.pk], "file": upload("a.pdf", PDF)}
    assert sara.post(at("desk_lease_share", alfa.lease.pk), wrong).status_code == 422


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": upload("x.exe", b"MZ")}, "no es una foto"), ({"file": upload("x.pdf", b"no")}, "no es un PDF válido"), ({"title": " "}, "Revise"),
        ({"file": upload("x.pdf", PDF.replace(b"<<>>", b"<</JavaScript 1>>"))}, "contiene programas"), ({"kind": "x"}, "Revise"),
        ({"expires_on": "ayer"}, "Revise"), ({"file": []}, "Revise"), ({"lease": 999}, "Revise"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_kept(cast: Casts, sara: Any, change: dict[str, Any], said: str) -> None:
    for each in change.values():
        if hasattr(each, "seek"):
            each.seek(0)
    sent = {"kind": "lease", "title": "Contrato", "file": upload("c.pdf", PDF), **change}
    answer = sara.post(at("desk_file_share", cast.alfa.rita.pk), sent)
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    with context.in_agency(cast.alfa.agency):
        assert not ClientFile.objects.exists()
        assert stored() == []
        assert not Job.objects.exists()


def test_too_big_is_too_big(cast: Casts, sara: Any, settings: Any) -> None:
    settings.UPLOAD_FILE_BYTES = 1024
    sent = {"kind": "lease", "title": "Contrato", "file": upload("c.pdf", PDF + b" " * 2000)}
    answer = sara.post(at("desk_file_share", cast.alfa.rita.pk), sent)
    assert (answer.status_code, "pesa más de" in text_of(answer)) == (422, True)


def test_a_failure_leaves_no_file(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        with pytest.raises(IntegrityError, match="title"), transaction.atomic():
            share(cast.alfa, title=None)
        assert stored() == []


def test_putting_away_is_kept_and_undone(cast: Casts, sara: Any, rita: Any) -> None:
    alfa = cast.alfa
    with context.in_agency(alfa.agency):
        row = share(alfa)
    for _again in range(2):
        assert sara.post(at("desk_file_archive", row.pk)).status_code == 302
    assert "Contrato firmado" not in text_of(rita.get(at("client_files")))
    assert rita.get(at("client_file", row.pk)).status_code == 404
    assert "Retirado" in text_of(sara.get(at("desk_client_files", alfa.rita.pk)))
    assert sara.get(at("desk_file", row.pk)).status_code == 200
    with context.in_agency(alfa.agency):
        (change,) = Change.objects.filter(subject="file", field="state")
        assert (change.before, change.after, change.who_name) == ("visible", "retirado", "Sara Equipo")
        assert len(stored()) == 1
        assert run_mails() == []
    sara.post(at("desk_file_restore", row.pk))
    assert "Contrato firmado" in text_of(rita.get(at("client_files")))


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (None, ("", "")), (-1, ("overdue", "Vencido")), (0, ("pending", "Vence hoy")), (1, ("pending", "Vence mañana")),
        (30, ("pending", "Vence en 30 días")), (31, ("active", "Vigente")),
    ],
)  # fmt: skip
def test_how_long_it_is_good(days: int | None, told: tuple[str, str]) -> None:
    file = files.tell_expiry(ClientFile(expires_on=None if days is None else TODAY + timedelta(days=days)), today=TODAY)
    assert (file.expiry, file.expiry_label) == told


# Asked for and handed in


def test_from_the_request_to_what_is_accepted(cast: Casts, sara: Any, rita: Any) -> None:
    alfa = cast.alfa
    due = clock.today() + timedelta(days=3)
    sent = {**WANT, "lease": "", "due_on": due.isoformat()}
    answer = sara.post(at("desk_file_ask", alfa.rita.pk), sent)
    with context.in_agency(alfa.agency):
        (asked,) = FileRequest.objects.all()
        (letter,) = run_mails()
    assert answer["Location"] == at("desk_file_request", asked.pk)
    assert (letter.to, letter.subject) == ([alfa.rita.email], "Le pedimos un documento")
    assert f"Fecha límite: {clock.long_date(due)}" in letter.body
    for page in (at("home"), at("client_files")):
        words = text_of(rita.get(page))
        assert "Póliza de arrendamiento" in words
        assert f"Entréguelo hasta el {clock.long_date(due)}" in words
    own = at("client_file_request", asked.pk)
    answer = rita.post(own, {"attached": [upload("a.pdf", PDF), upload("b.png", picture("PNG"))], "text": "Aquí está"})
    assert (answer.status_code, answer["Location"]) == (302, own)
    with context.in_agency(alfa.agency):
        assert FileRequest.objects.get().state == "in_progress"
        assert [(f.name, f.added_by, f.event.text) for f in ClientFile.objects.order_by("pk")] == [
            ("a.pdf", "Rita Arrendataria Ñáñez", "Aquí está"), ("b.png", "Rita Arrendataria Ñáñez", "Aquí está"),
        ]  # fmt: skip
        (letter,) = run_mails()
    assert (letter.to, letter.subject) == (["hola@alfa.example"], "Rita Arrendataria Ñáñez entregó un documento")
    assert "Póliza de arrendamiento" not in text_of(rita.get(at("home")))
    # Nothing more is taken while it is looked at.
    assert rita.post(own, {"attached": upload("c.pdf", PDF)}).status_code == 422
    assert "Documentos entregados por revisar 1" in text_of(sara.get(at("desk")))
    # Rejected, with the reason; handed in again; accepted.
    assert "Por revisar" in text_of(sara.get(at("desk_files")))
    assert sara.post(at("desk_file_reject", asked.pk), {"reason": " "}).status_code == 422
    sara.post(at("desk_file_reject", asked.pk), {"reason": "Falta la firma."})
    with context.in_agency(alfa.agency):
        (letter,) = run_mails()
        assert {c.field: c.after for c in Change.objects.filter(subject="file_request", field__in=["state", "reason"])} == {
            "state": "Rechazado", "reason": "Falta la firma.",
        }  # fmt: skip
    assert letter.subject == "Debe entregar de nuevo un documento"
    assert "Falta la firma." in letter.body
    assert "Falta la firma." in text_of(rita.get(own))
    assert "No se aceptó lo que entregó." in text_of(rita.get(at("home")))
    rita.post(own, {"attached": upload("c.pdf", PDF)})
    sara.post(at("desk_file_accept", asked.pk))
    with context.in_agency(alfa.agency):
        assert list(FileEvent.objects.order_by("pk").values_list("state", "by_name", "by_staff")) == [
            ("requested", "Sara Equipo", True), ("in_progress", "Rita Arrendataria Ñáñez", False), ("declined", "Sara Equipo", True),
            ("in_progress", "Rita Arrendataria Ñáñez", False), ("approved", "Sara Equipo", True),
        ]  # fmt: skip
        assert len(stored()) == 3
    for browser, page in ((rita, own), (sara, at("desk_file_request", asked.pk))):
        words = text_of(browser.get(page))
        assert words.index("Solicitado") < words.index("Falta la firma.") < words.index("c.pdf") < words.rindex("Aceptado")
    # Settled is settled.
    sara.post(at("desk_file_reject", asked.pk), {"reason": "Tarde"})
    sara.post(at("desk_file_withdraw", asked.pk))
    assert rita.post(own, {"attached": upload("c.pdf", PDF)}).status_code == 422
    with context.in_agency(alfa.agency):
        assert FileRequest.objects.get().state == "approved"
        assert FileEvent.objects.count() == 5


def test_a_request_withdrawn_is_gone_for_the_client(cast: Casts, sara: Any, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        asked = ask(cast.alfa)
    assert sara.post(at("desk_file_withdraw", asked.pk)).status_code == 302
    assert rita.get(at("client_file_request", asked.pk)).status_code == 404
    assert "Póliza de arrendamiento" not in text_of(rita.get(at("client_files")))


@pytest.mark.parametrize("names", [[], ["x.exe"], [f"{n}.pdf" for n in range(6)]])
def test_nothing_bad_is_handed_in(cast: Casts, rita: Any, names: list[str]) -> None:
    with context.in_agency(cast.alfa.agency):
        asked = ask(cast.alfa)
    answer = rita.post(at("client_file_request", asked.pk), {"attached": [upload(name, PDF) for name in names], "text": "sigue escrito"})
    assert (answer.status_code, "sigue escrito" in text_of(answer)) == (422, True)
    with context.in_agency(cast.alfa.agency):
        assert (FileRequest.objects.get().state, stored()) == ("requested", [])


def test_due_on_is_not_before_today(cast: Casts, sara: Any) -> None:
    sent = {**WANT, "lease": "", "due_on": (clock.today() - timedelta(days=1)).isoformat()}
    assert sara.post(at("desk_file_ask", cast.alfa.rita.pk), sent).status_code == 422


def test_what_happened_stays(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        asked = ask(cast.alfa)
        for act in (lambda: FileEvent.objects.update(text="otra"), lambda: FileEvent.objects.all().delete()):
            with pytest.raises(IntegrityError, match="never changed nor deleted"), transaction.atomic():
                act()
        with pytest.raises(IntegrityError), transaction.atomic():
            FileEvent.objects.create(request=asked, state="declined", text="", by_staff=True, by_name="x", at=NOW)
        with pytest.raises(files.RequestError):
            files.accept(asked, by=cast.alfa.sara, now=NOW)
        event = files.hand_in(asked, [PAPER], now=NOW)
        with pytest.raises(files.RequestError):
            files.archive(event.files.get(), by=cast.alfa.sara, now=NOW)


# Nobody else's


def test_another_s_and_another_agency_s_are_not_found(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        for _n in range(3):
            theirs, their_asked = share(cast.beta), ask(cast.beta)
    with context.in_agency(cast.alfa.agency):
        row, asked = share(cast.alfa), ask(cast.alfa)
        event = files.hand_in(ask(cast.alfa), [PAPER], now=NOW)
        handed = event.files.get()
    mine = [at("client_file", row.pk), at("client_file", handed.pk), at("client_file_request", asked.pk)]
    for someone in (cast.alfa.oscar, cast.alfa.berta, cast.alfa.nadie):
        browser = browse(cast.alfa.agency, someone.user)
        assert [browser.get(path).status_code for path in mine] == [404] * 3
        assert browser.post(mine[2], {"attached": upload("a.pdf", PDF)}).status_code == 404
        assert "Contrato firmado" not in text_of(browser.get(at("client_files")))
    assert theirs.pk not in (row.pk, handed.pk)
    rita, sara = browse(cast.alfa.agency, cast.alfa.rita.user), browse(cast.alfa.agency, cast.alfa.sara)
    for path in (at("client_file", theirs.pk), at("client_file_request", their_asked.pk + 5)):
        assert rita.get(path).status_code == 404
    assert sara.get(at("desk_file", theirs.pk)).status_code == 404
    for path in (at("client_files"), *mine):
        assert_closed(browse, cast.alfa, path)
    with context.in_agency(cast.alfa.agency):
        assert FileRequest.objects.get(pk=asked.pk).state == "requested"


def test_the_same_id_in_the_other_agency_is_its_own(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        ours = share(cast.alfa, title="De alfa")
    with context.in_agency(cast.beta.agency):
        assert share(cast.beta, title="De beta").pk == ours.pk
        assert not default_storage.exists(ours.path)
    assert "De alfa" not in text_of(browse(cast.beta.agency, cast.beta.rita.user).get(at("client_files")))


def test_clients_do_not_reach_the_desk_s_pages(cast: Casts, browse: Any, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        row = share(cast.alfa)
    for path in (at("desk_files"), at("desk_file", row.pk), at("desk_client_files", cast.alfa.rita.pk), at("desk_file_share", cast.alfa.rita.pk)):
        assert rita.get(path).status_code == 404
        assert browse(cast.alfa.agency).get(path).status_code == 302


def test_queries_do_not_grow_with_the_files(cast: Casts, rita: Any, sara: Any) -> None:
    pages = [(rita, at("client_files")), (sara, at("desk_client_files", cast.alfa.rita.pk)), (sara, at("desk_files"))]
    with context.in_agency(cast.alfa.agency):
        share(cast.alfa, lease=cast.alfa.lease)
        ask(cast.alfa)
    few = [len(queries_of(browser, path)) for browser, path in pages]
    with context.in_agency(cast.alfa.agency):
        for _n in range(15):
            share(cast.alfa, lease=cast.alfa.lease)
            files.hand_in(ask(cast.alfa), [PAPER, PAPER], now=NOW)
        files.hand_in(FileRequest.objects.earliest("pk"), [PAPER], now=NOW)
    many = [len(queries_of(browser, path)) for browser, path in pages]
    assert max(many) <= 12
    assert [m - f for m, f in zip(many, few, strict=True)] <= [1, 1, 0]


def test_their_own_data_has_them(cast: Casts, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        share(cast.alfa)
        files.hand_in(ask(cast.alfa), [PAPER], now=NOW)
    told = json.loads(b"".join(made(cast.alfa.agency, rita, at("my_data_json")).streaming_content))["datos"]
    assert [row["Título"] for row in told["documentos"]["filas"]] == ["Contrato firmado", "Póliza de arrendamiento"]
    assert [(row["Documento"], row["Estado"]) for row in told["solicitudes"]["filas"]] == [("Póliza de arrendamiento", "En revisión")]


def test_staff_looking_as_the_client_reads_and_hands_nothing_in(cast: Casts, sara: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        asked = ask(cast.alfa)
    sara.post(at("desk_view_as", cast.alfa.rita.pk))
    assert "Póliza de arrendamiento" in text_of(sara.get(at("client_files")))
    assert sara.post(at("client_file_request", asked.pk), {"attached": upload("a.pdf", PDF)}).status_code != 302
    with context.in_agency(cast.alfa.agency):
        assert FileRequest.objects.get().state == "requested"
