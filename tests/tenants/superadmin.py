"""What tests of the superadmin share: an operator, and doing something with a reason."""

from __future__ import annotations

from typing import Any

from django.test import Client as Browser

from saas.accounts.models import Role, User
from tests.world import PASSWORD


def an_operator(name: str = "Olga Operadora") -> User:
    """An operator."""
    email = f"{name.split()[0].lower()}@plataforma.example"
    return User.objects.create_user(username=email, role=Role.OPERATOR, name=name, email=email, password=PASSWORD)


def do(browser: Browser, verb: str, *rows: Any, reason: str = "Porque sí", **typed: Any) -> Any:
    """Do something to rows, with its reason."""
    ids = ",".join(str(row.pk) for row in rows)
    return browser.post(f"/superadmin/hacer/{verb}/?ids={ids}", {"reason": reason, **typed})
