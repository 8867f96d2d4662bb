"""The two workbooks of the demo: exactly what they bring, what they get wrong, and nothing the second time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Sum

from clientarea.models import Client, Lease, Ownership, Unit
from payments.models import (
    Invoice,
    InvoiceKind,
    Movement,
    MovementKind,
    Payment,
    PaymentLine,
    PaymentSource,
    PaymentState,
    Payout,
    Receipt,
    ReceiptFile,
)
from saas.jobs.models import Job
from saas.lib.clock import BOGOTA
from tenants.models import Agency
from tests.importing.books import assert_money_is_true, counts, dump, load, told
from tests.world import TODAY

DATA = Path(settings.BASE_DIR) / "deploy" / "dev" / "data"
RIO = DATA / "inmobiliaria_del_rio.xlsx"
CORDILLERA = DATA / "inmobiliaria_cordillera.xlsx"
RIO_PROBLEMS = [
    ("Terceros", 41, "Documento", "rejected"),
    ("Contratos", 7, "Coarrendatario (documento)", "notice"),
    ("Contratos", 26, "Inmueble", "rejected"),
    ("Facturas", 617, "Número", "rejected"),
    ("Pagos", 272, "Fecha", "rejected"),
    ("Pagos", 272, "Valor", "rejected"),
]


def test_del_rio(inside_alfa: Agency, tmp_path: Path) -> None:
    report = load(RIO, inside_alfa, tmp_path)
    assert counts(report) == {
        "Terceros": (38, 0, 1, 1), "Inmuebles": (24, 0, 0, 0), "Contratos": (24, 0, 0, 1), "Facturas": (615, 0, 0, 1),
        "Pagos": (270, 0, 0, 1), "Egresos": (327, 0, 0, 0),
    }  # fmt: skip
    assert told(report) == RIO_PROBLEMS
    assert report.summary() == "1303 filas · creadas 1298 · actualizadas 0 · sin cambios 1 · rechazadas 4 · avisos 1"
    assert [p.reason for p in report.problems] == [
        "No se entiende «vacío» como número de documento. Escríbalo así: 1007975904.",
        "El coarrendatario «1170329463» es el mismo arrendatario. Se dejó sin coarrendatario.",
        "«IN-0000» no existe o fue rechazado.",
        "FA-5001 está repetido: ya venía en la fila 2 con otros datos.",
        "La fecha «31/02/2026» no existe en el calendario.",
        "No se entiende «abc» como un valor en pesos. Escríbalo así: $ 1.850.000 o 1850000.",
    ]
    rows = [m.objects.count() for m in (Client, Unit, Lease, Invoice, Payment, PaymentLine, Receipt, Payout)]
    assert rows == [38, 24, 24, 615, 270, 270, 270, 327]
    assert_money_is_true()


def test_cordillera(inside_alfa: Agency, tmp_path: Path) -> None:
    report = load(CORDILLERA, inside_alfa, tmp_path)
    assert counts(report) == {
        "Terceros": (128, 0, 1, 0), "Inmuebles": (80, 0, 0, 0), "Contratos": (80, 0, 0, 1), "Facturas": (2013, 0, 0, 0),
        "Pagos": (895, 0, 0, 0), "Egresos": (1053, 0, 0, 0),
    }  # fmt: skip
    assert told(report) == [
        ("Contratos", 54, "Coarrendatario (documento)", "notice"),
        ("Contratos", 82, "Inmueble", "rejected"),
    ]
    assert Ownership.objects.count() == 94  # fourteen units of two owners
    shares = Ownership.objects.values_list("unit").annotate(total=Sum("share")).values_list("total", flat=True)
    assert set(shares) == {Decimal(100)}
    states = Invoice.objects.with_state(today=TODAY).values_list("kind", "state")
    paid = [kind for kind, state in states if state == "paid"]
    assert (paid.count("rent"), paid.count("commission"), len(states) - len(paid)) == (895, 1053, 65)
    kinds = Movement.objects.values_list("kind", flat=True)
    assert {kind: list(kinds).count(kind) for kind in MovementKind} == {
        "applied": 895, "credit": 0, "deducted": 1053, "reversed": 0, "note": 0, "released": 0,
    }  # fmt: skip
    assert not Movement.objects.filter(kind=MovementKind.DEDUCTED).exclude(invoice__kind=InvoiceKind.COMMISSION).exists()
    assert set(Payment.objects.values_list("source", "state")) == {(PaymentSource.IMPORTED, PaymentState.APPROVED)}
    # No mail and no PDF for payments of last year.
    assert (Job.objects.count(), ReceiptFile.objects.count()) == (0, 0)
    assert_money_is_true()


def test_what_the_rows_say(inside_alfa: Agency, tmp_path: Path) -> None:
    load(RIO, inside_alfa, tmp_path)
    client = Client.objects.get(document="885819394")  # nit, 885819394-4
    assert (client.document_type, client.document_check, client.name) == ("NIT", "4", "Inversiones Peña Quiñones S.A.S.")
    assert (client.mobile, client.folded) == ("+573298679867", "inversiones pena quinones s.a.s. 885819394")
    unit = Unit.objects.get(code="IN-1009")
    assert (unit.kind, unit.stratum, unit.neighbourhood) == ("Apartamento", 3, "Teusaquillo")  # APARTAMENTO in the sheet
    shares = Ownership.objects.filter(unit__code="IN-1005").values_list("owner__document", "share")
    assert set(shares) == {("888577644", Decimal("33.33")), ("848978157", Decimal("66.67"))}
    lease = Lease.objects.get(number="CA-2025001")
    assert (lease.rent, lease.administration, lease.commission, lease.use) == (3350000, 420000, 10, "business")
    assert (lease.starts_on, lease.ends_on, lease.co_renter.document) == (date(2025, 9, 5), date(2027, 9, 4), "360939598")
    assert Lease.objects.get(number="CA-2025003").commission == Decimal("7.5")
    assert Lease.objects.get(number="CA-2025005").co_renter is None
    invoice = Invoice.objects.get(prefix="FA", number=5285)
    assert (invoice.base, invoice.administration, invoice.iva, invoice.withholding) == (10400000, 180000, 1976000, 364000)
    assert (invoice.total, invoice.applied, invoice.due_on) == (12192000, 12192000, date(2026, 8, 19))
    assert Invoice.objects.get(prefix="FA", number=5001).base == 850000  # not the 1 peso of the row that repeats it
    receipt = Receipt.objects.get(prefix="RC", number=7001)
    assert receipt.issued_at == datetime(2025, 12, 2, 12, tzinfo=BOGOTA)
    assert receipt.content == {
        "client": "José José Ibáñez Ávila", "client_document": "CC 143.645.637", "payer": "José José Ibáñez Ávila",
        "payer_document": "", "paid_on": "2025-12-02", "means": "PSE", "reference": "317440641", "cus": "", "authorisation": "",
        "test": False, "lines": [["FA-5001", "Canon de arrendamiento 12/2025", "1030000.00"]], "credit": "0.00",
    }  # fmt: skip
    movement = Movement.objects.get(payment=receipt.payment)
    assert (movement.kind, movement.amount, movement.on) == ("applied", 1030000, date(2025, 12, 2))
    payout = Payout.objects.get(prefix="CE", number=3002)
    assert (payout.collected, payout.other, payout.net, payout.account) == (850000, 120000, 649080, "****7207")


@pytest.mark.parametrize("path", [RIO, CORDILLERA], ids=["rio", "cordillera"])
def test_the_second_time_nothing_changes(inside_alfa: Agency, tmp_path: Path, path: Path) -> None:
    first = load(path, inside_alfa, tmp_path)
    before = dump()
    second = load(path, inside_alfa, tmp_path)
    assert dump() == before
    assert told(second) == told(first)
    assert counts(second) == {name: (0, 0, c + u + s, r) for name, (c, u, s, r) in counts(first).items()}


def test_a_dry_run_tells_the_same_and_leaves_nothing(inside_alfa: Agency, tmp_path: Path) -> None:
    before = dump()
    tried = load(RIO, inside_alfa, tmp_path, dry_run=True)
    assert dump() == before
    assert Client.objects.count() == 0
    assert tried.summary() == (
        "Simulación, nada se guardó: 1303 filas · creadas 1298 · actualizadas 0 · sin cambios 1 · rechazadas 4 · avisos 1"
    )
    assert told(tried) == RIO_PROBLEMS
    assert counts(load(RIO, inside_alfa, tmp_path)) == counts(tried)
