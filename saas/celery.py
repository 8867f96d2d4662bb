"""The Celery application. Tasks are in workers/; what runs when is in workers/schedule.py."""

import os
import tempfile
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
if os.environ.get("SAAS_WORKER_METRICS") and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    # Before anything counts: the worker's processes count together in these files.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="saas-metrics-")
app = Celery("saas")
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
