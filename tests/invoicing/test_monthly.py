"""What a month asks for, to the peso: whole and partial months, IVA by use and owner, withholding, late interest, and increases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from clientarea.models import Client, Lease
from payments.invoicing import increases, issuing, monthly
from payments.invoicing import policy as invoicing_policy
from payments.invoicing.drafts import Draft, DraftLine, parts_of
from payments.invoicing.monthly import Skipped
from payments.models import Invoice, InvoiceKind, InvoiceLine, LineKind, RentIncrease, YearFigures
from saas.audit.models import Change
from saas.lib import clock
from tenants import context
from tests.invoicing.helpers import DECEMBER, NOVEMBER, another_owner, begin, finish, number, parts, pay, some_leases
from tests.world import NOW, TODAY, Cast, Casts, make_invoice

RULES = {"late_rate": Decimal(2), "late_grace": 0, "iva_rate": Decimal(19), "commission_iva_rate": Decimal(19)}


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        figures(cast.alfa, 2025, ipc=Decimal("5.10"))
        figures(cast.alfa, 2026, uvt=Decimal(52_374), withholding_rate=Decimal("3.5"), withholding_base=27)
        yield cast.alfa


def figures(cast: Cast, year: int, **values: Any) -> None:
    """The agency's figures of a year."""
    invoicing_policy.save_figures(year, {**dict.fromkeys(invoicing_policy.FIGURES), **values}, staff=cast.sara, now=NOW)


def draft(lease: Lease, period: date = DECEMBER, issued_on: date = TODAY) -> Draft:
    (made,) = monthly.drafts_of([lease.pk], period=period, issued_on=issued_on)
    assert isinstance(made, Draft), made
    return made


def change(lease: Lease, **fields: Any) -> Lease:
    Lease.objects.filter(pk=lease.pk).update(**fields)
    return Lease.objects.get(pk=lease.pk)


def test_a_whole_month_of_housing_is_rent_and_administration_without_iva(here: Cast) -> None:
    made = draft(here.lease)
    assert (made.base, made.administration, made.extras, made.iva, made.withholding, made.total) == (950_000, 265_000, 0, 0, 0, 1_215_000)
    assert (made.concept, made.due_on, made.client_id) == ("Arrendamiento de diciembre de 2026", date(2026, 12, 5), here.rita.pk)


@pytest.mark.parametrize(
    ("starts", "ends", "days", "base", "administration"),
    [
        ("2026-12-16", "2027-12-15", "16 de 31", 490_323, 136_774),  # 490 322,58 and 136 774,19
        ("2025-01-01", "2026-12-10", "10 de 31", 306_452, 85_484),  # 306 451,61 and 85 483,87
        ("2026-12-31", "2027-12-30", "1 de 31", 30_645, 8_548),
    ],
)
def test_a_first_and_a_last_month_are_by_the_day(here: Cast, starts: str, ends: str, days: str, base: int, administration: int) -> None:
    made = draft(change(here.lease, starts_on=starts, ends_on=ends))
    assert (made.base, made.administration, made.total) == (base, administration, base + administration)
    assert made.concept == f"Arrendamiento de diciembre de 2026 ({days} días)"


def test_iva_is_for_business_and_for_the_share_of_the_liable_owners(here: Cast) -> None:
    lease = change(here.lease, use="business", rent=1_234_567)
    assert draft(lease).iva == 234_568  # 234 567,73; none on the administration
    another_owner(lease.unit, here, Decimal(40))
    Client.objects.filter(pk=here.berta.pk).update(vat_liable=False)
    assert draft(lease).iva == 140_741  # 60 %: 140 740,64
    Client.objects.update(vat_liable=False)
    assert draft(lease).iva == 0


@pytest.mark.parametrize(("rent", "withheld"), [(1_414_097, 0), (1_414_098, 49_493), (8_350_000, 292_250)])
def test_a_withholding_agent_withholds_from_twenty_seven_uvt_on(here: Cast, rent: int, withheld: int) -> None:
    lease = change(here.lease, rent=rent, administration=0)
    assert draft(lease).withholding == 0
    Client.objects.filter(pk=here.rita.pk).update(withholding_agent=True)
    assert (draft(lease).withholding, draft(lease).total) == (withheld, rent - withheld)


