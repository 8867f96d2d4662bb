"""Files of a case: looked at by their bytes, drawn again, kept in the agency's folder, bounded."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image

from pqrs import attachments, cases
from pqrs.attachments import FileError
from pqrs.models import Attachment, Case
from saas.lib.uploads import TooBig
from tenants import context
from tests.pqrs.files import PDF, PLACE, picture, upload, with_place
from tests.pqrs.test_cases import open_one
from tests.world import NOW, Casts


def _bomb(width: int, height: int) -> bytes:
    """A PNG that says it is enormous."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return b"\x89PNG\r\n\x1a\n" + chunk + picture("PNG")[33:]


@pytest.mark.parametrize(
    ("name", "data", "kept", "kind"),
    [
        ("foto.JPG", picture(), "foto.jpg", "image/jpeg"),
        ("foto.jpeg", picture(), "foto.jpg", "image/jpeg"),
        ("plano.png", picture("PNG"), "plano.png", "image/png"),
        ("transparente.png", picture("PNG", mode="RGBA"), "transparente.png", "image/png"),
        ("foto.webp", picture("WEBP"), "foto.jpg", "image/jpeg"),
        ("acta.pdf", PDF, "acta.pdf", "application/pdf"),
        ("../../etc/acta.pdf", PDF, "acta.pdf", "application/pdf"),
        ("a\u202e\r\nb<c>.pdf", PDF, "a b c.pdf", "application/pdf"),
        (f"{'x' * 300}.pdf", PDF, f"{'x' * 80}.pdf", "application/pdf"),
    ],
)
def test_photos_and_documents_are_taken(name: str, data: bytes, kept: str, kind: str) -> None:
    (found,) = attachments.check([upload(name, data)])
    assert (found.name, found.content_type) == (kept, kind)
    if kind != "application/pdf":
        with Image.open(io.BytesIO(found.data)) as image:
            assert (image.format, image.size) == ({"image/jpeg": "JPEG", "image/png": "PNG"}[kind], (60, 40))


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("programa.exe", b"MZ", "no es una foto"),
        ("dibujo.svg", b"<svg/>", "no es una foto"),
        ("pagina.html", b"<script>", "no es una foto"),
        ("sin-extension", PDF, "no es una foto"),
        ("foto.jpg", PDF, "no se puede abrir como foto"),
        ("foto.jpg", picture("PNG"), "no se puede abrir como foto"),
        ("foto.jpg", b"", "no se puede abrir como foto"),
        ("foto.jpg", picture()[:200], "no se puede abrir como foto"),
        ("foto.png", _bomb(60_000, 60_000), "demasiados píxeles"),
        ("foto.png", _bomb(8_000, 8_000), "demasiados píxeles"),
        ("acta.pdf", picture(), "no es un PDF válido"),
        ("acta.pdf", b"<html>%PDF-1.4 %%EOF", "no es un PDF válido"),
        ("acta.pdf", PDF[:-8], "no es un PDF válido"),
        ("acta.pdf", PDF.replace(b"<<>>endobj", b"<</S/JavaScript>>endobj"), "contiene programas"),
        ("acta.pdf", PDF.replace(b"<<>>endobj", b"<</EmbeddedFile 1>>endobj"), "contiene programas"),
    ],
)
def test_what_is_neither_is_refused_by_its_name(name: str, data: bytes, said: str) -> None:
    with pytest.raises(FileError, match=said) as refused:
        attachments.check([upload(name, data)])
    assert f"«{name}»" in str(refused.value)


def test_where_a_photo_was_taken_is_forgotten_and_it_stands_upright() -> None:
    data = with_place(turned=True)
    assert PLACE in data
    (found,) = attachments.check([upload("foto.jpg", data)])
    assert PLACE not in found.data
    with Image.open(io.BytesIO(found.data)) as image:
        assert (dict(image.getexif()), image.size) == ({}, (40, 60))
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_is_hidden_behind_a_picture_is_not_kept() -> None:
    (found,) = attachments.check([upload("foto.png", picture("PNG") + b"<script>alert(1)</script>")])
    assert b"script" not in found.data


def test_a_large_photo_is_made_smaller() -> None:
    (found,) = attachments.check([upload("foto.jpg", picture(size=(7000, 3500)))])
    with Image.open(io.BytesIO(found.data)) as image:
        assert max(image.size) <= 3000
        assert image.size[0] == 2 * image.size[1]


def test_files_are_counted_and_weighed() -> None:
    assert len(attachments.check([upload(f"{n}.pdf", PDF) for n in range(5)])) == 5
    with pytest.raises(FileError, match="máximo 5"):
        attachments.check([upload(f"{n}.pdf", PDF) for n in range(6)])
    for big in (upload("a.pdf", PDF + b"0" * 10 * 1024 * 1024), TooBig("a.pdf", "application/pdf")):
        with pytest.raises(FileError, match="pesa más de 10 MB"):
            attachments.check([big])


def test_they_are_kept_in_the_agency_s_folder_under_names_that_tell_nothing(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa, attached=attachments.check([upload("foto.jpg", picture()), upload("acta.pdf", PDF)]))
        rows = list(case.attachments.all())
        told = [(row.name, row.content_type, row.message_id) for row in rows]
        assert told == [("foto.jpg", "image/jpeg", None), ("acta.pdf", "application/pdf", None)]
        for row in rows:
            path = Path(settings.MEDIA_ROOT) / cast.alfa.agency.schema_name / row.path
            assert path.stat().st_size == row.size
            assert path.stat().st_mode & 0o777 == 0o600
            assert len(path.stem) == 32
            assert "foto" not in row.path
        path_in_alfa = rows[1].path
    with context.in_agency(cast.beta.agency):
        assert not default_storage.exists(path_in_alfa)


def test_a_case_holds_so_much_and_no_more(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "CASE_BYTES", 2 * len(PDF))
    one = attachments.check([upload("a.pdf", PDF)])
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa, attached=one)
        cases.add_message(case, text="Otro", now=NOW, attached=one)
        with pytest.raises(FileError, match="ya no admite más archivos"):
            cases.add_message(case, text="Otro más", now=NOW, attached=one)
        assert (Attachment.objects.count(), case.messages.count()) == (2, 1)


def test_a_failure_leaves_no_file(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> None:
    two = attachments.check([upload("a.pdf", PDF), upload("b.pdf", PDF)])
    with context.in_agency(cast.alfa.agency):
        folder = Path(default_storage.path("pqrs"))
        before = set(folder.glob("*"))
        real = default_storage.save
        calls: list[str] = []

        def fails_at_the_second(name: str, content: object) -> str:
            calls.append(name)
            if len(calls) == 2:
                raise OSError("no space left")
            return real(name, content)  # type: ignore[arg-type]

        monkeypatch.setattr(default_storage, "save", fails_at_the_second)
        with pytest.raises(OSError, match="no space"), transaction.atomic():
            open_one(cast.alfa, attached=two)
        assert set(folder.glob("*")) == before
        assert (Case.objects.count(), Attachment.objects.count()) == (0, 0)
