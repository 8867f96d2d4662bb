"""How the platform is, from what was published: jobs, callbacks, errors of PayU, mails, schemas, and the machines beside us. Asks
PostgreSQL and Redis about themselves; enters an agency only to replay its jobs, when an operator says so.
"""

from __future__ import annotations

import logging
import shutil
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction
from django.db.models import Sum

from saas.jobs.models import Job
from saas.jobs.run import replay as replay_job
from tenants import alarms, context, slow
from tenants.models import Agency, AgencyState
from tenants.platform_models import AgencyFigures, Alarm, Pulse

log = logging.getLogger(__name__)
STALE = timedelta(minutes=15)  # what is counted every five minutes is older: workers or beat are away
WORST = 10
_SUMS = (
    "jobs_waiting", "jobs_late", "jobs_dead", "callbacks_new", "callbacks_hour", "callbacks_settled", "callbacks_ignored", "callbacks_quarantined",
    "gateway_errors",
)  # fmt: skip
REASONS = {
    "signature": "firma que no coincide", "merchant": "otro comercio", "unknown_reference": "referencia desconocida",
    "malformed": "no se entiende", "amount": "otro valor", "test": "de prueba", "state": "estado que no cabe",
}  # fmt: skip


def figures(*, now: datetime) -> dict[str, Any]:
    """Everything that the health page shows."""
    context.leave()
    pulses = list(Pulse.objects.order_by("schema_name"))
    names = {agency.schema_name: agency.name for agency in Agency.objects.all()}
    counted = max((pulse.counted_at for pulse in pulses), default=None)
    sums = {name: sum(getattr(pulse, name) for pulse in pulses) for name in _SUMS}
    heard = sums["callbacks_settled"] + sums["callbacks_ignored"] + sums["callbacks_quarantined"]
    return {
        "counted_at": counted,
        "alive": counted is not None and now - counted < STALE,
        "sums": sums,
        "share": round(sums["callbacks_quarantined"] * 100 / heard) if heard else 0,
        "reasons": _reasons(pulses),
        "kinds": _kinds(pulses, names),
        "gateway": sorted(((names.get(p.schema_name, ""), p.gateway_errors) for p in pulses if p.gateway_errors), key=lambda row: -row[1])[:WORST],
        "mails": AgencyFigures.objects.aggregate(sum=Sum("mails"))["sum"] or 0,
        "behind": list(AgencyFigures.objects.filter(behind__gt=0).select_related("agency").order_by("agency__name")[:WORST]),
        "redis": _redis(),
        "slow": slow.statements(),
        "disk": _disk(),
        "alarms": open_alarms(),
        "closed_alarms": list(Alarm.objects.exclude(closed_at=None).order_by("-closed_at")[:WORST]),
    }


def open_alarms() -> list[Alarm]:
    """The alarms that are not over, the oldest first, each with its title."""
    found = list(Alarm.objects.filter(closed_at=None).order_by("raised_at"))
    for alarm in found:
        alarm.title = alarms.TITLES[alarm.kind]  # type: ignore[attr-defined]
    return found


def public_state(*, now: datetime) -> dict[str, Any]:
    """What anybody may know: whether pages, payments and mails work. No number, no name."""
    context.leave()
    counted = Pulse.objects.order_by("-counted_at").values_list("counted_at", flat=True).first()
    alive = counted is not None and now - counted < STALE
    open_kinds = set(Alarm.objects.filter(closed_at=None, schema_name=context.PUBLIC).values_list("kind", flat=True))
    lagging = Alarm.objects.filter(closed_at=None, kind="lag").count() > 1
    resting = Agency.objects.filter(state=AgencyState.ACTIVE, closed_until__gt=now).count()
    every = Agency.objects.filter(state=AgencyState.ACTIVE).count()
    rows = [
        ("Portales y oficinas", "rest" if every and resting == every else "ok"),
        ("Pagos en línea", "slow" if lagging or not alive else "ok"),
        ("Correos, recibos y demás trabajos", "slow" if not alive or "late" in open_kinds else "ok"),
    ]
    return {"rows": rows, "all_ok": all(how == "ok" for _name, how in rows), "now": now}


def replay(agency: Agency | None, kind: str, *, now: datetime) -> int:
    """Offer the jobs of a kind that were set aside in an agency (None: public) again. Returns how many."""
    context.leave()
    if agency is None:
        return _replay(kind, now=now)
    with context.in_agency(agency):
        return _replay(kind, now=now)


def _replay(kind: str, *, now: datetime) -> int:
    dead = list(Job.objects.filter(kind=kind).exclude(dead_at=None).values_list("pk", flat=True))
    for pk in dead:
        with transaction.atomic():
            replay_job(pk, now=now)
    return len(dead)


def _reasons(pulses: list[Pulse]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for pulse in pulses:
        for reason, count in pulse.reasons.items():
            found[reason] = found.get(reason, 0) + count
    return [(REASONS.get(reason, reason), count) for reason, count in sorted(found.items(), key=lambda pair: -pair[1])]


def _kinds(pulses: list[Pulse], names: dict[str, str]) -> list[dict[str, Any]]:
    rows = [
        {
            "schema": pulse.schema_name, "where": names.get(pulse.schema_name, "Plataforma"), "kind": kind, "due": due, "late": late,
            "dead": dead, "error": error,
        }
        for pulse in pulses
        for kind, due, late, dead, error in pulse.kinds
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-int(str(row["dead"])), -int(str(row["late"]))))[:50]


def _redis() -> bool:
    try:
        caches["hosts"].get("health")
    except Exception as error:
        log.warning("health: redis, %s", type(error).__name__)
        return False
    return True


def _disk() -> dict[str, Any]:
    usage = shutil.disk_usage(settings.STATE_DIR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        database = cursor.fetchone()[0]
    return {"used": round(usage.used * 100 / usage.total), "free": usage.free, "database": database}
