"""The paper of all that is held about a client, gathered from every app."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from clientarea.models import Client
from clientarea.papers import JSON, Asked, Draft, Page, puts_together
from payments import documents, receipts
from saas.lib import clock, money, progress
from saas.lib.personal_data import Row, Section, sections
from tenants.models import Agency

TITLE = "Mis datos personales"  # as the page says it


def _my_data_page(asked: Asked) -> Page:
    return Page(reverse("my_data"), _(TITLE))


@puts_together("saas.my_data", asked_on=_my_data_page)
def my_data(client: Client, agency: Agency, asked: Asked) -> Draft:
    """Everything that is held about a client who has an account."""
    title = _("Datos personales de %(name)s") % {"name": client.name}

    def draw() -> bytes:
        printed = [_printed(section.title, rows) for section, rows in _read(client)]
        progress.say("layout")
        context = {"name": client.name, "made": clock.long_datetime(clock.now()), "sections": printed}
        return documents.render("pdf/personal_data.html", receipts.issuer(agency), title=title, context=context)

    return Draft(name=file_name("pdf"), title=_(TITLE), says=None, lines=0, draw=draw)


@puts_together("saas.my_data_json", asked_on=_my_data_page)
def my_data_json(client: Client, agency: Agency, asked: Asked) -> Draft:
    """The same, for programs."""

    def draw() -> bytes:
        told = {section.key: {"titulo": section.title, "filas": rows} for section, rows in _read(client)}
        whole = {"inmobiliaria": agency.name, "generado": clock.now(), "datos": told}
        return json.dumps(whole, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2).encode()

    return Draft(name=file_name("json"), title=_(TITLE), says=None, lines=0, draw=draw, content_type=JSON)


def file_name(ending: str) -> str:
    """What the file of today is called."""
    return f"mis-datos-{clock.today():%Y-%m-%d}.{ending}"


def _read(client: Client) -> Iterator[tuple[Section, list[Row]]]:
    """Each section with all its rows."""
    if client.user is None:
        raise Http404
    found = sections(client.user)
    for n, section in enumerate(found):
        progress.say("gather", n, len(found))
        yield section, section.rows()


def readable(rows: list[Row]) -> list[dict[str, str]]:
    """Rows as people read them; a single row without what is empty."""
    return [{label: text for label, value in row.items() if (text := _words(value)) or len(rows) > 1} for row in rows]


def _as_table(rows: list[Row]) -> bool:
    return len(rows) > 1 and len(rows[0]) <= 6


def _printed(title: str, found: list[Row]) -> dict[str, Any]:
    """A section as the paper shows it: one row as facts, many as a table while its columns fit, else as facts too."""
    rows = readable(found)
    if not _as_table(found):
        return {"title": title, "rows": rows, "as_table": False}
    columns = [(label, _shape(row[label] for row in found)) for label in found[0]]
    lines = [[(row.get(label, ""), shape) for label, shape in columns] for row in rows]
    return {"title": title, "rows": lines, "as_table": True, "columns": columns}


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
