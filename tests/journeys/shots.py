"""`make shots`: a picture of every page, at 390 and 1280 px, and of every paper, with one line and with eighty; for people to look at.
Asserts nothing.

`python -m tests.journeys.shots FOLDER [--readme]`: with --readme the two pictures of the README are written as well.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import pypdfium2
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys import pages
from tests.journeys.conftest import CHROMIUM_ARGS
from tests.journeys.stack import ROOT, Stack
from tests.journeys.steps import come_back, download, expect_state, log_in, pay_at_payu, register_payment

README = {"home-390": "home-390", "approved-1280": "payment-1280"}


def main(folder: Path, *options: str) -> None:
    """Run the stack, walk through it at both widths, and leave the pictures in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    redis_url = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path="/14"))
    with tempfile.TemporaryDirectory(prefix="shots-") as place, sync_playwright() as playwright:
        stack = Stack(
            folder=Path(place), database_server=os.environ["DATABASE_URL"], redis_url=redis_url, assets=os.environ["SAAS_ASSETS_DIR"]
        )
        browser = playwright.chromium.launch(executable_path=os.environ["SAAS_TEST_CHROMIUM"], args=CHROMIUM_ARGS)
        try:
            stack.start()
            for width in pages.WIDTHS:
                _walk(stack, browser, width, folder)
        finally:
            browser.close()
            stack.stop()
    _papers(folder)
    if "--readme" in options:
        for shot, picture in README.items():
            (ROOT / "docs" / "pictures" / f"{picture}.png").write_bytes((folder / f"{shot}.png").read_bytes())
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


def _walk(stack: Stack, browser: Browser, width: int, folder: Path) -> None:
    origin = stack.agency_origin(pages.AGENCY)

    def window() -> BrowserContext:
        return browser.new_context(viewport={"width": width, "height": 844}, locale="es-CO", accept_downloads=True)

    def shoot(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=name not in README_NAMES)

    page = window().new_page()
    for name, path in pages.PLATFORM.items():
        page.goto(stack.origin + path)
        shoot(page, name)
    for name, path in pages.VISITOR.items():
        page.goto(origin + path)
        shoot(page, name)
    for role in ("propietario", "inquilino"):  # the home of each; who is both sees the rest
        page = window().new_page()
        log_in(page, origin, stack.people(pages.AGENCY, role)[0])
        shoot(page, f"home-{role}")
    page = window().new_page()
    log_in(page, origin, stack.people(pages.AGENCY, "ambos")[0])
    for name, path in pages.CLIENT.items():
        page.goto(origin + path)
        shoot(page, name)
        for address in _first_row(page, pages.ROWS.get(name)):
            page.goto(address)
            shoot(page, f"{name}-one")
    page = window().new_page()
    log_in(page, origin, stack.people(pages.AGENCY, "ambos" if width == 390 else "inquilino")[0])  # one payment begun per person
    register_payment(page, origin)
    shoot(page, "pay-with-payu")
    pay_at_payu(page, stack, means="card", outcome="approved")
    shoot(page, "stand-in")
    come_back(page, origin)
    expect_state(page, "approved")
    link = page.get_by_test_id("download-receipt")
    link.wait_for(timeout=30_000)
    shoot(page, "approved")
    _paper(download(page, link), folder / "paper-receipt-demo.png")
    page = window().new_page()
    log_in(page, origin, stack.people(pages.AGENCY, "equipo")[0], path="/oficina/")
    for name, path in pages.STAFF.items():
        page.goto(origin + path)
        shoot(page, name)


def _first_row(page: Page, row: str | None) -> list[str]:
    """The address of the page of a list's first row, if there is one."""
    links = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.href)") if row else []
    return [address for address in links if re.search(row or "", address)][:1]


def _papers(folder: Path) -> None:
    """Every paper with one line, and the first, second and last page of each with eighty."""
    import tests.environment  # noqa: F401  (before Django reads it)

    django.setup()
    from tests.files.test_all_documents import PAPERS

    for name, (make, *_said) in PAPERS.items():
        _paper(make(1), folder / f"paper-{name}-1.png")
        many = make(80)
        last = len(pypdfium2.PdfDocument(many)) - 1
        for place in sorted({0, 1, last}):
            _paper(many, folder / f"paper-{name}-80-page-{place + 1}.png", place=place)


def _paper(pdf: bytes, path: Path, *, place: int = 0) -> None:
    pypdfium2.PdfDocument(pdf)[place].render(scale=1.6).to_pil().save(path)


README_NAMES = {shot.rpartition("-")[0] for shot in README}

if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
