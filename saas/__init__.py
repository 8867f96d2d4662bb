"""The frame: settings, addresses, the pages that look into several apps."""

from saas.celery import app as celery_app

__all__ = ["celery_app"]
