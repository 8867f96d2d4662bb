"""What an agency's plan lets it have: clients, leases, storage, mails. Counted where it is asked; no limit is None.

Only what staff adds is refused. Money never is: receipts, callbacks and their mails go on whatever the plan says.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from tenants import context
from tenants.models import Agency, Plan
from tenants.platform_models import AgencyFigures

MB = 1024 * 1024
# What each plan proposes: clients, leases, MB, mails a month.
PROPOSED: dict[str, tuple[int | None, int | None, int | None, int | None]] = {
    Plan.FREE: (None, None, None, None),
    Plan.SMALL: (200, 150, 2_000, 3_000),
    Plan.MEDIUM: (1_000, 800, 10_000, 15_000),
    Plan.LARGE: (5_000, 4_000, 50_000, 75_000),
}
WORDS = {
    "clients": _("Su plan permite hasta %(most)s clientes activos y ya hay %(there)s. Archive los que no use o pida un plan mayor."),
    "leases": _("Su plan permite hasta %(most)s contratos vigentes y ya hay %(there)s. Termine los que no use o pida un plan mayor."),
    "storage": _("Su plan permite hasta %(most)s MB de archivos y ya hay %(there)s. Pida un plan mayor para subir más."),
    "mails": _("Su plan permite hasta %(most)s correos al mes y ya se enviaron %(there)s. Espere al mes siguiente o pida un plan mayor."),
}


class LimitReached(PermissionDenied):
    """The plan allows no more. Its message is for people."""

    title = _("Llegó al límite de su plan")


def of_plan(plan: str) -> dict[str, int | None]:
    """The limits that a plan proposes, by the agency's fields."""
    return dict(zip(("max_clients", "max_leases", "max_storage_mb", "max_mails"), PROPOSED[plan], strict=True))


def check(what: str, *, there: Callable[[], int], more: int = 1) -> None:
    """Let `more` of `what` ("clients", "leases") be added to those of the current agency, counted by `there` where the plan has a
    limit. Raises LimitReached."""
    agency = context.current_agency()
    most: int | None = {"clients": agency.max_clients, "leases": agency.max_leases}[what]
    if most is not None:
        _refuse(what, most, there(), more)


def check_storage(more_bytes: int) -> None:
    """Let a file of staff's be kept, going by what was last published. Raises LimitReached."""
    agency = context.current_agency()
    if agency.max_storage_mb is not None:
        _refuse("storage", agency.max_storage_mb, _published(agency, "storage_bytes") // MB, -(-more_bytes // MB))


def check_mails(more: int) -> None:
    """Let a round of mails begin, going by what was last published. Raises LimitReached."""
    agency = context.current_agency()
    if agency.max_mails is not None:
        _refuse("mails", agency.max_mails, _published(agency, "mails"), more)


def _published(agency: Agency, field: str) -> int:
    with context.in_public():
        found = AgencyFigures.objects.filter(agency_id=agency.pk).values_list(field, flat=True).first()
    return int(found or 0)


def _refuse(what: str, most: int | None, there: int, more: int) -> None:
    if most is not None and there + more > most:
        raise LimitReached(WORDS[what] % {"most": f"{most:,}".replace(",", "."), "there": f"{there:,}".replace(",", ".")})
