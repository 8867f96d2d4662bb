"""Our answers to allauth: no sign-up, our words, and where a role goes after logging in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

WRONG = _("El usuario o la contraseña no son correctos. Revise que no tenga activadas las mayúsculas.")


class AccountAdapter(DefaultAccountAdapter):
    """allauth's adapter, closed to sign-up: accounts are opened by the agency."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": WRONG,
        "email_password_mismatch": WRONG,
        "too_many_login_attempts": _("Demasiados intentos. Espere cinco minutos y vuelva a intentarlo."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("front")

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No "you have signed in" notices: the page that follows says it."""
