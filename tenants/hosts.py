"""From a host to where the request belongs: the platform, an agency, or nowhere.

The look-up is cached for two seconds in the process and then in Redis, under keys that carry no agency, and falls back
to the database when Redis is away. The agency's state is the gate: not ready and suspended agencies answer politely,
unknown hosts get a plain 404. On the way out the thread is always put back in public.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Iterable
from functools import partial

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import DisallowedHost
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import render
from django.urls import set_urlconf
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from saas.lib import clock
from tenants import branding, context, platform_texts
from tenants.models import Agency, AgencyState, Domain

log = logging.getLogger(__name__)
CACHE_SECONDS = 300
NOBODY = "nobody"
# In front of Redis, in each process: open agencies only, and so briefly that a suspension is felt everywhere at once.
NEAR_SECONDS = 2.0
NEAR_LIMIT = 1_000
NEAR: dict[str, tuple[float, Agency]] = {}
_VARY = ("Cookie", "Accept-Language")
OPEN = (AgencyState.ACTIVE, AgencyState.RETIRED)  # who is retired may be read (tenants/gates.py)


def agency_at(host: str) -> Agency | None:
    """The agency that answers at `host` (lower case, no port), or None. Cached for CACHE_SECONDS."""
    return _cached(f"host:{host}", lambda: _by_domain(host))


def agency_with_key(key: str) -> Agency | None:
    """The agency whose callback address carries `key`, or None. Cached like the hosts. A key that was changed counts until its
    end: payments that began with it are on their way."""
    return _cached(f"key:{key}", lambda: Agency.objects.filter(key=key).first() or _by_previous_key(key))


def deleted_with_key(key: str) -> Agency | None:
    """The deleted agency whose callback address carried `key`, or None. Asked only when no other has it."""
    return _cached(f"gone:{key}", lambda: Agency.every.filter(Q(key=key) | Q(previous_key=key), state=AgencyState.DELETED).first())


def forget(agency: Agency) -> None:
    """Drop what is cached of an agency after its row or its domains changed. Call it after the commit."""
    with context.in_public():
        names = [f"host:{domain}" for domain in agency.domains.values_list("domain", flat=True)]
    names += [f"key:{key}" for key in (agency.key, agency.previous_key) if key]
    names += [f"gone:{key}" for key in (agency.key, agency.previous_key) if key]
    forget_names(names, agency.schema_name)


def forget_hosts(domains: Iterable[str], *, schema: str) -> None:
    """Drop what is cached of hosts that are an agency's no more, or were nobody's until now."""
    forget_names([f"host:{domain}" for domain in domains], schema)


def forget_names(names: list[str], schema: str) -> None:
    """Drop those entries, here and in Redis."""
    for name in names:
        NEAR.pop(name, None)
    try:
        caches["hosts"].delete_many(names)
    except OSError:
        log.warning("hosts cache unreachable; entries of %s expire by themselves", schema)
    except Exception as error:  # redis' own errors are not all OSError
        log.warning("hosts cache: %s", type(error).__name__)


def _by_previous_key(key: str) -> Agency | None:
    return Agency.objects.filter(previous_key=key, previous_key_until__gt=clock.now()).first() if key else None


def _by_domain(host: str) -> Agency | None:
    domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    return domain.tenant if domain and domain.tenant.state != AgencyState.DELETED else None


def _cached(name: str, look_up: Callable[[], Agency | None]) -> Agency | None:
    kept = NEAR.get(name)
    if kept is not None and kept[0] > time.monotonic():
        return copy.copy(kept[1])  # another thread may have the same one in its hands
    cache = caches["hosts"]
    try:
        found = cache.get(name)
    except Exception as error:  # Redis away: the database knows, only slower
        log.warning("hosts cache: %s", type(error).__name__)
        return look_up()
    if found is None:
        found = look_up() or NOBODY
        # Unknown hosts are remembered briefly: a new agency must not wait, a scan must not query each time. So are those
        # that are being made: who read "creating" a moment before the end may write it here a moment after.
        try:
            settled = isinstance(found, Agency) and found.state == AgencyState.ACTIVE
            cache.set(name, found, CACHE_SECONDS if settled else 5)
        except Exception as error:
            log.warning("hosts cache: %s", type(error).__name__)
    if found == NOBODY:
        return None
    if found.state == AgencyState.ACTIVE:
        if len(NEAR) >= NEAR_LIMIT:
            NEAR.clear()
        NEAR[name] = (time.monotonic() + NEAR_SECONDS, copy.copy(found))
    return found


def agency_of(request: HttpRequest) -> Agency:
    """The agency whose host was asked. Only for pages of agencies: the platform's have none."""
    agency: Agency = request.agency  # type: ignore[attr-defined]  # put there by HostMiddleware
    return agency


class HostMiddleware:
    """Put each request in its place before anything else looks at it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        context.leave()
        try:
            host = request.get_host().rsplit(":", 1)[0].lower()
        except DisallowedHost:
            return _nobody_here(request)
        request.agency = None  # type: ignore[attr-defined]
        if host == settings.PLATFORM_HOST:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            set_urlconf(request.urlconf)
            return self.get_response(request)
        agency = agency_at(host)
        if agency is None:
            return _nobody_here(request)
        request.urlconf = settings.AGENCY_URLCONF
        set_urlconf(request.urlconf)
        if agency.state not in OPEN:
            return _not_open(request, agency)
        if agency.closed_until is not None and agency.closed_until > clock.now():
            return _in_maintenance(request, agency)
        if agency.own_host and host != agency.own_host and request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(branding.origin(agency) + request.get_full_path())
        request.agency = agency  # type: ignore[attr-defined]
        request.wanted_text = platform_texts.wanted  # type: ignore[attr-defined]
        request.consent_text = partial(platform_texts.to_accept, agency)  # type: ignore[attr-defined]
        context.enter(agency)
        try:
            return self.get_response(request)
        finally:
            context.leave()


def _nobody_here(request: HttpRequest) -> HttpResponse:
    with translation.override(translation.get_language_from_request(request)):
        said = _("No hay ninguna inmobiliaria en esta dirección.")
    response = HttpResponseNotFound(f"{said}\n", content_type="text/plain; charset=utf-8")
    patch_vary_headers(response, _VARY)
    return response


def _closed(request: HttpRequest, template: str, agency: Agency, *, status: int) -> HttpResponse:
    """A page in front of a closed agency. There is no account to ask and no switch to press: it is in the language that this
    browser chose before, else in the one that it prefers."""
    with translation.override(translation.get_language_from_request(request)):
        response = render(request, template, {"agency": agency}, status=status)
    patch_vary_headers(response, _VARY)
    return response


def _in_maintenance(request: HttpRequest, agency: Agency) -> HttpResponse:
    """The pages rest. Callbacks are the platform's and come in all the while."""
    response = _closed(request, "agency_resting.html", agency, status=503)
    seconds = (agency.closed_until - clock.now()).total_seconds() if agency.closed_until else 0
    response["Retry-After"] = str(min(max(int(seconds), 60), 3600))
    return response


def _not_open(request: HttpRequest, agency: Agency) -> HttpResponse:
    status = 503 if agency.state == AgencyState.CREATING else 403
    response = _closed(request, "agency_not_open.html", agency, status=status)
    if status == 503:
        response["Retry-After"] = "10"
    return response
