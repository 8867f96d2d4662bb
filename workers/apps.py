"""The workers app: no tables, only the handlers of jobs, registered when Django starts."""

from importlib import import_module
from pathlib import Path

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    name = "workers"
    verbose_name = "trabajadores"

    def ready(self) -> None:
        # One thin module a job: importing it registers its handler.
        for path in sorted(Path(__file__).parent.glob("*.py")):
            if path.stem not in ("__init__", "apps", "schedule"):
                import_module(f"workers.{path.stem}")
