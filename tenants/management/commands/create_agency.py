"""`manage.py create_agency`: an open agency at once, without sign-up. Asking again for the same slug changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from saas.lib import clock
from saas.lib.documents import DocumentError, DocumentType, split_document
from tenants import branding, provisioning
from tenants.models import Agency
from tenants.slugs import SlugError, check_slug


class Command(BaseCommand):
    """For operators."""

    help = "Crea una inmobiliaria, abierta y sin equipo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="Nombre de la inmobiliaria.")
        parser.add_argument("--slug", required=True, help="Subdominio.")
        parser.add_argument("--nit", required=True, help="NIT con dígito de verificación: 890903938-8.")
        parser.add_argument("--email", required=True, help="Correo de la inmobiliaria.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            nit, check = split_document(options["nit"], DocumentType.NIT)
            slug = options["slug"].strip().lower()
            if not Agency.objects.filter(slug=slug).exists():
                check_slug(slug)
        except (DocumentError, SlugError) as error:
            raise CommandError(str(error)) from error
        if not check:
            raise CommandError("Escriba el NIT con su dígito de verificación: 890903938-8.")
        agency = provisioning.create_agency(
            name=options["name"], slug=slug, nit=nit, nit_check=check, email=options["email"], now=clock.now()
        )
        self.stdout.write(f"{agency.name}: {branding.origin(agency)}/")
