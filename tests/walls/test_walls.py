"""The walls between agencies: what is worth something in one is worth nothing in the other."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, ProgrammingError, connection, transaction

from clientarea.models import Client
from saas.accounts import links
from saas.accounts.captcha import Altcha
from saas.accounts.models import User
from saas.lib import clock, crypto, signing
from tenants import context, hosts
from tenants.models import Agency, AgencyState
from tests.walls.robot import solve
from tests.world import Casts


def test_inside_an_agency_public_cannot_be_seen(alfa: Agency) -> None:
    with context.in_agency(alfa), pytest.raises(ProgrammingError), transaction.atomic():
        Agency.objects.count()
    assert Agency.objects.filter(slug="alfa").count() == 1


def test_in_public_an_agency_s_tables_are_not_there(alfa: Agency) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        Client.objects.count()


def test_the_same_ids_are_other_people(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        Client.objects.filter(document="1001").update(city="Cali")
    with context.in_agency(cast.beta.agency):
        assert Client.objects.get(document="1001").city == ""


def test_an_agency_is_not_entered_from_another(alfa: Agency, beta: Agency) -> None:
    with context.in_agency(alfa):
        with pytest.raises(context.WallError):
            context.enter(beta)
        with context.in_agency(alfa), context.in_public():
            assert connection.schema_name == "public"
        assert context.current_agency() == alfa
    with pytest.raises(context.WallError):
        context.current_agency()


def test_a_rolled_back_transaction_does_not_move_us(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        assert connection.schema_name == cast.alfa.agency.schema_name
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schemas(false)")
            assert cursor.fetchone()[0] == [cast.alfa.agency.schema_name]


def test_threads_are_each_in_their_own_agency(committed: None) -> None:
    alfa, beta = Agency.objects.get(slug="alfa"), Agency.objects.get(slug="beta")
    seen: dict[str, set[str]] = {"alfa": set(), "beta": set()}
    gate = threading.Barrier(2)

    def look(agency: Agency) -> None:
        try:
            with context.in_agency(agency):
                for _ in range(50):
                    gate.wait(10)
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT current_schema()")
                        seen[agency.slug].add(cursor.fetchone()[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=look, args=[agency]) for agency in (alfa, beta)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == {"alfa": {alfa.schema_name}, "beta": {beta.schema_name}}


def test_cache_keys_carry_the_agency(alfa: Agency, beta: Agency) -> None:
    with context.in_agency(alfa):
        cache.set("same", "alfa's")
    with context.in_agency(beta):
        assert cache.get("same") is None
        cache.set("same", "beta's")
    with context.in_agency(alfa):
        assert cache.get("same") == "alfa's"


def test_files_are_in_the_agency_s_folder(alfa: Agency, beta: Agency) -> None:
    with context.in_agency(alfa):
        name = default_storage.save("receipts/same.pdf", ContentFile(b"alfa"))
        assert alfa.schema_name in default_storage.path(name)
        with pytest.raises(ValueError):
            default_storage.url(name)
    with context.in_agency(beta):
        assert not default_storage.exists(name)
        with pytest.raises(Exception, match="."):
            default_storage.open(f"../{alfa.schema_name}/{name}")


def test_a_session_cookie_of_one_agency_is_worthless_in_the_other(cast: Casts, browse: Any) -> None:
    here = browse(cast.alfa.agency, cast.alfa.rita.user)
    assert here.get("/area-de-clientes/").status_code == 200
    there = browse(cast.beta.agency)
    there.cookies[settings.SESSION_COOKIE_NAME] = here.cookies[settings.SESSION_COOKIE_NAME].value
    answer = there.get("/area-de-clientes/")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/area-de-clientes/ingresar/")
    platform = browse(None)
    platform.cookies[settings.SESSION_COOKIE_NAME] = here.cookies[settings.SESSION_COOKIE_NAME].value
    assert platform.get("/superadmin/").status_code == 302


@pytest.mark.parametrize("purpose", ["activacion", "clave"])
def test_an_account_link_of_one_agency_is_worthless_in_the_other(cast: Casts, purpose: str) -> None:
    with context.in_agency(cast.alfa.agency):
        rita = cast.alfa.rita.user
        assert rita is not None
        token = links.make_token(rita, purpose=purpose)
        hashed = User.objects.get(pk=rita.pk).password
        assert links.user_of(token, purpose=purpose, now=clock.now()).pk == rita.pk
        other = "clave" if purpose == "activacion" else "activacion"
        with pytest.raises(links.LinkError):
            links.user_of(token, purpose=other, now=clock.now())
    with context.in_agency(cast.beta.agency):
        User.objects.filter(pk=rita.pk).update(password=hashed, last_login=rita.last_login)  # even with all the same
        with pytest.raises(links.LinkError):
            links.user_of(token, purpose=purpose, now=clock.now())


def test_a_signed_link_of_one_agency_is_worthless_in_the_other(alfa: Agency, beta: Agency) -> None:
    with context.in_agency(alfa):
        token = signing.sign({"invoice": 1}, purpose="pay")
        assert signing.unsign(token, purpose="pay", max_age_seconds=60) == {"invoice": 1}
        with pytest.raises(signing.BadLink):
            signing.unsign(token, purpose="other", max_age_seconds=60)
    with context.in_agency(beta), pytest.raises(signing.BadLink):
        signing.unsign(token, purpose="pay", max_age_seconds=60)


def test_a_solved_captcha_is_taken_once_and_only_here(alfa: Agency, beta: Agency) -> None:
    with context.in_agency(alfa):
        payload = solve(Altcha().challenge())
    with context.in_agency(beta):
        assert Altcha().verify(payload) is False
    with context.in_agency(alfa):
        assert Altcha().verify(payload) is True
        assert Altcha().verify(payload) is False


def test_a_secret_opens_only_in_its_place(alfa: Agency, beta: Agency) -> None:
    place = {"model": "payments.GatewayAccount", "pk": 1, "field": "api_key"}
    sealed = crypto.encrypt("secreto", schema=alfa.schema_name, **place)  # type: ignore[arg-type]
    assert "secreto" not in sealed
    assert crypto.decrypt(sealed, schema=alfa.schema_name, **place) == "secreto"  # type: ignore[arg-type]
    right = {"schema": alfa.schema_name, **place}
    for wrong in (right | {"schema": beta.schema_name}, right | {"pk": 2}, right | {"field": "x"}):
        with pytest.raises(crypto.CryptoError):
            crypto.decrypt(sealed, **wrong)  # type: ignore[arg-type]


def test_unknown_hosts_get_a_plain_404(browse: Any, alfa: Agency) -> None:
    browser = browse(None)
    for host in ("nadie.plataforma.test", "evil.example", "alfa.plataforma.test.evil.example", "a b"):
        answer = browser.get("/", headers={"host": host})
        assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (404, "text/plain")


def test_the_gate_is_polite(alfa: Agency, browse: Any) -> None:
    for state, status in ((AgencyState.CREATING, 503), (AgencyState.SUSPENDED, 403), (AgencyState.RETIRED, 200), (AgencyState.ACTIVE, 200)):
        alfa.state = state
        alfa.save()
        hosts.forget(alfa)
        assert browse(alfa).get("/").status_code == status


def test_the_host_look_up_is_cached(alfa: Agency, django_assert_num_queries: Any) -> None:
    hosts.agency_at("nobody.plataforma.test")  # whatever ran before, the search_path is public's from here on
    with django_assert_num_queries(1):
        assert hosts.agency_at("alfa.plataforma.test") == alfa
    with django_assert_num_queries(0):
        assert hosts.agency_at("alfa.plataforma.test") == alfa
    hosts.forget(alfa)
    with django_assert_num_queries(1):
        hosts.agency_at("alfa.plataforma.test")
