"""The agency's PayU account, kept by its staff: secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from payments import accounts
from payments.models import GatewayAccount
from tenants import context
from tests.portal.pages import at, text_of
from tests.world import PAYU, Cast, Casts

TYPED = {"merchant_id": "508029", "account_id": "512321", "algorithm": "MD5"}


def test_it_is_for_staff_alone(here: Cast, browse: Any) -> None:
    for page in ("desk_payu", "desk_payu_ping"):
        for ask in ("get", "post"):
            assert getattr(browse(here.agency), ask)(at(page)).status_code == 302
            assert getattr(browse(here.agency, here.rita.user), ask)(at(page)).status_code == 404


def test_it_shows_which_account_and_no_secret(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.sara).get(at("desk_payu"))
    assert "Comercio 508029 Cuenta 512321 Firma MD5 Modo Real: cobra" in text_of(answer)
    with context.in_agency(here.agency):
        account = GatewayAccount.objects.get()
    for secret in (PAYU.api_key, PAYU.api_login, account.api_key, account.api_login):
        assert secret not in answer.content.decode()


def test_keys_left_empty_stay(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.sara).post(at("desk_payu"), TYPED | {"account_id": "512322", "test": "on"})
    assert (answer.status_code, answer["Location"]) == (302, at("desk_payu"))
    with context.in_agency(here.agency):
        account = GatewayAccount.objects.get()
        opened = accounts.credentials(account)
    assert (account.account_id, account.test) == ("512322", True)
    assert (opened.api_key, opened.api_login, opened.previous_api_keys) == (PAYU.api_key, PAYU.api_login, ())


def test_a_new_key_keeps_the_one_before_for_what_is_in_flight(here: Cast, browse: Any) -> None:
    browse(here.agency, here.sara).post(at("desk_payu"), TYPED | {"api_key": "otra"})
    with context.in_agency(here.agency):
        opened = accounts.credentials(GatewayAccount.objects.get())
    assert (opened.api_key, opened.previous_api_keys) == ("otra", (PAYU.api_key,))


def test_another_merchant_needs_its_own_keys(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    answer = sara.post(at("desk_payu"), TYPED | {"merchant_id": "999"})
    assert answer.status_code == 200
    assert text_of(answer).count("Escríbala como aparece en PayU.") == 2
    answer = sara.post(at("desk_payu"), TYPED | {"merchant_id": "999", "api_key": "k-typed", "api_login": "", "account_id": "x"})
    assert "k-typed" not in answer.content.decode()
    assert "De 1 a 6 dígitos" in text_of(answer)
    with context.in_agency(here.agency):
        assert accounts.active_account().merchant_id == "508029"  # type: ignore[union-attr]
    sara.post(at("desk_payu"), TYPED | {"merchant_id": "999", "api_key": "k", "api_login": "l"})
    with context.in_agency(here.agency):
        assert accounts.active_account().merchant_id == "999"  # type: ignore[union-attr]
        assert GatewayAccount.objects.filter(active=False).get().merchant_id == "508029"


def test_no_answer_is_not_called_wrong_keys(here: Cast, browse: Any) -> None:
    # Nothing listens at the tests' address of PayU.
    sara = browse(here.agency, here.sara)
    answer = sara.post(at("desk_payu_ping"))
    assert answer["Location"] == at("desk_payu")
    assert "PayU no respondió. No quiere decir que las llaves estén mal" in text_of(sara.get(at("desk_payu")))


def test_the_connection_is_tried_so_many_times_in_a_row(here: Cast, cast: Casts, browse: Any) -> None:
    sara, said = browse(here.agency, here.sara), []
    for _ in range(12):
        sara.post(at("desk_payu_ping"))
        page = text_of(sara.get(at("desk_payu")))
        said.append(("PayU no respondió." in page, "Espere diez minutos" in page))
    assert said == [(True, False)] * 10 + [(False, True)] * 2
    other = browse(cast.beta.agency, cast.beta.sara)  # each agency has its own
    other.post(at("desk_payu_ping"))
    assert "PayU no respondió." in text_of(other.get(at("desk_payu")))


def test_without_an_account_there_is_nothing_to_try(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        GatewayAccount.objects.update(active=False)
    sara = browse(here.agency, here.sara)
    sara.post(at("desk_payu_ping"))
    text = text_of(sara.get(at("desk_payu")))
    assert "Primero guarde la cuenta de PayU." in text
    assert "Todavía no hay una cuenta" in text
