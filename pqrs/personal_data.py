"""What PQRS hold about a person: the cases and what was written in them."""

from __future__ import annotations

from pqrs.models import Case, Message
from saas.accounts.models import User
from saas.lib.personal_data import Held, holds


@holds("pqrs", "PQRS", order=50)
def cases(user: User) -> Held:
    """The person's petitions, complaints, claims and suggestions."""
    return Held(
        Case.objects.filter(client__user=user).order_by("pk"),
        lambda c: {
            "Radicado": c.number, "Clase": c.get_kind_display(), "Asunto": c.get_subject_display(), "Fecha": c.opened_at,
            "Descripción": c.description,
        },
    )  # fmt: skip


@holds("mensajes", "Mensajes de sus PQRS", order=51)
def thread(user: User) -> Held:
    """What was written in them."""
    return Held(
        Message.objects.filter(case__client__user=user).select_related("case").order_by("pk"),
        lambda m: {"Radicado": m.case.number, "Fecha": m.written_at, "Quién": m.author, "Mensaje": m.text},
    )
