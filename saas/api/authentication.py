"""Who calls the API, whether the key allows it, and how often. Never a session: cookies are not looked at."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from saas.api import keys
from saas.api.scopes import Scope
from saas.lib import clock

log = logging.getLogger(__name__)
WINDOW = 60  # seconds


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. Whatever is wrong with a key, the answer is the same."""

    def authenticate(self, request: Request) -> tuple[keys.Caller, Any] | None:
        scheme, _space, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = clock.now()
        key = keys.find(shown.strip(), now=now)
        if key is None:
            raise AuthenticationFailed
        keys.touch(key, now=now)
        return keys.Caller(key), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class KeyScheme(OpenApiAuthenticationExtension):
    """How the schema names the key."""

    target_class = "saas.api.authentication.KeyAuthentication"
    name = "llave"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "Una llave de la inmobiliaria, creada en Oficina › Configuración › API."}


class HasScope(BasePermission):
    """The key carries the scope that the view asks for its method. A method that the view does not have is a 405 later."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, keys.Caller):
            return False
        needed: Scope | None = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        if needed is None:
            return request.method not in view.allowed_methods
        self.message = _("La llave no tiene el permiso %(scope)s.") % {"scope": needed.value}
        return needed.value in request.user.key.scopes


class KeyThrottle(BaseThrottle):
    """So many requests a minute for each key. The cache's keys carry the agency. Without Redis nobody is kept waiting."""

    def __init__(self) -> None:
        self.left = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, keys.Caller):
            return True
        moment = time.time()
        name = f"api:{request.user.key.pk}:{int(moment // WINDOW)}"
        try:
            cache.add(name, 0, 2 * WINDOW)
            count = cache.incr(name)
        except Exception as error:  # Redis away, or the entry gone in between
            log.warning("api throttle: %s", type(error).__name__)
            return True
        self.left = WINDOW - moment % WINDOW
        return bool(count <= settings.API_REQUESTS_A_MINUTE)

    def wait(self) -> float:
        return max(1.0, self.left)
