"""The mails about a case. Each is sent once per job; a second copy after a crash has the same Message-ID.

What a mail says comes from the event that it tells of and from its message: never from a note. Who has no address, or an
account that is no longer active, gets none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from clientarea import mailing
from pqrs.cases import REOPEN_DAYS, reopen_until
from pqrs.deadlines import days_left
from pqrs.models import Case, CaseEvent, CaseState, EventKind
from saas.accounts import bounces
from saas.accounts.models import User
from saas.lib import clock, mail
from tenants import branding
from tenants.models import Agency

# What each event is called in the client's mail, and the template that tells it.
_TO_CLIENT = {
    EventKind.OPENED: ("Recibimos su PQRS {number}", "case_opened"),
    EventKind.WROTE: ("La inmobiliaria le escribió sobre su PQRS {number}", "case_message"),
    EventKind.EXTENDED: ("Prórroga del plazo de su PQRS {number}", "case_extended"),
    CaseState.ANSWERED: ("Respuesta a su PQRS {number}", "case_answered"),
    CaseState.CLOSED: ("Cerramos su PQRS {number}", "case_closed"),
    CaseState.REOPENED: ("Reabrimos su PQRS {number}", "case_reopened"),
}
_TO_STAFF = {
    EventKind.OPENED: "Nueva PQRS {number}",
    EventKind.WROTE: "El cliente escribió en la PQRS {number}",
    EventKind.ASSIGNED: "Le asignaron la PQRS {number}",
    CaseState.REOPENED: "El cliente reabrió la PQRS {number}",
}


def send_to_client(event_id: int, *, agency: Agency, now: datetime) -> None:
    """Tell the client what happened to a case."""
    event = _event(event_id)
    case, client = event.case, event.case.client
    if not client.email:
        return
    subject, template = _TO_CLIENT[_key(event)]
    extra = {
        "link": _link(agency, "case", case) if client.user_id else "",
        "name": client.name,
        "text": event.message.text if event.message else "",
        "files": event.message.attachments.count() if event.message else 0,
        "reopen_days": REOPEN_DAYS,
        "reopen_until": reopen_until(case),
    }
    message = _message(agency, case, subject=subject, template=template, to=client.email, extra=extra, key=f"client:{event.pk}")
    mailing.send(message, client, agency=agency, now=now)


def send_to_staff(event_id: int, user_id: int, *, agency: Agency, now: datetime) -> None:
    """Tell a member of staff what a client did, or that a case is theirs."""
    event, user = _event(event_id), User.objects.get(pk=user_id)
    if not user.email or not user.is_active:
        return
    heading = _TO_STAFF[_key(event)]
    text = event.message.text if event.message else event.case.description
    extra = {"link": _link(agency, "desk_case", event.case), "name": user.name, "heading": heading.format(number=event.case.number), "text": text}
    message = _message(agency, event.case, subject=heading, template="case_staff", to=user.email, extra=extra, key=f"staff:{event.pk}:{user.pk}")
    bounces.deliver(message, user, agency_id=agency.pk, now=now)


def send_due(case_id: int, user_id: int, *, agency: Agency, now: datetime, key: str) -> None:
    """Tell a member of staff that the term of a case is about to end."""
    case, user = Case.objects.select_related("client").get(pk=case_id), User.objects.get(pk=user_id)
    if not user.email or not user.is_active:
        return
    left = days_left(case.due_on, today=clock.local(now).date())
    subject = "Hoy vence la PQRS {number}" if left == 0 else "Está por vencer la PQRS {number}" if left > 0 else "Venció la PQRS {number}"
    extra = {"link": _link(agency, "desk_case", case), "name": user.name, "heading": subject.format(number=case.number), "left": left}
    message = _message(agency, case, subject=subject, template="case_due", to=user.email, extra=extra, key=f"due:{key}")
    bounces.deliver(message, user, agency_id=agency.pk, now=now)


def _event(event_id: int) -> CaseEvent:
    return CaseEvent.objects.select_related("case__client", "message").get(pk=event_id)


def _key(event: CaseEvent) -> Any:
    return CaseState(event.to_state) if event.kind == EventKind.MOVED else EventKind(event.kind)


def _link(agency: Agency, view: str, case: Case) -> str:
    return branding.origin(agency) + reverse(view, args=[case.number], urlconf=settings.AGENCY_URLCONF)


def _message(
    agency: Agency, case: Case, *, subject: str, template: str, to: str, extra: dict[str, Any], key: str
) -> EmailMultiAlternatives:
    return mail.build_mail(
        subject=subject.format(number=case.number),
        template=template,
        context={
            **branding.mail_brand(agency),
            "case": case,
            **extra,
        },
        to=to,
        **branding.mail_sender(agency),
        message_id_key=f"pqrs:{agency.schema_name}:{key}",
    )
