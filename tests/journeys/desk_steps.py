"""What staff do at the desk in the browser, step by step, and the agency that the journeys of the desk are walked in.

`open_agency` begins with nothing: it signs an agency up and fills it by the desk's own forms. Nothing here writes to the
database.
"""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from saas.lib import clock
from tests.journeys.stack import Stack
from tests.journeys.steps import ask_for_agency, confirm_agency, letter_with, log_in

SLUG = "laguna"
ABOUT = {"agency_name": "Inmobiliaria La Laguna", "nit": "901234567", "nit_check": "7", "slug": SLUG, "person_name": "Lucía Laguna"}
HEAD = {"usuario": "lucia@laguna.example", "contraseña": "una-laguna-muy-honda-2026"}
PASSWORD = "una-clave-propia-2026"  # noqa: S105  (of a journey)
AREA, DESK = "/area-de-clientes", "/oficina"


@dataclass(frozen=True)
class Person:
    """A client of the journeys."""

    document: str
    name: str
    email: str

    @property
    def account(self) -> dict[str, str]:
        """How they log in."""
        return {"usuario": self.document, "contraseña": PASSWORD}


OWNER = Person("52100100", "Olivia Osorio", "olivia@correo.example")
RENTER = Person("1020304050", "Ramiro Rincón", "ramiro@correo.example")


@dataclass(frozen=True)
class Place:
    """A running agency: where it is, the browser of its dueña and that of its renter."""

    stack: Stack
    origin: str
    desk: Page
    renter: Page

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the agency's schema."""
        return self.stack.query(SLUG, sql)

    def one(self, sql: str) -> Any:
        """The only value of the only row."""
        ((value,),) = self.query(sql)
        return value

    def go(self, path: str) -> Page:
        """The desk's browser, at a page of the desk."""
        self.desk.goto(self.origin + DESK + path)
        return self.desk


def open_agency(stack: Stack, desk: Page, renter: Page) -> Place:
    """An agency from nothing: signed up, PayU, numbering, an owner, a unit, a renter with an account, and a lease."""
    confirm_agency(desk, ask_for_agency(desk, stack, about=ABOUT, founder=HEAD))
    place = Place(stack, stack.agency_origin(SLUG), desk, renter)
    log_in(desk, place.origin, HEAD, path=f"{DESK}/")
    connect_payu(place)
    number_series(place, "rent", "LG")
    number_series(place, "commission", "LC")
    add_client(place, OWNER)
    add_unit(place, "LA-1", OWNER)
    add_client(place, RENTER)
    add_lease(place, "CL-1", "LA-1", RENTER, rent="1.000.000", administration="200.000")
    invite(place, RENTER)
    activate(renter, stack, RENTER)
    log_in(renter, place.origin, RENTER.account)
    return place


def fill(page: Page, **values: str) -> None:
    """Fill fields by their names."""
    for name, value in values.items():
        field = page.locator(f"main [name='{name}']")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def press(page: Page, name: str) -> None:
    """Press a button of the page's own part."""
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def said(page: Page, text: str) -> None:
    """The page says so after what was done."""
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    """The page's heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def connect_payu(place: Place) -> None:
    """The stand-in's published account, and *Probar conexión*: first with a wrong key."""
    page = place.go("/payu/")
    fill(page, merchant_id="508029", account_id="512321", api_login="pRRXKOl8ikMmt9u", api_key="no-es-esta-llave")
    press(page, "Guardar")
    said(page, "La cuenta de PayU quedó guardada")
    press(page, "Probar conexión")
    expect(page.get_by_role("alert")).to_contain_text("PayU rechazó las credenciales")
    fill(page, api_login="pRRXKOl8ikMmt9u", api_key="4Vj8eK4rloUd272L48hsrarnUA")
    press(page, "Guardar")
    press(page, "Probar conexión")
    said(page, "Conexión correcta: PayU aceptó las credenciales.")


def number_series(place: Place, series: str, prefix: str) -> None:
    """A numbering of a kind of document, from 1 to 500."""
    page = place.go("/facturas/numeracion/")
    fill(page, series=series, prefix=prefix, first="1", last="500", text=f"Resolución de prueba {prefix}")
    press(page, "Registrar")
    expect(page.get_by_test_id("resolution").filter(has_text=f"{prefix} 1 a 500")).to_contain_text(f"Siguiente {prefix}-1, quedan 500.")


