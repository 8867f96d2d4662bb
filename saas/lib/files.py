"""Files that people upload: looked at by their bytes, kept under random names in the agency's own folder, opened only by who
holds their row.

A photo is drawn again, so that nothing but its picture is kept: no place, no camera, no hidden passenger. A PDF is kept as it
came. What is neither is refused, and nothing of it is stored.
"""

from __future__ import annotations

import io
import re
import secrets
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404
from django.utils.translation import gettext as _

from saas.lib.text import clean_name
from saas.lib.uploads import TooBig

ACCEPT = ".jpg,.jpeg,.png,.webp,.pdf"
CONTENT_TYPES = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
_PIXELS = 50_000_000
_LONGEST_SIDE = 3000
_SUFFIXES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".pdf": "PDF"}
# A document does not need to run programs or carry other files.
_RUNS = re.compile(rb"/(?:JavaScript|Launch|RichMedia)\b")
_CARRIES = re.compile(rb"/EmbeddedFiles?\b")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")  # a letter of a PDF's name may be written so
_PACKED = re.compile(rb"/ObjStm\b.{0,2000}?stream\r?\n", re.DOTALL)  # many objects in one compressed stream
_MOST_UNPACKED, _PIECE = 32 * 1024 * 1024, 16 * 1024
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


class FileError(ValueError):
    """A file that is not taken. Its message is for people and names the file."""


class PictureError(ValueError):
    """Those bytes cannot be opened as a picture."""


class TooManyPixels(PictureError):  # noqa: N818
    """A picture that would fill the memory."""


@dataclass(frozen=True, repr=False)
class CheckedFile:
    """A file that may be kept."""

    name: str
    data: bytes
    content_type: str


class Stored(Protocol):
    """The row of a file that was kept."""

    path: str
    name: str
    content_type: str


class Shelf:
    """Where files are being put; what `keeping` hands out."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.paths: list[str] = []

    def put(self, file: CheckedFile) -> str:
        """Store a checked file under a random name; its path."""
        path = f"{self._folder}/{secrets.token_hex(16)}{CONTENT_TYPES[file.content_type]}"
        self.paths.append(default_storage.save(path, ContentFile(file.data)))
        return self.paths[-1]


@contextmanager
def keeping(folder: str) -> Iterator[Shelf]:
    """Files put on the shelf stay; if the block fails, none does. Write their rows inside it, in one transaction."""
    shelf = Shelf(folder)
    try:
        yield shelf
    except BaseException:
        for path in shelf.paths:
            default_storage.delete(path)
        raise


def check(files: Sequence[UploadedFile], *, at_once: int) -> list[CheckedFile]:
    """The files as they will be kept. Raises FileError at the first that may not, or when they are more than `at_once`."""
    if len(files) > at_once:
        raise FileError(_("Adjunte máximo %(count)s archivos a la vez.") % {"count": at_once})
    return [_checked(file) for file in files]


def hand_out(row: Stored) -> FileResponse:
    """The answer that hands a file out: a picture to look at, a PDF to keep; never run, never cached on the way."""
    try:
        file = default_storage.open(row.path, "rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(
        file,
        as_attachment=row.content_type == "application/pdf",
        filename=row.name,
        content_type=row.content_type,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        },
    )


def _checked(file: UploadedFile) -> CheckedFile:
    name = _name_of(file)
    if isinstance(file, TooBig) or (file.size or 0) > settings.UPLOAD_FILE_BYTES:
        raise FileError(_("«%(name)s» pesa más de %(size)s MB.") % {"name": name, "size": settings.UPLOAD_FILE_BYTES // 1024**2})
    kind = _SUFFIXES.get(PurePath(name).suffix.lower())
    if kind is None:
        raise FileError(_("«%(name)s» no es una foto (JPEG, PNG o WebP) ni un PDF.") % {"name": name})
    file.seek(0)
    data = file.read()
    if kind == "PDF":
        return CheckedFile(name, _document(data, name), "application/pdf")
    return _photo(data, name, kind)


def _document(data: bytes, name: str) -> bytes:
    if not is_pdf(data):
        raise FileError(_("«%(name)s» no es un PDF válido. Ábralo para comprobarlo y guárdelo de nuevo como PDF.") % {"name": name})
    if is_active(data):
        raise FileError(_("«%(name)s» contiene programas u otros archivos adentro. Imprímalo como PDF y adjunte la copia.") % {"name": name})
    return data


def is_pdf(data: bytes) -> bool:
    """Whether those bytes are a whole PDF, from the first byte on: a file that is also something else is not a document."""
    return bool(re.match(rb"%PDF-[12]\.\d", data)) and b"%%EOF" in data[-2048:]


def is_active(data: bytes) -> bool:
    """Whether a PDF would run programs, or carries other files."""
    return any(_RUNS.search(text) or _CARRIES.search(text) for text in _texts(data))


def runs_programs(data: bytes) -> bool:
    """Whether a PDF would run programs. It may carry other files, as official ones do with their XML."""
    return any(_RUNS.search(text) for text in _texts(data))


def _texts(data: bytes) -> Iterator[bytes]:
    """Where a PDF's objects may be written: in the file, and in its compressed streams of objects, names spelt out."""
    yield _ESCAPED.sub(_letter, data)
    left = _MOST_UNPACKED
    for found in _PACKED.finditer(data):
        text = _unpacked(data, found.end(), left)
        yield _ESCAPED.sub(_letter, text)
        left -= len(text)
        if left <= 0:
            yield b"/JavaScript "  # more than anybody looks at: not taken for harmless
            return


