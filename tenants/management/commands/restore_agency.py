"""`manage.py restore_agency FILE --as SLUG`: a new agency from an export, suspended until it is opened; touches no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from saas.lib.crypto import CryptoError
from tenants import archive
from tenants.slugs import SlugError


class Command(BaseCommand):
    """FIELD_KEYS must have the keys that sealed the exported one's secrets."""

    help = "Restaura una inmobiliaria exportada, con otro subdominio. Queda suspendida hasta que la abra."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="Archivo de export_agency.")
        parser.add_argument("--as", dest="slug", required=True, help="Subdominio nuevo.")
        parser.add_argument(
            "--jobs", choices=("hold", "run"), default="hold",
            help="Los trabajos en espera: hold los aparta (una copia no escribe a nadie); run los continúa (reemplaza a la perdida).",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = archive.restore(options["file"], slug=options["slug"], resume=options["jobs"])
        except (archive.ArchiveError, SlugError, CryptoError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.agency.slug}: {done.rows} filas, {done.files} archivos, {done.sealed} secretos cifrados de nuevo,"
            f" {done.held_jobs} trabajos apartados. Queda suspendida: ábrala en el superadmin."
        )
        self.stdout.write(f"Los dominios de la exportada siguen siendo suyos: {', '.join(done.domains) or 'ninguno'}")
