"""The first page: what each role sees, nothing of others, and as many queries for 3 invoices as for 300."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clientarea.models import Client
from payments.models import Invoice, InvoiceKind, Payment, Payout, Receipt
from pqrs.cases import open_case
from saas.lib import clock
from tenants import context
from tests.payments import money
from tests.world import TODAY, Cast, Casts, make_invoice

HOME = "/area-de-clientes/"
pytestmark = pytest.mark.usefixtures("today")


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 23 November 2026."""
    monkeypatch.setattr(clock, "today", lambda: TODAY)


def _payout(cast: Cast, number: int, *, paid_on: date, net: int) -> Payout:
    return Payout.objects.create(
        prefix="CE", number=number, owner=cast.oscar, lease=cast.lease, period=paid_on.replace(day=1), paid_on=paid_on, collected=net,
        commission=0, commission_iva=0, withholdings=0, other=0, net=net,
    )  # fmt: skip


def _commission(cast: Cast, owner: Client, number: int, **fields: Any) -> Invoice:
    return make_invoice(cast.lease, number, total=90_440, kind=InvoiceKind.COMMISSION, client=owner, prefix="CO", **fields)


def _page(browse: Any, cast: Cast, client: Client) -> Any:
    answer = browse(cast.agency, client.user).get(HOME)
    assert answer.status_code == 200
    return answer


def test_a_renter_sees_what_is_owed_the_oldest_first(cast: Casts, browse: Any) -> None:
    answer = _page(browse, cast.alfa, cast.alfa.rita)
    owed = answer.context["owed"]
    assert [invoice.full_number for invoice in owed["invoices"]] == ["FA-2", "FA-1"]
    assert [invoice.state for invoice in owed["invoices"]] == ["overdue", "pending"]
    assert (owed["owing"], owed["late"], owed["count"]) == (Decimal(2_430_000), Decimal(1_215_000), 2)
    assert (answer.context["is_renter"], answer.context["is_owner"]) == (True, False)
    text = answer.content.decode()
    assert f'href="/area-de-clientes/facturas/{cast.alfa.overdue.pk}/pagar/"' in text
    assert f"facturas/{cast.alfa.invoice.pk}/pagar/" not in text
    assert "$ 2.430.000" in text.replace("\xa0", " ")
    assert "Calle 1 # 10-20" in text
    for nobody in ("Ingresos</h2>", "Sus inmuebles", "Calle 3", "FA-3", "Óscar"):
        assert nobody not in text


