"""`manage.py export_agency SLUG FILE`: one archive with all that an agency has. It holds personal data: encrypt it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from saas.lib import clock
from tenants import archive, context
from tenants.dump import DumpError
from tenants.management.agencies import agency_of


class Command(BaseCommand):
    """Safe while the agency works. deploy/backup/agencies.sh runs it each night for all."""

    help = "Exporta una inmobiliaria completa a un archivo .tar.gz (contiene datos personales)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="Subdominio de la inmobiliaria.")
        parser.add_argument("file", type=Path, help="Archivo que se crea, por ejemplo cordillera.tar.gz.")

    def handle(self, *args: Any, **options: Any) -> None:
        context.leave()
        agency = agency_of(options["slug"])
        if options["file"].exists():
            raise CommandError(f"{options['file']} ya existe: no se sobrescribe.")
        try:
            manifest = archive.export(agency, options["file"], now=clock.now())
        except (archive.ArchiveError, DumpError) as error:
            raise CommandError(str(error)) from error
        files = sum(name.startswith("files/") for name in manifest["members"])
        self.stdout.write(f"{options['file']}: {sum(manifest['rows'].values())} filas, {files} archivos")
