"""Each form of the client area, with one mistake in it: nothing typed is lost, passwords are never written back, and what is wrong is
said beside its field."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client as Browser

from payments import links
from payments.policy import save_policy
from pqrs import handling
from pqrs.models import Case, Message
from saas.accounts import email_codes
from saas.accounts import links as account_links
from saas.lib import clock
from tenants import context
from tests.files.test_files import ask
from tests.portal.pages import PAYER, at
from tests.pqrs.test_cases import open_one
from tests.world import PASSWORD, Cast, Casts
from tests.world import log_in as log_in_as


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


def typed_of(page: Any) -> dict[str, list[str]]:
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


def write_too_late(browser: Any, path: str, said: dict[str, Any]) -> HttpResponse:
    """Open a page with a form, and send what is said when the session is over."""
    mark = typed_of(browser.get(path))["escribe"][0]
    browser.logout()
    answer: HttpResponse = browser.post(path, {**said, "escribe": mark})
    assert (answer.status_code, answer["Location"]) == (302, f"{at('account_login')}?next={path}")
    return answer


def enter_again(browser: Any, here: Cast, user: Any, path: str) -> HttpResponse:
    """Log in where the answer said, and go where it leads."""
    page: HttpResponse = browser.get(f"{at('account_login')}?next={path}")
    assert "lo que escribió quedó guardado" in page.content.decode()
    with context.in_agency(here.agency):
        browser.force_login(user)
    answer: HttpResponse = browser.get(path)
    return answer


@pytest.mark.parametrize("made", [new_case, message], ids=lambda made: made.__name__)
def test_what_was_sent_after_the_session_ended_is_there_after_logging_in(cast: Casts, browse: Any, made: Callable[[Cast], Made]) -> None:
    alfa = cast.alfa
    with context.in_agency(alfa.agency):
        path, _wrong = made(alfa)
        before = Case.objects.count(), Message.objects.count()
    said = {"kind": "complaint", "subject": "repairs", "description": "Gotea el techo", "text": "Sigue goteando"}
    browser = browse(alfa.agency, alfa.rita.user)
    write_too_late(browser, path, said)
    page = enter_again(browser, alfa, alfa.rita.user, path)
    held = typed_of(page)
    there = {name: held[name] for name in said if name in held}
    assert there == {name: [said[name]] for name in there}
    assert "description" in there or "text" in there
    assert "Lo que escribió sigue aquí" in page.content.decode()
    # Once: not for ever, and nothing was written down of its own.
    assert "Lo que escribió sigue aquí" not in browser.get(path).content.decode()
    with context.in_agency(alfa.agency):
        assert (Case.objects.count(), Message.objects.count()) == before


def test_nobody_else_sees_what_was_written_too_late(cast: Casts, browse: Any) -> None:
    alfa, path = cast.alfa, at("case_new")
    browser = browse(alfa.agency, alfa.rita.user)
    write_too_late(browser, path, {"description": "Es un secreto de Rita"})
    for user in (alfa.oscar.user, alfa.rita.user):  # by then it is gone for Rita too
        page = enter_again(browser, alfa, user, path) if user == alfa.oscar.user else browse(alfa.agency, user).get(path)
        assert "Es un secreto de Rita" not in page.content.decode()
    # A mark that is made up keeps nothing, nor does a form without one.
    stranger = browse(alfa.agency)
    for mark in ("", "inventada"):
        stranger.post(path, {"description": "Basura", "escribe": mark})
        assert "kept_form" not in stranger.session


def test_a_form_older_than_its_cookie_is_shown_again_as_it_was_written(cast: Casts) -> None:
    alfa, path = cast.alfa, at("case_new")
    browser = Browser(headers={"host": f"{alfa.agency.slug}.{settings.PLATFORM_HOST}"}, enforce_csrf_checks=True)
    assert alfa.rita.user is not None
    log_in_as(browser, alfa.agency, alfa.rita.user)
    mark = typed_of(browser.get(path))["escribe"][0]
    answer = browser.post(path, {"description": "Gotea el techo", "escribe": mark, "csrfmiddlewaretoken": "viejo"})
    assert (answer.status_code, answer["Location"]) == (302, path)
    assert typed_of(browser.get(path))["description"] == ["Gotea el techo"]
    assert browser.post(path, {"description": "Sin marca", "csrfmiddlewaretoken": "viejo"}).status_code == 403


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
