"""The world that tests happen in: two agencies, *alfa* and *beta*, with a fixed cast of the same ids in both, so that a
leak shows.

Rita rents (IN-1). Oscar owns IN-1. Berta owns IN-2 and rents IN-3, which Oscar owns: she is both. Nadie is a client with
neither. Sara is staff. Everybody's password is PASSWORD.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client as Browser

from clientarea.models import Client, Lease, Ownership, Unit
from payments.accounts import AccountData, save_account
from payments.gateway import Payer
from payments.models import GatewayAccount, Invoice, InvoiceKind
from saas.accounts import consents
from saas.accounts.models import Role, User
from saas.lib.text import fold
from tenants import context
from tenants.models import Agency
from tenants.provisioning import create_agency

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("America/Bogota"))
TODAY = NOW.date()
PASSWORD = "una-clave-larga-1"
# PayU's public sandbox account.
PAYU = AccountData(
    merchant_id="508029", account_id="512321", api_login="pRRXKOl8ikMmt9u", api_key="4Vj8eK4rloUd272L48hsrarnUA", test=False
)  # fmt: skip


@dataclass(frozen=True)
class Cast:
    """Who and what is in one agency. Read them inside it."""

    agency: Agency
    rita: Client
    oscar: Client
    berta: Client
    nadie: Client
    sara: User
    lease: Lease  # Rita rents IN-1 of Oscar
    berta_lease: Lease  # Berta rents IN-3 of Oscar
    account: GatewayAccount
    invoice: Invoice  # Rita's, pending: $ 1.215.000
    overdue: Invoice  # Rita's, of last month, overdue: $ 1.215.000
    berta_invoice: Invoice  # Berta's, pending: $ 2.000.000

    @property
    def payer(self) -> Payer:
        """Rita as payer."""
        return payer_of(self.rita)


@dataclass(frozen=True)
class Casts:
    """The same people twice."""

    alfa: Cast
    beta: Cast


def make_agencies() -> None:
    """alfa and beta, by the way that the product makes agencies; once per test database."""
    for slug, nit, check in (("alfa", "890903938", "8"), ("beta", "860002964", "4")):
        if not Agency.objects.filter(slug=slug).exists():
            create_agency(
                name=f"Inmobiliaria {slug.title()}", slug=slug, nit=nit, nit_check=check, email=f"hola@{slug}.example", now=NOW
            )


def make_client(document: str, name: str, *, with_user: bool = True, **fields: Any) -> Client:
    """A client of the agency that we are inside, able to log in with PASSWORD unless `with_user` is false."""
    email = fields.pop("email", f"{name.split()[0].lower()}@correo.example")
    user = None
    if with_user:
        user = User.objects.create_user(username=document, role=Role.CLIENT, name=name, email=email, password=PASSWORD)
        consents.give(user, ip=None, now=NOW)
    return Client.objects.create(
        document_type="CC", document=document, name=name, email=email, mobile="+573001234567", folded=fold(name), user=user, **fields
    )


def make_lease(number: str, unit: Unit, renter: Client, *, rent: int = 950_000, administration: int = 265_000) -> Lease:
    """A lease of two years for housing with 8 % commission."""
    return Lease.objects.create(
        number=number, unit=unit, renter=renter, rent=rent, administration=administration, starts_on=date(2025, 2, 1),
        ends_on=date(2027, 1, 31), payment_day=5, use="housing", commission=Decimal(8),
    )  # fmt: skip


def make_invoice(lease: Lease, number: int, *, period: date = date(2026, 11, 1), total: Decimal | int | None = None, **fields: Any) -> Invoice:
    """A rent invoice of a lease, due on the ninth of its month."""
    base = Decimal(total) if total is not None else lease.rent
    administration = Decimal(0) if total is not None else lease.administration
    values: dict[str, Any] = {
        "kind": InvoiceKind.RENT, "prefix": "FA", "number": number, "lease": lease, "client": lease.renter, "period": period,
        "issued_on": period, "due_on": period.replace(day=30), "concept": f"Canon de arrendamiento {period:%m/%Y}",
        "base": base, "administration": administration, "total": base + administration,
    }  # fmt: skip
    return Invoice.objects.create(**{**values, **fields})


def payer_of(client: Client) -> Payer:
    """A client as the payer of a form."""
    return Payer(full_name=client.name, email=client.email, phone="3001234567", document_type="CC", document=client.document)


@dataclass(frozen=True)
class _Kept:
    """A cast as it was made first: its objects, the tables that got rows, and the statements that write them again."""

    cast: Cast
    again: str


_kept: dict[str, _Kept] = {}


def make_cast(agency: Agency) -> Cast:
    """The cast of one agency. It is made once in a process; each later test gets the same rows and copies of the objects, in a
    third of the time."""
    with context.in_agency(agency), connection.cursor() as cursor:
        kept = _kept.get(agency.schema_name)
        if kept is None:
            cursor.execute(_restarts(cursor))
            before = _rows(cursor)
            made = people_of(agency)
            kept = _kept[agency.schema_name] = _Kept(cast=deepcopy(made), again=_restarts(cursor) + _inserts(before, _rows(cursor)) + _ahead(cursor))
        else:
            cursor.execute(kept.again)
    return replace(deepcopy(kept.cast), agency=agency)


def people_of(agency: Agency) -> Cast:
    """The cast made beside whatever is in the agency, in which the caller is."""
    rita = make_client("1001", "Rita Arrendataria Ñáñez")
    oscar = make_client("1002", "Óscar Propietario Gómez")
    berta = make_client("1003", "Berta Ambas Peña")
    nadie = make_client("1004", "Nadie Ninguna Ríos")
    sara = User.objects.create_user(
        username=f"sara@{agency.slug}.example", role=Role.STAFF, name="Sara Equipo", email=f"sara@{agency.slug}.example",
        password=PASSWORD,
    )  # fmt: skip
    units = [
        Unit.objects.create(code=f"IN-{n}", kind="Apartamento", address=f"Calle {n} # 10-20", city="Bogotá D.C.")
        for n in (1, 2, 3)
    ]
    for unit, owner in zip(units, (oscar, berta, oscar), strict=True):
        Ownership.objects.create(unit=unit, owner=owner, share=100)
    lease = make_lease("CA-1", units[0], rita)
    berta_lease = make_lease("CA-3", units[2], berta, rent=2_000_000, administration=0)
    return Cast(
        agency=agency, rita=rita, oscar=oscar, berta=berta, nadie=nadie, sara=sara, lease=lease, berta_lease=berta_lease,
        account=save_account(PAYU),
        invoice=make_invoice(lease, 1),
        overdue=make_invoice(lease, 2, period=date(2026, 10, 1), due_on=date(2026, 10, 9)),
        berta_invoice=make_invoice(berta_lease, 3),
    )  # fmt: skip


def _restarts(cursor: Any) -> str:
    """Statements that restart the ids of this agency's tables: sequences do not roll back with the test before, and alfa's and
    beta's people must have the same ids."""
    cursor.execute(
        "SELECT string_agg(format('SELECT setval(%L, 1, false);', pg_get_serial_sequence(quote_ident(table_schema) || '.' || quote_ident(table_name),"
        " column_name)), '') FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'"
    )
    return str(cursor.fetchone()[0])


