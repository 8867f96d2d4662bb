"""Credits put on the next rent by the agency's rule: as much as it owes, once, and only where the rule is so."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from payments import credits, manual, reversals, settlement
from payments.models import CreditUse, Invoice, InvoiceKind, MovementKind, Payment, Series
from payments.policy import save_policy
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from tenants import context
from tests.invoicing.helpers import begin, finish, number
from tests.payments.money import check_invariants
from tests.portal.pages import at, text_of
from tests.world import NOW, TODAY, Cast, Casts


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        number(cast.alfa)
        save_policy(partial=False, minimum=Decimal(50_000), use_credit=True)
        yield cast.alfa
    with context.in_agency(cast.alfa.agency):
        check_invariants()


def brings(here: Cast, amount: int) -> Payment:
    """Rita brings money for no invoice."""
    entry = manual.ManualPayment(
        key=uuid.uuid4(), client=here.rita, amount=Decimal(amount), means="Efectivo", reference="", paid_on=TODAY, lines=()
    )
    return settlement.settle_manual(entry, staff=here.sara, now=NOW)


def december(here: Cast) -> Invoice:
    """The month is issued, and the jobs that it asked for are done. Rita's invoice."""
    finish(begin(here))
    for job in Job.objects.filter(kind=credits.RULE, done_at=None):
        assert run_job(job.pk, now=job.due_at)
    return Invoice.objects.get(lease=here.lease, run__isnull=False)


def test_the_next_rent_takes_the_credit(here: Cast) -> None:
    first, second = brings(here, 400_000), brings(here, 100_000)
    invoice = december(here)
    assert (invoice.total, invoice.applied, credits.credit_of(here.rita)) == (1_215_000, 500_000, 0)
    moved = [(m.kind, m.payment, int(m.amount)) for m in invoice.movements.order_by("pk")]
    assert moved == [(MovementKind.APPLIED, first, 400_000), (MovementKind.APPLIED, second, 100_000)]
    use = CreditUse.objects.get()
    assert (use.client, use.amount, use.made_by) == (here.rita, 500_000, None)
    told = Change.objects.get(subject="client", field="credit_used")
    assert (told.subject_id, told.who_name, told.after) == (here.rita.pk, "Sistema", f"$\u00a0500.000, {invoice.full_number}")
    # What was overdue before waits for staff: the rule is for what is issued.
    here.overdue.refresh_from_db()
    assert here.overdue.applied == 0


def test_it_takes_what_it_owes_and_the_rest_waits_for_the_one_after(here: Cast) -> None:
    brings(here, 2_000_000)
    invoice = december(here)
    assert (invoice.balance, credits.credit_of(here.rita)) == (0, 785_000)


def test_once_however_often_the_job_runs(here: Cast) -> None:
    brings(here, 400_000)
    invoice = december(here)
    brings(here, 300_000)
    assert credits.apply_by_rule(invoice.pk, now=NOW) == CreditUse.objects.get()
    assert credits.credit_of(here.rita) == 300_000


def test_reversing_the_payment_takes_it_back_from_the_rent(here: Cast) -> None:
    payment = brings(here, 400_000)
    invoice = december(here)
    reversals.reverse_by_staff(payment.pk, reason="Cheque devuelto", staff=here.sara, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.applied, credits.credit_of(here.rita)) == (0, 0)


def test_a_credit_that_is_gone_and_an_invoice_that_was_voided_are_nothing(here: Cast) -> None:
    payment = brings(here, 400_000)
    finish(begin(here))
    invoice = Invoice.objects.get(lease=here.lease, run__isnull=False)
    reversals.reverse_by_staff(payment.pk, reason="Cheque devuelto", staff=here.sara, now=NOW)
    assert credits.apply_by_rule(invoice.pk, now=NOW) is None
    brings(here, 400_000)
    Invoice.objects.filter(pk=invoice.pk).update(voided_at=NOW)
    assert credits.apply_by_rule(invoice.pk, now=NOW) is None
    assert not CreditUse.objects.exists()


@pytest.mark.parametrize("without", ["rule", "credit"])
def test_without_the_rule_or_without_credit_there_is_no_job(here: Cast, without: str) -> None:
    if without == "rule":
        save_policy(partial=False, minimum=Decimal(50_000))
        brings(here, 400_000)
    assert december(here).applied == 0
    assert not Job.objects.filter(kind=credits.RULE).exists()
    assert credits.credit_of(here.rita) == (400_000 if without == "rule" else 0)


def test_a_commission_takes_no_credit(here: Cast) -> None:
    number(here, Series.COMMISSION)
    Invoice.objects.filter(pk=here.invoice.pk).update(kind=InvoiceKind.COMMISSION)
    brings(here, 400_000)
    here.invoice.refresh_from_db()
    credits.follow_rule([here.invoice], now=NOW)
    assert not Job.objects.filter(kind=credits.RULE).exists()


def test_staff_choose_the_rule_and_see_what_it_did(cast: Casts, here: Cast, browse: Any) -> None:
    save_policy(partial=False, minimum=Decimal(50_000))
    sara = browse(here.agency, here.sara)
    assert "Aplicar el saldo a favor a la próxima factura" in text_of(sara.get(at("desk_policy")))
    assert sara.post(at("desk_policy"), {"use_credit": "on", "minimum": "50.000"}).status_code == 302
    with context.in_agency(here.agency):
        payment = brings(here, 400_000)
        invoice = december(here)
    assert f"{invoice.full_number} $ 400.000 Regla de la inmobiliaria" in text_of(sara.get(at("desk_credit", here.rita.pk)))
    assert "Regla de la inmobiliaria" in text_of(sara.get(at("desk_payment", payment.pk)))
