"""The agency's rules for asking for money, and each year's official figures. Reads, and keeps what staff chose with its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from payments.models import InvoicingPolicy, YearFigures
from saas.accounts.models import User
from saas.audit.changes import record
from saas.lib.money import whole

RULES = ("late_rate", "late_grace", "iva_rate", "commission_iva_rate")
FIGURES = ("ipc", "uvt", "withholding_rate", "withholding_base")
# The UVT and the rate that the rules in force name. What is missing here (the IPC, the base in UVT, other years) the agency enters:
# nothing is reckoned with a figure that nobody entered.
KNOWN_YEAR, KNOWN_UVT, KNOWN_RATE = 2026, Decimal(52_374), Decimal("3.5")


class FiguresMissing(ValueError):  # noqa: N818
    """Which figures of a year are to be entered first, in Spanish, for staff."""


def current() -> InvoicingPolicy:
    """The agency's rules; the default where it chose none."""
    return InvoicingPolicy.objects.first() or InvoicingPolicy()


def save(values: Mapping[str, Any], *, staff: User, now: datetime, today: date) -> InvoicingPolicy:
    """Keep the rules (RULES). Late interest counts from the day that it was first wanted: never for the days before."""
    with transaction.atomic():
        InvoicingPolicy.objects.get_or_create(pk=1)
        policy = InvoicingPolicy.objects.select_for_update().get(pk=1)
        before = _plain({name: getattr(policy, name) for name in RULES})
        if values["late_rate"] and not policy.late_rate:
            policy.late_since = today
        for name in RULES:
            setattr(policy, name, values[name])
        policy.save()
        record("invoicing_policy", 1, before=before, after=_plain({name: values[name] for name in RULES}), by=staff, now=now)
    return policy


def figures() -> dict[int, YearFigures]:
    """The figures that the agency keeps, the newest year first."""
    return {row.year: row for row in YearFigures.objects.order_by("-year")}


def suggested(year: int) -> dict[str, Decimal]:
    """What the form of a year's figures offers before the agency kept any."""
    return {"uvt": KNOWN_UVT, "withholding_rate": KNOWN_RATE} if year == KNOWN_YEAR else {}


def save_figures(year: int, values: Mapping[str, Any], *, staff: User, now: datetime) -> YearFigures:
    """Keep a year's figures (FIGURES)."""
    with transaction.atomic():
        before = YearFigures.objects.filter(year=year).first()
        row, _made = YearFigures.objects.update_or_create(year=year, defaults={name: values[name] for name in FIGURES})
        told = _plain({name: getattr(before, name) for name in FIGURES}) if before else {}
        record("year_figures", year, before=told, after=_plain({name: values[name] for name in FIGURES}), by=staff, now=now)
    return row


def withholding_of(amount: Decimal, year: int, known: Mapping[int, YearFigures]) -> Decimal:
    """What a withholding agent keeps of a rent of `amount` before IVA: nothing below the year's base. Raises FiguresMissing for a
    year whose figures the agency has not entered: those of another year do not speak for it."""
    row = known.get(year)
    if row is None or row.uvt is None or row.withholding_rate is None or row.withholding_base is None:
        missing = f"la UVT, el porcentaje y la base de retención de {year}"
        raise FiguresMissing(f"El inquilino retiene: escriba primero {missing} en Reglas de facturación.")
    if amount < row.uvt * row.withholding_base:
        return Decimal(0)
    return whole(amount * row.withholding_rate / 100)


def percent(value: Decimal | None) -> str:
    """A percentage as people read it: `5,1`; nothing where there is none."""
    return f"{value.normalize():f}".replace(".", ",") if value is not None else ""


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as people write them: 19, not 19.000."""
    return {name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in values.items()}
