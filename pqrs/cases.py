"""Opening a case and adding to its thread.

Promises radicados without gaps in each year of an agency, a due date by law, and bounded texts; a client can add to an open
or answered case, and an answered one is open again with a new term.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from clientarea.models import Client, Lease, Unit
from pqrs.deadlines import due_date
from pqrs.models import Case, CaseCounter, CaseState, Message
from saas.lib import clock

LONGEST = 5000  # characters of a description or a message
CASES_A_DAY = 10
MESSAGES_A_DAY = 30


class CaseError(ValueError):
    """What was asked of a case cannot be done. Its message is for people."""


def open_case(
    *, client: Client, kind: str, subject: str, description: str, now: datetime, unit: Unit | None = None, lease: Lease | None = None
) -> Case:
    """File a client's case at `now`. Unit and lease must be the client's: the caller has loaded them through access.

    Raises CaseError for a text that is empty or too long, and beyond CASES_A_DAY in a day.
    """
    clean = _checked(description)
    day_ago = now - timedelta(days=1)
    with transaction.atomic():
        Client.objects.select_for_update().get(pk=client.pk)  # two at once count each other
        if Case.objects.filter(client=client, opened_at__gt=day_ago).count() >= CASES_A_DAY:
            text = _("Ya radicó %(count)s PQRS en las últimas 24 horas. Agregue mensajes a las que tiene o espere a mañana.")
            raise CaseError(text % {"count": CASES_A_DAY})
        today = clock.local(now).date()
        return Case.objects.create(
            number=_next_number(today.year),
            client=client,
            kind=kind,
            subject=subject,
            description=clean,
            unit=unit or (lease.unit if lease else None),
            lease=lease,
            opened_at=now,
            due_on=due_date(kind, received_on=today),
        )


def add_message(case: Case, *, text: str, now: datetime) -> Message:
    """Add what the case's client writes. An answered case is open again, with a new term.

    Raises CaseError for a closed case, a text that is empty or too long, and beyond MESSAGES_A_DAY in a day.
    """
    clean = _checked(text)
    with transaction.atomic():
        locked = Case.objects.select_for_update(of=("self",)).select_related("client").get(pk=case.pk)
        if locked.state == CaseState.CLOSED:
            raise CaseError(_("Esta PQRS está cerrada. Si necesita algo más, radique una nueva."))
        if locked.messages.filter(from_staff=False, written_at__gt=now - timedelta(days=1)).count() >= MESSAGES_A_DAY:
            raise CaseError(_("Ya escribió muchos mensajes hoy en esta PQRS. Espere a mañana para agregar otro."))
        if locked.state == CaseState.ANSWERED:
            locked.state = CaseState.REOPENED
            locked.due_on = due_date(locked.kind, received_on=clock.local(now).date())
            locked.save(update_fields=["state", "due_on"])
        return locked.messages.create(from_staff=False, author=locked.client.name, text=clean, written_at=now)


def _next_number(year: int) -> str:
    # The row stays locked until the transaction ends, so a rollback leaves no gap.
    CaseCounter.objects.get_or_create(year=year)
    counter = CaseCounter.objects.select_for_update().get(year=year)
    counter.value += 1
    counter.save(update_fields=["value"])
    return f"{year}-{counter.value:06d}"


def _checked(text: str) -> str:
    clean = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not clean:
        raise CaseError(_("Escriba qué necesita."))
    if len(clean) > LONGEST:
        raise CaseError(_("El texto es demasiado largo: el máximo es %(count)s caracteres.") % {"count": LONGEST})
    return clean
