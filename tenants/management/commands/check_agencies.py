"""`manage.py check_agencies`: what should never be in any agency. Nightly, and after whatever looked strange."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import checking


class Command(BaseCommand):
    """Fails if it finds anything."""

    help = "Busca esquemas distintos del previsto, huérfanos, llaves que cruzan esquemas y secretos ilegibles."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for problem in checking.problems():
            count += 1
            self.stdout.write(f"{problem.where}: {problem.what}")
        if count:
            raise CommandError(f"{count} problemas.")
        self.stdout.write("Sin problemas.")
