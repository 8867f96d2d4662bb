"""*Mis datos*: contact data change, identity does not, and a mistake changes nothing and keeps what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from clientarea.models import Client
from saas.accounts.models import User
from tenants import context
from tests.world import Casts

PROFILE = "/area-de-clientes/perfil/"
GOOD = {
    "email": "Rita.Nueva@Correo.example", "mobile": "321 474 5328", "landline": "(601) 745 2030", "address": "Carrera 7 #  12-34",
    "city": " Bogotá ",
}  # fmt: skip


def test_it_shows_identity_and_contact(cast: Casts, browse: Any) -> None:
    text = browse(cast.alfa.agency, cast.alfa.rita.user).get(PROFILE).content.decode()
    for shown in ("Rita Arrendataria Ñáñez", "1.001", "300 123 4567", "/area-de-clientes/seguridad/"):
        assert shown in text
    for never in ('name="name"', 'name="document"'):
        assert never not in text


def test_contact_is_kept_as_we_keep_it_and_the_mail_waits_for_its_code(cast: Casts, browse: Any) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.rita.user).post(PROFILE, {**GOOD, "name": "Otra", "document": "666"})
    assert (answer.status_code, answer["Location"]) == (302, PROFILE + "correo/")
    with context.in_agency(cast.alfa.agency):
        rita = Client.objects.get(pk=cast.alfa.rita.pk)
        assert (rita.email, rita.mobile, rita.landline, rita.address, rita.city) == (
            cast.alfa.rita.email, "+573214745328", "+576017452030", "Carrera 7 # 12-34", "Bogotá",
        )  # fmt: skip
        assert (rita.name, rita.document) == ("Rita Arrendataria Ñáñez", "1001")
        assert User.objects.get(pk=rita.user_id).email == cast.alfa.rita.email
        others = Client.objects.exclude(pk=rita.pk)
        assert not others.filter(city="Bogotá").exists()
    with context.in_agency(cast.beta.agency):
        assert Client.objects.get(pk=cast.beta.rita.pk).email == cast.beta.rita.email


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "no es un correo"}, "correo"),
        ({"email": ""}, "field-error"),
        ({"mobile": "745 2030"}, "no es un teléfono de Colombia"),
        ({"mobile": "601 745 2030"}, "un celular empieza por 3"),
        ({"landline": "321 474 5328"}, "un fijo empieza por 60"),
        ({"address": "x" * 201}, "200"),
    ],
)
def test_a_mistake_changes_nothing_and_keeps_what_was_typed(cast: Casts, browse: Any, change: dict[str, str], said: str) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.rita.user).post(PROFILE, {**GOOD, **change})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    for name, value in {**GOOD, **change}.items():
        assert answer.context["form"][name].value() == value
    with context.in_agency(cast.alfa.agency):
        assert Client.objects.filter(pk=cast.alfa.rita.pk, email=cast.alfa.rita.email, mobile="+573001234567", city="").exists()
        assert User.objects.get(pk=cast.alfa.rita.user_id).email == cast.alfa.rita.user.email  # type: ignore[union-attr]


def test_phones_may_be_left_empty(cast: Casts, browse: Any) -> None:
    browse(cast.alfa.agency, cast.alfa.rita.user).post(PROFILE, {"email": "rita@correo.example"})
    with context.in_agency(cast.alfa.agency):
        assert Client.objects.filter(pk=cast.alfa.rita.pk, mobile="", landline="", address="", city="").exists()


def test_who_may_not(cast: Casts, browse: Any) -> None:
    assert browse(cast.alfa.agency, cast.alfa.sara).get(PROFILE).status_code == 404
    answer = browse(cast.alfa.agency).post(PROFILE, GOOD)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/area-de-clientes/ingresar/")
