"""The pages of statement, paz y salvo, certificates and payout: as their person, as another, and as nobody."""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from payments.models import Invoice, InvoiceKind, Movement, MovementKind, Payout
from payments.statements import papers as statement_papers
from saas.lib import clock
from tenants import context
from tests.payments.money import say, start
from tests.portal.pages import assert_closed, at, queries_of, tags, text_of
from tests.portal.test_payouts import make_payout
from tests.statements.papers import assert_accessible, pages_of
from tests.world import TODAY, Cast, Casts, make_invoice

PAGES = ["statement", "clearance", "certificates"]
FILES = ["statement_pdf", "statement_xlsx"]


@pytest.fixture
def here(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    return cast.alfa


def settle_all(cast: Cast) -> None:
    """Rita pays both of her invoices online."""
    with context.in_agency(cast.agency):
        say(start(cast, cast.invoice, cast.overdue))


# Statement


def test_a_renter_sees_this_year(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.rita.user).get(at("statement"))
    text = text_of(answer)
    assert "Saldo inicial $ 0 Cargos $ 2.430.000 Abonos $ 0 Saldo por pagar al 23 nov 2026 $ 2.430.000" in text
    assert "FA-2 Calle 1 # 10-20 9 oct 2026 45 días de mora $ 1.215.000 $ 1.215.000" in text
    assert "Arrendamiento de octubre de 2026 Calle 1 # 10-20 1 oct 2026 FA-2 $ 1.215.000 $ 1.215.000" in text
    assert len(tags(answer, "statement-line")) == 2
    assert 'value="2026-01-01"' in answer.content.decode()
    assert "Ingresos como propietario" not in text


def test_any_range_on_screen_and_on_paper(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    asked = {"account": "arrendamientos", "since": "2026-10-15", "until": "2026-11-23"}
    assert "Saldo inicial $ 1.215.000 Cargos $ 1.215.000" in text_of(rita.get(at("statement"), asked))
    paper = rita.get(at("statement_pdf"), asked)
    assert paper["Content-Disposition"] == 'attachment; filename="estado-de-cuenta-arrendamientos-2026-10-15-2026-11-23.pdf"'
    assert paper["Cache-Control"] == "private, no-store"
    assert_accessible(paper.content, "Estado de cuenta del 15 oct 2026 al 23 nov 2026")
    (page,) = pages_of(paper.content)
    assert "Rita Arrendataria Ñáñez" in page
    assert "Saldo por pagar $ 1.215.000 $ 0 $ 2.430.000" in page
    book = rita.get(at("statement_xlsx"), asked)
    assert book["Content-Disposition"] == 'attachment; filename="estado-de-cuenta-arrendamientos-2026-10-15-2026-11-23.xlsx"'
    rows = list(load_workbook(io.BytesIO(book.content)).worksheets[0].iter_rows(values_only=True))
    assert rows[-1][4:] == (1_215_000, 0, 2_430_000)


def test_who_rents_and_owns_chooses_the_account(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        make_payout(here, 3001, owner=here.berta)
    berta = browse(here.agency, here.berta.user)
    assert "Saldo por pagar al 23 nov 2026 $ 2.000.000" in text_of(berta.get(at("statement")))
    text = text_of(berta.get(at("statement"), {"account": "ingresos"}))
    assert "Recaudos $ 950.000 Descuentos y giros $ 950.000 Saldo por girar al 23 nov 2026 $ 0" in text
    assert "Giro a Bancolombia" in text
    assert "Sin movimientos" in text_of(berta.get(at("statement"), {"account": "comisiones"}))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "2026-11-02", "until": "2026-11-01"}, "La fecha inicial debe ser anterior o igual a la final."),
        ({"until": "2026-11-24"}, "La fecha final no puede ser posterior a hoy."),
        ({"since": "1999-12-31"}, "Elija una fecha inicial del año 2000 en adelante."),
        ({"since": "31/02/2026"}, "fecha"),
        ({"account": "ingresos"}, ""),  # Rita owns nothing
    ],
)
def test_nonsense_is_told_and_gives_no_paper(here: Cast, browse: Any, asked: dict[str, str], said: str) -> None:
    rita = browse(here.agency, here.rita.user)
    answer = rita.get(at("statement"), asked)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert tags(answer, "closing") == []
    for name in FILES:
        assert rita.get(at(name), asked)["Location"] == at("statement")


