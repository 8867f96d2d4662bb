"""By when a case must be answered.

Terms are business days from the day after the case arrived: fifteen for petitions, complaints and claims (Ley 1755 of
2015, Ley 1480 of 2011 art. 58). A suggestion has no term of its own; it gets the same.
"""

from __future__ import annotations

from datetime import date

from pqrs.models import CaseKind
from saas.lib.businessdays import add_business_days

TERMS = {CaseKind.PETITION: 15, CaseKind.COMPLAINT: 15, CaseKind.CLAIM: 15, CaseKind.SUGGESTION: 15}


def due_date(kind: str, *, received_on: date) -> date:
    """The last day to answer a case of `kind` that arrived on `received_on` (a date in Bogotá)."""
    return add_business_days(received_on, TERMS[CaseKind(kind)])
