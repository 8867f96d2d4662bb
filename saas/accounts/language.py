"""The language of a request, and the switch that chooses it.

Only clients and visitors of an agency choose: staff, operators, the desk and the platform read Spanish. A client's choice is
in the account's row, a visitor's in a cookie of the agency's host. What the browser says it prefers is not asked: the same
address shows the same page to all who chose nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from saas.accounts.doors import everyone
from saas.accounts.models import Role, User
from saas.lib.languages import SPANISH

CHOICES = tuple(code for code, _name in settings.LANGUAGES)
DESK = "/oficina/"


def language_of(request: HttpRequest) -> str:
    """The language of who asks: the account's choice, else the browser's cookie, else Spanish."""
    if getattr(request, "agency", None) is None or request.path_info.startswith(DESK):
        return SPANISH
    user = request.user
    if user.is_authenticated:
        if user.role != Role.CLIENT:
            return SPANISH
        if user.language:
            return str(user.language)
    kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return kept if kept in CHOICES else SPANISH


class LanguageMiddleware:
    """Answers in the language of who asks, and leaves nothing of it in the thread. Pages vary with the cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with translation.override(language_of(request)):
            response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ("Cookie",))
        return response


@everyone
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language that was chosen, in the browser and in a client's row, and go back to the page."""
    chosen = request.POST.get("language", "")
    if chosen not in CHOICES:
        raise Http404
    user = request.user
    if user.is_authenticated and user.role == Role.CLIENT:
        User.objects.filter(pk=user.pk).update(language=chosen)
    response = redirect(_back(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    return response


def _back(request: HttpRequest) -> str:
    """The page that asked, if it is one of this host."""
    asked = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return asked
    return reverse("front")
