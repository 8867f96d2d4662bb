"""The shape of the project: doors, layers of imports, walls in the database, words, settings, migrations."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from saas import env
from saas.accounts.doors import has_door

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("saas", "tenants", "clientarea", "payments", "pqrs", "workers")


def _views(urlconf: str) -> Iterator[tuple[str, object]]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, object]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            else:
                yield prefix + str(pattern.pattern), pattern.callback

    yield from walk(get_resolver(urlconf).url_patterns, "/")


@pytest.mark.parametrize("urlconf", ["saas.urls_public", "saas.urls_agency"])
def test_every_view_has_a_door(urlconf: str) -> None:
    views = list(_views(urlconf))
    assert len(views) > 10
    assert [path for path, view in views if not has_door(view)] == []  # type: ignore[arg-type]


def test_the_check_of_doors_can_fail() -> None:
    assert not has_door(lambda request: None)  # type: ignore[arg-type,return-value]


def test_shared_and_agency_apps_overlap_only_where_the_design_says() -> None:
    assert set(settings.SHARED_APPS) & set(settings.TENANT_APPS) == {
        "saas.accounts", "allauth.account", "allauth.mfa", "allauth.usersessions", "django.contrib.sessions", "saas.jobs",
    }  # fmt: skip


def test_no_foreign_key_crosses_schemas() -> None:
    def schemas(app: str) -> frozenset[str]:
        name = apps.get_app_config(app).name
        lists = (("public", settings.SHARED_APPS), ("agency", settings.TENANT_APPS))
        return frozenset(schema for schema, listed in lists if name in listed)

    crossing = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and isinstance(field.related_model, type)
        and not schemas(model._meta.app_label) <= schemas(field.related_model._meta.app_label)
    ]  # fmt: skip
    assert crossing == []


@pytest.mark.django_db
def test_no_foreign_key_of_the_database_leaves_its_schema() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid"
            " WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")
        assert cursor.fetchone()[0] > 20


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


NEVER = {
    r"\bcustomers?\b": "Client", r"\blandlords?\b": "Owner", r"\blessees?\b": "Renter", r"\bwebhooks?\b": "Callback",
    r"\bIPN\b": "Callback", r"\btickets?\b": "Case", r"\bbills?\b": "Invoice",
}  # fmt: skip


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg


def test_the_code_uses_our_words() -> None:
    wrong = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            inside_payu = "payu" in path.parts or "sandbox" in path.parts
            for name in set(_names(ast.parse(path.read_text(encoding="utf-8")))):
                words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("_", " ").lower()
                for pattern, ours in NEVER.items():
                    if re.search(pattern.lower(), words):
                        wrong.append(f"{path.relative_to(ROOT)}: {name} (say {ours})")
                if re.search(r"\btransactions?\b", words) and not inside_payu and not _django_transaction(name):
                    wrong.append(f"{path.relative_to(ROOT)}: {name} (say Payment or Attempt)")
    assert wrong == []


def _django_transaction(name: str) -> bool:
    # The database's transaction, and PayU's own ids at the seam.
    return name in {"transaction", "TransactionManagementError"} or name.startswith(("gateway_transaction", "transactionState"))


def test_only_context_moves_between_schemas() -> None:
    switches = re.compile(r"\b(set_tenant|set_schema|set_schema_to_public|tenant_context|schema_context)\b")
    users = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if switches.search(path.read_text(encoding="utf-8"))
    ]
    assert users == ["tenants/context.py"]


def test_the_top_level_is_the_design_s() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    folders = {name.split("/")[0] for name in listed if "/" in name}
    assert folders == {"saas", "tenants", "clientarea", "payments", "pqrs", "workers", "deploy", "tests", "docs", ".ci"}


def test_modules_open_with_a_docstring() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts and path.stat().st_size > 0
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]  # fmt: skip
    assert silent == []


GOOD = {
    "SAAS_MODE": "test", "SAAS_SECRET_KEY": "x" * 40, "SAAS_FIELD_KEYS": "k:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "SAAS_PLATFORM_ORIGIN": "http://localhost:8000", "SAAS_STATE_DIR": "state", "DATABASE_URL": "postgres://a:b@localhost/c",
    "REDIS_URL": "redis://localhost/0", "PAYU_CHECKOUT_URL": "https://a.example/", "PAYU_REPORTS_URL": "https://a.example/",
    "PAYU_PAYMENTS_URL": "https://a.example/",
}  # fmt: skip


def test_a_right_environment_is_read() -> None:
    values = env.read(GOOD)
    assert values["SAAS_FIELD_KEYS"] == [("k", b"01234567890123456789012345678901")]
    assert values["PAYU_POLL_SECONDS"][:3] == [420, 600, 1800]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"SAAS_MODE": None}, "SAAS_MODE is not set"),
        ({"SAAS_MODE": "prod"}, "SAAS_MODE must be one of production, demo, test"),
        ({"SAAS_SECRET_KEI": "x"}, "SAAS_SECRET_KEI is not a variable of this project; did you mean SAAS_SECRET_KEY?"),
        ({"SAAS_SECRET_KEY": "short-secret"}, "SAAS_SECRET_KEY must have at least 40 random characters"),
        ({"SAAS_FIELD_KEYS": "k1:abc"}, "SAAS_FIELD_KEYS each key is"),
        ({"SAAS_PLATFORM_ORIGIN": "localhost:8000"}, "SAAS_PLATFORM_ORIGIN must be like"),
        ({"DATABASE_URL": "mysql://a"}, "DATABASE_URL must be an address beginning with postgres://"),
        ({"PAYU_POLL_SECONDS": "1,x"}, "PAYU_POLL_SECONDS"),
    ],
)
def test_a_wrong_environment_is_refused_and_says_what_to_set(change: dict[str, str | None], said: str) -> None:
    environ = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(ImproperlyConfigured) as refused:
        env.read(environ)
    assert said in str(refused.value)
    assert "short-secret" not in str(refused.value)


def test_every_variable_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [v.name for v in env.VARIABLES if f"`{v.name}`" not in page or v.meaning not in page] == []


def test_the_stand_in_cannot_be_loaded_in_production() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import payments.sandbox"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "SAAS_MODE": "production"},
    )  # fmt: skip
    assert run.returncode != 0
    assert "production" in run.stderr

