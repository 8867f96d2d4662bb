"""One month with every kind of money, and the same pesos wherever a person or a program reads them.

December is issued; Rita's $ 1.215.000 are paid in parts by PayU (500.000), in cash (300.000) and by transfer (200.000), and a
credit note takes 100.000 back: 115.000 are owed. Of the million, 781.893 are rent (950/1.215); 8 % of commission is 62.551
and its IVA 11.885; Óscar is paid 707.457. All by the ways of the product: the callback by HTTP, the run, the desk's functions.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from payments import checkout, proofs, transfers
from payments.invoicing import credit_notes, runs
from payments.models import Invoice, InvoiceKind, Payout, PayoutOrder, RunKind, Series
from payments.payouts import paying, proposals
from payments.policy import save_policy
from saas.book import export as book_export
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.api.calls import software
from tests.invoicing.helpers import NOVEMBER, begin, finish, number
from tests.payments.money import FORM, body_of, check_invariants
from tests.payouts.steps import check_payouts, collect, pay
from tests.portal.pages import at, text_of
from tests.statements.papers import pages_of
from tests.world import NOW, TODAY, Cast, Casts

LATER = NOW + timedelta(days=9)  # 2 December: November is over, and its commission may be asked for
TOLD = {"bank": "Bancolombia", "kind": "Ahorros", "account": "03512345678", "holder": "Alfa", "document": "890903938"}
PROOF = proofs.ProofFile(b"%PDF-1.7\n%%EOF\n", "application/pdf")


class Time:
    """The clock of the test."""

    def __init__(self) -> None:
        self.now = NOW


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    monkeypatch.setattr(clock, "today", lambda: clock.local(made.now).date())
    return made


@pytest.fixture
def here(cast: Casts, time: Time, browse: Any, settings: Any, tmp_path: Any) -> Iterator[Cast]:
    """alfa after all of it happened, without the cast's own invoices."""
    settings.MEDIA_ROOT = tmp_path
    alfa = cast.alfa
    with context.in_agency(alfa.agency):
        Invoice.objects.all().delete()
        for series in Series:
            number(alfa, series)
        save_policy(partial=True, minimum=Decimal(50_000))
        transfers.save_account(TOLD, active=True, staff=alfa.sara, now=NOW)
        finish(begin(alfa))
        invoice = Invoice.objects.get(lease=alfa.lease, kind=InvoiceKind.RENT, run__isnull=False)
        by_payu = checkout.start_payment(client=alfa.rita, lines=[(invoice, Decimal(500_000))], payer=alfa.payer, now=NOW)
        said = body_of(by_payu)
    address = reverse("payu_callback", args=[alfa.agency.key], urlconf="saas.urls_public")
    assert browse(None).generic("POST", address, said, content_type=FORM).status_code == 200
    with context.in_agency(alfa.agency):
        job = Job.objects.get(kind="payments.settle")
        assert run_job(job.pk, now=job.due_at)
        collect(alfa, invoice, 300_000)
        transfer = checkout.start_payment(
            client=alfa.rita, lines=[(invoice, Decimal(200_000))], payer=alfa.payer, now=NOW, provider="transfer"
        )
        proof = transfers.hand_in(transfer.pk, PROOF, now=NOW)
        transfers.confirm(proof.pk, bank_reference="TR-1", staff=alfa.sara, now=NOW)
        credit_notes.issue_note(invoice.pk, amount=Decimal(100_000), reason="Acuerdo", key=uuid.uuid4(), staff=alfa.sara, now=NOW)
        time.now = LATER
        run = runs.begin(RunKind.COMMISSION, period=NOVEMBER, issued_on=LATER.date(), key=uuid.uuid4(), staff=alfa.sara, now=LATER)
        finish(run)
        mark = proposals.propose(until=LATER.date()).mark
        paying.liquidate(until=LATER.date(), mark=mark, staff=alfa.sara, now=LATER)
        pay(alfa, PayoutOrder.objects.get(), on=LATER.date())
        yield alfa
    with context.in_agency(alfa.agency):
        check_invariants()
        check_payouts()


