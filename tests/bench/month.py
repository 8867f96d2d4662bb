"""A month of many leases, generated as its jobs do it: how long the preview and the issuing take."""

from __future__ import annotations

import time
import uuid
from datetime import date
from decimal import Decimal

LEASES = 10_000
PERIOD = date(2026, 12, 1)


def month(count: int = LEASES) -> tuple[float, float, float]:
    """Seconds for the preview, for beginning, and for all batches of a month of `count` leases, in an agency of its own."""
    from django.db import connection

    from clientarea.models import Client, Lease, Ownership, Unit
    from payments.invoicing import numbering, runs
    from payments.invoicing import policy as invoicing_policy
    from payments.models import Invoice, RunKind, Series
    from saas.accounts.models import Role, User
    from saas.lib import clock
    from tenants import context
    from tenants.models import Agency
    from tenants.provisioning import create_agency

    now = clock.now()
    runs.defer = lambda *args, **options: True  # the batches are done here, not by a worker beside us
    agency = create_agency(name="Mes", slug=f"mes-{uuid.uuid4().hex[:6]}", nit="900373913", nit_check="4", email="hola@mes.example", now=now)
    try:
        with context.in_agency(agency):
            staff = User.objects.create_user(username="a@mes.example", role=Role.STAFF, name="A", email="a@mes.example")
            clients = Client.objects.bulk_create(
                Client(document_type="CC", document=str(10_000 + n), name=f"Cliente {n}", folded=f"cliente {n}") for n in range(count // 5)
            )
            units = Unit.objects.bulk_create(Unit(code=f"U-{n}", kind="Local", address=f"Calle {n}", city="Bogotá") for n in range(count))
            Ownership.objects.bulk_create(Ownership(unit=unit, owner=clients[n % len(clients)], share=100) for n, unit in enumerate(units))
            Lease.objects.bulk_create(
                Lease(
                    number=f"C-{n}", unit=unit, renter=clients[-1 - n % len(clients)], rent=Decimal(1_000_000 + n), administration=100_000,
                    starts_on=date(2026, 1, 1), ends_on=date(2027, 12, 31), payment_day=5, use="business" if n % 3 else "housing", commission=8,
                )
                for n, unit in enumerate(units)
            )  # fmt: skip
            numbering.adopt(
                series=Series.RENT, prefix="B", first=1, last=10**6, text="", valid_from=None, valid_until=None, staff=staff, now=now
            )
            policy = {"late_rate": Decimal(2), "late_grace": 0, "iva_rate": Decimal(19), "commission_iva_rate": Decimal(19)}
            invoicing_policy.save(policy, staff=staff, now=now, today=date(2026, 1, 1))
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            today, began = clock.local(now).date(), time.perf_counter()
            runs.preview(RunKind.MONTH, period=PERIOD, issued_on=today)
            seen = time.perf_counter()
            run = runs.begin(RunKind.MONTH, period=PERIOD, issued_on=today, key=uuid.uuid4(), staff=staff, now=now)
            ready = time.perf_counter()
            while runs.run_some(run.pk, now=now):
                pass
            done = time.perf_counter()
            issued = Invoice.objects.filter(run=run).count()
            if issued != count:
                raise AssertionError(f"{issued} of {count} issued")
            return seen - began, ready - seen, done - ready
    finally:
        context.leave()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{agency.schema_name}" CASCADE')
        agency.domains.all().delete()
        Agency.objects.filter(pk=agency.pk).delete()