def _unpacked(data: bytes, start: int, most: int) -> bytes:
    """What the compressed stream at `start` unpacks to, at most so much of it; what cannot be unpacked says nothing."""
    unpacking, text = zlib.decompressobj(), bytearray()
    with suppress(zlib.error):
        while start < len(data) and not unpacking.eof and len(text) < most:
            text += unpacking.decompress(data[start : start + _PIECE], most - len(text))
            start += _PIECE
    return bytes(text)


def _letter(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])


def _photo(data: bytes, name: str, kind: str) -> CheckedFile:
    try:
        drawn, content_type = redraw(data, kind)
    except TooManyPixels:
        raise FileError(_("«%(name)s» tiene demasiados píxeles. Envíe una versión más pequeña.") % {"name": name}) from None
    except PictureError:
        raise FileError(_("«%(name)s» no se puede abrir como foto. Tómela de nuevo o guárdela como JPEG.") % {"name": name}) from None
    return CheckedFile(PurePath(name).stem + CONTENT_TYPES[content_type], drawn, content_type)


def redraw(data: bytes, kind: str, *, most_pixels: int = _PIXELS) -> tuple[bytes, str]:
    """A picture of that kind (JPEG, PNG, WEBP) drawn again upright, and its content type. Only its pixels are left: what else
    the file said is left behind. Raises TooManyPixels and PictureError."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            if image.width * image.height > most_pixels:
                raise TooManyPixels
            image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))  # a JPEG is decoded at about that size
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            clear = "A" in upright.getbands() or "transparency" in upright.info
            as_png = kind == "PNG" or clear
            drawn = Image.new("RGBA" if clear else "RGB", upright.size)
            drawn.paste(upright.convert(drawn.mode))
            out = io.BytesIO()
            drawn.save(out, "PNG" if as_png else "JPEG", **({} if as_png else {"quality": 85}))
    except Image.DecompressionBombError:
        raise TooManyPixels from None
    except (OSError, ValueError, SyntaxError, MemoryError, OverflowError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError from None
    return out.getvalue(), "image/png" if as_png else "image/jpeg"


def _name_of(file: UploadedFile) -> str:
    path = PurePath(_UNSAFE.sub(" ", clean_name(file.name or "")))
    stem = path.stem.strip(" .")[:80] or "archivo"
    return stem + path.suffix.lower()[:8]
