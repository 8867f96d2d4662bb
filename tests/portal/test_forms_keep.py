"""Each form of the client area, with one mistake in it: nothing typed is lost, passwords are never written back, and what is wrong is
said beside its field."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from payments import links
from payments.policy import save_policy
from pqrs import handling
from saas.accounts import email_codes
from saas.accounts import links as account_links
from saas.lib import clock
from tenants import context
from tests.files.test_files import ask
from tests.portal.pages import PAYER, at
from tests.pqrs.test_cases import open_one
from tests.world import PASSWORD, Cast, Casts


class Typed(HTMLParser):
    """What the forms of a page hold: by name, in the order of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        name = has.get("name", "")
        if tag == "input" and has.get("type") in ("checkbox", "radio"):
            if "checked" in has:
                self._keep(name, has.get("value", "on"))
        elif tag == "input":
            self._keep(name, has.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in has:
            self._keep(self._select, has["value"])
        elif tag == "textarea":
            self._text = name
            self._keep(name, "")

    def handle_data(self, data: str) -> None:
        if self._text:
            self.values[self._text][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""

    def _keep(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)


def typed_of(page: HttpResponse) -> dict[str, list[str]]:
    """The fields of a page with what they hold; a text area loses the line break that HTML does not count."""
    reader = Typed()
    reader.feed(page.content.decode())
    return {name: [value.removeprefix("\n") for value in values] for name, values in reader.values.items()}


def bad_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("foto.jpg", b"no es una foto", content_type="image/jpeg")


Made = tuple[str, dict[str, Any]]  # an address and what is sent to it


def profile(here: Cast) -> Made:
    return at("profile"), {"email": "otra@correo.example", "mobile": "745", "landline": "601 745 2030", "address": "Calle 9", "city": "Cali"}


def profile_code(here: Cast) -> Made:
    assert here.rita.user is not None
    email_codes.ask(here.rita.user, email="otra@correo.example", now=clock.now())
    return at("profile_email"), {"code": "00 00 00"}


def new_case(here: Cast) -> Made:
    said = {"kind": "claim", "subject": "", "unit": here.lease.unit_id, "lease": here.lease.pk, "description": "Una gotera\nen la sala"}
    return at("case_new"), said


def new_case_with_a_wrong_file(here: Cast) -> Made:
    said = {"kind": "petition", "subject": "repairs", "unit": "", "lease": here.lease.pk, "description": "Con <b>foto</b>"}
    return at("case_new"), {**said, "attached": bad_file()}


def message(here: Cast) -> Made:
    return at("case", open_one(here).number), {"text": "Sigue igual", "attached": bad_file()}


def rating(here: Cast) -> Made:
    case = open_one(here)
    handling.answer(case, text="Ya fue el plomero.", by=here.sara, now=clock.now())
    return at("case_rate", case.number), {"comment": "Demoró"}


def one_invoice(here: Cast) -> Made:
    return at("invoice_pay", here.invoice.pk), {**PAYER, "phone": "12"}


def a_part(here: Cast) -> Made:
    save_policy(partial=True, minimum=Decimal(100_000))
    return at("invoice_pay", here.invoice.pk), {**PAYER, "amount": "99.999"}


def several_invoices(here: Cast) -> Made:
    return f"{at('invoices_pay')}?f={here.invoice.pk}&f={here.overdue.pk}", {**PAYER, "document": "abc"}


def handing_in(here: Cast) -> Made:
    return at("client_file_request", ask(here).pk), {"text": "Es la del banco", "attached": bad_file()}


def passkey(here: Cast) -> Made:
    return at("security_passkey"), {"name": "Celular", "current": "otra-clave-larga-9"}


def application(here: Cast) -> Made:
    return at("security_application"), {"code": "000000", "current": PASSWORD}


def password(here: Cast) -> Made:
    return at("security_password"), {"current": PASSWORD, "password": "corta", "again": "corta"}


SECRET = ("current", "password", "again")
LOGGED_IN = [
    profile, profile_code, new_case, new_case_with_a_wrong_file, message, rating, one_invoice, a_part, several_invoices, handing_in, passkey,
    application, password,
]  # fmt: skip


@pytest.mark.parametrize("made", LOGGED_IN, ids=lambda made: made.__name__)
def test_what_was_typed_stays(cast: Casts, browse: Any, made: Callable[[Cast], Made]) -> None:
    with context.in_agency(cast.alfa.agency):
        path, said = made(cast.alfa)
    stays(browse(cast.alfa.agency, cast.alfa.rita.user).post(path, said), said)


def link_of_a_mail(here: Cast) -> Made:
    return at("pay_link", links.token_of(here.invoice)), {**PAYER, "email": "no es un correo"}


def log_in(here: Cast) -> Made:
    return at("account_login"), {"login": "1.001", "password": "otra-clave-larga-9", "captcha": ""}


def forgotten(here: Cast) -> Made:
    return at("account_forgotten"), {"login": "rita@correo.example", "captcha": ""}


def new_password(here: Cast) -> Made:
    assert here.rita.user is not None
    return at("account_new_password", account_links.make_token(here.rita.user, purpose="clave")), {"password": "corta", "again": "corta"}


@pytest.mark.parametrize("made", [link_of_a_mail, log_in, forgotten, new_password], ids=lambda made: made.__name__)
def test_so_it_does_for_who_is_not_logged_in(cast: Casts, browse: Any, made: Callable[[Cast], Made]) -> None:
    with context.in_agency(cast.alfa.agency):
        path, said = made(cast.alfa)
    stays(browse(cast.alfa.agency).post(path, said), said)


def test_the_days_of_a_statement_stay(cast: Casts, browse: Any) -> None:
    said = {"since": "2026-05-02", "until": "2026-03-01"}
    stays(browse(cast.alfa.agency, cast.alfa.rita.user).get(at("statement"), said), said)


def stays(page: HttpResponse, said: dict[str, Any]) -> None:
    """The page says what is wrong and holds all that was sent, but for files and passwords."""
    assert page.status_code in (200, 422)
    held, body = typed_of(page), page.content.decode()
    assert 'role="alert"' in body
    for name, value in said.items():
        if name in SECRET:
            assert held[name] == [""], name
            assert f'value="{value}"' not in body
        elif name == "attached":
            assert "Elija de nuevo los archivos" in body
        elif name != "captcha":
            assert held.get(name, [""]) == [str(value)], name