def _rows(cursor: Any) -> dict[tuple[str, str], list[str]]:
    """Every row of this agency, as JSON, by table and its columns that can be written."""
    cursor.execute(
        "SELECT quote_ident(table_name), string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND is_generated = 'NEVER' GROUP BY 1"
    )
    found = {}
    for table, columns in cursor.fetchall():
        cursor.execute(f"SELECT to_json(t)::text FROM {table} t ORDER BY ctid")
        found[table, columns] = [row[0] for row in cursor.fetchall()]
    return found


def _inserts(before: dict[tuple[str, str], list[str]], after: dict[tuple[str, str], list[str]]) -> str:
    """Statements that write what came after."""
    statements = []
    for (table, columns), rows in after.items():
        there = set(before[table, columns])
        assert there <= set(rows), f"a cast only adds rows, but changed one of {table}"
        new = ",".join(row for row in rows if row not in there).replace("'", "''")
        if new:
            statements.append(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(null::{table}, '[{new}]');")
    return "".join(statements)


def _ahead(cursor: Any) -> str:
    """Statements that put the sequences where they are."""
    cursor.execute("SELECT string_agg(format('SELECT setval(%L, %s);', sequencename, last_value), '') FROM pg_sequences"
                   " WHERE schemaname = current_schema() AND last_value IS NOT NULL")  # fmt: skip
    return str(cursor.fetchone()[0])


def log_in(browser: Browser, agency: Agency | None, user: User) -> None:
    """Give a test client the session of `user`, in the schema of `agency`, without the form."""
    with context.in_agency(agency) if agency else context.in_public():
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        if user.role == Role.CLIENT:
            session[consents.SESSION_KEY] = consents.VERSION
        session.set_expiry(timedelta(hours=1))
        session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
