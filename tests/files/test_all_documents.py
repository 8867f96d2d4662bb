"""Every paper there is, with one line and with eighty: tagged (PDF/UA-1), titled, in Spanish, its letters inside it, and the
heading of a long table on each of its pages.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from payments.documents import InvoiceDocument, ReceiptDocument, invoice_pdf, receipt_pdf
from payments.payouts.document import PayoutDocument, payout_pdf
from payments.reversal_document import ReversalDocument, reversal_pdf
from payments.statements.certificates import certificate_pdf
from payments.statements.clearance import ClearanceDocument, clearance_pdf
from payments.statements.papers import statement_pdf
from pqrs.documents import CaseDocument, Entry, case_pdf
from tenants.models import Agency
from tenants.paper import Issuer, render
from tests.statements.papers import assert_accessible, pages_of
from tests.statements.test_papers import certificate, statement

ISSUER = Issuer("Inmobiliaria Ñandú", "NIT 890.903.938-8", "Calle 1", "601 745 2030", "hola@nandu.example", "#1f6f5c")
AGENCY = Agency(
    name="Inmobiliaria Ñandú", nit="890903938", nit_check="8", address="Calle 1", city="Cali", phone="+576017452030", email="hola@nandu.example",
    colour="#1f6f5c",
)  # fmt: skip
DAY = date(2026, 11, 23)
MOMENT = datetime(2026, 11, 23, 10, 5, tzinfo=ZoneInfo("America/Bogota"))
WHO: dict[str, Any] = {"client": "Rita Ñáñez", "client_document": "CC 1.001"}
EACH = Decimal(50_000)
LONG = "Canon de arrendamiento de noviembre de 2026, apartamento 301"


def invoice(count: int, *, title: str = "Factura de arrendamiento") -> bytes:
    """A rent invoice, half of it paid."""
    lines = tuple((f"Concepto {n}", LONG, EACH) for n in range(count))
    doc = InvoiceDocument(
        issuer=ISSUER, title=title, number="FA-1", issued_on=DAY, due_on=DAY, period=DAY, lines=lines, total=EACH * count, balance=EACH * count / 2,
        state="Pendiente", client_address="Calle 2 # 3-4, Cali", principal="Óscar Gómez", principal_document="CC 1.002", lease="CA-1",
        unit="Apartamento IN-1, Calle 1", resolution="Resolución DIAN 1876 de 2026", how_to_pay=("En línea, en su área de clientes.",),
        pay_url="https://nandu.example/pagar/abc/", **WHO,
    )  # fmt: skip
    return invoice_pdf(doc)


def receipt(count: int) -> bytes:
    """A receipt with a credit, paid by somebody else."""
    lines = tuple((f"FA-{n}", LONG, EACH) for n in range(count))
    doc = ReceiptDocument(
        issuer=ISSUER, number="CP-1", issued_at=MOMENT, paid_on=DAY, payer="Pía Pagadora", payer_document="CC 7", means="PSE",
        reference="ABCDEFGH23456789", cus="1234567", authorisation="00000", lines=lines, total=EACH * count + 7, credit=Decimal(7),
        code="ABCDEFGH23456789", verify_url="https://nandu.example/verificar/ABCDEFGH23456789/", **WHO,
    )  # fmt: skip
    return receipt_pdf(doc)


def payout(count: int) -> bytes:
    """A payout."""
    return payout_pdf(
        PayoutDocument(
            issuer=ISSUER, number="CE-1", paid_on=DAY, period=DAY, owner="Óscar Gómez", owner_document="CC 1.002", lease="CA-1",
            unit="Apartamento IN-1, Calle 1", bank="Bancolombia", account="**** 1234", net=EACH * count,
            lines=tuple((f"Concepto {n}", EACH) for n in range(count)),
        )
    )  # fmt: skip


def reversal(count: int) -> bytes:
    """A part of a payment that went back."""
    lines = tuple((f"FA-{n}", LONG, EACH) for n in range(count))
    doc = ReversalDocument(
        issuer=ISSUER, number="RV-1", made_at=MOMENT, kind="Reversado por la inmobiliaria", reason="El cheque fue devuelto", receipt="CP-1",
        paid_on="23 de noviembre de 2026", means="Cheque", reference="4411", paid=EACH * count + 7, left=Decimal(7), lines=lines,
        amount=EACH * count, **WHO,
    )  # fmt: skip
    return reversal_pdf(doc)


def clearance(count: int) -> bytes:
    """A letter."""
    items = tuple((f"Contrato CA-{n}", "Calle 1 # 10-20, Cali", "Arrendatario") for n in range(count))
    return clearance_pdf(ClearanceDocument(issuer=ISSUER, on=DAY, city="Cali", items=items, verify_url="https://nandu.example/verificar/x/", **WHO))


def case(count: int) -> bytes:
    """A case with its thread."""
    text = f"Sigue goteando el lavaplatos. {LONG}. " * 3
    entries = tuple(Entry("Rita Ñáñez", "23 de noviembre de 2026", "Mensaje", text, ("foto.jpg",)) for _n in range(count))
    history = tuple(("23 de noviembre de 2026, 10:05 a. m.", "En trámite", "Sara") for _n in range(count))
    facts = (("Clasificación", "Reclamo"), ("Asunto", "Reparaciones"), ("Propiedad", "Calle 1 # 10-20"))
    return case_pdf(CaseDocument(number="2026-000123", state="En trámite", facts=facts, entries=entries, history=history, **WHO), AGENCY)


def personal_data(count: int) -> bytes:
    """All that is held about somebody."""
    columns = [("Factura", ""), ("Concepto", ""), ("Emisión", "day"), ("Total", "amount narrow")]
    shapes = [shape for _label, shape in columns]
    rows = [list(zip((f"FA-{n}", LONG, "23 nov 2026", "$ 50.000"), shapes, strict=True)) for n in range(count + 1)]
    facts = [{"Nombre": "Rita Ñáñez", "Documento": "1001", "Correo": "rita@correo.example"}]
    sections = [
        {"title": "Identidad y contacto", "rows": facts, "as_table": False, "columns": []},
        {"title": "Facturas", "rows": rows, "as_table": True, "columns": columns},
        {"title": "Pagos", "rows": [], "as_table": False, "columns": []},
    ]
    context = {"name": "Rita Ñáñez", "made": "23 de noviembre de 2026", "sections": sections}
    return render("pdf/personal_data.html", ISSUER, title="Datos personales de Rita Ñáñez", context=context)


# How to make it, its title, the heading of its table, and what is in each line of it.
PAPERS: dict[str, tuple[Callable[[int], bytes], str, str, str]] = {
    "invoice": (invoice, "Factura de arrendamiento FA-1", "Concepto Detalle Valor", LONG),
    "commission": (lambda n: invoice(n, title="Factura de comisión"), "Factura de comisión FA-1", "Concepto Detalle Valor", LONG),
    "receipt": (receipt, "Comprobante de pago CP-1", "Factura Concepto Valor aplicado", LONG),
    "payout": (payout, "Comprobante de egreso CE-1", "Concepto Valor", "$ 50.000"),
    "reversal": (reversal, "Nota de reversión RV-1", "Factura Concepto Valor reversado", LONG),
    "statement": (
        lambda n: statement_pdf(statement(n)), "Estado de cuenta del 1 ene 2026 al 23 nov 2026", "Fecha Documento Concepto Cargos Abonos Saldo",
        "Arrendamiento de enero",
    ),
    "certificate": (
        lambda n: certificate_pdf(certificate(n)), "Certificado anual 2025", "Inmueble Canon recaudado Comisión", "Calle 1 # 10-20, Cali",
    ),
    "clearance": (clearance, "Paz y salvo", "Contrato o inmueble Dirección Calidad", "Contrato CA-"),
    "case": (case, "PQRS 2026-000123", "Fecha Qué pasó Quién", "23 de noviembre de 2026, 10:05 a. m. En trámite Sara"),
    "personal_data": (personal_data, "Datos personales de Rita Ñáñez", "Factura Concepto Emisión Total", LONG),
}  # fmt: skip


def fonts_of(data: bytes) -> dict[str, bool]:
    """The fonts of a PDF, and whether each is inside it."""
    found: dict[str, bool] = {}
    for page in pypdfium2.PdfDocument(data):
        for item in page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_TEXT,)):
            font = pdfium.FPDFTextObj_GetFont(item.raw)
            name = ctypes.create_string_buffer(200)
            pdfium.FPDFFont_GetBaseFontName(font, name, 200)
            found[name.value.decode()] = pdfium.FPDFFont_GetIsEmbedded(font) == 1
    return found


@pytest.mark.parametrize("count", [1, 80])
@pytest.mark.parametrize("name", PAPERS)
def test_a_paper(name: str, count: int) -> None:
    make, title, heading, line = PAPERS[name]
    data = make(count)
    assert_accessible(data, title)
    fonts = fonts_of(data)
    assert fonts
    assert [font for font, inside in fonts.items() if not inside or "Inter" not in font] == []
    pages = pages_of(data)
    with_lines = [page for page in pages if line in page]
    assert sum(page.count(line) for page in pages) >= count
    assert [page[:200] for page in with_lines if heading not in page] == []
    assert (len(with_lines) > 1) == (count == 80)
    # Every page says whose it is and which of how many.
    assert all("Inmobiliaria Ñandú" in page and f"Página {n} de {len(pages)}" in page for n, page in enumerate(pages, 1))
    assert [part for part in ("NIT 890.903.938-8", "hola@nandu.example") if part not in pages[0]] == []


def test_all_share_one_head() -> None:
    """The name and the contact of the agency are at the same place of the first page of each."""
    places: set[Any] = set()
    for make, *_rest in PAPERS.values():
        page = pypdfium2.PdfDocument(make(1))[0]
        found = page.get_textpage().search("NIT 890.903.938-8").get_next()
        assert found is not None
        places.add(tuple(round(side) for side in page.get_textpage().get_charbox(found[0])))
    assert len(places) == 1
