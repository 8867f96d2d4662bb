"""Columns that many tables of money have: an amount, a percentage, and who of the staff did it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def cop_field(label: object = _("valor"), **options: Any) -> models.DecimalField:
    """An amount in COP with two decimals."""
    return models.DecimalField(label, max_digits=14, decimal_places=2, **options)  # type: ignore[arg-type]


def percent_field(label: object, **options: Any) -> models.DecimalField:
    """A percentage with three decimals: 5.2 is 5,2 %."""
    return models.DecimalField(label, max_digits=6, decimal_places=3, **options)  # type: ignore[arg-type]


def staff_field(**options: Any) -> models.ForeignKey:
    """A foreign key to the member of staff who did it, without a reverse accessor on the user."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", **options)