def add_client(place: Place, person: Person) -> None:
    """*Nuevo cliente*."""
    page = place.go("/clientes/nuevo/")
    fill(page, document_type="CC", document=person.document, name=person.name, email=person.email, mobile="300 123 4567")
    press(page, "Guardar")
    heading(page, person.name)


def add_unit(place: Place, code: str, owner: Person) -> None:
    """*Nuevo inmueble*, all of one owner's."""
    page = place.go("/inmuebles/nuevo/")
    fill(page, code=code, kind="Apartamento", address=f"Carrera 7 # 10-{code[-1]}", city="Bogotá D.C.")
    fill(page, **{"owners-0-owner": owner.document, "owners-0-share": "100"})
    press(page, "Guardar")
    said(page, "El inmueble quedó guardado.")


def add_lease(place: Place, number: str, unit: str, renter: Person, *, rent: str, administration: str = "") -> None:
    """*Nuevo contrato*: a year from the first of last month, 10 % of commission."""
    first = last_month()
    page = place.go("/contratos/nuevo/")
    fill(page, number=number, unit=unit, renter=renter.document, rent=rent, administration=administration, payment_day="5", commission="10")
    fill(page, starts_on=first.isoformat(), ends_on=(first.replace(year=first.year + 1) - timedelta(days=1)).isoformat())
    press(page, "Guardar")
    said(page, "El contrato quedó guardado.")


def invite(place: Place, person: Person) -> None:
    """*Enviar invitación* on the client's page."""
    page = place.go(f"/clientes/{client_id(place, person)}/")
    press(page, "Enviar invitación")
    expect(page.get_by_role("button", name="Enviar otra vez")).to_be_visible()


def activate(page: Page, stack: Stack, person: Person) -> None:
    """Follow the link of the invitation and choose a password."""
    letter = letter_with(stack, f"To: {person.email}", f"{AREA}/activar/")
    link = re.search(r"http://\S+/activar/[^\s<>\"]+", letter)
    assert link is not None
    page.goto(link[0])
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="Guardar la contraseña").click()
    expect(page.get_by_role("status")).to_contain_text("Su contraseña quedó lista")


def write_invoice(place: Place, lease: str, *, concept: str, base: str = "", other: str = "") -> str:
    """*Nueva factura* for a lease: look, and issue. Returns its number."""
    page = place.go("/facturas/nueva/")
    page.get_by_label("¿Para quién es?").fill(lease)
    press(page, "Buscar")
    page.get_by_role("link", name=re.compile(re.escape(lease))).click()
    fill(page, period=f"{next_month():%Y-%m}", due_on=(clock.today() + timedelta(days=5)).isoformat(), concept=concept, base=base)
    if other:
        fill(page, kind_1="repair", concept_1=other.partition(":")[0], amount_1=other.partition(":")[2])
    press(page, "Ver cómo queda")
    press(page, "Expedir factura")
    page.wait_for_url(re.compile(r"/facturas/\d+/$"))
    number = re.search(r"LG-\d+", page.get_by_role("heading", level=1).inner_text())
    assert number is not None
    return number[0]


def call(place: Place, path: str, key: str, data: Any = None, *, slug: str = "", idempotency: str = "") -> tuple[int, Any]:
    """A request of a program to the API of an agency, without `slug` this one's: the status and the body."""
    host = urlsplit(place.stack.agency_origin(slug or SLUG)).netloc
    headers = {"Host": host, "Content-Type": "application/json", "Authorization": f"Bearer {key}", "Idempotency-Key": idempotency}
    connection = http.client.HTTPConnection("127.0.0.1", place.stack.web_port, timeout=15)
    connection.request(
        "GET" if data is None else "POST", f"/api/v1{path}", body=None if data is None else json.dumps(data),
        headers={name: value for name, value in headers.items() if value},
    )  # fmt: skip
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert (answer.getheader("Content-Type") == "application/problem+json") == (answer.status >= 400)
    return answer.status, body


def client_id(place: Place, person: Person) -> int:
    """The id of a client."""
    return int(place.one(f"SELECT id FROM clientarea_client WHERE document = '{person.document}'"))


def this_month() -> date:
    """The first of this month, in Bogotá."""
    return clock.today().replace(day=1)


def next_month() -> date:
    """The first of the month after."""
    return (this_month() + timedelta(days=32)).replace(day=1)


def last_month() -> date:
    """The first of the month before."""
    return (this_month() - timedelta(days=1)).replace(day=1)
