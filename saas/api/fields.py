"""What the API takes and gives, strictly: a text is a text, a number a number, an amount a text with two decimals.

What REST framework would turn kindly from one type into another is refused, so that the schema says what is true.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from saas.api.problems import Problem

BIGGEST = 2**63 - 1
AMOUNT = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
YEARS = range(1990, 2101)


class Text(serializers.CharField):
    """A JSON string."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Whole(serializers.IntegerField):
    """A JSON integer."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


def identifier(**options: Any) -> Whole:
    """The number of a row."""
    return Whole(min_value=1, max_value=BIGGEST, **options)


@extend_schema_field({"type": "string", "pattern": AMOUNT, "examples": ["1850000.00"]})
class Amount(serializers.DecimalField):
    """COP, or a percent, as a text: "1850000.00"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 2, **options})

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not re.fullmatch(AMOUNT.strip("^$"), data, re.ASCII):
            self.fail("invalid")
        return Decimal(data)


class QueryDay(serializers.DateField):
    """A day, `2026-11-23`."""

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.fail("invalid", format="AAAA-MM-DD")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail("invalid", format="AAAA-MM-DD")


class Day(QueryDay):
    """A day that something happens on: of these times, so that what follows from it can be reckoned."""

    def to_internal_value(self, value: Any) -> date:
        day = super().to_internal_value(value)
        if day.year not in YEARS:
            raise serializers.ValidationError("El año debe estar entre 1990 y 2100.")
        return day


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field):
    """A moment with its zone, `2026-11-23T10:00:00-05:00`, of a query."""

    def to_internal_value(self, data: Any) -> datetime:
        text = str(data).upper()
        if not _MOMENT.fullmatch(text):
            raise serializers.ValidationError("Escriba fecha, hora y zona: 2026-11-23T10:00:00-05:00.")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise serializers.ValidationError("Esa fecha u hora no existe.") from error
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # within a day of the first year or the last
            return moment.replace(tzinfo=UTC)

    def to_representation(self, value: Any) -> str:
        return str(value.isoformat())


@extend_schema_field(OpenApiTypes.BOOL)
class YesNo(serializers.Field):
    """`true` or `false`, of a query."""

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            raise serializers.ValidationError("Escriba true o false.")
        return bool(data == "true")

    def to_representation(self, value: Any) -> bool:
        return bool(value)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": BIGGEST})
class Number(serializers.Field):
    """The number of a row, of a query."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,19}", str(data), re.ASCII) or not 1 <= int(data) <= BIGGEST:
            raise serializers.ValidationError("Escriba un número entero.")
        return int(data)

    def to_representation(self, value: Any) -> int:
        return int(value)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": 200, "default": 50})
class Limit(Number):
    """How many rows of a list."""

    def to_internal_value(self, data: Any) -> int:
        count = super().to_internal_value(data)
        if count > 200:
            raise serializers.ValidationError("Máximo 200.")
        return count


class Query(serializers.Serializer[Any]):
    """The parameters of a list. One that is not known is refused: a misspelt filter would show everything."""

    limit = Limit(required=False, help_text="Cuántas filas, de 1 a 200; 50 si no se dice.")
    cursor = serializers.RegexField(
        r"^c[0-9a-f]{1,16}$", required=False, trim_whitespace=False, help_text="Lo que trae `next`; no lo construya usted."
    )  # fmt: skip


def read_query(kind: type[Query], given: Any) -> dict[str, Any]:
    """The parameters of a request. Raises Problem (400)."""
    errors: dict[str, Any] = {name: ["Parámetro desconocido."] for name in given if name not in kind().fields}
    errors |= {name: ["Está repetido."] for name in given if len(given.getlist(name)) > 1}
    form = kind(data=given.dict())
    if not form.is_valid():
        errors |= form.errors
    if errors:
        raise Problem(400, "Revise los parámetros.", errors=errors)
    return dict(form.validated_data)


def read_body(kind: type[serializers.Serializer[Any]], given: Any, *, partial: bool = False) -> dict[str, Any]:
    """The body of a request, its types checked. Raises Problem (422)."""
    form = kind(data=given, partial=partial)
    errors: dict[str, Any] = {}
    if isinstance(given, dict):
        errors = {name: ["Campo desconocido."] for name in given if name not in form.fields}
    if not form.is_valid():
        errors |= form.errors
    if errors:
        raise Problem(422, "Revise los datos marcados en `errors`.", errors=errors)
    return dict(form.validated_data)
