"""Our answers to allauth: no sign-up, our words, where a role goes after logging in, what failures are counted by, and how
the secrets of second factors are kept."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from saas.accounts import second_factor
from saas.accounts.backends import plain_usuario
from saas.accounts.models import Role, User
from saas.lib import crypto
from saas.lib.here import current_schema

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
        # The platform's host has no client area: operators work in the superadmin.
        operator = request.user.is_authenticated and request.user.role == Role.OPERATOR
        return reverse("admin:index" if operator else "home")

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if second_factor.is_missing(user):
            said, way = gettext("Su cargo exige un segundo paso al ingresar."), gettext("Activar el segundo paso")
            messages.warning(request, format_html('{} <a class="underline" href="{}">{}</a>', said, reverse("security"), way))
        return response

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("front")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # One account has one count, however its usuario is spelt. allauth's own key has the text as typed and the host
        # with its port, which whoever asks chooses; the agency is in every key of the cache already (saas/lib/here.py).
        return plain_usuario(credentials.get("username", ""))

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No "you have signed in" notices: the page that follows says it."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's adapter of second factors: secrets sealed for their schema, and our words."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": second_factor.WRONG_CODE}

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text, **_place())

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text, **_place())

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        return gettext("Llave de acceso")


def _place() -> dict[str, str]:
    # allauth does not say whose secret it is: what is sealed is bound to the agency and to this use.
    return {"schema": current_schema(), "model": "mfa.authenticator", "pk": "any", "field": "data"}
