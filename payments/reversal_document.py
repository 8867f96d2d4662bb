"""The paper of money that went back (nota de reversión): what it says, and the bytes of its PDF.

`reversal_document` reads the row, `reversal_pdf` is pure. A reversal never changes, so its paper always says the same; what
was left of the payment is what was left then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from payments.models import Reversal, ReversalKind
from saas.lib import clock, money
from tenants.models import Agency
from tenants.paper import Issuer, issuer, render


@dataclass(frozen=True)
class ReversalDocument:
    """A reversal. `lines` are what it took back: the invoice's number and concept, and COP; they add up to `amount`. `paid` is
    the whole payment, `left` what remained of it. Empty texts are left out of the paper."""

    issuer: Issuer
    number: str
    made_at: datetime
    client: str
    client_document: str
    kind: str
    reason: str
    receipt: str
    paid_on: str
    means: str
    reference: str
    paid: Decimal
    left: Decimal
    lines: tuple[tuple[str, str, Decimal], ...]
    amount: Decimal
    test: bool = False


def reason_of(reversal: Reversal) -> str:
    """Why, for the client: what staff wrote is for them too, what the gateway said is said in our words."""
    return reversal.reason if reversal.kind == ReversalKind.STAFF else str(reversal.get_kind_display())


def reversal_document(reversal: Reversal, agency: Agency) -> ReversalDocument:
    """The paper of a reversal that came with its payment, receipt and client."""
    payment, client = reversal.payment, reversal.client
    receipt = getattr(payment, "receipt", None)
    gone = payment.reversals.filter(pk__lte=reversal.pk).aggregate(sum=Sum("amount"))["sum"]
    movements = reversal.movements.select_related("invoice").order_by("invoice__due_on", "invoice_id")
    return ReversalDocument(
        issuer=issuer(agency),
        number=reversal.full_number,
        made_at=reversal.made_at,
        client=client.name,
        client_document=client.full_document,
        kind=str(reversal.get_kind_display()),
        reason=reason_of(reversal),
        receipt=receipt.full_number if receipt else "",
        paid_on=clock.long_date(payment.paid_on) if payment.paid_on else "",
        means=payment.means,
        reference=payment.reference,
        paid=payment.amount,
        left=payment.amount - gone,
        lines=tuple(
            (movement.invoice.full_number, movement.invoice.concept, -movement.amount)
            if movement.invoice
            else ("", _("Saldo a favor del cliente"), -movement.amount)
            for movement in movements
        ),
        amount=reversal.amount,
        test=bool(receipt and receipt.content.get("test")),
    )


def reversal_pdf(doc: ReversalDocument) -> bytes:
    """The PDF of a reversal. Raises pdf.PdfError."""
    facts = [
        (_("Comprobante"), doc.receipt),
        (_("Fecha del pago"), doc.paid_on),
        (_("Medio de pago"), doc.means),
        (_("Referencia"), doc.reference),
        (_("Valor pagado"), money.cop(doc.paid)),
    ]
    words = money.in_words(doc.amount)
    context = {
        "doc": doc,
        "made": clock.long_datetime(doc.made_at),
        "facts": [fact for fact in facts if fact[1]],
        "amount": money.cop(doc.amount),
        "words": words[:1].upper() + words[1:],
        "left": money.cop(doc.left),
        "lines": [(number, concept, money.cop(amount)) for number, concept, amount in doc.lines],
    }
    return render("pdf/reversal.html", doc.issuer, title=_("Nota de reversión %(number)s") % {"number": doc.number}, context=context)
