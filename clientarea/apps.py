"""The client area app (each agency's schema). At start it finds the papers that every app can put together."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ClientareaConfig(AppConfig):
    name = "clientarea"
    verbose_name = "clientes"

    def ready(self) -> None:
        autodiscover_modules("papers")
