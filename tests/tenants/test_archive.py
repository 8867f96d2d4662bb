"""An agency exported and restored: equal row by row and file by file, sealed for its new schema, and nobody else touched."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from payments.accounts import active_account, credentials
from saas.jobs.defer import defer
from saas.jobs.models import Job
from tenants import archive, context, provisioning
from tenants.models import Agency, AgencyState, Bell, Domain
from tests import world
from tests.tenants.catalog import describe

SEALED = ("api_login", "api_key", "previous_api_key", "hmac_secret")


@pytest.fixture
def gone(committed: None) -> Iterator[list[str]]:
    """Agencies by these slugs are taken away afterwards, with their schemas."""
    slugs = ["origen", "copia"]
    yield slugs
    context.leave()
    for agency in Agency.objects.filter(slug__in=slugs):
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{agency.schema_name}" CASCADE')
        Bell.objects.filter(schema_name=agency.schema_name).delete()
        Domain.objects.filter(tenant=agency).delete()
        Agency.objects.filter(pk=agency.pk).delete()


@pytest.fixture
def origin(gone: list[str]) -> Agency:
    """An agency with the whole cast, files, a session and a waiting job, really committed."""
    agency = provisioning.create_agency(
        name="Inmobiliaria Origen", slug="origen", nit="900111222", nit_check="3", email="hola@origen.example", now=world.NOW, colour="#123456"
    )
    cast = world.make_cast(agency)
    with context.in_agency(agency):
        default_storage.save("recibos/uno.pdf", ContentFile(b"%PDF uno"))
        default_storage.save("logo.png", ContentFile(bytes(range(256))))
        with transaction.atomic():
            defer("tests.wait", "1", now=world.NOW, due_at=world.NOW + timedelta(days=3650), client_id=cast.rita.pk)
    from django.test import Client as Browser

    world.log_in(Browser(), agency, cast.sara)
    return agency


def rows(schema: str) -> dict[str, list[str]]:
    """Every row of every table as text, in order, less what differs on purpose."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema])
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT to_jsonb(t) FROM "{schema}"."{table}" t')
            values = [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in cursor.fetchall()]
            for value in values:
                for column in SEALED if table == "payments_gatewayaccount" else ():
                    value[column] = bool(value[column])
                for column in ("dead_at", "last_error") if table == "jobs_job" else ():
                    value[column] = None
            found[table] = sorted(json.dumps(value, sort_keys=True) for value in values)
    return found


def structure(agency: Agency) -> dict[str, Any]:
    return {name: said for name, said in describe(agency.schema_name).items() if not name.startswith("rows of")}


def files(agency: Agency) -> dict[str, bytes]:
    folder = Path(settings.MEDIA_ROOT) / agency.schema_name
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def exported(agency: Agency, folder: Path) -> Path:
    target = folder / "origen.tar.gz"
    call_command("export_agency", agency.slug, str(target), stdout=io.StringIO())
    return target


def test_restored_equals_exported_row_by_row_and_file_by_file(origin: Agency, tmp_path: Path) -> None:
    public = {agency.pk: (agency.slug, agency.key, agency.state) for agency in Agency.objects.all()}
    target = exported(origin, tmp_path)
    out = io.StringIO()
    call_command("restore_agency", str(target), slug="copia", stdout=out)
    copy = Agency.objects.get(slug="copia")
    assert "2 archivos, 2 secretos cifrados de nuevo, 1 trabajos apartados. Queda suspendida" in out.getvalue()
    before, after = rows(origin.schema_name), rows(copy.schema_name)
    assert len(before["django_session"]) == 1
    for table in archive.NO_ROWS:
        before.pop(table)
        assert after.pop(table) == []
    assert after == before
    assert len(after["clientarea_client"]) == 4
    assert structure(copy) == structure(origin)
    assert files(copy) == files(origin) == {"recibos/uno.pdf": b"%PDF uno", "logo.png": bytes(range(256))}
    assert (copy.name, copy.nit, copy.colour, copy.email) == ("Inmobiliaria Origen", "900111222", "#123456", "hola@origen.example")
    assert copy.state == AgencyState.SUSPENDED
    assert copy.key != origin.key
    assert [domain.domain for domain in copy.domains.all()] == ["copia.plataforma.test"]
    assert {agency.pk: (agency.slug, agency.key, agency.state) for agency in Agency.objects.exclude(pk=copy.pk)} == public


def test_secrets_open_in_the_new_schema_and_travel_sealed(origin: Agency, tmp_path: Path) -> None:
    target = exported(origin, tmp_path)
    with tarfile.open(target) as tar:
        inside = b"".join((tar.extractfile(member) or io.BytesIO()).read() for member in tar)
    for private in (world.PAYU.api_key, world.PAYU.api_login, origin.key):
        assert private.encode() not in inside
    done = archive.restore(target, slug="copia", resume="hold")
    for agency in (origin, done.agency):
        with context.in_agency(agency):
            account = active_account()
            assert account is not None
            opened = credentials(account)
            assert (opened.api_key, opened.api_login) == (world.PAYU.api_key, world.PAYU.api_login)


