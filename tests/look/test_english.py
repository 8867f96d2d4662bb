"""English for clients and visitors: every text has it, the switch keeps it, each page is in it, and the desk stays Spanish."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdfium2
import pytest
from babel.messages.mofile import read_mo
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils import translation

from clientarea import history
from clientarea.models import Client
from deploy.dev import texts
from saas import errors
from saas.accounts.models import User
from saas.lib import clock
from tenants import context, hosts
from tenants.models import Agency, AgencyState
from tests.files.making import made
from tests.portal.pages import at, begin, text_of
from tests.world import NOW, Cast, Casts, log_in

SWITCH = "/idioma/"
HOLDER = re.compile(r"%\((\w+)\)s|%(s)")


def holders(text: str) -> list[str]:
    return sorted(name or "s" for name, bare in HOLDER.findall(text))


# The catalogue


def test_every_text_that_a_client_reads_has_its_english() -> None:
    kept = texts.read()
    wanted = texts.texts()
    assert len(wanted) > 700
    by_id = {message.id: message for message in kept if message.id}
    assert sorted(map(str, wanted - set(by_id))) == [], "say them in English: python -m deploy.dev.texts"
    assert sorted(map(str, set(by_id) - wanted)) == [], "nobody says these any more: python -m deploy.dev.texts"
    assert texts.lacking(kept) == []
    assert [message.id for message in kept if message.fuzzy] == []


def test_the_english_holds_what_the_spanish_does() -> None:
    wrong = []
    for message in texts.read():
        spanish: Any = message.id if isinstance(message.id, tuple) else (message.id,)
        english: Any = message.string if isinstance(message.string, tuple) else (message.string,)
        for one, other in zip(spanish, english, strict=True):
            tags = [re.sub(r'href="[^"]*"', "", tag) for tag in re.findall(r"<[^>]+>", one)]
            same = (holders(one), sorted(tags), one.count("\n"))
            said = (holders(other), sorted(re.sub(r'href="[^"]*"', "", tag) for tag in re.findall(r"<[^>]+>", other)), other.count("\n"))
            # What a translation says lands in attributes too.
            if one and (same != said or ('"' in other and '"' not in one)):
                wrong.append((one, other))
    assert wrong == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    assert texts.MO.read_bytes() == texts.compiled(texts.read()), "compile it: python -m deploy.dev.texts"
    with texts.MO.open("rb") as file:
        assert read_mo(file).get("Iniciar sesión").string == "Log in"


def test_the_walk_finds_what_is_marked() -> None:
    template = (
        '{% translate "Uno" %}{% include "x" with title=_("Dos") %}{{ a|default:_("Tres") }}{# {% translate "No" %} #}'
        "{% blocktranslate trimmed with n=a.b|cop %}\n  Hay {{ n }}\n  al 5 %{% endblocktranslate %}"
        "{% blocktranslate count n=n %}{{ n }} día{% plural %}{{ n }} días{% endblocktranslate %}"
    )
    assert set(texts.of_template(template)) == {"Uno", "Dos", "Tres", "Hay %(n)s al 5 %%", ("%(n)s día", "%(n)s días")}
    assert set(texts.of_module('x = _("Uno")\ny = other("Dos")\nz = gettext_lazy("Tres")')) == {"Uno", "Tres"}
    assert set(texts.of_table('"""Nada."""\nx = {"a": "Uno"}\ny = f"Dos {x}"')) == {"Uno"}


def test_what_changes_of_a_client_is_named_in_english() -> None:
    with translation.override("en"):
        named = {name: str(Client._meta.get_field(name).verbose_name) for name in history.CONTACT}
    assert named == {"email": "e-mail", "mobile": "mobile", "landline": "telephone", "address": "address", "city": "city"}


def test_dates_are_in_words_of_the_language() -> None:
    with translation.override("en"):
        said = (clock.long_date(NOW), clock.short_date(NOW), clock.month_name(NOW.date()), clock.long_datetime(NOW))
    assert said[0] == f"{NOW.day} November 2026"
    assert said[1] == f"{NOW.day} Nov 2026"
    assert said[2] == "November 2026"
    assert re.fullmatch(rf"{NOW.day} November 2026, \d+:\d\d\u00a0[ap]\.m\.", said[3])


# The switch


def choose(browser: Any, language: str, *, back: str = "/") -> Any:
    return browser.post(SWITCH, {"language": language, "next": back})


def test_a_visitor_s_choice_is_kept_in_a_cookie_of_the_host(browse: Any, alfa: Any) -> None:
    visitor = browse(alfa)
    page = visitor.get("/")
    assert '<html lang="es-CO">' in page.content.decode()
    assert "English</button>" in page.content.decode()
    answer = choose(visitor, "en", back="/?x=1")
    assert (answer.status_code, answer["Location"]) == (302, "/?x=1")
    cookie = answer.cookies["idioma"]
    assert (cookie.value, cookie["path"], cookie["domain"], cookie["samesite"], cookie["httponly"]) == ("en", "/", "", "Lax", True)
    assert cookie["max-age"] == 365 * 24 * 3600
    page = visitor.get("/")
    assert '<html lang="en">' in page.content.decode()
    assert "Client area" in text_of(page)
    assert "Cookie" in page["Vary"]
    choose(visitor, "es-co")
    assert '<html lang="es-CO">' in visitor.get("/").content.decode()


@pytest.mark.parametrize("back", ["https://malo.example/", "//malo.example/", "javascript:alert(1)", "", "http://beta.localhost/"])
def test_the_switch_leads_nowhere_else(browse: Any, alfa: Any, back: str) -> None:
    assert choose(browse(alfa), "en", back=back)["Location"] == "/"


def test_only_known_languages_are_kept_and_only_by_post(browse: Any, alfa: Any) -> None:
    visitor = browse(alfa)
    assert choose(visitor, "fr").status_code == 404
    assert visitor.get(SWITCH).status_code == 405
    assert "idioma" not in visitor.cookies
    visitor.cookies["idioma"] = "../../etc"
    assert '<html lang="es-CO">' in visitor.get("/").content.decode()


def test_the_switch_asks_for_the_form_s_token(alfa: Any) -> None:
    strict = Browser(headers={"host": f"alfa.{settings.PLATFORM_HOST}"}, enforce_csrf_checks=True)
    assert strict.post(SWITCH, {"language": "en"}).status_code == 403


def test_a_browser_s_own_wish_changes_nothing(browse: Any, alfa: Any) -> None:
    page = browse(alfa).get("/", headers={"accept-language": "en"})
    assert '<html lang="es-CO">' in page.content.decode()
    assert "Accept-Language" not in page.get("Vary", "")


def test_a_client_s_choice_follows_the_account(cast: Casts, browse: Any) -> None:
    here = cast.alfa
    assert here.rita.user is not None
    choose(browse(here.agency, here.rita.user), "en")
    with context.in_agency(here.agency):
        assert dict(User.objects.values_list("username", "language"))["1001"] == "en"
        assert User.objects.exclude(language="").count() == 1
    with context.in_agency(cast.beta.agency):
        assert User.objects.exclude(language="").count() == 0  # the same id at the other agency
    elsewhere = browse(here.agency)
    log_in(elsewhere, here.agency, here.rita.user)
    assert "idioma" not in elsewhere.cookies
    assert '<html lang="en">' in elsewhere.get(at("home")).content.decode()
    assert '<html lang="es-CO">' in browse(here.agency, here.oscar.user).get(at("home")).content.decode()
    assert '<html lang="es-CO">' in browse(cast.beta.agency, cast.beta.rita.user).get(at("home")).content.decode()


def test_an_unknown_language_cannot_be_kept(inside_alfa: Any) -> None:
    with pytest.raises(IntegrityError, match="user_language_known"), transaction.atomic():
        User.objects.create(username="x", name="X", role="client", language="fr")


def test_nothing_of_a_language_stays_in_the_thread(browse: Any, alfa: Any) -> None:
    visitor = browse(alfa)
    choose(visitor, "en")
    visitor.get("/")
    assert translation.get_language() == settings.LANGUAGE_CODE
    assert '<html lang="es-CO">' in browse(alfa).get("/").content.decode()


# The pages

VISITOR = {
    "/": "What you can do in the client area",
    "/area-de-clientes/ingresar/": "Forgot your password?",
    "/area-de-clientes/clave/": "Recover the password",
    "/area-de-clientes/clave/enviada/": "Check your e-mail",
    "/area-de-clientes/salir/": "Do you want to log out?",
    "/area-de-clientes/activar/nada/": "This link no longer works",
    "/verificar/NADA/": "We did not find that receipt",
    "/pagar/nada/": "There is nothing to pay here",
    "/nada/": "We did not find this page",
}
CLIENT = {
    "home": "Last payments", "invoices": "Rent invoices", "payments": "My payments", "commissions": "Commission invoices", "payouts": "My income",
    "cases": "Here you can send a petition, complaint, claim or suggestion", "case_new": "When you send it you get a case number",
    "profile": "The agency corrects the name and the document.", "profile_email": "There is no e-mail to confirm.",
    "statement": "Opening balance", "clearance": "We cannot give you the clearance letter yet", "certificates": "Yearly certificates",
    "security": "Two-step verification", "security_password": "Change the password", "security_application": "1. Scan this picture",
    "security_passkey": "A passkey is your fingerprint", "my_data": "Name or company name",
}  # fmt: skip
OURS = re.compile(r"\b(?:el|la|los|las|para|que|su|sus|con|por|del|una|al|se|usted|máximo|vence)\b", re.IGNORECASE)
SPANISH = re.compile(r"\b(factura|pagos?|usted|inmueble|contrato|periodo|vence|saldo|correo|contraseña|sesión|descargar|ingresar)\b", re.IGNORECASE)


def body_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize(("path", "said"), VISITOR.items())
def test_a_visitor_s_page_in_english(browse: Any, alfa: Any, path: str, said: str) -> None:
    visitor = browse(alfa)
    choose(visitor, "en")
    answer = visitor.get(path)
    assert '<html lang="en">' in body_of(answer)
    assert said in text_of(answer)
    assert SPANISH.findall(text_of(answer)) == []


@pytest.mark.parametrize(("name", "said"), CLIENT.items())
def test_a_client_s_page_in_english(cast: Casts, browse: Any, name: str, said: str) -> None:
    here = cast.alfa
    rita = browse(here.agency, here.rita.user)
    choose(rita, "en")
    answer = rita.get(at(name))
    assert answer.status_code == 200
    assert '<html lang="en">' in body_of(answer)
    assert said in text_of(answer)
    assert "Español" in body_of(answer)
    # What the cast's rows say is theirs; the page's own words are English.
    assert OURS.findall(text_of(answer)) == []


def test_paying_in_english(cast: Casts, browse: Any) -> None:
    here = cast.alfa
    rita = browse(here.agency, here.rita.user)
    choose(rita, "en")
    listed = text_of(rita.get(at("invoices")))
    assert "FA-1 November 2026" in listed
    assert "$ 1.215.000" in listed
    detail = text_of(rita.get(at("invoice", here.invoice.pk)))
    assert "Rent invoice FA-1" in detail
    assert "Balance to pay $ 1.215.000" in detail
    form = rita.post(at("invoice_pay", here.invoice.pk), {"phone": "1"})
    assert "is not a telephone of Colombia" in text_of(form)
    assert "This field is required." in text_of(form)
    with context.in_agency(here.agency):
        begun = begin(here, here.invoice)
    assert "Pay with PayU" in text_of(rita.get(at("payment_go", begun.payment_id)))
    assert "Unfinished payment" in text_of(rita.get(at("payment", begun.payment_id)))


def test_a_wrong_password_is_told_in_english(cast: Casts, browse: Any) -> None:
    visitor = browse(cast.alfa.agency)
    choose(visitor, "en")
    page = visitor.post(at("account_login"), {"login": "1001", "password": "no"})
    assert "Tick “I am not a robot” and wait until the check is done." in text_of(page)
    assert "&quot;label&quot;: &quot;I am not a robot&quot;" in body_of(page)


def test_papers_stay_spanish(cast: Casts, browse: Any) -> None:
    here = cast.alfa
    rita = browse(here.agency, here.rita.user)
    choose(rita, "en")
    for path in (at("invoice_pdf", here.invoice.pk), at("statement_pdf"), at("my_data_pdf")):
        answer = made(here.agency, rita, path) if path == at("my_data_pdf") else rita.get(path)
        paper = pypdfium2.PdfDocument(io.BytesIO(b"".join(answer)))
        said = " ".join(paper[0].get_textpage().get_text_bounded().split())
        assert "noviembre de 2026" in said or "nov 2026" in said, path
        assert "November" not in said, path
        assert not re.search(r"\b(Rent|Balance|Invoice|Identity)\b", said), path
    assert "Identidad y contacto" in b"".join(made(here.agency, rita, at("my_data_json"))).decode()


@pytest.mark.parametrize("path", ["/terminos/", "/datos-personales/"])
def test_legal_texts_stay_spanish(browse: Any, alfa: Any, path: str) -> None:
    visitor = browse(alfa)
    choose(visitor, "en")
    assert '<html lang="es-CO">' in body_of(visitor.get(path))


def test_the_desk_and_the_platform_stay_spanish(cast: Casts, browse: Any) -> None:
    here: Cast = cast.alfa
    sara = browse(here.agency, here.sara)
    choose(sara, "en")
    for path in (at("desk"), at("desk_clients"), at("security")):
        page = sara.get(path)
        assert '<html lang="es-CO">' in body_of(page)
        assert SWITCH not in body_of(page)
    sara.post(at("desk_view_as", here.oscar.pk))
    looking = sara.get(at("home"))
    assert '<html lang="es-CO">' in body_of(looking)
    assert SWITCH not in body_of(looking)
    with context.in_agency(here.agency):
        assert User.objects.exclude(language="").count() == 0
    operator = browse(None)
    operator.cookies["idioma"] = "en"
    assert operator.post(SWITCH, {"language": "en"}).status_code == 404
    assert '<html lang="es-CO">' in body_of(operator.get("/"))


# What stands in front of an agency's pages, and what goes wrong on them

AT_THE_DOOR = [
    ({"state": AgencyState.CREATING}, 503, "We are getting Inmobiliaria Alfa ready", "Estamos preparando Inmobiliaria Alfa"),
    ({"state": AgencyState.SUSPENDED}, 403, "Inmobiliaria Alfa is not available", "Inmobiliaria Alfa no está disponible"),
    ({"closed_until": NOW.replace(year=2100)}, 503, "Inmobiliaria Alfa is under maintenance", "Inmobiliaria Alfa está en mantenimiento"),
]


@pytest.mark.parametrize(("change", "status", "english", "spanish"), AT_THE_DOOR)
def test_a_closed_agency_says_so_in_the_language_that_was_chosen(
    browse: Any, alfa: Any, change: dict[str, Any], status: int, english: str, spanish: str
) -> None:
    Agency.objects.filter(pk=alfa.pk).update(**change)
    hosts.forget(alfa)
    visitor = browse(alfa)
    for cookie, accepts, said in (
        ("", "", spanish), ("", "en-GB,en;q=0.8", english), ("", "de-DE,es;q=0.5,en;q=0.3", spanish), ("", "de", spanish),
        ("en", "es-CO", english), ("es-co", "en", spanish), ("xx", "", spanish),
    ):  # fmt: skip
        visitor.cookies[settings.LANGUAGE_COOKIE_NAME] = cookie
        answer = visitor.get("/area-de-clientes/", headers={"accept-language": accepts})
        assert answer.status_code == status
        assert said in body_of(answer), (cookie, accepts)
        assert f'<html lang="{"en" if said == english else "es-CO"}">' in body_of(answer)
        assert {"Cookie", "Accept-Language"} <= set(answer["Vary"].split(", "))
        if said == english:
            assert SPANISH.findall(text_of(answer)) == []
    assert translation.get_language() == settings.LANGUAGE_CODE  # nothing of it stays in the thread


def test_where_there_is_no_agency_it_is_said_in_both_languages(db: None) -> None:
    for accepts, said in (("", "No hay ninguna inmobiliaria en esta dirección.\n"), ("en", "There is no agency at this address.\n")):
        answer = Browser(headers={"host": f"nadie.{settings.PLATFORM_HOST}", "accept-language": accepts}).get("/")
        assert (answer.status_code, answer.content.decode()) == (404, said)


def test_what_goes_wrong_is_told_in_english(cast: Casts, browse: Any) -> None:
    here = cast.alfa
    rita = browse(here.agency, here.rita.user)
    choose(rita, "en")
    for status, path in ((404, "/area-de-clientes/facturas/999999/"), (404, "/nada/"), (404, "/oficina/")):
        answer = rita.get(path)
        assert (answer.status_code, '<html lang="en">' in body_of(answer)) == (status, path != "/oficina/"), path
    Agency.objects.filter(pk=here.agency.pk).update(state=AgencyState.RETIRED)
    hosts.forget(here.agency)
    answer = rita.post(at("case_new"), {})
    assert (answer.status_code, "This agency is being closed down" in text_of(answer)) == (403, True)
    assert SPANISH.findall(text_of(answer)) == []
    with translation.override("en"):
        for page, status in ((errors.bad_request, 400), (errors.permission_denied, 403), (errors.server_error, 500), (errors.csrf_failure, 403)):
            request = RequestFactory().get("/area-de-clientes/")
            request.agency = here.agency  # type: ignore[attr-defined]
            made_here: Any = page(request)
            said = text_of(made_here)
            assert (made_here.status_code, SPANISH.findall(said), OURS.findall(said)) == (status, [], []), status


def test_too_many_tries_are_told_in_english(cast: Casts, browse: Any, settings: Any) -> None:
    visitor = browse(cast.alfa.agency)
    choose(visitor, "en")
    answers = [visitor.post(at("account_login"), {"login": "1001", "password": "no"}) for _time in range(40)]
    assert SPANISH.findall(text_of(answers[-1])) == []
