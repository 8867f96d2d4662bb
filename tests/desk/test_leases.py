"""The desk's leases: written down, mended, ended; two never at the same time in one unit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from clientarea.models import Lease
from saas.lib import clock
from tenants import context
from tests.desk.desks import assert_desk_only, errors_of
from tests.portal.pages import at, queries_of, text_of
from tests.world import Cast, Casts

TYPED = {
    "number": "ca-9", "unit": "in-2", "renter": "1.004", "co_renter": "", "starts_on": "2026-12-01", "ends_on": "2027-11-30",
    "rent": "$ 1.850.000", "administration": "", "payment_day": "5", "use": "housing", "commission": "8,5",
}  # fmt: skip


@pytest.fixture
def here(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(clock, "today", lambda: date(2026, 11, 23))
    return cast.alfa


def test_they_are_for_staff_alone(here: Cast, browse: Any) -> None:
    pk = here.lease.pk
    for path in (at("desk_leases"), at("desk_lease_new"), at("desk_lease", pk), at("desk_lease_edit", pk)):
        assert_desk_only(browse, here, path)
    assert_desk_only(browse, here, at("desk_lease_end", pk), method="post")
    with context.in_agency(here.agency):
        assert Lease.objects.get(pk=pk).ends_on == date(2027, 1, 31)
    assert browse(here.agency, here.sara).get(at("desk_lease", 99_999)).status_code == 404


def test_another_agency_s_lease_is_not_there(cast: Casts, here: Cast, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        lease = cast.beta.lease
        lease.pk, lease.number = 700_001, "CA-B"
        lease.save(force_insert=True)
    sara = browse(here.agency, here.sara)
    for page in ("desk_lease", "desk_lease_edit"):
        assert sara.get(at(page, 700_001)).status_code == 404
    assert sara.post(at("desk_lease_end", 700_001), {"on": "2026-11-30"}).status_code == 404


def test_the_list_by_state(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Lease.objects.filter(pk=here.lease.pk).update(ends_on=date(2026, 11, 22))
        Lease.objects.filter(pk=here.berta_lease.pk).update(ends_on=date(2027, 1, 22))
    sara = browse(here.agency, here.sara)

    def listed(**query: str) -> list[tuple[str, str]]:
        return [(lease.number, str(lease.state_label)) for lease in sara.get(at("desk_leases"), query).context["page_obj"]]

    assert listed() == [("CA-1", "Terminado"), ("CA-3", "Por terminar")]
    assert listed(estado="vigente") == listed(estado="por-vencer") == [("CA-3", "Por terminar")]
    assert listed(estado="terminado") == [("CA-1", "Terminado")]
    assert listed(q="ca-3") == [("CA-3", "Por terminar")]
    assert len(queries_of(sara, at("desk_leases"))) <= 6


def test_a_lease_is_made(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    assert 'value="IN-2"' in sara.get(at("desk_lease_new"), {"inmueble": "IN-2"}).content.decode()
    answer = sara.post(at("desk_lease_new"), TYPED)
    with context.in_agency(here.agency):
        lease = Lease.objects.select_related("unit", "renter").get(number="CA-9")
    assert (answer.status_code, answer["Location"]) == (302, at("desk_lease", lease.pk))
    assert (lease.unit.code, lease.renter.document, lease.co_renter_id) == ("IN-2", "1004", None)
    assert (lease.rent, lease.administration, lease.commission) == (Decimal(1_850_000), Decimal(0), Decimal("8.50"))
    assert (lease.starts_on, lease.ends_on, lease.payment_day, lease.use) == (date(2026, 12, 1), date(2027, 11, 30), 5, "housing")


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"number": "CA-1"}, "number", "Ya hay un contrato con ese número."),
        ({"unit": "IN-1"}, "unit", "El inmueble ya está arrendado en esas fechas: contrato CA-1, del 1 feb 2025 al 31 ene 2027."),
        ({"unit": "NADA"}, "unit", "No hay un inmueble con ese código."),
        ({"renter": "77"}, "renter", "No hay un cliente con ese documento."),
        ({"co_renter": "1004"}, "co_renter", "El coarrendatario es el mismo inquilino."),
        ({"ends_on": "2026-11-30"}, "ends_on", "El contrato no puede terminar antes de empezar."),
        ({"rent": "un millón"}, "rent", "No se entiende «un millón» como un valor en pesos."),
        ({"rent": "-5"}, "rent", "El valor no puede ser negativo."),
        ({"payment_day": "32"}, "payment_day", "Asegúrese de que este valor sea menor o igual a 31."),
        ({"commission": "120"}, "commission", "No se entiende «120%» como porcentaje."),
    ],
)
def test_a_mistake_keeps_what_was_typed_and_makes_nothing(here: Cast, browse: Any, change: dict[str, str], field: str, said: str) -> None:
    answer = browse(here.agency, here.sara).post(at("desk_lease_new"), TYPED | change)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == [field]
    assert said in errors_of(answer)[field][0]
    if "rent" not in change:
        assert 'value="$ 1.850.000"' in answer.content.decode()
    with context.in_agency(here.agency):
        assert Lease.objects.count() == 2


def test_what_stands_in_the_way_is_one_click_away(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.sara).post(at("desk_lease_new"), TYPED | {"unit": "IN-1"})
    assert f'<a href="{at("desk_lease", here.lease.pk)}">Ver ese contrato</a>' in answer.content.decode()


def test_an_archived_client_signs_nothing(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    sara.post(at("desk_client_archive", here.nadie.pk))
    answer = sara.post(at("desk_lease_new"), TYPED)
    assert errors_of(answer) == {"renter": ["Nadie Ninguna Ríos está archivado. Restáurelo primero."]}


def test_an_edit_and_a_stale_one(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    path = at("desk_lease_edit", here.lease.pk)
    page = sara.get(path)
    initial = dict(page.context["form"].initial)
    assert (initial["unit"], initial["renter"], initial["rent"]) == ("IN-1", "1001", "$\u00a0950.000")
    data = {**initial, "starts_on": "2025-02-01", "ends_on": "2027-01-31", "rent": "1000000"}
    assert sara.post(path, data).status_code == 302
    answer = sara.post(path, {**data, "rent": "2000000"})
    assert answer.status_code == 422
    assert "Otra persona cambió estos datos" in errors_of(answer)["__all__"][0]
    with context.in_agency(here.agency):
        assert Lease.objects.get(pk=here.lease.pk).rent == Decimal(1_000_000)


@pytest.mark.parametrize(
    ("on", "status", "ends"),
    [
        ("2026-11-30", 302, date(2026, 11, 30)),
        ("2025-01-31", 422, date(2027, 1, 31)),
        ("2027-02-01", 422, date(2027, 1, 31)),
        ("", 422, date(2027, 1, 31)),
    ],
)
def test_a_lease_ends_between_its_days(here: Cast, browse: Any, on: str, status: int, ends: date) -> None:
    assert browse(here.agency, here.sara).post(at("desk_lease_end", here.lease.pk), {"on": on}).status_code == status
    with context.in_agency(here.agency):
        assert Lease.objects.get(pk=here.lease.pk).ends_on == ends


def test_one_lease_gathers_what_came_of_it(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    text = text_of(sara.get(at("desk_lease", here.lease.pk)))
    for shown in ("Contrato CA-1", "Rita Arrendataria Ñáñez", "Óscar Propietario Gómez", "$ 950.000", "FA-1", "FA-2", "$ 2.430.000 por pagar"):
        assert shown in text
    assert "FA-3" not in text
    assert len(queries_of(sara, at("desk_lease", here.lease.pk))) <= 15
