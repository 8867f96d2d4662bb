"""The history of changes, as an app of each agency's schema."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "saas.audit"
    label = "audit"
    verbose_name = "historial"
