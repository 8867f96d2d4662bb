"""The payments app (each agency's schema)."""

from importlib import import_module

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "pagos"

    def ready(self) -> None:
        # Whoever rotates keys or restores an agency must know what is sealed, though no page was ever opened.
        for module in ("accounts", "payouts.banks"):
            import_module(f"payments.{module}")
