"""Encrypted columns of all agencies: sealed again with the first key, or for another schema.

Which columns they are is what their apps have told saas.lib.crypto. A run that is stopped loses nothing: each row is
sealed in a transaction of its own, and what is sealed with the first key already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction

from saas.lib import crypto
from saas.lib.here import current_schema


@dataclass(frozen=True)
class Count:
    """How many sealed values a schema has, how many were sealed again, and how many nobody can open."""

    values: int
    sealed_again: int
    unreadable: int


def rotate() -> Count:
    """Seal again, with the first key, what in the current schema another key sealed."""
    values = again = unreadable = 0
    for model, pk, field in _places():
        with transaction.atomic():
            row = model.objects.select_for_update().filter(pk=pk).first()
            token = getattr(row, field, "")
            if not token:
                continue
            values += 1
            try:
                if crypto.needs_rotation(token):
                    _put(model, pk, field, crypto.decrypt(token, **_place(model, pk, field)))
                    again += 1
                else:
                    crypto.decrypt(token, **_place(model, pk, field))
            except crypto.CryptoError:
                unreadable += 1
    return Count(values, again, unreadable)


def unreadable() -> int:
    """How many sealed values of the current schema no key of ours opens. Changes nothing."""
    count = 0
    for model, pk, field in _places():
        token = model.objects.values_list(field, flat=True).get(pk=pk)
        try:
            crypto.decrypt(token, **_place(model, pk, field))
        except crypto.CryptoError:
            count += 1
    return count


def move_here(*, from_schema: str) -> int:
    """Seal for the current schema what was sealed for `from_schema`. Returns how many values. Raises CryptoError."""
    moved = 0
    with transaction.atomic():
        for model, pk, field in _places():
            token = model.objects.values_list(field, flat=True).get(pk=pk)
            _put(model, pk, field, crypto.decrypt(token, **{**_place(model, pk, field), "schema": from_schema}))
            moved += 1
    return moved


def _places() -> Iterator[tuple[Any, Any, str]]:
    """Each sealed value of the current schema: its model, row and column."""
    for label, fields in crypto.sealed_columns().items():
        model: Any = apps.get_model(label)
        for field in fields:
            for pk in list(model.objects.exclude(**{field: ""}).order_by("pk").values_list("pk", flat=True)):
                yield model, pk, field


def _place(model: Any, pk: Any, field: str) -> dict[str, Any]:
    return {"schema": current_schema(), "model": model._meta.label, "pk": pk, "field": field}


def _put(model: Any, pk: Any, field: str, plain: str) -> None:
    model.objects.filter(pk=pk).update(**{field: crypto.encrypt(plain, **_place(model, pk, field))})
