"""Texts that people write in a form, shown as pages: paragraphs, `## títulos`, `- listas`, `[enlaces](/datos-personales/)` and
`{palabras}` that are filled in. Promises that nothing typed becomes markup of its own, and that links lead to this site, to https
or to a mailbox. Knows nothing of what the texts are about.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_WORD = re.compile(r"\{([^{}\s]*)\}")
_LINK = re.compile(r"\[([^\[\]\n]+)\]\(((?:/(?!/)|https://|mailto:)[^\s()<>\"']*)\)")


def unknown_words(text: str, known: Collection[str]) -> list[str]:
    """The `{palabras}` of a text that nobody would fill in."""
    return sorted({word for word in _WORD.findall(text) if word not in known})


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its `{palabras}` filled in, as plain text. Unknown ones stay as they are."""
    return _WORD.sub(lambda found: values.get(found[1], found[0]), text)


def to_html(text: str, values: Mapping[str, str]) -> SafeString:
    """`text` as safe HTML."""
    return format_html_join("\n", "{}", ((_block(block, values),) for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if block))


def _block(block: str, values: Mapping[str, str]) -> SafeString:
    lines = [line.strip() for line in block.splitlines()]
    if lines[0].startswith("## "):
        heading = format_html("<h2>{}</h2>", _inline(lines[0][3:], values))
        rest = "\n".join(lines[1:]).strip()
        return heading + _block(rest, values) if rest else heading
    if all(line.startswith("- ") for line in lines):
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_inline(line[2:], values),) for line in lines)))
    return format_html("<p>{}</p>", _inline(" ".join(lines), values))


def _inline(line: str, values: Mapping[str, str]) -> SafeString:
    parts, end = [], 0
    # What is filled in is only text: a name that looks like a link makes none.
    for found in _LINK.finditer(line):
        parts += [escape(fill(line[end : found.start()], values)), format_html('<a href="{}">{}</a>', found[2], fill(found[1], values))]
        end = found.end()
    return mark_safe("".join([*parts, escape(fill(line[end:], values))]))  # noqa: S308  (each part is escaped)
