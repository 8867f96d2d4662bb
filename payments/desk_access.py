"""What staff may look at of money: all of the agency's payments, searched and filtered. Only the agency's own schema is
ever asked."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from clientarea.models import Client
from payments.desk_forms import PaymentFilter
from payments.models import Attempt, Payment, PaymentLine, PaymentState
from saas.lib.clock import BOGOTA
from saas.lib.text import fold

_NUMBERED = re.compile(r"([A-Za-z]{1,10}) ?-? ?([0-9]{1,15})")


def payments() -> QuerySet[Payment]:
    """Every payment with its client, receipt and invoices, newest first. `on` is the day that it is filed under."""
    lines = PaymentLine.objects.select_related("invoice").order_by("invoice__due_on", "invoice_id")
    return (
        Payment.objects.select_related("client", "receipt")
        .prefetch_related(Prefetch("lines", queryset=lines))
        .annotate(on=Coalesce("paid_on", TruncDate("created_at", tzinfo=BOGOTA)))  # as the index payment_filed_on says it
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
    every = Payment.objects.order_by().values("pk")
    found = [every.filter(reference__iexact=words.strip())]
    named = Q()
    for word in fold(words).split():
        named &= Q(folded__contains=word)
    if named:
        found.append(every.filter(client__in=Client.objects.filter(named)))
    compact = re.sub(r"[\s.,-]", "", words).upper()
    if compact:
        found.append(every.filter(client__in=Client.objects.filter(document__startswith=compact)))
    numbered = _NUMBERED.fullmatch(words.strip())
    if numbered:
        prefix, number = numbered[1].upper(), int(numbered[2])
        found.append(every.filter(receipt__prefix__iexact=prefix, receipt__number=number))
        found.append(every.filter(lines__invoice__prefix__iexact=prefix, lines__invoice__number=number))
    elif compact.isascii() and compact.isdigit() and len(compact) <= 15:
        found.append(every.filter(receipt__number=int(compact)))
        found.append(every.filter(lines__invoice__number=int(compact)))
    reference = words.strip()
    tries = Attempt.objects.filter(
        Q(reference__iexact=reference) | Q(cus=reference) | Q(gateway_order=reference) | Q(gateway_transaction=reference)
    )
    found.append(every.filter(pk__in=tries.values("payment")))
    # A question for each way of being found, with its own index: as one with OR, every payment would be read.
    return rows.filter(pk__in=found[0].union(*found[1:]))


def totals(rows: QuerySet[Payment]) -> dict[str, Any]:
    """How many payments those are, and how much was approved and how much was reversed of them (COP)."""
    return rows.order_by().aggregate(
        approved=Coalesce(Sum("amount", filter=Q(state=PaymentState.APPROVED)), 0, output_field=Payment._meta.get_field("amount")),
        reversed=Coalesce(Sum("amount", filter=Q(state=PaymentState.REVERSED)), 0, output_field=Payment._meta.get_field("amount")),
    )
