"""Languages: Spanish of Colombia is the one of the project, English the other that clients and visitors may choose.

Whatever outlives a page (papers, mails, what is kept in the database) is Spanish: its makers are `@in_spanish`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation

SPANISH, ENGLISH = "es-co", "en"


@contextmanager
def in_spanish() -> Iterator[None]:
    """A context, or a decorator: what is made inside is Spanish, whatever the language of who asked."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


def translated(text: str) -> str:
    """A Spanish text of ours that was kept in the database or comes from a table, in the reader's language."""
    return translation.gettext(text) if text else ""


def is_english() -> bool:
    """Whether what is being made now is for someone who reads English."""
    return translation.get_language() == ENGLISH


def html_lang() -> str:
    """The `lang` of the page that is being made: `es-CO` or `en`."""
    return "en" if is_english() else "es-CO"