@pytest.mark.parametrize("missing", ["uvt", "withholding_rate", "withholding_base"])
def test_nothing_is_withheld_by_figures_that_nobody_entered(here: Cast, missing: str) -> None:
    Client.objects.filter(pk=here.rita.pk).update(withholding_agent=True)
    YearFigures.objects.filter(year=2026).update(**{missing: None})
    (skipped,) = monthly.drafts_of([here.lease.pk], period=DECEMBER, issued_on=TODAY)
    told = "El inquilino retiene: escriba primero la UVT, el porcentaje y la base de retención de 2026 en Reglas de facturación."
    assert isinstance(skipped, Skipped)
    assert skipped.reason == told
    YearFigures.objects.filter(year=2026).delete()
    (skipped,) = monthly.drafts_of([here.lease.pk], period=DECEMBER, issued_on=TODAY)
    assert (skipped.reason, invoicing_policy.suggested(2025)) == (told, {})  # type: ignore[union-attr]
    YearFigures.objects.all().delete()
    lease = change(here.lease, starts_on=date(2025, 12, 1))
    (offered,) = [each for each in increases.proposals(TODAY) if each.lease.pk == lease.pk]
    assert (offered.percent, offered.new_rent) == (None, None)
    with pytest.raises(increases.IncreaseRefused, match="Escriba primero el IPC de 2025"):
        increases.announce(lease.pk, percent=Decimal(1), from_on=DECEMBER, staff=here.sara, now=NOW)


def test_the_payment_day_is_kept_within_its_month_and_never_before_the_issue(here: Cast) -> None:
    assert draft(change(here.lease, payment_day=31), period=date(2026, 2, 1), issued_on=date(2026, 2, 1)).due_on == date(2026, 2, 28)
    assert draft(change(here.lease, payment_day=1), period=DECEMBER, issued_on=date(2026, 12, 3)).due_on == date(2026, 12, 3)


def test_a_lease_that_has_the_month_is_left_out_unless_it_was_voided_or_was_for_something_else(here: Cast) -> None:
    (skipped,) = monthly.drafts_of([here.lease.pk], period=NOVEMBER, issued_on=TODAY)
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "Ya tiene la factura FA-1 de este mes."
    make_invoice(here.lease, 50, period=DECEMBER, total=0)
    assert draft(here.lease).base == 950_000
    issuing.void(here.invoice.pk, reason="Mal hecha", staff=here.sara, now=NOW)
    assert draft(here.lease, period=NOVEMBER).base == 950_000


# Late interest


def late(here: Cast, **rules: Any) -> None:
    """Late interest at 2 % a month, wanted since 1 October."""
    invoicing_policy.save({**RULES, **rules}, staff=here.sara, now=NOW, today=date(2026, 10, 1))


def test_late_interest_is_by_the_day_on_what_was_owed_each_day(here: Cast) -> None:
    """$ 1.215.000 due on 9 October: 10 October to 22 November are 44 days at 2 %/30 = 35 640; with $ 500.000 paid on 20 October
    10 days at 1 215 000 and 34 at 715 000."""
    late(here)
    (line,) = draft(here.lease).lines
    assert (line.kind, line.amount, line.iva) == (LineKind.INTEREST, 35_640, 0)
    assert line.concept == "Intereses de mora, factura FA-2: 44 días al 2 % mensual"
    pay(here, here.overdue, 500_000, on=date(2026, 10, 20))
    (line,) = draft(here.lease).lines
    assert line.amount == 24_307  # 8 100 + 16 206,67
    pay(here, here.overdue, 715_000, on=date(2026, 10, 25))
    (line,) = draft(here.lease).lines
    assert (line.amount, line.interest.days) == (10_483, 15)  # paid late is still late: 8 100 + 2 383,33


def test_no_day_is_charged_twice_and_interest_bears_none(here: Cast) -> None:
    late(here)
    number(here)
    finish(begin(here))
    charged = InvoiceLine.objects.get()
    assert (charged.about_id, charged.since, charged.until) == (here.overdue.pk, date(2026, 10, 10), date(2026, 11, 22))
    assert parts(charged.invoice) == (950_000, 265_000, 35_640, 0, 0, 1_250_640)
    january = draft(here.lease, period=date(2027, 1, 1), issued_on=date(2026, 12, 23))
    told = {line.interest.number: (line.interest.since, line.interest.days, line.amount) for line in january.lines if line.interest}
    # Of the new invoice only rent and administration bear interest.
    assert told == {
        "FA-2": (date(2026, 11, 23), 30, 24_300), "FA-1": (date(2026, 12, 1), 22, 17_820),
        charged.invoice.full_number: (date(2026, 12, 6), 17, 13_770),
    }  # fmt: skip
    issuing.void(charged.invoice_id, reason="Mal hecha", staff=here.sara, now=NOW)
    assert draft(here.lease).lines[0].amount == 35_640  # what was voided charged nothing


def test_grace_and_the_day_since_when_it_is_wanted(here: Cast) -> None:
    assert draft(here.lease).lines == ()
    late(here, late_grace=44)
    assert draft(here.lease).lines == ()
    late(here, late_grace=43)
    assert draft(here.lease).lines[0].amount == 35_640
    pay(here, here.overdue, 1_215_000, on=date(2026, 10, 20))
    assert draft(here.lease).lines == ()  # within the days of grace
    assert Change.objects.get(subject="invoicing_policy", field="late_rate").after == "2"


