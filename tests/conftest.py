"""Fixtures that every test may use. The cast and its agencies are in tests/world.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client as Browser

from tenants import context, hosts, platform_texts
from tenants.models import Agency
from tests import world


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database, with the agencies alfa and beta in it. Never a database that somebody uses: where pytest-django
    made none (no chosen test asks it for one), nothing is written."""
    with django_db_blocker.unblock():
        name = str(connection.settings_dict["NAME"])
        if not name.startswith("test_"):
            pytest.fail(f"{name} is not a test database: choose at least one test that has the fixture `db`")
        world.make_agencies()


@pytest.fixture(autouse=True)
def clean_slate() -> Iterator[None]:
    """Each test begins in public with empty caches and fast password hashes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for cache in caches.all(initialized_only=True):
        cache.clear()
    hosts.NEAR.clear()
    platform_texts.NEAR.clear()
    context.leave()
    yield
    context.leave()


@pytest.fixture
def alfa(db: None) -> Agency:
    """The agency alfa."""
    return Agency.objects.get(slug="alfa")


@pytest.fixture
def beta(db: None) -> Agency:
    """The agency beta, whose people have the same ids as alfa's."""
    return Agency.objects.get(slug="beta")


@pytest.fixture
def cast(alfa: Agency, beta: Agency) -> world.Casts:
    """The named cast in both agencies (see tests/world.py). Leaves the thread in public."""
    return world.Casts(alfa=world.make_cast(alfa), beta=world.make_cast(beta))


@pytest.fixture
def here(cast: world.Casts) -> world.Cast:
    """The people and rows of alfa, for a module that needs only one agency. A module that needs more of it says so in its own `here`."""
    return cast.alfa


@pytest.fixture
def inside_alfa(alfa: Agency) -> Iterator[Agency]:
    """The test runs inside alfa."""
    with context.in_agency(alfa):
        yield alfa


@pytest.fixture
def browse() -> Any:
    """`browse(agency_or_None, user=None)` is a Django test client on that host, logged in as `user` if one is given."""

    def make(agency: Agency | None, user: Any = None) -> Browser:
        host = settings.PLATFORM_HOST if agency is None else f"{agency.slug}.{settings.PLATFORM_HOST}"
        browser = Browser(headers={"host": host})
        if user is not None:
            world.log_in(browser, agency, user)
        return browser

    return make


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database without a surrounding transaction, for tests with several connections. Nothing is cleaned up
    afterwards (flushing would take the agencies away): the test leaves no row behind."""
    with django_db_blocker.unblock():
        yield
