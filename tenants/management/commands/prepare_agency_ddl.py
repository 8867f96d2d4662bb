"""`manage.py prepare_agency_ddl`: write tenants/sql/agency.sql anew. With --check: fail if the migrations moved on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import ddl, dump


class Command(BaseCommand):
    """Run it after every change to a migration, and commit the file that it writes."""

    help = "Prepara el SQL con el que se crea el esquema de una inmobiliaria."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Solo revisar que esté al día; no usa la base de datos.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            if not ddl.is_current():
                raise CommandError(f"{ddl.SQL.name} no está al día con las migraciones: ejecute prepare_agency_ddl.")
            self.stdout.write(f"{ddl.SQL.name} está al día.")
            return
        try:
            text = dump.prepare()
        except dump.DumpError as error:
            raise CommandError(str(error)) from error
        ddl.SQL.parent.mkdir(exist_ok=True)
        ddl.SQL.write_text(text, encoding="utf-8")
        self.stdout.write(f"{ddl.SQL.name}: {len(text.splitlines())} líneas.")
