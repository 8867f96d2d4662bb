"""What somebody saw of a row when a form was opened, as a short text that the form brings back.

Two people who edit the same row do not overwrite each other: whoever comes second holds the mark of what is no longer so.
It follows from the values alone, so whatever changed them (another form, an import, the person concerned) is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _


class StaleError(ValueError):
    """Somebody changed the row meanwhile. Its message is for people and says what to do."""

    def __init__(self) -> None:
        super().__init__(
            _("Otra persona cambió estos datos mientras usted los editaba. Ábralos de nuevo en otra pestaña, compare y guarde otra vez.")
        )


def mark(values: Mapping[str, Any]) -> str:
    """The mark of those values: 16 hexadecimal digits."""
    text = json.dumps(values, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check(values: Mapping[str, Any], seen: str) -> None:
    """Make sure that `seen` is the mark of those values. Raises StaleError."""
    if seen != mark(values):
        raise StaleError
