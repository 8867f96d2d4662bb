"""One page of a list, as its address asks for it (`?page=`). What asks for nonsense gets the nearest page.

Rows are Any: they carry annotations, and views add to them what a template shows.
"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

SIZE = 20  # rows of a page, where a list does not say otherwise


def page_of(request: HttpRequest, rows: Any, *, size: int = SIZE) -> Page[Any]:
    """The page of `rows` (a queryset or a list) that is asked for."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def counted_page_of(request: HttpRequest, rows: Any, *, count: int, size: int = SIZE) -> Page[Any]:
    """`page_of` for rows that were counted already: it does not count again."""
    paginator = Paginator(rows, size)
    paginator.count = count  # a cached property
    return paginator.get_page(request.GET.get("page"))


def keyed_page_of(request: HttpRequest, rows: Any, *, count: int, size: int = SIZE) -> Page[Any]:
    """`counted_page_of` for a long queryset with much beside each row: the keys of all are put in order, and only the rows of the
    page are read. One query more."""
    page = counted_page_of(request, rows.values_list("pk", flat=True), count=count, size=size)
    page.object_list = list(rows.filter(pk__in=list(page.object_list)))
    return page
