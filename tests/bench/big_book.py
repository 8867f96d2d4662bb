"""One agency as big as they come: 5,000 leases, 7,000 clients, 120,000 invoices with their payments, receipts and payouts, 300
cases. Made by the database itself, a statement a table, in seconds.

Every sum is right: what an invoice has covered is what its movements say. Columns that are not named here get the default of
their model, so that a new one needs nothing here. `python -m tests.bench.big_book` makes one in DATABASE_URL, measures every
page of it, and takes it away (`--keep` leaves it, and the next run takes it as it is).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

LEASES, RENTERS, OWNERS, MONTHS, CASES = 5000, 5000, 2000, 12, 300
STAFF, RENTER, OWNER = "jefe@grande.example", "50001001", "10000001"
RENT, COMMISSION, IVA = 1_000_000, 80_000, 15_200
_NAMES = "Ana,José,María,Óscar,Lucía,Andrés,Sofía,Iván,Inés,Raúl,Nubia,Jesús"
_LAST = "Peña,Gómez,Ñáñez,Ríos,Ibáñez,Muñoz,Castaño,Vélez,Ávila,Rojas,Pérez,Quiñones,León"


def make(*, slug: str = "grande", now: datetime, leases: int = LEASES, months: int = MONTHS, cases: int = CASES) -> Any:
    """The agency `slug`, filled. Two invoices a lease and month: the rent, and the commission of it. Returns the agency."""
    from django.db import connection, transaction

    from tenants import context
    from tenants.provisioning import create_agency

    agency = create_agency(name="Inmobiliaria Grande", slug=slug, nit="901000001", nit_check="1", email=f"hola@{slug}.example", now=now)
    with context.in_agency(agency), transaction.atomic():
        with connection.cursor() as cursor:
            # The sums are right by making; checking them one by one is what the database does for those who add a few.
            cursor.execute("ALTER TABLE payments_movement DISABLE TRIGGER movement_sums")
        _estate(leases=leases, now=now)
        _money(leases=leases, months=months, now=now)
        _cases(leases=leases, cases=cases, now=now)
        _people(now=now)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE payments_movement ENABLE TRIGGER movement_sums")
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(quote_ident(table_schema) || '.' || quote_ident(table_name), column_name), 10000000)"
                " FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'"
            )
    with context.in_agency(agency), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in cursor.fetchall():
            cursor.execute(f'ANALYZE "{table}"')
    return agency


def fill(model: Any, source: str, values: Mapping[str, str]) -> None:
    """Insert a row for each of `source` (what follows FROM), its columns by `values` in SQL and the rest by the model's defaults."""
    from django.db import connection

    columns, expressions, parameters = [], [], []
    for field in model._meta.concrete_fields:
        if field.column in values:
            columns.append(field.column)
            expressions.append(values[field.column])
        elif getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
            columns.append(field.column)
            expressions.append("now()")
        elif not field.null:
            columns.append(field.column)
            default = field.get_default()
            expressions.append("%s::jsonb" if isinstance(default, dict | list) else "%s")
            parameters.append(json.dumps(default) if isinstance(default, dict | list) else field.get_db_prep_save(default, connection))
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        # A per cent sign in the expressions is SQL's; those of the parameters are the driver's.
        text = f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {", ".join(expressions)} FROM {source}'
        cursor.execute(text, parameters)


