"""Rows whose key is one of many: `filter(among("lease", ids))`, and the database gets the ids as one value.

What `__in` sends is a value an id, and both sides spend more on reading thousands of those than on finding the rows. The ids
are whole numbers; nothing else gets into the statement.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import BooleanField, Func, Value


class among(Func):  # noqa: N801
    """Whether the field `key` of a row is one of `ids`: `"lease_id" = ANY('{1,2}'::bigint[])`."""

    output_field = BooleanField()
    template = "%(expressions)s::bigint[])"
    arg_joiner = " = ANY("

    def __init__(self, key: str, ids: Iterable[int]) -> None:
        super().__init__(key, Value("{" + ",".join(str(int(pk)) for pk in ids) + "}"))
