"""The paper of all that is held about a client, gathered from every app."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from clientarea.models import Client
from clientarea.papers import Asked, Draft, puts_together
from payments import documents, receipts
from saas.lib import clock, money
from saas.lib.personal_data import Section, gathered
from tenants.models import Agency

# What changes by looking: it does not make another paper of the same data.
PASSING = ("sesiones", "cuenta")


@puts_together("saas.my_data")
def my_data(client: Client, agency: Agency, asked: Asked) -> Draft:
    """Everything that is held about a client who has an account."""
    if client.user is None:
        raise Http404
    sections = gathered(client.user)
    title = _("Datos personales de %(name)s") % {"name": client.name}

    def draw() -> bytes:
        context = {"name": client.name, "made": clock.long_datetime(clock.now()), "sections": [_printed(section) for section in sections]}
        return documents.render("pdf/personal_data.html", receipts.issuer(agency), title=title, context=context)

    lasting = [section for section in sections if section.key not in PASSING]
    return Draft(
        name=f"mis-datos-{clock.today():%Y-%m-%d}.pdf", title=_("Mis datos personales"), says=(lasting, clock.today()),
        lines=sum(_lines(section) for section in sections), draw=draw,
    )  # fmt: skip


def readable(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Rows as people read them; a single row without what is empty."""
    return [{label: text for label, value in row.items() if (text := _words(value)) or len(rows) > 1} for row in rows]


def _lines(section: Section) -> int:
    return len(section.rows) * (1 if _as_table(section.rows) else max((len(row) for row in section.rows), default=0))


def _as_table(rows: list[dict[str, Any]]) -> bool:
    return len(rows) > 1 and len(rows[0]) <= 6


def _printed(section: Section) -> dict[str, Any]:
    """A section as the paper shows it: one row as facts, many as a table while its columns fit, else as facts too."""
    rows = readable(section.rows)
    if not _as_table(section.rows):
        return {"title": section.title, "rows": rows, "as_table": False}
    columns = [(label, _shape(row[label] for row in section.rows)) for label in section.rows[0]]
    lines = [[(row.get(label, ""), shape) for label, shape in columns] for row in rows]
    return {"title": section.title, "rows": lines, "as_table": True, "columns": columns}


def _shape(values: Iterable[Any]) -> str:
    """How a column looks: amounts to the right, dates as narrow as they are."""
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, Decimal) for value in there):
        return "amount narrow"
    if there and all(isinstance(value, datetime) for value in there):
        return "moment"
    return "day" if there and all(isinstance(value, date) for value in there) else ""


def _words(value: Any) -> str:
    if isinstance(value, Decimal):
        return money.cop(value)
    if isinstance(value, datetime):
        return clock.long_datetime(value)
    if isinstance(value, date):
        return clock.short_date(value)
    return "" if value is None else str(value)