def _estate(*, leases: int, now: datetime) -> None:
    from clientarea.models import Client, Lease, Ownership, Unit
    from saas.lib.text import fold

    first, last = (f"(string_to_array('{names}', ','))" for names in (_NAMES, _LAST))
    folded, surname = (f"(string_to_array('{fold(names)}', ','))" for names in (_NAMES, _LAST))
    who = "{0}[1 + mod(n, 12)] || ' ' || {1}[1 + mod(n, 13)] || ' ' || {1}[1 + mod(n / 13, 13)]"
    for source, base in ((f"generate_series(1, {OWNERS}) n", 10_000_000), (f"generate_series({OWNERS + 1}, {OWNERS + leases}) n", 50_000_000)):
        document = f"({base} + n - {0 if base == 10_000_000 else OWNERS - 1000})::text"
        fill(
            Client, source,
            {
                "id": "n", "document_type": "'CC'", "document": document, "name": who.format(first, last),
                "email": "'persona' || n || '@correo.example'", "mobile": "'+57300' || lpad(n::text, 7, '0')",
                "folded": f"{who.format(folded, surname)} || ' ' || {document}", "city": "'Bogotá D.C.'",
            },
        )  # fmt: skip
    fill(
        Unit, f"generate_series(1, {leases}) n",
        {
            "id": "n", "code": "'IN-' || n", "kind": "'Apartamento'", "address": "'Calle ' || mod(n, 170) || ' # ' || mod(n, 90)",
            "city": "'Bogotá D.C.'", "neighbourhood": "'Chapinero'", "stratum": "1 + mod(n, 6)",
        },
    )  # fmt: skip
    # The first owner has sixty units: the client whose pages are the longest.
    fill(
        Ownership, f"generate_series(1, {leases}) n",
        {"id": "n", "unit_id": "n", "owner_id": f"CASE WHEN n <= 60 THEN 1 ELSE 1 + mod(n, {OWNERS}) END", "share": "100"},
    )  # fmt: skip
    fill(
        Lease, f"generate_series(1, {leases}) n",
        {
            "id": "n", "number": "'CA-' || n", "unit_id": "n", "renter_id": f"{OWNERS} + n", "rent": str(RENT),
            "starts_on": "date '2025-02-01'", "ends_on": "date '2027-01-31' + mod(n, 300)::int", "payment_day": "1 + mod(n, 28)",
            "use": "'housing'", "commission": "8",
        },
    )  # fmt: skip


def _money(*, leases: int, months: int, now: datetime) -> None:
    from payments.models import Counter, Invoice, Movement, Payment, PaymentLine, Payout, Receipt

    first = _month(now.date(), 1 - months)
    each = f"generate_series(0, {months - 1}) m, generate_series(1, {leases}) n"
    month = f"(date '{first}' + make_interval(months => m))::date"
    key = f"m * {leases} + n"
    # All is paid but the month that runs and, of the months before, one rent in fifty.
    paid = f"m < {months - 1} AND mod(n + m, 50) <> 0"
    owner = f"(CASE WHEN n <= 60 THEN 1 ELSE 1 + mod(n, {OWNERS}) END)"
    total = months * leases
    common = {"lease_id": "n", "period": month, "issued_on": month}
    fill(
        Invoice, each,
        {
            **common, "id": key, "kind": "'rent'", "prefix": "'FA'", "number": key, "client_id": f"{OWNERS} + n",
            "due_on": f"{month} + 9", "concept": "'Canon de arrendamiento'", "base": str(RENT), "total": str(RENT),
            "applied": f"CASE WHEN {paid} THEN {RENT} ELSE 0 END",
        },
    )  # fmt: skip
    fill(
        Invoice, each,
        {
            **common, "id": f"{total} + {key}", "kind": "'commission'", "prefix": "'FC'", "number": key, "client_id": owner,
            "due_on": f"{month} + 10", "concept": "'Comisión de administración'", "base": str(COMMISSION), "iva": str(IVA),
            "total": str(COMMISSION + IVA), "applied": f"CASE WHEN {paid} THEN {COMMISSION + IVA} ELSE 0 END",
        },
    )  # fmt: skip
    settled = f"{each} WHERE {paid}"
    on = f"({month} + mod(n, 9)::int)"
    at = f"({on} + time '15:00') AT TIME ZONE 'UTC'"
    fill(
        Payment, settled,
        {
            "id": key, "client_id": f"{OWNERS} + n", "source": "'imported'", "state": "'approved'", "amount": str(RENT),
            "means": "(array['PSE','Efectivo','Transferencia'])[1 + mod(n, 3)]", "paid_on": on, "settled_at": at, "created_at": at,
        },
    )  # fmt: skip
    fill(PaymentLine, settled, {"id": key, "payment_id": key, "invoice_id": key, "amount": str(RENT)})
    fill(
        Movement, settled,
        {"id": key, "kind": "'applied'", "client_id": f"{OWNERS} + n", "payment_id": key, "invoice_id": key, "amount": str(RENT), "on": on},
    )  # fmt: skip
    fill(
        Movement, settled,
        {
            "id": f"{total} + {key}", "kind": "'deducted'", "client_id": owner, "invoice_id": f"{total} + {key}",
            "amount": str(COMMISSION + IVA), "on": on,
        },
    )  # fmt: skip
    content = (
        "jsonb_build_object('client', 'Cliente', 'client_document', 'CC', 'payer', 'Cliente', 'payer_document', '', 'paid_on', "
        f"{on}::text, 'means', 'PSE', 'reference', '', 'cus', '', 'authorisation', '', 'test', false, 'lines', "
        f"jsonb_build_array(jsonb_build_array('FA-' || ({key}), 'Canon', '{RENT}.00')), 'credit', '0.00')"
    )
    fill(
        Receipt, settled,
        {
            "id": key, "prefix": "'CP'", "number": key, "payment_id": key, "client_id": f"{OWNERS} + n", "amount": str(RENT),
            "issued_at": at, "code": f"'G' || lpad(({key})::text, 10, '0')", "content": content,
        },
    )  # fmt: skip
    fill(
        Payout, settled,
        {
            "id": key, "prefix": "'CE'", "number": key, "owner_id": owner, "lease_id": "n", "period": month, "paid_on": f"{month} + 15",
            "collected": str(RENT), "commission": str(COMMISSION), "commission_iva": str(IVA), "withholdings": "0", "other": "0",
            "net": str(RENT - COMMISSION - IVA), "bank": "'Bancolombia'", "account": "'****1234'",
        },
    )  # fmt: skip
    Counter.objects.create(name="receipt", value=total)


