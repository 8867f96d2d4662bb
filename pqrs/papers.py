"""The paper of a whole case, put together for its client: a thread may be long."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse

from clientarea.models import Client
from clientarea.papers import Asked, Draft, Page, puts_together
from pqrs import documents
from pqrs.models import Case
from tenants.models import Agency

LETTERS_A_LINE = 400  # letters of a text that take as long as a line of a table


def _case_page(asked: Asked) -> Page:
    number = Case.objects.values_list("number", flat=True).get(pk=asked["case"])
    return Page(reverse("case", args=[number]), f"PQRS {number}")


@puts_together("pqrs.case", asked_on=_case_page)
def case(client: Client, agency: Agency, asked: Asked) -> Draft:
    """A case with its thread and its history: `case`."""
    found = Case.objects.select_related("client", "unit", "lease").filter(client=client, pk=asked["case"]).first()
    if found is None:
        raise Http404
    doc = documents.case_document(found, agency)
    letters = sum(len(entry.text) for entry in doc.entries)
    return Draft(
        name=f"pqrs-{doc.number}.pdf", title=f"PQRS {doc.number}", says=doc,
        lines=2 * len(doc.entries) + letters // LETTERS_A_LINE + len(doc.history), draw=lambda: documents.case_pdf(doc, agency),
    )  # fmt: skip
