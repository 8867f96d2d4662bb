"""An owner's income: the history, its totals by year and the paper of each payout."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest

from payments.models import Payout
from tenants import context
from tests.portal.pages import assert_closed, at, queries_of, tags, text_of
from tests.world import Cast, Casts


def make_payout(cast: Cast, number: int, *, year: int = 2026, month: int = 10, **fields: Any) -> Payout:
    """A payout to Oscar: $ 950.000 less 8 % and its IVA. Call it inside the agency."""
    values: dict[str, Any] = {
        "prefix": "CE", "number": number, "owner": cast.oscar, "lease": cast.lease, "period": date(year, month, 1),
        "paid_on": date(year, month, 15), "collected": 950_000, "commission": 76_000, "commission_iva": 14_440, "withholdings": 0,
        "other": 0, "net": 859_560, "bank": "Bancolombia", "account": "123-456789-01",
    }  # fmt: skip
    return Payout.objects.create(**{**values, **fields})


@pytest.fixture
def here(cast: Casts) -> Cast:
    with context.in_agency(cast.alfa.agency):
        make_payout(cast.alfa, 3001, month=9)
        make_payout(cast.alfa, 3002, month=10, withholdings=33_250, other=100_000, net=726_310)
        make_payout(cast.alfa, 2001, year=2025, month=12)
    return cast.alfa


def test_the_history_has_totals_by_year(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.oscar.user).get(at("payouts"))
    text = text_of(answer)
    assert "Neto girado en 2026 $ 1.585.870 Canon recaudado $ 1.900.000 Comisión con IVA $ 180.880 Retenciones y otros descuentos $ 133.250" in text
    assert "Neto girado en 2025 $ 859.560 Canon recaudado $ 950.000 Comisión con IVA $ 90.440" in text
    assert (
        "CE-3002 15 oct 2026 octubre de 2026 Calle 1 # 10-20 $ 950.000 $ 90.440 $ 133.250 $ 726.310" in text
    )
    assert text.index("CE-3002") < text.index("CE-3001") < text.index("CE-2001")
    assert len(tags(answer, "payout-row")) == 3


def test_a_year_is_chosen(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.oscar.user).get(at("payouts"), {"year": "2025"})
    assert len(tags(answer, "payout-row")) == len(tags(answer, "year-total")) == 1
    assert "CE-2001" in text_of(answer)
    assert "CE-3001" not in text_of(answer)


def test_others_see_nothing_of_it(here: Cast, browse: Any) -> None:
    for someone in (here.rita, here.berta, here.nadie):
        text = text_of(browse(here.agency, someone.user).get(at("payouts")))
        assert "Todavía no tiene ingresos" in text
        assert "CE-" not in text
    assert_closed(browse, here, at("payouts"))


def test_the_paper_says_what_was_kept_and_hides_the_account(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        payout = Payout.objects.get(number=3002)
    answer = browse(here.agency, here.oscar.user).get(at("payout_receipt", payout.pk))
    assert answer["Content-Disposition"] == 'attachment; filename="egreso-CE-3002.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    paper = pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_range().replace("\u00a0", " ")
    for said in (
        "Comprobante de egreso", "CE-3002", "Óscar Propietario Gómez", "CC 1.002", "15 de octubre de 2026", "octubre de 2026", "Bancolombia",
        "**** 8901", "CA-1", "$ 950.000", "−$ 76.000", "−$ 14.440", "−$ 33.250", "−$ 100.000", "$ 726.310",
        "Setecientos veintiséis mil trescientos diez pesos",
    ):  # fmt: skip
        assert said in paper
    assert "456789" not in paper


def test_somebody_elses_paper_is_not_found(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        payout = Payout.objects.get(number=3002)
    for someone in (here.rita, here.berta, here.nadie):
        assert browse(here.agency, someone.user).get(at("payout_receipt", payout.pk)).status_code == 404
    assert_closed(browse, here, at("payout_receipt", payout.pk))


def test_another_agencys_payouts_do_not_show(here: Cast, cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        foreign = make_payout(cast.beta, 7777, collected=777_777)
    oscar = browse(here.agency, here.oscar.user)
    assert "777" not in text_of(oscar.get(at("payouts")))
    with context.in_agency(here.agency):
        Payout.objects.filter(pk=foreign.pk).delete()
    assert oscar.get(at("payout_receipt", foreign.pk)).status_code == 404


def test_thirty_payouts_cost_no_more_queries_than_three(here: Cast, browse: Any) -> None:
    oscar = browse(here.agency, here.oscar.user)
    assert len(tags(oscar.get(at("payouts")), "payout-row")) == 3
    few = queries_of(oscar, at("payouts"))
    with context.in_agency(here.agency):
        for number in range(4000, 4027):
            make_payout(here, number, collected=Decimal(950_000))
    assert len(tags(oscar.get(at("payouts")), "payout-row")) == 20
    assert len(queries_of(oscar, at("payouts"))) == len(few) < 12