def _cases(*, leases: int, cases: int, now: datetime) -> None:
    from pqrs.models import Case

    opened = f"timestamptz '{now.isoformat()}' - make_interval(days => mod(n, 90)::int)"
    fill(
        Case, f"generate_series(1, {cases}) n",
        {
            "id": "n", "number": "'2026-' || lpad(n::text, 6, '0')", "client_id": f"{OWNERS} + n", "kind": "'petition'", "subject": "'general'",
            "state": "(array['pending','in_progress','answered','closed'])[1 + mod(n, 4)]", "description": "'Hay una gotera en la cocina.'",
            "lease_id": "n", "unit_id": "n", "opened_at": opened, "received_on": f"({opened})::date", "due_on": f"({opened})::date + 21",
        },
    )  # fmt: skip


def _people(*, now: datetime) -> None:
    """A dueño of the desk, a renter and the owner of sixty units, who can log in."""
    from clientarea.models import Client
    from saas.accounts import consents
    from saas.accounts.models import Role, User
    from tests.world import PASSWORD

    User.objects.create_user(username=STAFF, role=Role.STAFF, name="Jefe Grande", email=STAFF, password=PASSWORD)
    for document in (RENTER, OWNER):
        client = Client.objects.get(document=document)
        client.user = User.objects.create_user(username=document, role=Role.CLIENT, name=client.name, email=client.email, password=PASSWORD)
        client.save(update_fields=["user"])
        consents.give(client.user, ip=None, now=now)


def _month(day: date, by: int) -> date:
    month = day.year * 12 + day.month - 1 + by
    return date(month // 12, month % 12 + 1, 1)


def main() -> int:
    """Make one, measure its pages, and take it away."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    from saas.lib import clock
    from tenants import context
    from tenants.models import Agency
    from tests.bench import big_pages

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # nothing is collected here
    agency = Agency.objects.filter(slug="grande").first()
    if agency is None:
        began = time.perf_counter()
        agency = make(now=clock.now())
        print(f"made in {time.perf_counter() - began:.1f} s", flush=True)
    try:
        big_pages.report(agency)
    finally:
        if "--keep" not in sys.argv:
            context.leave()
            with connection.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA "{agency.schema_name}" CASCADE')
            agency.delete(force_drop=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
