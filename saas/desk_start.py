"""What an agency does before its clients can pay: the list of steps on the desk's first page, for its dueño, until all is done.

What is done is read from the agency's own rows, in one question; nobody ticks anything. Reads only.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from clientarea.models import Client, Lease
from payments.invoicing.models import Resolution
from payments.models import GatewayAccount, Invoice
from saas.accounts.models import Role, User
from tenants.models import Agency


@dataclass(frozen=True)
class Step:
    """One thing to do: the name of its page, what it is, what for, and its button's words."""

    page: str
    icon: str
    title: str
    text: str
    label: str
    done: bool


def steps(agency: Agency, user: User) -> list[Step]:
    """The steps in their order."""
    found = User.objects.filter(pk=user.pk).values(
        leases=Exists(Lease.objects.all()),
        account=Exists(GatewayAccount.objects.filter(active=True)),
        numbering=Exists(Resolution.objects.filter(active=True)),
        invoices=Exists(Invoice.objects.all()),
        invited=Exists(Client.objects.exclude(user=None)),
        team=Exists(User.objects.filter(Q(role=Role.STAFF), ~Q(pk=OuterRef("pk")))),
    )[0]
    return [
        Step(
            "desk_settings", "building", _("Ponga su logo y su color"),
            _("Salen en el portal, en los correos y en cada documento."), _("Poner mi marca"), bool(agency.logo),
        ),
        Step(
            "desk_book", "clipboard-list", _("Traiga sus clientes, inmuebles y contratos"),
            _("En un libro de Excel, todos a la vez: primero ve qué quedaría. O créelos uno por uno desde el menú."), _("Cargar el libro"),
            found["leases"],
        ),
        Step(
            "desk_payu", "plug-connected", _("Conecte PayU"),
            _("Con los datos de su cuenta de PayU sus clientes pagan en línea. Puede empezar en modo de pruebas."), _("Conectar PayU"),
            found["account"],
        ),
        Step(
            "desk_numbering", "hash", _("Registre la numeración de sus facturas"),
            _("El prefijo y el rango que le autorizó la DIAN. Sin ella no se expiden facturas desde aquí."), _("Registrar numeración"),
            found["numbering"],
        ),
        Step(
            "desk_run_new", "file-invoice", _("Expida las facturas del mes"),
            _("Salen de los contratos. Primero las ve; se expiden cuando usted confirma."), _("Generar el mes"), found["invoices"],
        ),
        Step(
            "desk_clients", "send", _("Invite a sus clientes"),
            _("Les llega un correo con el enlace para activar su cuenta. Puede probar con uno."), _("Elegir a quién invitar"), found["invited"],
        ),
        Step(
            "desk_team", "user-plus", _("Invite a su equipo"),
            _("Cada persona entra con su cuenta y ve lo que su cargo necesita."), _("Invitar a alguien"), found["team"],
        ),
    ]  # fmt: skip
