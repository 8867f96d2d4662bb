"""Files to attach, made here: pictures and PDFs as people send them, and those that must not come in."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PLACE = b"GPS-4.6097"


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    """The bytes of a picture."""
    out = io.BytesIO()
    Image.new(mode, size, "#3366aa").save(out, kind, **options)
    return out.getvalue()


def with_place(*, turned: bool = False) -> bytes:
    """A photo that says where it was taken and, if `turned`, that it lies on its side."""
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    if turned:
        exif[0x0112] = 6
    return picture(exif=exif)


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    """A file as a form receives it."""
    return SimpleUploadedFile(name, data)
