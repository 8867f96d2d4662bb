"""*Correos y textos*: the sender's name, the address for answers once its code is typed, the foot, and the instructions to pay."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail

from saas.accounts.models import User
from saas.audit.models import Change
from saas.jobs.defer import defer
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context, hosts
from tenants.models import Agency
from tests.accounts.steps import words_of
from tests.world import NOW, Cast, Casts

PAGE = "/oficina/ajustes/correos/"


@pytest.fixture
def sara(cast: Casts, browse: Any) -> Any:
    """Sara's browser."""
    return browse(cast.alfa.agency, cast.alfa.sara)


def run(cast: Cast, kind: str) -> Any:
    """Run the newest job of a kind; the letter that it sent."""
    with context.in_agency(cast.agency):
        job = Job.objects.filter(kind=kind).order_by("-pk")[0]
    hosts.NEAR.clear()
    with context.in_agency(Agency.objects.get(pk=cast.agency.pk)):
        assert run_job(job.pk, now=clock.now()) is True
    return mail.outbox[-1]


def digits(letter: Any) -> str:
    found = re.search(r"^\d{6}$", letter.body, re.MULTILINE)
    assert found is not None
    return found[0]


def test_an_address_for_answers_counts_once_its_code_is_typed(cast: Casts, sara: Any) -> None:
    assert sara.post(f"{PAGE}respuestas/", {"email": "Cartera@Alfa.example"}).status_code == 302
    letter = run(cast.alfa, "tenants.mail_reply_code")
    assert letter.to == ["cartera@alfa.example"]
    assert Agency.objects.get(pk=cast.alfa.agency.pk).reply_to == ""
    code = digits(letter)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    answer = sara.post(f"{PAGE}confirmar/", {"code": wrong})
    assert (answer.status_code, "Ese no es el código" in words_of(answer)) == (422, True)
    assert sara.post(f"{PAGE}confirmar/", {"code": f" {code[:3]} {code[3:]}"}).status_code == 302
    assert "Si responden, llega a cartera@alfa.example" in words_of(sara.get(PAGE))
    assert sara.post(f"{PAGE}confirmar/", {"code": code}).status_code == 422  # spent
    with context.in_agency(cast.alfa.agency):
        assert list(Change.objects.values_list("field", "before", "after")) == [("reply_to", "", "cartera@alfa.example")]
        assert code not in str(list(Job.objects.values_list("payload", flat=True)))
    assert Agency.objects.get(pk=cast.beta.agency.pk).reply_to == ""


def test_five_wrong_codes_end_it(cast: Casts, sara: Any) -> None:
    sara.post(f"{PAGE}respuestas/", {"email": "cartera@alfa.example"})
    code = digits(run(cast.alfa, "tenants.mail_reply_code"))
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    said = [words_of(sara.post(f"{PAGE}confirmar/", {"code": wrong})) for _time in range(5)]
    assert ["demasiadas veces" in text for text in said] == [False, False, False, False, True]
    assert sara.post(f"{PAGE}confirmar/", {"code": code}).status_code == 422
    assert Agency.objects.get(pk=cast.alfa.agency.pk).reply_to == ""


def test_a_code_of_another_agency_is_worthless(cast: Casts, sara: Any, browse: Any) -> None:
    sara.post(f"{PAGE}respuestas/", {"email": "cartera@alfa.example"})
    wish = Agency.objects.get(pk=cast.alfa.agency.pk).reply_wish
    Agency.objects.filter(pk=cast.beta.agency.pk).update(reply_wish=wish)
    code = digits(run(cast.alfa, "tenants.mail_reply_code"))
    assert browse(cast.beta.agency, cast.beta.sara).post(f"{PAGE}confirmar/", {"code": code}).status_code == 422


def test_mails_are_from_whom_it_says(cast: Casts, sara: Any) -> None:
    typed = {"mail_name": "Cartera de Alfa", "mail_foot": "Lunes a viernes\nde 8 a 5", "pay_text": "Consigne en el <banco>."}
    assert sara.post(PAGE, typed).status_code == 302
    Agency.objects.filter(pk=cast.alfa.agency.pk).update(reply_to="cartera@alfa.example")
    with context.in_agency(cast.alfa.agency):
        defer("accounts.mail_reset", "1", now=NOW, user_id=cast.alfa.rita.user_id)
    letter = run(cast.alfa, "accounts.mail_reset")
    assert str(letter.from_email).startswith("Cartera de Alfa <no-responder@")
    assert letter.reply_to == ["cartera@alfa.example"]
    assert "Lunes a viernes\nde 8 a 5" in letter.body
    assert "Lunes a viernes<br>de 8 a 5" in letter.alternatives[0][0]
    assert "no caen en el correo no deseado" in words_of(sara.get(PAGE))
    with context.in_agency(cast.alfa.agency):
        assert set(Change.objects.values_list("field", flat=True)) == {"mail_name", "mail_foot", "pay_text"}


def test_without_a_choice_mails_are_the_agency_s(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        defer("accounts.mail_reset", "1", now=NOW, user_id=cast.alfa.rita.user_id)
    letter = run(cast.alfa, "accounts.mail_reset")
    assert (str(letter.from_email).split(" <")[0], letter.reply_to) == ("Inmobiliaria Alfa", ["hola@alfa.example"])


def test_who_pays_reads_the_instructions(cast: Casts, browse: Any) -> None:
    Agency.objects.filter(pk=cast.alfa.agency.pk).update(pay_text="Consigne en el <banco>.")
    address = f"/area-de-clientes/facturas/{cast.alfa.invoice.pk}/pagar/"
    assert "Consigne en el &lt;banco&gt;." in browse(cast.alfa.agency, cast.alfa.rita.user).get(address).content.decode()
    assert 'data-testid="pay-text"' not in browse(cast.beta.agency, cast.beta.rita.user).get(address).content.decode()


def test_a_line_break_makes_no_header(sara: Any, cast: Casts) -> None:
    sara.post(PAGE, {"mail_name": "Alfa\r\nBcc: x@y.example", "mail_foot": "", "pay_text": ""})
    assert Agency.objects.get(pk=cast.alfa.agency.pk).mail_name == "Alfa Bcc: x@y.example"


def test_mails_are_the_head_s(cast: Casts, browse: Any) -> None:
    assert browse(cast.alfa.agency).get(PAGE).status_code == 302
    assert browse(cast.alfa.agency, cast.alfa.rita.user).get(PAGE).status_code == 404
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.sara.pk).update(staff_role="service")
    assert browse(cast.alfa.agency, cast.alfa.sara).post(PAGE).status_code == 403
