"""What hostile people tried, and may not: staff of a lower role, operators who were put out, files that unfold or run."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from clientarea import calendar_feed, notice_mail, notices
from clientarea.importing import checking
from clientarea.importing.workbook import BookError
from clientarea.models import BookFile, BookFileKind, Client, NoticeKind
from payments.invoicing import official_papers
from payments.payouts import bank_files
from saas.accounts.models import StaffRole, User
from saas.book.loading import SHEETS
from saas.lib import files
from tenants import context, hosts
from tenants.models import Agency, AgencyState
from tenants.platform_models import SupportVisit
from tests.api.calls import problem_of, software
from tests.desk.test_team import make
from tests.importing.books import Book
from tests.portal.pages import at
from tests.tenants.superadmin import an_operator
from tests.tenants.test_visits import asked, visiting
from tests.walls.whole import tables
from tests.world import NOW, Casts

SECRET = b"PK\x03\x04 every client of the agency"
LONG_COMMENT = b"<!--" + b"x" * 5000 + b"-->"
ENTITY = b'<!DOCTYPE sst [<!ENTITY a "' + b"x" * 50 + b'">]>'


def a_whole_book(casts: Casts) -> int:
    """An export of the whole book of alfa, ready to be taken away."""
    with context.in_agency(casts.alfa.agency):
        path = default_storage.save("libro/a.xlsx", ContentFile(SECRET))
        file = BookFile.objects.create(
            kind=BookFileKind.EXPORT, asked_by_name="Sara", asked_at=NOW, ready_at=NOW, path=path, size=len(SECRET)
        )
        return int(file.pk)


# Who only looks takes nothing away


def test_consulta_does_not_take_the_whole_book_away(cast: Casts, browse: Any, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    address = at("desk_book_download", a_whole_book(cast))
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    assert b"".join(sara.get(address).streaming_content) == SECRET
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role=StaffRole.VIEWER)
    refused = sara.get(address)
    assert (refused.status_code, refused.streaming) == (403, False)


def test_a_visitor_does_not_take_the_whole_book_away(cast: Casts, browse: Any, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    address = at("desk_book_download", a_whole_book(cast))
    refused = visiting(browse, an_operator(), cast.alfa.agency).get(address)
    assert (refused.status_code, refused.streaming) == (403, False)


def test_looking_as_a_client_does_not_give_the_clients_calendar_address(cast: Casts, browse: Any) -> None:
    """The address needs no log-in and outlives both the half hour and the job of who looked."""
    with context.in_agency(cast.alfa.agency):
        feed = calendar_feed.make(cast.alfa.rita, now=NOW)
        address = calendar_feed.url_of(feed, cast.alfa.agency)
    assert address in browse(cast.alfa.agency, cast.alfa.rita.user).get(at("notice_choices")).content.decode()
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    sara.post(at("desk_view_as", cast.alfa.rita.pk))
    page = sara.get(at("notice_choices"))
    assert page.status_code == 200
    assert "/calendario/" not in page.content.decode()


# Operators


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "client"}])
def test_an_operator_who_was_put_out_visits_no_longer(cast: Casts, browse: Any, change: dict[str, Any]) -> None:
    olga = an_operator()
    browser = visiting(browse, olga, cast.alfa.agency)
    assert browser.get("/oficina/").status_code == 200
    User.objects.filter(pk=olga.pk).update(**change)
    answer = browser.get("/oficina/clientes/")
    assert (answer.status_code, answer["Location"]) == (302, "/visita/terminada/")


def test_a_pass_of_an_operator_who_was_put_out_opens_nothing(cast: Casts, browse: Any) -> None:
    olga = an_operator()
    path = asked(browse, olga, cast.alfa.agency)
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert browse(cast.alfa.agency).get(path)["Location"] == "/visita/terminada/"
    assert SupportVisit.objects.get().entered_at is None


# Files that unfold, or run


def packed(data: bytes, change: dict[str, bytes]) -> bytes:
    """A workbook with some parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change.pop(name, source.read(name)))
        for name, part in change.items():
            target.writestr(name, part)
    return out.getvalue()


