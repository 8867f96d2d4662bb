"""`manage.py check_agencies [--money-since DATE]`: what should never be in any agency. Nightly, and after whatever looked strange.

With a date it also asks each agency's gateway about every attempt since that day, reference by reference: that keeps the
gateway's pace, so it takes minutes or hours.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from tenants import checking
from tenants.models import Agency, AgencyState


class Command(BaseCommand):
    """Fails if it finds anything."""

    help = "Busca esquemas distintos del previsto, huérfanos, llaves que cruzan esquemas y secretos ilegibles; con fecha, también dinero."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Since when money is compared."""
        parser.add_argument("--money-since", metavar="AAAA-MM-DD", help="compara cada referencia de pago con la pasarela desde ese día")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at everything before ending."""
        count = 0
        for problem in checking.problems():
            count += 1
            self.stdout.write(f"{problem.where}: {problem.what}")
        if options["money_since"]:
            count += self._money(options["money_since"])
        if count:
            raise CommandError(f"{count} problemas.")
        self.stdout.write("Sin problemas.")

    def _money(self, since: str) -> int:
        wrong = 0
        for slug in Agency.objects.exclude(state=AgencyState.CREATING).order_by("slug").values_list("slug", flat=True):
            try:
                call_command("reconcile", agency=slug, since=since, stdout=self.stdout)
            except CommandError as error:
                wrong += 1
                self.stdout.write(f"{slug}: {error}")
        return wrong
