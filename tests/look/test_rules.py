"""What every template of the project keeps to: nothing inline, nothing from elsewhere, only icons that are served."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
EVERY = sorted(path for path in ROOT.glob("*/templates/**/*.html"))
# Letters carry their styles, since mail programs read nothing else; PDFs are not pages. The sandbox is another program.
PAGES = [path for path in EVERY if not {"mail", "pdf", "sandbox"} & set(path.parts)]
ICONS = set((ROOT / "saas" / "static" / "icons.txt").read_text(encoding="utf-8").split())

FORBIDDEN = {
    "an inline style": r"\sstyle\s*=",
    "a style element": r"<style[\s>]",
    "an inline script": r"<script(?![^>]*\ssrc=)[^>]*>",
    "an inline handler": r"<[a-z][^>]*\son[a-z]+\s*=",
    "code in htmx": r"hx-on|hx-vals\s*=\s*['\"]js:|javascript:",
    "something from elsewhere": r"<(script|link|img|iframe)[^>]*(src|href)\s*=\s*['\"](https?:)?//",
    "unescaped text": r"\|\s*safe\b(?!seq)",
}
MAY = {("unescaped text", "field_notes.html")}  # help texts are the project's own


def broken(text: str) -> list[str]:
    """The rules that a template's text breaks."""
    bare = re.sub(r"\{#.*?#\}", "", text)
    return [name for name, pattern in FORBIDDEN.items() if re.search(pattern, bare, re.IGNORECASE)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_keeps_to_the_policy(path: Path) -> None:
    assert [rule for rule in broken(path.read_text(encoding="utf-8")) if (rule, path.name) not in MAY] == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('<p style="color:red">', "an inline style"),
        ("<style>p{}</style>", "a style element"),
        ("<script>x()</script>", "an inline script"),
        ('<script type="module">x()</script>', "an inline script"),
        ('<a href="#" onclick="x()">', "an inline handler"),
        ('<a href="javascript:x()">', "code in htmx"),
        ('<script src="https://cdn.example/x.js"></script>', "something from elsewhere"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "something from elsewhere"),
        ("{{ text|safe }}", "unescaped text"),
    ],
)
def test_the_scan_can_fail(text: str, rule: str) -> None:
    assert rule in broken(text)


def test_every_page_is_scanned() -> None:
    assert len(PAGES) > 30


def test_icons_are_only_those_that_are_served() -> None:
    used = {
        (name, str(path.relative_to(ROOT)))
        for path in PAGES
        for name in re.findall(r"\{% icon \"([^\"]+)\"|\bicon(?:_name)?=\"([^\"]+)\"", path.read_text(encoding="utf-8"))
        for name in name
        if name
    }
    assert len(used) > 20
    assert sorted((name, where) for name, where in used if name not in ICONS) == []


def test_the_list_of_icons_is_in_order_and_without_repeats() -> None:
    lines = (ROOT / "saas" / "static" / "icons.txt").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines))


def test_every_letter_has_both_forms_and_says_what_it_needs() -> None:
    mail = ROOT / "saas" / "templates" / "mail"
    letters = sorted(path.stem for path in mail.glob("*.txt"))
    assert set(letters) >= {"activation", "agency_ready", "password_reset", "receipt", "signup_confirm"}
    for name in letters:
        assert (mail / f"{name}.html").is_file(), name
        assert (mail / f"{name}.txt").read_text(encoding="utf-8").startswith("{# Context: "), name


def test_the_sheet_needs_nothing_from_elsewhere() -> None:
    for sheet in (ROOT / "saas" / "static").glob("*.css"):
        assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name
