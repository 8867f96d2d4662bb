"""`manage.py list_agencies`: the subdomains of the agencies that have a schema, a line each, for scripts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tenants import context
from tenants.models import Agency, AgencyState


class Command(BaseCommand):
    """The one that backups go by."""

    help = "Escribe el subdominio de cada inmobiliaria, uno por línea."

    def handle(self, *args: Any, **options: Any) -> None:
        context.leave()
        for slug in Agency.objects.exclude(state=AgencyState.CREATING).order_by("slug").values_list("slug", flat=True):
            self.stdout.write(slug)
