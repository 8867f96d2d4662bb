"""An agency's brand: its colour with a readable foreground, its stylesheet, and what templates know of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from tenants.models import Agency

PLATFORM_COLOUR = "#1f5fa8"


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2)."""
    parts = [value / 255 for value in _channels(colour)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def foreground(colour: str) -> str:
    """Black or white, whichever reads better on `colour`."""
    return "#ffffff" if contrast(colour, "#ffffff") >= contrast(colour, "#111827") else "#111827"


def readable(colour: str) -> str:
    """`colour` darkened until it can be read as text on white (contrast at least 4.5)."""
    red, green, blue = _channels(colour)
    while contrast(f"#{red:02x}{green:02x}{blue:02x}", "#ffffff") < 4.6:
        red, green, blue = int(red * 0.94), int(green * 0.94), int(blue * 0.94)
    return f"#{red:02x}{green:02x}{blue:02x}"


def stylesheet(colour: str) -> str:
    """The CSS variables of a brand. Colours are parsed to numbers first, so nothing else can get into the sheet."""
    red, green, blue = _channels(colour)
    text = readable(colour)
    tr, tg, tb = _channels(text)
    clean = f"#{red:02x}{green:02x}{blue:02x}"
    return (
        ":root{"
        f"--tblr-primary:{clean};--tblr-primary-rgb:{red},{green},{blue};--tblr-primary-fg:{foreground(clean)};"
        f"--tblr-link-color:{text};--tblr-link-color-rgb:{tr},{tg},{tb};--tblr-link-hover-color:{text};"
        f"--brand-text:{text};--brand-text-rgb:{tr},{tg},{tb}"
        "}\n"
    )


def origin(agency: Agency) -> str:
    """Scheme, host and port where an agency's people are sent: its own domain, or its subdomain on the platform."""
    port = f":{settings.PLATFORM_PORT}" if settings.PLATFORM_PORT else ""
    host = agency.own_host or f"{agency.slug}.{settings.PLATFORM_HOST}"
    return f"{settings.PLATFORM_SCHEME}://{host}{port}"


def logo_bytes(agency: Agency) -> bytes | None:
    """The agency's logo as it is kept, or None. Call it inside the agency: the file is in its folder."""
    if not agency.logo or not default_storage.exists(agency.logo):
        return None
    with default_storage.open(agency.logo) as file:
        return bytes(file.read())


def mail_sender(agency: Agency) -> dict[str, str]:
    """From whom an agency's mails are, and where an answer goes: the agency's own choice, else its name and its e-mail. The address
    they are sent from is the platform's, whatever is chosen: only that one passes its domain's DMARC."""
    return {"from_name": agency.mail_name or agency.name, "from_address": settings.MAIL_FROM, "reply_to": agency.reply_to or agency.email}


def mail_brand(agency: Agency) -> dict[str, str]:
    """What a mail's templates know of the agency that writes; `brand_logo` is an address, "" without a logo."""
    version = int(agency.branded_at.timestamp())
    logo = origin(agency) + reverse("brand_logo", urlconf=settings.AGENCY_URLCONF) + f"?v={version}" if agency.logo else ""
    return {
        "brand_name": agency.name, "brand_colour": agency.colour, "brand_foreground": foreground(agency.colour), "brand_logo": logo,
        "brand_foot": agency.mail_foot,
    }  # fmt: skip


def brand(request: HttpRequest) -> dict[str, Any]:
    """Template context: the agency (or None on the platform), the brand's name and the version of its stylesheet."""
    agency = getattr(request, "agency", None)
    return {
        "agency": agency,
        "brand_name": agency.name if agency else settings.PLATFORM_NAME,
        "brand_version": int(agency.branded_at.timestamp()) if agency else 1,
        "brand_colour": agency.colour if agency else PLATFORM_COLOUR,
        "platform_name": settings.PLATFORM_NAME,
        "platform_origin": settings.PLATFORM_ORIGIN,
        "demo": settings.DEMO,
    }


def desk_notices(request: HttpRequest) -> dict[str, Any]:
    """Template context of the desk: the platform's announcements, the agency's alarms in words, and the support visit."""
    agency = getattr(request, "agency", None)
    if agency is None:
        return {}
    from tenants import alarms, announcements

    return {
        "visit": getattr(request, "visit", None),
        "announcements": SimpleLazyObject(lambda: announcements.shown(request)),
        "agency_alarms": [alarms.ADVICE[kind] for kind in agency.alarms if kind in alarms.ADVICE],
    }
