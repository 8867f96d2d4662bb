"""Log in with *usuario* (document number or e-mail) and *contraseña*."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from saas.accounts.models import User


def plain_usuario(typed: str) -> str:
    """What was typed as it is looked up: lower case, a document without its dots, spaces and dashes."""
    text = typed.strip().lower()
    return text if "@" in text else re.sub(r"[\s.,-]", "", text)


def find_user(usuario: str) -> User | None:
    """The one account that `usuario` names in this schema: its username, its document with dots, or its e-mail.

    An e-mail shared by several accounts names none of them: they log in with their document.
    """
    typed = plain_usuario(usuario)
    user = User.objects.filter(username=typed).first()
    if user is not None or "@" not in typed:
        return user
    with_email = list(User.objects.filter(email=typed, is_active=True)[:2])
    return with_email[0] if len(with_email) == 1 else None


class UsuarioBackend:
    """Django's authentication, by usuario."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> User | None:
        """The active user with that usuario and password, or None, in the same time either way."""
        if not username or password is None:
            return None
        user = find_user(username)
        if user is None or not user.has_usable_password():
            make_password(password)  # as slow as a real check, so that time does not tell who exists
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
