"""What the desk does to units and leases: create one, change it, end a lease.

Promises that the shares of a unit add up to 100, that no unit has two leases at the same time, and that nobody overwrites
what they did not see. A unit that is put away has no lease and gets none. Rows are locked unit first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clientarea.models import Lease, Ownership, Unit
from saas.audit.changes import Author, record
from saas.lib import clock, seen
from saas.lib.clock import short_date
from tenants import limits

UNIT_FIELDS = ("code", "kind", "address", "city", "neighbourhood", "stratum", "registry")
LEASE_FIELDS = (
    "number", "unit_id", "renter_id", "co_renter_id", "rent", "administration", "starts_on", "ends_on", "payment_day", "use",
    "commission",
)  # fmt: skip
WHOLE = Decimal(100)
Shares = Mapping[int, Decimal]  # a client's id -> percent


class EstateError(ValueError):
    """The change is not possible. `field` is the field to blame, the message is for people; `lease` or `unit` is what stands in the way."""

    def __init__(self, field: str, text: str, *, lease: Lease | None = None, unit: Unit | None = None) -> None:
        super().__init__(text)
        self.field, self.lease, self.unit = field, lease, unit


def shares_of(unit: Unit) -> dict[int, Decimal]:
    """Who owns a unit: percent by client's id."""
    return dict(unit.ownerships.values_list("owner_id", "share"))


def unit_values(unit: Unit) -> dict[str, Any]:
    """What the desk may change of a unit, its owners included."""
    shares = {str(owner): share for owner, share in shares_of(unit).items()}
    return {**{field: getattr(unit, field) for field in UNIT_FIELDS}, "shares": shares}


def lease_values(lease: Lease) -> dict[str, Any]:
    """What the desk may change of a lease."""
    return {field: getattr(lease, field) for field in LEASE_FIELDS}


def create_unit(values: Mapping[str, Any], shares: Shares) -> Unit:
    """A new unit with its owners. Raises EstateError."""
    _add_up(shares)
    with transaction.atomic():
        unit, made = Unit.objects.get_or_create(code=values["code"], defaults=dict(values))
        if not made:
            raise _code_taken(unit)
        _own(unit, shares)
    return unit


def change_unit(unit: Unit, values: Mapping[str, Any], shares: Shares, *, mark: str) -> Unit:
    """Give a unit those checked values and owners; `mark` is what was seen of it. Raises EstateError, StaleError."""
    _add_up(shares)
    with transaction.atomic():
        locked = Unit.objects.select_for_update().get(pk=unit.pk)
        seen.check(unit_values(locked), mark)
        other = Unit.objects.filter(code=values["code"]).exclude(pk=locked.pk).first()
        if other is not None:
            raise _code_taken(other)
        for field in UNIT_FIELDS:
            setattr(locked, field, values[field])
        locked.save(update_fields=UNIT_FIELDS)
        if shares_of(locked) != dict(shares):
            locked.ownerships.all().delete()
            _own(locked, shares)
    return locked


def archive_unit(unit: Unit, *, by: Author, now: datetime) -> None:
    """Put a unit away that is managed no more: out of the lists, and not leased again. Raises EstateError while it is leased."""
    with transaction.atomic():
        locked = Unit.objects.select_for_update().get(pk=unit.pk)
        lease = locked.leases.filter(ends_on__gte=clock.local(now).date()).order_by("ends_on").first()
        if lease is not None:
            raise EstateError("unit", _("El contrato %(number)s sigue vigente: termínelo primero.") % {"number": lease.number}, lease=lease)
        _put(locked, now, by=by, now=now)


def restore_unit(unit: Unit, *, by: Author, now: datetime) -> None:
    """Bring a unit back."""
    with transaction.atomic():
        _put(Unit.objects.select_for_update().get(pk=unit.pk), None, by=by, now=now)


def _put(unit: Unit, moment: datetime | None, *, by: Author, now: datetime) -> None:
    if (unit.archived_at is None) != (moment is None):
        record("unit", unit.pk, before={"archived_at": unit.archived_at}, after={"archived_at": moment}, by=by, now=now)
        unit.archived_at = moment
        unit.save(update_fields=["archived_at"])


