"""Slow statements on *Salud*: kept by PostgreSQL itself without their values, or said how to keep them."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from django.db import connection

from tenants import slow
from tests.tenants.superadmin import an_operator

SQL = Path(__file__).resolve().parent.parent.parent / "deploy" / "postgres" / "statements.sql"
HOW = "inícielo con"


def install() -> bool:
    """The extension as deploy/ makes it, for the role of the tests; gone with the test. Whether the server was started with its library."""
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION IF EXISTS pg_stat_statements")
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        cursor.execute(re.sub(r"\bTO saas\b", f'TO "{role}"', SQL.read_text(encoding="utf-8")).replace("%", "%%"))
        cursor.execute("SHOW shared_preload_libraries")
        return "pg_stat_statements" in cursor.fetchone()[0]


def test_what_took_long_is_shown_without_its_values(db: None, browse: Any) -> None:
    if not install():
        warnings.warn("PostgreSQL was started without pg_stat_statements: what it keeps was not looked at", stacklevel=1)
        assert slow.statements()["kept"] is False
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT statements.pg_stat_statements_reset()")
        for _ in range(3):
            cursor.execute("SELECT 'rita@correo.example' AS correo, 1017999888 AS documento, pg_sleep(0.2)")
    found = slow.statements()
    assert found["kept"] is True
    (row,) = [row for row in found["rows"] if "pg_sleep" in row.text]
    assert row.text == "SELECT $1 AS correo, $2 AS documento, pg_sleep($3)"
    assert row.calls == 3
    assert 200 <= row.mean <= row.worst
    page = browse(None, an_operator()).get("/superadmin/salud/").content.decode()
    assert "SELECT $1 AS correo, $2 AS documento, pg_sleep($3)" in page
    assert [private for private in ("rita@", "1017999888", HOW) if private in page] == []


def test_where_nothing_is_kept_it_says_how_to(db: None, browse: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION IF EXISTS pg_stat_statements")
    page = browse(None, an_operator()).get("/superadmin/salud/").content.decode()
    for said in (HOW, "shared_preload_libraries = &#x27;pg_stat_statements&#x27;", "deploy/postgres/statements.sql"):
        assert said.replace("&#x27;", "'") in page.replace("&#x27;", "'")


def test_a_value_that_was_left_in_is_not_shown() -> None:
    assert slow._shown("SELECT *\n  FROM t WHERE mail = 'rita@correo.example' AND n = 1017999888 LIMIT 10") == (
        "SELECT * FROM t WHERE mail = … AND n = … LIMIT 10"
    )
    assert slow._shown("SELECT 'cut off in the mid") == "SELECT …"
