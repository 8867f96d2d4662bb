"""The environment of a demo: the variables of docs/settings.md, with secrets made once and kept in STATE/secrets.json."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

PREFIXES = ("SAAS_", "PAYU_", "DJANGO_", "PYTEST_")


def kept_secrets(state: Path) -> dict[str, str]:
    """The demo's own secrets, the same at every start."""
    path = state / "secrets.json"
    if not path.exists():
        made = {
            "secret_key": secrets.token_hex(32),
            "field_keys": "demo1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "database": secrets.token_hex(16),
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(made, indent=2) + "\n")
    found: dict[str, str] = json.loads(path.read_text())
    return found


def clean_environment() -> dict[str, str]:
    """Our own environment without anything that would steer the project by accident."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}


def demo_environment(*, state: Path, assets: Path, port: int, database_url: str, redis_url: str) -> dict[str, str]:
    """Every variable that the demo's processes need."""
    made = kept_secrets(state)
    payu = f"http://localhost:{port + 1}"
    return {
        **clean_environment(),
        "DJANGO_SETTINGS_MODULE": "saas.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker",  # a demo may well be started by root
        "SAAS_MODE": "demo",
        "SAAS_SECRET_KEY": made["secret_key"],
        "SAAS_FIELD_KEYS": made["field_keys"],
        "SAAS_PLATFORM_ORIGIN": f"http://localhost:{port}",
        "SAAS_STATE_DIR": str(state),
        "SAAS_ASSETS_DIR": str(assets),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PAYU_CHECKOUT_URL": f"{payu}/ppp-web-gateway-payu/",
        "PAYU_REPORTS_URL": f"{payu}/reports-api/4.0/service.cgi",
        "PAYU_PAYMENTS_URL": f"{payu}/payments-api/4.0/service.cgi",
        "PAYU_POLL_SECONDS": "20,40,60,120,300,600,1800,3600,10800,43200,86400",  # a demo does not wait seven minutes
    }
