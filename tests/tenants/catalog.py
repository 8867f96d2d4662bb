"""What PostgreSQL's catalog says of a schema, with the schema's own name taken out, for comparing two of them."""

from __future__ import annotations

from typing import Any

from django.db import connection

QUERIES = {
    "tables": "SELECT tablename FROM pg_tables WHERE schemaname = %(s)s ORDER BY 1",
    "columns": """
        SELECT table_name, ordinal_position, column_name, data_type, udt_name, character_maximum_length, numeric_precision,
            numeric_scale, datetime_precision, is_nullable, column_default, is_identity, identity_generation, identity_start,
            identity_increment, identity_minimum, identity_maximum, is_generated, generation_expression, collation_name
        FROM information_schema.columns WHERE table_schema = %(s)s ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = %(s)s::regnamespace ORDER BY 1, 2""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(s)s ORDER BY 1, 2",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size,
            last_value, pg_get_serial_sequence(format('%%I.%%I', %(s)s, replace(sequencename, '_id_seq', '')), 'id')
        FROM pg_sequences WHERE schemaname = %(s)s ORDER BY 1""",
    "functions": "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %(s)s::regnamespace ORDER BY 1, 2",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE relnamespace = %(s)s::regnamespace AND NOT tgisinternal ORDER BY 1, 2""",
    "others": """
        SELECT relkind, relname, relpersistence, reloptions FROM pg_class
        WHERE relnamespace = %(s)s::regnamespace ORDER BY 1, 2""",
    "types": "SELECT typname, typtype FROM pg_type WHERE typnamespace = %(s)s::regnamespace ORDER BY 1",
}


def describe(schema: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that makes the schema what it is, and its rows of django_migrations."""
    said = {}
    with connection.cursor() as cursor:
        for what, query in QUERIES.items():
            cursor.execute(query, {"s": schema})
            said[what] = [tuple(_plain(value, schema) for value in row) for row in cursor.fetchall()]
        cursor.execute(f'SELECT app, name FROM "{schema}".django_migrations ORDER BY 1, 2')
        said["migrations"] = cursor.fetchall()
        for (table,) in said["tables"]:
            cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}"')
            said[f"rows of {table}"] = cursor.fetchall()
    return said


def _plain(value: Any, schema: str) -> Any:
    return value.replace(schema, "SCHEMA") if isinstance(value, str) else value
