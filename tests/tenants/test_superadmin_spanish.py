"""The superadmin in Spanish: what its library and Django would say in English is on none of its pages."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.test import Client as Browser

from tenants.models import Agency, Domain
from tenants.platform_models import Alarm, Announcement, Export, OperatorAct, PlatformText, SupportView, SupportVisit
from tests.tenants.steps import a_signup
from tests.tenants.superadmin import an_operator, do
from tests.world import NOW

CATALOGUE = Path(__file__).resolve().parent.parent.parent / "saas" / "locale" / "es" / "LC_MESSAGES" / "django.po"
STOCK = (
    "Select all", "Select record", "Select action", "Select value", "No results", "No data", "Add another", "Add row", "Apply", "Reset filters",
    "Type to search", "More actions", "Return to site", "Go back", "Next", "Previous", "Welcome", "Run", "Date", "Time", "Today", "Schema name",
    "Agency", "Domain", "Taken at", "object (", "This item", "Loading", "Search", "Filters", "History", "Save", "Delete", "Close", "Log out", "Yes",
    "Unknown", "No entries", "Expand row", "Sorting", "Toggle", "View", "Change", "Home", "Dark", "Light", "System", "True", "False", "Any",
)  # fmt: skip


def words(page: str) -> str:
    """What a person reads or hears on a page: texts, and the names that attributes give."""
    page = re.sub(r"<(script|style|template)\b.*?</\1>|<span[^>]*material-symbols[^>]*>.*?</span>", " ", page, flags=re.DOTALL)
    heard = re.findall(r'\b(?:title|placeholder|aria-label|alt|data-label)="([^"]*)"', page)
    return html.unescape(" | ".join([re.sub(r"<[^>]+>", " | ", page), *heard]))


def english(page: str) -> list[str]:
    said = words(page)
    return [word for word in STOCK if re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", said)]


@pytest.fixture
def olga(alfa: Agency, browse: Any) -> Browser:
    browser: Browser = browse(None, an_operator())
    do(browser, "suspender", alfa)
    do(browser, "reactivar", alfa)
    return browser


def rows(alfa: Agency) -> dict[str, Any]:
    """A row in each list."""
    day = timedelta(days=1)
    visit = SupportVisit.objects.create(agency=alfa, operator_id=1, operator_name="Olga", reason="Ver", asked_at=NOW, until=NOW + day)
    SupportView.objects.create(visit=visit, at=NOW, method="GET", path="/oficina/")
    return {
        "agency": alfa, "domain": Domain.objects.get(tenant=alfa), "signup": a_signup(), "supportvisit": visit,
        "alarm": Alarm.objects.create(kind="disk", schema_name="public", text="Al 93 %.", raised_at=NOW, seen_at=NOW, taken_by="Olga", taken_at=NOW),
        "announcement": Announcement.objects.create(text="El domingo", level="info", starts_at=NOW, ends_at=NOW + day),
        "export": Export.objects.create(agency_id=alfa.pk, agency_slug="alfa", asked_at=NOW, asked_by="Olga", expires_at=NOW + day),
        "platformtext": PlatformText.objects.create(kind="terms", body="Texto", state="draft", edited_at=NOW, edited_by="Olga"),
        "operatoract": OperatorAct.objects.first(),
    }  # fmt: skip


def test_no_page_of_the_superadmin_speaks_english(alfa: Agency, olga: Browser) -> None:
    paths = ["/superadmin/", "/superadmin/tenants/", "/superadmin/salud/", "/superadmin/operadores/invitar/", "/superadmin/tenants/platform/"]
    paths += [f"/superadmin/hacer/{verb}/?ids={alfa.pk}" for verb in ("plan", "suspender", "retirar", "mantenimiento", "visitar", "exportar")]
    for model, row in rows(alfa).items():
        paths += [f"/superadmin/tenants/{model}/", f"/superadmin/tenants/{model}/?q=nada-de-esto", f"/superadmin/tenants/{model}/{row.pk}/change/"]
    paths += ["/superadmin/tenants/announcement/add/", "/superadmin/tenants/platformtext/add/"]
    paths += [f"/superadmin/tenants/announcement/{Announcement.objects.get().pk}/{page}/" for page in ("delete", "history")]
    found = {}
    for path in paths:
        answer = olga.get(path)
        if answer.status_code != 404:
            assert answer.status_code == 200, path
            found[path] = english(answer.content.decode())
    assert len(found) > 35
    assert {path: said for path, said in found.items() if said} == {}


def flat(said: Any) -> str:
    """One text of a message that may have a plural."""
    return said if isinstance(said, str) else " / ".join(said)


def test_the_catalogue_is_compiled() -> None:
    with CATALOGUE.open("rb") as text, CATALOGUE.with_suffix(".mo").open("rb") as compiled:
        written, made = [sorted((flat(row.id), flat(row.string)) for row in rows if row.id) for rows in (read_po(text), read_mo(compiled))]
    assert written == made
    assert [said for said, spanish in written if not spanish] == []


def test_the_list_of_words_finds_them() -> None:
    page = '<a title="Select record">x</a><p>Schema name</p><script>"Close"</script><p>ClosedXML Dominios</p>'
    assert english(page) == ["Select record", "Schema name"]
