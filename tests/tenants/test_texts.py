"""Texts with versions: the platform's in the superadmin, an agency's own policy at its desk; what is published stays, and is asked anew
only where the version says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, transaction

from saas.accounts.models import Consent, PolicyText, User
from saas.audit.models import Change
from saas.lib import prose
from tenants import context, platform_texts
from tenants.platform_models import OperatorAct, PlatformText, TextKind
from tests.accounts.steps import words_of
from tests.tenants.steps import run_jobs, typed
from tests.tenants.superadmin import an_operator, do
from tests.world import Casts

CONSENT = "/area-de-clientes/autorizacion/"
INVOICES = "/area-de-clientes/facturas/"
POLICY = "/oficina/ajustes/politica/"
ADD = "/superadmin/tenants/platformtext/add/"


def write(browser: Any, kind: str, body: str, **more: str) -> PlatformText:
    """A draft, written by an operator."""
    answer = browser.post(ADD, {"kind": kind, "body": body, **more})
    assert answer.status_code == 302, words_of(answer)
    return PlatformText.objects.get(kind=kind, state="draft")


@pytest.fixture(autouse=True)
def commits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a commit happens at once: the test's own transaction is never committed."""
    monkeypatch.setattr("tenants.platform_texts.transaction.on_commit", lambda act: act())


@pytest.fixture
def olga(db: None, browse: Any) -> Any:
    """The operator's browser."""
    return browse(None, an_operator())


# The marks of a text


def test_what_is_typed_makes_no_markup_of_its_own() -> None:
    text = "## Uno <b>\nHola {quién}, vea [aquí](/datos-personales/) y [no](javascript:x) ni [no](//malo.example).\n\n- a\n- b"
    assert prose.to_html(text, {"quién": "[x](/y/)<i>"}) == (
        '<h2>Uno &lt;b&gt;</h2><p>Hola [x](/y/)&lt;i&gt;, vea <a href="/datos-personales/">aquí</a> y [no](javascript:x)'
        " ni [no](//malo.example).</p>\n"
        "<ul><li>a</li><li>b</li></ul>"
    )
    assert prose.unknown_words("{a} {b} {c d}", ("a",)) == ["b"]


@pytest.mark.parametrize("kind", TextKind.values)
def test_what_comes_with_the_program_fills_in(kind: str, alfa: Any) -> None:
    body = platform_texts.shipped(kind)
    assert prose.unknown_words(body, platform_texts.words_of(kind)) == []
    assert "{" not in prose.to_html(body, platform_texts.values(alfa))


# The platform's


