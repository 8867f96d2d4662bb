"""What the client area holds about a person: identity and contact, leases, units, and the history of the contact data."""

from __future__ import annotations

from clientarea.access import leases_of
from clientarea.history import told
from clientarea.models import Client
from clientarea.notice_words import words_of
from saas.accounts.models import User
from saas.lib import phones
from saas.lib.personal_data import Row, holds


def _client(user: User) -> Client | None:
    return Client.objects.filter(user=user).first()


@holds("identidad", "Identidad y contacto", order=10)
def identity(user: User) -> list[Row]:
    """Who the person is and how to reach them."""
    client = _client(user)
    if client is None:
        return [{"Nombre": user.name}]
    return [
        {
            "Nombre o razón social": client.name, "Tipo de documento": client.get_document_type_display(), "Documento": client.document,
            "Correo": client.email, "Celular": phones.pretty(client.mobile), "Teléfono fijo": phones.pretty(client.landline),
            "Dirección": client.address, "Ciudad": client.city, "Registrado": client.created_at, "Invitado": client.invited_at,
        }
    ]  # fmt: skip


@holds("contratos", "Contratos de arrendamiento", order=30)
def leases(user: User) -> list[Row]:
    """What the person signed as renter or co-renter."""
    client = _client(user)
    if client is None:
        return []
    return [
        {"Contrato": lease.number, "Inmueble": str(lease.unit), "Desde": lease.starts_on, "Hasta": lease.ends_on, "Canon": lease.rent}
        for lease in leases_of(client).select_related("unit").order_by("pk")
    ]


@holds("inmuebles", "Inmuebles de su propiedad", order=31)
def units(user: User) -> list[Row]:
    """What the person owns."""
    client = _client(user)
    if client is None:
        return []
    return [
        {"Inmueble": str(own.unit), "Ciudad": own.unit.city, "Participación": f"{own.share:f} %"}
        for own in client.ownerships.select_related("unit").order_by("pk")
    ]


@holds("cambios", "Cambios de sus datos", order=70)
def changes(user: User) -> list[Row]:
    """What became of the contact data."""
    client = _client(user)
    if client is None:
        return []
    return [
        {"Fecha": change.at, "Dato": change.what, "Antes": change.before, "Después": change.after, "Quién": change.who}
        for change in told(client, reader=user, most=None)
    ]


@holds("documentos", "Documentos compartidos y entregados", order=32)
def files(user: User) -> list[Row]:
    """The files that the agency shared with the person, and those that the person handed in."""
    client = _client(user)
    if client is None:
        return []
    return [
        {
            "Fecha": file.added_at, "Título": file.title, "Clase": file.get_kind_display(), "Archivo": file.name, "De": file.added_by,
            "Vence": file.expires_on,
        }
        for file in client.files.order_by("pk")
    ]  # fmt: skip


@holds("solicitudes", "Documentos solicitados", order=33)
def file_requests(user: User) -> list[Row]:
    """What the agency asked the person to hand in, and what came of it."""
    client = _client(user)
    if client is None:
        return []
    return [
        {
            "Solicitado": asked.asked_at, "Documento": asked.title, "Para qué": asked.why, "Fecha límite": asked.due_on,
            "Estado": asked.get_state_display(), "Historia": "; ".join(event.text for event in asked.events.all() if event.text),
        }
        for asked in client.file_requests.prefetch_related("events").order_by("pk")
    ]  # fmt: skip


@holds("notificaciones", "Notificaciones", order=71)
def told_notices(user: User) -> list[Row]:
    """What the person was told, and when it was read."""
    client = _client(user)
    if client is None:
        return []
    return [
        {"Fecha": notice.created_at, "Tipo": notice.get_kind_display(), "Notificación": words_of(notice).title, "Leída": notice.read_at}
        for notice in client.notices.order_by("pk")
    ]


@holds("preferencias", "Preferencias de notificación", order=72)
def choices(user: User) -> list[Row]:
    """How the person chose to be told."""
    client = _client(user)
    if client is None:
        return []
    return [
        {"Tipo": row.get_kind_display(), "En el portal": "sí" if row.portal else "no", "Por correo": "sí" if row.mail else "no"}
        for row in client.notice_choices.order_by("pk")
    ]
