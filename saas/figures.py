"""What an agency publishes of itself to public: counts and sums for the superadmin's list, counted inside it by its own job.

It looks into several apps, so it lives above them. It publishes numbers, dates and texts of ours; never a row, a name or an
amount of one client.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Sum

from clientarea.estate import in_force
from clientarea.models import Client
from payments.models import GatewayAccount, Payment, PaymentState
from saas.accounts.models import Role, User
from saas.jobs.defer import defer, ring
from saas.jobs.models import Job
from saas.lib import clock
from tenants import context, migrating
from tenants.models import Agency
from tenants.platform_models import AgencyFigures
from tenants.replica import reading_reports
from tenants.storage import whole_storage

KIND, KEY = "platform.figures", "round"
EVERY_SECONDS = 3600
IDLE_SECONDS = 6 * 3600


def count(agency: Agency, *, now: datetime) -> dict[str, Any]:
    """The figures of the agency that we are inside."""
    today = clock.local(now).date()
    month = today.replace(day=1)
    began = clock.local(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    collected = Payment.objects.filter(state=PaymentState.APPROVED, paid_on__gte=month).aggregate(sum=Sum("amount"))["sum"]
    version, behind = _schema(agency)
    return {
        "clients": Client.objects.filter(archived_at=None).count(),
        "leases": in_force().count(),
        "collected": collected or Decimal(0),
        "storage_bytes": whole_storage().weight(agency.schema_name),
        "mails": Job.objects.filter(kind__contains="mail", done_at__gte=began).count(),
        "last_activity": _last_activity(),
        "schema_version": version,
        "behind": behind,
        "problems": list(_problems(behind)),
    }


def publish(agency: Agency, *, now: datetime) -> bool:
    """Count, and write it in public. Call it inside the agency. Returns whether anything differs from what was there."""
    with reading_reports():
        figures = count(agency, now=now)
    with context.in_public():
        before = AgencyFigures.objects.filter(agency_id=agency.pk).first()
        AgencyFigures.objects.update_or_create(agency_id=agency.pk, defaults={**figures, "counted_at": now})
    return before is None or any(getattr(before, name) != value for name, value in figures.items())


def arm(agency: Agency, *, now: datetime) -> None:
    """Have an agency's job of figures run, whatever became of the one before. Call it in public."""
    with context.in_agency(agency), transaction.atomic():
        if not defer(KIND, KEY, now=now):
            Job.objects.filter(kind=KIND, key=KEY).update(due_at=now, done_at=None, dead_at=None, attempts=0)
            ring(now)


def _last_activity() -> datetime | None:
    """When someone of the staff or a client last did something that is kept."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(last_seen_at) FROM usersessions_usersession")
        seen = cursor.fetchone()[0]
    paid = Payment.objects.aggregate(last=Max("created_at"))["last"]
    return max((moment for moment in (seen, paid) if moment is not None), default=None)


def _schema(agency: Agency) -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        count = cursor.fetchone()[0]
    return f"{count} migraciones", len(migrating.lacking(agency.schema_name))


def _problems(behind: int) -> list[str]:
    found = []
    if behind:
        found.append(f"Esquema atrasado: faltan {behind} migraciones")
    if not GatewayAccount.objects.filter(active=True).exists():
        found.append("PayU sin configurar")
    if not User.objects.filter(role=Role.STAFF, is_active=True).exists():
        found.append("Sin equipo activo")
    if dead := Job.objects.exclude(dead_at=None).count():
        found.append(f"Trabajos apartados: {dead}")
    return found
