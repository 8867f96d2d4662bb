"""Tells clients of facts of money: a new invoice, a payment that was received, a payout that was made.

Each belongs in the transaction of its fact and may be called again: a client is told once. What came with the agency's book
happened elsewhere and is told to nobody, unless the agency asks for it (payments/unannounced.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from clientarea import notices
from clientarea.models import NoticeKind
from payments.models import Invoice, InvoiceKind, Payout, PayoutOrder, Receipt
from saas.jobs.defer import defer
from saas.lib import clock
from saas.lib.businessdays import next_collection_time


def invoice_key(invoice_id: int | str) -> str:
    """The key under which an invoice was announced."""
    return f"invoice:{invoice_id}"


def announce_invoice(invoice: Invoice, now: datetime) -> bool:
    """Tell the client of a new invoice, with a mail that brings its PDF and the link to pay it, unless its mail was asked for
    already (issuing.ask_mails). What is void or asks for nothing is not told. Returns whether the client is told now."""
    if invoice.voided_at is not None or invoice.balance <= 0:
        return False
    with transaction.atomic():
        key = invoice_key(invoice.pk)
        new = notices.tell(
            client=invoice.client, kind=NoticeKind.INVOICE, key=key, data=_data(invoice), link=invoice_path(invoice), now=now
        )  # fmt: skip
        wanted = new and notices.wants_mail(invoice.client, NoticeKind.INVOICE)
        # Whoever asks first sends it: the row says so.
        if wanted and Invoice.objects.filter(pk=invoice.pk, mail_asked_at=None).update(mail_asked_at=now):
            defer("payments.invoice_mail", f"notice:{key}", now=now, due_at=mail_time(invoice, now), invoice_id=invoice.pk)
        return new


def announce_issued(invoices: Iterable[Invoice], now: datetime) -> None:
    """Put invoices that were just issued here on their clients' lists, in three statements, without a mail: that is the
    agency's button. Those that ask for nothing (any more) are not told."""
    rows = Invoice.objects.owed().filter(pk__in=[invoice.pk for invoice in invoices]).select_related("client").order_by("pk")
    notices.tell_all(
        NoticeKind.INVOICE, [notices.News(row.client, invoice_key(row.pk), _data(row), invoice_path(row)) for row in rows], now=now
    )


def mail_time(invoice: Invoice, now: datetime) -> datetime:
    """When the mail of an invoice may leave: of one that is overdue it asks for money, and waits for the hours of Ley 2300."""
    return next_collection_time(now) if invoice.due_on < clock.local(now).date() else now


def _data(invoice: Invoice) -> dict[str, object]:
    return {"number": invoice.full_number, "amount": invoice.balance, "due_on": invoice.due_on}


def announce_payouts(order: PayoutOrder, payouts: list[Payout], now: datetime) -> bool:
    """Tell an owner of what one order paid, with one mail that brings its vouchers. Returns whether the owner is told now."""
    only = payouts[0] if len(payouts) == 1 else None
    return notices.tell(
        client=order.owner,
        kind=NoticeKind.PAYOUT,
        key=f"payout:{order.pk}",
        data={
            "number": ", ".join(payout.full_number for payout in payouts)[:200], "amount": sum((payout.net for payout in payouts), Decimal(0)),
            "period": max(payout.period for payout in payouts),
        },
        link=_path("payout", only.pk) if only else reverse("payouts", urlconf=settings.AGENCY_URLCONF),
        letter=notices.Letter("payments.payout_mail", {"order_id": order.pk}),
        now=now,
    )  # fmt: skip


def announce_payment(receipt: Receipt, now: datetime) -> bool:
    """Tell a client of a payment that was received. Its mail is the receipt's own, which waits for the PDF."""
    return notices.tell(
        client=receipt.client,
        kind=NoticeKind.PAYMENT,
        key=f"receipt:{receipt.pk}",
        data={"number": receipt.full_number, "amount": receipt.amount},
        link=_path("payment", receipt.payment_id),
        now=now,
    )


def invoice_path(invoice: Invoice) -> str:
    """Where the client sees an invoice."""
    return _path("invoice" if invoice.kind == InvoiceKind.RENT else "commission", invoice.pk)


def _path(view: str, pk: int) -> str:
    return reverse(view, args=[pk], urlconf=settings.AGENCY_URLCONF)
