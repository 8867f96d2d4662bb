"""The stand-in's books: merchants, orders, their transactions, the notices to send and the knobs, in one SQLite file.

Promises that what was paid, and the notice of it, are written together, and outlive a kill. One connection, one writer at
a time. An order is what one checkout form asked for; each try at paying it is a transaction of its own.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS merchants (
    merchant_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, api_login TEXT NOT NULL UNIQUE, api_key TEXT NOT NULL,
    hmac_secret TEXT NOT NULL DEFAULT '', name TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, merchant_id TEXT NOT NULL REFERENCES merchants,
    reference TEXT NOT NULL, form TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS orders_reference ON orders (merchant_id, reference);
CREATE TABLE IF NOT EXISTS transactions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, order_id INTEGER NOT NULL REFERENCES orders,
    type TEXT NOT NULL, parent_id TEXT NOT NULL DEFAULT '', mean TEXT NOT NULL, state TEXT NOT NULL, value TEXT NOT NULL,
    authorization TEXT NOT NULL DEFAULT '', cus TEXT NOT NULL DEFAULT '', ip TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL, decided REAL);
CREATE INDEX IF NOT EXISTS transactions_order ON transactions (order_id);
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT, transaction_id TEXT NOT NULL REFERENCES transactions (id), url TEXT NOT NULL,
    fields TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL,
    held INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS notices_due ON notices (state, due);
CREATE TABLE IF NOT EXISTS knobs (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

# PayU's published sandbox account: nobody's secret.
PUBLISHED = {
    "merchant_id": "508029", "account_id": "512321", "api_login": "pRRXKOl8ikMmt9u", "api_key": "4Vj8eK4rloUd272L48hsrarnUA",
    "hmac_secret": "", "name": "Comercio de pruebas",
}  # fmt: skip

Row = dict[str, Any]


class Books:
    """The open file. Read with `rows` and `row`; write inside `writing()`, which is one unit that holds or does not."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._file.row_factory = sqlite3.Row
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA foreign_keys = ON")
        self._file.executescript(SCHEMA)
        if not self.row("SELECT 1 FROM merchants WHERE merchant_id = ?", PUBLISHED["merchant_id"]):
            self.add_merchant(PUBLISHED)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Everything inside is written, or nothing; nobody else writes meanwhile. May be nested."""
        with self._lock:
            if self._file.in_transaction:
                yield
                return
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Run a statement; the id of the row that it added."""
        with self._lock:
            return self._file.execute(sql, values).lastrowid or 0

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Every row found."""
        with self._lock:
            return [dict(row) for row in self._file.execute(sql, values).fetchall()]

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row found, or None."""
        return next(iter(self.rows(sql, *values)), None)

    # Merchants

    def add_merchant(self, merchant: Row) -> None:
        """Add a merchant, or change the one with that number."""
        self.run(
            "INSERT INTO merchants (merchant_id, account_id, api_login, api_key, hmac_secret, name) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (merchant_id) DO UPDATE SET account_id = excluded.account_id, api_login = excluded.api_login,"
            " api_key = excluded.api_key, hmac_secret = excluded.hmac_secret, name = excluded.name",
            *(merchant[name] for name in PUBLISHED),
        )

    def merchant(self, merchant_id: str) -> Row | None:
        """The merchant with that number."""
        return self.row("SELECT * FROM merchants WHERE merchant_id = ?", merchant_id)

    # Orders and transactions

    def add_order(self, *, token: str, merchant_id: str, form: dict[str, str], now: float) -> int:
        """A new order; its number is never that of an order of books that were thrown away."""
        with self.writing():
            last = self.row("SELECT max(id) AS id FROM orders") or {}
            number = max((last.get("id") or 0) + 1, int(now))
            self.run(
                "INSERT INTO orders (id, token, merchant_id, reference, form, created) VALUES (?, ?, ?, ?, ?, ?)",
                number, token, merchant_id, form["referenceCode"], json.dumps(form), now,
            )  # fmt: skip
        return number

    def order(self, column: str, value: Any) -> Row | None:
        """The order whose `column` (id or token) is `value`, with its form read."""
        found = self.rows(f"SELECT * FROM orders WHERE {column} = ?", value)  # noqa: S608  (a name of ours)
        return _opened(found[0]) if found else None

    def orders_of(self, merchant_id: str, reference: str) -> list[Row]:
        """The orders of a merchant under one reference, oldest first."""
        sql = "SELECT * FROM orders WHERE merchant_id = ? AND reference = ? ORDER BY id"
        return [_opened(row) for row in self.rows(sql, merchant_id, reference)]

    def transactions_of(self, order_id: int) -> list[Row]:
        """An order's transactions, oldest first."""
        return self.rows("SELECT * FROM transactions WHERE order_id = ? ORDER BY number", order_id)

    def transaction(self, transaction_id: str) -> Row | None:
        """The transaction with that id."""
        return self.row("SELECT * FROM transactions WHERE id = ?", transaction_id)

    def under_reference(self, reference: str, merchant_id: str = "") -> list[Row]:
        """All transactions under a reference (of any merchant, unless one is given), oldest first."""
        return self.rows(
            "SELECT transactions.* FROM transactions JOIN orders ON orders.id = order_id"
            " WHERE reference = ? AND ? IN ('', merchant_id) ORDER BY number",
            reference, merchant_id,
        )  # fmt: skip

    def everything(self) -> list[Row]:
        """All transactions with the order's reference and merchant, newest first."""
        return self.rows(
            "SELECT transactions.*, reference, merchant_id FROM transactions JOIN orders ON orders.id = order_id"
            " ORDER BY transactions.number DESC"
        )

    def add_transaction(self, row: Row) -> None:
        """A new transaction."""
        names = list(row)
        sql = f"INSERT INTO transactions ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  (names of ours)
        self.run(sql, *row.values())

    # Knobs

    def knob(self, name: str, default: Any) -> Any:
        """The value of a knob."""
        row = self.row("SELECT value FROM knobs WHERE name = ?", name)
        return json.loads(row["value"]) if row else default

    def set_knob(self, name: str, value: Any) -> None:
        """Turn a knob."""
        self.run("INSERT OR REPLACE INTO knobs (name, value) VALUES (?, ?)", name, json.dumps(value))

    def wipe(self) -> None:
        """Forget orders, transactions, notices and knobs. The merchants stay."""
        with self.writing():
            for table in ("notices", "transactions", "orders", "knobs"):
                self.run(f"DELETE FROM {table}")  # noqa: S608  (a name of ours)


def now() -> float:
    """The stand-in's clock, seconds since 1970."""
    return time.time()


def _opened(row: Row) -> Row:
    return {**row, "form": json.loads(row["form"])}
