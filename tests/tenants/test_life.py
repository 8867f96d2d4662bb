"""in_agency, rotate_keys and check_agencies: each finds what it is for, and says nothing else."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from payments.accounts import active_account, credentials
from payments.models import GatewayAccount
from saas.lib import crypto
from tenants import checking, context
from tenants.models import Agency, Bell, Domain
from tests import world

pytestmark = pytest.mark.django_db
SEALED = f"^{crypto.VERSION}[.][[:alnum:]]+[.][A-Za-z0-9_=-]{{38,}}$"
OTHER = ("k2", b"second-key-second-key-second-key")


@pytest.fixture
def own_files(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MEDIA_ROOT.mkdir()
    yield settings.MEDIA_ROOT
    shutil.rmtree(settings.MEDIA_ROOT)


def said(command: str, *args: str) -> str:
    out = io.StringIO()
    call_command(command, *args, stdout=out, stderr=out)
    return out.getvalue()


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


# in_agency


def test_what_the_shell_sees_is_one_agency(cast: world.Casts, capsys: pytest.CaptureFixture[str]) -> None:
    code = "from saas.accounts.models import User; print(*User.objects.filter(role='staff').values_list('username', flat=True))"
    said("in_agency", "beta", "shell", "-v", "0", "-c", code)
    assert capsys.readouterr().out == "sara@beta.example\n"
    assert connection.schema_name == "public"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("args", "message"), [(("nadie", "check"), "No hay ninguna"), (("alfa", "flush"), "no se puede"), (("alfa", "nothing"), "no se puede")]
)
def test_what_in_agency_refuses(alfa: Agency, args: tuple[str, str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("in_agency", *args)


# rotate_keys


def tokens(agency: Agency) -> dict[str, str]:
    with context.in_agency(agency):
        (row,) = GatewayAccount.objects.values("api_login", "api_key", "previous_api_key", "hmac_secret")
        return {str(name): str(token) for name, token in row.items()}


def test_everything_is_sealed_again_with_the_first_key(cast: world.Casts, settings: Any) -> None:
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = [OTHER, *old]
    before = tokens(cast.alfa.agency)
    assert said("rotate_keys") == "4 valores, 4 cifrados de nuevo, 0 ilegibles\n"
    assert said("rotate_keys") == "4 valores, 0 cifrados de nuevo, 0 ilegibles\n"
    settings.FIELD_KEYS = [OTHER]  # the old one is taken away
    for agency in (cast.alfa.agency, cast.beta.agency):
        with context.in_agency(agency):
            account = active_account()
            assert account is not None
            assert credentials(account).api_key == world.PAYU.api_key
        assert {token.split(".")[1] for token in tokens(agency).values() if token} == {"k2"}
    assert tokens(cast.alfa.agency)["previous_api_key"] == before["previous_api_key"] == ""


def test_a_run_that_was_stopped_goes_on_where_it_was(cast: world.Casts, settings: Any) -> None:
    settings.FIELD_KEYS = [OTHER, *settings.FIELD_KEYS]
    with context.in_agency(cast.alfa.agency):
        from tenants import sealing

        assert sealing.rotate() == sealing.Count(2, 2, 0)
    assert said("rotate_keys") == "4 valores, 2 cifrados de nuevo, 0 ilegibles\n"


def test_what_no_key_opens_is_said_and_left(cast: world.Casts, settings: Any) -> None:
    before = tokens(cast.alfa.agency)
    settings.FIELD_KEYS = [OTHER]
    out = io.StringIO()
    with pytest.raises(CommandError, match="No retire ninguna clave"):
        call_command("rotate_keys", stdout=out, stderr=out)
    assert "alfa: 2 valores que ninguna clave abre\n" in out.getvalue()
    assert world.PAYU.api_key not in out.getvalue()
    assert tokens(cast.alfa.agency) == before


def test_every_column_that_holds_a_sealed_value_was_told_of(cast: world.Casts) -> None:
    """Whatever column of an agency begins like a sealed value is one that rotation finds."""
    with context.in_agency(cast.alfa.agency), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
            " AND data_type IN ('text', 'character varying')"
        )
        holding = set()
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" WHERE "{column}" ~ %s)', [SEALED])
            if cursor.fetchone()[0]:
                holding.add((table, column))
    from django.apps import apps

    told = {(apps.get_model(label)._meta.db_table, field) for label, fields in crypto.sealed_columns().items() for field in fields}
    assert holding == {("payments_gatewayaccount", "api_login"), ("payments_gatewayaccount", "api_key")}
    assert holding <= told


def test_a_command_by_itself_knows_the_sealed_columns() -> None:
    code = "import django; django.setup(); from saas.lib import crypto; print('payments.GatewayAccount' in crypto.sealed_columns())"
    done = subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR, env=dict(os.environ), capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


# check_agencies


def test_nothing_is_wrong(cast: world.Casts, own_files: Path) -> None:
    assert said("check_agencies") == "Sin problemas.\n"


def test_a_schema_that_drifted_is_told_line_by_line(alfa: Agency, beta: Agency, own_files: Path) -> None:
    execute(f'ALTER TABLE "{alfa.schema_name}".clientarea_unit ADD COLUMN extra text; DROP INDEX "{alfa.schema_name}".invoice_owed')
    found = list(checking.problems())
    assert {problem.where for problem in found} == {alfa.schema_name}
    what = [problem.what for problem in found]
    assert what[0].startswith("le falta: index CREATE INDEX invoice_owed ON payments_invoice")
    assert what[1:] == ["le sobra: column clientarea_unit.extra text"]
    with pytest.raises(CommandError, match="2 problemas"):
        said("check_agencies")


def test_a_key_that_leaves_its_schema_is_a_hole_in_the_wall(alfa: Agency, beta: Agency, own_files: Path) -> None:
    execute(
        f'ALTER TABLE "{alfa.schema_name}".clientarea_unit ADD COLUMN theirs bigint'
        f' CONSTRAINT hole REFERENCES "{beta.schema_name}".clientarea_unit(id)'
    )
    assert checking.Problem(alfa.schema_name, "la llave foránea hole sale del esquema") in list(checking.walls())


def test_orphans(alfa: Agency, beta: Agency, own_files: Path) -> None:
    execute('CREATE SCHEMA "a_orphan"')
    (own_files / "a_nobody").mkdir()
    Bell.objects.create(schema_name="a_gone", due_at=world.NOW)
    Domain.objects.filter(tenant=beta).delete()
    Agency.objects.filter(pk=alfa.pk).update(schema_name="a_missing")
    found = {(problem.where, problem.what) for problem in checking.orphans(list(Agency.objects.order_by("pk")))}
    assert found == {
        ("alfa", "su esquema a_missing no existe"),
        ("beta", "no tiene ningún dominio"),
        ("a_orphan", "es un esquema sin inmobiliaria"),
        (alfa.schema_name, "es un esquema sin inmobiliaria"),
        ("a_gone", "hay campanas de un esquema sin inmobiliaria"),
        ("a_nobody", "hay archivos de un esquema sin inmobiliaria"),
    }


def test_secrets_that_nobody_opens(cast: world.Casts, settings: Any, own_files: Path) -> None:
    settings.FIELD_KEYS = [OTHER]
    found = list(checking.problems())
    assert [(problem.where, problem.what) for problem in found] == [
        ("alfa", "2 valores cifrados que ninguna clave abre"), ("beta", "2 valores cifrados que ninguna clave abre"),
    ]  # fmt: skip
