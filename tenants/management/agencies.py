"""How management commands name an agency: by its subdomain."""

from __future__ import annotations

from django.core.management.base import CommandError

from tenants.models import Agency


def agency_of(slug: str) -> Agency:
    """The agency with that subdomain. Raises CommandError, for whoever typed it."""
    agency = Agency.objects.filter(slug=slug).first()
    if agency is None:
        raise CommandError(f"No hay ninguna inmobiliaria con el subdominio {slug}.")
    return agency
