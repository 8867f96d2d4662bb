"""Tells clients of facts of money: a new invoice, a payment that was received, a payout that was made.

Each belongs in the transaction of its fact and may be called again: a client is told once. What came with the agency's book
happened elsewhere and is told to nobody, unless the agency asks for it (payments/invoicing/unannounced.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from clientarea import notices
from clientarea.models import Client, Notice, NoticeKind
from payments.models import Invoice, InvoiceKind, Payout, PayoutOrder, Receipt
from saas.jobs.defer import defer
from saas.lib import clock
from saas.lib.businessdays import next_collection_time


def invoice_key(invoice_id: int | str) -> str:
    """The key under which an invoice was announced."""
    return f"invoice:{invoice_id}"


def co_renter_of(invoice: Invoice) -> Client | None:
    """The co-renter of a rent's lease, who owes it as its client does."""
    other = invoice.lease.co_renter if invoice.kind == InvoiceKind.RENT and invoice.lease else None
    return other if other is not None and other.archived_at is None and other.pk != invoice.client_id else None


def key_for(key: str, invoice: Invoice, client: Client) -> str:
    """The key under which a client is told of an invoice: who signed the lease too has one of their own."""
    return key if client.pk == invoice.client_id else f"{key}:{client.pk}"


def path_for(invoice: Invoice, client: Client) -> str:
    """Where a client sees an invoice. It is its client's alone; who signed the lease too sees what the signed link shows."""
    return invoice_path(invoice) if client.pk == invoice.client_id else _path("shared_invoice", invoice.pk)


def tell_co_renter(invoice: Invoice, now: datetime) -> None:
    """Tell who signed the lease too of a new rent, in the list and by mail as that person wants: once of each."""
    other = co_renter_of(invoice)
    if other is None:
        return
    key = key_for(invoice_key(invoice.pk), invoice, other)
    notices.tell(client=other, kind=NoticeKind.INVOICE, key=key, data=_data(invoice), link=path_for(invoice, other), now=now)
    if notices.wants_mail(other, NoticeKind.INVOICE):
        told = Notice.objects.get(key=key)
        defer(notices.GENERIC, f"notice:{key}", now=now, due_at=mail_time(invoice, now), notice_id=told.pk)


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
        if new:
            tell_co_renter(invoice, now)
        return new


def announce_issued(invoices: Iterable[Invoice], now: datetime) -> None:
    """Put invoices that were just issued here on their clients' lists, in three statements, without a mail: that is the
    agency's button. Those that ask for nothing (any more) are not told."""
    rows = Invoice.objects.owed().filter(pk__in=[invoice.pk for invoice in invoices]).select_related("client", "lease__co_renter").order_by("pk")
    told = [(row, client) for row in rows for client in (row.client, co_renter_of(row)) if client is not None]
    news = [notices.News(client, key_for(invoice_key(row.pk), row, client), _data(row), path_for(row, client)) for row, client in told]
    notices.tell_all(NoticeKind.INVOICE, news, now=now)


def mail_time(invoice: Invoice, now: datetime) -> datetime:
    """When the mail of an invoice may leave: of one that is overdue it asks for money, and waits for the hours of Ley 2300."""
    return next_collection_time(now) if invoice.due_on < clock.local(now).date() else now


def _data(invoice: Invoice) -> dict[str, object]:
    return {"number": invoice.full_number, "amount": invoice.balance, "due_on": invoice.due_on}


def announce_payouts(order: PayoutOrder, payouts: list[Payout], now: datetime) -> bool:
    """Tell an owner of what one order paid, with one mail that brings its vouchers. Returns whether the owner is told now."""
    only = payouts[0] if len(payouts) == 1 else None
    months = {payout.period for payout in payouts}  # told only if it is the one month of all of it
    return notices.tell(
        client=order.owner,
        kind=NoticeKind.PAYOUT,
        key=f"payout:{order.pk}",
        data={
            "number": ", ".join(payout.full_number for payout in payouts)[:200], "amount": sum((payout.net for payout in payouts), Decimal(0)),
            **({"period": months.pop()} if len(months) == 1 else {}),
        },
        link=_path("payout", only.pk) if only else reverse("payouts", urlconf=settings.AGENCY_URLCONF),
        letter=notices.Letter("payments.payout_mail", {"order_id": order.pk}),
        now=now,
    )  # fmt: skip


def announce_payment(receipt: Receipt, now: datetime) -> None:
    """Tell a client of a payment that was received. Its mail is the receipt's own, which waits for the PDF."""
    data = {"number": receipt.full_number, "amount": receipt.amount}
    news = notices.News(receipt.client, f"receipt:{receipt.pk}", data, _path("payment", receipt.payment_id))
    notices.tell_all(NoticeKind.PAYMENT, [news], now=now)


def invoice_path(invoice: Invoice) -> str:
    """Where the client sees an invoice."""
    return _path("invoice" if invoice.kind == InvoiceKind.RENT else "commission", invoice.pk)


def _path(view: str, pk: int) -> str:
    return reverse(view, args=[pk], urlconf=settings.AGENCY_URLCONF)
