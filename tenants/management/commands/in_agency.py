"""`manage.py in_agency SLUG COMMAND …`: another command, inside one agency. Public cannot be seen from there."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import context
from tenants.management.agencies import agency_of

# They move between schemas by themselves.
REFUSED = ("in_agency", "migrate", "migrate_schemas", "migrate_agencies", "flush", "tenant_command", "all_tenants_command")


class Command(BaseCommand):
    """For operators: `in_agency cordillera shell`, `in_agency cordillera clearsessions`."""

    help = "Ejecuta otro comando dentro de una inmobiliaria."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="Subdominio de la inmobiliaria.")
        parser.add_argument("name", metavar="command", help="Comando.")
        parser.add_argument("rest", nargs=argparse.REMAINDER, help="Sus argumentos.")

    def handle(self, *args: Any, **options: Any) -> None:
        context.leave()
        agency = agency_of(options["slug"])
        if options["name"] in REFUSED or options["name"] not in get_commands():
            raise CommandError(f"{options['name']} no se puede ejecutar dentro de una inmobiliaria.")
        with context.in_agency(agency):
            call_command(options["name"], *options["rest"], stdout=self.stdout, stderr=self.stderr)
