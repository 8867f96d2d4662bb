"""Credit notes: a numbered document that takes back part or all of an invoice, with its reason.

The note covers what was owed; what was already paid of it goes back to the payments that paid it, as the client's credit. So
the ledger explains every balance, and reversing one of those payments still finds its money. Locks: payments, invoice, numbering.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from payments.invoicing import numbering
from payments.models import CreditNote, Invoice, Movement, MovementKind, Payment, Series
from saas.accounts.models import User
from saas.audit.changes import record
from saas.lib import clock
from saas.lib.money import cop, whole

ZERO = Decimal(0)


class NoteRefused(ValueError):  # noqa: N818
    """Why a credit note cannot be issued so, in Spanish, for staff."""


def most_of(invoice: Invoice) -> Decimal:
    """The most that a note of an invoice may be, COP: what was owed and what payments paid, not what a payout deducted."""
    return invoice.balance + sum(_held(invoice).values(), ZERO) if invoice.voided_at is None else ZERO


def issue_note(invoice_id: int, *, amount: Decimal, reason: str, key: UUID, staff: User, now: datetime) -> CreditNote:
    """Take `amount` COP (IVA included) of an invoice back. The same key again returns its note. Raises NoteRefused."""
    while True:
        try:
            return _issue(invoice_id, amount=amount, reason=reason, key=key, staff=staff, now=now)
        except _PaidMeanwhile:
            continue  # a payment reached the invoice before our lock did: now it is seen, and locked first


class _PaidMeanwhile(Exception):
    """A payment that is not locked holds money of the invoice."""


def _issue(invoice_id: int, *, amount: Decimal, reason: str, key: UUID, staff: User, now: datetime) -> CreditNote:
    with transaction.atomic():
        held = set(_held(Invoice.objects.get(pk=invoice_id)))
        payments = {p.pk: p for p in Payment.objects.select_for_update(of=("self",)).filter(pk__in=held).order_by("pk")}
        invoice = Invoice.objects.select_for_update(of=("self",)).select_related("client").get(pk=invoice_id)
        made = CreditNote.objects.filter(key=key).first()
        if made is not None:
            return made
        paid = _held(invoice)
        if paid.keys() - payments.keys():
            raise _PaidMeanwhile
        _check(invoice, amount, paid)
        try:
            resolution = numbering.lock(Series.NOTE)
            today = clock.local(now).date()
            (number,) = numbering.take(resolution, 1, on=today)
        except numbering.NumberingRefused as error:
            raise NoteRefused(str(error)) from error
        note = CreditNote.objects.create(
            resolution=resolution, prefix=resolution.prefix, number=number, key=key, invoice=invoice, client=invoice.client, issued_on=today,
            amount=amount, iva=_iva(invoice, amount), reason=reason, made_by=staff, made_at=now,
        )  # fmt: skip
        _move(note, invoice, payments, paid, now=now)
        told = f"{note.full_number}: {cop(amount)} ({reason})"
        record("invoice", invoice.pk, before={}, after={"credit_note": told}, by=staff, now=now)
        return note


def _held(invoice: Invoice) -> dict[int, Decimal]:
    """What each payment holds of an invoice, by its id, those that came last first."""
    rows = Movement.objects.filter(invoice=invoice, payment__isnull=False).values_list("payment").annotate(net=Sum("amount"))
    return {pk: net for pk, net in rows.order_by("-payment") if net > 0}


def _check(invoice: Invoice, amount: Decimal, paid: dict[int, Decimal]) -> None:
    if invoice.voided_at is not None:
        raise NoteRefused("La factura está anulada: no hay qué acreditar.")
    most = invoice.balance + sum(paid.values(), ZERO)
    if not 0 < amount <= most:
        if most == 0:
            raise NoteRefused("De esta factura no queda nada por acreditar.")
        raise NoteRefused(f"La nota puede ser de hasta {cop(most)}.")


def _iva(invoice: Invoice, amount: Decimal) -> Decimal:
    """The note's part of the IVA: in proportion, and all that is left of it when nothing of the invoice is."""
    noted = invoice.notes.aggregate(iva=Sum("iva"))["iva"] or ZERO
    if amount + invoice.credited == invoice.total:
        return min(invoice.iva - noted, amount)
    return min(whole(invoice.iva * amount / invoice.total), invoice.iva - noted, amount)


def _move(note: CreditNote, invoice: Invoice, payments: dict[int, Payment], paid: dict[int, Decimal], *, now: datetime) -> None:
    """Give back what was paid beyond what stays, then cover the invoice with the note."""
    movements: list[Movement] = []

    def movement(kind: MovementKind, amount: Decimal, of: Invoice | None, payment: Payment | None) -> None:
        movements.append(
            Movement(
                kind=kind, client_id=payment.client_id if payment else note.client_id, payment=payment,
                attempt_id=payment.credited_by_id if payment else None, invoice=of, amount=amount, on=note.issued_on, made_at=now,
                credit_note=note,
            )
        )  # fmt: skip

    over = max(note.amount - invoice.balance, ZERO)
    invoice.applied += note.amount - over
    invoice.credited += note.amount
    invoice.save(update_fields=["applied", "credited"])
    for pk, net in paid.items():
        part = min(net, over)
        if part > 0:
            movement(MovementKind.RELEASED, -part, invoice, payments[pk])
            movement(MovementKind.CREDIT, part, None, payments[pk])
            over -= part
    movement(MovementKind.NOTE, note.amount, invoice, None)
    Movement.objects.bulk_create(movements)