def create_lease(values: Mapping[str, Any]) -> Lease:
    """A new lease with those checked values (LEASE_FIELDS). Raises EstateError, LimitReached."""
    limits.check("leases", there=in_force().count)
    with transaction.atomic():
        _free(values, besides=None)
        lease, made = Lease.objects.get_or_create(number=values["number"], defaults=dict(values))
    if not made:
        raise _number_taken(lease)
    return lease


def change_lease(lease: Lease, values: Mapping[str, Any], *, mark: str, by: Author, now: datetime) -> Lease:
    """Give a lease those checked values, with their history; `mark` is what was seen of it. Raises EstateError, StaleError."""
    with transaction.atomic():
        Unit.objects.select_for_update().get(pk=values["unit_id"])
        locked = Lease.objects.select_for_update().get(pk=lease.pk)
        seen.check(lease_values(locked), mark)
        other = Lease.objects.filter(number=values["number"]).exclude(pk=locked.pk).first()
        if other is not None:
            raise _number_taken(other)
        if any(getattr(locked, field) != values[field] for field in ("unit_id", "starts_on", "ends_on")):
            _free(values, besides=locked.pk)
        record("lease", locked.pk, before=lease_values(locked), after={field: values[field] for field in LEASE_FIELDS}, by=by, now=now)
        for field in LEASE_FIELDS:
            setattr(locked, field, values[field])
        locked.save(update_fields=LEASE_FIELDS)
    return locked


def end_lease(lease: Lease, *, on: date) -> Lease:
    """End a lease on a day before its agreed end. Invoices that are out stay as they are. Raises EstateError."""
    with transaction.atomic():
        locked = Lease.objects.select_for_update().get(pk=lease.pk)
        if on < locked.starts_on:
            raise EstateError("on", _("El contrato empezó el %(day)s: no puede terminar antes.") % {"day": short_date(locked.starts_on)})
        if on > locked.ends_on:
            raise EstateError(
                "on", _("El contrato ya termina el %(day)s. Para alargarlo, edítelo.") % {"day": short_date(locked.ends_on)}
            )
        locked.ends_on = on
        locked.save(update_fields=["ends_on"])
    return locked


def in_force() -> QuerySet[Lease]:
    """The leases that a plan counts: those that are not over."""
    return Lease.objects.filter(ends_on__gte=clock.today())


def _add_up(shares: Shares) -> None:
    total = sum(shares.values(), Decimal(0))
    if total != WHOLE:
        told = f"{total.normalize():f}".replace(".", ",")
        raise EstateError("shares", _("Las participaciones suman %(total)s %%: deben sumar 100 %%.") % {"total": told})


def _own(unit: Unit, shares: Shares) -> None:
    Ownership.objects.bulk_create(Ownership(unit=unit, owner_id=owner, share=share) for owner, share in shares.items())


def _free(values: Mapping[str, Any], *, besides: int | None) -> None:
    """Make sure that the unit is managed and has no other lease in those dates; it stays locked, so none comes between."""
    unit = Unit.objects.select_for_update().get(pk=values["unit_id"])
    if unit.archived_at is not None:
        raise EstateError("unit", _("%(name)s está archivado. Restáurelo primero.") % {"name": unit.code}, unit=unit)
    others = Lease.objects.filter(unit_id=values["unit_id"], starts_on__lte=values["ends_on"], ends_on__gte=values["starts_on"])
    taken = (others if besides is None else others.exclude(pk=besides)).first()
    if taken is not None:
        told = {"number": taken.number, "start": short_date(taken.starts_on), "end": short_date(taken.ends_on)}
        raise EstateError(
            "unit", _("El inmueble ya está arrendado en esas fechas: contrato %(number)s, del %(start)s al %(end)s.") % told, lease=taken
        )


def _code_taken(unit: Unit) -> EstateError:
    return EstateError("code", _("Ya hay un inmueble con ese código: %(address)s.") % {"address": unit.address}, unit=unit)


def _number_taken(lease: Lease) -> EstateError:
    return EstateError("number", _("Ya hay un contrato con ese número."), lease=lease)
