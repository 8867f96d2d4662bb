"""gunicorn: threads, since most of a request is waiting for PostgreSQL; workers are recycled to bound their memory."""

import os

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
