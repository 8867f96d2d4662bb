"""A company signs up: from the form to its team's first log-in, and everything that may be wrong on the way."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core import mail
from django.core import signing as django_signing
from django.test import Client as Browser

from saas.jobs.models import Job
from saas.lib import clock, signing
from tenants import context, provisioning
from tenants import signup as signups
from tenants.models import Agency, AgencyState, Signup, SignupState
from tests.tenants.steps import PASSWORD, TYPED, a_signup, link_in_mail, run_jobs, typed
from tests.walls.robot import solve
from tests.world import NOW


@pytest.fixture
def visitor(db: None, browse: Any) -> Browser:
    """Someone on the platform's host."""
    return browse(None)  # type: ignore[no-any-return]


def test_from_the_form_to_the_first_log_in(visitor: Browser, browse: Any) -> None:
    assert "Registrar mi inmobiliaria" in visitor.get("/").content.decode()
    assert visitor.get("/registro/").status_code == 200
    answer = visitor.post("/registro/", typed(visitor))
    assert (answer.status_code, answer["Location"]) == (302, "/registro/enviado/")
    assert "maria@nandu.example" in visitor.get("/registro/enviado/").content.decode()

    signup = Signup.objects.get()
    assert (signup.agency_name, signup.slug, signup.nit, signup.nit_check, signup.email, signup.state, signup.steps) == (
        "Inmobiliaria Ñandú S.A.S.", "nandu-bogota", "900123456", "8", "maria@nandu.example", "requested", [],
    )  # fmt: skip
    assert check_password(PASSWORD, signup.password)
    assert not Agency.objects.filter(slug="nandu-bogota").exists()

    assert run_jobs() == ["tenants.mail_confirm"]
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["maria@nandu.example"], "Confirme el registro de Inmobiliaria Ñandú S.A.S.")
    ]
    assert PASSWORD not in str(mail.outbox[0].message())
    link = link_in_mail()
    page = visitor.get(link)
    assert page.status_code == 200
    assert "nandu-bogota.plataforma.test" in page.content.decode()
    signup.refresh_from_db()
    assert signup.state == "requested"  # looking confirms nothing

    answer = visitor.post(link)
    where = f"/registro/estado/{signup.pk}/"
    assert (answer.status_code, answer["Location"]) == (302, where)
    text = visitor.get(where).content.decode()
    assert "Estamos creando su portal" in text
    assert 'hx-trigger="every 1s"' in text
    assert run_jobs() == ["tenants.provision", "tenants.mail_ready"]
    fragment = visitor.get(where, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "hx-get" not in fragment
    assert fragment.count(": hecho") == 4
    assert 'href="http://nandu-bogota.plataforma.test/area-de-clientes/ingresar/"' in fragment
    assert (mail.outbox[1].to, mail.outbox[1].subject) == (["maria@nandu.example"], "Inmobiliaria Ñandú S.A.S. ya está en línea")
    assert "http://nandu-bogota.plataforma.test/area-de-clientes/ingresar/" in str(mail.outbox[1].body)
    assert len(mail.outbox) == 2

    agency = Agency.objects.get(slug="nandu-bogota")
    team = browse(agency)
    sent = {"login": "maria@nandu.example", "password": PASSWORD, "captcha": solve(team.get("/no-soy-robot/").json())}
    answer = team.post("/area-de-clientes/ingresar/", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/area-de-clientes/")
    answer = team.get("/area-de-clientes/")
    assert (answer.status_code, answer["Location"]) == (302, "/oficina/")
    assert team.get("/oficina/").status_code == 200


WRONG = [
    ("agency_name", "", "Escriba el nombre de la inmobiliaria."),
    ("agency_name", "–7–", "Escriba el nombre completo de la inmobiliaria."),
    ("nit", "", "Escriba el NIT de la inmobiliaria."),
    ("nit", "90A123", "no es un número de NIT"),
    ("nit_check", "7", "El dígito de verificación «7» no es el del NIT 900.123.456."),
    ("nit_check", "", "Escriba el dígito de verificación: el número que va después del guion."),
    ("slug", "", "Escriba el subdominio que quiere."),
    ("slug", "ab", "El subdominio debe tener entre 3 y 40 caracteres."),
    ("slug", "ñandú", "Use solo letras sin tildes, números y guiones"),
    ("slug", "alfa", "«alfa» ya está ocupado."),
    ("slug", "a1fa", "«a1fa» se confunde con «alfa», que ya existe."),
    ("slug", "soporte", "«soporte» está reservado"),
    ("person_name", "", "Escriba el nombre de la persona responsable."),
    ("person_name", "..", "Escriba el nombre y el apellido de la persona responsable."),
    ("email", "", "Escriba el correo de la persona responsable."),
    ("email", "maria@nandu", "Escriba un correo completo, por ejemplo nombre@inmobiliaria.com.co."),
    ("email", "maria@nandu.example\nBcc: x@x.example", "Escriba un correo completo"),
    ("again", "otra-cosa-muy-larga", "Las dos contraseñas no son iguales."),
    ("terms", "", "Para continuar debe aceptar los términos y la política de datos."),
    ("captcha", "", "Marque «No soy un robot» y espere a que termine la verificación."),
    ("captcha", "e30=", "La verificación «No soy un robot» caducó o ya se usó. Márquela de nuevo."),
]


@pytest.mark.parametrize(("field", "value", "message"), WRONG)
def test_what_is_wrong_is_said_and_what_was_typed_stays(visitor: Browser, alfa: Agency, field: str, value: str, message: str) -> None:
    sent = typed(visitor, **{field: value})
    page = visitor.post("/registro/", sent)
    assert page.status_code == 200
    form = page.context["form"]
    assert set(form.errors) == {field}
    assert message in form.errors[field][0]
    text = page.content.decode()
    assert "Revise lo marcado" in text
    for name in ("agency_name", "nit", "nit_check", "slug", "person_name", "email"):
        shown = form[name].value()
        assert shown == sent[name]
        if name != field and shown.isascii():
            assert f'value="{shown}"' in text
    assert PASSWORD not in text
    assert not Signup.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("corta-7", "demasiado corta"),
        ("1234567890123", "completamente numérica"),
        ("password123", "demasiado común"),
        ("maria@nandu.example", "La contraseña es muy parecida a"),
    ],
)
def test_a_weak_password_is_refused(visitor: Browser, password: str, message: str) -> None:
    page = visitor.post("/registro/", typed(visitor, password=password, again=password))
    assert set(page.context["form"].errors) == {"password"}
    assert message in " ".join(page.context["form"].errors["password"])
    assert not Signup.objects.exists()


