"""An agency of a test module's own, whose rows are really committed, for what several connections do at once.

Nothing rolls back there: the agency is thrown away when the module ends. Inside it no worker is nudged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from tenants import context
from tenants.models import Agency, Bell
from tenants.provisioning import create_agency
from tests.world import NOW, Cast, make_cast


@contextmanager
def committed_agency(blocker: Any, *, slug: str) -> Iterator[Cast]:
    """An agency with the cast in it, outside of any transaction. `blocker` is pytest-django's `django_db_blocker`."""
    with blocker.unblock():
        agency = create_agency(name=slug.title(), slug=slug, nit="900373913", nit_check="4", email=f"hola@{slug}.example", now=NOW)
        try:
            yield make_cast(agency)
        finally:
            context.leave()
            with connection.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA "{agency.schema_name}" CASCADE')
            Bell.objects.filter(schema_name=agency.schema_name).delete()
            agency.domains.all().delete()
            Agency.objects.filter(pk=agency.pk).delete()


@contextmanager
def inside(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """Inside that agency; nobody is nudged."""
    monkeypatch.setattr("saas.jobs.defer.nudge", lambda schema, job_id: None)
    with context.in_agency(cast.agency):
        yield cast
