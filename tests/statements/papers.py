"""What the tests of papers share: a PDF's text, and whether it is tagged, titled and in Spanish."""

from __future__ import annotations

import ctypes
import re
import zlib

import pypdfium2
import pypdfium2.raw as pdfium


def pages_of(data: bytes) -> list[str]:
    """The text of each page, on one line, with ordinary spaces."""
    document = pypdfium2.PdfDocument(data)
    # pdfium says U+0002 for a hyphen at which a line ends, as in an address that is broken there.
    return [" ".join(page.get_textpage().get_text_bounded().replace("\u00a0", " ").replace("\x02", "-").split()) for page in document]


def assert_accessible(data: bytes, title: str) -> None:
    """PDF/UA-1, with its title and its language."""
    document = pypdfium2.PdfDocument(data)
    assert document.is_tagged()
    assert document.get_metadata_dict(skip_empty=True)["Title"] == title
    language = ctypes.create_string_buffer(40)
    size = pdfium.FPDFCatalog_GetLanguage(document.raw, ctypes.cast(language, ctypes.POINTER(ctypes.c_ushort)), 40)
    assert language.raw[: size - 2].decode("utf-16-le") == "es-CO"
    packed = re.findall(rb"FlateDecode.*?stream\n(.*?)\nendstream", data, re.DOTALL)
    assert b"pdfuaid:part" in b"".join(zlib.decompressobj().decompress(part) for part in packed)
