"""Each resource of the API: read, listed, created, changed, by the desk's own rules."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clientarea.models import Client, Lease, Unit
from payments.models import Invoice, Payment, PaymentState, Payout, Receipt
from pqrs.models import Case
from saas.api.idempotency import purge
from saas.audit.models import Change
from saas.lib import clock
from tenants import context
from tests.api.calls import problem_of, software
from tests.payments.money import check_invariants
from tests.world import Casts, make_invoice

CLIENT = {"document_type": "CC", "document": "1.005", "name": "Pía Nueva Ruiz", "email": "Pia@Correo.example", "mobile": "300 555 1234"}


def test_clients_are_listed_in_pages(cast: Casts) -> None:
    program = software(cast.alfa)
    first = program.get("clients/?limit=3").json()
    assert [row["name"] for row in first["results"]] == ["Rita Arrendataria Ñáñez", "Óscar Propietario Gómez", "Berta Ambas Peña"]
    assert first["next"] == "http://alfa.plataforma.test/api/v1/clients/?limit=3&cursor=c3"
    last = program.get(first["next"].removeprefix("http://alfa.plataforma.test")).json()
    assert ([row["id"] for row in last["results"]], last["next"]) == ([4], None)
    assert program.get("clients/?limit=4").json()["next"] is None


def test_filters(cast: Casts) -> None:
    program = software(cast.alfa)

    def ids(path: str) -> list[int]:
        return [row["id"] for row in program.get(path).json()["results"]]

    assert ids("clients/?q=nanez") == [1]
    assert ids("clients/?document=1002") == [2]
    assert ids("clients/?archived=true") == []
    later = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (ids(f"clients/?created_since={later}"), ids("clients/?created_since=2020-01-01T00:00:00Z")) == ([], [1, 2, 3, 4])
    assert (ids("units/?code=in-2"), ids("units/?owner=2"), ids("units/?q=calle%203")) == ([2], [1, 3], [3])
    assert (ids("leases/?renter=3"), ids("leases/?in_force_on=2030-01-01"), ids("leases/?number=ca-1")) == ([2], [], [1])
    assert (ids("invoices/?client=1"), ids("invoices/?number=FA-3"), ids("invoices/?due_before=2026-10-10")) == ([1, 2], [3], [2])
    assert (ids("invoices/?owed=false"), ids("invoices/?number=nada")) == ([], [])
    wrong = problem_of(program.get("clients/?archived=si&nombre=x&limit=0"), 400)
    assert set(wrong["errors"]) == {"archived", "nombre", "limit"}


def test_a_client_is_created_and_changed(cast: Casts) -> None:
    program = software(cast.alfa)
    answer = program.post("clients/", CLIENT)
    made = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, f"/api/v1/clients/{made['id']}/")
    assert (made["document"], made["email"], made["mobile"], made["archived_at"]) == ("1005", "pia@correo.example", "+573005551234", None)
    with context.in_agency(cast.alfa.agency):
        assert Client.objects.get(document="1005").folded == "pia nueva ruiz 1005"
        assert {change.who_name for change in Change.objects.filter(subject="client", subject_id=made["id"])} == {"API · Contabilidad"}
    again = problem_of(program.post("clients/", CLIENT), 409)
    assert again["errors"] == {"document": ["Ya hay un cliente con ese documento: Pía Nueva Ruiz."]}
    path = f"clients/{made['id']}/"
    changed = program.change(path, {"city": " Cali "})
    assert (changed.status_code, changed.json()) == (200, {**made, "city": "Cali"})
    assert changed["ETag"] == program.get(path)["ETag"]
    with context.in_agency(cast.alfa.agency):
        (change,) = Change.objects.filter(subject="client", field="city").exclude(after="")
        assert (change.before, change.after, change.who_id) == ("", "Cali", cast.alfa.sara.pk)
    with context.in_agency(cast.beta.agency):
        assert not Client.objects.filter(document="1005").exists()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"document": "x" * 31}, "document"), ({"document": "12-34x"}, "document"), ({"name": 7}, "name"), ({"name": "ab"}, "name"),
        ({"email": "nada"}, "email"), ({"mobile": "601 234 5678"}, "mobile"), ({"document_type": "XX"}, "document_type"),
        ({"apellido": "x"}, "apellido"), ({"name": "a\u0000bcd"}, "name"), ({"name": "\ud800abc"}, "name"),
    ],
)  # fmt: skip
def test_a_wrong_client_is_refused_by_field(cast: Casts, change: dict[str, object], where: str) -> None:
    program = software(cast.alfa)
    assert set(problem_of(program.post("clients/", {**CLIENT, **change}), 422)["errors"]) == {where}
    with context.in_agency(cast.alfa.agency):
        assert Client.objects.count() == 4


def test_a_client_is_archived_and_brought_back(cast: Casts) -> None:
    program = software(cast.alfa)
    assert program.post("clients/1/archive/").json()["archived_at"] is not None
    with context.in_agency(cast.alfa.agency):
        assert not Client.objects.get(pk=1).user.is_active
    assert [row["id"] for row in program.get("clients/?archived=true").json()["results"]] == [1]
    assert program.post("clients/1/unarchive/").json()["archived_at"] is None
    with context.in_agency(cast.beta.agency):
        assert Client.objects.get(pk=1).user.is_active


def test_units_and_their_owners(cast: Casts) -> None:
    program = software(cast.alfa)
    owners = [{"client": 1, "share": "60"}, {"client": 2, "share": "40.00"}]
    given = {"code": "in-9", "kind": "Casa", "address": "Carrera 9", "city": "Cali", "stratum": 4, "owners": owners}
    made = program.post("units/", given)
    assert made.status_code == 201
    assert (made.json()["code"], made.json()["owners"]) == ("IN-9", [{"client": 1, "share": "60.00"}, {"client": 2, "share": "40.00"}])
    short = problem_of(program.post("units/", {**given, "code": "IN-8", "owners": [{"client": 1, "share": "60"}]}), 422)
    assert short["errors"] == {"shares": ["Las participaciones suman 60 %: deben sumar 100 %."]}
    assert set(problem_of(program.post("units/", {**given, "code": "IN-8", "owners": [{"client": 99, "share": "100"}]}), 422)["errors"]) == {"owners"}
    assert set(problem_of(program.post("units/", given), 409)["errors"]) == {"code"}
    path = f"units/{made.json()['id']}/"
    assert program.change(path, {"city": "Palmira", "stratum": None}).json()["stratum"] is None
    assert program.change(path, {"owners": [{"client": 3, "share": "100"}]}).json()["owners"] == [{"client": 3, "share": "100.00"}]
    with context.in_agency(cast.alfa.agency):
        assert Unit.objects.get(code="IN-9").city == "Palmira"


def test_leases(cast: Casts) -> None:
    program = software(cast.alfa)
    given = {
        "number": "ca-2", "unit": 2, "renter": 4, "starts_on": "2026-01-01", "ends_on": "2026-12-31", "rent": "1250000.50", "payment_day": 5,
        "use": "housing", "commission": "8.50",
    }  # fmt: skip
    made = program.post("leases/", given)
    assert made.status_code == 201, made.content
    assert made.json() == {**given, "id": 3, "number": "CA-2", "co_renter": None, "administration": "0.00"}
    overlap = problem_of(program.post("leases/", {**given, "number": "CA-4"}), 409)
    assert "CA-2" in overlap["errors"]["unit"][0]
    assert set(problem_of(program.post("leases/", {**given, "number": "CA-4", "unit": 77, "renter": 1}), 422)["errors"]) == {"unit"}
    assert set(problem_of(program.post("leases/", {**given, "number": "CA-4", "ends_on": "2025-01-01"}), 422)["errors"]) == {"ends_on"}
    assert program.change("leases/3/", {"rent": "1300000"}).json() == {**made.json(), "rent": "1300000.00"}
    ended = program.post("leases/3/end/", {"on": "2026-06-30"})
    assert (ended.status_code, ended.json()["ends_on"]) == (200, "2026-06-30")
    assert set(problem_of(program.post("leases/3/end/", {"on": "2027-06-30"}), 422)["errors"]) == {"on"}
    with context.in_agency(cast.alfa.agency):
        assert Lease.objects.get(pk=3).rent == Decimal("1300000.00")


def test_a_payment_received_outside_is_registered_once(cast: Casts) -> None:
    program = software(cast.alfa)
    given = {"client": 1, "amount": "1300000", "means": "Transferencia", "paid_on": "2026-10-20", "lines": [{"invoice": 2, "amount": "1215000"}]}
    first, second = program.post("payments/", given, key="banco-000001"), program.post("payments/", given, key="banco-000001")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    made = first.json()
    assert (made["state"], made["source"], made["lines"], made["receipt"]) == ("approved", "manual", [{"invoice": 2, "amount": "1215000.00"}], 1)
    paid = program.get("invoices/2/").json()
    assert (paid["state"], paid["balance"], paid["applied"]) == ("paid", "0.00", "1215000.00")
    receipt = program.get("receipts/1/").json()
    assert (receipt["number"], receipt["payment"], receipt["amount"]) == ("CP-1", made["id"], "1300000.00")
    paper = program.get("receipts/1/pdf/", Accept="application/pdf")
    assert (paper.status_code, paper["Content-Type"], paper.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert [row["id"] for row in program.get("payments/?invoice=2&updated_since=2026-01-01T00:00:00Z").json()["results"]] == [made["id"]]
    with context.in_agency(cast.alfa.agency):
        assert (Payment.objects.count(), Receipt.objects.count()) == (1, 1)
        payment = Payment.objects.get()
        assert (payment.entered_by_id, payment.state, payment.means) == (cast.alfa.sara.pk, PaymentState.APPROVED, "Transferencia")
        check_invariants()
    with context.in_agency(cast.beta.agency):
        assert not Payment.objects.exists()
        assert Invoice.objects.get(pk=2).applied == 0


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "100"}, {"amount": "0"}, {"amount": 100}, {"client": 99}, {"client": 2}, {"paid_on": "2100-01-01"}, {"means": "Trueque"},
        {"lines": [{"invoice": 2, "amount": "1215001"}]}, {"lines": [{"invoice": 3, "amount": "1"}]}, {"lines": [{"invoice": 2, "amount": "0"}]},
    ],
)  # fmt: skip
def test_a_payment_that_does_not_fit_moves_nothing(cast: Casts, change: dict[str, object]) -> None:
    program = software(cast.alfa)
    given = {"client": 1, "amount": "1300000", "means": "Efectivo", "paid_on": "2026-10-20", "lines": [{"invoice": 2, "amount": "1215000"}], **change}
    problem_of(program.post("payments/", given), 422)
    with context.in_agency(cast.alfa.agency):
        assert not Payment.objects.exists()
        check_invariants()


def test_an_operation_registers_one_payment_even_after_its_answer_is_forgotten(cast: Casts) -> None:
    program = software(cast.alfa)
    given = {"client": 1, "amount": "50000", "means": "Efectivo", "paid_on": "2026-10-20"}
    first = program.post("payments/", given, key="banco-000002").json()
    with context.in_agency(cast.alfa.agency):
        assert purge(now=clock.now() + timedelta(hours=47)) == 0
        assert purge(now=clock.now() + timedelta(hours=49)) == 1
    assert program.post("payments/", given, key="banco-000002").json() == first
    with context.in_agency(cast.alfa.agency):
        purge(now=clock.now() + timedelta(hours=49))
    assert "ya registró otro pago" in problem_of(program.post("payments/", {**given, "amount": "60000"}, key="banco-000002"), 422)["detail"]
    with context.in_agency(cast.alfa.agency):
        assert Payment.objects.count() == 1


def test_a_reference_used_before_is_asked_about_and_the_caller_may_say_that_it_is_another(cast: Casts) -> None:
    program = software(cast.alfa)
    given = {"client": 1, "amount": "50000", "means": "Transferencia", "paid_on": "2026-10-20", "reference": "TRF-77"}
    first = program.post("payments/", given, key="banco-000001").json()
    again = {**given, "client": 3, "reference": "trf-77"}
    refused = program.post("payments/", again, key="banco-000002")
    told = problem_of(refused, 409, "payment")
    assert (told["type"], told["payment"], list(told["errors"])) == ("urn:problem:reference-used", first["id"], ["reference"])
    assert told["detail"].replace("\u00a0", " ").startswith(f"La referencia trf-77 ya está en el pago {first['id']}, de $ 50.000.")
    assert program.post("payments/", again, key="banco-000002").content == refused.content
    problem_of(program.post("payments/", {**again, "other_than": first["id"] + 1}), 409, "payment")  # of another payment it says nothing
    problem_of(program.post("payments/", {**again, "other_than": "1"}), 422)
    with context.in_agency(cast.alfa.agency):
        assert (Payment.objects.count(), Receipt.objects.count()) == (1, 1)
        purge(now=clock.now() + timedelta(hours=49))
    assert program.post("payments/", given, key="banco-000001").json() == first  # itself is no other
    second = program.post("payments/", {**again, "other_than": first["id"]}, key="banco-000003")
    assert (second.status_code, second.json()["client"], second.json()["reference"]) == (201, 3, "trf-77")
    assert problem_of(program.post("payments/", {**given, "other_than": first["id"]}), 409, "payment")["payment"] == second.json()["id"]
    assert program.post("payments/", {**given, "reference": ""}).status_code == 201
    assert software(cast.beta).post("payments/", given).status_code == 201  # what alfa has, beta does not know
    with context.in_agency(cast.alfa.agency):
        assert Payment.objects.count() == 3
        check_invariants()


def test_payouts_are_read(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        Payout.objects.create(
            prefix="CE", number=7, owner=cast.alfa.oscar, lease=cast.alfa.lease, period="2026-11-01", paid_on="2026-11-12", collected=950_000,
            commission=76_000, commission_iva=14_440, withholdings=0, other=0, net=859_560,
        )  # fmt: skip
    program = software(cast.alfa)
    (row,) = program.get("payouts/?owner=2&paid_from=2026-11-12&paid_until=2026-11-12").json()["results"]
    assert (row["number"], row["net"], row["owner"], row["lease"]) == ("CE-7", "859560.00", 2, 1)
    assert program.get(f"payouts/{row['id']}/").json() == row
    assert program.get("payouts/?owner=1").json()["results"] == []
    assert software(cast.beta).get("payouts/").json()["results"] == []


def test_cases_are_filed_and_read(cast: Casts) -> None:
    program = software(cast.alfa)
    given = {"client": 1, "kind": "petition", "subject": "repairs", "description": "Gotea el lavaplatos.", "channel": "phone", "lease": 1}
    made = program.post("cases/", given)
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["state"], body["channel"], body["unit"], body["messages"]) == ("pending", "phone", 1, [])
    assert program.get(f"cases/{body['id']}/").json() == body
    for wrong, where in (({"lease": 2}, "lease"), ({"unit": 2}, "unit"), ({"client": 9}, "client"), ({"channel": "portal"}, "channel")):
        assert set(problem_of(program.post("cases/", {**given, **wrong}), 422)["errors"]) == {where}
    assert [row["number"] for row in program.get("cases/?open=true&updated_since=2020-01-01T00:00:00Z").json()["results"]] == [body["number"]]
    assert program.get("cases/?open=false").json()["results"] == []
    with context.in_agency(cast.alfa.agency):
        assert Case.objects.count() == 1


@pytest.mark.parametrize(
    "path", ["clients/", "units/", "leases/", "invoices/", "payments/", "receipts/", "payouts/", "cases/", "clients/1/", "invoices/1/"]
)
def test_queries_do_not_grow_with_rows(cast: Casts, path: str) -> None:
    program = software(cast.alfa)
    with context.in_agency(cast.alfa.agency):
        for number in range(50, 60):
            make_invoice(cast.alfa.lease, number)
    program.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert program.get(path).status_code == 200
    queries = [q["sql"] for q in asked if "tenants_" not in q["sql"] and "search_path" not in q["sql"]]
    assert len(queries) <= 4, queries  # the key, the rows, and what hangs on them
