"""HTML to PDF with WeasyPrint: a template, its context, and the few bytes that it may show.

Promises a tagged (PDF/UA-1), deterministic PDF in Spanish with its own fonts. Fetches nothing: neither network nor files;
a document reaches only the resources handed in with it. WeasyPrint is imported at the first rendering, because its
import is slow and fails on a machine without Pango.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from saas.lib import metrics, progress
from saas.lib.languages import in_spanish

FONTS = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf", "Inter-Bold.ttf")
STYLESHEET = "pdf/base.css"
_IMAGES_KEPT = 64
_STEP = re.compile(r"Step ([0-9])(?:.*Page ([0-9]+))?")  # what WeasyPrint tells: 5 is the layout, page by page; 6 and 7 the file
_RASTERS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
# Pango's font map is shared by all renderings of the process and is not made for two threads at once.
_one_at_a_time = threading.Lock()


class PdfError(Exception):
    """The PDF could not be made: a missing library or font, a refused resource, a broken template."""


@in_spanish()
def render_pdf(
    template: str, context: Mapping[str, Any], *, title: str, resources: Mapping[str, bytes] | None = None
) -> bytes:
    """The PDF of a Django template that extends `pdf/base.html`. `title` is the document's title.

    `resources` are PNG or JPEG images by name; the template finds the address of each in `resource`, for instance
    `<img src="{{ resource.logo }}" alt="…">`. The same input gives the same bytes. Raises PdfError.
    """
    from django.template.loader import render_to_string

    images = {name: _address(data) for name, data in (resources or {}).items()}
    html = render_to_string(template, {**context, "title": title, "resource": images})
    shown = {images[name]: data for name, data in (resources or {}).items()}
    with _one_at_a_time, metrics.PDF_SECONDS.time():
        engine = _engine()
        with _told(), _no_collecting():
            return engine.render(html, shown)


class _Steps(logging.Handler):
    """Says where the rendering is to whoever waits for it (saas/lib/progress.py)."""

    def emit(self, record: logging.LogRecord) -> None:
        said = _STEP.match(record.getMessage())
        if said is not None:
            progress.say("write" if said[1] in "67" else "layout", int(said[2] or 0))


@contextmanager
def _told() -> Iterator[None]:
    """Hear WeasyPrint's own steps while one document is made: of one at a time, no step is another's."""
    logger, steps = logging.getLogger("weasyprint.progress"), _Steps()
    before = (logger.level, logger.propagate)
    logger.propagate = False  # it is for who waits, not for the log
    logger.setLevel(logging.INFO)
    logger.addHandler(steps)
    try:
        yield
    finally:
        logger.removeHandler(steps)
        logger.setLevel(before[0])
        logger.propagate = before[1]


@contextmanager
def _no_collecting() -> Iterator[None]:
    """A document's tree lives until it is written: a collector that looks through it again and again while it grows finds nothing,
    for a sixteenth of a receipt's time. What is left of it goes in the collection after."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@dataclass(frozen=True)
class _Engine:
    """What is dear to make and the same for every document of the process."""

    weasyprint: Any
    fetcher: Any  # makes a URL fetcher that knows only the given resources
    fatal: type[BaseException]
    fonts: Any
    stylesheet: Any
    images: dict[str, Any]

    def render(self, html: str, resources: Mapping[str, bytes]) -> bytes:
        if len(self.images) > _IMAGES_KEPT:
            self.images.clear()
        try:
            document = self.weasyprint.HTML(string=html, base_url="res:", url_fetcher=self.fetcher(resources))
            data: bytes = document.write_pdf(
                font_config=self.fonts,
                stylesheets=[self.stylesheet],
                cache=self.images,
                pdf_variant="pdf/ua-1",
                pdf_identifier=hashlib.md5(html.encode(), usedforsecurity=False).digest(),
            )
        except self.fatal as error:
            raise PdfError(f"the document asks for something that it may not reach: {error.__cause__ or error}") from None
        except Exception as error:
            raise PdfError(f"WeasyPrint failed: {type(error).__name__}") from error
        return data


@cache
def _engine() -> _Engine:
    from django.conf import settings
    from django.template.loader import render_to_string

    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
    except OSError as error:
        raise PdfError("WeasyPrint does not find Pango: install libpango-1.0-0 and libpangoft2-1.0-0") from error

    class Fetcher(URLFetcher):
        """Hands out what is in memory; everything else stops the rendering."""

        def __init__(self, resources: Mapping[str, bytes]) -> None:
            super().__init__(allowed_protocols=(), allow_redirects=False)
            self.resources = resources

        def fetch(self, url: str, headers: Any = None) -> Any:
            data = self.resources.get(url)
            if data is None:
                raise FatalURLFetchingError(f"refused {url[:60]}")
            return URLFetcherResponse(url, data, {"Content-Type": _content_type(data)})

    folder = Path(settings.PDF_FONTS_DIR)
    try:
        files = {f"res:{name}": (folder / name).read_bytes() for name in FONTS}
    except OSError as error:
        raise PdfError(f"the fonts of the documents are not in PDF_FONTS_DIR ({Path(error.filename).name})") from None
    try:
        fonts = FontConfiguration()
        stylesheet = weasyprint.CSS(
            string=render_to_string(STYLESHEET), base_url="res:", url_fetcher=Fetcher(files), font_config=fonts
        )
    except OSError as error:  # Pango reads the fonts from files, which go to the folder for temporary ones
        raise PdfError("there is no room for the fonts in the folder for temporary files") from error
    # What was just loaded stays for good. Without it the collector looks through all of it in each rendering: a sixth of the time.
    gc.freeze()
    return _Engine(weasyprint, Fetcher, FatalURLFetchingError, fonts, stylesheet, {})


def _address(image: bytes) -> str:
    # By content: the cache of images is shared by all agencies, and a changed logo must not show the old one.
    if _content_type(image) not in _RASTERS.values():
        raise PdfError("an image in a document must be PNG or JPEG")
    return f"res:{hashlib.sha256(image).hexdigest()}"


def _content_type(data: bytes) -> str:
    for start, name in _RASTERS.items():
        if data.startswith(start):
            return name
    return "application/octet-stream"
