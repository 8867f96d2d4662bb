"""The pages around everything: an agency's front page, the brand's stylesheet and logo, the legal texts, and the demo's mailbox.

They show nothing of a client. The mailbox shows activation links, so it exists in the demo alone.
"""

from __future__ import annotations

import mimetypes
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from saas import outbox
from saas.accounts import versions
from saas.accounts.doors import everyone
from saas.lib import prose
from saas.lib.languages import in_spanish
from tenants import branding, platform_texts
from tenants.platform_models import TextKind

YEAR_SECONDS = 365 * 24 * 3600
LOGO_TYPES = ("image/png", "image/jpeg", "image/webp")
_LETTER_NAME = re.compile(r"[0-9]+-[0-9a-f]+")


@everyone
@require_safe
def agency_front(request: HttpRequest) -> HttpResponse:
    """An agency's public page, with the way to its *área de clientes*."""
    return render(request, "agency/front.html")


@everyone
@require_safe
def brand_css(request: HttpRequest) -> HttpResponse:
    """The brand's colours. With `?v=` (the brand's version) browsers keep it for a year, without it for a minute."""
    colour = branding.brand(request)["brand_colour"]
    response = HttpResponse(branding.stylesheet(colour), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={YEAR_SECONDS if 'v' in request.GET else 60}"
    return response


@everyone
@require_safe
@cache_control(public=True, max_age=YEAR_SECONDS)
def brand_logo(request: HttpRequest) -> HttpResponseBase:
    """The agency's logo. Only plain pictures: a drawing that can carry scripts is not served."""
    name = branding.brand(request)["agency"].logo
    kind = mimetypes.guess_type(name)[0]
    if kind not in LOGO_TYPES or not default_storage.exists(name):
        raise Http404
    return FileResponse(default_storage.open(name), content_type=kind)


@everyone
@require_safe
@in_spanish()
def terms(request: HttpRequest) -> HttpResponse:
    """*Términos de uso*."""
    return _legal(request, "Términos de uso", TextKind.PORTAL_TERMS if request.agency else TextKind.TERMS)  # type: ignore[attr-defined]


@everyone
@require_safe
@in_spanish()
def privacy(request: HttpRequest) -> HttpResponse:
    """*Tratamiento de datos personales* (Ley 1581 de 2012): the agency's own text where it published one."""
    agency = request.agency  # type: ignore[attr-defined]
    title = "Tratamiento de datos personales"
    own = versions.policy() if agency else None
    if own is None:
        return _legal(request, title, TextKind.PORTAL_PRIVACY if agency else TextKind.PRIVACY)
    text = prose.to_html(own.body, platform_texts.values(agency))
    return render(request, "legal/text.html", {"title": title, "text": text, "version": own.version, "since": own.published_at})


def _legal(request: HttpRequest, title: str, kind: TextKind) -> HttpResponse:
    said = platform_texts.in_force(kind)
    text = prose.to_html(said["body"], platform_texts.values(request.agency))  # type: ignore[attr-defined]
    return render(request, "legal/text.html", {"title": title, "text": text, "version": said["version"], "since": said["since"]})


@everyone
@require_safe
@never_cache
def mailbox(request: HttpRequest) -> HttpResponse:
    """What the demo has mailed, newest first. 404 outside the demo."""
    _only_in_demo()
    letters = [(letter, _sent_at(letter)) for letter in outbox.letters()]
    return render(request, "mailbox.html", {"letters": letters})


@everyone
@require_safe
@never_cache
def mailbox_attachment(request: HttpRequest, name: str, position: int) -> HttpResponse:
    """The attachment at `position` (from 0) of a letter of the demo, as a download. 404 outside the demo."""
    _only_in_demo()
    if not _LETTER_NAME.fullmatch(name):
        raise Http404
    letter = Path(settings.OUTBOX_DIR) / f"{name}.eml"
    if not letter.is_file():
        raise Http404
    parts = list(message_from_bytes(letter.read_bytes(), policy=policy.default).iter_attachments())
    if position >= len(parts):
        raise Http404
    file_name = re.sub(r"[^\w.\- ]", "_", parts[position].get_filename() or "adjunto")
    return HttpResponse(
        parts[position].get_payload(decode=True),
        content_type=parts[position].get_content_type(),
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def _sent_at(letter: outbox.Letter) -> datetime | None:
    try:
        moment = parsedate_to_datetime(letter.date)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # "-0000" is UTC of nobody's place


def _only_in_demo() -> None:
    if not settings.DEMO:
        raise Http404


_shared = [
    path("marca.css", brand_css, name="brand_css"),
    path("terminos/", terms, name="terms"),
    path("datos-personales/", privacy, name="privacy"),
]
agency_urlpatterns = [
    path("", agency_front, name="front"),
    path("logo/", brand_logo, name="brand_logo"),
    *_shared,
]
platform_urlpatterns = [
    *_shared,
    path("correo/", mailbox, name="mailbox"),
    path("correo/<str:name>/<int:position>/", mailbox_attachment, name="mailbox_attachment"),
]
