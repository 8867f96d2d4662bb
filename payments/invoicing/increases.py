"""Rents that go up by the IPC on their anniversary (Ley 820 de 2003, art. 20): proposed, told to the renter, and applied.

Housing only; never before twelve months under the same rent, never by more than the IPC of the year before, never without
the notice having gone out before the month from which it holds. The new rent is rounded down to whole pesos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from clientarea import mailing
from clientarea.models import Lease, Use
from payments.invoicing import policy as invoicing_policy
from payments.models import RentIncrease
from saas.accounts.models import User
from saas.audit.changes import differences, keep, record
from saas.audit.models import Change
from saas.jobs.defer import defer
from saas.lib import clock, mail
from saas.lib.among import among
from saas.lib.money import cop
from tenants import branding
from tenants.models import Agency

JOB = "payments.increase_mail"
MONTHS_AHEAD = 2  # how early a rise is proposed


class IncreaseRefused(ValueError):  # noqa: N818
    """Why a rent may not go up so, in Spanish, for staff."""


class Rented(NamedTuple):
    """What is looked at of each lease, to find those whose rent may go up."""

    pk: int
    number: str
    rent: Decimal
    starts_on: date
    ends_on: date
    renter: str
    renter_email: str


@dataclass(frozen=True)
class Proposal:
    """A lease whose rent may go up from a month on, and by how much at most."""

    lease: Rented
    from_on: date
    ipc_year: int
    percent: Decimal | None  # None while the IPC of that year is not known
    new_rent: Decimal | None


def month_after(first: date, months: int) -> date:
    """The first day of a month, some months later."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def raised(rent: Decimal, percent: Decimal) -> Decimal:
    """A rent raised by a percentage, in whole pesos, never above it."""
    return (rent * (100 + percent) / 100).quantize(Decimal(1), ROUND_FLOOR)


def proposals(today: date, *, lease_ids: Sequence[int] | None = None) -> list[Proposal]:
    """The housing leases whose twelve months under one rent end between now and MONTHS_AHEAD months from now, or ended in the
    last year, without an increase on the way; the ones due first come first. Six queries."""
    horizon = month_after(today.replace(day=1), MONTHS_AHEAD)
    leases = Lease.objects.filter(use=Use.HOUSING, rent__gt=0, starts_on__lt=today, ends_on__gte=month_after(today.replace(day=1), 1))
    if lease_ids is not None:
        leases = leases.filter(pk__in=lease_ids)
    rows = [Rented(*row) for row in leases.values_list("pk", "number", "rent", "starts_on", "ends_on", "renter__name", "renter__email")]
    since = _since(rows)
    on_the_way = set(RentIncrease.objects.filter(among("lease", [row.pk for row in rows]), applied_at=None).values_list("lease", flat=True))
    known = invoicing_policy.figures()
    found = []
    for lease in rows:
        if lease.pk in on_the_way:
            continue
        from_on = _from_on(since[lease.pk], today)
        if not (today < from_on <= horizon and from_on <= lease.ends_on):
            continue
        row = known.get(from_on.year - 1)
        percent = row.ipc if row and row.ipc and row.ipc > 0 else None
        found.append(Proposal(lease, from_on, from_on.year - 1, percent, raised(lease.rent, percent) if percent else None))
    return sorted(found, key=lambda each: (each.from_on, each.lease.number))


def announce(lease_id: int, *, percent: Decimal, from_on: date, staff: User, now: datetime) -> RentIncrease:
    """Decide a rent's increase, and ask for the mail that tells the renter. Again, it returns the one that there is.

    Raises IncreaseRefused for what the law does not allow, and for a renter without an e-mail.
    """
    today = clock.local(now).date()
    with transaction.atomic():
        lease = Lease.objects.select_for_update(of=("self",)).select_related("renter").get(pk=lease_id)
        there = RentIncrease.objects.filter(lease=lease, applied_at=None).first()
        if there is not None:
            return there
        offered = next(iter(proposals(today, lease_ids=[lease_id])), None)
        if offered is None:
            raise IncreaseRefused("El contrato no ha cumplido doce meses con el mismo canon, o no es de vivienda.")
        if from_on != offered.from_on:
            raise IncreaseRefused(f"El incremento rige desde el {clock.long_date(offered.from_on)}, cuando cumple los doce meses.")
        if offered.percent is None:
            raise IncreaseRefused(f"Escriba primero el IPC de {offered.ipc_year} en Reglas de facturación.")
        if not 0 < percent <= offered.percent:
            most = f"{offered.ipc_year}: {invoicing_policy.percent(offered.percent)} %"
            raise IncreaseRefused(f"El incremento no puede pasar del IPC de {most} (Ley 820 de 2003, artículo 20).")
        new_rent = raised(lease.rent, percent)
        if new_rent <= lease.rent:
            raise IncreaseRefused("Con ese porcentaje el canon no cambia.")
        if not lease.renter.email:
            raise IncreaseRefused("El inquilino no tiene correo: regístrelo para poder avisarle.")
        made = RentIncrease.objects.create(
            lease=lease, from_on=from_on, percent=percent, ipc_year=offered.ipc_year, old_rent=lease.rent, new_rent=new_rent,
            made_by=staff, made_at=now,
        )  # fmt: skip
        record("lease", lease.pk, before={}, after={"rent_increase": _in_words(new_rent, from_on)}, by=staff, now=now)
        defer(JOB, str(made.pk), now=now, increase_id=made.pk)
    return made


