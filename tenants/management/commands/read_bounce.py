"""`manage.py read_bounce`: an MTA's pipe for what comes back to SAAS_MAIL_BOUNCES (docs/runbook.md).

Ends with 0 whatever the mail is, so that the MTA answers nobody; with 75 (try later) only when the database does not answer.
It writes nothing of the mail.
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from saas.lib import clock, refusals
from tenants import bounces

TRY_LATER = 75  # sysexits.h, EX_TEMPFAIL
CHUNK = 64 * 1024


class Command(BaseCommand):
    """For the mail server, not for people."""

    requires_system_checks: list[str] = []  # an MTA waits; nothing here depends on them
    help = "Lee un correo devuelto de la entrada estándar y marca la cuenta a la que no llegó."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--recipient", default="", help="La dirección a la que llegó; sin ella se lee de los encabezados.")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(refusals.MOST)
        # The rest is taken and dropped: a closed pipe would look like a failure to the MTA.
        while sys.stdin.buffer.read(CHUNK):
            pass
        try:
            marked = bounces.take(raw, recipient=options["recipient"], now=clock.now())
        except Error:
            raise CommandError("La base de datos no responde; el correo se leerá después.", returncode=TRY_LATER) from None
        self.stdout.write("Devolución anotada." if marked else "Sin cambios.")
