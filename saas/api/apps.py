"""The API's frame and the outgoing notices, as an app of each agency's schema."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "saas.api"
    label = "api"
    verbose_name = "API"

    def ready(self) -> None:
        from saas.api import addresses, authentication  # noqa: F401  (what they seal, and how the schema names the key)
