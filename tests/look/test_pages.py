"""The frame's own pages, on an agency's host and on the platform's; the way in; and the demo's mailbox."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.test import RequestFactory

from saas import outbox
from saas.accounts import links
from saas.lib.mail import build_mail
from tenants import context
from tenants.hosts import forget
from tenants.models import Agency, AgencyState
from tenants.platform_models import TextKind
from tenants.platform_texts import mail_words
from tests import world

PORTAL = "/area-de-clientes"


def test_an_agency_s_front_page_is_its_own(browse: Any, alfa: Agency) -> None:
    page = browse(alfa).get("/").content.decode()
    assert "<h1>Inmobiliaria Alfa</h1>" in page
    assert "Inmobiliaria Beta" not in page
    assert f'href="{PORTAL}/"' in page
    assert "NIT 890.903.938-8" in page
    assert '<html lang="es-CO">' in page
    assert '<a class="skip-link" href="#contenido">' in page
    assert 'href="/marca.css?v=' in page


def test_what_an_agency_writes_of_itself_is_escaped(browse: Any, alfa: Agency) -> None:
    Agency.objects.filter(pk=alfa.pk).update(welcome="Hola <script>alert(1)</script>")
    page = browse(alfa).get("/").content.decode()
    assert "Hola &lt;script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("path", ["/terminos/", "/datos-personales/"])
def test_legal_texts_are_on_both_hosts(browse: Any, alfa: Agency, path: str) -> None:
    ours, theirs = browse(None).get(path), browse(alfa).get(path)
    assert (ours.status_code, theirs.status_code) == (200, 200)
    assert "Inmobiliaria Alfa" in theirs.content.decode()
    assert "Inmobiliaria Alfa" not in ours.content.decode()


def test_the_brand_s_sheet_is_kept_for_a_year_by_its_version(browse: Any, alfa: Agency) -> None:
    Agency.objects.filter(pk=alfa.pk).update(colour="#0f766e")
    kept = browse(alfa).get("/marca.css?v=1")
    assert kept["Content-Type"] == "text/css; charset=utf-8"
    assert "--tblr-primary:#0f766e;" in kept.content.decode()
    assert kept["Cache-Control"] == "public, max-age=31536000"
    assert browse(alfa).get("/marca.css")["Cache-Control"] == "public, max-age=60"
    assert "--tblr-primary:#1f5fa8;" in browse(None).get("/marca.css").content.decode()


def test_a_logo_is_served_to_its_agency_alone(browse: Any, alfa: Agency, beta: Agency) -> None:
    with context.in_agency(alfa):
        name = default_storage.save("marca/logo.png", ContentFile(b"\x89PNG"))
    Agency.objects.update(logo=name)
    served = browse(alfa).get("/logo/")
    assert (served.status_code, served["Content-Type"], b"".join(served.streaming_content)) == (200, "image/png", b"\x89PNG")
    assert browse(beta).get("/logo/").status_code == 404
    assert 'src="/logo/?v=' in browse(alfa).get("/").content.decode()


@pytest.mark.parametrize("name", ["", "marca/logo.svg", "../otro/logo.png"])
def test_what_is_no_plain_picture_of_the_agency_is_no_logo(browse: Any, alfa: Agency, name: str) -> None:
    Agency.objects.filter(pk=alfa.pk).update(logo=name)
    assert browse(alfa).get("/logo/").status_code in (400, 404)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{PORTAL}/ingresar/", "¿Olvidó su contraseña?"),
        (f"{PORTAL}/ingresar/?lista=1", "Su contraseña quedó lista"),
        (f"{PORTAL}/clave/", "Recuperar la contraseña"),
        (f"{PORTAL}/clave/enviada/", "Revise su correo"),
        (f"{PORTAL}/salir/", "¿Quiere cerrar la sesión?"),
    ],
)
def test_the_way_in_has_its_pages(browse: Any, alfa: Agency, path: str, said: str) -> None:
    answer = browse(alfa).get(path)
    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_the_platform_has_the_way_in_too(browse: Any, db: None) -> None:
    page = browse(None).get("/superadmin/ingresar/").content.decode()
    assert "Iniciar sesión" in page
    assert settings.PLATFORM_NAME in page


def test_log_in_carries_the_captcha_in_spanish_and_a_word_without_javascript(browse: Any, alfa: Agency) -> None:
    page = browse(alfa).get(f"{PORTAL}/ingresar/").content.decode()
    assert page.count("<altcha-widget ") == 1
    assert 'challengeurl="/no-soy-robot/"' in page
    assert '"label": "No soy un robot"' in html.unescape(page)
    assert "<noscript><p" in page


def test_log_in_passes_on_where_to_go(browse: Any, alfa: Agency) -> None:
    page = browse(alfa).get(f"{PORTAL}/ingresar/?next={PORTAL}/facturas/").content.decode()
    assert f'<input type="hidden" name="next" value="{PORTAL}/facturas/">' in page


@pytest.mark.parametrize(
    ("purpose", "path", "said"),
    [("activacion", "activar", "Active su cuenta"), ("clave", "clave", "Elija una contraseña nueva")],
)
def test_a_password_s_page_greets_its_person(browse: Any, cast: world.Casts, purpose: str, path: str, said: str) -> None:
    with context.in_agency(cast.alfa.agency):
        assert cast.alfa.rita.user is not None
        token = links.make_token(cast.alfa.rita.user, purpose=purpose)
    answer = browse(cast.alfa.agency).get(f"{PORTAL}/{path}/{token}/")
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert "Hola, Rita Arrendataria Ñáñez." in answer.content.decode()
    elsewhere = browse(cast.beta.agency).get(f"{PORTAL}/{path}/{token}/")
    assert elsewhere.status_code == 410
    assert "Este enlace ya no sirve" in elsewhere.content.decode()
    assert "Rita" not in elsewhere.content.decode()


def test_an_unknown_page_says_what_to_do(browse: Any, alfa: Agency) -> None:
    answer = browse(alfa).get("/no-hay-nada/")
    assert answer.status_code == 404
    assert "No encontramos esta página" in answer.content.decode()
    assert "Inmobiliaria Alfa" in answer.content.decode()


def test_an_error_page_asks_the_database_nothing(alfa: Agency, django_assert_num_queries: Any) -> None:
    request = RequestFactory().get("/")
    request.agency = alfa  # type: ignore[attr-defined]
    with django_assert_num_queries(0):
        page = render_to_string("error.html", {"status": 500, "title": "Algo falló", "text": "Lo guardado sigue."}, request=request)
    assert "Algo falló" in page
    assert "Código 500" in page


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        (AgencyState.CREATING, 503, "Estamos preparando Inmobiliaria Alfa"),
        (AgencyState.SUSPENDED, 403, "Inmobiliaria Alfa no está disponible"),
    ],
)
def test_an_agency_that_is_not_open_says_so(browse: Any, alfa: Agency, state: str, status: int, said: str) -> None:
    Agency.objects.filter(pk=alfa.pk).update(state=state)
    forget(alfa)
    answer = browse(alfa).get("/")
    assert answer.status_code == status
    assert said in answer.content.decode()
    assert "marca.css" not in answer.content.decode()


# The demo's mailbox


@pytest.fixture
def letter() -> str:
    """A letter with a link, a text that would be code, and an attachment. Its name in the outbox."""
    message = EmailMessage("Active su cuenta", "Hola <b>x</b>: http://alfa.localhost/activar/abc/", "a@alfa.example", ["rita@correo.example"])
    message.attach("comprobante-1.pdf", b"%PDF-1.4 uno", "application/pdf")
    outbox.FileBackend().send_messages([message])
    return outbox.letters()[0].name


def test_there_is_no_mailbox_outside_the_demo(browse: Any, db: None, letter: str) -> None:
    assert settings.DEMO is False
    assert browse(None).get("/correo/").status_code == 404
    assert browse(None).get(f"/correo/{letter}/0/").status_code == 404


def test_the_demo_s_mailbox_is_not_on_an_agency_s_host(browse: Any, alfa: Agency, settings: Any) -> None:
    settings.DEMO = True
    assert browse(alfa).get("/correo/").status_code == 404


def test_the_demo_s_mailbox_shows_what_was_sent(browse: Any, db: None, letter: str, settings: Any) -> None:
    settings.DEMO = True
    page = browse(None).get("/correo/").content.decode()
    assert "Active su cuenta" in page
    assert '<a href="http://alfa.localhost/activar/abc/"' in page
    assert "Hola &lt;b&gt;x&lt;/b&gt;" in page
    assert f'href="/correo/{letter}/0/"' in page


def test_an_attachment_of_the_demo_is_a_download(browse: Any, db: None, letter: str, settings: Any) -> None:
    settings.DEMO = True
    answer = browse(None).get(f"/correo/{letter}/0/")
    assert answer.content == b"%PDF-1.4 uno"
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="comprobante-1.pdf"'
    assert browse(None).get(f"/correo/{letter}/1/").status_code == 404


@pytest.mark.parametrize("name", ["..", "%2e%2e%2fsecreto", "1-zz", "nada", "1-00"])
def test_only_letters_of_the_outbox_are_opened(browse: Any, db: None, settings: Any, name: str) -> None:
    settings.DEMO = True
    Path(settings.OUTBOX_DIR).mkdir(parents=True, exist_ok=True)
    assert browse(None).get(f"/correo/{name}/0/").status_code == 404


# Letters


MAIL = {
    "name": "Rita O'Hara & Cía", "person": "Rita O'Hara & Cía", "username": "1001", "usuario": "sara@alfa.example", "days": 7, "hours": 2,
    "agency_name": "Casas & Más", "link": "http://alfa.localhost/x/?a=1&b=2", "number": "CP-12", "amount": "1215000.00", "means": "PSE",
    "lines": [["FA-1", "Canon 11/2026", "1215000.00"]], "verify_url": "http://alfa.localhost/verificar/ABC/", "test": False,
    "texts": ["Falta un paso.", "El enlace dura dos días. Lo que sigue: cargue sus clientes."],
}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("activation", "dura 7 días"),
        ("password_reset", "dura 2 horas"),
        ("receipt", "$\u00a01.215.000"),
        ("signup_confirm", "dura dos días"),
        ("agency_ready", "Lo que sigue: cargue sus clientes"),
    ],
)
def test_a_letter_says_the_same_in_text_and_html(template: str, said: str, db: None) -> None:
    kind = {"signup_confirm": TextKind.MAIL_CONFIRM, "agency_ready": TextKind.MAIL_READY}.get(template)
    texts = mail_words(kind, agency_name="Casas & Más") if kind else []
    message = build_mail(
        subject="Asunto", template=template, context={**MAIL, "texts": texts}, to="rita@correo.example", from_name="Casas",
        from_address="a@alfa.example", message_id_key=template,
    )  # fmt: skip
    html = str(message.alternatives[0][0])
    assert said in message.body
    assert said in html
    assert "http://alfa.localhost/x/?a=1&b=2" in message.body
    assert 'href="http://alfa.localhost/x/?a=1&amp;b=2"' in html
    assert "Hola, Rita O'Hara & Cía:" in message.body
    assert "Hola, Rita O&#x27;Hara &amp; Cía:" in html
    assert "{" not in message.body
    assert "Context:" not in message.body
    assert "pruebas" not in message.body
