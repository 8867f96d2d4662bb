"""Numbers by resolution: taken without gaps under the lock of the resolution's row, refused outside its range and its days.

Take them inside the transaction that issues what they number: a rollback gives them back. The row is the counter, so it is
locked last (attempt, payment, invoices, counter).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from payments.models import CreditNote, Invoice, Resolution, Series
from saas.accounts.models import User
from saas.audit.changes import record
from saas.lib.clock import long_date

FEW = 100  # numbers left: say so
SOON = timedelta(days=30)


class NumberingRefused(ValueError):  # noqa: N818
    """Why no number can be given, in Spanish, for staff."""


def active(series: str) -> Resolution | None:
    """The numbering in use for a series."""
    return Resolution.objects.filter(series=series, active=True).first()


def lock(series: str) -> Resolution:
    """The numbering in use, locked until the transaction ends. Raises NumberingRefused if there is none."""
    found = Resolution.objects.select_for_update().filter(series=series, active=True).first()
    if found is None:
        raise NumberingRefused(f"No hay numeración para «{Series(series).label}». Regístrela en Numeración y vuelva a intentarlo.")
    return found


def take(resolution: Resolution, count: int, *, on: date) -> range:
    """The next `count` numbers of a locked numbering for what is issued on a day. Raises NumberingRefused; then none is given."""
    refusal = _refusal(resolution, count, on=on)
    if refusal:
        raise NumberingRefused(refusal)
    numbers = range(resolution.given + 1, resolution.given + count + 1)
    used = CreditNote.objects.all() if resolution.series == Series.NOTE else Invoice.objects.all()
    clash = used.filter(prefix=resolution.prefix, number__gte=numbers.start, number__lt=numbers.stop).order_by("number").first()
    if clash is not None:
        raise NumberingRefused(f"El número {clash.full_number} ya está en uso. Registre la numeración desde el siguiente número libre.")
    resolution.given += count
    resolution.save(update_fields=["given"])
    return numbers


def warning(resolution: Resolution, *, today: date) -> str:
    """What will soon stop this numbering, in Spanish; empty if nothing."""
    if refusal := _refusal(resolution, 1, on=today):
        return refusal
    told = []
    if resolution.left <= FEW:
        told.append(f"quedan {resolution.left} números" if resolution.left > 1 else "queda 1 número")
    if resolution.valid_until is not None and resolution.valid_until - today <= SOON:
        told.append(f"vence el {long_date(resolution.valid_until)}")
    return f"La numeración está por terminarse: {' y '.join(told)}." if told else ""


def printed(resolution: Resolution | None) -> str:
    """The text of the resolution, as a paper prints it."""
    if resolution is None or not resolution.text:
        return ""
    prefix = f"{resolution.prefix}-" if resolution.prefix else ""
    return f"{resolution.text}. Numeración {prefix}{resolution.first} a {prefix}{resolution.last}."


def adopt(
    *, series: str, prefix: str, first: int, last: int, text: str, valid_from: date | None, valid_until: date | None, staff: User, now: datetime
) -> Resolution:
    """Use a new numbering for a series from now on; it goes on after the numbers of its range that are in use already (a book
    may have brought some). The one in use, told again just as it is, is refused; so is whoever comes at the same moment as
    another. Raises NumberingRefused."""
    told = {"prefix": prefix, "first": first, "last": last, "text": text, "valid_from": valid_from, "valid_until": valid_until}
    try:
        return _adopt(series, told, staff=staff, now=now)
    except IntegrityError as error:  # of a series, one is in use: the database says so to whoever comes second
        raise NumberingRefused("Alguien registró otra numeración en este momento. Mire la que quedó en uso antes de cambiarla.") from error


def _adopt(series: str, told: dict[str, Any], *, staff: User, now: datetime) -> Resolution:
    prefix, first, last = told["prefix"], told["first"], told["last"]
    with transaction.atomic():
        before = Resolution.objects.select_for_update().filter(series=series, active=True).first()
        if before is not None and all(getattr(before, name) == value for name, value in told.items()):
            raise NumberingRefused(f"Esa numeración ya está en uso: la siguiente es {before.next_number}. No se registró otra vez.")
        used = CreditNote.objects.all() if series == Series.NOTE else Invoice.objects.all()
        given = used.filter(prefix=prefix, number__gte=first, number__lte=last).aggregate(most=Max("number"))["most"] or first - 1
        if given >= last:
            raise NumberingRefused("Todos los números de ese rango ya están en uso.")
        if before is not None:
            before.active = False
            before.save(update_fields=["active"])
        made = Resolution.objects.create(series=series, given=given, **told, made_by=staff, made_at=now)
        after = {"numeración": f"{prefix} {first}–{last}"}
        was = {"numeración": f"{before.prefix} {before.first}–{before.last}"} if before else {}
        record("resolution", made.pk, before=was, after=after, by=staff, now=now)
    return made


def _refusal(resolution: Resolution, count: int, *, on: date) -> str:
    if resolution.valid_from is not None and on < resolution.valid_from:
        return f"La numeración rige desde el {long_date(resolution.valid_from)}: no numera lo que se expide antes."
    if resolution.valid_until is not None and on > resolution.valid_until:
        return f"La numeración venció el {long_date(resolution.valid_until)}. Registre la nueva resolución."
    if resolution.left < count:
        left = f"solo quedan {resolution.left} números" if resolution.left else "no quedan números"
        return f"En la numeración {resolution.prefix} {left} y hacen falta {count}. Registre la nueva resolución."
    return ""
