"""The one way that papers are made: a template of `saas/templates/pdf/` in the brand of the agency that issues it.

Each paper is a data class somewhere above, and one function from it to the bytes of its PDF, which ends here.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from saas.lib import pdf, phones
from tenants import branding
from tenants.branding import PLATFORM_COLOUR, foreground, readable
from tenants.models import Agency

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LOGO_BOX = (640, 240)  # pixels: 300 dpi at the size that a document shows


@dataclass(frozen=True)
class Issuer:
    """The agency, as its papers show it. `nit` comes written out (`NIT 890.903.938-8`); `logo` is a PNG or JPEG."""

    name: str
    nit: str
    address: str
    phone: str
    email: str
    colour: str
    logo: bytes | None = None


def issuer(agency: Agency) -> Issuer:
    """The agency as documents show it. Call it inside the agency: its logo is a file of its own."""
    return Issuer(
        name=agency.name,
        nit=agency.full_document,
        address=", ".join(part for part in (agency.address, agency.city) if part),
        phone=phones.pretty(agency.phone) if agency.phone else "",
        email=agency.email,
        colour=agency.colour,
        logo=branding.logo_bytes(agency),
    )


def render(template: str, issuer: Issuer, *, title: str, context: dict[str, Any]) -> bytes:
    """A paper in the brand of its issuer: its template gets `context` and the brand. Raises pdf.PdfError."""
    colour = issuer.colour if _COLOUR.fullmatch(issuer.colour) else PLATFORM_COLOUR
    logo = _small_logo(issuer.logo) if issuer.logo else None
    brand = {
        "issuer": issuer,
        "contact": [part for part in (issuer.nit, issuer.address, issuer.phone, issuer.email) if part],
        "colour": colour,
        "colour_text": readable(colour),
        "colour_foreground": foreground(colour),
    }
    return pdf.render_pdf(template, {**brand, **context}, title=title, resources={"logo": logo} if logo else {})


@lru_cache(maxsize=64)
def _small_logo(data: bytes) -> bytes | None:
    """A logo as a small PNG, or None for what is not an image: a paper without a logo is better than no paper."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            image.thumbnail(_LOGO_BOX)
            small = io.BytesIO()
            image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB").save(small, "PNG")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return small.getvalue()


@lru_cache(maxsize=256)
def qr_svg(text: str) -> str:
    """The QR code of a text as an inline SVG."""
    import segno
    from django.utils.safestring import mark_safe

    code = segno.make(text, error="m", micro=False)
    return mark_safe(code.svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None))  # noqa: S308  (segno's own)