def test_new_rows_of_the_restored_one_get_new_ids(origin: Agency, tmp_path: Path) -> None:
    done = archive.restore(exported(origin, tmp_path), slug="copia", resume="hold")
    with context.in_agency(done.agency):
        assert world.make_client("2001", "Nueva Persona").pk == 5


def test_row_24_waiting_jobs_are_held_in_a_copy_and_go_on_in_a_replacement(origin: Agency, tmp_path: Path) -> None:
    target = exported(origin, tmp_path)
    copy = archive.restore(target, slug="copia", resume="hold").agency
    with context.in_agency(copy):
        assert [job.dead_at is not None for job in Job.objects.all()] == [True]
    assert not Bell.objects.filter(schema_name=copy.schema_name).exists()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{copy.schema_name}" CASCADE')
    Domain.objects.filter(tenant=copy).delete()
    Agency.objects.filter(pk=copy.pk).delete()
    copy = archive.restore(target, slug="copia", resume="run").agency
    with context.in_agency(copy):
        assert [job.dead_at for job in Job.objects.all()] == [None]
    assert Bell.objects.filter(schema_name=copy.schema_name).count() == 1


def test_the_manifest_has_the_hash_of_each_member(origin: Agency, tmp_path: Path) -> None:
    target = exported(origin, tmp_path)
    assert target.stat().st_mode & 0o777 == 0o600
    with tarfile.open(target) as tar:
        members = {member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar}
    manifest = json.loads(members.pop("manifest.json"))
    assert {name: said["sha256"] for name, said in manifest["members"].items()} == {
        name: hashlib.sha256(data).hexdigest() for name, data in members.items()
    }
    assert manifest["rows"]["clientarea_client"] == 4
    assert set(json.loads(members["agency.json"])["fields"]) & {"key", "schema_name", "id"} == set()


def altered(source: Path, name: str, data: bytes | None, *, add: str = "") -> Path:
    """The archive with one member changed (None: left out), or one more under the name `add`."""
    target = source.with_name(f"altered-{uuid.uuid4().hex}.tar.gz")
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            content = (old.extractfile(member) or io.BytesIO()).read()
            if member.name == name:
                if data is None:
                    continue
                content = data
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
        if add:
            extra = tarfile.TarInfo(add)
            extra.size = 1
            new.addfile(extra, io.BytesIO(b"x"))
    return target


def test_an_altered_archive_leaves_nothing_behind(origin: Agency, tmp_path: Path) -> None:
    target = exported(origin, tmp_path)
    folders = sorted(path.name for path in Path(settings.MEDIA_ROOT).iterdir())
    schemas = schema_names()
    for bad, message in (
        (altered(target, "data/clientarea_client.copy", b"1\tX\n"), "its SHA-256 differs"),
        (altered(target, "data/clientarea_client.copy", None), "missing from the archive: data/clientarea_client.copy"),
        (altered(target, "manifest.json", None), "does not begin with its manifest"),
        (altered(target, "", None, add="../../evil"), "does not name"),
        (altered(target, "manifest.json", b'{"format": 9}'), "format 9"),
    ):
        with pytest.raises(archive.ArchiveError, match=message):
            archive.restore(bad, slug="copia", resume="hold")
    garbage = tmp_path / "garbage.tar.gz"
    garbage.write_bytes(b"garbage")
    with pytest.raises(archive.ArchiveError, match="cannot be read"):
        archive.restore(garbage, slug="copia", resume="hold")
    assert not Agency.objects.filter(slug="copia").exists()
    assert schema_names() == schemas
    assert sorted(path.name for path in Path(settings.MEDIA_ROOT).iterdir()) == folders


def schema_names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace ORDER BY 1")
        return [row[0] for row in cursor.fetchall()]


def test_without_the_key_that_sealed_it_nothing_is_restored(origin: Agency, tmp_path: Path, settings: Any) -> None:
    target = exported(origin, tmp_path)
    settings.FIELD_KEYS = [("other", b"another-key-another-key-another-")]
    before = schema_names()
    with pytest.raises(CommandError, match="not in FIELD_KEYS"):
        call_command("restore_agency", str(target), slug="copia")
    assert schema_names() == before
    assert not Agency.objects.filter(slug="copia").exists()


def test_what_is_refused(alfa: Agency, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No hay ninguna"):
        call_command("export_agency", "nadie", str(tmp_path / "x.tar.gz"))
    (tmp_path / "there.tar.gz").touch()
    with pytest.raises(CommandError, match="ya existe"):
        call_command("export_agency", "alfa", str(tmp_path / "there.tar.gz"))
    with pytest.raises(CommandError, match="ya está ocupado"):
        call_command("restore_agency", str(tmp_path / "there.tar.gz"), slug="alfa")
