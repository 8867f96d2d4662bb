"""The environment, read loudly: every variable the project knows, what it means, and what a wrong one gets.

A missing, malformed or misspelt variable stops the process with a message that says what to set. Nothing here
guesses. `docs/settings.md` is this table in prose; a test keeps the two alike.
"""

from __future__ import annotations

import base64
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

FAMILIES = ("SAAS_", "PAYU_")
MODES = ("production", "demo", "test")


@dataclass(frozen=True)
class Variable:
    """One environment variable: its meaning, how its text becomes a value, and its default (None: it must be set)."""

    name: str
    meaning: str
    parse: Callable[[str], Any]
    default: str | None = None


def _text(raw: str) -> str:
    if not raw.strip():
        raise ValueError("is empty")
    return raw.strip()


def _mode(raw: str) -> str:
    if raw not in MODES:
        raise ValueError(f"must be one of {', '.join(MODES)}")
    return raw


def _secret(raw: str) -> str:
    if len(raw) < 40:
        raise ValueError("must have at least 40 random characters")
    return raw


def _field_keys(raw: str) -> list[tuple[str, bytes]]:
    keys = []
    for part in raw.split(","):
        key_id, colon, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ValueError("each key is `id:base64`") from error
        if not colon or not key_id.isalnum() or len(key) != 32:
            raise ValueError("each key is `id:` and the base64 of 32 random bytes; the first one encrypts")
        keys.append((key_id, key))
    return keys