PATHS = ("invoices/", "payments/", "receipts/", "payouts/")
STATEMENT = {"since": "2026-11-01", "until": "2026-12-02"}


def numbers_of(sheet: Any) -> list[tuple[Any, ...]]:
    """The rows of a sheet below its heading."""
    return list(sheet.iter_rows(values_only=True))[1:]


def test_the_renter_reads_them(here: Cast, browse: Any) -> None:
    invoice = Invoice.objects.get(prefix="FE", number=1)
    rita = browse(here.agency, here.rita.user)
    page = text_of(rita.get(at("invoice", invoice.pk)))
    assert "Total $ 1.215.000 Abonado −$ 1.100.000 Saldo $ 115.000" in page
    for said in ("CP-1 $ 500.000", "CP-2 $ 300.000", "CP-3 $ 200.000", "Nota crédito — — $ 100.000"):
        assert said in page
    assert "Total $ 1.215.000 Abonado −$ 1.100.000 Saldo $ 115.000" in pages_of(rita.get(at("invoice_pdf", invoice.pk)).content)[0]
    assert "Total pendiente $ 115.000" in text_of(rita.get(at("home")))
    history = text_of(rita.get(at("payments")))
    for said in ("Aprobado $ 200.000 CP-3", "Aprobado $ 300.000 CP-2", "Aprobado $ 500.000 CP-1"):
        assert said in history
    asked = {"account": "arrendamientos", **STATEMENT}
    screen = text_of(rita.get(at("statement"), asked))
    assert "Saldo inicial $ 0 Cargos $ 1.215.000 Abonos $ 1.100.000 Saldo por pagar al 2 dic 2026 $ 115.000" in screen
    assert "Saldo por pagar $ 1.215.000 $ 1.100.000 $ 115.000" in " ".join(pages_of(rita.get(at("statement_pdf"), asked).content))
    rows = numbers_of(load_workbook(io.BytesIO(rita.get(at("statement_xlsx"), asked).content)).worksheets[0])
    assert rows[-1][4:] == (1_215_000, 1_100_000, 115_000)
    assert [row[5] for row in rows[:-1] if row[5] in (100_000, 200_000, 300_000, 500_000)] == [500_000, 300_000, 200_000, 100_000]
    (certificate,) = pages_of(rita.get(at("renter_certificate", 2026)).content)
    assert "Total $ 781.893 $ 218.107 $ 0 $ 0 $ 1.000.000" in certificate


def test_the_owner_reads_them(here: Cast, browse: Any) -> None:
    voucher, fee = Payout.objects.get(), Invoice.objects.get(kind=InvoiceKind.COMMISSION)
    oscar = browse(here.agency, here.oscar.user)
    income = text_of(oscar.get(at("payouts")))
    for said in ("$ 707.457 Canon recaudado $ 781.893", "Comisión con IVA $ 74.436"):
        assert said in income
    assert "Diciembre de 2026 $ 781.893 $ 74.436 $ 707.457" in income
    page = text_of(oscar.get(at("payout", voucher.pk)))
    assert "Canon recaudado $ 781.893 Comisión de administración −$ 62.551 IVA de la comisión −$ 11.885 Neto girado $ 707.457" in page
    for said in ("CP-1 23 de noviembre de 2026 $ 500.000", "CP-2 23 de noviembre de 2026 $ 300.000", "CP-3 23 de noviembre de 2026 $ 200.000"):
        assert said in page
    (paper,) = pages_of(oscar.get(at("payout_receipt", voucher.pk)).content)
    assert "Canon recaudado $ 781.893 Comisión de administración −$ 62.551 IVA de la comisión −$ 11.885 Neto girado $ 707.457" in paper
    (certificate,) = pages_of(oscar.get(at("owner_certificate", 2026)).content)
    assert "Total $ 781.893 −$ 62.551 −$ 11.885 $ 0 $ 0 $ 707.457" in certificate
    commission = text_of(oscar.get(at("commission", fee.pk)))
    assert "Comisión de administración noviembre de 2026 $ 62.551 IVA $ 11.885 Total $ 74.436 Abonado −$ 74.436 Saldo $ 0" in commission
    asked = {"account": "comisiones", **STATEMENT}
    assert "Cargos $ 74.436 Abonos $ 74.436" in text_of(oscar.get(at("statement"), asked))


