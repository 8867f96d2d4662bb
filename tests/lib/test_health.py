"""/livez and /readyz: answered on any host before it is looked up, and honest about what is away."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client as Browser

HOSTS = ["plataforma.test", "alfa.plataforma.test", "nadie.plataforma.test", "10.0.0.7:8000", "a b"]


@pytest.fixture
def no_database() -> Iterator[None]:
    """The database's address is a port where nothing listens. No query runs, so no test database is needed."""
    real, settings_dict = connection.connection, connection.settings_dict
    connection.connection = None
    connection.settings_dict = {**copy.deepcopy(settings_dict), "HOST": "127.0.0.1", "PORT": 9}
    yield
    connection.close()
    connection.connection, connection.settings_dict = real, settings_dict


@pytest.fixture
def no_redis(settings: Any) -> Iterator[None]:
    """Redis' address is a port where nothing listens."""
    real = settings.CACHES
    settings.CACHES = {name: {**options, "LOCATION": "redis://127.0.0.1:9/0"} for name, options in real.items()}
    yield
    settings.CACHES = real


@pytest.mark.parametrize("host", HOSTS)
def test_livez_asks_nobody(host: str, no_redis: None) -> None:
    # Without the `db` fixture a query would fail the test.
    answer = Browser(headers={"host": host}).get("/livez")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"ok\n", "text/plain")
    assert not answer.cookies


@pytest.mark.parametrize("host", HOSTS)
def test_readyz_on_any_host(host: str, db: None, django_assert_num_queries: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # whatever ran before, the search_path is public's from here on
    with django_assert_num_queries(1):
        answer = Browser(headers={"host": host}).get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"database: ok\nredis: ok\n")
    assert answer["Content-Type"] == "text/plain"


def test_without_redis_we_stay_in_service(db: None, no_redis: None) -> None:
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"database: ok\nredis: no (degraded)\n")
    with pytest.raises(Exception, match="refused"):
        caches["hosts"].get("x")


def test_without_the_database_we_do_not(no_database: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        answer = Browser().get("/readyz")
        assert (answer.status_code, answer.content) == (503, b"database: no\n")
        assert Browser().get("/livez").status_code == 200


@pytest.mark.parametrize("path", ["/livez/", "/readyz/", "/livez/x", "/LIVEZ", "/x/livez"])
def test_only_the_two_addresses(path: str, db: None) -> None:
    answer = Browser(headers={"host": "nadie.plataforma.test"}).get(path)
    assert answer.status_code == 404
