"""The project's own files: what lies at the top, and locks that pin everything and name no address."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TOP = {
    "saas", "tenants", "clientarea", "payments", "pqrs", "workers", "deploy", "tests", "docs", ".ci", ".gitignore", "CHANGELOG.md",
    "CONTRIBUTING.md", "Makefile", "README.md", "manage.py", "package-lock.json", "package.json", "pyproject.toml",
    "requirements-dev.in", "requirements-dev.txt", "requirements.in", "requirements.txt",
}  # fmt: skip


def tracked() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_nothing_else_lies_at_the_top() -> None:
    if not (ROOT / ".git").exists():
        pytest.fail("this test reads what git tracks: run it in a clone")
    assert {path.split("/")[0] for path in tracked()} - TOP == set()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_python_locks_pin_with_hashes_and_name_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"\n(?=[A-Za-z0-9])", text) if "==" in block]
    assert len(blocks) > 30
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    pins = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    assert re.findall(r"https?:|--index-url|--find-links|file:|/", pins) == []


def test_the_runtime_lock_is_part_of_the_development_lock() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))

    runtime, development = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: development.get(name) for name in runtime} == runtime


def test_the_npm_lock_pins_with_hashes_and_names_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages["node_modules/@tabler/core"]["version"] == "1.4.0"
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["dependencies"] == wanted["dependencies"]


def test_the_verbs_of_the_makefile_are_those_of_the_launcher() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    launcher = (ROOT / "deploy" / "dev" / "run.py").read_text(encoding="utf-8")
    verbs = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert verbs is not None
    for verb in verbs[1].split():
        assert f'"{verb}": {verb}' in launcher
