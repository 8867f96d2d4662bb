"""Alarms: what a person must see, raised and closed by the job that counts (workers/vitals.py), from published figures alone.

One open alarm a kind and schema. Raising one mails the operators once. An agency's own are put on its row, so that its desk
shows them without asking. Nothing here enters an agency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from saas.accounts.models import Role, User
from saas.jobs.defer import defer
from saas.lib import mail
from tenants import branding, context, hosts
from tenants.models import Agency
from tenants.platform_models import Alarm, Pulse

LATE = timedelta(minutes=10)
LAG = timedelta(minutes=5)
QUARANTINE_SHARE, QUARANTINE_LEAST = 0.2, 5
SIGNATURE_LEAST = 3
# What each is called, and what its agency's own staff are told to do; those without advice are the operators' alone.
TITLES = {
    "signature": "Firmas que no coinciden",
    "credentials": "PayU rechaza las credenciales",
    "quarantine": "Muchas confirmaciones en cuarentena",
    "difference": "Diferencias con PayU",
    "lag": "Pagos que tardan en registrarse",
    "dead": "Trabajos apartados",
    "late": "Trabajos atrasados",
    "disk": "Disco lleno",
    "domain": "Dominio propio que no apunta aquí",
    "gone": "PayU avisó a una inmobiliaria eliminada",
}
ADVICE = {
    "signature": "Las confirmaciones de PayU llegan con una firma que no coincide. Revise la llave (API key) en PayU.",
    "quarantine": "Muchas confirmaciones de PayU no se aceptaron. Las que piden una decisión suya están en Por revisar.",
    "credentials": "PayU no acepta las credenciales de la inmobiliaria. Revíselas en PayU.",
    "difference": "La comparación nocturna encontró diferencias con PayU. Están en Por revisar.",
    "lag": "Los pagos en línea se están registrando con demora. No se pierde ninguno; ya estamos trabajando en ello.",
    "domain": "Un dominio propio de la inmobiliaria dejó de apuntar a la plataforma. Qué falta, en Ajustes, Dominio propio.",
    "dead": "Hay comprobantes, correos u otros trabajos que no se pudieron terminar. No se pierde ninguno; ya los estamos revisando.",
}


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong now."""

    kind: str
    text: str


def troubles(pulse: Pulse) -> Iterator[Trouble]:
    """What is wrong in a schema, going by its figures."""
    heard = pulse.callbacks_settled + pulse.callbacks_ignored + pulse.callbacks_quarantined
    if pulse.signatures_wrong >= SIGNATURE_LEAST:
        yield Trouble("signature", f"Las últimas {pulse.signatures_wrong} confirmaciones traen una firma que no coincide.")
    elif pulse.callbacks_quarantined >= QUARANTINE_LEAST and pulse.callbacks_quarantined > heard * QUARANTINE_SHARE:
        yield Trouble("quarantine", f"{pulse.callbacks_quarantined} de {heard} confirmaciones de 24 horas están en cuarentena.")
    if pulse.settlement_lag_seconds > LAG.total_seconds():
        yield Trouble("lag", f"Una confirmación tardó {pulse.settlement_lag_seconds // 60} minutos en procesarse.")
    if pulse.jobs_dead:
        kinds = ", ".join(sorted({kind for kind, _due, _late, dead, _error in pulse.kinds if dead})[:5])
        yield Trouble("dead", f"Trabajos apartados: {pulse.jobs_dead} ({kinds}).")
    if pulse.jobs_late_seconds > LATE.total_seconds():
        yield Trouble("late", f"Trabajos atrasados: {pulse.jobs_late}; el mayor, {pulse.jobs_late_seconds // 60} minutos.")
    if pulse.no_space:
        yield Trouble("disk", f"Sin espacio en el disco de los archivos: {pulse.no_space} trabajos lo esperan, y se hacen solos cuando lo haya.")
    if pulse.lost_domains:
        yield Trouble("domain", f"Dominios propios que dejaron de apuntar a la plataforma: {pulse.lost_domains}.")
    if pulse.gone_callbacks:
        yield Trouble("gone", f"Confirmaciones de PayU para inmobiliarias eliminadas sin atender: {pulse.gone_callbacks}.")
    if pulse.differences:
        yield Trouble("difference", f"Diferencias con PayU sin revisar: {pulse.differences}.")
    if any("GatewayRefused" in error for _kind, _due, _late, _dead, error in pulse.kinds):
        yield Trouble("credentials", "PayU responde que las credenciales no son correctas.")


