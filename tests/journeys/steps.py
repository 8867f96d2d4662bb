"""What people do in the browser, step by step, so that a journey reads like a story."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, TimeoutError, expect

from tests.journeys.stack import Stack, until

FOUNDER = {"usuario": "celia@laceiba.example", "contraseña": "una-ceiba-muy-alta-2026"}
LA_CEIBA = {"agency_name": "Inmobiliaria La Ceiba", "nit": "900373913", "nit_check": "4", "slug": "laceiba", "person_name": "Celia Restrepo"}


def ask_for_agency(page: Page, stack: Stack, *, about: dict[str, str] = LA_CEIBA, founder: dict[str, str] = FOUNDER) -> str:
    """From the platform's first page through the form of sign-up. Returns the link of the mail that confirms it."""
    page.goto(stack.origin + "/")
    page.get_by_role("link", name=re.compile("Registr")).first.click()
    page.wait_for_url(stack.origin + "/registro/")
    for name, value in about.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=email]").fill(founder["usuario"])
    page.locator("[name=password]").fill(founder["contraseña"])
    page.locator("[name=again]").fill(founder["contraseña"])
    page.locator("[name=terms]").check()
    prove_human(page)
    page.get_by_role("button", name="Crear mi portal").click()
    letter = letter_with(stack, founder["usuario"], "registro/confirmar")
    link = re.search(re.escape(stack.origin) + r"/registro/confirmar/[^\s<>\"]+", letter)
    assert link is not None
    return link[0]


def confirm_agency(page: Page, link: str) -> None:
    """Follow the link of the mail, confirm, and wait until the agency is there."""
    page.goto(link)
    page.get_by_role("button", name=re.compile("Confirmar")).click()
    page.wait_for_url(re.compile(r"/registro/estado/"))
    expect(page.get_by_role("link", name="Entrar a mi portal")).to_be_visible(timeout=60_000)


def prove_human(page: Page) -> None:
    """Tick *No soy un robot* and wait until the puzzle is solved."""
    page.locator("altcha-widget input[type=checkbox]").click()
    expect(page.locator("altcha-widget")).to_contain_text("Verificado")


def try_to_log_in(page: Page, origin: str, person: dict[str, str], *, path: str = "/area-de-clientes/") -> None:
    """Go to `path`, be asked to log in, and send the form."""
    page.goto(origin + path)
    page.get_by_label("Usuario", exact=True).fill(person["usuario"])
    page.get_by_label("Contraseña", exact=True).fill(person["contraseña"])
    prove_human(page)
    page.get_by_role("button", name="Iniciar sesión").click()


def log_in(page: Page, origin: str, person: dict[str, str], *, path: str = "/area-de-clientes/") -> None:
    """Go to `path`, be asked to log in, do so, and arrive."""
    try_to_log_in(page, origin, person, path=path)
    try:
        page.wait_for_url(lambda url: url.startswith(origin + path) and "/ingresar/" not in url or "/autorizacion/" in url)
        if "/autorizacion/" in page.url:  # a client's first time
            page.get_by_label("Leí y acepto este texto").check()
            page.get_by_role("button", name="Continuar").click()
            page.wait_for_url(lambda url: url.startswith(origin + path) and "/autorizacion/" not in url)
    except TimeoutError as error:
        raise AssertionError(f"did not get in; the page says: {page.locator('body').inner_text()}") from error


def unfold(page: Page) -> None:
    """Open what a telephone shows folded above a list: its filter, its dates."""
    summary = page.locator("details[data-fold]:not([open]) > summary")
    if summary.is_visible():
        summary.click()


def register_payment(page: Page, origin: str, *, number: str = "") -> str:
    """From the list of invoices to *Pagar con PayU*: the icon of a pending invoice, the form *Registrar pago*. Returns the
    invoice's number. Without `number` the first that can be paid."""
    page.goto(origin + "/area-de-clientes/facturas/")
    icons = page.get_by_role("link", name=re.compile(f"^Pagar (la )?factura {number}"))
    payable = [(icon.get_attribute("aria-label") or icon.inner_text(), icon.get_attribute("href")) for icon in icons.all()]
    chosen = None
    for name, address in payable:
        chosen = re.search(r"[A-Z]+-\d+", name)
        page.goto(origin + str(address))
        expect(page.get_by_role("heading", name="Registrar pago")).to_be_visible()
        if not page.get_by_text("Ya hay un pago en curso").count():  # another journey of the same person may have begun one
            break
    assert chosen is not None
    again = page.get_by_label(re.compile("^Entiendo que hay otro pago en curso"))
    if again.count():  # all of them have one
        again.check()
    page.get_by_test_id("register-payment").click()
    expect(page.get_by_test_id("pay-with-payu")).to_be_visible()
    return chosen[0]


def pay_at_payu(page: Page, stack: Stack, *, means: str, outcome: str) -> None:
    """*Pagar con PayU*, choose the means and what becomes of it. Ends on PayU's page of the result."""
    page.get_by_test_id("pay-with-payu").click()
    page.wait_for_url(re.compile(re.escape(stack.payu)))
    page.get_by_test_id(f"mean-{means}").click()
    page.get_by_test_id(f"outcome-{outcome}").click()
    page.get_by_test_id("pay").click()
    expect(page.get_by_test_id("return")).to_be_visible()


def come_back(page: Page, origin: str) -> None:
    """Back on the agency's site, at the confirmation page."""
    page.get_by_test_id("return").click()
    page.wait_for_url(re.compile(re.escape(origin) + r"/area-de-clientes/pagos/\d+/"))


def expect_state(page: Page, state: str, *, seconds: float = 30) -> None:
    """The confirmation page shows `state`, by itself."""
    expect(page.locator(f'[data-testid="payment-state"][data-state="{state}"]')).to_be_visible(timeout=seconds * 1000)


def download(page: Page, link: Any) -> bytes:
    """What a link downloads."""
    with page.expect_download() as waiting:
        link.click()
    return waiting.value.path().read_bytes()


def download_paper(page: Page, link: Any) -> bytes:
    """The paper behind a link: the file at once, or once a worker made it, from the page that follows its making."""
    arrived: list[Any] = []
    page.on("download", lambda one: arrived.append(one))  # noqa: PLW0108  (playwright looks into what it is given)
    link.click()
    made = page.get_by_test_id("paper-file")

    def there() -> bool:
        page.wait_for_timeout(100)  # playwright tells of a download only while it is waited for
        return bool(arrived) or made.is_visible()

    until("the paper is there", there, seconds=60)
    if not arrived:
        return download(page, made)
    content: bytes = arrived[0].path().read_bytes()
    return content


def letter_with(stack: Stack, *words: str, seconds: float = 30) -> str:
    """The newest mail that holds all of `words`, decoded."""

    def find() -> str | None:
        return next((text for text in reversed(stack.letters()) if all(word in text for word in words)), None)

    found: str = until(f"a mail with {words}", find, seconds=seconds)
    return found
