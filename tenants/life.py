"""What operators do to an agency after it was made: approve, limit, give another key, put to rest, retire, and at last delete it.

Each is one transaction that changes the row and keeps who did it and why; what is cached of the agency is forgotten after it.
A retired agency is read-only and its money still settles; it is deleted by a job after its grace, after a last export. Nothing
here looks into an agency's rows.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from saas.jobs.defer import defer
from tenants import acts, context, ddl, domains, exports, hosts, limits, provisioning
from tenants.models import Agency, AgencyState, Bell, Domain, Signup, SignupState, new_agency_key
from tenants.platform_models import Announcement, Export, Pulse, SupportVisit
from tenants.storage import whole_storage

log = logging.getLogger(__name__)
KEY_GRACE = timedelta(days=30)  # PayU may call about a payment that began with the key before; cash has days to be paid
GRACE = timedelta(days=30)  # between retiring and deleting
LIMITS = ("max_clients", "max_leases", "max_storage_mb", "max_mails")


class LifeError(ValueError):
    """It cannot be done to this agency now. The message is for operators."""


def approve(signup: Signup, *, by: Any, reason: str, now: datetime) -> None:
    """Let a confirmed sign-up become an agency. Raises LifeError."""
    with transaction.atomic():
        if not Signup.objects.filter(pk=signup.pk, state=SignupState.PENDING).update(state=SignupState.CREATING):
            raise LifeError("Este registro no espera aprobación.")
        defer("tenants.provision", str(signup.pk), now=now, signup_id=str(signup.pk))
        acts.note("aprobar registro", by=by, reason=reason, now=now, detail=f"{signup.agency_name} ({signup.slug})")


def reject(signup: Signup, *, by: Any, reason: str, now: datetime) -> None:
    """Refuse a confirmed sign-up: its subdomain is free again and its person is told why. Raises LifeError."""
    with transaction.atomic():
        if not Signup.objects.filter(pk=signup.pk, state=SignupState.PENDING).update(state=SignupState.REJECTED, error=reason, password=""):
            raise LifeError("Este registro no espera aprobación.")
        defer("tenants.mail_rejected", str(signup.pk), now=now, signup_id=str(signup.pk))
        acts.note("rechazar registro", by=by, reason=reason, now=now, detail=f"{signup.agency_name} ({signup.slug})")


def retry(signup: Signup, *, by: Any, reason: str, now: datetime) -> None:
    """Try a failed sign-up again. Raises LifeError."""
    with transaction.atomic():
        if not provisioning.retry(signup, now=now):
            raise LifeError("Este registro no falló.")
        acts.note("reintentar registro", by=by, reason=reason, now=now, detail=f"{signup.agency_name} ({signup.slug})")


def suspend(agency: Agency, *, by: Any, reason: str, now: datetime) -> None:
    """Close an agency's pages. Payments that are under way still arrive. Raises LifeError."""
    with transaction.atomic():
        if not provisioning.suspend(agency):
            raise LifeError("Solo se suspende una inmobiliaria activa.")
        acts.note("suspender", by=by, reason=reason, now=now, agency=agency)


def reactivate(agency: Agency, *, by: Any, reason: str, now: datetime) -> None:
    """Open a suspended agency, or one in retirement, again. Raises LifeError."""
    with transaction.atomic():
        locked = _locked(agency, AgencyState.SUSPENDED, AgencyState.RETIRED)
        _change(locked, state=AgencyState.ACTIVE, delete_after=None)
        acts.note("reactivar", by=by, reason=reason, now=now, agency=agency)


def retire(agency: Agency, *, by: Any, reason: str, now: datetime, grace: timedelta = GRACE) -> None:
    """Make an agency read-only, and ask for its end after `grace`. Raises LifeError."""
    with transaction.atomic():
        locked = _locked(agency, AgencyState.ACTIVE, AgencyState.SUSPENDED)
        until = now + grace
        _change(locked, state=AgencyState.RETIRED, delete_after=until)
        defer("tenants.delete_agency", f"{agency.pk}:{until:%Y%m%d%H%M%S}", now=now, due_at=until, agency_id=agency.pk)
        acts.note("retirar", by=by, reason=reason, now=now, agency=agency, detail=f"se elimina después del {until:%Y-%m-%d}")


def change_plan(agency: Agency, values: Mapping[str, Any], *, by: Any, reason: str, now: datetime) -> None:
    """Give an agency a plan and its own limits (LIMITS); an empty one is what the plan proposes."""
    proposed = limits.of_plan(values["plan"])
    wanted = {field: values.get(field) if values.get(field) is not None else proposed[field] for field in LIMITS}
    with transaction.atomic():
        locked = Agency.objects.select_for_update().get(pk=agency.pk)
        before = {"plan": locked.plan, **{field: getattr(locked, field) for field in LIMITS}}
        after = {"plan": values["plan"], **wanted}
        _change(locked, **after)
        told = ", ".join(f"{name}: {before[name]} → {after[name]}" for name in after if before[name] != after[name])
        acts.note("cambiar plan", by=by, reason=reason, now=now, agency=agency, detail=told)


