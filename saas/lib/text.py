"""Texts of people: cleaned, folded for search, and compared by what the eye takes them for.

Never changes what is kept beyond trimming; folded texts are for comparing only.
"""

from __future__ import annotations

import re
import unicodedata

# What is invisible or turns the direction of writing has no place in a name.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
# Each left side is what a hurried eye takes for the right one. Pairs first: after them the single signs.
_PAIRS = (("rn", "m"), ("vv", "w"))
_SIGNS = str.maketrans("01i25834", "ollzsbea")


def fold(text: str) -> str:
    """`text` for searching and comparing: lower case, no accents, spaces collapsed. "Óscar  Ñáñez" → "oscar nanez"."""
    plain = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text)).casefold()
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def clean_name(text: str) -> str:
    """`text` trimmed, its spaces collapsed, accents composed, invisible signs dropped."""
    return " ".join(unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).split())


def look_alike(slug: str) -> str:
    """The skeleton of a subdomain: two that a hurried eye takes for each other have the same one.

    0 and o, 1, i and l, rn and m, vv and w, digits used as letters; hyphens and doubled letters count for nothing.
    """
    skeleton = re.sub(r"[^a-z0-9]", "", fold(slug))
    for pair, sign in _PAIRS:
        skeleton = skeleton.replace(pair, sign)
    return re.sub(r"(.)\1+", r"\1", skeleton.translate(_SIGNS))
