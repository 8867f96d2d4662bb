"""`user|may_look:address`: whether someone of the staff may look at a page, so that the navigation offers no closed door."""

from typing import Any

from django import template
from django.urls import Resolver404, resolve

from saas.accounts import doors
from saas.accounts.models import StaffRole

register = template.Library()


@register.filter
def may_look(user: Any, address: str) -> bool:
    """Whether the page at `address` would let `user` look. Only the staff's roles are asked; other doors speak for themselves."""
    try:
        acting: frozenset[StaffRole] = getattr(resolve(address).func, "acting", frozenset())
    except Resolver404:
        return False
    return not acting or doors.may(user, acting, "GET")