def change_key(agency: Agency, *, by: Any, reason: str, now: datetime) -> None:
    """Give an agency another callback address. The one before is heard until KEY_GRACE has passed. Raises LifeError."""
    with transaction.atomic():
        locked = Agency.objects.select_for_update().get(pk=agency.pk)
        if locked.previous_key_until is not None and locked.previous_key_until > now:
            raise LifeError(f"La clave cambió hace poco: la anterior aún vale hasta el {locked.previous_key_until:%Y-%m-%d}.")
        _change(locked, key=new_agency_key(), previous_key=locked.key, previous_key_until=now + KEY_GRACE)
        acts.note("cambiar clave de confirmación", by=by, reason=reason, now=now, agency=agency)


def rest(agencies: list[Agency], *, until: datetime, text: str, by: Any, reason: str, now: datetime) -> None:
    """Close the pages of those agencies until a moment (maintenance); `until` not after `now` opens them. Callbacks come in."""
    act = "poner en mantenimiento" if until > now else "terminar mantenimiento"
    with transaction.atomic():
        for agency in agencies:
            _change(agency, closed_until=until if until > now else None, closed_text=text if until > now else "")
            acts.note(act, by=by, reason=reason, now=now, agency=agency, detail=f"hasta {until:%Y-%m-%d %H:%M} UTC" if until > now else "")


def add_domain(agency: Agency, host: str, *, by: Any, reason: str, now: datetime) -> None:
    """Let an agency answer at `host`, which the operator knows to be its own. Raises DomainError."""
    with transaction.atomic():
        domains.attach(agency, host, now=now)
        acts.note("agregar dominio", by=by, reason=reason, now=now, agency=agency, detail=host)


def remove_domain(agency: Agency, host: str, *, by: Any, reason: str, now: datetime) -> None:
    """Take a domain away from an agency. Its subdomain stays. Raises DomainError."""
    with transaction.atomic():
        domains.detach(agency, host)
        acts.note("quitar dominio", by=by, reason=reason, now=now, agency=agency, detail=host)


def export(agency: Agency, *, by: Any, reason: str, now: datetime) -> Export:
    """Ask for an archive of everything."""
    with transaction.atomic():
        asked = exports.ask(agency, by=by.name, now=now)
        acts.note("exportar", by=by, reason=reason, now=now, agency=agency, detail=str(asked.pk))
    return asked


def restore(export: Export, *, slug: str, by: Any, reason: str, now: datetime) -> None:
    """Ask for a new agency at `slug` from an archive. Raises LifeError, SlugError."""
    from tenants.slugs import check_slug

    slug = check_slug(slug)
    with transaction.atomic():
        if not exports.path_of(export).is_file():
            raise LifeError("El archivo de esta exportación ya no está.")
        defer("tenants.restore", f"{export.pk}:{slug}", now=now, export_id=str(export.pk), slug=slug)
        acts.note("restaurar", by=by, reason=reason, now=now, detail=f"{export.agency_slug} → {slug}")


def due_for_deletion(agency_id: int, *, now: datetime) -> Agency | None:
    """The agency, if it is retired and its grace is over."""
    return Agency.objects.filter(pk=agency_id, state=AgencyState.RETIRED, delete_after__lte=now).first()


def delete(agency: Agency, *, now: datetime) -> bool:
    """Export an agency for the last time, then drop its schema, files and domains. Its row stays as a memory, its subdomain is
    not given again. Call it in public; doing it again finishes what a crash left. Returns whether it was due."""
    context.leave()
    if due_for_deletion(agency.pk, now=now) is None:
        return False
    if ddl.schema_exists(agency.schema_name):
        exports.make_last(agency, now=now)
    with transaction.atomic():
        locked = Agency.objects.select_for_update().get(pk=agency.pk)
        if locked.state != AgencyState.RETIRED or locked.delete_after is None or locked.delete_after > now:
            return False
        names = list(locked.domains.values_list("domain", flat=True))
        Domain.objects.filter(tenant=locked).delete()
        Bell.objects.filter(schema_name=locked.schema_name).delete()
        Pulse.objects.filter(schema_name=locked.schema_name).delete()
        SupportVisit.objects.filter(agency=locked, ended_at=None).update(ended_at=now, ended_by=acts.SYSTEM)
        for announcement in Announcement.objects.filter(agencies=locked):
            announcement.agencies.remove(locked)
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{ddl.checked_name(locked.schema_name)}" CASCADE')
        _change(locked, state=AgencyState.DELETED, own_host="", notices=[], alarms=[])
        acts.note("eliminar", by=None, reason="Terminó el plazo de retiro", now=now, agency=agency)
        transaction.on_commit(lambda: hosts.forget_hosts(names, schema=agency.schema_name))
        transaction.on_commit(lambda: whole_storage().drop(agency.schema_name))
    return True


def _locked(agency: Agency, *states: AgencyState) -> Agency:
    locked = Agency.objects.select_for_update().get(pk=agency.pk)
    if locked.state not in states:
        raise LifeError(f"{locked.name} está en estado «{locked.get_state_display()}»: no se puede hacer esto.")
    return locked


def _change(agency: Agency, **values: Any) -> None:
    Agency.objects.filter(pk=agency.pk).update(**values)
    transaction.on_commit(lambda: hosts.forget(agency))
