"""The desk's first page: what came in this month against what was invoiced, what is overdue by age, and what waits for somebody.

It looks into several apps, so it lives above them. Staff only; reads only; its queries do not grow with the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from clientarea.accounts import ACCOUNT_STATES
from clientarea.file_models import FileRequest, RequestState
from clientarea.models import BookImport, Client, ImportState
from payments.models import Invoice, InvoiceKind, InvoiceQuerySet, Payment, PaymentState, Review
from pqrs.desk_left import LEFT, left
from pqrs.models import OPEN_STATES, Case
from saas import desk_start
from saas.accounts import doors
from saas.accounts.models import StaffRole
from saas.lib import clock
from saas.lib.paging import page_of
from tenants.hosts import agency_of

PAGE = 25
# Days overdue, from and to (None: no end), by the name in the list's address.
AGES: dict[str, tuple[int, int | None]] = {"0-30": (1, 30), "31-60": (31, 60), "61-90": (61, 90), "90": (91, None)}
AGE_LABELS = {"0-30": _("0 a 30 días"), "31-60": _("31 a 60 días"), "61-90": _("61 a 90 días"), "90": _("Más de 90 días")}
BAR, HIGH = 20, 100  # the picture's units: the width of a day, the height of the highest


@dataclass(frozen=True)
class Day:
    """One day of the picture: what came in, and its bar."""

    on: date
    amount: Decimal
    x: int
    y: int
    height: int


@doors.staff
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """*Oficina*."""
    today = clock.today()
    month = today.replace(day=1)
    days = collected_by_day(today)
    collected = sum((day.amount for day in days), Decimal(0))
    rents = Invoice.objects.filter(kind=InvoiceKind.RENT, period=month, voided_at=None)
    invoiced = rents.aggregate(sum=Sum(F("total") - F("credited")))["sum"] or Decimal(0)
    ages = overdue_by_age(today)
    user = doors.who(request)
    context: dict[str, Any] = {
        "today": today,
        "month": month,
        "days": days,
        "days_with_money": [day for day in days if day.amount],
        "width": BAR * len(days),
        "collected": collected,
        "invoiced": invoiced,
        "percent": round(collected * 100 / invoiced) if invoiced else None,
        "ages": ages,
        "overdue": sum((age["sum"] for age in ages), Decimal(0)),
        "highest": max(days, key=lambda day: day.amount),
        "reviews": Review.objects.filter(closed_at=None).count(),
        "files_to_review": FileRequest.objects.filter(state=RequestState.HANDED_IN).count(),
        "cases": (cases := open_cases(today)),
        "cases_left": [(name, label, cases[name]) for name, label in LEFT.items()],
        "counts": client_counts(),
        "steps": desk_start.steps(agency_of(request), user) if user.staff_role == StaffRole.HEAD else [],
        "last_import": BookImport.objects.filter(state=ImportState.APPLIED).order_by("-applied_at", "-pk").first(),
    }
    context["steps_left"] = [step for step in context["steps"] if not step.done]
    context["steps_done"] = len(context["steps"]) - len(context["steps_left"])
    # The navigation shows what waits only here, where it is known without asking again.
    context["nav_counts"] = {"reviews": context["reviews"], "files": context["files_to_review"], "cases": context["cases"]["total"]}
    return render(request, "desk/home.html", context)


@doors.staff
@require_GET
def desk_overdue(request: HttpRequest) -> HttpResponse:
    """*Cartera vencida*: the overdue rents one by one, of one age or of all, the oldest first."""
    today, age = clock.today(), request.GET.get("edad", "")
    invoices = _overdue(today)
    if age in AGES:
        invoices = invoices.filter(_aged(age, today))
    total = invoices.aggregate(sum=Sum(F("total") - F("applied")))["sum"] or Decimal(0)
    page = page_of(request, invoices.select_related("client", "lease__unit").order_by("due_on", "pk"), size=PAGE)
    for invoice in page:
        invoice.days = (today - invoice.due_on).days
    context = {"page_obj": page, "edad": age, "ages": list(AGE_LABELS.items()), "total": total}
    return render(request, "desk/overdue.html", context)


def collected_by_day(today: date) -> list[Day]:
    """What was collected on each day of the month so far, with its bar for the picture. Reversed payments are not money."""
    month = today.replace(day=1)
    rows = (
        Payment.objects.filter(state=PaymentState.APPROVED, paid_on__gte=month, paid_on__lte=today)
        .order_by("paid_on")
        .values_list("paid_on")
        .annotate(sum=Sum("amount"))
    )
    sums: dict[date | None, Decimal] = dict(rows)
    most = max(sums.values(), default=Decimal(0))
    days = []
    for n in range(_last(month).day):
        on = month + timedelta(days=n)
        amount = sums.get(on, Decimal(0))
        height = max(2, round(amount * HIGH / most)) if amount else 0
        days.append(Day(on, amount, n * BAR, HIGH - height, height))
    return days


def overdue_by_age(today: date) -> list[dict[str, Any]]:
    """Overdue rents: for each age its name, label, count and COP."""
    balance = F("total") - F("applied")
    asked: dict[str, Any] = {}
    for n, age in enumerate(AGES):
        asked[f"sum{n}"] = Sum(balance, filter=_aged(age, today))
        asked[f"count{n}"] = Count("pk", filter=_aged(age, today))
    found = _overdue(today).aggregate(**asked)
    sums = [found[f"sum{n}"] or Decimal(0) for n in range(len(AGES))]
    most = max(sums)
    return [
        {"name": age, "label": AGE_LABELS[age], "sum": sums[n], "count": found[f"count{n}"], "share": round(sums[n] * 100 / most) if most else 0}
        for n, age in enumerate(AGES)
    ]


def open_cases(today: date) -> dict[str, int]:
    """Open PQRS by the business days that are left: late, today, one to three, more."""
    return Case.objects.filter(state__in=OPEN_STATES).aggregate(
        total=Count("pk"), **{name: Count("pk", filter=left(name, today=today)) for name in LEFT}
    )


def client_counts() -> dict[str, int]:
    """How many clients there are, in which state their accounts are, and whom no invitation can reach."""
    return Client.objects.filter(archived_at=None).aggregate(
        total=Count("pk"),
        without_email=Count("pk", filter=Q(user=None, email="")),
        **{state: Count("pk", filter=question) for state, (_label, question) in ACCOUNT_STATES.items()},
    )


def _overdue(today: date) -> InvoiceQuerySet:
    return Invoice.objects.owed().filter(kind=InvoiceKind.RENT, due_on__lt=today)


def _aged(age: str, today: date) -> Q:
    least, most = AGES[age]
    question = Q(due_on__lte=today - timedelta(days=least))
    return question & Q(due_on__gte=today - timedelta(days=most)) if most else question


def _last(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


urlpatterns = [
    path("", desk, name="desk"),
    path("cartera-vencida/", desk_overdue, name="desk_overdue"),
]
