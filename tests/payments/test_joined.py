"""Where invoices, notices, payouts, commissions and the agency's software meet: each told once, and nothing charged twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clientarea.models import Notice, NoticeChoice, NoticeKind
from payments import announcing, credits
from payments.invoicing import credit_notes, issuing, runs, unannounced
from payments.invoicing import policy as invoicing_policy
from payments.invoicing.drafts import Draft
from payments.models import Invoice, InvoiceKind, Movement, Payout, PayoutLine, RunKind, Series
from payments.payouts import paying
from saas.api.models import Notice as Outgoing
from saas.jobs.models import Job
from tenants import context
from tests.api.test_notices import listen
from tests.invoicing.helpers import DECEMBER, NOVEMBER, begin, finish, number, some_leases
from tests.payments.money import check_invariants
from tests.payouts.steps import check_payouts, collect, figures, liquidate, pay, share_out
from tests.world import NOW, TODAY, Cast, Casts, make_invoice


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    """The addresses of these tests may be this machine's; nothing is delivered."""
    settings.NOTICES_TO_LOOPBACK = True


MAIL = "payments.invoice_mail"
LATER = date(2026, 12, 3)


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        for series in (Series.RENT, Series.COMMISSION, Series.NOTE):
            number(cast.alfa, series)
        yield cast.alfa
        check_invariants()
        check_payouts()


def mails() -> list[int]:
    """The invoices whose mail was asked for."""
    return sorted(job.payload["invoice_id"] for job in Job.objects.filter(kind=MAIL))


def commissions(period: date = NOVEMBER, issued_on: date = LATER) -> list[Invoice]:
    """A run of commissions as its jobs do it, a few days after the month."""
    run = runs.InvoiceRun.objects.create(
        kind=RunKind.COMMISSION, period=period, issued_on=issued_on, key=uuid.uuid4(), asked_by_id=_sara(), asked_at=NOW
    )
    runs.RunItem.objects.bulk_create(runs._items(run))
    finish(run)
    return list(Invoice.objects.filter(run=run).order_by("pk"))


def _sara() -> int:
    from saas.accounts.models import User

    return User.objects.get(username__startswith="sara").pk


def taken() -> Decimal:
    """Commission and its IVA that vouchers took off."""
    return sum((row.commission + row.commission_iva for row in Payout.objects.all()), Decimal(0))


# Told once


def test_a_generated_month_is_on_the_lists_at_once_and_mailed_only_by_the_button(here: Cast) -> None:
    NoticeChoice.objects.create(client=here.berta, kind=NoticeKind.INVOICE, portal=False, mail=True)
    run = finish(begin(here))
    made = {invoice.client_id: invoice for invoice in Invoice.objects.filter(run=run)}
    told = {notice.key: (notice.client_id, notice.listed) for notice in Notice.objects.all()}
    assert told == {
        f"invoice:{made[here.rita.pk].pk}": (here.rita.pk, True), f"invoice:{made[here.berta.pk].pk}": (here.berta.pk, False)
    }  # fmt: skip
    assert mails() == []
    assert not announcing.announce_invoice(made[here.rita.pk], NOW)
    assert not unannounced.unannounced(today=TODAY).filter(run=run).exists()
    assert issuing.ask_mails(DECEMBER, InvoiceKind.RENT, staff=here.sara, now=NOW)
    issuing.mail_some(DECEMBER, InvoiceKind.RENT, now=NOW)
    issuing.mail_some(DECEMBER, InvoiceKind.RENT, now=NOW)
    assert mails() == sorted(invoice.pk for invoice in made.values())


def test_one_invoice_is_mailed_by_whoever_asks_first(here: Cast) -> None:
    assert announcing.announce_invoice(here.invoice, NOW)
    assert mails() == [here.invoice.pk]
    assert _waiting() == [here.berta_invoice.pk]
    issuing.mail_some(NOVEMBER, InvoiceKind.RENT, now=NOW)
    assert mails().count(here.invoice.pk) == 1
    assert mails() == [here.invoice.pk, here.berta_invoice.pk]
    assert announcing.announce_invoice(here.berta_invoice, NOW)  # on the list, and no second mail
    assert mails() == [here.invoice.pk, here.berta_invoice.pk]


