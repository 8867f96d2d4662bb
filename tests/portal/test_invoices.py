"""Invoices and commissions: lists, pages and papers, each for its own client only."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from payments.models import Invoice, InvoiceKind, Movement, MovementKind
from saas.lib import clock
from tenants import context
from tests.payments.money import say
from tests.portal.pages import assert_closed, at, begin, queries_of, tags, text_of
from tests.world import NOW, Cast, Casts, make_invoice


@pytest.fixture
def here(cast: Casts) -> Cast:
    """alfa's cast, with Rita's invoices due relative to today: one still to come, one late."""
    for one in (cast.alfa, cast.beta):
        with context.in_agency(one.agency):
            Invoice.objects.filter(pk=one.invoice.pk).update(due_on=clock.today() + timedelta(days=7))
            Invoice.objects.filter(pk=one.overdue.pk).update(due_on=clock.today() - timedelta(days=7))
    return cast.alfa


def commission(cast: Cast, number: int = 900, **fields: Any) -> Invoice:
    """A commission invoice of Oscar: $ 76.000 and its IVA. Call it inside the agency."""
    return make_invoice(
        cast.lease, number, kind=InvoiceKind.COMMISSION, prefix="FC", client=cast.oscar, concept="Comisión de administración",
        **({"base": Decimal(76000), "administration": Decimal(0), "iva": Decimal(14440), "total": Decimal(90440)} | fields),
    )  # fmt: skip


def test_a_renter_sees_what_is_owed(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.rita.user).get(at("invoices"))

    text = text_of(answer)
    assert answer.status_code == 200
    assert "Total por pagar $ 2.430.000 $ 1.215.000 con la fecha de pago vencida" in text
    assert "FA-1 noviembre de 2026 Calle 1 # 10-20" in text
    assert "Pendiente $ 1.215.000 $ 1.215.000" in text
    assert "Vencida $ 1.215.000 $ 1.215.000" in text
    assert len(tags(answer, "invoice-row")) == 2
    for invoice in (here.invoice, here.overdue):
        assert f'href="{at("invoice_pay", invoice.pk)}" aria-label="Pagar factura {invoice.full_number}"' in answer.content.decode()


def test_others_see_nothing_of_it(here: Cast, browse: Any) -> None:
    for someone in (here.oscar, here.nadie):
        text = text_of(browse(here.agency, someone.user).get(at("invoices")))
        assert "Todavía no tiene facturas" in text
        assert "FA-" not in text
    berta = text_of(browse(here.agency, here.berta.user).get(at("invoices")))
    assert "FA-3" in berta
    assert "FA-1" not in berta


@pytest.mark.parametrize("page", ["invoice", "invoice_pdf", "invoice_pay"])
def test_somebody_elses_invoice_is_not_found(here: Cast, browse: Any, page: str) -> None:
    path = at(page, here.invoice.pk)
    for someone in (here.oscar, here.berta, here.nadie):
        assert browse(here.agency, someone.user).get(path).status_code == 404
    assert_closed(browse, here, path)


def test_the_lists_are_closed(here: Cast, browse: Any) -> None:
    for page in ("invoices", "commissions"):
        assert_closed(browse, here, at(page))


def test_the_same_ids_in_another_agency_are_another_world(here: Cast, cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        for number, invoice in enumerate((here.invoice, here.overdue)):
            Invoice.objects.update_or_create(
                pk=invoice.pk,
                defaults={
                    "kind": InvoiceKind.RENT, "prefix": "BB", "number": number, "lease": cast.beta.lease, "client": cast.beta.rita,
                    "period": date(2026, 11, 1), "issued_on": date(2026, 11, 1), "due_on": date(2026, 11, 9),
                    "concept": "Secreto de beta", "base": 777_777, "administration": 0, "total": 777_777,
                },
            )  # fmt: skip
    rita = browse(here.agency, here.rita.user)
    for path in (at("invoices"), at("invoice", here.invoice.pk), at("invoice_pay", here.invoice.pk)):
        text = text_of(rita.get(path))
        assert "1.215.000" in text
        assert "Secreto de beta" not in text
        assert "777.777" not in text
        assert "BB-" not in text


def test_states_are_shown_and_filtered(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        soon = clock.today() + timedelta(days=5)
        make_invoice(here.lease, 11, period=date(2025, 3, 1), applied=Decimal(1_215_000))
        make_invoice(here.lease, 12, period=date(2025, 4, 1), voided_at=NOW)
        make_invoice(here.lease, 13, period=date(2025, 5, 1), due_on=soon, applied=Decimal(200_000))
        waiting = make_invoice(here.lease, 14, period=date(2025, 6, 1), due_on=soon)
        attempt = begin(here, waiting)
        attempt.state = "pending"
        attempt.save()
    rita = browse(here.agency, here.rita.user)
    expected = {
        "pending": ["FA-1"], "overdue": ["FA-2"], "paid": ["FA-11"], "void": ["FA-12"], "partly_paid": ["FA-13"],
        "in_process": ["FA-14"],
    }  # fmt: skip
    for state, numbers in expected.items():
        text = text_of(rita.get(at("invoices"), {"state": state}))
        assert [number for number in ("FA-1 ", "FA-2 ", "FA-11", "FA-12", "FA-13", "FA-14") if number in text] == [
            number.ljust(5) if len(number) < 5 else number for number in numbers
        ]
    year = rita.get(at("invoices"), {"period": "2025"})
    assert len(tags(year, "invoice-row")) == 4
    assert "Total por pagar $ 4.660.000" in text_of(year)  # what is owed is not filtered: 3 × 1.215.000 and 1.015.000
    assert len(tags(rita.get(at("invoices"), {"state": "nada", "period": "x", "lease": "x", "sort": "x"}), "invoice-row")) == 6
    assert "Ninguna factura con ese filtro" in text_of(rita.get(at("invoices"), {"state": "paid", "period": "2026"}))
    payable = rita.get(at("invoices")).content.decode().count("aria-label=\"Pagar factura")
    assert payable == 3  # pending, overdue and partly paid; not the one in process, paid or void


def test_twenty_a_page_and_the_filter_stays(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        for number in range(100, 130):
            make_invoice(here.lease, number, period=date(2024, 3 + number % 10, 1))
    rita = browse(here.agency, here.rita.user)
    first = rita.get(at("invoices"), {"period": "2024"})
    assert len(tags(first, "invoice-row")) == 20
    assert "Página 1 de 2" in text_of(first)
    assert "?period=2024&amp;page=2" in first.content.decode()
    assert len(tags(rita.get(at("invoices"), {"period": "2024", "page": "2"}), "invoice-row")) == 10
    assert len(tags(rita.get(at("invoices"), {"period": "2024", "page": "zzz"}), "invoice-row")) == 20


def test_thirty_invoices_cost_no_more_queries_than_three(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    with context.in_agency(here.agency):
        make_invoice(here.lease, 99)
    assert len(tags(rita.get(at("invoices")), "invoice-row")) == 3
    few = queries_of(rita, at("invoices"))
    with context.in_agency(here.agency):
        for number in range(100, 127):
            make_invoice(here.lease, number)
    assert len(tags(rita.get(at("invoices")), "invoice-row")) == 20
    assert len(queries_of(rita, at("invoices"))) == len(few) < 12


def test_an_invoice_says_what_it_consists_of(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        say(begin(here, here.overdue))
        make_invoice(here.lease, 50, base=Decimal(1_000_000), iva=Decimal(190_000), withholding=Decimal(35_000), total=Decimal(1_420_000))
        other = Invoice.objects.get(number=50)
    rita = browse(here.agency, here.rita.user)

    text = text_of(rita.get(at("invoice", here.invoice.pk)))
    assert "Factura de arrendamiento FA-1" in text
    assert "Saldo por pagar $ 1.215.000 Pendiente" in text
    assert "Canon de arrendamiento noviembre de 2026 $ 950.000" in text
    assert "Cuota de administración noviembre de 2026 $ 265.000" in text
    assert "Contrato CA-1 Inmueble Apartamento IN-1 Calle 1 # 10-20, Bogotá D.C." in text
    assert "Todavía no hay pagos" in text
    assert "Realizar pago" in text

    text = text_of(rita.get(at("invoice", here.overdue.pk)))
    assert "Valor pagado $ 1.215.000 Pagada" in text
    assert "Aplicado a factura Tarjeta de crédito Visa CP-1 $ 1.215.000" in text
    assert "Realizar pago" not in text

    text = text_of(rita.get(at("invoice", other.pk)))
    assert "IVA $ 190.000 Retenciones −$ 35.000 Total $ 1.420.000" in text


def test_a_void_invoice_asks_for_nothing(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Invoice.objects.filter(pk=here.invoice.pk).update(voided_at=NOW)
    answer = browse(here.agency, here.rita.user).get(at("invoice", here.invoice.pk))
    assert "Factura anulada $ 1.215.000 Anulada" in text_of(answer)
    assert "Realizar pago" not in text_of(answer)


def test_the_paper_is_a_private_download(here: Cast, browse: Any) -> None:
    import pypdfium2

    answer = browse(here.agency, here.rita.user).get(at("invoice_pdf", here.invoice.pk))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="factura-FA-1.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    paper = pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_range()
    for said in ("FA-1", "Inmobiliaria Alfa", "Rita Arrendataria Ñáñez", "Óscar Propietario Gómez", "1.215.000", "950.000", "265.000"):
        assert said in paper


def test_an_owner_sees_the_commissions(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        invoice = commission(here)
        Movement.objects.create(
            kind=MovementKind.DEDUCTED, client=here.oscar, invoice=invoice, amount=Decimal(90_440), on=date(2026, 11, 10)
        )
        Invoice.objects.filter(pk=invoice.pk).update(applied=90_440)
    oscar = browse(here.agency, here.oscar.user)

    listed = oscar.get(at("commissions"))
    assert "FC-900 noviembre de 2026 Calle 1 # 10-20 Pagada $ 76.000 $ 14.440 $ 90.440" in text_of(listed)
    assert "Comisiones pendientes $ 0" in text_of(listed)
    detail = text_of(oscar.get(at("commission", invoice.pk)))
    assert "Factura de comisión FC-900" in detail
    assert "Comisión de administración noviembre de 2026 $ 76.000 IVA $ 14.440 Total $ 90.440" in detail
    assert "10 nov 2026 Descontado del egreso — — $ 90.440" in detail
    paper = oscar.get(at("commission_pdf", invoice.pk))
    assert paper["Content-Disposition"] == 'attachment; filename="factura-FC-900.pdf"'
    assert paper.content.startswith(b"%PDF")


def test_a_commission_is_not_a_rent_invoice_nor_the_other_way_round(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        invoice = commission(here)
    oscar, rita = browse(here.agency, here.oscar.user), browse(here.agency, here.rita.user)
    for page in ("invoice", "invoice_pdf", "invoice_pay"):
        assert oscar.get(at(page, invoice.pk)).status_code == 404
    for page in ("commission", "commission_pdf"):
        assert rita.get(at(page, here.invoice.pk)).status_code == 404
        assert rita.get(at(page, invoice.pk)).status_code == 404
        assert_closed(browse, here, at(page, invoice.pk))
