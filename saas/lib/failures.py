"""What may be written down of an exception: its type, where in our code it came from, and of its message only what the program
itself says. Data that a message carries (a name, a mail, a document, a row that the database quotes) never gets through: a word
is kept if it stands as a literal in a function that the exception went through, and is … otherwise.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, TracebackType

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
_EDGES = re.compile(r"^\W+|\W+$")


def told(error: BaseException, *, known: str = "") -> str:
    """`ValueError: no paper for … [payments/receipts.py:88 make_pdf]`. `known` are more words that may be said."""
    text = f"{type(error).__name__}: {message(error, known=known)}".rstrip(": ")
    place = _place(error)
    return f"{text[:LONGEST]} [{place}]" if place else text[:LONGEST]


def message(error: BaseException, *, known: str = "") -> str:
    """An exception's message without what is not the program's own; of one of the database, which rule refused."""
    words = set(_words(known))
    for each in _chain(error):
        for code in _codes(each.__traceback__):
            words.update(*(_words(text) for text in _literals(code.co_consts)))
        if isinstance(each, OSError) and each.errno is not None:
            words.update(_words(os.strerror(each.errno)))
    said: list[str] = []
    for word in str(error).split():
        kept = word if _bare(word) in words else "…"
        if kept != "…" or said[-1:] != ["…"]:
            said.append(kept)
    return " ".join([*said, *_rules(error)])


def _rules(error: BaseException) -> Iterator[str]:
    """What the database names: its code, the table and the constraint."""
    for each in _chain(error):
        diagnosis = getattr(each, "diag", None)
        if diagnosis is not None:
            named = (getattr(diagnosis, name, None) for name in ("sqlstate", "table_name", "constraint_name"))
            yield f"({' '.join(name for name in named if name)})"
            return


def _place(error: BaseException) -> str:
    """The last step in our own code."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
            return f"{path.relative_to(ROOT)}:{frame.lineno} {frame.name}"
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _step in range(5):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _codes(step: TracebackType | None) -> Iterator[CodeType]:
    while step is not None:
        yield step.tb_frame.f_code
        step = step.tb_next


def _literals(constants: tuple[object, ...]) -> Iterator[str]:
    for constant in constants:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from _literals(constant)


def _words(text: str) -> list[str]:
    return [_bare(word) for word in text.split() if _bare(word)]


def _bare(word: str) -> str:
    return _EDGES.sub("", word)
