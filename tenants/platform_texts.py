"""The platform's own texts: which version is in force, what is shown of it, and which version is asked of an agency's people.

What comes with the program (tenants/texts/<kind>.txt) counts until an operator publishes a version; published ones never change.
Everything is read in public and kept for a short while in the process and in the cache of hosts, under names that carry no
agency but for an agency's own policy, whose name is its schema. From inside an agency only the text itself comes across.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import transaction

from saas.accounts import consents, versions
from saas.accounts.models import Role, TextState
from saas.lib import prose
from saas.lib.here import current_schema
from tenants import acts, context
from tenants.models import Agency
from tenants.platform_models import PlatformText, TextKind

log = logging.getLogger(__name__)
SHIPPED = Path(__file__).parent / "texts"
KEPT_SECONDS = 300
NEAR_SECONDS = 2.0
NEAR: dict[str, tuple[float, Any]] = {}
WORDS = {
    "plataforma": "el nombre de la plataforma", "inmobiliaria": "el nombre de la inmobiliaria", "documento": "su NIT",
    "responsable": "su nombre, NIT, dirección y correo", "correo": "« o un correo a …», si tiene correo",
}  # fmt: skip
OF_AGENCY = (TextKind.PORTAL_TERMS, TextKind.PORTAL_PRIVACY, TextKind.CONSENT)
IN_MAILS = (TextKind.MAIL_CONFIRM, TextKind.MAIL_READY, TextKind.MAIL_REJECTED)


def words_of(kind: str) -> tuple[str, ...]:
    """The `{palabras}` that a text of this kind may use."""
    if kind in OF_AGENCY:
        return tuple(WORDS)
    return ("plataforma", "inmobiliaria") if kind in IN_MAILS else ("plataforma",)


def values(agency: Agency | None) -> dict[str, str]:
    """What the `{palabras}` say, for an agency or for the platform alone."""
    said = {"plataforma": settings.PLATFORM_NAME}
    if agency is None:
        return said
    reach = [part for part in (agency.name, agency.full_document, agency.address, agency.city, agency.email) if part]
    return {
        **said, "inmobiliaria": agency.name, "documento": agency.full_document, "responsable": ", ".join(reach),
        "correo": f" o un correo a {agency.email}" if agency.email else "",
    }  # fmt: skip


@cache
def shipped(kind: str) -> str:
    """The text that comes with the program."""
    return (SHIPPED / f"{kind}.txt").read_text(encoding="utf-8").strip()


def in_force(kind: str) -> dict[str, Any]:
    """What counts now of a kind: `body`, `version` (0: what comes with the program), `since`, and `asked`, the last version that
    must be accepted anew (0: none)."""

    def look_up() -> dict[str, Any]:
        with context.in_public():
            rows = PlatformText.objects.filter(kind=kind)
            last = versions.in_force(rows)
            asked = versions.last_asked(rows) if last else 0
        if last is None:
            return {"body": shipped(kind), "version": 0, "since": None, "asked": 0}
        return {"body": last.body, "version": last.version, "since": last.published_at, "asked": asked}

    found: dict[str, Any] = _kept(f"text:{kind}", look_up)
    return found


def wanted(role: str) -> str:
    """The name of the version that the people of this role, in the agency that we are inside, must have accepted; "" for none."""
    if role == Role.STAFF:
        asked = in_force(TextKind.TERMS)["asked"]
        return f"t{asked}" if asked else ""
    if role != Role.CLIENT:
        return ""
    asked = in_force(TextKind.CONSENT)["asked"]
    own = _kept(f"policy:{current_schema()}", versions.policy_asked)
    return "-".join([f"c{asked}" if asked else consents.VERSION, *([f"p{own}"] if own else [])])


def to_accept(agency: Agency, role: str) -> str:
    """What the people of this role accept, as safe HTML. Call it inside the agency."""
    return prose.to_html(in_force(TextKind.TERMS if role == Role.STAFF else TextKind.CONSENT)["body"], values(agency))


def publish(draft: PlatformText, *, by: Any, reason: str, now: datetime) -> None:
    """Make a draft the version in force of its kind. Call it in public. Raises versions.TextError."""
    with transaction.atomic():
        number = versions.publish(draft, siblings=PlatformText.objects.filter(kind=draft.kind), by=by, now=now)
        acts.note("publicar texto", by=by, reason=reason, now=now, detail=f"{draft.get_kind_display()}, versión {number}")
        transaction.on_commit(lambda: forget(f"text:{draft.kind}"))


def discard(draft: PlatformText, *, by: Any, reason: str, now: datetime) -> None:
    """Throw a draft away. Call it in public."""
    PlatformText.objects.filter(pk=draft.pk, state=TextState.DRAFT).delete()
    acts.note("descartar borrador", by=by, reason=reason, now=now, detail=draft.get_kind_display())


def publish_policy(*, by: Any, now: datetime) -> int:
    """Publish the agency's own policy, from inside it. Raises versions.TextError."""
    with transaction.atomic():
        number = versions.publish_policy(by=by, now=now)
        name = f"policy:{current_schema()}"
        transaction.on_commit(lambda: forget(name))
    return number


def mail_words(kind: str, *, agency_name: str) -> list[str]:
    """The paragraphs of a mail of the platform, filled in."""
    said = {"plataforma": settings.PLATFORM_NAME, "inmobiliaria": agency_name}
    return [" ".join(prose.fill(part, said).split()) for part in in_force(kind)["body"].replace("\r\n", "\n").split("\n\n") if part.strip()]


def forget(name: str) -> None:
    """Drop what is kept under a name, here and in the cache. Call it after the commit."""
    NEAR.pop(name, None)
    with _away_is_fine():
        caches["hosts"].delete(name)


@contextmanager
def _away_is_fine() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Redis away: the database knows, and entries end by themselves
        log.warning("cache of texts: %s", type(error).__name__)


def _kept(name: str, look_up: Callable[[], Any]) -> Any:
    near = NEAR.get(name)
    if near is not None and near[0] > time.monotonic():
        return near[1]
    found = None
    with _away_is_fine():
        found = caches["hosts"].get(name)
    if found is None:
        found = look_up()
        with _away_is_fine():
            caches["hosts"].set(name, found, KEPT_SECONDS)
    if len(NEAR) > 1_000:
        NEAR.clear()
    NEAR[name] = (time.monotonic() + NEAR_SECONDS, found)
    return found
