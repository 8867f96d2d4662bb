"""The *no soy robot* check. Self-hosted by default; the provider is a setting, so another can take its place.

The puzzle is signed with a key derived for the schema, so one solved at one agency is worthless at another, and each
solution is taken once (cache.add). A provider offers: `challenge()` (what the widget asks for) and `verify(payload)`.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import hmac
import json
from typing import Any, Protocol

import altcha.v1 as altcha
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse_lazy
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from saas.lib.here import current_schema

LIFE_SECONDS = 600
# What the widget says, in the language of the page.
STRINGS = {
    "label": _("No soy un robot"),
    "verifying": _("Verificando…"),
    "verified": _("Verificado: no es un robot"),
    "error": _("No se pudo verificar. Recargue la página e inténtelo de nuevo."),
    "expired": _("La verificación caducó. Márquela de nuevo."),
    "waitAlert": _("Estamos verificando: espere un momento."),
}


class Provider(Protocol):
    """What a *no soy robot* provider must offer."""

    def challenge(self) -> dict[str, Any]:
        """What the widget asks for, as JSON."""
        ...

    def verify(self, payload: str) -> bool:
        """Whether what the browser sent proves the check, once, for this schema."""
        ...


def provider() -> Provider:
    """The provider of the settings."""
    made: Provider = import_string(settings.CAPTCHA_PROVIDER)()
    return made


class Altcha:
    """A proof of work made by the browser, with the altcha library."""

    def _key(self) -> str:
        purpose = f"captcha:{current_schema()}".encode()
        return hmac.new(settings.SECRET_KEY.encode(), purpose, hashlib.sha256).hexdigest()

    def challenge(self) -> dict[str, Any]:
        expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=LIFE_SECONDS)
        options = altcha.ChallengeOptions(
            algorithm="SHA-256", max_number=settings.CAPTCHA_COST, hmac_key=self._key(), expires=expires
        )
        made = altcha.create_challenge(options)
        return {
            "algorithm": made.algorithm,
            "challenge": made.challenge,
            "maxnumber": settings.CAPTCHA_COST,
            "salt": made.salt,
            "signature": made.signature,
        }

    def verify(self, payload: str) -> bool:
        if len(payload) > 2000:
            return False
        try:
            solution = json.loads(base64.b64decode(payload, validate=True))
            right, _error = altcha.verify_solution(solution, self._key(), check_expires=True)
            used = f"captcha:{solution['challenge']}"
        except (binascii.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        return bool(right) and cache.add(used, 1, LIFE_SECONDS + 60)


class CaptchaWidget(forms.Widget):
    """The altcha element; it fetches its puzzle from this host and fills a hidden field."""

    template_name = "accounts/captcha.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        context["challenge_url"] = str(reverse_lazy("captcha"))
        context["strings"] = json.dumps({name: str(text) for name, text in STRINGS.items()}, ensure_ascii=False)
        return context


class CaptchaField(forms.CharField):
    """A form field that is valid once the *no soy robot* check is solved."""

    widget = CaptchaWidget
    default_error_messages = {
        "required": _("Marque «No soy un robot» y espere a que termine la verificación."),
        "wrong": _("La verificación «No soy un robot» caducó o ya se usó. Márquela de nuevo."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("No soy un robot"), **options)

    def clean(self, value: Any) -> str:
        payload = str(super().clean(value))
        if not provider().verify(payload):
            raise forms.ValidationError(self.error_messages["wrong"], code="wrong")
        return payload