def test_a_text_is_drafted_seen_published_and_stays(olga: Any, alfa: Any, browse: Any) -> None:
    draft = write(olga, "terms", "Términos nuevos de {plataforma}.\n\n## Dos\nOtro párrafo.")
    page = olga.get(f"/superadmin/tenants/platformtext/{draft.pk}/change/")
    assert "<h2>Dos</h2><p>Otro párrafo.</p>" in page.content.decode()
    assert "Términos nuevos" not in words_of(browse(None).get("/terminos/"))
    assert olga.post(ADD, {"kind": "terms", "body": "Otro"}).status_code == 200  # one draft
    olga.post(f"/superadmin/tenants/platformtext/{draft.pk}/change/", {"body": "Términos corregidos."})
    assert do(olga, "publicar-texto", draft, reason="Lo revisó la abogada").status_code == 302
    page = words_of(browse(None).get("/terminos/"))
    assert "Términos corregidos." in page
    assert "Versión 1, vigente desde el" in page
    assert "Términos corregidos." not in words_of(browse(alfa).get("/terminos/"))  # those are the portal's
    draft.refresh_from_db()
    assert (draft.state, draft.version, draft.published_by, draft.edited_by) == ("published", 1, "Olga Operadora", "Olga Operadora")
    assert olga.post(f"/superadmin/tenants/platformtext/{draft.pk}/change/", {"body": "Cambiado"}).status_code == 403
    for change in (lambda: PlatformText.objects.update(body="x"), lambda: PlatformText.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert list(OperatorAct.objects.order_by("pk").values_list("act", "detail")) == [
        ("editar texto", "Términos para las inmobiliarias, borrador"), ("editar texto", "Términos para las inmobiliarias, borrador"),
        ("publicar texto", "Términos para las inmobiliarias, versión 1"),
    ]  # fmt: skip


def test_an_empty_draft_begins_with_what_is_in_force_and_the_same_is_no_version(olga: Any) -> None:
    draft = write(olga, "consent", "")
    assert draft.body == platform_texts.shipped("consent")
    do(olga, "publicar-texto", draft)
    again = write(olga, "consent", "")
    answer = do(olga, "publicar-texto", again)
    assert (answer.status_code, "igual al de la versión vigente" in words_of(answer)) == (422, True)
    do(olga, "descartar-texto", again)
    assert list(PlatformText.objects.values_list("version", flat=True)) == [1]


def test_an_unknown_word_is_refused(olga: Any) -> None:
    answer = olga.post(ADD, {"kind": "terms", "body": "Hola {inmobiliaria}"})
    assert (answer.status_code, "No sabemos qué poner en {inmobiliaria}" in words_of(answer)) == (200, True)
    assert not PlatformText.objects.exists()


def test_clients_are_asked_anew_only_where_the_version_says_so(cast: Casts, olga: Any, browse: Any) -> None:
    rita, other = browse(cast.alfa.agency, cast.alfa.rita.user), browse(cast.beta.agency, cast.beta.rita.user)
    do(olga, "publicar-texto", write(olga, "consent", "Autorizo a {inmobiliaria}, corregido."))
    assert rita.get(INVOICES).status_code == 200
    do(olga, "publicar-texto", write(olga, "consent", "Autorizo a {inmobiliaria} a más cosas.", asks_again="on"))
    for browser in (rita, other):
        assert browser.get(INVOICES)["Location"].startswith(CONSENT)
    assert "Autorizo a Inmobiliaria Alfa a más cosas." in words_of(rita.get(CONSENT))
    assert rita.post(CONSENT, {"accept": "2026-11"}).status_code == 422
    assert rita.post(CONSENT, {"accept": "c2"}).status_code == 302
    assert rita.get(INVOICES).status_code == 200
    with context.in_agency(cast.alfa.agency):
        assert list(Consent.objects.filter(user=cast.alfa.rita.user).order_by("pk").values_list("version", flat=True)) == ["2026-11", "c2"]
    with context.in_agency(cast.beta.agency):
        assert not Consent.objects.filter(version="c2").exists()


def test_staff_accept_new_terms_where_they_say_so(cast: Casts, olga: Any, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    assert sara.get("/oficina/").status_code == 200
    do(olga, "publicar-texto", write(olga, "terms", "Términos dos de {plataforma}.", asks_again="on"))
    assert sara.get("/oficina/clientes/")["Location"] == f"{CONSENT}?next=%2Foficina%2Fclientes%2F"
    assert "Términos dos de" in words_of(sara.get(CONSENT))
    assert sara.post(CONSENT, {"accept": "t1", "next": "/oficina/clientes/"})["Location"] == "/oficina/clientes/"
    assert sara.get("/oficina/clientes/").status_code == 200
    assert browse(cast.alfa.agency, cast.alfa.rita.user).get(INVOICES).status_code == 200


def test_a_mail_of_the_platform_says_what_was_published(olga: Any, browse: Any) -> None:
    do(olga, "publicar-texto", write(olga, "mail_confirm", "Bienvenida, {inmobiliaria}.\n\nSegundo párrafo."))
    visitor = browse(None)
    visitor.post("/registro/", typed(visitor))
    run_jobs()
    letter = mail.outbox[-1]
    html = str(letter.alternatives[0][0])  # type: ignore[attr-defined]
    for said in ("Bienvenida, ", "Segundo párrafo."):
        assert said in letter.body
        assert said in html
    assert "Falta un paso" not in letter.body
    assert "/registro/confirmar/" in letter.body


def test_texts_are_for_operators(cast: Casts, browse: Any) -> None:
    assert browse(None).get(ADD).status_code == 302
    assert browse(cast.alfa.agency, cast.alfa.sara).get(ADD).status_code == 404


# The agency's own


def test_an_agency_publishes_its_own_policy(cast: Casts, browse: Any) -> None:
    sara, rita = browse(cast.alfa.agency, cast.alfa.sara), browse(cast.alfa.agency, cast.alfa.rita.user)
    assert "El responsable del tratamiento es {responsable}." in sara.get(POLICY).content.decode()
    assert "El responsable del tratamiento es Inmobiliaria Alfa, NIT 890.903.938-8" in words_of(rita.get("/datos-personales/"))
    assert sara.post(POLICY, {"body": "Hola {nada}"}).status_code == 422
    assert sara.post(POLICY, {"body": "Política propia de {inmobiliaria}."}).status_code == 302
    page = words_of(sara.get(POLICY))
    assert "Lo editó Sara Equipo" in page
    assert "Política propia" not in words_of(rita.get("/datos-personales/"))
    sara.post(f"{POLICY}publicar/")
    assert "Política propia de Inmobiliaria Alfa. Versión 1" in words_of(rita.get("/datos-personales/"))
    assert rita.get(INVOICES).status_code == 200  # it asks nobody
    assert "Política propia" not in words_of(browse(cast.beta.agency).get("/datos-personales/"))
    sara.post(POLICY, {"body": "Política segunda.", "asks_again": "on"})
    sara.post(f"{POLICY}publicar/")
    assert rita.get(INVOICES)["Location"].startswith(CONSENT)
    assert rita.post(CONSENT, {"accept": "2026-11-p2"}).status_code == 302
    assert rita.get(INVOICES).status_code == 200
    assert browse(cast.beta.agency, cast.beta.rita.user).get(INVOICES).status_code == 200
    assert "Política propia de Inmobiliaria Alfa." in words_of(sara.get(f"{POLICY}1/"))
    assert sara.get(f"{POLICY}3/").status_code == 404
    with context.in_agency(cast.alfa.agency):
        assert list(PolicyText.objects.order_by("pk").values_list("version", "published_by")) == [(1, "Sara Equipo"), (2, "Sara Equipo")]
        with pytest.raises(DatabaseError), transaction.atomic():
            PolicyText.objects.update(body="x")
        told = list(Change.objects.filter(subject="policy_text", field="version").order_by("pk").values_list("after", flat=True))
        assert told == ["1", "2"]


def test_a_draft_is_thrown_away(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    sara.post(POLICY, {"body": "Borrador."})
    sara.post(f"{POLICY}descartar/")
    sara.post(f"{POLICY}publicar/")
    assert "No hay un borrador" in words_of(sara.get(POLICY))
    with context.in_agency(cast.alfa.agency):
        assert not PolicyText.objects.exists()


def test_the_policy_is_the_head_s(cast: Casts, browse: Any) -> None:
    assert browse(cast.alfa.agency).get(POLICY).status_code == 302
    assert browse(cast.alfa.agency, cast.alfa.rita.user).get(POLICY).status_code == 404
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role="service")
    assert browse(cast.alfa.agency, cast.alfa.sara).post(f"{POLICY}publicar/").status_code == 403
