"""What staff does with one invoice: write it, void it, and ask for it to be mailed; likewise a month's mail.

An invoice is never changed once it has a number: it is voided while no money touched it and no official CUFE names it, and a
credit note takes it back after that.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q

from payments import announcing, checkout
from payments.invoicing import issued, numbering
from payments.invoicing.drafts import Draft, issue, refusal
from payments.models import Invoice, InvoiceKind, InvoiceQuerySet, Series
from saas.accounts.models import User
from saas.audit.changes import Author, record
from saas.jobs.defer import defer
from saas.lib import clock

MAIL_SLICE = 200
MAIL_SOME = "payments.invoice_mail_some"


class IssueRefused(ValueError):  # noqa: N818
    """Why it cannot be done, in Spanish, for staff."""


def write_one(draft: Draft, *, key: UUID, staff: User, now: datetime, author: Author | None = None) -> Invoice:
    """Issue one invoice. The same form's key again returns the invoice that it made. The history names `author` where a program
    of theirs did it for `staff`. Raises IssueRefused."""
    why = refusal(draft)
    if why:
        raise IssueRefused(why)
    try:
        with transaction.atomic():
            issued.prepare(draft.kind)
            resolution = numbering.lock(Series.RENT if draft.kind == InvoiceKind.RENT else Series.COMMISSION)
            made = Invoice.objects.filter(entry_key=key).first()  # under the lock: of a form sent twice at once, the second sees it
            if made is not None:
                return made
            (invoice,) = issue([draft], resolution, key=key, staff=staff)
            record("invoice", invoice.pk, before={}, after={"issued": f"{invoice.full_number}: {invoice.total}"}, by=author or staff, now=now)
            issued.follow_up([invoice], now=now)
            return invoice
    except numbering.NumberingRefused as error:
        raise IssueRefused(str(error)) from error


def why_not_void(invoice: Invoice, *, now: datetime) -> str:
    """Why an invoice may not be voided, in Spanish; empty when it may."""
    if invoice.voided_at is not None:
        return "La factura ya está anulada."
    if invoice.applied:
        return "La factura tiene dinero aplicado: haga una nota crédito, o reverse primero el pago."
    if invoice.cufe:
        return "La factura tiene CUFE: ante la DIAN no se anula. Haga una nota crédito por el total."
    if checkout.open_attempt_of(invoice, now=now) is not None:
        return "Hay un pago en línea en curso de esta factura: espere su resultado."
    return ""


def void(invoice_id: int, *, reason: str, staff: User, now: datetime, author: Author | None = None) -> Invoice:
    """Void an invoice, with its reason; its number stays used. Raises IssueRefused."""
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice_id)
        why = why_not_void(invoice, now=now)
        if why:
            raise IssueRefused(why)
        invoice.voided_at, invoice.voided_reason, invoice.voided_by = now, reason, staff
        invoice.save(update_fields=["voided_at", "voided_reason", "voided_by"])
        record("invoice", invoice.pk, before={"voided": ""}, after={"voided": reason}, by=author or staff, now=now)
        return invoice


def ask_mail(invoice: Invoice, *, now: datetime) -> bool:
    """Ask for the mail of an invoice to its client: one a minute. Returns whether it was new. Call it in a transaction."""
    Invoice.objects.filter(pk=invoice.pk).update(mail_asked_at=now)
    return defer("payments.invoice_mail", f"{invoice.pk}:{now:%Y%m%d%H%M}", now=now, due_at=announcing.mail_time(invoice, now), invoice_id=invoice.pk)


def mailable(period: date, kind: str) -> InvoiceQuerySet:
    """The invoices of a month that may be mailed: owed, to clients with an e-mail."""
    return Invoice.objects.filter(period=period, kind=kind, voided_at=None, applied__lt=F("total")).exclude(client__email="")


def ask_mails(period: date, kind: str, *, staff: User, now: datetime) -> bool:
    """Ask for the mail of all invoices of a month that were never mailed. Returns whether there are any."""
    waiting = mailable(period, kind).filter(mail_asked_at=None)
    with transaction.atomic():
        first = waiting.order_by("pk").values_list("pk", flat=True).first()
        if first is None:
            return False
        if defer(MAIL_SOME, f"{kind}:{period:%Y-%m}:{first}:{now:%Y%m%d%H%M}", now=now, period=period.isoformat(), of=kind):
            told = f"{InvoiceKind(kind).label}, {clock.month_name(period)}"
            record("invoice_mail", 0, before={}, after={"asked": told}, by=staff, now=now)
    return True


def mail_some(period: date, kind: str, *, now: datetime) -> None:
    """The next slice of a month's mail, and the job of the one after it. Each invoice is asked for once."""
    with transaction.atomic():
        waiting = mailable(period, kind).filter(mail_asked_at=None).order_by("pk")
        rows = list(waiting.select_related("lease__co_renter").select_for_update(of=("self",), skip_locked=True)[:MAIL_SLICE])
        for invoice in rows:
            defer("payments.invoice_mail", f"{invoice.pk}:month", now=now, due_at=announcing.mail_time(invoice, now), invoice_id=invoice.pk)
            announcing.tell_co_renter(invoice, now)
        Invoice.objects.filter(pk__in=[invoice.pk for invoice in rows]).update(mail_asked_at=now)
        first = waiting.values_list("pk", flat=True).first()
        if first is not None:
            defer(MAIL_SOME, f"{kind}:{period:%Y-%m}:{first}:{now:%Y%m%d%H%M}", now=now, period=period.isoformat(), of=kind)


def mail_progress(period: date, kind: str) -> dict[str, int]:
    """Of a month's invoices: how many there are, were asked for, went out, never were asked for, and have nobody to go to."""
    alive = Invoice.objects.filter(period=period, kind=kind, voided_at=None)
    owed = Q(applied__lt=F("total"))
    counts: dict[str, int] = alive.aggregate(
        all=Count("pk"), asked=Count("pk", filter=Q(mail_asked_at__isnull=False)), mailed=Count("pk", filter=Q(mailed_at__isnull=False)),
        waiting=Count("pk", filter=owed & Q(mail_asked_at=None) & ~Q(client__email="")), without=Count("pk", filter=Q(client__email="")),
    )  # fmt: skip
    return counts


