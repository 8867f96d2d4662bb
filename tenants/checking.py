"""Look for what should never be: schemas that drifted from tenants/sql/agency.sql, rows and schemas that lost each other,
foreign keys that leave their schema, secrets that no key opens. Reads; the only thing it makes, and drops, is one schema
to compare with."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from tenants import context, ddl, sealing
from tenants.models import Agency, AgencyState, Signup, SignupState
from tenants.storage import whole_storage

# What a schema is made of, a line each, with its own name taken out: compared as sets.
_LINES = """
    SELECT n.nspname, 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || CASE a.attidentity WHEN '' THEN '' ELSE ' identity' END
        || COALESCE(' default ' || replace(pg_get_expr(d.adbin, d.adrelid), n.nspname || '.', ''), '') AS line
    FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'v', 'm', 'p')
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE n.nspname = ANY(%(schemas)s)
    UNION ALL
    SELECT n.nspname, 'constraint ' || k.relname || '.' || c.conname || ' ' || replace(pg_get_constraintdef(c.oid), n.nspname || '.', '')
        || CASE WHEN c.convalidated THEN '' ELSE ' not valid' END
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace JOIN pg_class k ON k.oid = c.conrelid WHERE n.nspname = ANY(%(schemas)s)
    UNION ALL
    SELECT schemaname, 'index ' || replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = ANY(%(schemas)s)
    UNION ALL
    SELECT n.nspname, 'trigger ' || replace(pg_get_triggerdef(t.oid), n.nspname || '.', '')
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND n.nspname = ANY(%(schemas)s)
    UNION ALL
    SELECT n.nspname, 'function ' || p.proname || ' ' || md5(replace(pg_get_functiondef(p.oid), n.nspname || '.', ''))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(%(schemas)s)
"""
_WALLS = """
    SELECT a.relnamespace::regnamespace::text, c.conname FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid
    JOIN pg_class b ON b.oid = c.confrelid WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace ORDER BY 1, 2
"""
SHOWN = 10  # differences of one schema
CHUNK = 50  # schemas compared at once


@dataclass(frozen=True)
class Problem:
    """Something that should not be. `where` is a schema, a slug or a folder; `what` is for operators."""

    where: str
    what: str


def problems() -> Iterator[Problem]:
    """Everything that was found, the gravest kind first."""
    context.leave()
    agencies = list(Agency.objects.order_by("pk"))
    yield from walls()
    yield from orphans(agencies)
    yield from drift([agency.schema_name for agency in agencies])
    yield from secrets_nobody_opens(agencies)


def walls() -> Iterator[Problem]:
    """Foreign keys from one schema into another."""
    with connection.cursor() as cursor:
        cursor.execute(_WALLS)
        for schema, name in cursor.fetchall():
            yield Problem(schema, f"la llave foránea {name} sale del esquema")


def orphans(agencies: list[Agency]) -> Iterator[Problem]:
    """What lost its other half: agencies, schemas, files, sign-ups, bells."""
    known = {agency.schema_name for agency in agencies}
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(a_|scratch_)'")
        there = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT DISTINCT schema_name FROM tenants_bell")
        rung = {row[0] for row in cursor.fetchall()} - {context.PUBLIC}
    for agency in agencies:
        if agency.schema_name not in there and agency.state != AgencyState.CREATING:
            yield Problem(agency.slug, f"su esquema {agency.schema_name} no existe")
        if not agency.domains.exists():
            yield Problem(agency.slug, "no tiene ningún dominio")
    for schema in sorted(there - known):
        yield Problem(schema, "es un esquema sin inmobiliaria")
    for schema in sorted(rung - known):
        yield Problem(schema, "hay campanas de un esquema sin inmobiliaria")
    for schema in sorted(whole_storage().schemas() - known - {context.PUBLIC}):
        yield Problem(schema, "hay archivos de un esquema sin inmobiliaria")
    for signup in Signup.objects.filter(state=SignupState.READY, agency=None):
        yield Problem(signup.slug, "el registro dice que está lista y no hay inmobiliaria")


def drift(schemas: list[str]) -> Iterator[Problem]:
    """What a schema has or lacks beside a newly made one."""
    model = f"scratch_{secrets.token_hex(8)}"
    try:
        ddl.create_schema(model)
        (wanted,) = _lines([model]).values()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{model}" CASCADE')
    for start in range(0, len(schemas), CHUNK):
        for schema, lines in _lines(schemas[start : start + CHUNK]).items():
            if not lines:
                continue  # no schema: an orphan
            different = [f"le falta: {line}" for line in sorted(wanted - lines)] + [f"le sobra: {line}" for line in sorted(lines - wanted)]
            for what in different[:SHOWN]:
                yield Problem(schema, what)
            if len(different) > SHOWN:
                yield Problem(schema, f"y {len(different) - SHOWN} diferencias más")


def secrets_nobody_opens(agencies: list[Agency]) -> Iterator[Problem]:
    """Encrypted values that none of FIELD_KEYS opens in their place."""
    for agency in agencies:
        if not ddl.schema_exists(agency.schema_name):
            continue
        with context.in_agency(agency):
            count = sealing.unreadable()
        if count:
            yield Problem(agency.slug, f"{count} valores cifrados que ninguna clave abre")


def _lines(schemas: list[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {schema: set() for schema in schemas}
    with connection.cursor() as cursor:
        # PostgreSQL leaves names of the search path unqualified: nothing of theirs may be in it.
        cursor.execute("SELECT set_config('search_path', 'pg_catalog', false)")
        try:
            cursor.execute(_LINES, {"schemas": schemas})
            for schema, line in cursor.fetchall():
                found[schema].add(line.replace(f'"{schema}".', ""))
        finally:
            cursor.execute("SELECT set_config('search_path', 'public', false)")
    return found
