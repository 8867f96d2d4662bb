"""What is counted and timed, for Prometheus. Labels are few and closed: never a person, a path or an agency.

Several processes count together through the files of PROMETHEUS_MULTIPROC_DIR, which the web server and the worker set for
themselves; without it each process counts alone.
"""

from __future__ import annotations

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Counter("saas_requests", "Requests answered.", ["side", "method", "status"])
REQUEST_SECONDS = Histogram(
    "saas_request_seconds", "Time to answer a request.", ["side"], buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
)
PDF_SECONDS = Histogram("saas_pdf_seconds", "Time to make a PDF document.", buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 10))


def registry() -> CollectorRegistry:
    """What all processes of this program have counted."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)
    return together


def text() -> bytes:
    """The counters in Prometheus' text format."""
    return generate_latest(registry())
