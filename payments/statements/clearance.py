"""Paz y salvo: the letter that says that a client owes nothing, on the day that it is asked for.

Never given while anything is owed: neither on invoices asked of the client, nor on the rents of a lease that the client
signed, whoever is asked for them. Nothing is stored: the letter carries a signed address that says what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from clientarea.access import leases_of, ownerships_of
from clientarea.models import Client
from payments import receipts
from payments.documents import Issuer, qr_svg, render
from payments.models import Invoice
from saas.lib import clock, signing
from tenants import branding
from tenants.models import Agency

PURPOSE = "clearance"
GOOD_FOR = 5 * 366 * 24 * 3600  # seconds that its address answers
SHOWN = 60  # leases and units on the letter


@dataclass(frozen=True)
class Debts:
    """What stands in the way of the letter: invoices asked of the client, and leases signed with others."""

    invoices: tuple[Invoice, ...]
    joint_leases: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether anything does."""
        return bool(self.invoices or self.joint_leases)


@dataclass(frozen=True)
class ClearanceDocument:
    """A letter. `items` are what the client has with the agency: what it is, where, and as what."""

    issuer: Issuer
    client: str
    client_document: str
    on: date
    city: str
    items: tuple[tuple[str, str, str], ...]
    verify_url: str


@dataclass(frozen=True)
class Checked:
    """What the address on a letter says of it: the day, and how the document of its holder ends."""

    on: date
    document: str


def debts_of(client: Client) -> Debts:
    """What a client owes, alone or with who signed the same lease. A payment under way has not paid yet."""
    signed = Q(lease__in=leases_of(client), kind="rent")
    owed = Invoice.objects.owed().filter(Q(client=client) | signed).select_related("lease__unit").order_by("due_on", "pk")
    mine = [invoice for invoice in owed if invoice.client_id == client.pk]
    joint = {invoice.lease.number for invoice in owed if invoice.client_id != client.pk and invoice.lease}
    return Debts(tuple(mine), tuple(sorted(joint)))


def items_of(client: Client) -> list[tuple[str, str, str]]:
    """What a client has with the agency: leases signed and units owned."""
    items = [
        (_("Contrato %s") % lease.number, f"{lease.unit.address}, {lease.unit.city}",
         _("Arrendatario") if lease.renter_id == client.pk else _("Coarrendatario"))
        for lease in leases_of(client).select_related("unit").order_by("number")[:SHOWN]
    ]  # fmt: skip
    return items + [
        (_("Inmueble %s") % share.unit.code, f"{share.unit.address}, {share.unit.city}", _("Propietario"))
        for share in ownerships_of(client).select_related("unit").order_by("unit__code")[:SHOWN]
    ]


def clearance_document(client: Client, agency: Agency, items: list[tuple[str, str, str]], *, on: date) -> ClearanceDocument:
    """The letter of a client without debts."""
    token = signing.sign({"client": client.pk, "on": on.isoformat()}, purpose=PURPOSE)
    return ClearanceDocument(
        issuer=receipts.issuer(agency),
        client=client.name,
        client_document=client.full_document,
        on=on,
        city=agency.city,
        items=tuple(items),
        verify_url=branding.origin(agency) + reverse("clearance_check", args=[token], urlconf=settings.AGENCY_URLCONF),
    )


def clearance_pdf(doc: ClearanceDocument) -> bytes:
    """The PDF of a letter. Raises pdf.PdfError."""
    day = clock.long_date(doc.on)
    context = {"doc": doc, "on": day, "place": f"{doc.city}, {day}" if doc.city else day, "qr": qr_svg(doc.verify_url)}
    return render("pdf/clearance.html", doc.issuer, title=_("Paz y salvo"), context=context)


def check(token: str) -> Checked | None:
    """What the letter that is checked at that address says, or None for an address that this agency never gave out."""
    try:
        said: dict[str, Any] = signing.unsign(token, purpose=PURPOSE, max_age_seconds=GOOD_FOR)
    except signing.BadLink:
        return None
    client = Client.objects.filter(pk=said["client"]).first()
    if client is None:
        return None
    return Checked(clock.parse_date(said["on"]), f"{client.document_type} •••{client.document[-4:]}")
