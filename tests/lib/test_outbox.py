"""The folder that takes mail where no server is set, and how the demo reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection

from saas import outbox


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """The outbox's folder, not made yet."""
    settings.OUTBOX_DIR = tmp_path / "state" / "outbox"
    return Path(settings.OUTBOX_DIR)


def send(*messages: EmailMessage) -> int:
    return get_connection("saas.outbox.FileBackend").send_messages(messages)


def letter(subject: str = "Hola, Ñandú", body: str = "uno") -> EmailMultiAlternatives:
    return EmailMultiAlternatives(subject, body, "Inmobiliaria Ñandú <no-responder@plataforma.test>", ["ana@correo.example"])


def test_without_a_folder_there_are_no_letters(folder: Path) -> None:
    assert outbox.letters() == []
    assert send() == 0


def test_a_letter_is_read_back(folder: Path) -> None:
    message = letter(body="Entre aquí:\nhttps://alfa.plataforma.test/activar/1-a/?x=1&y=2\ny también http://b.test/\n")
    message.attach_alternative("<p>no: <a href='https://solo-en-html.test/'>x</a></p>", "text/html")
    message.attach("comprobante-ñ.pdf", b"%PDF-1.7", "application/pdf")
    assert send(message) == 1
    (read,) = outbox.letters()
    assert (read.subject, read.sender, read.to) == (
        "Hola, Ñandú",
        "Inmobiliaria Ñandú <no-responder@plataforma.test>",
        "ana@correo.example",
    )
    assert read.text.startswith("Entre aquí:\n")
    assert read.links == ("https://alfa.plataforma.test/activar/1-a/?x=1&y=2", "http://b.test/")
    assert read.attachments == ("comprobante-ñ.pdf",)
    assert read.date
    assert read.name == next(folder.iterdir()).stem


def test_the_newest_come_first_and_no_more_than_asked(folder: Path) -> None:
    assert send(*[letter(f"n {number}") for number in range(5)]) == 5
    assert [read.subject for read in outbox.letters()] == ["n 4", "n 3", "n 2", "n 1", "n 0"]
    assert [read.subject for read in outbox.letters(limit=2)] == ["n 4", "n 3"]


def test_what_is_half_written_is_no_letter(folder: Path) -> None:
    send(letter())
    (folder / ".1-ab.tmp").write_bytes(b"Subject: a medias")
    (folder / "notas.txt").write_text("no")
    assert [read.subject for read in outbox.letters()] == ["Hola, Ñandú"]
    assert sorted(path.suffix for path in folder.iterdir()) == [".eml", ".tmp", ".txt"]


def test_a_letter_without_anything_is_empty(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "1-ab.eml").write_bytes(b"Content-Type: text/html\n\n<p>x</p>")
    assert outbox.letters() == [outbox.Letter("1-ab", "", "", "", "", "", (), ())]


def test_a_header_of_two_lines_is_not_sent(folder: Path) -> None:
    with pytest.raises(ValueError, match="newlines"):
        send(letter("Hola\nBcc: x@evil.example"))
    assert outbox.letters() == []
