"""The client area app (each agency's schema)."""

from django.apps import AppConfig


class ClientareaConfig(AppConfig):
    name = "clientarea"
    verbose_name = "clientes"
