"""What the client's page of a case and the desk's share: the thread and the clock."""

from __future__ import annotations

from typing import Any

from pqrs import documents
from pqrs.access import first_files_of, history_of, thread_of
from pqrs.deadlines import days_left
from pqrs.models import OPEN_STATES, Case
from saas.lib import clock


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
