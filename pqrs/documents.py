"""The paper of a whole case: what was asked, what was answered, with which files, and what happened when.

The same for client and staff, so it holds nothing that is not the client's to read. Texts come as people read them; the
functions that gather ask the database, the one that draws does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from pqrs.access import first_files_of, history_of, thread_of
from pqrs.models import OPEN_STATES, Attachment, Case, CaseEvent, CaseState, EventKind
from saas.lib import clock
from tenants import paper
from tenants.models import Agency


@dataclass(frozen=True)
class Entry:
    """One text of the thread: who wrote it, when, what it is, and the names of its files."""

    author: str
    written: str
    title: str
    text: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class CaseDocument:
    """A case. `facts` are label and value, `history` date, what happened and who did it."""

    number: str
    state: str
    client: str
    client_document: str
    facts: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    history: tuple[tuple[str, str, str], ...]
    test: bool = False


def case_document(case: Case, agency: Agency) -> CaseDocument:
    """What the paper of a case says now."""
    facts = (
        ("Clasificación", case.get_kind_display()),
        ("Asunto", case.get_subject_display()),
        ("Fecha de inicio", clock.long_date(case.opened_at)),
        ("Recibida", clock.long_date(case.received_on) if case.received_on != clock.local(case.opened_at).date() else ""),
        ("Canal", case.get_channel_display()),
        ("Propiedad", case.unit.address if case.unit else ""),
        ("Contrato", case.lease.number if case.lease else ""),
        ("Respuesta hasta", clock.long_date(case.due_on) if case.state in OPEN_STATES else ""),
        ("Última respuesta", clock.long_date(case.answered_at) if case.answered_at else ""),
        ("Calificación", f"{case.rating} de 5" if case.rating else ""),
    )
    first = Entry(case.client.name, clock.long_datetime(case.opened_at), "Descripción", case.description, _names(first_files_of(case)))
    thread = (
        Entry(
            author=f"{message.author}, {agency.name}" if message.from_staff else message.author,
            written=clock.long_datetime(message.written_at),
            title=message.get_purpose_display(),
            text=message.text,
            files=_names(message.attachments.all()),
        )
        for message in thread_of(case)
    )
    return CaseDocument(
        number=case.number,
        state=case.get_state_display(),
        client=case.client.name,
        client_document=case.client.full_document,
        facts=tuple(fact for fact in facts if fact[1]),
        entries=(first, *thread),
        history=tuple((clock.long_datetime(event.at), said(event), event.by_name) for event in history_of(case)),
    )


def case_pdf(doc: CaseDocument, agency: Agency) -> bytes:
    """The PDF of a case, in the agency's brand. Raises pdf.PdfError."""
    return paper.render("pdf/case.html", paper.issuer(agency), title=f"PQRS {doc.number}", context={"doc": doc})


def said(event: CaseEvent) -> str:
    """An event in a few words."""
    if event.kind == EventKind.MOVED:
        return str(CaseState(event.to_state).label)
    if event.kind == EventKind.EXTENDED:
        return _("Plazo prorrogado %(days)s días hábiles") % {"days": event.detail}
    if event.kind == EventKind.RATED:
        return _("Calificada con %(rating)s de 5") % {"rating": event.detail}
    if event.kind == EventKind.ASSIGNED:
        return f"Asignada a {event.detail}" if event.detail else "Sin asignar"
    return str(EventKind(event.kind).label)


def _names(files: Any) -> tuple[str, ...]:
    rows: list[Attachment] = list(files)
    return tuple(row.name for row in rows)
