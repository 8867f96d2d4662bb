"""A client's credits: what payments brought beyond their invoices, and putting it on invoices that are owed, by staff or by the
agency's rule as soon as a rent is issued.

A credit always belongs to the payment that brought it, so that reversing that payment finds where it went. Rows are locked
in settlement's order: payments by id, invoices by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Sum

from clientarea.models import Client
from payments.models import CreditUse, Invoice, InvoiceKind, Movement, MovementKind, Payment
from payments.policy import current_policy
from saas.accounts.models import User
from saas.audit.changes import record
from saas.jobs.defer import defer
from saas.lib import clock
from saas.lib.money import cop

RULE = "payments.use_credit"


class CreditRefused(ValueError):  # noqa: N818
    """Why a credit cannot be applied so, in Spanish, for staff."""


def credits_of(client: Client) -> list[tuple[Payment, Decimal]]:
    """The payments of a client that have credit left, the oldest first, with how much (COP)."""
    rows = (
        Movement.objects.filter(client=client, invoice=None, payment__isnull=False)
        .order_by().values("payment_id").annotate(left=Sum("amount")).filter(left__gt=0)
    )  # fmt: skip
    left = {row["payment_id"]: row["left"] for row in rows}
    payments = Payment.objects.filter(pk__in=left).select_related("receipt").order_by("paid_on", "pk")
    return [(payment, left[payment.pk]) for payment in payments]


def credit_of(client: Client) -> Decimal:
    """COP in favour of a client."""
    return sum((left for _, left in credits_of(client)), Decimal(0))


def apply_credit(client: Client, lines: Sequence[tuple[int, Decimal]], *, key: UUID, staff: User, now: datetime) -> CreditUse:
    """Put a client's credit on invoices (id, COP), the oldest credit first. The same key again applies nothing more.

    Raises CreditRefused; then nothing is kept.
    """
    wanted = dict(lines)
    total = sum(wanted.values(), Decimal(0))
    if not wanted or len(wanted) != len(lines) or any(amount <= 0 for amount in wanted.values()):
        raise CreditRefused("Escriba cuánto aplicar a por lo menos una factura.")
    try:
        with transaction.atomic():
            # First of all: of the same form sent twice at once, the second waits here for the first.
            use = CreditUse.objects.create(key=key, client=client, amount=total, made_by=staff, made_at=now)
            held = [payment.pk for payment, _ in credits_of(client)]
            locked = {payment.pk for payment in Payment.objects.select_for_update().filter(pk__in=held).order_by("pk")}
            _move(use, _locked(client, wanted), wanted, locked, now=now)
            return use
    except IntegrityError:
        existing = CreditUse.objects.filter(key=key).first()
        if existing is None:
            raise
        return existing


def follow_rule(invoices: Sequence[Invoice], *, now: datetime) -> None:
    """Where the agency's rule is so, have the credits of the clients of newly issued rents put on them: a job for each, since
    issuing holds locks that come after those of payments. Call it in the transaction that issues them."""
    rents = [invoice for invoice in invoices if invoice.kind == InvoiceKind.RENT]
    if not rents or not current_policy().use_credit:
        return
    held = Movement.objects.filter(client__in={invoice.client_id for invoice in rents}, invoice=None, payment__isnull=False)
    rich = set(held.order_by().values("client").annotate(left=Sum("amount")).filter(left__gt=0).values_list("client", flat=True))
    for invoice in rents:
        if invoice.client_id in rich:
            defer(RULE, str(invoice.pk), now=now, invoice_id=invoice.pk)


def apply_by_rule(invoice_id: int, *, now: datetime) -> CreditUse | None:
    """Put the credit of an invoice's client on it, as much as it owes, once. Returns what was used, None if there was nothing."""
    invoice = Invoice.objects.select_related("client").get(pk=invoice_id)
    client, key = invoice.client, uuid5(NAMESPACE_OID, f"credit of invoice {invoice_id}")
    with transaction.atomic():
        held = [payment.pk for payment, _ in credits_of(client)]
        locked = {payment.pk for payment in Payment.objects.select_for_update().filter(pk__in=held).order_by("pk")}
        invoice = Invoice.objects.select_for_update().get(pk=invoice_id)
        made = CreditUse.objects.filter(key=key).first()
        if made is not None:
            return made
        credit = sum((left for payment, left in credits_of(client) if payment.pk in locked), Decimal(0))
        amount = min(credit, invoice.balance) if invoice.voided_at is None else Decimal(0)
        if amount <= 0:
            return None
        use = CreditUse.objects.create(key=key, client=client, amount=amount, made_at=now)
        _move(use, [invoice], {invoice_id: amount}, locked, now=now)
        record("client", client.pk, before={}, after={"credit_used": f"{cop(amount)}, {invoice.full_number}"}, by=None, now=now)
        return use


def _locked(client: Client, wanted: dict[int, Decimal]) -> list[Invoice]:
    invoices = list(Invoice.objects.select_for_update().filter(pk__in=wanted, client=client).order_by("pk"))
    if len(invoices) != len(wanted):
        raise CreditRefused("Una de las facturas no es de este cliente.")
    for invoice in invoices:
        owed = Decimal(0) if invoice.voided_at else invoice.balance
        if wanted[invoice.pk] > owed:
            raise CreditRefused(f"La factura {invoice.full_number} tiene un saldo de {cop(owed)}: revise lo que le aplica.")
    return invoices


def _move(use: CreditUse, invoices: list[Invoice], wanted: dict[int, Decimal], held: set[int], *, now: datetime) -> None:
    """Two movements for each part: out of the credit, onto the invoice. What is left is read again under the locks."""
    purse = [(payment, left) for payment, left in credits_of(use.client) if payment.pk in held]
    if sum((left for _, left in purse), Decimal(0)) < use.amount:
        raise CreditRefused("El saldo a favor ya no alcanza: alguien lo usó o se reversó su pago.")
    movements: list[Movement] = []
    for invoice in sorted(invoices, key=lambda invoice: (invoice.due_on, invoice.pk)):
        missing = wanted[invoice.pk]
        invoice.applied += missing
        invoice.save(update_fields=["applied"])
        while missing:
            payment, left = purse.pop(0)
            part = min(left, missing)
            for kind, of, amount in ((MovementKind.CREDIT, None, -part), (MovementKind.APPLIED, invoice, part)):
                movements.append(
                    Movement(
                        kind=kind, client=use.client, payment=payment, attempt_id=payment.credited_by_id, invoice=of,
                        amount=amount, on=clock.local(now).date(), made_at=now, credit_use=use,
                    )
                )  # fmt: skip
            missing -= part
            if left > part:
                purse.insert(0, (payment, left - part))
    Movement.objects.bulk_create(movements)
