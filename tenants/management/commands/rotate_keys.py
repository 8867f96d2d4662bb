"""`manage.py rotate_keys`: seal every encrypted column with the first of SAAS_FIELD_KEYS. Run it again after any stop."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import context, ddl, sealing
from tenants.models import Agency


class Command(BaseCommand):
    """Put the new key first, keep the old one after it, restart all, run this, then take the old one away."""

    help = "Cifra de nuevo con la primera clave todo lo que otra clave cifró, en todas las inmobiliarias."

    def handle(self, *args: Any, **options: Any) -> None:
        context.leave()
        values = again = unreadable = 0
        for agency in Agency.objects.order_by("pk"):
            if not ddl.schema_exists(agency.schema_name):
                continue
            with context.in_agency(agency):
                count = sealing.rotate()
            if count.unreadable:
                self.stderr.write(f"{agency.slug}: {count.unreadable} valores que ninguna clave abre")
            values, again, unreadable = values + count.values, again + count.sealed_again, unreadable + count.unreadable
        self.stdout.write(f"{values} valores, {again} cifrados de nuevo, {unreadable} ilegibles")
        if unreadable:
            raise CommandError("No retire ninguna clave: hay valores que no se pudieron abrir.")
