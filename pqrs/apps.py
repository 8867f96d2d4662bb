"""The PQRS app (each agency's schema)."""

from django.apps import AppConfig


class PqrsConfig(AppConfig):
    name = "pqrs"
    verbose_name = "PQRS"
