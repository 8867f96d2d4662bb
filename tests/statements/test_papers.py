"""The papers themselves: tagged, titled, in Spanish; with one line and with eighty, the header on every page; the workbook."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from payments.documents import Issuer
from payments.statements.account import Account, Line, OpenItem, Statement
from payments.statements.certificates import CertificateDocument, Year, certificate_pdf
from payments.statements.clearance import ClearanceDocument, clearance_pdf
from payments.statements.papers import StatementDocument, statement_pdf, statement_xlsx
from tests.statements.papers import assert_accessible, pages_of

ISSUER = Issuer("Inmobiliaria Ñandú", "NIT 890.903.938-8", "Calle 1", "601 745 2030", "hola@nandu.example", "#1f6f5c")
DAY = date(2026, 11, 23)
HEADER = "Fecha Documento Concepto Cargos Abonos Saldo"


def statement(count: int, *, concept: str = "Arrendamiento de enero") -> StatementDocument:
    """A statement of `count` invoices of $ 1.000.000."""
    since = date(2026, 1, 1)
    lines = tuple(
        Line(since + timedelta(days=3 * n), f"FA-{n + 1}", concept, "Calle 1 # 10-20", Decimal(1_000_000)) for n in range(count)
    )
    items = tuple(OpenItem(n, f"FA-{n + 1}", since, since, "Calle 1 # 10-20", Decimal(1_000_000), Decimal(0), 3) for n in range(count))
    made = Statement(Account.RENT, since, DAY, Decimal(500), lines, Decimal(1_000_000 * count + 500), items)
    return StatementDocument(ISSUER, "Rita Ñáñez", "CC 1.001", DAY, made)


def test_a_statement_of_one_line() -> None:
    data = statement_pdf(statement(1))
    assert_accessible(data, "Estado de cuenta del 1 ene 2026 al 23 nov 2026")
    (page,) = pages_of(data)
    for said in (
        "Inmobiliaria Ñandú", "Rita Ñáñez", "CC 1.001", "Saldo por pagar al 23 de noviembre de 2026 $ 1.000.500", "Saldo inicial $ 500",
        "1 ene 2026 FA-1 Arrendamiento de enero", "$ 1.000.000 $ 1.000.500", "Facturas con saldo al 23 de noviembre de 2026", "Página 1 de 1",
    ):  # fmt: skip
        assert said in page, said


def test_a_statement_of_eighty_lines_says_on_each_page_what_its_columns_are() -> None:
    pages = pages_of(statement_pdf(statement(80)))
    with_lines = [page for page in pages if "Arrendamiento de enero" in page]
    assert len(with_lines) >= 4
    assert all(HEADER in page for page in with_lines)
    assert sum(page.count("Arrendamiento de enero") for page in pages) == 80
    assert all("Factura Inmueble Vence" in page for page in pages if "Calle 1 # 10-20 1 ene 2026" in page)
    assert f"Página {len(pages)} de {len(pages)}" in pages[-1]


def certificate(count: int) -> CertificateDocument:
    """A certificate of `count` units."""
    figures = (Decimal(950_000), Decimal(-76_000), Decimal(-14_440), Decimal(0), Decimal(0), Decimal(859_560))
    headings = ("Canon recaudado", "Comisión", "IVA comisión", "Retenciones", "Otros descuentos", "Neto girado")
    rows = tuple((f"IN-{n}", "Calle 1 # 10-20, Cali", figures) for n in range(count))
    return CertificateDocument(
        ISSUER, "Óscar Gómez", "CC 1.002", "Propietario", "recaudó y giró.", "Por fecha.", DAY, "Inmueble", Year(2025, headings, rows)
    )


def test_a_certificate_of_one_unit_and_of_eighty() -> None:
    data = certificate_pdf(certificate(1))
    assert_accessible(data, "Certificado anual 2025")
    (page,) = pages_of(data)
    for said in ("Neto girado $ 859.560 Ochocientos cincuenta y nueve mil", "certifica que en el año 2025 recaudó y giró.", "−$ 76.000"):
        assert said in page, said
    assert "El año no ha terminado" not in page
    pages = pages_of(certificate_pdf(certificate(80)))
    assert len(pages) >= 4
    assert all("IVA comisión" in page for page in pages if "Cali" in page)
    assert "Total $ 76.000.000 −$ 6.080.000 −$ 1.155.200 $ 0 $ 0 $ 68.764.800" in pages[-1]


def test_a_year_that_is_not_over_says_so() -> None:
    doc = certificate(1)
    data = certificate_pdf(CertificateDocument(**{**vars(doc), "made_on": date(2025, 6, 30)}))
    assert "El año no ha terminado: valores hasta el 30 de junio de 2025." in pages_of(data)[0]


@pytest.mark.parametrize("count", [1, 80])
def test_a_letter(count: int) -> None:
    items = tuple((f"Contrato CA-{n}", "Calle 1 # 10-20, Cali", "Arrendatario") for n in range(count))
    data = clearance_pdf(ClearanceDocument(ISSUER, "Rita Ñáñez", "CC 1.001", DAY, "Cali", items, "https://x.example/verificar/abc/"))
    assert_accessible(data, "Paz y salvo")
    pages = pages_of(data)
    assert "Inmobiliaria Ñandú, NIT 890.903.938-8, hace constar que Rita Ñáñez CC 1.001 se encuentra a paz y salvo" in pages[0]
    assert all("Contrato o inmueble Dirección Calidad" in page for page in pages if "Contrato CA-" in page)
    assert "https://x.example/verificar/abc/" in pages[-1]


def test_a_workbook_counts_on() -> None:
    doc = statement(2, concept="=cmd|' /C calc'!A0")
    sheet = load_workbook(io.BytesIO(statement_xlsx(doc))).worksheets[0]
    rows = list(sheet.iter_rows())
    values = [[cell.value for cell in row] for row in rows]
    assert values[1][0] == "Estado de cuenta del 1 ene 2026 al 23 nov 2026"
    assert values[5] == ["Fecha", "Documento", "Concepto", "Inmueble", "Cargos", "Abonos", "Saldo"]
    assert [row[6] for row in values[6:]] == [500, 1_000_500, 2_000_500, 2_000_500]
    assert values[7][0].date() == date(2026, 1, 1)
    assert values[9][2:6] == ["Saldo por pagar", None, 2_000_000, 0]
    # A text that looks like a formula is a text.
    assert (rows[7][2].value, rows[7][2].data_type) == ("=cmd|' /C calc'!A0", "s")
    assert sheet.freeze_panes == "A7"
