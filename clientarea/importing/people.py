"""The sheet Terceros: clients, known by their document.

A document may come twice: the later row wins. A blank cell says nothing: it never takes away what is known of a client.
Accounts (who may log in, and their e-mail for it) are not touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from clientarea import history
from clientarea.importing import store
from clientarea.importing.report import Fate, SheetReport
from clientarea.importing.values import Cells, shown
from clientarea.importing.workbook import Row, SheetSpec
from clientarea.models import Client
from saas.lib import clock
from saas.lib.documents import DocumentType, check_nit, normalise_type, split_document
from saas.lib.phones import is_mobile
from saas.lib.text import fold

PEOPLE = SheetSpec(
    "Terceros",
    ("Tipo documento", "Documento", "DV", "Nombre o razón social", "Correo", "Celular", "Teléfono", "Dirección", "Ciudad"),
    told=("Nombre o razón social", "Documento"),
    optional=frozenset({"DV", "Correo", "Celular", "Teléfono", "Dirección", "Ciudad"}),
    also={
        "Tipo documento": ("Tipo de documento", "Tipo doc", "Tipo identificación", "Tipo de identificación", "Tipo ID"),
        "Documento": ("Número de documento", "No. documento", "Identificación", "Número de identificación", "Cédula", "NIT", "Cédula o NIT"),
        "DV": ("Dígito de verificación", "Dígito verificación"),
        "Nombre o razón social": ("Nombre", "Nombres", "Nombre completo", "Nombres y apellidos", "Razón social", "Cliente", "Tercero"),
        "Correo": ("Correo electrónico", "E-mail", "Mail"),
        "Celular": ("Móvil", "Teléfono celular", "Número celular", "WhatsApp"),
        "Teléfono": ("Teléfono fijo", "Tel", "Fijo"),
        "Dirección": ("Dirección de correspondencia", "Dirección residencia"),
        "Ciudad": ("Municipio",),
    },
    names=("Clientes", "Personas", "Tercero"),
)
FIELDS = ("document_type", "document_check", "name", "email", "mobile", "landline", "address", "city", "folded")


@dataclass(frozen=True)
class _Said:
    """What one row says of a client."""

    row: int
    values: dict[str, Any]


def import_people(rows: Iterable[Row], sheet: SheetReport) -> None:
    """Create and update clients."""
    said: dict[str, list[_Said]] = {}
    for row in rows:
        cells = Cells(sheet, row)
        document, values = _read(cells)
        if not cells.ok:
            continue
        before = said.setdefault(document, [])
        if before and before[-1].values["name"] != values["name"]:
            cells.notice(
                "Nombre o razón social",
                _("El documento %(document)s ya venía en la fila %(row)s con el nombre %(name)s. Vale este último.")
                % {"document": document, "row": before[-1].row, "name": shown(before[-1].values["name"])},
            )
        before.append(_Said(row.number, values))

    before_import: dict[int, dict[str, str]] = {}
    known = {client.document: client for client in store.found(Client.objects.all(), "document", said)}
    new: list[Client] = []
    changed: list[Client] = []
    for document, sayings in said.items():
        client = known.get(document)
        if client is None:
            new.append(_create(document, sayings, sheet))
        else:
            before_import[client.pk] = history.contact(client)
            if _update(client, sayings, sheet):
                changed.append(client)
    store.insert(new)
    store.rewrite(changed, FIELDS)
    history.keep_imported(changed, before=before_import, now=clock.now())


def client_ids() -> dict[str, int]:
    """The id of every client by document."""
    return dict(Client.objects.values_list("document", "pk"))


def _read(cells: Cells) -> tuple[str, dict[str, Any]]:
    """A client's document and what the row says of the client, blank cells left out."""
    kind, document, check = _document(cells)
    name = cells.needed("Nombre o razón social", most=200)
    mobile, landline = cells.phone("Celular"), cells.phone("Teléfono")
    if mobile and not is_mobile(mobile):
        cells.notice("Celular", _("%s es un teléfono fijo, no un celular.") % shown(mobile))
        mobile, landline = "", landline or mobile
    values = {
        "document_type": kind.value, "document_check": check, "name": name, "email": cells.email("Correo"), "mobile": mobile,
        "landline": landline, "address": cells.text("Dirección", most=200), "city": cells.text("Ciudad", most=80),
        "folded": fold(f"{name} {document}")[:400],
    }  # fmt: skip
    return document, {name: value for name, value in values.items() if value}


def _document(cells: Cells) -> tuple[DocumentType, str, str]:
    """Kind, document and check digit of a row; the check digit only where the row gives it."""
    kind = cells.read("Tipo documento", normalise_type, DocumentType.CC)
    if not cells.ok:
        return kind, "", ""
    document, check = cells.read("Documento", lambda value: split_document(value, kind), ("", ""))
    given = cells.raw("DV")
    if not cells.ok or given is None:
        return kind, document, check
    if kind is not DocumentType.NIT:
        cells.notice("DV", _("Solo el NIT tiene dígito de verificación: no se guardó."))
        return kind, document, ""
    return kind, document, cells.read("DV", lambda value: check_nit(document, value), "")


def _create(document: str, sayings: list[_Said], sheet: SheetReport) -> Client:
    first, *later = sayings
    client = Client(document=document, **first.values)
    sheet.make(first.row, "client", client)
    sheet.settle(first.row, Fate.CREATED)
    for saying in later:
        sheet.settle(saying.row, Fate.UPDATED if store.differs(client, saying.values) else Fate.UNCHANGED)
        store.put(client, saying.values)
    return client


def _update(client: Client, sayings: list[_Said], sheet: SheetReport) -> bool:
    """Bring a client up to what its rows say in the end. Of several rows the last carries the change: compared one by one,
    a workbook that says two things would change the client back and forth each time it is read."""
    values = {name: value for saying in sayings for name, value in saying.values.items()}
    changed = store.differs(client, values)
    for saying in sayings:
        sheet.settle(saying.row, Fate.UNCHANGED)
    if changed:
        sheet.settle(sayings[-1].row, Fate.UPDATED)
        sheet.change(sayings[-1].row, "client", client, before=store.put(client, values))
    return changed
