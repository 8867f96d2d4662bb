"""Support visits: an operator looks at an agency's desk, reading only, for a time, with a reason that the agency sees.

The way across hosts is a signed pass that lives for two minutes and is used once; what it opens is a session of the agency's that
holds the visit's id alone. Each request asks again whether the visit goes on: the agency may forbid visits at any moment, the
operator may be put out, and a running one ends with its next request. Every request is written down.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from saas.accounts.models import Role, User
from saas.lib.signing import BadLink, sign, unsign
from tenants import acts, context, hosts
from tenants.models import Agency, AgencyState
from tenants.platform_models import SupportView, SupportVisit

LONGEST = timedelta(hours=2)
PASS_SECONDS = 120
SESSION_KEY = "support_visit"
_PURPOSE = "tenants.visit"


class VisitError(ValueError):
    """The visit cannot begin. The message is for operators."""


def ask(agency: Agency, *, by: Any, reason: str, minutes: int, now: datetime) -> SupportVisit:
    """Keep an operator's wish to visit, for so many minutes from now. Raises VisitError."""
    with transaction.atomic():
        fresh = Agency.objects.select_for_update().get(pk=agency.pk)
        if not fresh.support_allowed:
            raise VisitError(f"{fresh.name} no permite visitas de soporte.")
        if fresh.state not in (AgencyState.ACTIVE, AgencyState.RETIRED):
            raise VisitError(f"{fresh.name} no está abierta.")
        until = now + min(timedelta(minutes=minutes), LONGEST)
        visit = SupportVisit.objects.create(
            agency=fresh, operator_id=by.pk, operator_name=by.name, reason=reason, asked_at=now, until=until
        )
        acts.note("visita de soporte", by=by, reason=reason, now=now, agency=fresh, detail=f"hasta {until:%Y-%m-%d %H:%M} UTC")
    return visit


def make_pass(visit: SupportVisit) -> str:
    """The text that opens a visit on the agency's host, once. Call it inside the agency."""
    return sign({"visit": str(visit.pk)}, purpose=_PURPOSE)


def enter(agency: Agency, text: str, *, now: datetime) -> SupportVisit:
    """Spend a pass at the agency that it is for. Call it inside the agency. Raises BadLink: old, used, another's, forbidden."""
    said = unsign(text, purpose=_PURPOSE, max_age_seconds=PASS_SECONDS)
    try:
        pk = uuid.UUID(str(said.get("visit")))
    except ValueError:
        raise BadLink from None
    with context.in_public():
        visits = _good(agency, pk, now=now)
        if not visits.filter(entered_at=None).update(entered_at=now):
            raise BadLink
        return SupportVisit.objects.get(pk=pk)


def going_on(agency: Agency, visit_id: object, *, now: datetime) -> SupportVisit | None:
    """The visit with that id, if it is this agency's and still goes on. Asked on each request of a visit."""
    try:
        pk = uuid.UUID(str(visit_id))
    except ValueError:
        return None
    with context.in_public():
        return _good(agency, pk, now=now).filter(entered_at__isnull=False).first()


def write_down(visit: SupportVisit, *, method: str, path: str, refused: bool, now: datetime) -> None:
    """Keep that the visitor asked for a page."""
    with context.in_public():
        SupportView.objects.create(visit_id=visit.pk, at=now, method=method[:7], path=path[:200], refused=refused)


def end(visit: SupportVisit, *, by: str, now: datetime) -> None:
    """End a visit."""
    with context.in_public():
        SupportVisit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=now, ended_by=by)


def of_agency(agency: Agency, *, most: int) -> list[SupportVisit]:
    """The last visits to an agency, with their pages, for its own staff."""
    with context.in_public():
        return list(SupportVisit.objects.filter(agency_id=agency.pk).prefetch_related("views").order_by("-asked_at")[:most])


def allow(agency: Agency, *, by: str, now: datetime) -> None:
    """Visits may begin again."""
    _set(agency, True)


def forbid(agency: Agency, *, by: str, now: datetime) -> None:
    """No visit may begin, and those that go on are over."""
    with transaction.atomic():
        _set(agency, False)
        with context.in_public():
            SupportVisit.objects.filter(agency_id=agency.pk, ended_at=None).update(ended_at=now, ended_by=by)


def _good(agency: Agency, pk: uuid.UUID, *, now: datetime) -> QuerySet[SupportVisit]:
    """The visit, if it is this agency's, is allowed, is not over, and its operator still is one. Call it in public."""
    still = User.objects.filter(pk=OuterRef("operator_id"), role=Role.OPERATOR, is_active=True)
    return SupportVisit.objects.filter(
        Exists(still), pk=pk, agency_id=agency.pk, agency__support_allowed=True, ended_at=None, until__gt=now
    )


def _set(agency: Agency, allowed: object) -> None:
    with context.in_public(), transaction.atomic():
        Agency.objects.filter(pk=agency.pk).update(support_allowed=bool(allowed))
        transaction.on_commit(lambda: hosts.forget(agency))
