"""Enter and leave agencies. The only module that moves a connection between schemas.

Inside an agency the public schema cannot be seen: a missing table fails instead of falling through. A thread is in one
agency or in public; going from one agency straight into another is refused. Nothing here keeps state of its own: where
we are is the connection's, and Django's connections are one per thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection as django_connection

if TYPE_CHECKING:
    from tenants.models import Agency

PUBLIC = "public"
connection: Any = django_connection  # with what django-tenants' backend adds to it


class WallError(RuntimeError):
    """Code inside one agency tried to enter another, or an agency-only act was tried in public."""


def enter(agency: Agency) -> None:
    """Put this thread's connection inside `agency`, public out of sight. Raises WallError from inside another agency."""
    here = connection.schema_name
    if here not in (PUBLIC, agency.schema_name):
        raise WallError(f"{here} cannot enter {agency.schema_name}: leave first")
    connection.set_tenant(agency, include_public=False)


def leave() -> None:
    """Put this thread's connection in public."""
    # Already there: asking again would only make django-tenants say the search_path once more.
    if connection.schema_name != PUBLIC:
        connection.set_schema_to_public()


@contextmanager
def in_agency(agency: Agency) -> Iterator[Agency]:
    """Run a block inside `agency`, and come back to where we were."""
    before = connection.tenant
    enter(agency)
    try:
        yield agency
    finally:
        _return_to(before)


@contextmanager
def in_public() -> Iterator[None]:
    """Run a block in public, and come back to where we were."""
    before = connection.tenant
    leave()
    try:
        yield
    finally:
        _return_to(before)


@contextmanager
def joined_by(other: Any) -> Iterator[Agency]:
    """Run a block with another connection of this thread inside our agency too. It goes back to where it was. Raises WallError in public."""
    agency = current_agency()
    before = other.tenant
    other.set_tenant(agency, include_public=False)
    try:
        yield agency
    finally:
        if before.schema_name == PUBLIC:
            other.set_schema_to_public()
        else:
            other.set_tenant(before, include_public=False)


def _return_to(before: object) -> None:
    schema = getattr(before, "schema_name", PUBLIC)
    if schema == PUBLIC:
        leave()
    else:
        connection.set_tenant(before, include_public=False)


def current_agency() -> Agency:
    """The agency that this thread is inside. Raises WallError in public."""
    agency = connection.tenant
    if connection.schema_name == PUBLIC or not hasattr(agency, "slug"):
        raise WallError("this needs an agency, and we are in public")
    return agency
