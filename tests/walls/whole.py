"""An agency's tables as they are, to see whether anything changed at all."""

from __future__ import annotations

from django.db import connection

# What merely looking writes.
LOOKING = ("django_session", "usersessions_usersession", "clientarea_portalview")


def tables() -> dict[str, str]:
    """Each table of the agency that we are inside, with a digest of its rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'")
        names = sorted(name for (name,) in cursor.fetchall() if name not in LOOKING)
        rows = " UNION ALL ".join(
            f"SELECT '{name}', count(*) || ' ' || COALESCE(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \"{name}\" t"  # noqa: S608
            for name in names
        )
        cursor.execute(rows)
        return dict(cursor.fetchall())
