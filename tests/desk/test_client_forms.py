"""Writing down, mending and archiving clients at the desk."""

from __future__ import annotations

from typing import Any

import pytest

from clientarea.models import Client
from saas.accounts.models import Role, User
from tenants import context
from tests.desk.desks import assert_desk_only, errors_of
from tests.portal.pages import at, queries_of, tags, text_of
from tests.world import PASSWORD, Cast

TYPED = {
    "document_type": "CC", "document": "52.123.456", "name": "Ana  María Peña", "email": "Ana@Correo.example", "mobile": "300 555 1234",
    "landline": "", "address": "Calle 1", "city": "Cali",
}  # fmt: skip


def _edit(browse: Any, cast: Cast, client: Client, **change: str) -> Any:
    sara = browse(cast.agency, cast.sara)
    initial = sara.get(at("desk_client_edit", client.pk)).context["form"].initial
    return sara.post(at("desk_client_edit", client.pk), {**initial, **change})


def test_they_are_for_staff_alone(here: Cast, browse: Any) -> None:
    for page in ("desk_client_new", "desk_client_options"):
        assert_desk_only(browse, here, at(page))
    assert_desk_only(browse, here, at("desk_client_edit", here.nadie.pk))
    for page in ("desk_client_archive", "desk_client_unarchive"):
        assert_desk_only(browse, here, at(page, here.nadie.pk), method="post")
    with context.in_agency(here.agency):
        assert Client.objects.get(pk=here.nadie.pk).archived_at is None
    sara = browse(here.agency, here.sara)
    assert sara.get(at("desk_client_edit", 99_999)).status_code == 404
    assert sara.post(at("desk_client_archive", 99_999)).status_code == 404


def test_a_client_is_made_as_we_keep_it(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.sara).post(at("desk_client_new"), TYPED)
    with context.in_agency(here.agency):
        ana = Client.objects.get(document="52123456")
    assert (answer.status_code, answer["Location"]) == (302, at("desk_client", ana.pk))
    assert (ana.name, ana.email, ana.mobile, ana.folded) == ("Ana María Peña", "ana@correo.example", "+573005551234", "ana maria pena 52123456")
    assert (ana.user_id, ana.document_check) == (None, "")


def test_a_nit_gets_its_check_digit(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    for document in ("900.123.456-8", "860002964"):
        sara.post(at("desk_client_new"), TYPED | {"document_type": "NIT", "document": document})
    with context.in_agency(here.agency):
        assert list(Client.objects.filter(document_type="NIT").order_by("pk").values_list("document", "document_check")) == [
            ("900123456", "8"), ("860002964", "4"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"document": "12AB34"}, "document", "no es un número de"),
        ({"document_type": "NIT", "document": "900123456-1"}, "document", "El dígito de verificación"),
        ({"name": "A"}, "name", "Escriba el nombre completo."),
        ({"email": "ana"}, "email", "correo electrónico"),
        ({"mobile": "601 745 2030"}, "mobile", "Ese es un teléfono fijo"),
        ({"document": "1001"}, "document", "Ya hay un cliente con ese documento: Rita Arrendataria Ñáñez."),
    ],
)
def test_a_mistake_keeps_what_was_typed_and_makes_nothing(here: Cast, browse: Any, change: dict[str, str], field: str, said: str) -> None:
    answer = browse(here.agency, here.sara).post(at("desk_client_new"), TYPED | change)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == [field]
    assert said in errors_of(answer)[field][0]
    assert 'value="Calle 1"' in answer.content.decode()
    with context.in_agency(here.agency):
        assert Client.objects.count() == 4


def test_who_has_the_document_is_one_click_away(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.sara).post(at("desk_client_new"), TYPED | {"document": "1001"})
    assert f'<a href="{at("desk_client", here.rita.pk)}">Ver ese cliente</a>' in answer.content.decode()


def test_an_edit_takes_the_account_along(here: Cast, browse: Any) -> None:
    assert _edit(browse, here, here.nadie, document="77001", name="Nadia Ríos", email="Nadia@Correo.example").status_code == 302
    with context.in_agency(here.agency):
        nadie = Client.objects.select_related("user").get(pk=here.nadie.pk)
        assert nadie.user is not None
        assert (nadie.document, nadie.name, nadie.folded) == ("77001", "Nadia Ríos", "nadia rios 77001")
        assert (nadie.user.username, nadie.user.name, nadie.user.email) == ("77001", "Nadia Ríos", "nadia@correo.example")
        assert nadie.user.check_password(PASSWORD)


def test_an_edit_takes_nobody_s_document_or_usuario(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        User.objects.create_user(username="88001", role=Role.CLIENT, name="Suelto")
    assert "Rita Arrendataria" in errors_of(_edit(browse, here, here.nadie, document="1001"))["document"][0]
    assert errors_of(_edit(browse, here, here.nadie, document="88001")) == {"document": ["Ese documento ya es el usuario de otra cuenta. Revíselo."]}
    with context.in_agency(here.agency):
        assert Client.objects.get(pk=here.nadie.pk).document == "1004"


def test_two_people_do_not_overwrite_each_other(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    path = at("desk_client_edit", here.rita.pk)
    initial = sara.get(path).context["form"].initial
    with context.in_agency(here.agency):  # the client herself, from the portal
        Client.objects.filter(pk=here.rita.pk).update(city="Pasto")
    answer = sara.post(path, {**initial, "city": "Cali"})
    assert answer.status_code == 422
    assert "Otra persona cambió estos datos" in errors_of(answer)["__all__"][0]
    assert 'value="Cali"' in answer.content.decode()
    assert sara.post(path, {**initial, "seen": "", "city": "Cali"}).status_code == 422
    with context.in_agency(here.agency):
        assert Client.objects.get(pk=here.rita.pk).city == "Pasto"


def test_an_archived_client_is_out_and_comes_back(here: Cast, browse: Any) -> None:
    sara, rita = browse(here.agency, here.sara), browse(here.agency, here.rita.user)
    assert rita.get(at("home")).status_code == 200
    assert sara.post(at("desk_client_archive", here.rita.pk)).status_code == 302
    assert rita.get(at("home")).status_code == 302  # the session is over
    names = [client.name for client in sara.get(at("desk_clients")).context["page_obj"]]
    assert here.rita.name not in names
    assert [client.name for client in sara.get(at("desk_clients"), {"estado": "archived"}).context["page_obj"]] == [here.rita.name]
    assert "Archivado el" in text_of(sara.get(at("desk_client", here.rita.pk)))
    sara.post(at("desk_invite", here.rita.pk))
    assert "Este cliente está archivado." in text_of(sara.get(at("desk_client", here.rita.pk)))
    assert sara.post(at("desk_client_unarchive", here.rita.pk)).status_code == 302
    assert rita.get(at("home")).status_code == 200


def test_one_client_s_page_takes_few_queries(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    assert len(queries_of(sara, at("desk_client", here.berta.pk))) <= 15
    assert len(tags(sara.get(at("desk_clients")), "client-row")) == 4
