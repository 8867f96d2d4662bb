"""A paper that a worker makes, for the tests that read it."""

from __future__ import annotations

from typing import Any

from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tenants.models import Agency


def made(agency: Agency, browser: Any, path: str) -> Any:
    """The answer with the file of the paper that `path` asks for, made now."""
    page = browser.get(path)["Location"]
    with context.in_agency(agency):
        for job in Job.objects.filter(kind="clientarea.make_paper", done_at=None).order_by("pk"):
            assert run_job(job.pk, now=clock.now())
    return browser.get(page + "archivo/")
