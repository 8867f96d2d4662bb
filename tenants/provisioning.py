"""TEMPORARY stand-in by the lead so that tests run; the "signup" helper replaces this file."""

from datetime import datetime

from django.conf import settings
from django.core.management import call_command

from tenants.models import Agency, AgencyState, Domain, new_schema_name


def create_agency(*, name: str, slug: str, nit: str, nit_check: str, email: str, now: datetime, colour: str = "#1f5fa8") -> Agency:
    """Make an agency by migrations."""
    from django.db import connection

    agency = Agency(name=name, slug=slug, nit=nit, nit_check=nit_check, email=email, colour=colour, schema_name=new_schema_name(), state=AgencyState.ACTIVE)
    agency.save()
    Domain.objects.create(domain=f"{slug}.{settings.PLATFORM_HOST}", tenant=agency)
    with connection.cursor() as c:
        c.execute(f'CREATE SCHEMA "{agency.schema_name}"')
    call_command("migrate_schemas", schema_name=agency.schema_name, tenant=True, verbosity=0, interactive=False)
    return agency
