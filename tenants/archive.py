"""One agency in one file, and back: its tables, its rows, its files, and its row in public.

An export is taken in one snapshot while the agency works. What must not travel does not: sessions, the callback key,
the schema's name as an address. Encrypted columns travel encrypted. A restored agency gets a schema, a key and a
subdomain of its own and is suspended until an operator opens it; no other agency is touched. Every member's SHA-256 is
in the manifest and is checked before anything is written. The structure in an archive is run as SQL: restore only what
this platform exported.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from tenants import context, ddl, dump, hosts, migrating, sealing
from tenants.models import Agency, AgencyState, Domain, new_schema_name
from tenants.slugs import check_slug
from tenants.storage import whole_storage

FORMAT = 1
MANIFEST = "manifest.json"
NO_ROWS = ("django_session", "usersessions_usersession")  # whoever had them could pass for the person
# Of the agency's row: given anew to a restored one.
NOT_TRAVELLING = (
    "id", "schema_name", "key", "slug", "state", "previous_key", "previous_key_until", "delete_after", "own_host", "closed_until",
    "closed_text", "notices", "alarms", "reply_wish",
)  # fmt: skip
_TABLE = re.compile(r"[a-z_][a-z0-9_]*")
_CHUNK = 1024 * 1024


class ArchiveError(RuntimeError):
    """The archive cannot be made or used. Says why, for operators."""


@dataclass(frozen=True)
class Restored:
    """What came of restoring."""

    agency: Agency
    rows: int
    files: int
    sealed: int
    held_jobs: int
    domains: tuple[str, ...]  # of the exported one: they stay with it


def export(agency: Agency, target: Path, *, now: datetime, tell: Callable[[str], object] = lambda step: None) -> dict[str, Any]:
    """Write the agency to `target` (.tar.gz), whole or not at all; `tell` hears how far it is. Returns the manifest. Raises
    ArchiveError, DumpError."""
    context.leave()
    tell("1 de 3: tablas y filas")
    # Beside the archive: a container's /tmp is memory.
    with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as name:
        folder = Path(name)
        rows = _write_schema(agency.schema_name, folder)
        _write_json(folder / "agency.json", _travelling(agency))
        tell("2 de 3: archivos")
        whole_storage().copy_out(agency.schema_name, folder / "files")
        members = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}
        manifest = {
            "format": FORMAT, "agency": agency.slug, "schema": agency.schema_name, "exported_at": now.isoformat(),
            "rows": rows, "members": {name: {"sha256": _sha256(path), "bytes": path.stat().st_size} for name, path in members.items()},
        }  # fmt: skip
        _write_json(folder / MANIFEST, manifest)
        tell("3 de 3: empaquetar")
        unfinished = target.with_name(f".{target.name}.tmp")
        unfinished.touch(mode=0o600)
        with tarfile.open(unfinished, "w:gz", compresslevel=6) as tar:
            for name in (MANIFEST, *members):
                tar.add(folder / name, arcname=name, recursive=False, filter=_anonymous)
        unfinished.rename(target)
    return manifest


def restore(source: Path, *, slug: str, resume: str) -> Restored:
    """Make a new agency at the subdomain `slug` from the archive. `resume` is "hold", which sets its waiting jobs aside so
    that a copy mails nobody, or "run", for one that takes the place of a lost agency. Raises ArchiveError, SlugError."""
    context.leave()
    slug = check_slug(slug)
    with tempfile.TemporaryDirectory(prefix="restore-") as name:
        folder = Path(name)
        manifest = _unpacked(source, folder)
        said = json.loads((folder / "agency.json").read_text(encoding="utf-8"))
        agency = _agency_from(said, slug)
        try:
            if (folder / "files").is_dir():
                whole_storage().copy_in(folder / "files", agency.schema_name)
            with transaction.atomic():
                held, sealed = _bring_in(agency, folder, manifest, resume)
        except BaseException:
            context.leave()
            whole_storage().drop(agency.schema_name)
            raise
    outcome = migrating.migrate_one(agency, migrating.Plans())
    if outcome.error:
        raise ArchiveError(f"{slug} was restored, and its migrations failed: {outcome.error}. Run migrate_agencies.")
    hosts.forget(agency)
    files = sum(name.startswith("files/") for name in manifest["members"])
    return Restored(agency, sum(manifest["rows"].values()), files, sealed, held, tuple(said["domains"]))


def _bring_in(agency: Agency, folder: Path, manifest: dict[str, Any], resume: str) -> tuple[int, int]:
    schema = agency.schema_name
    agency.save()
    Domain.objects.create(domain=f"{agency.slug}.{settings.PLATFORM_HOST}", tenant=agency, is_primary=True)
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{ddl.checked_name(schema)}"')
        cursor.execute(f'SET LOCAL search_path = "{schema}"')
        cursor.execute((folder / "tables.sql").read_text(encoding="utf-8"))
        for table, columns in json.loads((folder / "columns.json").read_text(encoding="utf-8")).items():
            _copy_in(cursor, schema, table, columns, folder / "data" / f"{table}.copy")
        for sequence, value in json.loads((folder / "sequences.json").read_text(encoding="utf-8")).items():
            cursor.execute("SELECT setval(format('%%I.%%I', %s::text, %s::text)::regclass, %s)", [schema, sequence, value])
        cursor.execute((folder / "constraints.sql").read_text(encoding="utf-8"))
        cursor.execute("SET LOCAL search_path = public")
        _check_rows(cursor, schema, manifest["rows"])
    with context.in_agency(agency):
        sealed = sealing.move_here(from_schema=manifest["schema"])
    with connection.cursor() as cursor:
        if resume == "run":
            cursor.execute("INSERT INTO public.tenants_bell (schema_name, due_at) VALUES (%s, now())", [schema])
            return 0, sealed
        cursor.execute(
            f'UPDATE "{schema}".jobs_job SET dead_at = now(), last_error = %s WHERE done_at IS NULL AND dead_at IS NULL',  # noqa: S608
            ["held: the agency was restored from an export"],
        )
        return cursor.rowcount, sealed


def _write_schema(schema: str, folder: Path) -> dict[str, int]:
    """Structure, rows and sequences as of one moment. Returns how many rows each table has in the archive."""
    own: Any = connection.copy()  # a transaction of its own, whatever the caller is in the middle of
    rows: dict[str, int] = {}
    columns: dict[str, list[str]] = {}
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            (folder / "tables.sql").write_text(dump.structure(schema, section="pre-data", snapshot=snapshot), encoding="utf-8")
            (folder / "constraints.sql").write_text(dump.structure(schema, section="post-data", snapshot=snapshot), encoding="utf-8")
            (folder / "data").mkdir()
            for table, names in _tables(cursor, schema):
                columns[table] = names
                rows[table] = _copy_out(cursor, schema, table, names, folder / "data" / f"{table}.copy")
            cursor.execute(
                "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = %s AND last_value IS NOT NULL ORDER BY 1", [schema]
            )
            _write_json(folder / "sequences.json", dict(cursor.fetchall()))
    finally:
        own.rollback()
        own.close()
    _write_json(folder / "columns.json", columns)
    return rows


def _tables(cursor: Any, schema: str) -> list[tuple[str, list[str]]]:
    cursor.execute(
        "SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"
        " GROUP BY 1 ORDER BY 1",
        [schema],
    )
    found: list[tuple[str, list[str]]] = cursor.fetchall()
    if not found:
        raise ArchiveError(f"{schema} has no tables")
    return found


def _copy_out(cursor: Any, schema: str, table: str, columns: list[str], target: Path) -> int:
    if table in NO_ROWS:
        target.touch()
        return 0
    names = ", ".join(f'"{column}"' for column in columns)
    with target.open("wb") as file, cursor.copy(f'COPY "{schema}"."{table}" ({names}) TO STDOUT') as rows:
        for block in rows:
            file.write(block)
    cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}"')  # noqa: S608  (names from the catalog)
    return int(cursor.fetchone()[0])


def _copy_in(cursor: Any, schema: str, table: str, columns: list[str], source: Path) -> None:
    if not all(_TABLE.fullmatch(name) for name in (table, *columns)):
        raise ArchiveError(f"not a table of ours: {table[:70]!r}")
    names = ", ".join(f'"{column}"' for column in columns)
    with source.open("rb") as file, cursor.copy(f'COPY "{schema}"."{table}" ({names}) FROM STDIN') as rows:
        while block := file.read(_CHUNK):
            rows.write(block)


def _check_rows(cursor: Any, schema: str, wanted: dict[str, int]) -> None:
    for table, count in wanted.items():
        cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}"')  # noqa: S608  (made above from checked names)
        if (found := cursor.fetchone()[0]) != count:
            raise ArchiveError(f"{table} has {found} rows where the manifest says {count}")


def _travelling(agency: Agency) -> dict[str, Any]:
    fields = [field for field in agency._meta.concrete_fields if not field.is_relation and field.name not in NOT_TRAVELLING]
    return {
        "fields": {field.name: field.value_from_object(agency) for field in fields},
        "domains": list(agency.domains.order_by("domain").values_list("domain", flat=True)),
    }


def _agency_from(said: dict[str, Any], slug: str) -> Agency:
    agency = Agency(slug=slug, schema_name=new_schema_name(), state=AgencyState.SUSPENDED)
    for field in agency._meta.concrete_fields:
        if field.name in said["fields"] and field.name not in NOT_TRAVELLING and not field.is_relation:
            setattr(agency, field.name, field.to_python(said["fields"][field.name]))
    return agency


def _unpacked(source: Path, folder: Path) -> dict[str, Any]:
    """The manifest, with every member checked against it and written below `folder`. Raises ArchiveError."""
    try:
        with tarfile.open(source, "r:gz") as tar:
            head = tar.next()
            if head is None or head.name != MANIFEST:
                raise ArchiveError("this is not an agency's archive: it does not begin with its manifest")
            manifest: dict[str, Any] = json.loads(_read(tar, head))
            if manifest.get("format") != FORMAT:
                raise ArchiveError(f"format {manifest.get('format')!r} is not one that this code reads")
            left = dict(manifest["members"])
            for member in tar:
                if member.name == MANIFEST:
                    continue
                expected = left.pop(member.name, None)
                if expected is None or not member.isreg() or not _inside(member.name):
                    raise ArchiveError(f"a member that the manifest does not name, or no plain file: {member.name[:120]!r}")
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    for block in _blocks(tar, member):
                        file.write(block)
                if _sha256(path) != expected["sha256"]:
                    raise ArchiveError(f"{member.name} is not what was exported: its SHA-256 differs")
    except (tarfile.TarError, EOFError, OSError, KeyError, ValueError) as error:
        raise ArchiveError(f"the archive cannot be read: {type(error).__name__}") from error
    if left:
        raise ArchiveError(f"missing from the archive: {', '.join(sorted(left)[:5])}")
    return manifest


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return b"".join(_blocks(tar, member))


def _blocks(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    file = tar.extractfile(member)
    while file and (block := file.read(_CHUNK)):
        yield block


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and str(path) == name


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
