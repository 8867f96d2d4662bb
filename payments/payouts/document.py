"""The paper of what an owner was paid (comprobante de egreso): what it says, and the bytes of its PDF.

`payout_document` reads the rows; `payout_pdf` is pure. The lines of the paper add up to what was paid out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from payments import receipts
from payments.documents import Issuer, render
from payments.models import DeductionKind, Payout, PayoutDeduction
from saas.lib import clock, money
from tenants.models import Agency

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class PayoutDocument:
    """A payout. `lines` are concept and COP, what is taken off negative; they add up to `net`."""

    issuer: Issuer
    number: str
    paid_on: date
    period: date
    owner: str
    owner_document: str
    lease: str
    unit: str
    bank: str
    account: str
    lines: tuple[tuple[str, Decimal], ...]
    net: Decimal


def payout_lines(payout: Payout) -> list[tuple[str, Decimal]]:
    """What a payout consists of: concept and COP, what is taken off negative. What is zero is left out."""
    # Of a voucher made here each deduction is told by its name; of one that the book brought only their sum is known.
    named = PayoutDeduction.objects.filter(line__payout=payout).exclude(kind=DeductionKind.WITHHOLDING)
    others = [(deduction.concept, -deduction.amount) for deduction in named]
    if not others and payout.other:
        others = [(_("Otros descuentos"), -payout.other)]
    taken: list[tuple[str, Decimal]] = [
        (_("Comisión de administración"), -payout.commission),
        (_("IVA de la comisión"), -payout.commission_iva),
        (_("Retenciones"), -payout.withholdings),
    ]
    return [(_("Canon recaudado"), payout.collected), *[line for line in taken if line[1]], *others]


def masked(account: str) -> str:
    """A bank account by its last four digits: `**** 1234`. A short one is not shown at all."""
    digits = re.sub(r"\D", "", account)
    if account.startswith("****"):
        return f"**** {digits[-4:]}"  # it was kept so
    return f"**** {digits[-4:]}" if len(digits) > 4 else ""


def payout_document(payout: Payout, agency: Agency) -> PayoutDocument:
    """The paper of a payout that came from payments/access.py."""
    owner, unit = payout.owner, payout.lease.unit
    return PayoutDocument(
        issuer=receipts.issuer(agency),
        number=payout.full_number,
        paid_on=payout.paid_on,
        period=payout.period,
        owner=owner.name,
        owner_document=owner.full_document,
        lease=payout.lease.number,
        unit=f"{unit.kind} {unit.code}, {unit.address}, {unit.city}",
        bank=payout.bank,
        account=masked(payout.account),
        lines=tuple(payout_lines(payout)),
        net=payout.net,
    )


def payout_pdf(doc: PayoutDocument) -> bytes:
    """The PDF of a payout. Raises pdf.PdfError."""
    facts = [
        (_("Fecha del giro"), clock.long_date(doc.paid_on)),
        (_("Periodo"), clock.month_name(doc.period)),
        (_("Banco"), doc.bank),
        (_("Cuenta"), doc.account),
        (_("Contrato"), doc.lease),
        (_("Inmueble"), doc.unit),
    ]
    words = money.in_words(abs(doc.net))
    context = {
        "doc": doc,
        "paid_on": clock.long_date(doc.paid_on),
        "facts": [fact for fact in facts if fact[1]],
        "lines": [(concept, money.cop(amount)) for concept, amount in doc.lines],
        "net": money.cop(doc.net),
        "words": words[:1].upper() + words[1:] if doc.net >= 0 else "",
    }
    return render("pdf/payout.html", doc.issuer, title=_("Comprobante de egreso %(number)s") % {"number": doc.number}, context=context)
