"""What staff may look at of money: all of the agency's payments, searched and filtered. Only the agency's own schema is
ever asked."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from payments.desk_forms import PaymentFilter
from payments.models import Attempt, Payment, PaymentLine, PaymentState
from saas.lib.text import fold

_NUMBERED = re.compile(r"([A-Za-z]{1,10}) ?-? ?([0-9]{1,15})")


def payments() -> QuerySet[Payment]:
    """Every payment with its client, receipt and invoices, newest first. `on` is the day that it is filed under."""
    lines = PaymentLine.objects.select_related("invoice").order_by("invoice__due_on", "invoice_id")
    return (
        Payment.objects.select_related("client", "receipt")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .annotate(on=Coalesce("paid_on", TruncDate("created_at")))
        .order_by("-on", "-pk")
    )


def means() -> list[str]:
    """The means by which anything was paid, for a filter."""
    return list(Payment.objects.exclude(means="").order_by("means").values_list("means", flat=True).distinct()[:40])


def chosen(rows: QuerySet[Payment], wanted: PaymentFilter) -> QuerySet[Payment]:
    """Those that the filter asks for."""
    for name in ("state", "source", "means"):
        if value := wanted.chosen(name):
            rows = rows.filter(**{name: value})
    if since := wanted.chosen("since"):
        rows = rows.filter(on__gte=since)  # type: ignore[misc]
    if until := wanted.chosen("until"):
        rows = rows.filter(on__lte=until)  # type: ignore[misc]
    words = wanted.chosen("q")
    return search(rows, words) if words else rows


def search(rows: QuerySet[Payment], words: str) -> QuerySet[Payment]:
    """By the client's name or document, an invoice's or a receipt's number, or any reference of the payment."""
    named = Q()
    for word in fold(words).split():
        named &= Q(client__folded__contains=word)
    found: Any = named if fold(words) else Q()
    compact = re.sub(r"[\s.,-]", "", words).upper()
    if compact:
        found |= Q(client__document__startswith=compact)
    numbered = _NUMBERED.fullmatch(words.strip())
    lines = PaymentLine.objects.filter(payment=OuterRef("pk"))
    if numbered:
        prefix, number = numbered[1].upper(), int(numbered[2])
        found |= Q(receipt__prefix__iexact=prefix, receipt__number=number)
        found |= Exists(lines.filter(invoice__prefix__iexact=prefix, invoice__number=number))
    elif compact.isascii() and compact.isdigit() and len(compact) <= 15:
        found |= Q(receipt__number=int(compact)) | Exists(lines.filter(invoice__number=int(compact)))
    reference = words.strip()
    tries = Attempt.objects.filter(payment=OuterRef("pk")).filter(
        Q(reference__iexact=reference) | Q(cus=reference) | Q(gateway_order=reference) | Q(gateway_transaction=reference)
    )
    return rows.filter(found | Q(reference__iexact=reference) | Exists(tries))


def totals(rows: QuerySet[Payment]) -> dict[str, Any]:
    """How many payments those are, and how much was approved and how much was reversed of them (COP)."""
    return rows.order_by().aggregate(
        approved=Coalesce(Sum("amount", filter=Q(state=PaymentState.APPROVED)), 0, output_field=Payment._meta.get_field("amount")),
        reversed=Coalesce(Sum("amount", filter=Q(state=PaymentState.REVERSED)), 0, output_field=Payment._meta.get_field("amount")),
    )
