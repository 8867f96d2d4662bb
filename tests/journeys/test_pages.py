"""Every page as a browser sees it: nothing for axe-core to report (WCAG 2.2 AA) at both widths, nothing wider than the screen
from 360 to 1440 px, no word in the console (a blocked script or style would be one); for clients and visitors in three brands, a
light yellow among them. Each page is asked of the server once, and looked at in all these ways.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tenants.branding import stylesheet
from tests.journeys import pages
from tests.journeys.stack import Stack
from tests.journeys.steps import log_in, register_payment

pytestmark = pytest.mark.journey
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TALL = 2400  # nothing lies under the bar at the foot of a phone
SCREENS = (360, *pages.WIDTHS, 1440)  # from the narrowest telephone to a wide screen
LARGE_LETTERS = (195, 320, *SCREENS)  # also a telephone and a desk whose letters were made twice and four times as large: clients may
COLOURS = ("#ffe14d", "#8a1538")  # the third brand is the agency's own
OF_COLOUR = ["color-contrast", "link-in-text-block"]  # all that another brand can spoil
# What the agency's own stylesheet would say, said after it: the page's policy lets a debugger do so.
BRAND = "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet] }"
# A new size is told to the page a moment later.
SIZED = "width => new Promise(done => { const look = () => innerWidth === width ? done() : setTimeout(look, 5); look() })"
STILL = "*,*::before,*::after{transition:none!important;animation:none!important}"  # a colour on its way to another is neither
PRIMARY = "getComputedStyle(document.documentElement).getPropertyValue('--tblr-primary')"


@pytest.fixture(scope="module")
def axe() -> str:
    return (Path(os.environ["SAAS_ASSETS_DIR"]) / "axe.min.js").read_text(encoding="utf-8")


# What the library of the superadmin leaves out on each of its pages: a main landmark, and what would have to be in one.
OF_THE_LIBRARY = ("landmark-one-main", "landmark-unique", "region")
# What scrolls sideways inside a page: lists of the superadmin keep their bar even where nothing hides behind it.
SCROLLERS = """() => [...document.querySelectorAll('#changelist *')].filter(e => e.clientWidth > 50 && e.scrollWidth > e.clientWidth + 1
  && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)).map(e => e.className)"""


def look(
    page: Page, screen: CDPSession, *, screens: tuple[int, ...] = SCREENS, colours: tuple[str, ...] = (), but: tuple[str, ...] = ()
) -> list[str]:
    """What is wrong with the page that `page` shows, on any of `screens` and in any of `colours`, but for rules not ours to keep."""
    page.evaluate(BRAND, STILL)
    wrong = []
    for width in screens:
        resize(page, screen, width)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{page.url}, {width} px: wider than the screen")
        if width not in pages.WIDTHS:
            continue
        wrong += _violations(page, RULES, but=but, where=f"{width} px")
        for colour in colours:
            page.evaluate(BRAND, stylesheet(colour) + STILL)
            assert page.evaluate(PRIMARY) == colour
            wrong += _violations(page, OF_COLOUR, but=but, where=f"{width} px, {colour}")
        page.evaluate(BRAND, STILL)
    return wrong


def _violations(page: Page, rules: list[str], *, but: tuple[str, ...], where: str) -> list[str]:
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
    return [
        f"{page.url}, {where}: {rule['id']}: {node['html'][:160]}"
        for rule in found["violations"] if rule["id"] not in but for node in rule["nodes"]
    ]  # fmt: skip


def resize(page: Page, screen: CDPSession, width: int) -> None:
    """Tell the page of another screen. The window around it, which nobody looks at, is not made anew each time."""
    screen.send("Emulation.setDeviceMetricsOverride", {"width": width, "height": TALL, "deviceScaleFactor": 1, "mobile": False})
    page.evaluate(SIZED, width)


def listened(window: Any, axe: str) -> tuple[Page, CDPSession, list[str]]:
    """A page with axe in it, its screen, and what its console says from now on."""
    page, said = window().new_page(), []
    # By the debugger: the page's own policy lets no foreign script in.
    page.add_init_script(axe)
    # The status of a page that is not there (any more) is said by the browser itself.
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") and "status of 4" not in m.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, page.context.new_cdp_session(page), said


def walk(page: Page, screen: CDPSession, origin: str, paths: dict[str, str], **how: Any) -> list[str]:
    """What is wrong with any of `paths`, looked at as look() says."""
    wrong = []
    for path in paths.values():
        page.goto(origin + path)
        wrong += look(page, screen, **how)
    return wrong


def first_rows(page: Page, origin: str) -> dict[str, str]:
    """The path of the first row of each list of the client area that has one."""
    found = {}
    for name, row in pages.ROWS.items():
        page.goto(origin + pages.CLIENT[name])
        addresses = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.href)")
        first = next((address for address in addresses if re.search(row, address)), None)
        if first is not None:
            found[f"{name}-row"] = first.removeprefix(origin)
    return found


def test_what_everyone_sees(stack: Stack, window: Any, axe: str) -> None:
    page, screen, said = listened(window, axe)
    wrong = walk(page, screen, stack.origin, pages.PLATFORM)
    wrong += walk(page, screen, stack.agency_origin(pages.AGENCY), pages.VISITOR, colours=COLOURS)
    assert "\n".join(wrong + said) == ""


@pytest.mark.parametrize("role", ["inquilino", "propietario", "ambos"])
def test_what_clients_see(stack: Stack, window: Any, axe: str, role: str) -> None:
    origin = stack.agency_origin(pages.AGENCY)
    page, screen, said = listened(window, axe)
    log_in(page, origin, stack.people(pages.AGENCY, role)[-1])  # the main job's journeys pay all that the first one owes
    colours = COLOURS if role == "ambos" else ()  # who sees all that the other two see
    wrong = walk(page, screen, origin, {**pages.CLIENT, **first_rows(page, origin)}, screens=LARGE_LETTERS, colours=colours)
    if role == "inquilino":
        page.goto(origin + pages.CLIENT["invoices"])
        page.get_by_role("link", name=re.compile(r"^FA-\d+$")).first.click()
        wrong += look(page, screen, colours=COLOURS)
        register_payment(page, origin)
        wrong += look(page, screen, colours=COLOURS)
        page.go_back()
        wrong += look(page, screen, colours=COLOURS)
    assert "\n".join(wrong + said) == ""


def test_what_staff_see(stack: Stack, window: Any, axe: str) -> None:
    origin = stack.agency_origin(pages.AGENCY)
    page, screen, said = listened(window, axe)
    log_in(page, origin, stack.people(pages.AGENCY, "equipo")[0], path="/oficina/")
    assert "\n".join(walk(page, screen, origin, pages.STAFF) + said) == ""


def test_what_operators_see(stack: Stack, window: Any, axe: str) -> None:
    page, screen, said = listened(window, axe)
    (operator,) = [person for person in stack.demo["people"] if person["role"] == "operador"]
    log_in(page, stack.origin, operator, path="/superadmin/")
    assert "\n".join(walk(page, screen, stack.origin, pages.OPERATOR, but=OF_THE_LIBRARY) + said) == ""
    for width in pages.WIDTHS:
        resize(page, screen, width)
        page.goto(stack.origin + pages.OPERATOR["superadmin-agencies"])
        assert page.evaluate(SCROLLERS) == []
