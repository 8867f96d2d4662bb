"""The desk's units: shares that add up, codes that are unique, edits that do not overwrite each other."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from clientarea.models import Lease, Ownership, Unit
from saas.audit.models import Change
from saas.lib import clock
from tenants import context
from tests.desk.desks import assert_desk_only, errors_of
from tests.portal.pages import at, queries_of, text_of
from tests.world import Cast, Casts

TYPED = {
    "code": "in-9", "kind": "Casa", "address": "Calle 9 # 1-1", "city": "Cali", "neighbourhood": "", "stratum": "3", "registry": "",
}  # fmt: skip


def _owners(*rows: tuple[str, str]) -> dict[str, str]:
    data = {"owners-TOTAL_FORMS": str(len(rows)), "owners-INITIAL_FORMS": "0"}
    for n, (document, share) in enumerate(rows):
        data |= {f"owners-{n}-owner": document, f"owners-{n}-share": share}
    return data


def test_they_are_for_staff_alone(here: Cast, browse: Any) -> None:
    unit = here.lease.unit_id
    for path in (at("desk_units"), at("desk_unit_new"), at("desk_unit", unit), at("desk_unit_edit", unit), at("desk_unit_options")):
        assert_desk_only(browse, here, path)
    with context.in_agency(here.agency):
        Unit.objects.create(pk=700_001, code="X", kind="Casa", address="a", city="b")
    sara = browse(here.agency, here.sara)
    assert sara.get(at("desk_unit", 700_001)).status_code == 200
    assert sara.get(at("desk_unit", 700_002)).status_code == 404


def test_another_agency_s_unit_is_not_there(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.beta.agency):
        Unit.objects.create(pk=700_003, code="X", kind="Casa", address="a", city="b")
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    for page in ("desk_unit", "desk_unit_edit"):
        assert sara.get(at(page, 700_003)).status_code == 404


def test_the_list_says_who_owns_and_who_rents(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    text = text_of(sara.get(at("desk_units")))
    assert "IN-1 Calle 1 # 10-20 · Apartamento · Bogotá D.C. Óscar Propietario Gómez Rita Arrendataria Ñáñez 31 ene 2027" in text
    assert [unit.code for unit in sara.get(at("desk_units"), {"estado": "libre"}).context["page_obj"]] == ["IN-2"]
    assert [unit.code for unit in sara.get(at("desk_units"), {"estado": "arrendado"}).context["page_obj"]] == ["IN-1", "IN-3"]
    assert [unit.code for unit in sara.get(at("desk_units"), {"q": "calle 2"}).context["page_obj"]] == ["IN-2"]
    assert len(queries_of(sara, at("desk_units"))) <= 8
    assert len(queries_of(sara, at("desk_unit", here.lease.unit_id))) <= 8


def test_a_unit_is_made_with_its_owners(here: Cast, browse: Any) -> None:
    answer = browse(here.agency, here.sara).post(at("desk_unit_new"), TYPED | _owners(("1.002", "60"), ("", ""), ("CC 1003", "40 %")))
    with context.in_agency(here.agency):
        unit = Unit.objects.get(code="IN-9")
        assert (unit.kind, unit.address, unit.city, unit.stratum) == ("Casa", "Calle 9 # 1-1", "Cali", 3)
        shares = dict(Ownership.objects.filter(unit=unit).values_list("owner__document", "share"))
    assert (answer.status_code, answer["Location"]) == (302, at("desk_unit", unit.pk))
    assert shares == {"1002": Decimal(60), "1003": Decimal(40)}


def test_a_unit_that_is_managed_no_more_is_put_away_and_brought_back(here: Cast, cast: Casts, browse: Any) -> None:
    sara, unit = browse(here.agency, here.sara), here.lease.unit_id
    assert "termínelo primero" in text_of(sara.post(at("desk_unit_archive", unit), follow=True))
    with context.in_agency(here.agency):
        assert not Unit.objects.exclude(archived_at=None).exists()
        Lease.objects.filter(unit=unit).update(ends_on=clock.today() - timedelta(days=1))
    for _twice in range(2):
        assert "El inmueble quedó archivado" in text_of(sara.post(at("desk_unit_archive", unit), follow=True))
    assert "IN-1" not in text_of(sara.get(at("desk_units")))
    assert "IN-1" in text_of(sara.get(at("desk_units"), {"estado": "archivado"}))
    assert "IN-1" not in sara.get(at("desk_unit_options"), {"unit": "IN-1"}).content.decode()
    typed = {
        "number": "CA-9", "unit": "IN-1", "renter": "1004", "starts_on": "2026-12-01", "ends_on": "2027-11-30", "rent": "1.200.000",
        "administration": "", "payment_day": "7", "use": "housing", "commission": "8",
    }  # fmt: skip
    refused = sara.post(at("desk_lease_new"), typed)
    assert (refused.status_code, "IN-1 está archivado. Restáurelo primero." in text_of(refused)) == (422, True)
    for _twice in range(2):
        sara.post(at("desk_unit_unarchive", unit))
    assert "IN-1" in text_of(sara.get(at("desk_units")))
    assert sara.post(at("desk_lease_new"), typed).status_code == 302
    with context.in_agency(here.agency):
        kept = Change.objects.filter(subject="unit", subject_id=unit, field="archived_at")
        assert [(bool(change.before), bool(change.after)) for change in kept.order_by("pk")] == [(False, True), (True, False)]
    with context.in_agency(cast.beta.agency):
        assert not Change.objects.exists()


@pytest.mark.parametrize(
    ("change", "rows", "said"),
    [
        ({}, [("1002", "60"), ("1003", "30")], "Las participaciones suman 90 %: deben sumar 100 %."),
        ({}, [("", "")], "Las participaciones suman 0 %: deben sumar 100 %."),
        ({}, [("1002", "60"), ("1002", "40")], "Este propietario está dos veces."),
        ({}, [("1002", "")], "Escriba la participación."),
        ({}, [("", "100")], "Escriba el documento del propietario."),
        ({}, [("999", "100")], "No hay un cliente con ese documento."),
        ({}, [("1002", "0"), ("1003", "100")], "Debe ser mayor que 0 y hasta 100."),
        ({"code": "IN-1"}, [("1002", "100")], "Ya hay un inmueble con ese código: Calle 1 # 10-20. Ver ese inmueble"),
        ({"code": ""}, [("1002", "100")], "Este campo es requerido."),
        ({"stratum": "9"}, [("1002", "100")], "no es una de las opciones disponibles"),
    ],
)
def test_a_mistake_keeps_what_was_typed_and_makes_nothing(
    here: Cast, browse: Any, change: dict[str, str], rows: list[tuple[str, str]], said: str
) -> None:
    answer = browse(here.agency, here.sara).post(at("desk_unit_new"), TYPED | change | _owners(*rows))
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="Calle 9 # 1-1"' in answer.content.decode()
    with context.in_agency(here.agency):
        assert Unit.objects.count() == 3


def test_an_edit_changes_owners_too(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    path = at("desk_unit_edit", here.lease.unit_id)
    page = sara.get(path)
    assert page.context["owners"].forms[0].initial == {"owner": "1002", "share": "100"}
    seen = page.context["form"].initial["seen"]
    answer = sara.post(path, TYPED | {"code": "IN-1", "seen": seen} | _owners(("1002", "33,33"), ("1004", "66,67")))
    assert answer.status_code == 302
    with context.in_agency(here.agency):
        assert dict(Ownership.objects.filter(unit=here.lease.unit_id).values_list("owner__document", "share")) == {
            "1002": Decimal("33.33"), "1004": Decimal("66.67"),
        }  # fmt: skip


def test_two_people_do_not_overwrite_each_other(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    path = at("desk_unit_edit", here.lease.unit_id)
    seen = sara.get(path).context["form"].initial["seen"]
    data = TYPED | {"code": "IN-1", "seen": seen}
    assert sara.post(path, data | _owners(("1003", "100"))).status_code == 302
    answer = sara.post(path, data | {"address": "Otra"} | _owners(("1004", "100")))
    assert answer.status_code == 422
    assert "Otra persona cambió estos datos" in errors_of(answer)["__all__"][0]
    with context.in_agency(here.agency):
        assert Unit.objects.get(code="IN-1").address == "Calle 9 # 1-1"
        assert list(Ownership.objects.filter(unit=here.lease.unit_id).values_list("owner__document", flat=True)) == ["1003"]


def test_suggestions_while_one_types(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    assert sara.get(at("desk_client_options"), {"owners-0-owner": "oscar"}).content.decode().split("\n", 1)[1].strip() == (
        '<option value="1002">Óscar Propietario Gómez</option>'
    )
    assert '<option value="IN-2">Calle 2 # 10-20</option>' in sara.get(at("desk_unit_options"), {"unit": "in-2"}).content.decode()
    assert "<option" not in sara.get(at("desk_client_options")).content.decode()