def look(pulses: Iterable[Pulse], *, now: datetime) -> tuple[int, int]:
    """Raise what is wrong and close what is over, going by the figures of all schemas. Returns how many of each."""
    context.leave()
    slugs = dict(Agency.objects.values_list("schema_name", "slug"))
    opened = {(alarm.kind, alarm.schema_name): alarm for alarm in Alarm.objects.filter(closed_at=None)}
    raised = closed = 0
    touched: set[str] = set()
    for pulse in pulses:
        for trouble in troubles(pulse):
            kept = opened.pop((trouble.kind, pulse.schema_name), None)
            if kept is not None:
                Alarm.objects.filter(pk=kept.pk).update(seen_at=now, text=trouble.text)
                continue
            _raise(trouble, pulse.schema_name, slugs.get(pulse.schema_name, ""), now=now)
            touched.add(pulse.schema_name)
            raised += 1
    for alarm in opened.values():
        Alarm.objects.filter(pk=alarm.pk).update(closed_at=now)
        touched.add(alarm.schema_name)
        closed += 1
    for schema in touched:
        _tell_desk(schema)
    return raised, closed


def take(alarm: Alarm, *, by: Any, now: datetime) -> bool:
    """An operator says that the alarm is being looked at. Returns whether nobody had."""
    return bool(Alarm.objects.filter(pk=alarm.pk, taken_at=None).update(taken_by=by.name, taken_at=now))


def mail_operators(alarm_id: int) -> None:
    """Mail an alarm to every operator, unless it is over."""
    alarm = Alarm.objects.filter(pk=alarm_id, closed_at=None).first()
    if alarm is None:
        return
    link = settings.PLATFORM_ORIGIN + reverse("superadmin_health", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    for operator in User.objects.filter(role=Role.OPERATOR, is_active=True).exclude(email="").order_by("pk"):
        mail.build_mail(
            subject=f"Alarma: {TITLES[alarm.kind]} · {alarm.agency_slug or 'plataforma'}", template="alarm",
            context={
                "name": operator.name, "title": TITLES[alarm.kind], "text": alarm.text, "where": alarm.agency_slug or "la plataforma",
                "link": link, "brand_colour": branding.PLATFORM_COLOUR, "brand_foreground": branding.foreground(branding.PLATFORM_COLOUR),
            },
            to=operator.email, from_name=settings.PLATFORM_NAME, from_address=settings.MAIL_FROM,
            message_id_key=f"alarm:{alarm.pk}:{operator.pk}",
        ).send()  # fmt: skip


def _raise(trouble: Trouble, schema: str, slug: str, *, now: datetime) -> None:
    with transaction.atomic():
        alarm, new = Alarm.objects.get_or_create(
            kind=trouble.kind, schema_name=schema, closed_at=None,
            defaults={"agency_slug": slug, "text": trouble.text, "raised_at": now, "seen_at": now},
        )  # fmt: skip
        if new:
            defer("tenants.mail_alarm", str(alarm.pk), now=now, alarm_id=alarm.pk)


def _tell_desk(schema: str) -> None:
    agency = Agency.objects.filter(schema_name=schema).first()
    if agency is None:
        return
    kinds = Alarm.objects.filter(schema_name=schema, closed_at=None, kind__in=list(ADVICE)).order_by("pk").values_list("kind", flat=True)
    Agency.objects.filter(pk=agency.pk).update(alarms=list(kinds))
    hosts.forget(agency)
