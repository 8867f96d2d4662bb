"""Texts that staff answer with: the words in braces stand for the data of each case. Nothing else is evaluated."""

from __future__ import annotations

import re

from pqrs.models import Case
from saas.lib import clock

_WORD = re.compile(r"\{(nombre|radicado|clasificacion|asunto|inmueble|vence)\}")


def fill(text: str, case: Case) -> str:
    """The text for a case. What is in braces and is none of ours stays as it is."""
    words = {
        "nombre": case.client.name,
        "radicado": case.number,
        "clasificacion": case.get_kind_display().lower(),
        "asunto": case.get_subject_display().lower(),
        "inmueble": case.unit.address if case.unit else "su inmueble",
        "vence": clock.long_date(case.due_on),
    }
    return _WORD.sub(lambda found: words[found[1]], text)
