"""`manage.py migrate_agencies`: public and every agency up to the code's migrations. Safe while serving, and twice at once."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import migrating

SHOWN = 20  # schemas named one by one


class Command(BaseCommand):
    """Run it at each deployment, before the new web servers and workers start."""

    help = "Actualiza los esquemas que estén atrasados, en paralelo; sigue aunque uno falle, e informa."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="Cuántos esquemas a la vez.")
        parser.add_argument("--check", action="store_true", help="Solo decir cuáles están atrasados; falla si hay alguno.")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.perf_counter()
        if not options["check"] and migrating.migrate_public():
            self.stdout.write("public: actualizado")
        found = migrating.survey()
        for schema, names in list(found.ahead.items())[:SHOWN]:
            self.stdout.write(f"{schema}: tiene {len(names)} migraciones que este código no conoce; no se toca")
        if len(found.ahead) > SHOWN:
            self.stdout.write(f"y otras {len(found.ahead) - SHOWN} que este código no conoce")
        for schema in found.missing:
            self.stdout.write(f"{schema}: no tiene tablas; revise con check_agencies")
        if options["check"]:
            self._only_say(found)
            return
        failed = done = 0
        for outcome in migrating.migrate(found.behind, threads=max(1, options["threads"])):
            if outcome.error:
                failed += 1
                self.stderr.write(f"{outcome.schema}: falló, {outcome.error}; aplicadas antes: {len(outcome.applied)}")
            else:
                done += 1
        self.stdout.write(
            f"{found.current} al día, {done} actualizadas, {failed} con error, en {time.perf_counter() - began:.1f} s"
        )
        if failed:
            raise CommandError(f"{failed} inmobiliarias quedaron atrasadas. Corrija la causa y ejecute esto otra vez.")

    def _only_say(self, found: migrating.Survey) -> None:
        for schema, names in list(found.behind.items())[:SHOWN]:
            self.stdout.write(f"{schema}: le faltan {len(names)}")
        self.stdout.write(f"{found.current} al día, {len(found.behind)} atrasadas")
        if found.behind or found.missing:
            raise CommandError("Hay esquemas atrasados: ejecute migrate_agencies.")