# Increases


def test_a_rise_by_the_ipc_is_proposed_told_and_applied_once(here: Cast, mailoutbox: Any) -> None:
    lease = change(here.lease, starts_on=date(2025, 12, 1), rent=951_000)
    (offered,) = [each for each in increases.proposals(TODAY) if each.lease.pk == lease.pk]
    assert (offered.from_on, offered.ipc_year, offered.percent, offered.new_rent) == (DECEMBER, 2025, Decimal("5.10"), 999_501)
    with pytest.raises(increases.IncreaseRefused, match="no puede pasar del IPC de 2025: 5,1 %"):
        increases.announce(lease.pk, percent=Decimal("5.11"), from_on=DECEMBER, staff=here.sara, now=NOW)
    made = increases.announce(lease.pk, percent=Decimal("5.10"), from_on=DECEMBER, staff=here.sara, now=NOW)
    assert increases.announce(lease.pk, percent=Decimal(1), from_on=DECEMBER, staff=here.sara, now=NOW) == made
    assert draft(lease).base == 951_000  # nobody was told yet
    assert increases.send_notice(made.pk, agency=here.agency, now=NOW)
    assert not increases.send_notice(made.pk, agency=here.agency, now=NOW)
    assert [m.to for m in mailoutbox] == [["rita@correo.example"]]
    assert "$\u00a0999.501" in mailoutbox[0].body
    number(here)
    finish(begin(here))
    lease.refresh_from_db()
    made.refresh_from_db()
    assert (lease.rent, made.applied_at) == (999_501, NOW)
    assert Invoice.objects.get(prefix="FE", lease=lease).base == 999_501
    change_ = Change.objects.get(subject="lease", subject_id=lease.pk, field="rent")
    assert (change_.before, change_.after, change_.who_name) == ("951000.00", "999501.00", "Sistema")
    assert [each for each in increases.proposals(TODAY) if each.lease.pk == lease.pk] == []


def test_no_rise_before_twelve_months_nor_told_too_late_nor_for_business(here: Cast) -> None:
    for fields in ({"starts_on": date(2026, 3, 1)}, {"starts_on": date(2025, 12, 1), "use": "business"}):
        lease = change(here.lease, **fields)
        with pytest.raises(increases.IncreaseRefused, match="doce meses"):
            increases.announce(lease.pk, percent=Decimal(1), from_on=DECEMBER, staff=here.sara, now=NOW)
    lease = change(here.lease, starts_on=date(2025, 12, 1), use="housing")
    made = increases.announce(lease.pk, percent=Decimal(5), from_on=DECEMBER, staff=here.sara, now=NOW)
    RentIncrease.objects.filter(pk=made.pk).update(notified_at=datetime(2026, 12, 1, 12, tzinfo=clock.BOGOTA))
    assert draft(lease).base == 950_000
    RentIncrease.objects.filter(pk=made.pk).update(notified_at=datetime(2026, 11, 30, 12, tzinfo=clock.BOGOTA))
    assert draft(lease).base == 997_500
    change(here.lease, rent=960_000)  # by hand, since
    assert draft(lease).base == 960_000


# Adding up

pesos = st.integers(0, 20_000_000).map(Decimal)


@given(
    base=pesos, administration=pesos, iva=pesos, withholding=st.integers(0, 500_000).map(Decimal),
    extras=st.lists(st.tuples(pesos, pesos), max_size=5),
)  # fmt: skip
def test_the_parts_that_are_shown_add_up_to_the_total(
    base: Decimal, administration: Decimal, iva: Decimal, withholding: Decimal, extras: list[tuple[Decimal, Decimal]]
) -> None:
    made = Draft(
        kind=InvoiceKind.RENT, client_id=1, client="", period=DECEMBER, issued_on=TODAY, due_on=TODAY, concept="", base=base,
        administration=administration, rent_iva=iva, withholding=withholding,
        lines=tuple(DraftLine(LineKind.OTHER, "Otro", amount, iva=tax) for amount, tax in extras),
    )  # fmt: skip
    assert sum(amount for _concept, amount in parts_of(made)) == made.total
    assert made.total == base + administration + iva - withholding + sum(a + b for a, b in extras)


def test_a_month_asks_a_fixed_number_of_questions(here: Cast) -> None:
    late(here)

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            monthly.drafts_of(monthly.leases_in(DECEMBER), period=DECEMBER, issued_on=TODAY)
        return len(asked)

    before = count()
    some_leases(here, 40)
    assert count() == before == 8
