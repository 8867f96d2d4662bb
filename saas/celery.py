"""The Celery application. Tasks are in workers/; what runs when is in workers/schedule.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
app = Celery("saas")
app.config_from_object("django.conf:settings", namespace="CELERY")