def after_a_comment(data: bytes, name: str) -> bytes:
    """A part of a workbook whose definitions come after more than is looked at of its beginning."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        part = source.read(name)
    return LONG_COMMENT + ENTITY + part[part.index(b"?>") + 2 :] if part.startswith(b"<?xml") else LONG_COMMENT + ENTITY + part


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/theme/theme1.xml"])
def test_definitions_behind_a_long_comment(tmp_path: Any, part: str) -> None:
    data = Book().save(tmp_path / "libro.xlsx").read_bytes()
    checking.inspect(io.BytesIO(data), SHEETS)
    with pytest.raises(BookError):
        checking.inspect(io.BytesIO(packed(data, {part: after_a_comment(data, part)})), SHEETS)


@pytest.mark.parametrize("text", [ENTITY + b"<sst/>", (ENTITY + b"<sst/>").decode().encode("utf-16"), LONG_COMMENT + ENTITY + b"<sst/>"])
def test_definitions_in_a_part_with_another_ending(tmp_path: Any, text: bytes) -> None:
    data = Book().save(tmp_path / "libro.xlsx").read_bytes()
    with pytest.raises(BookError):
        checking.inspect(io.BytesIO(packed(data, {"xl/strings.dat": text})), SHEETS)


def test_the_banks_file_with_definitions() -> None:
    out = io.BytesIO()
    book = Workbook()
    book.active.append(["Referencia", "NIT", "Valor", "Fecha"])
    book.active.append(["GIRO-1", "1002", "1000", "2026-11-20"])
    book.save(out)
    data = out.getvalue()
    assert len(bank_files.read_file(SimpleUploadedFile("banco.xlsx", data))) == 1
    for part in ("xl/worksheets/sheet1.xml", "xl/styles.xml"):
        with pytest.raises(bank_files.FileRefused):
            bank_files.read_file(SimpleUploadedFile("banco.xlsx", packed(data, {part: after_a_comment(data, part)})))


PDF = b"%%PDF-1.7\n1 0 obj\n<</OpenAction<</S%s/JS(app.alert(1))>>>>\nendobj\n%%%%EOF\n"


@pytest.mark.parametrize("name", [b"/JavaScript", b"/Java#53cript", b"/#4aavaScript", b"/L#61unch", b"/EmbeddedFiles", b"/Embedded#46ile"])
def test_a_pdf_that_runs_however_its_names_are_written(name: bytes) -> None:
    with pytest.raises(files.FileError):
        files.check([SimpleUploadedFile("a.pdf", PDF % name)], at_once=1)
    assert files.check([SimpleUploadedFile("a.pdf", PDF % b"/URI")], at_once=1)[0].content_type == "application/pdf"


def in_a_packed_stream(text: bytes, *, times: int = 1) -> bytes:
    """A PDF whose objects are in compressed streams, as most programs write them."""
    packed_text = zlib.compress(text)
    heading = b"2 0 obj\n<</Type/ObjStm/N 1/First 4/Length %d/Filter/FlateDecode>>\nstream\r\n" % len(packed_text)
    return b"%PDF-1.7\n" + (heading + packed_text + b"\nendstream\nendobj\n") * times + b"%%EOF\n"


def test_a_pdf_that_runs_from_a_packed_stream() -> None:
    assert files.is_active(in_a_packed_stream(b"1 0 <</S/Java#53cript/JS(app.alert(1))>>"))
    assert files.runs_programs(in_a_packed_stream(b"1 0 <</S /Launch/F(cmd.exe)>>"))
    assert not files.is_active(in_a_packed_stream(b"1 0 <</Type/Catalog/Pages 3 0 R>>", times=50))
    assert not files.is_active(b"%PDF-1.7\n<</Type/ObjStm>>stream\nno packed stream at all\nendstream\n%%EOF")
    assert files.is_active(in_a_packed_stream(b" " * 1_000_000, times=40))  # 40 MB in 40 kB: nobody looks at all of it


@pytest.mark.parametrize("name", [b"/JavaScript", b"/L#61unch"])
def test_an_official_pdf_that_runs(name: bytes) -> None:
    with pytest.raises(official_papers.PaperRefused):
        official_papers.read_pdf(SimpleUploadedFile("a.pdf", PDF % name))
    assert official_papers.read_pdf(SimpleUploadedFile("a.pdf", PDF % b"/EmbeddedFile")).kind == "pdf"  # PDF/A-3 carries its XML


# Keys


@pytest.mark.parametrize("change", [{"is_active": False}, {"staff_role": StaffRole.VIEWER}])
def test_a_key_ends_with_the_powers_of_who_made_it(cast: Casts, browse: Any, change: dict[str, Any]) -> None:
    """A dueño who is put out of the team may have kept the key."""
    caller = software(cast.alfa)
    assert caller.get("clients/").status_code == 200
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(**change)
    problem_of(caller.get("clients/"), 401)
    problem_of(caller.post("clients/", {"document_type": "CC", "document": "77", "name": "Otra Persona"}), 401)
    with context.in_agency(cast.alfa.agency):
        assert not Client.objects.filter(document="77").exists()
        hugo = make(StaffRole.HEAD, "Hugo")
    assert "No sirve: quien la creó ya no es dueño" in browse(cast.alfa.agency, hugo).get(at("desk_api")).content.decode()
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(is_active=True, staff_role=StaffRole.HEAD)
    assert caller.get("clients/").status_code == 200


# An agency in retirement


def test_a_retired_agency_reads_only_by_the_api_too_and_lets_people_stop_mails(cast: Casts, browse: Any) -> None:
    here = cast.alfa
    caller = software(here)
    with context.in_agency(here.agency):
        stop = notice_mail.stop_url(here.rita, NoticeKind.INVOICE, here.agency)
        stop = stop[stop.index("/correo/") :]
    Agency.objects.filter(pk=here.agency.pk).update(state=AgencyState.RETIRED)
    hosts.forget(here.agency)
    with context.in_agency(here.agency):
        before = tables()
    assert caller.get("clients/").status_code == 200
    said = problem_of(caller.post("clients/", {"document_type": "CC", "document": "77", "name": "Otra Persona"}), 403)
    assert "solo se pueden leer" in said["detail"]
    sara = browse(here.agency, here.sara)
    assert sara.post(at("desk_api"), {"name": "x", "scopes": ["clients:read"]}).status_code == 403
    with context.in_agency(here.agency):
        assert {name for name, rows in tables().items() if rows != before[name]} == {"api_apikey"}  # when it was last used
    assert browse(here.agency).post(stop).status_code == 200
    with context.in_agency(here.agency):
        assert not notices.wish_of(here.rita, NoticeKind.INVOICE).mail


# Ids in what is sent


def test_an_increase_of_a_lease_that_is_not_there(cast: Casts, browse: Any) -> None:
    sent = {"lease": "987654", "percent": "5", "from_on": "2026-12-01"}
    assert browse(cast.alfa.agency, cast.alfa.sara).post(at("desk_increases"), sent).status_code == 404
