"""Yearly certificates: what an owner received and what was kept of it, by unit; what a renter paid, by lease.

`years_of`, `owner_year` and `renter_year` read; `certificate_pdf` is pure. An owner's year goes by the day of the payout, a
renter's by the day of the payment. The rows add up to the totals, and each row's parts to its last figure.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from clientarea.models import Client
from payments import access
from payments.documents import Issuer, render
from payments.models import InvoiceKind, MovementKind
from saas.lib import clock, money

CENT = Decimal("0.01")
Row = tuple[str, str, tuple[Decimal, ...]]  # what it is of, where that is, its figures


@dataclass(frozen=True)
class Year:
    """A year in figures. `headings` name the figures of each row; the last one is what the others add up to."""

    year: int
    headings: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def totals(self) -> tuple[Decimal, ...]:
        """The sum of each figure."""
        return tuple(sum(column, Decimal(0)) for column in zip(*(figures for _of, _where, figures in self.rows), strict=True))


@dataclass(frozen=True)
class CertificateDocument:
    """A certificate. `made_on` tells whether the year was over."""

    issuer: Issuer
    client: str
    client_document: str
    role: str
    statement: str  # what is certified, one sentence
    note: str
    made_on: date
    first_heading: str
    year: Year


def years_of(client: Client) -> tuple[list[int], list[int]]:
    """The years for which there are certificates: as owner, as renter. The newest first."""
    paid_out = access.payouts_of(client).order_by().dates("paid_on", "year", order="DESC")
    paid = access.ledger_of(client, InvoiceKind.RENT).filter(invoice__isnull=False).dates("on", "year", order="DESC")
    return [day.year for day in paid_out], [day.year for day in paid]


def owner_year(client: Client, year: int) -> Year:
    """What an owner received in a year, by unit: collected, less each deduction, net."""
    rows = (
        access.payouts_of(client)
        .filter(paid_on__year=year)
        .order_by()
        .values(code=F("lease__unit__code"), address=F("lease__unit__address"), city=F("lease__unit__city"))
        .annotate(
            sum_collected=Sum("collected"),
            sum_commission=Sum("commission"),
            sum_iva=Sum("commission_iva"),
            sum_withholdings=Sum("withholdings"),
            sum_other=Sum("other"),
            sum_net=Sum("net"),
        )
        .order_by("code")
    )
    headings = (_("Canon recaudado"), _("Comisión"), _("IVA comisión"), _("Retenciones"), _("Otros descuentos"), _("Neto girado"))
    return Year(year, headings, tuple(
        (r["code"], f"{r['address']}, {r['city']}",
         (r["sum_collected"], -r["sum_commission"], -r["sum_iva"], -r["sum_withholdings"], -r["sum_other"], r["sum_net"]))
        for r in rows
    ))  # fmt: skip


def renter_year(client: Client, year: int) -> Year:
    """What was paid in a year of a renter's invoices, by lease: rent, administration, other concepts where there are any, IVA,
    withholdings, in all.

    Of an invoice that was not paid whole in the year, each part counts in proportion. A credit note pays nothing.
    """
    paid = (
        access.ledger_of(client, InvoiceKind.RENT)
        .filter(invoice__isnull=False, on__year=year)
        .exclude(kind=MovementKind.NOTE)
        .values(
            "invoice__administration", "invoice__extras", "invoice__iva", "invoice__withholding", "invoice__total", "invoice_id",
            lease=F("invoice__lease__number"), address=F("invoice__lease__unit__address"), city=F("invoice__lease__unit__city"),
        )
        .annotate(paid=Sum("amount"))
        .order_by("lease", "invoice_id")
    )  # fmt: skip
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 6)
    rows: list[Any] = list(paid)
    for row in rows:
        if not row["paid"]:
            continue  # paid and reversed within the year
        part = row["paid"] / row["invoice__total"]
        administration, extras, iva, withheld = (
            (row[f"invoice__{name}"] * part).quantize(CENT, ROUND_HALF_UP) for name in ("administration", "extras", "iva", "withholding")
        )
        rent = row["paid"] - administration - extras - iva + withheld
        where = f"{row['address']}, {row['city']}" if row["address"] else ""
        key = (row["lease"] or _("Sin contrato"), where)
        sums[key] = [a + b for a, b in zip(sums[key], (rent, administration, extras, iva, -withheld, row["paid"]), strict=True)]
    headings: tuple[str, ...] = (_("Canon"), _("Administración"), _("Otros conceptos"), _("IVA"), _("Retenciones"), _("Total pagado"))
    if not any(figures[2] for figures in sums.values()):
        headings = headings[:2] + headings[3:]
        sums.update({key: figures[:2] + figures[3:] for key, figures in sums.items()})
    return Year(year, headings, tuple((lease, where, tuple(figures)) for (lease, where), figures in sums.items()))


def certificate_pdf(doc: CertificateDocument) -> bytes:
    """The PDF of a certificate. Raises pdf.PdfError."""
    totals = doc.year.totals
    words = money.in_words(totals[-1]) if totals[-1] >= 0 else ""
    whole = doc.made_on.year > doc.year.year
    context = {
        "doc": doc,
        "year": str(doc.year.year),
        "made_on": clock.long_date(doc.made_on),
        "partial": "" if whole else clock.long_date(doc.made_on),
        "rows": [(of, where, [money.cop(figure) for figure in figures]) for of, where, figures in doc.year.rows],
        "totals": [money.cop(figure) for figure in totals],
        "total": money.cop(totals[-1]),
        "total_heading": doc.year.headings[-1],
        "words": words[:1].upper() + words[1:],
    }
    return render("pdf/certificate.html", doc.issuer, title=_("Certificado anual %s") % doc.year.year, context=context)