def _origin(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("must be like https://portal.example.co, with no path")
    return f"{parts.scheme}://{parts.netloc}"


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if urlsplit(raw).scheme not in schemes:
            raise ValueError(f"must be an address beginning with {' or '.join(s + '://' for s in schemes)}")
        return raw

    return parse


def _or_empty(parse: Callable[[str], str]) -> Callable[[str], str]:
    return lambda raw: parse(raw) if raw else ""


def _files(raw: str) -> dict[str, Any] | None:
    """What opens a bucket (django-storages' names), or None for the file system."""
    parts = urlsplit(raw)
    if parts.scheme == "file":
        return None
    bucket, options = parts.path.strip("/"), parse_qs(parts.query)
    if parts.scheme != "s3" or not all((parts.hostname, parts.username, parts.password, bucket)) or "/" in bucket or set(options) - {"region", "tls"}:
        raise ValueError("must be file:// or like s3://key:secret@host:port/bucket?region=us-east-1")
    scheme = "http" if options.get("tls") == ["0"] else "https"
    return {
        "access_key": unquote(parts.username or ""), "secret_key": unquote(parts.password or ""), "bucket_name": bucket,
        "endpoint_url": f"{scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}",
        "region_name": options.get("region", ["us-east-1"])[0],
    }  # fmt: skip


def _seconds(raw: str) -> list[int]:
    values = [int(part) for part in raw.split(",")]
    if not values or any(value <= 0 for value in values):
        raise ValueError("must be whole seconds separated by commas")
    return values


def _token(raw: str) -> str:
    if raw and len(raw) < 32:
        raise ValueError("must have at least 32 random characters")
    return raw


def _optional_url(raw: str) -> str:
    if raw and (urlsplit(raw).scheme not in ("http", "https") or not urlsplit(raw).hostname):
        raise ValueError("must be empty or an address beginning with http:// or https://")
    return raw


def _mailbox(raw: str) -> str:
    # The signed tag stands between the two, and an address takes 64 characters before its @.
    if raw and not re.fullmatch(r"[a-z0-9._-]{1,20}@[a-z0-9.-]+", raw):
        raise ValueError("must be empty or an address in lower case with at most 20 characters before its @")
    return raw


def _listen(raw: str) -> tuple[str, int] | None:
    if not raw:
        return None
    host, colon, port = raw.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise ValueError("must be like 127.0.0.1:9101")
    return host, int(port)


def _yes(raw: str) -> bool:
    if raw not in ("", "0", "1"):
        raise ValueError("must be 1 or 0")
    return raw == "1"


def _count(raw: str) -> int:
    value = int(raw)
    if value < 0:
        raise ValueError("must be a whole number, zero or more")
    return value


VARIABLES = (
    Variable("SAAS_MODE", "production, demo or test. Demo shows outgoing mail on a page; never use it with real people.", _mode),
    Variable("SAAS_SECRET_KEY", "Signs sessions and links. At least 40 random characters.", _secret),
    Variable("SAAS_PREVIOUS_SECRET_KEYS", "Older secret keys that still verify, separated by commas.", str, ""),
    Variable("SAAS_FIELD_KEYS", "AES-256 keys for encrypted columns, `id:base64`, separated by commas; the first one encrypts.", _field_keys),
    Variable("SAAS_PLATFORM_ORIGIN", "Scheme, host and port of the platform as browsers see it; agencies live on subdomains of its host.", _origin),
    Variable("SAAS_STATE_DIR", "Absolute folder for files, collected static files and, in the demo, the outbox.", _text),
    Variable("SAAS_ASSETS_DIR", "Folder with the front-end packages and fonts made at set-up; by default `assets` in SAAS_STATE_DIR.", str, ""),
    Variable("SAAS_STATIC_DIR", "Folder with the collected static files; by default `static` in SAAS_STATE_DIR.", str, ""),
    Variable("SAAS_FILES_URL", "Where agencies' files are: file:// for SAAS_STATE_DIR, or s3://key:secret@host:port/bucket?region=us-east-1 (tls=0 without TLS).", _files, "file://"),
    Variable("SAAS_MAIL_URL", "Where mail goes: smtp://user:password@host:587?tls=1, or file:// for a folder in SAAS_STATE_DIR.", _url("smtp", "file"), "file://"),
    Variable("SAAS_MAIL_FROM", "The platform's sender address.", _text, "no-responder@localhost"),
    Variable("SAAS_MAIL_BOUNCES", "Where mail that cannot be delivered comes back to, e.g. rebotes@portal.example.co; its MTA feeds manage.py read_bounce. Empty: nobody listens.", _mailbox, ""),
    Variable("SAAS_PROXY_COUNT", "How many trusted proxies stand before the web server (for the client's address).", _count, "0"),
    Variable("SAAS_CAPTCHA_COST", "Work of the no-soy-robot puzzle: the largest number to search. Less is weaker.", _count, "50000"),
    Variable("SAAS_INTERNAL_TOKEN", "What Prometheus and the proxy say at /internal/; empty closes it. At least 32 random characters.", _token, ""),
    Variable("SAAS_WORKER_METRICS", "host:port where a worker shows its own metrics, in a network that is not public; empty for nowhere.", _listen, ""),
    Variable("SAAS_SENTRY_DSN", "Where errors are told (Sentry's DSN), without personal data; empty for nowhere.", _optional_url, ""),
    Variable("SAAS_OTLP_URL", "Where traces go (OpenTelemetry over HTTP), without personal data; empty for nowhere.", _optional_url, ""),
    Variable("SAAS_NOTICES_TO_LOOPBACK", "1 lets outgoing notices go to this machine, also by http. Never in production.", _yes, ""),
    Variable("DATABASE_URL", "postgres://user:password@host:port/name", _url("postgres", "postgresql")),
    Variable("DATABASE_REPLICA_URL", "A streaming replica of the same database, which reports and exports are read from; empty: all is read from DATABASE_URL.", _or_empty(_url("postgres", "postgresql")), ""),
    Variable("REDIS_URL", "redis://:password@host:port/0 (Redis or Valkey): cache, rate limits and the bell of the jobs.", _url("redis", "rediss")),
    Variable("PAYU_CHECKOUT_URL", "PayU's WebCheckout address.", _url("http", "https")),
    Variable("PAYU_REPORTS_URL", "PayU's Queries API address.", _url("http", "https")),
    Variable("PAYU_PAYMENTS_URL", "PayU's Payments API address (refunds).", _url("http", "https")),
    Variable("PAYU_POLL_SECONDS", "When to ask PayU about an attempt, in seconds after its start.", _seconds, "420,600,1800,3600,10800,43200,86400,172800,259200,345600,432000"),
    Variable("PAYU_QUESTIONS_A_MINUTE", "How many questions an agency may ask PayU in a minute; the others wait.", _count, "60"),
)
# Read by the launcher or the tests, not by the settings; named here so that they are not taken for misspellings.
NOT_SETTINGS = ("SAAS_TEST_CHROMIUM",)


def read(environ: Mapping[str, str]) -> dict[str, Any]:
    """Every known variable by name, parsed.

    Raises ImproperlyConfigured, naming each variable that is missing, malformed or unknown and what to set.
    """
    known = {variable.name for variable in VARIABLES}
    problems = []
    for name in environ:
        if name.startswith(FAMILIES) and name not in known and name not in NOT_SETTINGS:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; unset it"
            problems.append(f"{name} is not a variable of this project{hint}")
    values: dict[str, Any] = {}
    for variable in VARIABLES:
        raw = environ.get(variable.name, variable.default)
        if raw is None:
            problems.append(f"{variable.name} is not set. {variable.meaning}")
            continue
        try:
            values[variable.name] = variable.parse(raw)
        except ValueError as error:
            # The raw value may be a secret: it is never repeated here.
            problems.append(f"{variable.name} {error}. {variable.meaning}")
    if values.get("SAAS_MODE") == "production":
        problems += _unfit_for_production(values)
    if problems:
        raise ImproperlyConfigured("The environment is not right:\n  - " + "\n  - ".join(problems))
    return values


def _unfit_for_production(values: Mapping[str, Any]) -> list[str]:
    """What is well formed and still must not be with real people and real money."""
    problems = [
        f"{name} must begin with https:// in production"
        for name in ("SAAS_PLATFORM_ORIGIN", "PAYU_CHECKOUT_URL", "PAYU_REPORTS_URL", "PAYU_PAYMENTS_URL")
        if not str(values.get(name, "https://")).startswith("https://")
    ]
    if not str(values.get("SAAS_MAIL_URL", "smtp://")).startswith("smtp://"):
        problems.append("SAAS_MAIL_URL must begin with smtp:// in production: mails in a folder reach nobody and hold links")
    if (values.get("SAAS_FILES_URL") or {}).get("endpoint_url", "https://").startswith("http://"):
        problems.append("SAAS_FILES_URL must not say tls=0 in production: receipts and documents would travel in the open")
    if values.get("SAAS_NOTICES_TO_LOOPBACK"):
        problems.append("SAAS_NOTICES_TO_LOOPBACK must be empty in production: notices would reach what listens on this machine")
    if values.get("SAAS_MAIL_FROM", "").endswith("@localhost"):
        problems.append("SAAS_MAIL_FROM must be an address that answers in production")
    return problems
