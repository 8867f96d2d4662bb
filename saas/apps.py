"""The frame itself, as an app, so that its templates, translations and commands are found."""

from django.apps import AppConfig


class SaasConfig(AppConfig):
    name = "saas"
    verbose_name = "plataforma"
