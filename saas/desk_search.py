"""The desk's search box: clients, units, leases, invoices and receipts by what people know them by, in groups.

Staff only; reads only. One query a group, each with an end. Numbers of invoices and receipts are found by their own index.
"""

from __future__ import annotations

import re

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from clientarea.accounts import tell_state
from clientarea.finding import search, search_leases, search_units
from clientarea.models import Client, Lease, Unit
from payments.models import Invoice, Receipt
from saas.accounts import doors

SHOWN = 8  # of each group; the whole list is one link away
_NUMBER = re.compile(r"(?P<prefix>[A-Za-z]{0,10})[\s-]*(?P<number>[0-9]{1,12})")


@doors.staff
@require_GET
def desk_search(request: HttpRequest) -> HttpResponse:
    """*Buscar*."""
    typed = " ".join(request.GET.get("q", "").replace("\0", "").split())[:100]
    context = {"q": typed}
    if len(typed) >= 2:
        context |= _found(typed)  # type: ignore[arg-type]
    return render(request, "desk/search.html", context)


def _found(typed: str) -> dict[str, object]:
    clients = [tell_state(c) for c in search(Client.objects.select_related("user"), typed).order_by("archived_at", "folded", "pk")[:SHOWN]]
    groups: dict[str, list[object]] = {
        "clients": [*clients],
        "units": [*search_units(Unit.objects.all(), typed).order_by("code")[:SHOWN]],
        "leases": [*search_leases(Lease.objects.select_related("unit", "renter"), typed).order_by("number")[:SHOWN]],
        "invoices": [],
        "receipts": [],
    }
    numbered = _NUMBER.fullmatch(typed)
    if numbered:
        exact = Q(number=int(numbered["number"]))
        if numbered["prefix"]:
            exact &= Q(prefix=numbered["prefix"].upper())
        groups["invoices"] = [*Invoice.objects.filter(exact).select_related("client").order_by("-issued_on")[:SHOWN]]
        groups["receipts"] = [*Receipt.objects.filter(exact).select_related("client").order_by("-issued_at")[:SHOWN]]
    return {**groups, "nothing": not any(groups.values()), "shown": SHOWN}


urlpatterns = [path("buscar/", desk_search, name="desk_search")]
