"""Where we are: the schema that this thread is in. Reading only; tenants/context.py is what moves."""

from typing import Any


def current_schema() -> str:
    """The name of the schema that the current thread is inside ("public" on the platform)."""
    from django.db import connection

    return connection.schema_name  # type: ignore[attr-defined]


def cache_key(key: Any, key_prefix: str, version: int | None) -> str:
    """Django's KEY_FUNCTION: every cache key carries the schema, so no agency reads another's entry."""
    return f"{current_schema()}:{key_prefix}:{version}:{key}"