def test_with_nothing_owed_it_says_so(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        Invoice.objects.filter(client=cast.alfa.rita).update(applied=Decimal(1_215_000))
    answer = _page(browse, cast.alfa, cast.alfa.rita)
    assert answer.context["owed"]["first"] is None
    assert "Está al día" in answer.content.decode()
    assert "/pagar/" not in answer.content.decode()


def test_a_payment_in_process_is_not_offered_again(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        attempt = money.start(cast.alfa, cast.alfa.overdue)
        attempt.returned_state = "pending"
        attempt.save()
    text = _page(browse, cast.alfa, cast.alfa.rita).content.decode()
    assert "Hay un pago en proceso" in text
    assert "/pagar/" not in text


def test_a_renter_sees_the_last_payments_with_receipts(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        for client in (cast.alfa.rita, cast.alfa.berta):
            payment = Payment.objects.create(
                client=client, source="imported", state="approved", amount=100_000, means="Efectivo", paid_on=date(2026, 11, 3)
            )
            Receipt.objects.create(
                prefix="CP", number=client.pk, payment=payment, client=client, amount=payment.amount, issued_at=clock.now(),
                code=f"c{client.pk}",
            )  # fmt: skip
        Payment.objects.create(client=cast.alfa.rita, source="gateway", state="started", amount=77)
        Payment.objects.create(client=cast.alfa.rita, source="gateway", state="declined", amount=88)
    answer = _page(browse, cast.alfa, cast.alfa.rita)
    assert [payment.state for payment in answer.context["payments"]] == ["declined", "approved"]
    text = answer.content.decode()
    assert f"Comprobante CP-{cast.alfa.rita.pk}" in text
    assert f"Comprobante CP-{cast.alfa.berta.pk}" not in text


def test_an_owner_sees_payouts_units_and_commissions(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        _payout(cast.alfa, 1, paid_on=date(2025, 12, 10), net=500_000)
        _payout(cast.alfa, 2, paid_on=date(2026, 1, 10), net=800_000)
        _payout(cast.alfa, 3, paid_on=date(2026, 11, 10), net=900_000)
        _commission(cast.alfa, cast.alfa.oscar, 1)
        _commission(cast.alfa, cast.alfa.berta, 2)
        cast.alfa.berta_lease.ends_on = date(2026, 10, 31)
        cast.alfa.berta_lease.save()
    answer = _page(browse, cast.alfa, cast.alfa.oscar)
    assert [payout.full_number for payout in answer.context["payouts"]] == ["CE-3", "CE-2", "CE-1"]
    assert answer.context["net_of_year"] == Decimal(1_700_000)
    assert [invoice.full_number for invoice in answer.context["commissions"]["invoices"]] == ["CO-1"]
    assert [(row.unit.code, row.share, row.rented_until) for row in answer.context["units"]] == [
        ("IN-1", Decimal(100), date(2027, 1, 31)),
        ("IN-3", Decimal(100), None),
    ]
    text = answer.content.decode()
    assert "Por pagar</h2>" not in text
    assert "CO-2" not in text
    assert "Rita" not in text


def test_who_is_both_sees_both(cast: Casts, browse: Any) -> None:
    answer = _page(browse, cast.alfa, cast.alfa.berta)
    assert (answer.context["is_renter"], answer.context["is_owner"]) == (True, True)
    assert [invoice.full_number for invoice in answer.context["owed"]["invoices"]] == ["FA-3"]
    assert [row.unit.code for row in answer.context["units"]] == ["IN-2"]
    text = answer.content.decode()
    for title in ("Por pagar", "Su contrato", "Ingresos", "Sus inmuebles", "Facturas de comisión", "Últimos pagos"):
        assert title in text
    assert "Aún no hay giros" in text


def test_who_is_neither_is_told_what_to_do(cast: Casts, browse: Any) -> None:
    text = _page(browse, cast.alfa, cast.alfa.nadie).content.decode()
    assert "Todavía no vemos contratos ni inmuebles a su nombre" in text
    assert "/area-de-clientes/pqrs/nueva/" in text


def test_open_cases_are_counted_and_linked(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        mine = [
            open_case(client=cast.alfa.rita, kind="claim", subject="repairs", description="Gotera", now=clock.now()) for _ in range(6)
        ]
        mine[0].state = "answered"
        mine[0].save()
        other = open_case(client=cast.alfa.berta, kind="claim", subject="repairs", description="Otra", now=clock.now())
    answer = _page(browse, cast.alfa, cast.alfa.rita)
    assert answer.context["open_cases_count"] == 5
    assert [case.number for case in answer.context["open_cases"]] == [case.number for case in mine[1:5]]
    assert f"/area-de-clientes/pqrs/{mine[1].number}/" in answer.content.decode()
    assert other.number not in answer.content.decode()


def test_the_same_ids_in_the_other_agency_are_other_rows(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        Invoice.objects.filter(pk=cast.alfa.invoice.pk).update(total=1, base=1, administration=0)
    with context.in_agency(cast.beta.agency):
        Invoice.objects.filter(client=cast.beta.rita).update(applied=Decimal(1_215_000))
    assert _page(browse, cast.alfa, cast.alfa.rita).context["owed"]["owing"] == Decimal(1_215_001)
    assert _page(browse, cast.beta, cast.beta.rita).context["owed"]["owing"] == 0


def _queries(browse: Any, cast: Cast, client: Client) -> int:
    browser = browse(cast.agency, client.user)
    browser.get(HOME)
    context.leave()
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(HOME).status_code == 200
    # Which agency a host is, is cached: a cold cache is no matter of this page.
    return len([sql for sql in caught if "tenants_domain" not in sql["sql"] and 'search_path = "public"' not in sql["sql"]])


def test_eleven_queries_for_three_invoices_and_for_three_hundred(cast: Casts, browse: Any) -> None:
    alfa = cast.alfa
    with context.in_agency(alfa.agency):
        make_invoice(alfa.berta_lease, 11, due_on=date(2026, 10, 1))
        _commission(alfa, alfa.berta, 1)
    few = _queries(browse, alfa, alfa.berta)
    with context.in_agency(alfa.agency):
        for n in range(100, 250):
            make_invoice(alfa.berta_lease, n, total=1000, due_on=date(2026, 1, 1) + timedelta(days=n))
            _commission(alfa, alfa.berta, n)
            if n < 110:
                Payment.objects.create(client=alfa.berta, source="manual", state="approved", amount=n)
                open_case(client=alfa.berta, kind="claim", subject="repairs", description="x", now=clock.now())
    many = _queries(browse, alfa, alfa.berta)
    assert few == many
    assert many <= 12  # one of them counts the unread notices
    answer = _page(browse, alfa, alfa.berta)
    assert (answer.context["owed"]["count"], answer.context["commissions"]["count"]) == (152, 151)


def test_staff_goes_on_to_the_desk_and_strangers_to_log_in(cast: Casts, browse: Any) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.sara).get(HOME)
    assert (answer.status_code, answer["Location"]) == (302, "/oficina/")
    answer = browse(cast.alfa.agency).get(HOME)
    assert (answer.status_code, answer["Location"]) == (302, "/area-de-clientes/ingresar/?next=/area-de-clientes/")
