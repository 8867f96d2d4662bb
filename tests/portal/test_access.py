"""Who a client is, and that one client's rows are nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory

from clientarea import access
from clientarea.models import Client
from saas.accounts.models import Role, User
from tenants import context
from tests.world import Casts


def _request(user: Any, agency: Any = None) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    request.agency = agency  # type: ignore[attr-defined]
    return request


def test_roles_follow_from_leases_and_ownerships(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        told = {client.document: (client.rents, client.owns) for client in access.with_roles()}
    assert told == {"1001": (True, False), "1002": (False, True), "1003": (True, True), "1004": (False, False)}


def test_a_co_renter_is_a_renter(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        cast.alfa.lease.co_renter = cast.alfa.nadie
        cast.alfa.lease.save()
        assert access.with_roles().get(pk=cast.alfa.nadie.pk).rents is True
        assert list(access.units_of(cast.alfa.nadie).values_list("code", flat=True)) == ["IN-1"]
        assert list(access.leases_of(cast.alfa.oscar)) == []


def test_a_request_is_its_client_read_once(cast: Casts, django_assert_num_queries: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        request = _request(cast.alfa.rita.user)
        Client.objects.count()
        with django_assert_num_queries(1):
            assert access.client_of(request) == cast.alfa.rita
            assert access.client_of(request) == cast.alfa.rita


def test_a_user_without_a_client_gets_404(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        loose = User.objects.create_user(username="9999", role=Role.CLIENT, name="Sin Cliente")
        for user in (loose, cast.alfa.sara):
            with pytest.raises(Http404):
                access.client_of(_request(user))


def test_roles_for_templates_ask_only_when_looked_at(cast: Casts, django_assert_num_queries: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        Client.objects.count()
        with django_assert_num_queries(0):
            told = access.roles(_request(cast.alfa.berta.user, cast.alfa.agency))
        with django_assert_num_queries(1):
            assert (bool(told["is_renter"]), bool(told["is_owner"])) == (True, True)
        told = access.roles(_request(cast.alfa.sara, cast.alfa.agency))
        with django_assert_num_queries(0):
            assert (bool(told["is_renter"]), bool(told["is_owner"])) == (False, False)
        assert access.roles(_request(cast.alfa.sara, None)) == {}
