"""The stack and the browser of the journeys. Each parallel process that has journeys runs a stack of its own, with its own
database, ports and Redis database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.journeys.stack import Stack

CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-gpu", "--disable-dev-shm-usage",
]  # fmt: skip

PATIENCE = 30_000  # how long a page may take; a busy machine is no fault of ours


@pytest.fixture(autouse=True)
def clean_slate() -> None:
    """Journeys look from outside: no Django state of this process is theirs."""


def process_number() -> int:
    """Which of the parallel processes this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the parallel processes of this run have in common, and no other run."""
    mine = tmp_path_factory.getbasetemp()
    return (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "filled"


@pytest.fixture(scope="package")
def stack(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for all journeys of a process. It ends with the last of them: the tests that follow need the processor."""
    redis_url = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{16 + process_number()}"))
    running = Stack(
        folder=tmp_path_factory.mktemp("stack"), database_server=os.environ["DATABASE_URL"], redis_url=redis_url,
        assets=os.environ["SAAS_ASSETS_DIR"], shared=shared,
    )  # fmt: skip
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser. It ends with its module: while Playwright is there an event loop runs in this thread, in which Django
    would refuse to ask the database anything for the tests that follow."""
    path = os.environ.get("SAAS_TEST_CHROMIUM", "/usr/bin/chromium")
    expect.set_options(timeout=PATIENCE)
    assert Path(path).exists(), "the journeys need Chromium; `make test` installs it where it may"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Any]:
    """`window(width=1280, js=True, **more)` is a fresh browser context (its own cookies)."""
    opened: list[BrowserContext] = []

    def make(*, width: int = 1280, height: int = 844, js: bool = True, **more: Any) -> BrowserContext:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale="es-CO", java_script_enabled=js, accept_downloads=True, **more
        )
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def page(window: Any) -> Page:
    """A page 1280 px wide."""
    made: Page = window().new_page()
    return made
