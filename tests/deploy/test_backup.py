"""The nightly backup and the restore, as the scripts do them: every agency exported and encrypted, one lost, one restored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from saas.lib import clock
from tenants import context, provisioning
from tenants.models import Agency, Bell, Domain
from tests import world
from tests.deploy.server import ROOT, production_environment
from tests.tenants.test_archive import rows

SLUGS = ["noche", "noche-de-vuelta"]


@pytest.fixture
def agency(committed: None) -> Iterator[Agency]:
    made = provisioning.create_agency(
        name="Inmobiliaria Noche", slug="noche", nit="900111333", nit_check="1", email="hola@noche.example", now=world.NOW
    )
    world.make_cast(made)
    yield made
    context.leave()
    for one in Agency.objects.filter(slug__in=SLUGS):
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{one.schema_name}" CASCADE')
        Bell.objects.filter(schema_name=one.schema_name).delete()
        Domain.objects.filter(tenant=one).delete()
        Agency.objects.filter(pk=one.pk).delete()


def run(env: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_drill_back_up_lose_restore_compare(agency: Agency, tmp_path: Path) -> None:
    env = production_environment(tmp_path / "state")
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    listed = run(env, "python", "manage.py", "list_agencies")
    assert listed.stdout.split() == sorted(Agency.objects.values_list("slug", flat=True))
    if shutil.which("gpg") is None:
        warnings.warn("gpg is not on this machine: the drill of deploy/backup was not made (export and restore were)", stacklevel=1)
        return
    key = tmp_path / "keys"
    key.mkdir(mode=0o700)
    env["GNUPGHOME"] = str(key)
    made = run(env, "gpg", "--batch", "--passphrase", "", "--quick-generate-key", "copias@plataforma.test", "default", "default", "never")
    assert made.returncode == 0, made.stderr
    (tmp_path / "backup.pub.asc").write_text(run(env, "gpg", "--armor", "--export", "copias@plataforma.test").stdout)
    env.update(BACKUP_DIR=str(tmp_path / "backups"), BACKUP_RECIPIENT=str(tmp_path / "backup.pub.asc"))

    night = run(env, "bash", "deploy/backup/agencies.sh")
    assert night.returncode == 0, night.stderr
    (day,) = (tmp_path / "backups").iterdir()
    assert day.name == f"{clock.now():%Y-%m-%d}"
    assert sorted(path.name for path in day.iterdir()) == [f"{slug}.tar.gz.gpg" for slug in listed.stdout.split()]
    assert all(b"900111333" not in path.read_bytes() and path.stat().st_mode & 0o077 == 0 for path in day.iterdir())

    before = rows(agency.schema_name)
    others = {one.schema_name: rows(one.schema_name) for one in Agency.objects.exclude(pk=agency.pk)}
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{agency.schema_name}" CASCADE')

    back = run(env, "bash", "deploy/backup/restore.sh", str(day / "noche.tar.gz.gpg"), "noche-de-vuelta", "run")
    assert back.returncode == 0, back.stderr
    restored = Agency.objects.get(slug="noche-de-vuelta")
    after = rows(restored.schema_name)
    for table in ("django_session", "usersessions_usersession"):
        assert after.pop(table) == []
        before.pop(table)
    assert after == before
    assert {one.schema_name: rows(one.schema_name) for one in Agency.objects.exclude(slug__in=SLUGS)} == others

    # What fails is said, the rest is backed up, and old nights stay.
    old = tmp_path / "backups" / "2020-01-01"
    old.mkdir()
    os.utime(old, (0, 0))
    broken = run(env, "bash", "deploy/backup/agencies.sh")
    assert broken.returncode == 1
    assert "noche: the backup failed" in broken.stderr
    assert old.is_dir()


def test_restore_says_how_it_is_used(tmp_path: Path) -> None:
    done = run(dict(os.environ), "bash", "deploy/backup/restore.sh")
    assert done.returncode == 2
    assert "restore.sh FILE.tar.gz.gpg SUBDOMAIN [hold|run]" in done.stderr
