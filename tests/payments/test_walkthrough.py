"""docs/payments.md names files, functions and tests: each of them exists, so that the walkthrough cannot rot."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = ROOT / "docs" / "payments.md"
QUOTED = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w/]+\.(py|md|html)")
CLASS = re.compile(r"[A-Z][a-z]\w+(\.\w+)?")
NAME = re.compile(r"_?[A-Za-z]\w*(\.\w+)?")


@cache
def names_in(path: Path) -> frozenset[str]:
    """What a module defines: functions, classes, their methods and fields (`Class.field`), and assigned names."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for inner in node.body for name in _defined(inner)}
        found |= set(_defined(node))
    return frozenset(found)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_what_the_walkthrough_names_exists() -> None:
    told, wrong = 0, []
    for number, line in enumerate(PAGE.read_text().splitlines(), 1):
        file: Path | None = None
        for quoted in QUOTED.findall(line):
            if FILE.fullmatch(quoted):
                file = _file(quoted)
                told += 1
                if file is None:
                    wrong.append(f"{number}: {quoted}")
            elif file is not None and NAME.fullmatch(quoted) and file.suffix == ".py":
                told += 1
                of = ROOT / "saas" / "settings.py" if quoted.isupper() and quoted not in names_in(file) else file
                if quoted not in names_in(of):
                    wrong.append(f"{number}: {file.relative_to(ROOT)} {quoted}")
            elif (of_module := _module(quoted)) is not None:  # `settlement.reopen`
                told += 1
                if quoted.partition(".")[2] not in names_in(of_module):
                    wrong.append(f"{number}: {quoted}")
            elif CLASS.fullmatch(quoted):
                told += 1
                if not any(quoted in names_in(path) for path in (ROOT / "payments").rglob("*.py")):
                    wrong.append(f"{number}: {quoted}")
    assert not wrong, wrong
    assert told > 150


def _module(quoted: str) -> Path | None:
    module, _dot, name = quoted.partition(".")
    path = ROOT / "payments" / f"{module}.py"
    return path if name and module.isidentifier() and path.is_file() and not FILE.fullmatch(quoted) else None


def _file(quoted: str) -> Path | None:
    """A file by its path from the root, from tests/ as the table of faults has it, or a template by its name."""
    for path in (ROOT / quoted, ROOT / "tests" / quoted, ROOT / "payments" / "templates" / "payments" / quoted):
        if path.is_file():
            return path
    return None