@pytest.mark.parametrize("nit", ["900123456-8", "900.123.456-8", "900 123 456 - 8"])
def test_the_nit_may_bring_its_digit(visitor: Browser, nit: str) -> None:
    assert visitor.post("/registro/", typed(visitor, nit=nit, nit_check="")).status_code == 302
    signup = Signup.objects.get()
    assert (signup.nit, signup.nit_check) == ("900123456", "8")


def test_a_solved_puzzle_serves_once(visitor: Browser) -> None:
    sent = typed(visitor)
    assert visitor.post("/registro/", sent).status_code == 302
    assert set(visitor.post("/registro/", {**sent, "slug": "otra-casa"}).context["form"].errors) == {"captcha"}
    assert Signup.objects.count() == 1


def test_too_many_from_one_address(visitor: Browser) -> None:
    for _ in range(30):
        assert visitor.post("/registro/", {}).status_code == 200
    page = visitor.post("/registro/", typed(visitor))
    assert page.status_code == 429
    assert "Demasiados intentos desde su red. Espere una hora y vuelva a intentarlo." in page.content.decode()
    assert 'value="nandu-bogota"' in page.content.decode()
    assert not Signup.objects.exists()


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("nandu-bogota", "nandu-bogota.plataforma.test está disponible."),
        ("  NANDU  ", "nandu.plataforma.test está disponible."),
        ("alfa", "«alfa» ya está ocupado."),
        ("aIfa", "«aifa» se confunde con «alfa», que ya existe."),
        ("admin", "«admin» está reservado"),
        ("-x", "El subdominio debe tener entre 3 y 40 caracteres."),
        ("<b>hola", "Use solo letras sin tildes"),
    ],
)
def test_live_availability(visitor: Browser, alfa: Agency, slug: str, message: str) -> None:
    answer = visitor.get("/registro/disponible/", {"slug": slug})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert message in text
    assert "<b>" not in text
    assert "<html" not in text
    assert "no-store" in answer["Cache-Control"]


def test_nothing_typed_says_nothing(visitor: Browser) -> None:
    assert visitor.get("/registro/disponible/").content.decode().strip() == ""


def test_who_confirms_second_chooses_another(visitor: Browser) -> None:
    winner = a_signup("nandu-bogota")
    visitor.post("/registro/", typed(visitor, slug="casa-bonita"))
    loser = Signup.objects.get(slug="casa-bonita")
    Signup.objects.filter(pk=loser.pk).update(slug=winner.slug)  # both asked before either confirmed
    run_jobs()
    link = link_in_mail()
    page = visitor.post(link)
    assert page.status_code == 409
    assert "«nandu-bogota» ya está ocupado." in page.content.decode()
    loser.refresh_from_db()
    assert loser.state == "requested"
    page = visitor.post(link, {"slug": "admin"})
    assert page.status_code == 409
    assert "reservado" in page.content.decode()
    answer = visitor.post(link, {"slug": "nandu-cali"})
    assert (answer.status_code, answer["Location"]) == (302, f"/registro/estado/{loser.pk}/")
    loser.refresh_from_db()
    assert (loser.state, loser.slug, loser.email) == ("creating", "nandu-cali", "maria@nandu.example")
    assert Signup.objects.get(pk=winner.pk).slug == "nandu-bogota"


