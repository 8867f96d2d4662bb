"""PDF documents: ours in words, fonts and tags; the same bytes each time; nothing fetched from anywhere."""

from __future__ import annotations

import ctypes
import functools
import http.server
import io
import re
import threading
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image

from saas.lib import checks, pdf
from saas.lib.pdf import PdfError, render_pdf

SPANISH = "¡Ñandú, pingüino y acción! ¿Cuánto? «$ 1.850.000,50» — N.º 5 · áéíóú ÁÉÍÓÚ ü Ü ñ"


@pytest.fixture(autouse=True)
def paper(settings: Any, tmp_path: Path) -> None:
    """A template `paper.html` whose content is `body`, as it is."""
    (tmp_path / "paper.html").write_text(
        '{% extends "pdf/base.html" %}{% block content %}{{ body|safe }}{% endblock %}', encoding="utf-8"
    )
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], tmp_path]}]


def make(body: str, **resources: bytes) -> bytes:
    context = {"body": body, "issuer": {"name": "Inmobiliaria Ñandú"}, "doc": {"test": False}, "colour": "#1f5fa8"}
    return render_pdf("paper.html", context, title="Recibo de Ñañez", resources=resources)


def text_of(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


def fonts_of(data: bytes) -> set[str]:
    found = set()
    for page in pypdfium2.PdfDocument(data):
        for item in page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_TEXT,)):
            name = ctypes.create_string_buffer(200)
            pdfium.FPDFFont_GetBaseFontName(pdfium.FPDFTextObj_GetFont(item.raw), name, 200)
            found.add(name.value.decode().rpartition("+")[2])
    return found


def picture(kind: str = "PNG", colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, kind)
    return out.getvalue()


def test_spanish_comes_out_as_it_went_in() -> None:
    assert SPANISH in text_of(make(f"<p>{SPANISH}</p>"))


def test_the_letters_are_ours() -> None:
    fonts = fonts_of(make("<p>normal</p><p><strong>fuerte</strong></p>"))
    assert fonts
    assert all(name.startswith("Inter") for name in fonts), fonts


def test_it_is_tagged_titled_and_in_spanish() -> None:
    data = make("<h1>Hola</h1>")
    document = pypdfium2.PdfDocument(data)
    assert data.startswith(b"%PDF-1.7")
    assert document.is_tagged()
    assert document.get_metadata_dict(skip_empty=True)["Title"] == "Recibo de Ñañez"
    assert document.get_metadata_dict()["Author"] == "Inmobiliaria Ñandú"
    language = ctypes.create_string_buffer(40)
    size = pdfium.FPDFCatalog_GetLanguage(document.raw, ctypes.cast(language, ctypes.POINTER(ctypes.c_ushort)), 40)
    assert language.raw[: size - 2].decode("utf-16-le") == "es-CO"
    packed = re.findall(rb"FlateDecode.*?stream\n(.*?)\nendstream", data, re.DOTALL)
    assert b"pdfuaid:part" in b"".join(zlib.decompressobj().decompress(part) for part in packed)


def test_the_same_words_give_the_same_bytes() -> None:
    assert make(f"<p>{SPANISH}</p>", logo=picture()) == make(f"<p>{SPANISH}</p>", logo=picture())
    assert make("<p>uno</p>") != make("<p>dos</p>")


def test_what_a_template_is_given_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "safe.html").write_text(
        '{% extends "pdf/base.html" %}{% block content %}{{ body }}{% endblock %}', encoding="utf-8"
    )
    context = {"body": "<img src='http://127.0.0.1:9/x'>", "issuer": {"name": "A"}, "doc": {"test": False}}
    assert "<img src='http://127.0.0.1:9/x'>" in text_of(render_pdf("safe.html", context, title="x"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_is_handed_in_is_shown(kind: str, tmp_path: Path) -> None:
    (tmp_path / "paper.html").write_text(
        '{% extends "pdf/base.html" %}{% block content %}<img src="{{ resource.foto }}" alt="foto">{% endblock %}', encoding="utf-8"
    )
    page = pypdfium2.PdfDocument(make("", foto=picture(kind)))[0]
    assert [item.get_px_size() for item in page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,))] == [(8, 8)]


