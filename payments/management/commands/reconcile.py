"""`manage.py reconcile --agency SLUG --since DATE`: compare every attempt since a day with PayU's own books, now.

What is missing is settled through the same door; what differs is printed and written down for staff. Keeps PayU's pace.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments import pace, reconcile
from payments.gateway import GatewayRefused, GatewayUnavailable
from saas.lib import clock
from tenants import context
from tenants.management.agencies import agency_of


class Command(BaseCommand):
    """See the module."""

    help = "Compara con PayU los intentos de pago de una inmobiliaria desde una fecha (AAAA-MM-DD)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which agency, since when."""
        parser.add_argument("--agency", required=True, metavar="SLUG")
        parser.add_argument("--since", required=True, metavar="AAAA-MM-DD")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare one after the other. Ends with an error if something differs or PayU could not be asked."""
        agency = agency_of(options["agency"])
        try:
            day = clock.parse_date(options["since"])
        except clock.DateError as error:
            raise CommandError(str(error)) from error
        since = datetime.combine(day, datetime.min.time(), tzinfo=clock.BOGOTA)
        unsaid = 0
        with context.in_agency(agency):
            attempts = list(reconcile.attempts_since(since).values_list("pk", "reference"))
            results = []
            for pk, reference in attempts:
                try:
                    results.append(self._compare(pk))
                except GatewayRefused as error:
                    raise CommandError(str(error)) from error
                except GatewayUnavailable as error:
                    unsaid += 1
                    self.stdout.write(f"{reference}: {error}")
        differing = [result for result in results if result.difference]
        for result in differing:
            self.stdout.write(result.difference)
        self.stdout.write(f"{len(results)} comparados, {len(differing)} con diferencia, {unsaid} sin respuesta.")
        if differing or unsaid:
            raise CommandError("Hay pagos por revisar.", returncode=1)

    def _compare(self, pk: int) -> reconcile.Compared:
        """One attempt, waiting for the agency's turn when its budget is spent."""
        while True:
            try:
                return reconcile.compare(pk, now=clock.now())
            except pace.NotNow as wait:
                seconds = max((wait.until - clock.now()).total_seconds(), 1)
                self.stdout.write(f"{wait} ({seconds:.0f} s)")
                time.sleep(seconds)