def test_without_an_account_it_says_what_will_be_there(here: Cast, browse: Any) -> None:
    nadie = browse(here.agency, here.nadie.user)
    assert "Todavía no tiene una cuenta" in text_of(nadie.get(at("statement")))
    for name in FILES:
        assert nadie.get(at(name)).status_code == 404


def test_a_long_statement_is_turned_in_pages_and_too_long_for_a_pdf_goes_to_the_workbook(
    here: Cast, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with context.in_agency(here.agency):
        for number in range(100, 140):
            make_invoice(here.lease, number)
    rita = browse(here.agency, here.rita.user)
    assert len(tags(rita.get(at("statement")), "statement-line")) == 40
    last = rita.get(at("statement"), {"page": 2})
    assert len(tags(last, "statement-line")) == 2
    assert f"Saldo por pagar al 23 nov 2026 $ {42 * 1_215_000:,}".replace(",", ".") in text_of(last)
    assert len(tags(last, "open-item")) == 12
    monkeypatch.setattr(statement_papers, "MOST_LINES", 41)
    told = rita.get(at("statement_pdf"), follow=True)
    assert "Ese rango tiene demasiados movimientos para un PDF." in text_of(told)
    assert rita.get(at("statement_xlsx")).status_code == 200


# Paz y salvo


def test_who_owes_gets_no_letter_and_is_told_what(here: Cast, browse: Any) -> None:
    rita = browse(here.agency, here.rita.user)
    for answer, status in ((rita.get(at("clearance")), 200), (rita.get(at("clearance_pdf")), 409)):
        assert answer.status_code == status
        assert "Todavía no podemos darle el paz y salvo" in text_of(answer)
        assert len(tags(answer, "debt")) == 2
        assert f'href="{at("clearance_pdf")}"' not in answer.content.decode()


def test_a_payment_under_way_has_not_paid_yet(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        start(here, here.invoice, here.overdue)
    assert browse(here.agency, here.rita.user).get(at("clearance_pdf")).status_code == 409


def test_who_owes_nothing_gets_a_letter_that_anyone_can_check(here: Cast, cast: Casts, browse: Any) -> None:
    settle_all(here)
    rita = browse(here.agency, here.rita.user)
    assert "Está a paz y salvo" in text_of(rita.get(at("clearance")))
    letter = rita.get(at("clearance_pdf"))
    assert letter["Content-Disposition"] == 'attachment; filename="paz-y-salvo-2026-11-23.pdf"'
    assert_accessible(letter.content, "Paz y salvo")
    (page,) = pages_of(letter.content)
    for said in ("Rita Arrendataria Ñáñez", "CC 1.001", "hasta el 23 de noviembre de 2026", "Contrato CA-1", "Arrendatario"):
        assert said in page, said
    found = re.search(r"/verificar/paz-y-salvo/(\S+)/", page.replace("- ", "-").split("Verifique esta carta")[1].replace(" ", ""))
    assert found is not None
    checked = browse(here.agency).get(at("clearance_check", found[1]))
    assert checked.status_code == 200
    text = text_of(checked)
    assert "Paz y salvo válido" in text
    assert "23 de noviembre de 2026" in text
    assert "CC •••1001" in text
    assert "Rita" not in text
    assert browse(cast.beta.agency).get(at("clearance_check", found[1])).status_code == 404
    assert browse(here.agency).get(at("clearance_check", found[1][:-1] + "x")).status_code == 404


def test_a_lease_signed_together_is_owed_together(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        here.lease.co_renter = here.nadie
        here.lease.save()
    nadie = browse(here.agency, here.nadie.user)
    refused = nadie.get(at("clearance_pdf"))
    assert refused.status_code == 409
    assert "El contrato CA-1, que usted firmó con otra persona, tiene facturas por pagar." in text_of(refused)
    assert tags(refused, "debt") == []
    assert "FA-" not in text_of(refused)
    settle_all(here)
    assert "Coarrendatario" in pages_of(nadie.get(at("clearance_pdf")).content)[0]


def test_an_owner_owes_commissions(here: Cast, browse: Any) -> None:
    oscar = browse(here.agency, here.oscar.user)
    # What the renters of Óscar's units owe is not Óscar's.
    assert oscar.get(at("clearance_pdf"))["Content-Type"] == "application/pdf"
    with context.in_agency(here.agency):
        make_invoice(here.lease, 901, total=90_440, kind=InvoiceKind.COMMISSION, prefix="FC", client=here.oscar)
    refused = oscar.get(at("clearance_pdf"))
    assert (refused.status_code, "FC-901" in text_of(refused)) == (409, True)


def test_nobody_s_letter_says_nothing(here: Cast, browse: Any) -> None:
    refused = browse(here.agency, here.nadie.user).get(at("clearance_pdf"))
    assert refused.status_code == 409
    assert "No hay contratos ni inmuebles a su nombre" in text_of(refused)


# Certificates


def test_the_years_and_their_papers(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        make_payout(here, 3002, month=10, withholdings=33_250, other=100_000, net=726_310)
        make_payout(here, 2001, year=2025, month=12)
    oscar = browse(here.agency, here.oscar.user)
    answer = oscar.get(at("certificates"))
    assert (len(tags(answer, "owner-year")), tags(answer, "renter-year")) == (2, [])
    paper = oscar.get(at("owner_certificate", 2026))
    assert paper["Content-Disposition"] == 'attachment; filename="certificado-propietario-2026.pdf"'
    (page,) = pages_of(paper.content)
    assert "El año no ha terminado: valores hasta el 23 de noviembre de 2026." in page
    assert "Total $ 950.000 −$ 76.000 −$ 14.440 −$ 33.250 −$ 100.000 $ 726.310" in page
    assert "IN-1" in page
    assert "El año no ha terminado" not in pages_of(oscar.get(at("owner_certificate", 2025)).content)[0]
    for year in (2024, 0, 99999):
        assert oscar.get(at("owner_certificate", year)).status_code == 404
    assert oscar.get(at("renter_certificate", 2026)).status_code == 404


def test_a_renter_s_year_counts_parts_in_proportion(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Movement.objects.create(
            kind=MovementKind.APPLIED, client=here.rita, invoice=here.overdue, amount=Decimal(607_500), on=date(2026, 10, 5)
        )
        Invoice.objects.filter(pk=here.overdue.pk).update(applied=607_500)
    rita = browse(here.agency, here.rita.user)
    assert len(tags(rita.get(at("certificates")), "renter-year")) == 1
    (page,) = pages_of(rita.get(at("renter_certificate", 2026)).content)
    assert "Total $ 475.000 $ 132.500 $ 0 $ 0 $ 607.500" in page
    assert rita.get(at("owner_certificate", 2026)).status_code == 404


def test_no_certificates_yet(here: Cast, browse: Any) -> None:
    assert "Todavía no hay certificados" in text_of(browse(here.agency, here.nadie.user).get(at("certificates")))


# Payouts


def test_a_payout_shows_where_it_comes_from(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        payout = make_payout(here, 3002, month=10)
        make_invoice(here.lease, 901, total=90_440, kind=InvoiceKind.COMMISSION, prefix="FC", client=here.oscar, period=date(2026, 10, 1), iva=14_440)
        make_invoice(here.lease, 902, total=90_440, kind=InvoiceKind.COMMISSION, prefix="FC", client=here.berta, period=date(2026, 10, 1))
        say(start(here, here.overdue))
    answer = browse(here.agency, here.oscar.user).get(at("payout", payout.pk))
    text = text_of(answer)
    for said in (
        "Neto girado $ 859.560", "Canon recaudado $ 950.000", "Factura de arrendamiento FA-2 Emitida el 1 de octubre de 2026",
        "Canon $ 950.000 · administración $ 265.000", "Pago recibido, comprobante CP-1", "Factura de comisión FC-901", "Giro CE-3002", "**** 8901",
    ):  # fmt: skip
        assert said in text, said
    # Of the renter: neither name nor means, and no way to their pages.
    for never in ("Rita", "VISA", "FC-902", "FA-1 "):
        assert never not in text
    assert at("invoice", here.overdue.pk) not in answer.content.decode()


def test_the_picture_and_its_table_say_the_same(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        make_payout(here, 3001, month=9)
        make_payout(here, 3002, month=10, other=429_780, net=429_780)
        make_payout(here, 2001, year=2025, month=12)
    oscar = browse(here.agency, here.oscar.user)
    answer = oscar.get(at("payouts"))
    drawn = answer.content.decode()
    assert 'role="img"' in tags(answer, "income-chart")[0]
    lines = re.findall(r'<line class="chart-(net|kept)" x1="(\d+)" y1="(\d+)" x2="(\d+)" y2="(\d+)">', drawn)
    assert lines == [
        ("kept", "85", "0", "85", "10"), ("net", "85", "10", "85", "100"), ("kept", "95", "0", "95", "55"), ("net", "95", "55", "95", "100"),
    ]  # fmt: skip
    assert len(tags(answer, "income-month")) == 12
    assert "Septiembre de 2026 $ 950.000 $ 90.440 $ 859.560" in text_of(answer)
    assert "Mes a mes, 2025" in text_of(oscar.get(at("payouts"), {"year": "2025"}))


# Doors


def test_somebody_else_finds_nothing(here: Cast, cast: Casts, browse: Any) -> None:
    with context.in_agency(here.agency):
        payout = make_payout(here, 3002)
    for someone in (here.rita, here.berta, here.nadie):
        assert browse(here.agency, someone.user).get(at("payout", payout.pk)).status_code == 404
        assert browse(here.agency, someone.user).get(at("owner_certificate", 2026)).status_code == 404
    with context.in_agency(cast.beta.agency):
        assert not Payout.objects.exists()
    assert browse(cast.beta.agency, cast.beta.oscar.user).get(at("payout", payout.pk)).status_code == 404
    for someone in (here.berta, here.nadie, here.oscar):
        for name in PAGES:
            text = text_of(browse(here.agency, someone.user).get(at(name)))
            assert "FA-1 " not in text
            assert "1.215.000" not in text


@pytest.mark.parametrize("name", [*PAGES, *FILES, "clearance_pdf"])
def test_the_doors_are_closed_to_others(here: Cast, browse: Any, name: str) -> None:
    assert_closed(browse, here, at(name))
    assert browse(here.agency, here.rita.user).post(at(name)).status_code == 405


def test_certificates_and_payouts_are_closed_too(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        payout = make_payout(here, 3002)
    for path in (at("payout", payout.pk), at("owner_certificate", 2026), at("renter_certificate", 2026)):
        assert_closed(browse, here, path)


def test_the_address_of_a_letter_is_open_to_all_and_says_no_more(here: Cast, browse: Any) -> None:
    answer = browse(here.agency).get(at("clearance_check", "eyJhIjoxfQ:1xVXDx:abc"))
    assert answer.status_code == 404
    assert answer["X-Robots-Tag"] == "noindex"
    assert browse(None).get(at("clearance_check", "eyJhIjoxfQ:1xVXDx:abc")).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_no_page_asks_much(here: Cast, browse: Any, name: str) -> None:
    berta = browse(here.agency, here.berta.user)
    few = len(queries_of(berta, at(name)))
    with context.in_agency(here.agency):
        for number in range(100, 130):
            make_invoice(here.berta_lease, number)
            make_payout(here, number + 3000, owner=here.berta)
    assert len(queries_of(berta, at(name))) == few <= 12


def test_a_payout_s_page_asks_little(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        payout = make_payout(here, 3002)
    assert len(queries_of(browse(here.agency, here.oscar.user), at("payout", payout.pk))) <= 12
