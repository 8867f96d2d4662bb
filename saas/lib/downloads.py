"""Files that a page hands out to be kept: never run in the page, never cached on the way.

Papers are drawn in Spanish, whoever asks. Where one cannot be drawn now, the page it was asked from says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from saas.lib.languages import in_spanish
from saas.lib.pdf import PdfError

HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
PDF = "application/pdf"


def download(data: bytes, name: str, content_type: str) -> HttpResponse:
    """A file that was made just now."""
    disposition = content_disposition_header(True, name) or "attachment"
    return HttpResponse(data, content_type=content_type, headers={"Content-Disposition": disposition, **HEADERS})


def stored_download(file: IO[bytes], name: str, content_type: str) -> FileResponse:
    """A file that was kept, open for reading; it is closed when it was sent."""
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type, headers=HEADERS)


def drawn_download(request: HttpRequest, draw: Callable[[], bytes], name: str, *, back: str) -> HttpResponse:
    """The PDF that `draw` makes for this download alone. On pdf.PdfError, the address `back` with a word about it."""
    try:
        with in_spanish():
            return download(draw(), name, PDF)
    except PdfError:
        messages.error(request, _("No pudimos preparar el PDF en este momento. Intente de nuevo en unos minutos."))
        return redirect(back)
