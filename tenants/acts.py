"""What operators did, and why: written in the transaction of the act, read in the superadmin. Append-only; holds no client's data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tenants.models import Agency
from tenants.platform_models import OperatorAct

SYSTEM = "Sistema"


def note(act: str, *, by: Any, reason: str, now: datetime, agency: Agency | None = None, detail: str = "") -> OperatorAct:
    """Keep that the operator `by` (None: the system) did `act`. Call it in public."""
    return OperatorAct.objects.create(
        at=now, operator_id=by.pk if by else None, operator_name=by.name if by else SYSTEM, act=act, reason=reason, detail=detail,
        agency_id=agency.pk if agency else None, agency_slug=agency.slug if agency else "",
    )  # fmt: skip
