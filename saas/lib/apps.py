"""The lowest layer, as an app for its template tags, its system checks, and to find what apps hold about people."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LibConfig(AppConfig):
    name = "saas.lib"
    label = "lib"
    verbose_name = "biblioteca"

    def ready(self) -> None:
        autodiscover_modules("personal_data")