def test_a_changed_picture_does_not_show_the_old_one() -> None:
    def colour_of(data: bytes) -> Any:
        page = pypdfium2.PdfDocument(data)[0]
        (item,) = page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,))
        return item.get_bitmap().to_pil().convert("RGB").getpixel((4, 4))

    assert colour_of(make("", logo=picture(colour="red"))) == (255, 0, 0)
    assert colour_of(make("", logo=picture(colour="blue"))) == (0, 0, 255)


@pytest.mark.parametrize("data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"%PDF-1.4", b"\x89PNG"])
def test_other_pictures_are_refused(data: bytes) -> None:
    with pytest.raises(PdfError, match="must be PNG or JPEG"):
        make("", logo=data)


def test_a_picture_that_is_broken_does_not_stop_the_paper() -> None:
    assert "sigue" in text_of(make("<p>sigue</p>", logo=picture()[:40]))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/x.png", "https://evil.example/x.png", "//evil.example/x.png", "ftp://127.0.0.1/x", "file:///etc/passwd",
        "file:/etc/passwd", "/etc/passwd", "x.png", "../x.png", "res:x", "data:image/png;base64,iVBORw0KGgo=", "DATA:text/html,x",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "body",
    [
        '<img src="{}" alt="x">', '<link rel="stylesheet" href="{}">', "<style>@import url({});</style>", '<link rel="attachment" href="{}">',
        '<a rel="attachment" href="{}">x</a>', '<object data="{}">x</object>', '<embed src="{}">',
        "<style>h1{{background:url({})}}</style><h1>x</h1>", "<style>@font-face{{font-family:Z;src:url({})}} h1{{font-family:Z}}</style><h1>x</h1>",
        '<style>h1::before{{content:url({})}}</style><h1>x</h1>', '<ul style="list-style-image:url({})"><li>x</li></ul>',
    ],
)  # fmt: skip
def test_nothing_is_fetched_from_anywhere(body: str, address: str) -> None:
    with pytest.raises(PdfError, match="asks for something that it may not reach"):
        make(body.format(address))


class Served(http.server.SimpleHTTPRequestHandler):
    """Hands out the pictures of a folder, and notes what it is asked for."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A real web server on this machine with /a.png and /a.svg. Its address."""
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><text id="a" y="9">ajeno</text></svg>', encoding="utf-8"
    )
    Served.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Served, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "drawing",
    ['<image href="{}/a.png" width="9" height="9"/>', '<image xlink:href="{}/a.png" width="9" height="9"/>', '<use href="{}/a.svg#a"/>',
     '<use xlink:href="{}/a.svg#a"/>', '<text fill="url({}/a.svg#a)">x</text>'],
)  # fmt: skip
def test_drawings_reach_nothing_either(site: str, tmp_path: Path, drawing: str) -> None:
    # WeasyPrint leaves out a part of a drawing that it cannot have, and goes on.
    for base in (site, f"file://{tmp_path}"):
        head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
        data = make(f"<p>sigue</p>{head}{drawing.format(base)}</svg>")
        assert "sigue" in text_of(data)
        assert "ajeno" not in text_of(data)
        assert [*pypdfium2.PdfDocument(data)[0].get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,))] == []
    assert Served.asked == []
    with urllib.request.urlopen(f"{site}/a.png") as answer:  # the server would have told
        assert answer.status == 200
    assert Served.asked == ["/a.png"]


def test_a_link_to_follow_is_no_fetch() -> None:
    assert "Verifique" in text_of(make('<p><a href="https://alfa.plataforma.test/verificar/X/">Verifique</a></p>'))


def test_errors_do_not_repeat_the_document() -> None:
    with pytest.raises(PdfError) as refused:
        make('<p>secreto</p><img src="file:///etc/passwd" alt="x">')
    assert "secreto" not in str(refused.value)


def test_this_machine_can_make_documents() -> None:
    assert [found.id for found in checks.check_pdf() if found.id != "lib.W001"] == []


def test_missing_fonts_are_named(settings: Any, tmp_path: Path) -> None:
    settings.PDF_FONTS_DIR = tmp_path
    (tmp_path / pdf.FONTS[0]).write_bytes(b"x")
    (found,) = [found for found in checks.check_pdf() if found.id == "lib.E002"]
    assert found.msg == "The fonts of the PDF documents are missing: Inter-Medium.ttf, Inter-SemiBold.ttf, Inter-Bold.ttf."
    assert checks.loads(("libnothing-of-the-kind.so.9",)) is False
