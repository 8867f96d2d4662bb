"""The one Celery task. It carries a schema and a job's id, nothing else, and refuses to run without a live agency."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import shared_task

from saas.jobs.defer import NUDGE
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tenants.models import Agency

log = logging.getLogger(__name__)


def agency_task(**options: Any) -> Callable[[Callable[..., None]], Any]:
    """A Celery task whose first argument is a schema name. It runs inside that agency (or in public, for the platform's
    own jobs); a schema that belongs to no agency is refused and logged."""

    def decorate(body: Callable[..., None]) -> Any:
        @wraps(body)
        def run(schema: str, *args: Any) -> None:
            context.leave()
            if schema == context.PUBLIC:
                body(*args)
                return
            agency = Agency.objects.filter(schema_name=schema).first()
            if agency is None:
                log.error("refused: no agency has the schema %s", schema)
                return
            with context.in_agency(agency):
                body(*args)

        return shared_task(**options)(run)

    return decorate


@agency_task(name=NUDGE, ignore_result=True)
def run_one(job_id: int) -> None:
    """Run one job if it is still there to be run."""
    run_job(job_id, now=clock.now())
