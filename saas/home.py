"""The client area's first page, by role: what a renter owes and paid, what an owner received and owns, and open PQRS.

It looks into several apps, so it lives above them. Promises a number of queries that does not grow with the rows, and only
rows of the client who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case as Choice
from django.db.models import Count, DateField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When, Window
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from clientarea.access import client_of, leases_of, ownerships_of, wanted_of
from clientarea.models import Client, DocumentKind, Lease, Ownership
from payments.models import Invoice, InvoiceKind, InvoiceState, Payment, PaymentState, Payout
from payments.payouts import income
from pqrs.access import cases_of
from pqrs.models import OPEN_STATES
from saas.accounts import doors
from saas.accounts.models import Role
from saas.accounts.viewing import viewing_of
from saas.lib import clock

SHOWN = 4  # rows of each list: the rest is one link away
MOST = 60  # leases and units, which have no list of their own


@doors.everyone
@require_GET
def home(request: HttpRequest) -> HttpResponseBase:
    """*Inicio*. Everybody lands here after logging in; the agency's staff goes on to the desk."""
    if request.user.is_authenticated and request.user.role == Role.STAFF and viewing_of(request) is None:
        return redirect("desk")
    return client_home(request)


@doors.client
def client_home(request: HttpRequest) -> HttpResponse:
    """The client's page."""
    client, today = client_of(request), clock.today()
    leases = list(leases_of(client).select_related("unit").order_by("-ends_on", "pk")[:MOST])
    units = list(_units(client, today))
    cases = list(cases_of(request).filter(state__in=OPEN_STATES).annotate(count=Window(Count("pk"))).order_by("due_on", "pk")[:SHOWN])
    invoices = list(_invoices(client, today))
    context: dict[str, Any] = {
        "client": client,
        "greeted": client.name if client.document_type == DocumentKind.NIT else client.name.split(" ")[0],
        "today": today,
        "is_renter": bool(leases),
        "is_owner": bool(units),
        "leases": leases,
        "units": units,
        "files_wanted": wanted_of(client)[:SHOWN],
        "open_cases": cases,
        "open_cases_count": cases[0].count if cases else 0,
        "owed": _told([i for i in invoices if i.kind == InvoiceKind.RENT]),
        "commissions": _told([i for i in invoices if i.kind == InvoiceKind.COMMISSION]),
        "payments": Payment.objects.filter(client=client)
        .exclude(state=PaymentState.STARTED)
        .select_related("receipt")
        .order_by("-created_at", "-pk")[:SHOWN],
    }
    if units:
        payouts: list[Any] = list(_payouts(client, today))
        context["payouts"] = payouts
        context["net_of_year"] = (payouts[0].net_of_year if payouts else None) or Decimal(0)
        context["months"] = income.months_of(client, today.year) if context["net_of_year"] else []
        context["scale"] = income.scale_of(context["months"])
    return render(request, "home/home.html", context)


def _invoices(client: Client, today: date) -> QuerySet[Invoice]:
    """The oldest rents owed and the newest commissions, in one query; each row carries `owing`, `late` and `count` of its
    whole list."""
    mine = Invoice.objects.filter(client=client).with_state(today=today)
    rents = _with_totals(mine.owed().filter(kind=InvoiceKind.RENT), today).order_by("due_on", "pk")[:SHOWN]
    commissions = _with_totals(mine.filter(kind=InvoiceKind.COMMISSION, voided_at=None), today).order_by("-issued_on", "-pk")[:SHOWN]
    return rents.union(commissions, all=True)


def _with_totals(invoices: QuerySet[Invoice], today: date) -> QuerySet[Invoice]:
    balance = F("total") - F("applied")
    late = Choice(When(due_on__lt=today, then=balance), default=Value(Decimal(0)))
    return invoices.annotate(owing=Window(Sum(balance)), late=Window(Sum(late)), count=Window(Count("pk")))


def _told(invoices: Sequence[Any]) -> dict[str, Any]:
    for invoice in invoices:
        invoice.state_label = InvoiceState(invoice.state).label
    first = invoices[0] if invoices else None
    return {
        "invoices": invoices,
        "owing": first.owing if first else Decimal(0),
        "late": first.late if first else Decimal(0),
        "count": first.count if first else 0,
        "first": first,
    }


def _units(client: Client, today: date) -> QuerySet[Ownership]:
    """A client's shares with their unit; `rented_until` is the end of the lease in force, None when there is none."""
    in_force = Lease.objects.filter(unit=OuterRef("unit"), starts_on__lte=today, ends_on__gte=today).order_by("-ends_on")
    return (
        ownerships_of(client)
        .select_related("unit")
        .annotate(rented_until=Subquery(in_force.values("ends_on")[:1], output_field=DateField()))
        .order_by("unit__code")[:MOST]
    )


def _payouts(client: Client, today: date) -> QuerySet[Payout]:
    """The last payouts; each row carries `net_of_year`, what was paid since the first of January."""
    this_year = Sum("net", filter=Q(paid_on__year=today.year))
    return Payout.objects.filter(owner=client).annotate(net_of_year=Window(this_year)).order_by("-paid_on", "-pk")[:SHOWN]
