"""gunicorn: threads, since most of a request is waiting for PostgreSQL; workers are recycled to bound their memory.

Its processes count their requests together, in files that end with it (saas/lib/metrics.py).
"""

import os
import shutil
import tempfile
from typing import Any

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
keepalive = 5
timeout = 60
graceful_timeout = 8
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 4094
loglevel = "warning"
if os.environ.get("SAAS_MODE") == "production":
    logconfig_dict = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "saas.lib.logs.JsonFormatter"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {"gunicorn.error": {"level": "WARNING"}, "gunicorn.access": {"level": "CRITICAL"}},
    }
_made = "" if "PROMETHEUS_MULTIPROC_DIR" in os.environ else tempfile.mkdtemp(prefix="saas-metrics-")
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", _made)


def child_exit(server: Any, worker: Any) -> None:
    """A worker is gone: what it was measuring just then is dropped, what it counted stays."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """The counters end with the server."""
    if _made:
        shutil.rmtree(_made, ignore_errors=True)
