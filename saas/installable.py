"""What lets a phone keep an agency's client area as an application: its manifest and its icons, in the agency's brand.

Icons are drawn from the logo, or from the agency's initials on its colour, and kept by the brand's version. There is no service
worker: nothing of a client is ever kept on the phone.
"""

from __future__ import annotations

import io
import logging
from functools import cache as remember
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse
from django.views.decorators.http import require_safe
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from saas.accounts.doors import everyone
from saas.lib.templatetags.colombia import initials
from tenants import branding
from tenants.hosts import agency_of
from tenants.models import Agency

log = logging.getLogger(__name__)
YEAR_SECONDS = 365 * 24 * 3600
# By name: pixels a side, and how much of them the drawing fills. A maskable one is cut to any shape by the phone.
ICONS = {"192": (192, 0.72), "512": (512, 0.72), "maskable": (512, 0.52), "apple": (180, 0.66)}
FONT = "Inter-Bold.ttf"


@everyone
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The manifest of the agency's application. It opens in the client area."""
    brand = branding.brand(request)
    icons = [(name, "maskable" if name == "maskable" else "any") for name in ICONS if name != "apple"]
    content = {
        "id": reverse("home"),
        "name": brand["brand_name"],
        "short_name": brand["brand_name"].removeprefix("Inmobiliaria ")[:20],
        "lang": "es-CO",
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": brand["brand_colour"],
        "icons": [
            {
                "src": f"{reverse('app_icon', args=[name])}?v={brand['brand_version']}",
                "sizes": "{0}x{0}".format(ICONS[name][0]),
                "type": "image/png",
                "purpose": purpose,
            }
            for name, purpose in icons
        ],
    }
    return _kept(request, JsonResponse(content, content_type="application/manifest+json"))


@everyone
@require_safe
def app_icon(request: HttpRequest, name: str) -> HttpResponse:
    """One of the icons, as PNG."""
    if name not in ICONS:
        raise Http404
    agency = agency_of(request)
    key = f"icon:{name}:{branding.brand(request)['brand_version']}"
    return _kept(request, HttpResponse(_remembered(key, agency, name), content_type="image/png"))


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    # As the brand's stylesheet: with its version for a year, without it for a minute.
    response["Cache-Control"] = f"public, max-age={YEAR_SECONDS if 'v' in request.GET else 60}"
    return response


def _remembered(key: str, agency: Agency, name: str) -> bytes:
    try:
        found = cache.get(key)
    except Exception as error:  # Redis away: it is drawn again
        log.warning("icons: %s", type(error).__name__)
        return drawn(agency, name)
    if found is None:
        found = drawn(agency, name)
        cache.set(key, found, 24 * 3600)
    return bytes(found)


def drawn(agency: Agency, name: str) -> bytes:
    """The icon `name` of an agency. Call it inside the agency: the logo is in its folder."""
    side, part = ICONS[name]
    picture = _of_logo(branding.logo_bytes(agency), side, part) or _of_initials(agency, side, part)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _of_logo(logo: bytes | None, side: int, part: float) -> Image.Image | None:
    if logo is None:
        return None
    try:
        drawing = Image.open(io.BytesIO(logo), formats=("PNG", "JPEG", "WEBP")).convert("RGBA")
    except (UnidentifiedImageError, OSError):
        return None
    scale = side * part / max(drawing.size)
    drawing = drawing.resize((max(1, round(drawing.width * scale)), max(1, round(drawing.height * scale))))
    picture = Image.new("RGB", (side, side), "#ffffff")
    picture.paste(drawing, ((side - drawing.width) // 2, (side - drawing.height) // 2), drawing)
    return picture


def _of_initials(agency: Agency, side: int, part: float) -> Image.Image:
    picture = Image.new("RGB", (side, side), agency.colour)
    font: Any = ImageFont.truetype(io.BytesIO(_font()), round(side * part * 0.62))
    middle = (side / 2, side / 2)
    ImageDraw.Draw(picture).text(middle, initials(agency.name), font=font, fill=branding.foreground(agency.colour), anchor="mm")
    return picture


@remember
def _font() -> bytes:
    return (Path(settings.PDF_FONTS_DIR) / FONT).read_bytes()


urlpatterns = [
    path("manifest.webmanifest", manifest, name="manifest"),
    path("icono/<slug:name>.png", app_icon, name="app_icon"),
]
