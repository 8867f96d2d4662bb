"""docs/runbook.md: what it tells a person to type exists. Commands and their options, files, units, services and variables are looked up;
its Python and its SQL are run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import get_commands, load_command_class
from django.db import connection
from django.test import Client as Browser

from saas import env
from saas.jobs.models import Job
from saas.lib import clock
from tenants import context
from tests.world import Casts, log_in

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
# A whole command: to the end of its quotation, or of its line, or of the words in a sentence.
CODE = re.findall(r'manage\.py (in_agency SLUG )?shell -v 0 -c "\n?([^"]+)"', TEXT)
CALLS = re.findall(r"manage\.py ((?:[a-z_]+|--?[\w-]+|SLUG|…|[\w./:@-]+)(?: (?:--?[\w-]+|SLUG|…|[\w./:@-]+))*)", TEXT)
MADE_LATER = {"deploy/.env", "deploy/certificates/"}  # by who reads it


def test_its_commands_and_options_exist() -> None:
    seen = set()
    for call in CALLS:
        words = shlex.split(call)
        if words[:2] == ["in_agency", "SLUG"]:
            seen.add("in_agency")
            words = words[2:]
        name = words[0]
        app = get_commands().get(name)
        assert app is not None, call
        command = app if not isinstance(app, str) else load_command_class(app, name)
        known = command.create_parser("manage.py", name)._option_string_actions
        assert [word for word in words[1:] if word.startswith("-") and word.split("=")[0] not in known] == [], call
        seen.add(name)
    assert seen >= {
        "migrate_agencies", "check", "create_operator", "rotate_keys", "in_agency", "shell", "export_agency", "restore_agency", "check_agencies",
        "read_bounce",
    }  # fmt: skip


def test_its_files_units_services_and_variables_exist() -> None:
    files = {found.rstrip(".") for found in re.findall(r"\b(?:deploy|docs|tests)/[\w./-]+", TEXT)}
    assert len(files) > 10
    assert [name for name in sorted(files - MADE_LATER) if not (ROOT / name).exists()] == []
    units = set(re.findall(r"\bsaas-(?:web|worker|beat|migrate|backup)(?:\.\w+)?", TEXT))
    assert units >= {"saas-web", "saas-worker", "saas-beat", "saas-backup.timer"}
    folder = ROOT / "deploy" / "systemd"
    assert [unit for unit in units if not (folder / (unit if "." in unit else f"{unit}.service")).exists()] == []
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    named = set(re.findall(r"(?:up -d|run --rm(?: -\S+ \S+)*) ([a-z]+)\b", TEXT))
    assert (named, named - set(services)) == ({"web", "worker", "limits"}, set())
    example = (ROOT / "deploy" / ".env.example").read_text(encoding="utf-8")
    known = {variable.name for variable in env.VARIABLES} | set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    assert set(re.findall(r"\b(?:SAAS|PAYU|LIMITS|PROXY)_[A-Z_]+\b", TEXT)) - known == set()


def test_its_python_runs(cast: Casts, browse: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(CODE) == 5
    alfa, beta = cast.alfa, cast.beta
    for here in (alfa, beta):
        with context.in_agency(here.agency):
            Job.objects.create(kind="test.dead", key="x", due_at=clock.now(), dead_at=clock.now())
        log_in(Browser(headers={"host": f"{here.agency.slug}.plataforma.test"}), here.agency, here.sara)
    for inside, code in CODE:
        if inside:
            with context.in_agency(alfa.agency):
                exec(compile(dedent(code), "runbook", "exec"), {})  # noqa: S102  (the project's own page)
        else:
            exec(compile(dedent(code), "runbook", "exec"), {})  # noqa: S102
    assert "0 intentos abiertos" in capsys.readouterr().out
    with context.in_agency(alfa.agency):
        assert (Job.objects.filter(dead_at=None, kind="test.dead").count(), Session.objects.count()) == (1, 0)
    with context.in_agency(beta.agency):
        assert (Job.objects.filter(dead_at=None, kind="test.dead").count(), Session.objects.count()) == (0, 1)


def test_its_sql_runs(cast: Casts) -> None:
    (statement,) = re.findall(r'psql "\$DATABASE_URL" -c "([^"]+)"', TEXT)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert {row[0] for row in cursor.fetchall()} == {cast.alfa.agency.schema_name, cast.beta.agency.schema_name}