def test_confirming_twice_is_confirming_once(visitor: Browser) -> None:
    visitor.post("/registro/", typed(visitor))
    run_jobs()
    link = link_in_mail()
    where = visitor.post(link)["Location"]
    assert visitor.post(link)["Location"] == where
    assert visitor.post(link, {"slug": "otra-casa"})["Location"] == where
    assert visitor.get(link)["Location"] == where
    assert Signup.objects.get().slug == "nandu-bogota"
    assert Job.objects.filter(kind="tenants.provision").count() == 1


def test_links_that_are_dead(visitor: Browser, alfa: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    signup = a_signup(state=SignupState.REQUESTED)
    with context.in_agency(alfa):
        elsewhere = signing.sign({"signup": str(signup.pk)}, purpose="tenants.signup")
    good = signups.make_token(signup)
    strange = [signing.sign({"signup": what}, purpose="tenants.signup") for what in ("x", None, str(uuid.uuid4()))]
    for token in ("x", good[:-1], elsewhere, *strange):
        page = visitor.get(f"/registro/confirmar/{token}/")
        assert page.status_code == 410, token
        assert "Registrarme de nuevo" in page.content.decode()
        assert visitor.post(f"/registro/confirmar/{token}/").status_code == 410
    assert visitor.get(f"/registro/confirmar/{good}/").status_code == 200
    later = clock.now().timestamp() + 48 * 3600 + 1
    monkeypatch.setattr(django_signing.time, "time", lambda: later)
    page = visitor.post(f"/registro/confirmar/{good}/")
    assert page.status_code == 410
    assert "Este enlace ya venció." in page.content.decode()
    signup.refresh_from_db()
    assert signup.state == "requested"


def test_an_address_is_shown_with_the_port_that_it_needs(visitor: Browser, settings: Any) -> None:
    settings.PLATFORM_ORIGIN = "http://plataforma.test:8000"
    assert ".plataforma.test:8000</span>" in visitor.get("/registro/").content.decode()


def test_the_state_page_tells_only_who_knows_the_id(visitor: Browser) -> None:
    assert visitor.get(f"/registro/estado/{uuid.uuid4()}/").status_code == 404
    waiting = a_signup("espera", state=SignupState.REQUESTED)
    assert visitor.get(f"/registro/estado/{waiting.pk}/").status_code == 404
    failed = a_signup("fallo", state=SignupState.FAILED, error="OSError: disk full", steps=["address"])
    text = visitor.get(f"/registro/estado/{failed.pk}/").content.decode()
    assert "Tuvimos un inconveniente al crear su portal." in text
    assert "disk full" not in text
    assert "maria@nandu.example" not in text


def test_mails_go_once_and_only_when_they_are_due(db: None) -> None:
    waiting = a_signup("espera", state=SignupState.REQUESTED)
    made = a_signup("hecha")
    signups.mail_ready(str(waiting.pk))
    signups.mail_ready(str(made.pk))
    signups.mail_confirmation(str(made.pk))
    signups.mail_confirmation(str(uuid.uuid4()))
    assert mail.outbox == []
    provisioning.provision(made.pk, now=NOW)
    signups.mail_ready(str(made.pk))
    signups.mail_ready(str(made.pk))
    first, second = (message.extra_headers["Message-ID"] for message in mail.outbox)
    assert first == second  # a second copy is known as one


def test_the_pages_are_the_platform_s_alone(alfa: Agency, browse: Any) -> None:
    for path in ("/registro/", "/registro/disponible/", "/registro/enviado/"):
        assert browse(alfa).get(path).status_code == 404


def test_asking_for_a_suspended_agency_s_name(visitor: Browser, alfa: Agency) -> None:
    Agency.objects.filter(pk=alfa.pk).update(state=AgencyState.SUSPENDED)
    assert "ya está ocupado" in visitor.get("/registro/disponible/", {"slug": "alfa"}).content.decode()


def test_old_requests_do_not_hold_a_name(visitor: Browser) -> None:
    a_signup("nandu-bogota", state=SignupState.REQUESTED, accepted_at=NOW - timedelta(days=9))
    assert visitor.post("/registro/", typed(visitor)).status_code == 302
    assert Signup.objects.filter(slug=TYPED["slug"]).count() == 2
