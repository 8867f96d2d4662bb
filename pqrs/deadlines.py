"""By when a case must be answered, in business days from the day after it arrived.

The law's terms: petition 15, documents 10, enquiry 30 (Ley 1755 of 2015); complaint and claim 15 (Ley 1480 of 2011 art. 58);
claim about personal data 15 and 8 more, query about them 10 and 5 more (Ley 1581 of 2012). A suggestion has no term of its
own; it gets fifteen days. An agency may promise less, never more, and extend at most to the double.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from pqrs.models import CaseKind, CaseTerm
from saas.lib.businessdays import add_business_days, business_days_between, is_business_day


@dataclass(frozen=True)
class Term:
    """Business days to answer, and those that an extension may add."""

    days: int
    extra_days: int


LEGAL = {
    CaseKind.PETITION: Term(15, 15),
    CaseKind.COMPLAINT: Term(15, 15),
    CaseKind.CLAIM: Term(15, 15),
    CaseKind.SUGGESTION: Term(15, 15),
    CaseKind.DOCUMENTS: Term(10, 10),
    CaseKind.ENQUIRY: Term(30, 30),
    CaseKind.DATA_CLAIM: Term(15, 8),
    CaseKind.DATA_QUERY: Term(10, 5),
}


def terms() -> dict[CaseKind, Term]:
    """The terms of the agency that we are inside: its own where it has set one, else the law's. One query."""
    own = {CaseKind(row.kind): Term(row.days, row.extra_days) for row in CaseTerm.objects.all()}
    return {**LEGAL, **own}


def term_of(kind: str) -> Term:
    """The agency's term for a kind."""
    return terms()[CaseKind(kind)]


def due_date(received_on: date, *, days: int) -> date:
    """The last day of a term of `days` for what arrived on `received_on` (a date in Bogotá)."""
    return add_business_days(received_on, days)


def days_left(due_on: date, *, today: date) -> int:
    """Business days after today up to the due date: 0 on the day itself, negative when it is over."""
    return business_days_between(today, due_on) if due_on >= today else -max(1, business_days_between(due_on, today))


def business_day_before(day: date, *, days: int) -> date:
    """The business day that lies `days` business days before `day`; with 0, `day` itself."""
    while days:
        day -= timedelta(days=1)
        days -= is_business_day(day)
    return day


def save_terms(wanted: Mapping[CaseKind, Term]) -> None:
    """Keep an agency's own terms; what is as the law says follows the law. Cases that are open keep their date."""
    with transaction.atomic():
        for kind, term in wanted.items():
            if term == LEGAL[kind]:
                CaseTerm.objects.filter(kind=kind).delete()
            else:
                CaseTerm.objects.update_or_create(kind=kind, defaults={"days": term.days, "extra_days": term.extra_days})
