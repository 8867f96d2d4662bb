"""An agency's schema in one go: ready-made SQL (tenants/sql/agency.sql) instead of some eighty migrations.

The SQL is taken from a freshly migrated schema by `manage.py prepare_agency_ddl`, rows of django_migrations included, so
migrate_schemas finds nothing left to do. It carries the digest of the migrations that it was made from: when they have
changed since, the schema is made by the migrations themselves, slower and never wrong.
"""

from __future__ import annotations

import hashlib
import logging
import re
from functools import cache
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tenants import context

log = logging.getLogger(__name__)
SQL = Path(__file__).parent / "sql" / "agency.sql"
DIGEST_LINE = re.compile(r"-- migrations: ([0-9a-f]{64})\n")
_NAME = re.compile(r"[a-z][a-z0-9_]{2,62}")


class SchemaNameError(ValueError):
    """Not a name that we give to schemas."""


def create_schema(schema_name: str) -> None:
    """Make the schema `schema_name` with all of an agency's tables: one round trip, one transaction.

    Raises SchemaNameError for a name that is not one of ours, ProgrammingError if the schema is there already. The
    thread is left in public.
    """
    checked_name(schema_name)
    context.leave()
    if not is_current():
        log.warning("%s is older than the migrations: run prepare_agency_ddl. Migrating %s instead.", SQL.name, schema_name)
        create_by_migrations(schema_name)
        return
    with connection.cursor() as cursor:
        # Without parameters it goes as one simple query, which PostgreSQL runs as one transaction. Whatever happens,
        # the search path is again what Django believes it to be: a failure takes the SET back with the rest.
        cursor.execute(
            f'CREATE SCHEMA "{schema_name}";\nSET search_path = "{schema_name}";\n{ready_made()}\nSET search_path = public;'
        )


def create_by_migrations(schema_name: str) -> None:
    """Make the schema `schema_name` the slow way, by running every migration in it."""
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{checked_name(schema_name)}"')
    call_command("migrate_schemas", schema_name=schema_name, tenant=True, verbosity=0, interactive=False)


def schema_exists(schema_name: str) -> bool:
    """Whether the database has that schema."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s)", [schema_name])
        return bool(cursor.fetchone()[0])


def checked_name(schema_name: str) -> str:
    """`schema_name`, which is safe between quotes in SQL. Raises SchemaNameError."""
    if not _NAME.fullmatch(schema_name) or schema_name.startswith("pg_") or schema_name == context.PUBLIC:
        raise SchemaNameError(f"not a schema's name: {schema_name[:70]!r}")
    return schema_name


@cache
def is_current() -> bool:
    """Whether the ready-made SQL is there and made from the migrations as they are now."""
    found = DIGEST_LINE.search(ready_made()[:2000]) if SQL.exists() else None
    return found is not None and found[1] == migrations_digest()


@cache
def ready_made() -> str:
    """The SQL that makes an agency's tables in the schema that comes first in the search path."""
    return SQL.read_text(encoding="utf-8")


def migrations_digest() -> str:
    """SHA-256 over the name and the source of every migration that an agency's schema keeps a row of."""
    digest = hashlib.sha256()
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        source = Path(_file_of(type(migration).__module__)).read_bytes()
        digest.update(f"{app}.{name}:{len(source)}\n".encode() + source)
    return digest.hexdigest()


def _file_of(module_name: str) -> str:
    from importlib import import_module

    path = import_module(module_name).__file__
    if path is None:
        raise FileNotFoundError(f"the source of {module_name}")
    return path
