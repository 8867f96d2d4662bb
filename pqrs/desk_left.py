"""How much is left of the terms of open cases, as the desk counts and lists them: one question for a number and for its list.

Reads only. Days are business days.
"""

from __future__ import annotations

from datetime import date

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from saas.lib.businessdays import add_business_days

# How much of a term is left, by its name in an address.
LEFT = {"vencidas": _("Vencidas"), "hoy": _("Vencen hoy"), "pronto": _("En 1 a 3 días hábiles"), "despues": _("Más adelante")}
NEAR = {"tres": _("Hoy o en 3 días hábiles")}


def left(name: str, *, today: date) -> Q:
    """The cases of which that is left (LEFT, NEAR). Those that wait for no answer are not told apart."""
    soon = add_business_days(today, 3)
    questions = {
        "vencidas": Q(due_on__lt=today), "hoy": Q(due_on=today), "pronto": Q(due_on__gt=today, due_on__lte=soon), "despues": Q(due_on__gt=soon),
        "tres": Q(due_on__gte=today, due_on__lte=soon),
    }  # fmt: skip
    return questions[name]
