"""The mails about files: shared, asked for, rejected to the client; handed in to the agency. Each is sent once per job; a
second copy after a crash has the same Message-ID. Files are never attached: they are read behind the login.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from clientarea import mailing
from clientarea.file_models import ClientFile, FileEvent, RequestState
from clientarea.models import Client
from saas.lib import clock, mail
from tenants import branding
from tenants.models import Agency


def send_shared(file_id: int, *, agency: Agency, now: datetime) -> None:
    """Tell a client that the agency shared a file. Of one put away meanwhile nothing is said."""
    file = ClientFile.objects.select_related("client").get(pk=file_id)
    if file.archived_at is None:
        facts = [("Documento", file.title), ("Clase", file.get_kind_display())]
        if file.expires_on:
            facts.append(("Vence", clock.long_date(file.expires_on)))
        _to_client(
            file.client, agency, subject="Le compartimos un documento", text="Ya puede verlo en su área de clientes.", facts=facts,
            link=_link(agency, "client_files"), label="Ver mis documentos", key=f"shared:{file.pk}", now=now,
        )  # fmt: skip


def send_event(event_id: int, *, agency: Agency, now: datetime) -> None:
    """Tell what happened to a request: the client, or of what was handed in the agency."""
    event = FileEvent.objects.select_related("request__client").get(pk=event_id)
    asked, client = event.request, event.request.client
    facts = [("Documento", asked.title), ("Para qué", asked.why), ("Fecha límite", clock.long_date(asked.due_on))]
    if event.state == RequestState.HANDED_IN:
        if agency.email:
            _message(
                agency, to=agency.email, name=agency.name, subject=f"{client.name} entregó un documento", text="Está por revisar.",
                facts=[facts[0], ("Cliente", client.name)], link=_link(agency, "desk_file_request", asked.pk), label="Revisar",
                key=f"event:{event.pk}",
            ).send()  # fmt: skip
        return
    rejected = event.state == RequestState.REJECTED
    _to_client(
        client, agency,
        subject="Debe entregar de nuevo un documento" if rejected else "Le pedimos un documento",
        text=f"No pudimos aceptar lo que entregó. Motivo: {event.text}" if rejected else "Puede entregarlo en línea, con una foto o un PDF.",
        facts=facts, link=_link(agency, "client_file_request", asked.pk), label="Entregar el documento", key=f"event:{event.pk}",
        now=now,
    )  # fmt: skip


def _link(agency: Agency, view: str, *args: int) -> str:
    return branding.origin(agency) + reverse(view, args=args, urlconf=settings.AGENCY_URLCONF)


def _to_client(client: Client, agency: Agency, *, now: datetime, **said: Any) -> None:
    if client.email:
        mailing.send(_message(agency, to=client.email, name=client.name, **said), client, agency=agency, now=now)


def _message(
    agency: Agency, *, to: str, name: str, subject: str, text: str, facts: list[tuple[str, str]], link: str, label: str, key: str
) -> EmailMultiAlternatives:
    return mail.build_mail(
        subject=" ".join(subject.split()),
        template="file",
        context={
            **branding.mail_brand(agency),
            "name": name, "text": text, "facts": facts, "link": link, "label": label,
        },
        to=to,
        **branding.mail_sender(agency),
        message_id_key=f"file:{agency.schema_name}:{key}",
    )  # fmt: skip