def _in_words(rent: Decimal, from_on: date) -> str:
    """As the history of changes keeps it."""
    return f"{cop(rent)} desde el {clock.short_date(from_on)}"


def withdraw(increase_id: int, *, staff: User, now: datetime) -> None:
    """Give up an increase that was not applied yet."""
    with transaction.atomic():
        row = RentIncrease.objects.select_for_update().filter(pk=increase_id, applied_at=None).first()
        if row is not None:
            told = _in_words(row.new_rent, row.from_on)
            record("lease", row.lease_id, before={"rent_increase": told}, after={"rent_increase": ""}, by=staff, now=now)
            row.delete()


def apply(ids: Sequence[int], *, now: datetime) -> None:
    """Write the new rents to their leases, with their history. Call it in the transaction that first asks for them."""
    if not ids:
        return
    waiting = RentIncrease.objects.select_for_update(of=("self",)).filter(pk__in=list(ids), applied_at=None)
    rows = list(waiting.select_related("lease").order_by("pk"))
    changes: list[Change] = []
    for row in rows:
        changes += differences("lease", row.lease_id, before={"rent": row.lease.rent}, after={"rent": row.new_rent}, by=None, now=now)
        row.lease.rent, row.applied_at = row.new_rent, now
    Lease.objects.bulk_update([row.lease for row in rows], ["rent"])
    RentIncrease.objects.bulk_update(rows, ["applied_at"])
    keep(changes)


def send_notice(increase_id: int, *, agency: Agency, now: datetime) -> bool:
    """Mail the notice of an increase and keep when it went. Raises what the mail server raises: the job tries again."""
    row = RentIncrease.objects.select_related("lease__renter__user", "lease__unit").filter(pk=increase_id, notified_at=None).first()
    if row is None or not row.lease.renter.email:
        return False
    message = mail.build_mail(
        subject=f"Incremento del canon de arrendamiento, contrato {row.lease.number}",
        template="rent_increase",
        context={
            **branding.mail_brand(agency),
            "name": row.lease.renter.name, "lease": row.lease.number,
            "unit": f"{row.lease.unit.kind} {row.lease.unit.address}, {row.lease.unit.city}",
            "old_rent": row.old_rent, "new_rent": row.new_rent, "percent": invoicing_policy.percent(row.percent),
            "ipc_year": str(row.ipc_year), "from_on": row.from_on,
        },
        to=row.lease.renter.email, **branding.mail_sender(agency),
        message_id_key=f"increase:{agency.schema_name}:{row.pk}",
    )  # fmt: skip
    if not mailing.send(message, row.lease.renter, agency=agency, now=now):
        return False
    with transaction.atomic():
        RentIncrease.objects.filter(pk=row.pk, notified_at=None).update(notified_at=now)
        record("lease", row.lease_id, before={}, after={"rent_increase_notice": clock.long_datetime(now)}, by=None, now=now)
    return True


def _since(leases: Sequence[Rented]) -> dict[int, date]:
    """Since when each lease has its rent: its beginning, its last increase, or the last change of the rent that was kept."""
    ids = [lease.pk for lease in leases]
    found = {lease.pk: lease.starts_on for lease in leases}
    rises = RentIncrease.objects.filter(among("lease", ids), applied_at__isnull=False)
    for pk, day in rises.values_list("lease").annotate(last=Max("from_on")):
        found[pk] = max(found[pk], day)
    applied = {at for at in rises.values_list("applied_at", flat=True) if at is not None}
    changed = Change.objects.filter(among("subject_id", ids), subject="lease", field="rent").exclude(at__in=applied)
    for pk, at in changed.values_list("subject_id").annotate(last=Max("at")):
        found[pk] = max(found[pk], clock.local(at).date())
    return found


def _from_on(since: date, today: date) -> date:
    """The first month asked at a new rent: the first one that begins once twelve months are over, and not a past one."""
    year_later = month_after(since.replace(day=1), 12)
    if since.day > 1:
        year_later = month_after(year_later, 1)
    return max(year_later, month_after(today.replace(day=1), 1))
