"""The table of faults in docs/payments.md against the tests: each row is tried, and by the files that it names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = 26


def test_each_row_of_the_table_names_the_tests_that_try_it() -> None:
    page = (ROOT / "docs" / "payments.md").read_text(encoding="utf-8").partition("## The faults, row by row")[2].partition("\n## ")[0]
    said = {int(row): set(re.findall(r"`([^`]+)`", files)) for row, files in re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", page, re.MULTILINE)}
    found: dict[int, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for row in re.findall(r"^def test_row_(\d\d)_", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.setdefault(int(row), set()).add(path.relative_to(ROOT / "tests").as_posix())
    assert sorted(found) == list(range(1, ROWS + 1))
    assert said == found
