"""What the client's page of a case and the desk's share: the thread, the clock, and the paper to download."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from pqrs import documents
from pqrs.access import first_files_of, history_of, thread_of
from pqrs.deadlines import days_left
from pqrs.models import OPEN_STATES, Case
from saas.lib import clock
from saas.lib.languages import in_spanish
from saas.lib.pdf import PdfError


def case_context(case: Case) -> dict[str, Any]:
    """What both pages show of a case: nothing that is not the client's to read."""
    is_open = case.state in OPEN_STATES
    case.left = days_left(case.due_on, today=clock.today()) if is_open else None  # type: ignore[attr-defined]
    return {
        "case": case,
        "first_files": first_files_of(case),
        "thread": thread_of(case),
        "history": [(event.at, documents.said(event), event.by_name) for event in history_of(case)],
        "is_open": is_open,
    }


def pdf_of(request: HttpRequest, case: Case, *, back: str) -> HttpResponse:
    """The paper of a case as a download; `back` is the page to return to when it cannot be made."""
    agency = request.agency  # type: ignore[attr-defined]
    try:
        with in_spanish():
            data = documents.case_pdf(documents.case_document(case, agency), agency)
    except PdfError:
        messages.error(request, _("No pudimos preparar el PDF en este momento. Intente de nuevo en unos minutos."))
        return redirect(back, number=case.number)
    return HttpResponse(
        data,
        content_type="application/pdf",
        headers={
            "Content-Disposition": content_disposition_header(True, f"pqrs-{case.number}.pdf") or "attachment",
            "Cache-Control": "private, no-store",
        },
    )