def _waiting() -> list[int]:
    return list(issuing.mailable(NOVEMBER, InvoiceKind.RENT).filter(mail_asked_at=None).values_list("pk", flat=True))


def test_the_mail_of_an_overdue_invoice_waits_for_the_hours_of_collection_whoever_asks(here: Cast) -> None:
    night = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # Monday, 21:00 in Bogotá
    issuing.ask_mail(here.overdue, now=night)
    issuing.mail_some(date(2026, 10, 1), InvoiceKind.RENT, now=night)
    issuing.ask_mail(here.invoice, now=night)
    due = {job.payload["invoice_id"]: job.due_at for job in Job.objects.filter(kind=MAIL)}
    assert due == {here.overdue.pk: datetime(2026, 11, 24, 12, 0, tzinfo=UTC), here.invoice.pk: night}


def test_the_agencys_software_is_told_of_issued_invoices_and_paid_payouts(here: Cast) -> None:
    listen(here, "http://127.0.0.1:9/")
    run = finish(begin(here))
    collect(here, here.invoice)
    Job.objects.all().delete()
    pay(here, *liquidate(here))
    kinds = list(Outgoing.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["invoice.issued"] * run.invoices.count() + ["payment.approved", "payout.paid"]
    assert Job.objects.filter(kind="api.deliver").count() == 1


def test_telling_of_a_batch_costs_the_same_however_many_there_are(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    listen(here, "http://127.0.0.1:9/")
    some_leases(here, 40)
    counts: list[tuple[int, int]] = []
    for batch, period in ((5, DECEMBER), (30, date(2027, 1, 1))):
        monkeypatch.setattr(runs, "BATCH", batch)
        run = begin(here, period)
        with CaptureQueriesContext(connection) as asked:
            runs.run_some(run.pk, now=NOW)
        assert Outgoing.objects.filter(kind="invoice.issued").count() == sum(count for count, _queries in counts) + batch
        counts.append((batch, len(asked)))
    assert counts[0][1] == counts[1][1]


# Commissions and payouts


def test_a_commission_that_payouts_took_off_is_covered_when_its_run_invoices_it(here: Cast) -> None:
    """October's rent came in November with November's: one invoice of the run for both, and vouchers of two months."""
    for invoice in (here.overdue, here.invoice):
        collect(here, invoice)
    pay(here, *liquidate(here))
    assert taken() == 2 * (76_000 + 14_440)
    (made,) = commissions()
    assert (made.total, made.applied) == (180_880, 180_880)
    assert not Notice.objects.filter(key=f"invoice:{made.pk}").exists()  # it asks for nothing
    assert Movement.objects.filter(invoice=made, kind="deducted").count() == 1
    assert paying.cover_reckoned(Invoice.objects.all(), now=NOW) == []


def test_a_commission_that_a_run_invoiced_is_taken_off_once_whatever_month_the_rent_was_of(here: Cast) -> None:
    for invoice in (here.overdue, here.invoice):
        collect(here, invoice)
    (made,) = commissions()
    assert made.total == 180_880
    pay(here, *liquidate(here, until=LATER))
    made.refresh_from_db()
    assert (taken(), made.balance) == (180_880, 0)
    assert sum(row.net for row in Payout.objects.all()) == 2 * 950_000 - 180_880


def test_rent_of_another_month_alone_takes_the_runs_invoice_off(here: Cast) -> None:
    collect(here, here.overdue)
    (made,) = commissions()
    pay(here, *liquidate(here, until=LATER))
    made.refresh_from_db()
    assert (taken(), made.balance) == (90_440, 0)
    collect(here, here.invoice, on=LATER)  # after the run: reckoned, and covered by December's
    pay(here, *liquidate(here, until=LATER))
    assert taken() == 2 * 90_440
    (december,) = commissions(DECEMBER, date(2027, 1, 4))
    assert (december.total, december.applied) == (90_440, 90_440)


def test_the_iva_of_a_reckoned_commission_is_the_agencys_own(here: Cast) -> None:
    rules = {"late_rate": Decimal(0), "late_grace": 0, "iva_rate": Decimal(19), "commission_iva_rate": Decimal(0)}
    invoicing_policy.save(rules, staff=here.sara, now=NOW, today=TODAY)
    collect(here, here.invoice)
    liquidate(here)
    assert figures(PayoutLine.objects.get()) == (950_000, 76_000, 0, 0, 0, 874_000)


def test_one_commission_invoice_is_covered_as_a_run_covers_it(here: Cast) -> None:
    collect(here, here.invoice)
    pay(here, *liquidate(here))
    draft = Draft(
        kind=InvoiceKind.COMMISSION, client_id=here.oscar.pk, client="", period=NOVEMBER, issued_on=TODAY, due_on=TODAY, concept="Comisión",
        base=Decimal(76_000), rent_iva=Decimal(14_440), lease_id=here.lease.pk,
    )  # fmt: skip
    made = issuing.write_one(draft, key=uuid.uuid4(), staff=here.sara, now=NOW)
    made.refresh_from_db()
    assert made.balance == 0


def by_hand(here: Cast, base: int = 76_000, period: date = NOVEMBER, *, owner: Any = None, lease: bool = True) -> Invoice:
    """A commission that somebody wrote, as the desk's form does."""
    draft = Draft(
        kind=InvoiceKind.COMMISSION, client_id=(owner or here.oscar).pk, client="", period=period, issued_on=TODAY, due_on=TODAY,
        concept="Comisión", base=Decimal(base), rent_iva=Decimal(base) * 19 / 100, lease_id=here.lease.pk if lease else None,
    )  # fmt: skip
    return issuing.write_one(draft, key=uuid.uuid4(), staff=here.sara, now=NOW)


def test_a_commission_by_hand_is_taken_off_and_no_run_asks_for_it_again(here: Cast) -> None:
    written = by_hand(here)
    collect(here, here.invoice)
    assert commissions() == []
    (item,) = runs.RunItem.objects.filter(owner=here.oscar, lease=here.lease)
    assert (item.state, item.invoice, item.collected, item.reason) == ("issued", written, 950_000, "Ya se facturó a mano: FC-1.")
    pay(here, *liquidate(here, until=LATER))
    written.refresh_from_db()
    assert (taken(), written.balance) == (90_440, 0)
    collect(here, here.overdue, on=LATER)  # the next month's run asks for the next money alone
    pay(here, *liquidate(here, until=LATER))
    (december,) = commissions(DECEMBER, date(2027, 1, 4))
    assert (december.base, december.balance, taken()) == (76_000, 0, 2 * 90_440)


def test_a_run_asks_for_what_a_commission_by_hand_did_not(here: Cast) -> None:
    written = by_hand(here, 50_000)
    collect(here, here.invoice)
    (made,) = commissions()
    assert (made.base, made.iva, made.concept.endswith("contrato CA-1, menos FC-1")) == (26_000, 4_940, True)
    pay(here, *liquidate(here, until=LATER))
    for invoice in (written, made):
        invoice.refresh_from_db()
        assert invoice.balance == 0
    assert taken() == 90_440
    collect(here, here.overdue, on=LATER)
    assert [invoice.base for invoice in commissions(DECEMBER, date(2027, 1, 4))] == [76_000]


def test_a_commission_by_hand_that_was_voided_is_asked_for_by_the_run(here: Cast) -> None:
    written = by_hand(here)
    collect(here, here.invoice)
    assert commissions() == []
    issuing.void(written.pk, reason="Se escribió dos veces", staff=here.sara, now=NOW)
    assert [invoice.base for invoice in commissions()] == [76_000]


def test_a_commission_by_hand_of_one_owner_leaves_the_others_as_they_were(here: Cast) -> None:
    share_out(here, (here.oscar, "60"), (here.berta, "40"))
    by_hand(here, 45_600)
    collect(here, here.invoice)
    (made,) = commissions()
    assert (made.client, made.base) == (here.berta, 30_400)
    pay(here, *liquidate(here, until=LATER))
    assert taken() == 90_440


@pytest.mark.parametrize("period", [date(2026, 10, 1), DECEMBER])
def test_a_commission_by_hand_of_another_month_is_taken_off_what_comes(here: Cast, period: date) -> None:
    written = by_hand(here, 10_000, period)
    collect(here, here.invoice)
    pay(here, *liquidate(here))
    written.refresh_from_db()
    assert (written.balance, taken()) == (0, 90_440 + 11_900)


def test_a_commission_by_hand_without_a_lease_is_taken_off_the_owners_next_payout_once(here: Cast) -> None:
    written, other = by_hand(here, 10_000, lease=False), by_hand(here, 10_000, owner=here.rita, lease=False)
    for invoice in (here.overdue, here.invoice, here.berta_invoice):
        collect(here, invoice)
    orders = liquidate(here)
    assert {line.liquidation.lease.number: int(line.commission) for line in PayoutLine.objects.filter(order__owner=here.oscar)} == {
        "CA-1": 76_000, "CA-3": 170_000
    }  # fmt: skip
    pay(here, *orders)
    for invoice in (written, other):
        invoice.refresh_from_db()
    assert (written.balance, other.balance) == (0, 11_900)


def test_what_a_book_brought_is_not_taken_off_another_month(here: Cast) -> None:
    make_invoice(
        here.lease, 900, kind=InvoiceKind.COMMISSION, prefix="FC", client=here.oscar, period=date(2026, 8, 1), base=76_000, administration=0,
        iva=14_440, total=90_440,
    )  # fmt: skip
    collect(here, here.invoice)
    pay(here, *liquidate(here))
    assert taken() == 90_440


@pytest.mark.parametrize("issue", [by_hand, lambda here: commissions()[0]])
def test_what_an_unpaid_line_reckons_is_not_taken_again_by_the_next_one(here: Cast, issue: Any) -> None:
    """The invoice comes between the liquidation and the payment: the line covers it, and the next takes only its own."""
    collect(here, here.invoice)
    (first,) = liquidate(here)
    paying.review([first.pk], staff=here.sara, now=NOW)
    written = issue(here)
    collect(here, here.overdue, on=LATER)
    (second,) = liquidate(here, until=LATER)
    assert int(second.lines.get().commission) == 76_000
    assert not second.lines.get().commissions.exists()
    paying.mark_paid(first.pk, paying.Transfer(TODAY), staff=here.sara, now=NOW)
    written.refresh_from_db()
    assert written.balance == 0
    pay(here, second)
    assert taken() == 2 * 90_440


def test_covering_asks_for_nothing_of_payouts_without_an_owed_invoice(here: Cast) -> None:
    collect(here, here.invoice)
    pay(here, *liquidate(here))
    with CaptureQueriesContext(connection) as asked:
        assert paying.cover_reckoned(Invoice.objects.all(), now=NOW) == []
    assert len([query for query in asked if "SAVEPOINT" not in query["sql"]]) == 1


# Credit notes and payouts


def test_rent_that_a_credit_note_gave_back_is_taken_off_the_owner(here: Cast) -> None:
    """The renter paid $ 1.215.000 of which $ 950.000 are rent, and it was paid out; the invoice is then credited whole, and the
    credit pays October's: the owner was paid one rent, not two."""
    collect(here, here.invoice)
    pay(here, *liquidate(here))
    credit_notes.issue_note(here.invoice.pk, amount=Decimal(1_215_000), reason="Mes sin uso", key=uuid.uuid4(), staff=here.sara, now=NOW)
    (order,) = liquidate(here)
    assert [figures(line) for line in order.lines.all()] == [(-950_000, -76_000, -14_440, 0, 0, -859_560)]
    credits.apply_credit(here.rita, [(here.overdue.pk, Decimal(1_215_000))], key=uuid.uuid4(), staff=here.sara, now=NOW)
    (order,) = liquidate(here)
    assert paying.totals_of([order]) == {order.pk: 0}
    pay(here, order)
    assert sum(row.collected for row in Payout.objects.all()) == 950_000
    (made,) = commissions()
    assert (made.base, made.balance) == (76_000, 0)


def test_a_note_before_the_rent_is_paid_lowers_what_is_paid_out(here: Cast) -> None:
    invoice = make_invoice(here.lease, 77, total=1_000_000, period=date(2026, 9, 1))
    credit_notes.issue_note(invoice.pk, amount=Decimal(200_000), reason="Daño en el baño", key=uuid.uuid4(), staff=here.sara, now=NOW)
    collect(here, invoice)
    liquidate(here)
    assert figures(PayoutLine.objects.get()) == (800_000, 64_000, 12_160, 0, 0, 723_840)
