"""Every address of the pages of money with somebody else's id, of this agency and of the other: not found, and nothing changes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import URLPattern

from payments import portal, reversals
from payments.models import Attempt, Invoice, InvoiceKind, Movement, Payment, Payout, Reversal
from saas.jobs.models import Job
from tenants import context
from tests.payments.money import say
from tests.portal.pages import PAYER, at, begin
from tests.world import NOW, Cast, Casts, make_invoice

WITH_ID = [pattern for pattern in portal.urlpatterns if "<int:pk>" in str(pattern.pattern)]
REVERSALS = at("payment_reversal", 1).removesuffix("1/")
SHIFT = 50_000  # beta's rows get ids that alfa has not


def rows(cast: Cast, *, shift: int = 0) -> dict[str, list[int]]:
    """One of everything that has a page, of Rita and of Oscar, by the first part of its address. Call it inside the agency."""
    commission = make_invoice(cast.lease, 900 + shift, kind=InvoiceKind.COMMISSION, client=cast.oscar)
    open_, paid, declined, gone = (begin(cast, make_invoice(cast.lease, 910 + shift + n)) for n in range(4))
    say(paid)
    say(gone)
    reversal = reversals.reverse_by_staff(gone.payment_id, reason="Cheque devuelto", staff=cast.sara, now=NOW)
    say(declined, state="6")
    payout = Payout.objects.create(
        prefix="CE", number=1 + shift, owner=cast.oscar, lease=cast.lease, period=date(2026, 11, 1), paid_on=date(2026, 11, 12),
        collected=1, commission=0, commission_iva=0, withholdings=0, other=0, net=1,
    )  # fmt: skip
    made = {
        "facturas": [cast.invoice.pk], "comisiones": [commission.pk], "ingresos": [payout.pk],
        "pagos": [each.payment_id for each in (open_, paid, declined)], "reversiones": [reversal.pk],
    }  # fmt: skip
    return made


def snapshot() -> tuple[Any, ...]:
    """What a page could have changed."""
    return (
        list(Invoice.objects.order_by("pk").values_list("pk", "applied")),
        list(Payment.objects.order_by("pk").values_list("pk", "state", "amount")),
        list(Attempt.objects.order_by("pk").values_list("pk", "state", "returned_state")),
        Movement.objects.count(),
        sorted(Job.objects.values_list("kind", "key")),
    )


def paths(pattern: URLPattern, ids: dict[str, list[int]]) -> list[str]:
    first = str(pattern.pattern).split("/")[0]
    return [at(str(pattern.name), pk) for pk in ids[first]]


def answers(browser: Browser, path: str) -> list[int]:
    """The statuses of a GET and a POST. 405: the page knows no such question, whosever it is."""
    return [browser.get(path).status_code, browser.post(path, PAYER).status_code]


def test_there_are_addresses_to_try() -> None:
    assert {pattern.name for pattern in WITH_ID} >= {
        "invoice", "invoice_pdf", "invoice_pay", "payment", "payment_state", "payment_go", "payment_check", "payment_retry",
        "payment_receipt", "commission", "commission_pdf", "payout_receipt", "payment_reversal",
    }  # fmt: skip


@pytest.mark.parametrize("pattern", WITH_ID, ids=lambda pattern: pattern.name)
def test_what_is_somebody_elses_is_not_found_and_does_not_change(cast: Casts, browse: Any, pattern: URLPattern) -> None:
    here, there = cast.alfa, cast.beta
    with context.in_agency(here.agency):
        mine = rows(here)
        before = snapshot()
    with context.in_agency(there.agency):
        theirs = rows(there, shift=SHIFT)
        Payout.objects.update(id=SHIFT)
        theirs["ingresos"] = [SHIFT]
        rent, commission = make_invoice(there.lease, 2_000), make_invoice(there.lease, 2_001, kind=InvoiceKind.COMMISSION, client=there.oscar)
        for key, invoice in (("facturas", rent), ("comisiones", commission)):
            Invoice.objects.filter(pk=invoice.pk).update(id=SHIFT + invoice.pk)
            theirs[key] = [SHIFT + invoice.pk]
        payment = Payment.objects.create(pk=SHIFT, client=there.rita, source="gateway", state="declined", amount=Decimal(7))
        theirs["pagos"] = [payment.pk]
        Reversal.objects.create(
            pk=SHIFT, prefix="RV", number=2, key="x", kind="staff", payment=payment, client=there.rita, amount=7, reason="x",
            made_by=there.sara, made_at=NOW,
        )  # fmt: skip
        theirs["reversiones"] = [SHIFT]
        theirs_before = snapshot()
    # Whose they are: rents and payments Rita's, commissions and payouts Oscar's.
    others = [here.berta, here.nadie, here.oscar if paths(pattern, mine)[0].startswith((at("invoices"), at("payments"), REVERSALS)) else here.rita]
    for someone in others:
        for path in paths(pattern, mine):
            assert answers(browse(here.agency, someone.user), path) in ([404, 404], [404, 405], [405, 404]), path
    for someone in (here.rita, here.oscar):
        for path in paths(pattern, theirs):
            assert answers(browse(here.agency, someone.user), path) in ([404, 404], [404, 405], [405, 404]), path
    for path in paths(pattern, mine):
        assert browse(here.agency, here.sara).post(path, PAYER).status_code == 404
        assert browse(here.agency).post(path, PAYER).status_code == 302
    with context.in_agency(here.agency):
        assert snapshot() == before
    with context.in_agency(there.agency):
        assert snapshot() == theirs_before
