"""Who is reminded of what, and when: within the agency's policy and within Ley 2300 of 2023, on Bogotá's clock.

A day's round looks for clients with rents about to fall due or overdue and writes down, for each, one contact with its
reminders; their mail is a job. It may run any number of times and die anywhere: a client has one contact a day, an invoice
each turn once, and the database refuses more. A day that was missed is made up by the next: nothing depends on the exact date.
Nobody is reminded of what is being paid, and what is paid meanwhile drops out of the mail (payments/reminders/mail.py).

Who signed the lease too is told of the same rents the same day, by a contact of their own: by their own choices and within their
own bounds of the law. Their way to the invoice is the signed link, which shows no more than what is owed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from clientarea import notices
from clientarea.models import Client, Lease, NoticeKind
from payments import announcing
from payments.models import (
    Contact,
    ContactState,
    Invoice,
    InvoiceKind,
    InvoiceQuerySet,
    InvoiceState,
    Reminder,
    ReminderKind,
    ReminderPolicy,
)
from payments.reminders import policy as reminder_policy
from saas.jobs.defer import defer
from saas.lib import clock
from saas.lib.businessdays import collection_hours

log = logging.getLogger(__name__)
SOME = 100  # clients at a time: a job's lease is short
WEEK = timedelta(days=7)
NOTICE_KIND = {ReminderKind.SOON: NoticeKind.DUE_SOON, ReminderKind.LATE: NoticeKind.OVERDUE}


@dataclass(frozen=True)
class Due:
    """An invoice to remind of, and the how-manieth time."""

    invoice: Invoice
    kind: ReminderKind
    turn: int


def wake(*, now: datetime) -> bool:
    """Ask for today's round where the agency wants reminders and messages may be sent now. Returns whether it is new."""
    if not collection_hours(now) or not ReminderPolicy.objects.filter(Q(soon=True) | Q(late=True)).exists():
        return False
    with transaction.atomic():
        return defer("payments.remind", clock.local(now).date().isoformat(), now=now)


def remind_some(*, now: datetime, limit: int = SOME) -> bool:
    """Write down the contacts of some clients. Returns whether there may be more. Outside the hours nobody is looked for:
    the round of the next day that has hours does it."""
    policy = reminder_policy.current()
    if not collection_hours(now):
        return False
    today = clock.local(now).date()
    waiting = list(clients_to_remind(policy, today=today).values_list("pk", flat=True)[:limit])
    made = 0
    for client_id in waiting:
        try:
            made += _remind(client_id, policy, now=now)
        except DatabaseError as error:
            # One client's trouble must not silence the others.
            log.error("no reminder for client %s: %s", client_id, type(error).__name__)
    return len(waiting) == limit and made > 0


def clients_to_remind(policy: ReminderPolicy, *, today: date) -> QuerySet[Client]:
    """The clients whom the policy would write to today, who were not written to today nor too often this week."""
    due = Q(pk__in=_due_invoices(policy, today=today).values("client"))
    week = Count("contacts", filter=Q(contacts__on__gt=today - WEEK) & ~Q(contacts__state=ContactState.LISTED))
    return (
        Client.objects.filter(due, archived_at=None)
        .exclude(contacts__on=today)
        .annotate(week=week)
        .filter(week__lt=policy.weekly)
        .order_by("pk")
    )


def due_of(client: Client, policy: ReminderPolicy, *, today: date) -> list[Due]:
    """What a client is to be reminded of today, the oldest first."""
    return [
        Due(invoice, ReminderKind.LATE, invoice.late_turns + 1)  # type: ignore[attr-defined]
        if invoice.due_on < today
        else Due(invoice, ReminderKind.SOON, 1)
        for invoice in _due_invoices(policy, today=today).filter(client=client).select_related("lease__co_renter").order_by("due_on", "pk")
    ]


