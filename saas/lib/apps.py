"""The bottom floor, as an app for its template tags and system checks."""

from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "saas.lib"
    label = "lib"
    verbose_name = "biblioteca"