def test_the_desk_reads_them(here: Cast, browse: Any, time: Time) -> None:
    invoice, order = Invoice.objects.get(prefix="FE", number=1), PayoutOrder.objects.get()
    sara = browse(here.agency, here.sara)
    # Of December: what was invoiced, less the note, with Berta's 2.000.000.
    assert "Recaudado este mes $ 0 de $ 3.115.000 en arriendos facturados" in text_of(sara.get(at("desk")))
    assert "3 facturas · Valor $ 3.289.436 · Saldo $ 2.115.000" in text_of(sara.get(at("desk_invoices")))
    page = text_of(sara.get(at("desk_invoice", invoice.pk)))
    assert "Abonado (de ello, notas crédito $ 100.000) −$ 1.100.000 Saldo $ 115.000" in page
    assert "3 pagos · aprobados $ 1.000.000" in text_of(sara.get(at("desk_payments")))
    close = text_of(sara.get(at("desk_close"), {"dia": TODAY.isoformat()}))
    assert "Recibido $ 1.000.000 Reversado $ 0 Total del día $ 1.000.000" in close
    assert "Efectivo 1 $ 300.000 $ 0 Tarjeta de crédito Visa 1 $ 500.000 $ 0 Transferencia bancaria 1 $ 200.000 $ 0" in close
    paid = text_of(sara.get(at("desk_payout", order.pk)))
    assert "Canon recaudado $ 781.893 Comisión (FC-1) $ 62.551 IVA de la comisión $ 11.885 Neto $ 707.457" in paid
    assert [f"canon $ {part}" in paid for part in ("390.947", "234.567", "156.379")] == [True] * 3  # which add up to the rent
    assert "Facturas por pagar $ 115.000" in text_of(sara.get(at("desk_client", here.rita.pk)))
    time.now = NOW  # and on the day that it came
    assert "Recaudado este mes $ 1.000.000" in text_of(sara.get(at("desk")))


def test_programs_read_them(here: Cast) -> None:
    out = io.BytesIO()
    book_export.export(out, now=LATER, progress=lambda *_: None)
    book = load_workbook(io.BytesIO(out.getvalue()))
    rents = [(row[0], row[1], row[9:14]) for row in numbers_of(book["Facturas"]) if row[0] in ("FE", "FC")]
    assert rents == [
        ("FC", 1, (62_551, 0, 11_885, 0, 74_436)), ("FE", 1, (950_000, 265_000, 0, 0, 1_215_000)), ("FE", 2, (2_000_000, 0, 0, 0, 2_000_000)),
    ]  # fmt: skip
    assert [(row[0], row[4]) for row in numbers_of(book["Pagos"])] == [("CP-1", 500_000), ("CP-2", 300_000), ("CP-3", 200_000)]
    assert [(row[0], row[5:11]) for row in numbers_of(book["Egresos"])] == [("EG-1", (781_893, 62_551, 11_885, 0, 0, 707_457))]
    program = software(here)
    said = {path: {row["number"] if "number" in row else row["id"]: row for row in program.get(path).json()["results"]} for path in PATHS}
    rent, fee, voucher = said["invoices/"]["FE-1"], said["invoices/"]["FC-1"], said["payouts/"]["EG-1"]
    assert (rent["total"], rent["applied"], rent["balance"], rent["state"]) == ("1215000.00", "1100000.00", "115000.00", "partly_paid")
    assert (fee["total"], fee["balance"], fee["state"]) == ("74436.00", "0.00", "paid")
    assert sorted(row["amount"] for row in said["payments/"].values()) == ["200000.00", "300000.00", "500000.00"]
    assert {name: row["amount"] for name, row in said["receipts/"].items()} == {"CP-1": "500000.00", "CP-2": "300000.00", "CP-3": "200000.00"}
    assert [voucher[name] for name in ("collected", "commission", "commission_iva", "net")] == ["781893.00", "62551.00", "11885.00", "707457.00"]