def _due_invoices(policy: ReminderPolicy, *, today: date) -> InvoiceQuerySet:
    """The rents of which the policy would remind today, with `late_turns`, how often that was done."""
    late = Q(reminders__kind=ReminderKind.LATE)
    rents: InvoiceQuerySet = (
        Invoice.objects.filter(kind=InvoiceKind.RENT)
        .owed()
        .with_state(today=today)
        .exclude(state=InvoiceState.IN_PROCESS)  # type: ignore[misc]
        .annotate(
            late_turns=Coalesce(Max("reminders__turn", filter=late), 0),
            soon_turns=Count("reminders", filter=Q(reminders__kind=ReminderKind.SOON)),
            late_on=Max("reminders__contact__on", filter=late),
        )
    )
    wanted = Q(pk__in=[])
    if policy.soon:
        until = today + timedelta(days=policy.days_before)
        wanted |= Q(due_on__gte=today, due_on__lte=until, issued_on__lt=today, soon_turns=0)
    if policy.late:
        long_ago = today - timedelta(days=policy.repeat_days)
        wanted |= Q(due_on__lte=today - timedelta(days=policy.days_after), late_turns__lt=policy.most) & (
            Q(late_on=None) | Q(late_on__lte=long_ago)
        )
    return rents.filter(wanted)


def _remind(client_id: int, policy: ReminderPolicy, *, now: datetime) -> bool:
    """Write down the contact of one client, its reminders and notices, and ask for its mail; nothing if that was done. Returns
    whether there is a new one."""
    today = clock.local(now).date()
    with transaction.atomic():
        client = _locked(client_id)
        due = due_of(client, policy, today=today) if clients_to_remind(policy, today=today).filter(pk=client_id).exists() else []
        if not due:
            return False
        by_mail = mail_kinds(client)
        mailed = any(each.kind in by_mail for each in due)
        contact = Contact.objects.create(
            client=client, on=today, state=ContactState.WAITING if mailed else ContactState.LISTED, made_at=now
        )
        Reminder.objects.bulk_create(
            Reminder(contact=contact, invoice=each.invoice, kind=each.kind, turn=each.turn) for each in due
        )
        for each in due:
            _list(client, each, now=now)
        if mailed:
            defer("payments.reminder_mail", str(contact.pk), now=now, contact_id=contact.pk)
        _repeat(contact, due, policy, now=now)
        return True


def _locked(client_id: int) -> Client:
    """The client, locked together with who signed their leases too, always in one order: two rounds cannot wait for each other."""
    signed = Lease.objects.filter(renter=client_id).exclude(co_renter=None).order_by().values("co_renter")
    rows = Client.objects.select_for_update().filter(Q(pk=client_id) | Q(pk__in=signed)).order_by("pk")
    return next(row for row in rows if row.pk == client_id)


def _repeat(contact: Contact, due: list[Due], policy: ReminderPolicy, *, now: datetime) -> None:
    """Tell who signed those leases too, unless the law's bounds of that person are reached."""
    shared: dict[Client, list[Due]] = {}
    for each in due:
        co_renter = announcing.co_renter_of(each.invoice)
        if co_renter is not None:
            shared.setdefault(co_renter, []).append(each)
    for client, theirs in shared.items():
        if Contact.objects.filter(client=client, on=contact.on).exists() or _this_week(client, contact.on) >= policy.weekly:
            continue
        by_mail = mail_kinds(client)
        mailed = any(each.kind in by_mail for each in theirs)
        state = ContactState.WAITING if mailed else ContactState.LISTED
        row = Contact.objects.create(client=client, on=contact.on, state=state, made_at=now, beside=contact)
        for each in theirs:
            _list(client, each, now=now)
        if mailed:
            defer("payments.reminder_mail", str(row.pk), now=now, contact_id=row.pk)


def _this_week(client: Client, today: date) -> int:
    return Contact.objects.filter(client=client, on__gt=today - WEEK).exclude(state=ContactState.LISTED).count()


def mail_kinds(client: Client) -> set[ReminderKind]:
    """Of which kinds of reminder a client may be mailed."""
    if not notices.may_mail(client):
        return set()
    wishes = notices.wishes_of(client)
    return {kind for kind, notice_kind in NOTICE_KIND.items() if wishes[notice_kind].mail}


def _list(client: Client, due: Due, *, now: datetime) -> None:
    invoice = due.invoice
    key = f"{due.kind}:{invoice.pk}:{due.turn}"
    notices.tell(
        client=client,
        kind=NOTICE_KIND[due.kind],
        key=announcing.key_for(key, invoice, client),
        data={"number": invoice.full_number, "amount": invoice.balance, "due_on": invoice.due_on},
        link=announcing.path_for(invoice, client),
        now=now,
    )
