"""Every page as a browser sees it: nothing for axe-core to report (WCAG 2.2 AA), no word in the console (a blocked script or
style would be one), nothing wider than the screen; at both widths, and for three brands, a light yellow among them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.journeys import pages
from tests.journeys.stack import Stack, until
from tests.journeys.steps import log_in, register_payment

pytestmark = pytest.mark.journey
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TALL = 2400  # nothing lies under the bar at the foot of a phone
COLOURS = ("#ffe14d", "#8a1538")  # the third brand is the first agency's own, with which everybody's pages are looked at
OF_COLOUR = ["color-contrast", "link-in-text-block"]  # all that another brand can spoil


@pytest.fixture(scope="module")
def axe() -> str:
    return (Path(os.environ["SAAS_ASSETS_DIR"]) / "axe.min.js").read_text(encoding="utf-8")


# What the library of the superadmin leaves out on each of its pages: a main landmark, and what would have to be in one.
OF_THE_LIBRARY = ("landmark-one-main", "landmark-unique", "region")
# What scrolls sideways inside a page: lists of the superadmin keep their bar even where nothing hides behind it.
SCROLLERS = """() => [...document.querySelectorAll('#changelist *')].filter(e => e.clientWidth > 50 && e.scrollWidth > e.clientWidth + 1
  && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)).map(e => e.className)"""


def look(page: Page, axe: str, *, rules: list[str] = RULES, but: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with the page that `page` shows by those rules, but the ones that are not ours to keep."""
    # Evaluated by the debugger: the page's own policy lets no foreign script in.
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
    wrong = [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] if rule["id"] not in but for node in rule["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        wrong.append("wider than the screen")
    return [f"{page.url}: {what}" for what in wrong]


def listened(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what its console says from now on."""
    page, said = context.new_page(), []  # type: ignore[var-annotated]
    # The status of a page that is not there (any more) is said by the browser itself.
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") and "status of 4" not in m.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said


def walk(
    page: Page, axe: str, origin: str, paths: dict[str, str], *, rules: list[str] = RULES, but: tuple[str, ...] = ()
) -> list[str]:
    """What is wrong with any of `paths`."""
    wrong = []
    for path in paths.values():
        page.goto(origin + path)
        wrong += look(page, axe, rules=rules, but=but)
    return wrong


def walk_rows(page: Page, axe: str, origin: str, *, rules: list[str] = RULES) -> list[str]:
    """What is wrong with the page of the first row of any list of the client area."""
    wrong = []
    for name, row in pages.ROWS.items():
        page.goto(origin + pages.CLIENT[name])
        addresses = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.href)")
        first = next((address for address in addresses if re.search(row, address)), None)
        if first is not None:
            page.goto(first)
            wrong += look(page, axe, rules=rules)
    return wrong


@pytest.mark.parametrize("width", pages.WIDTHS)
def test_what_everyone_sees(stack: Stack, window: Any, axe: str, width: int) -> None:
    page, said = listened(window(width=width, height=TALL))
    wrong = walk(page, axe, stack.origin, pages.PLATFORM)
    wrong += walk(page, axe, stack.agency_origin(pages.AGENCY), pages.VISITOR)
    assert (wrong, said) == ([], [])


@pytest.mark.parametrize("width", pages.WIDTHS)
@pytest.mark.parametrize("role", ["inquilino", "propietario", "ambos"])
def test_what_clients_see(stack: Stack, window: Any, axe: str, width: int, role: str) -> None:
    origin = stack.agency_origin(pages.AGENCY)
    page, said = listened(window(width=width, height=TALL))
    people = stack.people(pages.AGENCY, role)
    log_in(page, origin, people[pages.WIDTHS.index(width) % len(people)])  # one payment begun per person
    wrong = walk(page, axe, origin, pages.CLIENT) + walk_rows(page, axe, origin)
    if role == "inquilino":
        page.goto(origin + pages.CLIENT["invoices"])
        page.get_by_role("link", name=re.compile(r"^FA-\d+$")).first.click()
        wrong += look(page, axe)
        register_payment(page, origin)
        wrong += look(page, axe)
        page.go_back()
        wrong += look(page, axe)
    assert (wrong, said) == ([], [])


@pytest.mark.parametrize("width", pages.WIDTHS)
def test_what_staff_see(stack: Stack, window: Any, axe: str, width: int) -> None:
    origin = stack.agency_origin(pages.AGENCY)
    page, said = listened(window(width=width, height=TALL))
    log_in(page, origin, stack.people(pages.AGENCY, "equipo")[0], path="/oficina/")
    assert (walk(page, axe, origin, pages.STAFF), said) == ([], [])


@pytest.mark.parametrize("width", pages.WIDTHS)
def test_what_operators_see(stack: Stack, window: Any, axe: str, width: int) -> None:
    page, said = listened(window(width=width, height=TALL))
    (operator,) = [person for person in stack.demo["people"] if person["role"] == "operador"]
    log_in(page, stack.origin, operator, path="/superadmin/")
    assert (walk(page, axe, stack.origin, pages.OPERATOR, but=OF_THE_LIBRARY), said) == ([], [])
    page.goto(stack.origin + pages.OPERATOR["superadmin-agencies"])
    assert page.evaluate(SCROLLERS) == []


@pytest.mark.parametrize("colour", COLOURS)
def test_any_brand_can_be_read(stack: Stack, window: Any, axe: str, colour: str) -> None:
    slug = "delrio"
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            "UPDATE tenants_agency SET colour = %s, branded_at = branded_at + interval '1 hour' WHERE slug = %s", [colour, slug]
        )
    origin = stack.agency_origin(slug)
    page, said = listened(window())
    log_in(page, origin, stack.people(slug, "ambos")[0])
    read = "getComputedStyle(document.documentElement).getPropertyValue('--tblr-primary')"

    def forgotten() -> bool:
        stack.flush_redis()  # each time: who looked the agency up just before the change may have put the old one there
        return [page.reload() and page.evaluate(read) for _ in range(6)] == [colour] * 6

    until("every process forgot the old brand", forgotten, seconds=60)
    wrong = []
    for width in pages.WIDTHS:
        page.set_viewport_size({"width": width, "height": TALL})
        wrong += walk(page, axe, origin, {**pages.VISITOR, **pages.CLIENT}, rules=OF_COLOUR)
        wrong += walk_rows(page, axe, origin, rules=OF_COLOUR)
    assert (page.evaluate(read), wrong, said) == (colour, [], [])
