"""A PostgreSQL server's address as Django's settings take it. Pure: nothing is opened here."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

READ_ONLY = "-c default_transaction_read_only=on"


def primary(url: str) -> dict[str, Any]:
    """The server that is read and written, from its DATABASE_URL."""
    return _server(url, {"connect_timeout": 5})


def replica(url: str) -> dict[str, Any]:
    """A copy that is only read: PostgreSQL itself refuses a write there. One that is away does not keep people waiting long."""
    server = _server(url, {"connect_timeout": 2, "tcp_user_timeout": 5000})
    options = server["OPTIONS"]
    options["options"] = f"{options.get('options', '')} {READ_ONLY}".strip()
    return server


def _server(url: str, usual: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        # A backend's memory grows with every schema that it visits: its life is bounded.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**usual, **{key: value[0] for key, value in parse_qs(parts.query).items()}},
    }
