"""`user|may_look:address`: whether someone of the staff may look at a page, so that the navigation offers no closed door."""

from functools import lru_cache
from typing import Any

from django import template
from django.urls import Resolver404, get_urlconf, resolve

from saas.accounts import doors
from saas.accounts.models import StaffRole

register = template.Library()


@register.filter
def may_look(user: Any, address: str) -> bool:
    """Whether the page at `address` would let `user` look. Only the staff's roles are asked; other doors speak for themselves."""
    acting = _acting(address, get_urlconf())
    return acting is not None and (not acting or doors.may(user, acting, "GET"))


@lru_cache(maxsize=500)
def _acting(address: str, urlconf: str | None) -> frozenset[StaffRole] | None:
    """Whose work the page at `address` is; None where there is no page. A navigation asks it of the same addresses each time, and
    what answers at one never changes while we run."""
    try:
        acting: frozenset[StaffRole] = getattr(resolve(address, urlconf).func, "acting", frozenset())
    except Resolver404:
        return None
    return acting
