"""What the client area holds about a person: identity and contact, leases, units, notices, and the history of the contact data."""

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
