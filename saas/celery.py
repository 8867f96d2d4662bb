"""The Celery application. Tasks are in workers/; what runs when is in workers/schedule.py.

A worker keeps its connection to the database from job to job, for as long as CONN_MAX_AGE says, and tries it before it trusts it,
as the web does from request to request.
"""

import os
import tempfile
from functools import cached_property
from typing import Any

from celery import Celery
from celery.fixups.django import DjangoFixup, DjangoWorkerFixup
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
if os.environ.get("SAAS_WORKER_METRICS") and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    # Before anything counts: the worker's processes count together in these files.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="saas-metrics-")


class KeepsConnection(DjangoWorkerFixup):
    """Celery's own closes the connection before and after each task. A job of ours takes some milliseconds: logging in anew and a
    backend that must read the catalog again cost several times that."""

    def close_database(self, **_: Any) -> None:
        """Before and after each task: close what is broken or old, as Django does around a request."""
        from django.db import close_old_connections

        close_old_connections()


class Fixup(DjangoFixup):
    """Celery's for Django, with our worker's part."""

    worker_fixup = cached_property(lambda self: KeepsConnection(self.app))


app = Celery("saas", fixups=[lambda made: Fixup(made).install()])
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_init.connect
def show_metrics(**_: Any) -> None:
    """Answer Prometheus at SAAS_WORKER_METRICS, where a worker is told to."""
    from django.conf import settings
    from prometheus_client import start_http_server

    from saas.lib import metrics

    if settings.SAAS_WORKER_METRICS:
        host, port = settings.SAAS_WORKER_METRICS
        start_http_server(port, addr=host, registry=metrics.registry())
