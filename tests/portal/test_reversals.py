"""What went back of a payment, on its page and on paper: what, when, why and what is left, for its client and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from payments import reversal_document, reversals, settlement
from payments.gateway import GatewayState
from payments.models import Payment, Reversal
from tenants import context
from tests.payments.money import answer, finding, refunded, say, start
from tests.portal.pages import assert_closed, at, queries_of, text_of
from tests.statements.papers import assert_accessible, pages_of
from tests.world import NOW, Cast, Casts

REASON = "El cheque fue devuelto"


def pay(cast: Cast) -> Any:
    """Rita paid both her invoices. Call it inside the agency."""
    attempt = start(cast, cast.invoice, cast.overdue)
    say(attempt, transaction="t-1")
    return attempt


def part(cast: Cast, amount: int) -> Reversal:
    """PayU says that a part went back. Call it inside the agency."""
    attempt = pay(cast)
    settlement.settle_answer(attempt.pk, answer(finding(attempt, GatewayState.APPROVED), refunded(attempt, amount)), now=NOW)
    return Reversal.objects.get()


@pytest.fixture
def rita(cast: Casts, browse: Any) -> Any:
    """Rita of alfa."""
    return browse(cast.alfa.agency, cast.alfa.rita.user)


def test_a_part_is_told_plainly(cast: Casts, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        reversal = part(cast.alfa, 215_000)
    words = text_of(rita.get(at("payment", reversal.payment_id)))
    for said in (
        "Pago aprobado", "Lo que se devolvió de este pago RV-1 23 de noviembre de 2026 $ 215.000 Motivo: Reembolso",
        "$ 215.000 de la factura FA-1, que quedaron otra vez por pagar", "Nota de reversión RV-1", "Queda de este pago $ 2.215.000",
    ):  # fmt: skip
        assert said in words, said
    file = rita.get(at("payment_reversal", reversal.pk))
    assert (file["Content-Type"], file["Content-Disposition"]) == ("application/pdf", 'attachment; filename="reversion-RV-1.pdf"')
    assert_accessible(file.content, "Nota de reversión RV-1")
    (page,) = pages_of(file.content)
    for said in (
        "Nota de reversión RV-1 23 de noviembre de 2026", "Valor reversado $ 215.000 Doscientos quince mil pesos", "Queda del pago $ 2.215.000",
        "Rita Arrendataria Ñáñez CC 1.001", "Comprobante CP-1", "Valor pagado $ 2.430.000", "Motivo Reembolso",
        "FA-1 Canon de arrendamiento 11/2026 $ 215.000", "Total reversado $ 215.000",
    ):  # fmt: skip
        assert said in page, said


def test_the_whole_with_the_reason_of_staff(cast: Casts, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        attempt = pay(cast.alfa)
        reversal = reversals.reverse_by_staff(attempt.payment_id, reason=REASON, staff=cast.alfa.sara, now=NOW)
        doc = reversal_document.reversal_document(reversal, cast.alfa.agency)
        assert (doc.amount, doc.left, sum(line[2] for line in doc.lines)) == (2_430_000, 0, 2_430_000)
        assert [line[0] for line in doc.lines] == ["FA-2", "FA-1"]
    words = text_of(rita.get(at("payment", reversal.payment_id)))
    for said in ("Pago reversado", f"Motivo: {REASON}", "Queda de este pago $ 0"):
        assert said in words, said
    (page,) = pages_of(rita.get(at("payment_reversal", reversal.pk)).content)
    assert f"Reversado por la inmobiliaria: {REASON}" in page


def test_what_was_left_then_stays_on_the_paper(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        first = part(cast.alfa, 215_000)
        reversals.reverse_by_staff(first.payment_id, reason=REASON, staff=cast.alfa.sara, now=NOW)
        second = Reversal.objects.latest("pk")
        left = [reversal_document.reversal_document(each, cast.alfa.agency).left for each in (first, second)]
        assert left == [2_215_000, 0]


def test_nothing_went_back(cast: Casts, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        pay(cast.alfa)
        pk = Payment.objects.get().pk
    page = rita.get(at("payment", pk))
    assert "Lo que se devolvió" not in text_of(page)


def test_the_desk_links_it_and_nobody_else_reaches_it(cast: Casts, browse: Any, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        reversal = part(cast.alfa, 215_000)
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    desk, own = at("desk_reversal_pdf", reversal.pk), at("payment_reversal", reversal.pk)
    assert f'href="{desk}"' in sara.get(at("desk_payment", reversal.payment_id)).content.decode()
    assert sara.get(desk).content == rita.get(own).content
    assert rita.get(desk).status_code == 404
    for someone in (cast.alfa.oscar, cast.alfa.berta, cast.alfa.nadie):
        assert browse(cast.alfa.agency, someone.user).get(own).status_code == 404
    assert browse(cast.beta.agency, cast.beta.rita.user).get(own).status_code == 404
    assert browse(cast.beta.agency, cast.beta.sara).get(desk).status_code == 404
    assert_closed(browse, cast.alfa, own)
    assert browse(cast.alfa.agency).get(desk).status_code == 302


def test_queries_of_the_payment(cast: Casts, rita: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        reversal = part(cast.alfa, 215_000)
    few = len(queries_of(rita, at("payment", reversal.payment_id)))
    with context.in_agency(cast.alfa.agency):
        reversals.reverse_by_staff(reversal.payment_id, reason=REASON, staff=cast.alfa.sara, now=NOW)
    assert len(queries_of(rita, at("payment", reversal.payment_id))) <= few
    assert few <= 12
