"""What an agency may change of itself: name, how to reach it, words of welcome, colour and logo.

The row lives in public and the logo in the agency's own folder; both are written from inside the agency. Promises that
pictures are made anew (nothing but the pixels is kept), that nobody overwrites what they did not see, and that what is cached
of the agency is forgotten after the commit. Never touches its NIT, slug, key or state.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from saas.audit.changes import Author, record
from saas.lib import seen
from tenants import context, hosts, limits
from tenants.models import Agency

SUBJECT = "agency"
FIELDS = ("name", "email", "phone", "address", "city", "welcome", "colour")
LOGO_BYTES = 2 * 1024 * 1024
LOGO_SIDE = 4000  # pixels of what is uploaded
LOGO_BOX = (960, 360)  # pixels of what is kept
LOGO_FORMATS = ("PNG", "JPEG", "WEBP")


class LogoError(ValueError):
    """The file is no picture that can be a logo. Its message is for people and says what to do."""


def values_of(agency: Agency) -> dict[str, Any]:
    """What the agency may change of itself, but the logo."""
    return {field: getattr(agency, field) for field in FIELDS}


def fresh(agency: Agency) -> Agency:
    """The agency's row as it is now: the one at hand may come from the cache of hosts."""
    with context.in_public():
        return Agency.objects.get(pk=agency.pk)


def change(agency: Agency, values: Mapping[str, Any], *, mark: str, by: Author, now: datetime) -> None:
    """Give the agency those checked values (FIELDS), with their history; `mark` is what was seen of it. Raises StaleError."""
    with transaction.atomic():
        with context.in_public():
            locked = Agency.objects.select_for_update().get(pk=agency.pk)
            seen.check(values_of(locked), mark)
            Agency.objects.filter(pk=agency.pk).update(**{field: values[field] for field in FIELDS}, branded_at=now)
            transaction.on_commit(lambda: hosts.forget(agency))
        record(SUBJECT, agency.pk, before=values_of(locked), after={field: values[field] for field in FIELDS}, by=by, now=now)


def set_logo(agency: Agency, upload: IO[bytes], *, by: Author, now: datetime) -> None:
    """Make the picture in `upload` the agency's logo. Call it inside the agency. Raises LogoError."""
    data = clean_logo(upload.read(LOGO_BYTES + 1))
    try:
        limits.check_storage(len(data))
    except limits.LimitReached as error:
        raise LogoError(str(error)) from error
    name = default_storage.save(f"marca/logo-{hashlib.sha256(data).hexdigest()[:16]}.png", ContentFile(data))
    _put_logo(agency, name, by=by, now=now)


def remove_logo(agency: Agency, *, by: Author, now: datetime) -> None:
    """The agency without a logo. Call it inside the agency."""
    _put_logo(agency, "", by=by, now=now)


def clean_logo(data: bytes) -> bytes:
    """A PNG of a bounded size made from the pixels of a PNG, JPEG or WebP. Raises LogoError."""
    from PIL import Image, ImageOps

    if len(data) > LOGO_BYTES:
        raise LogoError(_("El archivo pesa más de 2 MB. Redúzcalo y vuelva a subirlo."))
    try:
        with Image.open(io.BytesIO(data), formats=LOGO_FORMATS) as image:
            # The size is in the header: a bomb is refused before a pixel of it is read.
            if max(image.size) > LOGO_SIDE:
                raise LogoError(_("La imagen es demasiado grande: use una de hasta 4.000 píxeles de lado."))
            picture = ImageOps.exif_transpose(image).convert("RGBA")
    except LogoError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise LogoError(_("No es una imagen PNG, JPEG o WebP. Suba el logo en uno de esos formatos.")) from error
    picture.thumbnail(LOGO_BOX)
    kept = io.BytesIO()
    picture.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _put_logo(agency: Agency, name: str, *, by: Author, now: datetime) -> None:
    with transaction.atomic():
        with context.in_public():
            before = Agency.objects.select_for_update().get(pk=agency.pk).logo
            Agency.objects.filter(pk=agency.pk).update(logo=name, branded_at=now)
        record(SUBJECT, agency.pk, before={"logo": before}, after={"logo": name}, by=by, now=now)
        transaction.on_commit(lambda: hosts.forget(agency))
        if before and before != name:
            transaction.on_commit(lambda: default_storage.delete(before))
