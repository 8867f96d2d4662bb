"""What the client area holds about a person: identity and contact, leases, units, and the history of the contact data."""

from __future__ import annotations

from django.db.models import Q

from clientarea import history
from clientarea.file_models import ClientFile, FileRequest
from clientarea.models import Client, Lease, Notice, NoticeChoice, Ownership
from clientarea.notice_words import words_of
from saas.accounts.models import User
from saas.lib import phones
from saas.lib.personal_data import Held, holds


@holds("identidad", "Identidad y contacto", order=10)
def identity(user: User) -> Held:
    """Who the person is and how to reach them."""
    return Held(
        Client.objects.filter(user=user),
        lambda client: {
            "Nombre o razón social": client.name, "Tipo de documento": client.get_document_type_display(), "Documento": client.document,
            "Correo": client.email, "Celular": phones.pretty(client.mobile), "Teléfono fijo": phones.pretty(client.landline),
            "Dirección": client.address, "Ciudad": client.city, "Registrado": client.created_at, "Invitado": client.invited_at,
        },
    )  # fmt: skip


@holds("contratos", "Contratos de arrendamiento", order=30)
def leases(user: User) -> Held:
    """What the person signed as renter or co-renter."""
    return Held(
        Lease.objects.filter(Q(renter__user=user) | Q(co_renter__user=user)).select_related("unit").order_by("pk"),
        lambda lease: {
            "Contrato": lease.number, "Inmueble": str(lease.unit), "Desde": lease.starts_on, "Hasta": lease.ends_on, "Canon": lease.rent,
        },
    )  # fmt: skip


@holds("inmuebles", "Inmuebles de su propiedad", order=31)
def units(user: User) -> Held:
    """What the person owns."""
    return Held(
        Ownership.objects.filter(owner__user=user).select_related("unit").order_by("pk"),
        lambda own: {"Inmueble": str(own.unit), "Ciudad": own.unit.city, "Participación": f"{own.share:f} %"},
    )


@holds("cambios", "Cambios de sus datos", order=70)
def changes(user: User) -> Held:
    """The changes of the contact data."""

    def says(change: history.Change) -> dict[str, object]:
        told = history.tell(change, reader=user)
        return {"Fecha": told.at, "Dato": told.what, "Antes": told.before, "Después": told.after, "Quién": told.who}

    return Held(history.changes_told(Client.objects.filter(user=user)), says)


@holds("documentos", "Documentos compartidos y entregados", order=32)
def files(user: User) -> Held:
    """The files that the agency shared with the person, and those that the person handed in."""
    return Held(
        ClientFile.objects.filter(client__user=user).order_by("pk"),
        lambda file: {
            "Fecha": file.added_at, "Título": file.title, "Clase": file.get_kind_display(), "Archivo": file.name, "De": file.added_by,
            "Vence": file.expires_on,
        },
    )  # fmt: skip


@holds("solicitudes", "Documentos solicitados", order=33)
def file_requests(user: User) -> Held:
    """What the agency asked the person to hand in, and what came of it."""
    return Held(
        FileRequest.objects.filter(client__user=user).prefetch_related("events").order_by("pk"),
        lambda asked: {
            "Solicitado": asked.asked_at, "Documento": asked.title, "Para qué": asked.why, "Fecha límite": asked.due_on,
            "Estado": asked.get_state_display(), "Historia": "; ".join(event.text for event in asked.events.all() if event.text),
        },
    )  # fmt: skip


@holds("notificaciones", "Notificaciones", order=71)
def told_notices(user: User) -> Held:
    """What the person was told, and when it was read."""
    return Held(
        Notice.objects.filter(client__user=user).order_by("pk"),
        lambda notice: {
            "Fecha": notice.created_at, "Tipo": notice.get_kind_display(), "Notificación": words_of(notice).title, "Leída": notice.read_at,
        },
    )  # fmt: skip


@holds("preferencias", "Preferencias de notificación", order=72)
def choices(user: User) -> Held:
    """How the person chose to be told."""
    return Held(
        NoticeChoice.objects.filter(client__user=user).order_by("pk"),
        lambda row: {
            "Tipo": row.get_kind_display(), "En el portal": "sí" if row.portal else "no", "Por correo": "sí" if row.mail else "no",
        },
    )  # fmt: skip
