"""The rules of Facturas, Pagos and Egresos, each on a small workbook. Money is what the ledger says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clientarea.models import Client
from payments import receipts
from payments.models import Invoice, Movement, Payment, PaymentLine, Payout, Receipt
from tenants.models import Agency
from tests.importing.books import OSCAR, RITA, Book, assert_money_is_true, counts, dump, load, told
from tests.world import NOW, TODAY


@pytest.fixture
def book() -> Book:
    return Book()


def invoice(number: int, prefix: str = "FA") -> Invoice:
    return Invoice.objects.with_state(today=TODAY).get(prefix=prefix, number=number)


def ledger() -> list[tuple[str, str, int | None, Decimal, date]]:
    """Kind, client, invoice, amount and date of every movement."""
    rows = Movement.objects.order_by("pk").values_list("kind", "client__document", "invoice__number", "amount", "on")
    return [tuple(row) for row in rows]


def test_paid_pending_and_deducted(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    assert [invoice(1).state, invoice(2).state, invoice(1, "FC").state] == ["paid", "overdue", "paid"]
    assert ledger() == [
        ("applied", RITA, 1, Decimal(1200000), date(2026, 10, 5)),
        ("deducted", OSCAR, 1, Decimal(95200), date(2026, 10, 5)),
    ]
    payment = Payment.objects.get()
    assert (payment.source, payment.state, payment.amount, payment.means, payment.reference) == (
        "imported", "approved", 1200000, "PSE", "334496987",
    )  # fmt: skip
    assert Receipt.objects.get().full_number == "RC-1"
    assert_money_is_true()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Número", "12a"),
        ("Número", 0),
        ("Tipo", "Nota"),
        ("Contrato", "CA-9"),
        ("Contrato", None),
        ("Cliente (documento)", "999999"),
        ("Periodo", "octubre"),
        ("Fecha emisión", "2026-13-01"),
        ("Fecha vencimiento", "mañana"),
        ("Concepto", None),
        ("Canon o comisión", "1,000,000"),
        ("IVA", None),
        ("Retención", -1),
        ("Total", 1200001),
        ("Total", "$ 1.199.999,99"),
        ("Estado", "Quizás"),
    ],
)
def test_refused_invoices(inside_alfa: Agency, tmp_path: Path, book: Book, column: str, value: Any) -> None:
    row = book.invoice(3, "CA-1", RITA)
    book.change("Facturas", row, column, value)
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Facturas", row, column, "rejected")]
    assert counts(report)["Facturas"] == (3, 0, 0, 1)
    assert Invoice.objects.count() == 3


def test_totals_with_iva_and_withholding(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.invoice(3, "CA-1", RITA, IVA="190.000", Retención="$ 35.000,50", Total="$ 1.354.999,50")
    assert load(book, inside_alfa, tmp_path).problems == []
    assert (invoice(3).total, invoice(3).balance) == (Decimal("1354999.50"), Decimal("1354999.50"))


def test_a_void_invoice(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.invoice(3, "CA-1", RITA, state="ANULADA")
    row = book.payment("RC-2", RITA, "FA-3")
    report = load(book, inside_alfa, tmp_path)
    assert (invoice(3).voided_at, invoice(3).state, invoice(3).applied) == (NOW, "void", 0)
    assert told(report) == [("Pagos", row, "Valor", "notice")]
    assert ("credit", RITA, None, Decimal(1200000), date(2026, 10, 5)) in ledger()
    book.change("Facturas", 5, "Estado", "Pendiente")
    again = load(book, inside_alfa, tmp_path)
    assert ("Facturas", 5, "Estado", "rejected") in told(again)
    assert invoice(3).voided_at == NOW
    assert_money_is_true()


def test_paid_without_a_payment_is_told_and_not_believed(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    row = book.invoice(3, "CA-1", RITA, state="PAGADA")
    half = book.invoice(4, "CA-1", RITA, state="Pagada")
    book.payment("RC-4", RITA, "FA-4", amount=500000)
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Facturas", row, "Estado", "notice"), ("Facturas", half, "Estado", "notice")]
    assert counts(report)["Facturas"] == (5, 0, 0, 0)
    assert [invoice(3).applied, invoice(4).applied] == [0, 500000]
    assert report.problems[1].reason == (
        "Dice que está pagada, pero sus pagos suman $\u00a0500.000 de $\u00a01.200.000. Quedó con saldo."
    )


def test_a_payment_of_a_pending_invoice_is_applied_and_told(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    row = book.payment("RC-2", RITA, "FA-2")
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Pagos", row, "Facturas", "notice")]
    assert invoice(2).state == "paid"


def test_the_pdf_of_an_imported_receipt_can_be_made_from_its_row(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    document = receipts.receipt_document(Receipt.objects.get(), inside_alfa)
    assert (document.number, document.paid_on, document.total) == ("RC-1", date(2026, 10, 5), 1200000)
    assert document.lines == (("FA-1", "Canon 2026-10", Decimal(1200000)),)


def test_a_payment_of_today_is_not_of_later_today(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.change("Pagos", 2, "Fecha", TODAY.isoformat())
    load(book, inside_alfa, tmp_path)  # at ten, before the noon that stands for an unknown hour
    assert (Receipt.objects.get().issued_at, Payment.objects.get().settled_at) == (NOW, NOW)


def test_a_payment_of_several_invoices_and_more(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.change("Pagos", 2, "Facturas", "FA-1; fa-2")
    book.change("Pagos", 2, "Valor", "$ 2.500.000")
    book.change("Facturas", 3, "Estado", "Pagada")
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Pagos", 2, "Valor", "notice")]
    assert ledger()[:3] == [
        ("applied", RITA, 1, Decimal(1200000), date(2026, 10, 5)),
        ("applied", RITA, 2, Decimal(1200000), date(2026, 10, 5)),
        ("credit", RITA, None, Decimal(100000), date(2026, 10, 5)),
    ]
    lines = PaymentLine.objects.order_by("invoice__number").values_list("invoice__number", "amount")
    assert list(lines) == [(1, 1200000), (2, 1300000)]
    assert Receipt.objects.get().content["credit"] == "100000.00"
    before = dump()
    assert counts(load(book, inside_alfa, tmp_path))["Pagos"] == (0, 0, 1, 0)
    assert dump() == before
    assert_money_is_true()


def test_two_payments_of_one_invoice_the_older_first(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.payment("RC-2", RITA, "FA-1", amount=700000, on="2026-10-01")
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Pagos", 2, "Valor", "notice")]
    assert [(kind, amount) for kind, _who, _invoice, amount, _on in ledger()[:3]] == [
        ("applied", 700000), ("applied", 500000), ("credit", 700000),
    ]  # fmt: skip
    assert_money_is_true()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Recibo", "XX-9"),
        ("Recibo", None),
        ("Fecha", "05/2026"),
        ("Cliente (documento)", "999999"),
        ("Cliente (documento)", OSCAR),
        ("Facturas", "FA-99"),
        ("Facturas", "FA-2; FA-99"),
        ("Facturas", None),
        ("Valor", "abc"),
        ("Valor", 0),
        ("Valor", -100),
    ],
)
def test_refused_payments(inside_alfa: Agency, tmp_path: Path, book: Book, column: str, value: Any) -> None:
    row = book.payment("RC-9", RITA, "FA-2")
    book.change("Pagos", row, column, value)
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Pagos", row, column, "rejected")]
    assert (Payment.objects.count(), Receipt.objects.count(), invoice(2).applied) == (1, 1, 0)


def test_a_co_renter_may_have_paid(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.person("1003003", "Berta Coarrendataria")
    book.change("Contratos", 2, "Coarrendatario (documento)", "1003003")
    book.change("Pagos", 2, "Cliente (documento)", "1003003")
    assert load(book, inside_alfa, tmp_path).problems == []
    assert (Receipt.objects.get().client.document, invoice(1).state) == ("1003003", "paid")


def test_what_depends_on_a_refused_row_is_refused(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.change("Terceros", 3, "Documento", "doce")  # Óscar, who owns the unit
    report = load(book, inside_alfa, tmp_path)
    assert counts(report) == {
        "Terceros": (1, 0, 0, 1), "Inmuebles": (0, 0, 0, 1), "Contratos": (0, 0, 0, 1), "Facturas": (0, 0, 0, 3),
        "Pagos": (0, 0, 0, 1), "Egresos": (0, 0, 0, 1),
    }  # fmt: skip
    assert (Client.objects.count(), Invoice.objects.count(), Movement.objects.count()) == (1, 0, 0)


def test_a_recorded_payment_is_not_rewritten(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.payment("RC-2", RITA, "FA-2")
    book.change("Facturas", 3, "Estado", "Pagada")
    load(book, inside_alfa, tmp_path)
    before = dump()
    book.change("Pagos", 2, "Valor", 1199999)
    book.change("Pagos", 3, "Fecha", "2026-10-06")
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Pagos", 2, "Valor", "rejected"), ("Pagos", 3, "Fecha", "rejected")]
    assert report.problems[0].reason == (
        "Este recibo ya está registrado con $\u00a01.200.000, y ahora dice $\u00a01.199.999. No se cambió."
    )
    book.change("Pagos", 2, "Valor", 1200000)
    book.change("Pagos", 2, "Facturas", "FA-2")
    book.change("Pagos", 3, "Fecha", "2026-10-05")
    book.change("Pagos", 3, "Cliente (documento)", OSCAR)
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Pagos", 2, "Facturas", "rejected"), ("Pagos", 3, "Cliente (documento)", "rejected")]
    assert dump() == before


def test_an_invoice_with_movements_keeps_its_amounts(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    for column, value in (("Canon o comisión", 900000), ("Total", 1100000)):
        book.change("Facturas", 2, column, value)  # FA-1, paid
        book.change("Facturas", 3, column, value)  # FA-2, not
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Facturas", 2, "Total", "rejected")]
    assert counts(report)["Facturas"] == (0, 1, 1, 1)
    assert [invoice(1).total, invoice(1).base, invoice(2).total] == [1200000, 1000000, 1100000]
    for column, cell in {"Canon o comisión": 1000000, "Total": 1200000, "Concepto": "Otro nombre", "CUFE": "abc"}.items():
        book.change("Facturas", 2, column, cell)
    report = load(book, inside_alfa, tmp_path)
    assert (report.problems, counts(report)["Facturas"]) == ([], (0, 1, 2, 0))
    assert (invoice(1).concept, invoice(1).cufe, invoice(1).applied) == ("Otro nombre", "abc", 1200000)
    book.change("Facturas", 2, "Estado", "Anulada")
    assert told(load(book, inside_alfa, tmp_path)) == [("Facturas", 2, "Estado", "rejected")]
    assert invoice(1).voided_at is None
    assert_money_is_true()


def test_an_invoice_without_movements_may_be_voided(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    book.change("Facturas", 3, "Estado", "Anulada")
    assert counts(load(book, inside_alfa, tmp_path))["Facturas"] == (0, 1, 2, 0)
    assert invoice(2).voided_at == NOW
    assert counts(load(book, inside_alfa, tmp_path))["Facturas"] == (0, 0, 3, 0)


def test_commissions_are_deducted_when_they_say_so(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    row = book.commission(2, "CA-1", OSCAR, state="Pendiente")
    load(book, inside_alfa, tmp_path)
    assert invoice(2, "FC").applied == 0
    book.change("Facturas", row, "Estado", "Pagada")
    report = load(book, inside_alfa, tmp_path)
    assert (report.problems, counts(report)["Facturas"]) == ([], (0, 1, 3, 0))
    assert invoice(2, "FC").applied == 95200
    before = dump()
    assert counts(load(book, inside_alfa, tmp_path))["Facturas"] == (0, 0, 4, 0)
    assert dump() == before


def test_a_commission_that_was_paid_is_not_deducted_too(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.payment("RC-2", OSCAR, "FC-1", amount=95200)
    assert load(book, inside_alfa, tmp_path).problems == []
    kinds = [kind for kind, _who, _number, _amount, _on in ledger()]
    assert kinds == ["applied", "applied"]
    assert_money_is_true()


def test_invoices_and_receipts_said_twice(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.invoice(2, "CA-1", RITA, period="2026-11")
    other = book.invoice(2, "CA-1", RITA, period="2026-12")
    book.payment("RC-1", RITA, "FA-1", on="05/10/2026")
    changed = book.payment("RC-1", RITA, "FA-1", amount=5)
    book.payout("CE-1", OSCAR, "CA-1")
    row = book.payout("CE-1", OSCAR, "CA-1", Banco="BBVA")
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [
        ("Facturas", other, "Número", "rejected"), ("Pagos", changed, "Recibo", "rejected"), ("Egresos", row, "Comprobante", "rejected"),
    ]  # fmt: skip
    assert [counts(report)[name] for name in ("Facturas", "Pagos", "Egresos")] == [(3, 0, 1, 1), (1, 0, 1, 1), (1, 0, 1, 1)]
    assert (Payment.objects.count(), Payout.objects.get().bank) == (1, "Nequi")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Comprobante", "sin número"),
        ("Propietario (documento)", "999999"),
        ("Contrato", "CA-9"),
        ("Periodo", None),
        ("Neto girado", 904801),
        ("Otros descuentos", 1000),
        ("Retenciones", "x"),
    ],
)
def test_refused_payouts(inside_alfa: Agency, tmp_path: Path, book: Book, column: str, value: Any) -> None:
    row = book.payout("CE-2", OSCAR, "CA-1")
    book.change("Egresos", row, column, value)
    report = load(book, inside_alfa, tmp_path)
    shown = "Neto girado" if column == "Otros descuentos" else column
    assert told(report) == [("Egresos", row, shown, "rejected")]
    assert Payout.objects.count() == 1


def test_a_recorded_payout_keeps_its_money(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    book.change("Egresos", 2, "Banco", "BBVA")
    assert counts(load(book, inside_alfa, tmp_path))["Egresos"] == (0, 1, 0, 0)
    book.change("Egresos", 2, "Otros descuentos", 4800)
    book.change("Egresos", 2, "Neto girado", 900000)
    assert told(load(book, inside_alfa, tmp_path)) == [("Egresos", 2, "Comprobante", "rejected")]
    assert (Payout.objects.get().net, Payout.objects.get().bank) == (904800, "BBVA")


def test_next_month(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    book.change("Facturas", 3, "Estado", "Pagada")  # FA-2 was paid
    book.change("Terceros", 2, "Ciudad", "Pereira")
    book.change("Contratos", 2, "Canon", 1100000)
    book.payment("RC-2", RITA, "FA-2", on="2026-11-05")
    book.invoice(3, "CA-1", RITA, period="2026-12")
    book.commission(2, "CA-1", OSCAR)
    book.payout("CE-2", OSCAR, "CA-1", Periodo="2026-11")
    report = load(book, inside_alfa, tmp_path)
    assert report.problems == []
    assert counts(report) == {
        "Terceros": (0, 1, 1, 0), "Inmuebles": (0, 0, 1, 0), "Contratos": (0, 1, 0, 0), "Facturas": (2, 0, 3, 0),
        "Pagos": (1, 0, 1, 0), "Egresos": (1, 0, 1, 0),
    }  # fmt: skip
    assert [invoice(n).applied for n in (1, 2, 3)] == [1200000, 1200000, 0]
    assert_money_is_true()


def test_a_payment_may_name_an_invoice_of_last_month(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    later = Book()
    for sheet in later.rows.values():
        sheet.clear()
    later.payment("RC-2", RITA, "FA-2", on="2026-11-05")
    report = load(later, inside_alfa, tmp_path)
    assert (report.problems, counts(report)["Pagos"], invoice(2).state) == ([], (1, 0, 0, 0), "paid")
