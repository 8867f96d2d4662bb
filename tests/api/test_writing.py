"""What the agency's software may do beside the estate: issue and void invoices, and handle cases, as the desk does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from payments.models import Invoice, Series
from pqrs.models import Case, Message
from saas.accounts.models import Role, User
from saas.api.idempotency import purge
from saas.api.scopes import Scope
from saas.audit.models import Change
from saas.lib import clock
from tenants import context
from tests.api.calls import problem_of, software
from tests.invoicing.helpers import another_owner, number, pay
from tests.payments.money import check_invariants
from tests.world import Casts

CASE = {"client": 1, "kind": "petition", "subject": "repairs", "description": "Gotea el lavaplatos.", "channel": "phone"}


@pytest.fixture
def soon() -> str:
    """A day on which an invoice of today may fall due."""
    return (clock.today() + timedelta(days=10)).isoformat()


@pytest.fixture
def numbered(cast: Casts) -> Casts:
    """alfa may number rents and commissions; beta may not."""
    with context.in_agency(cast.alfa.agency):
        for series in (Series.RENT, Series.COMMISSION):
            number(cast.alfa, series, valid_from=None, valid_until=None)
    return cast


def rent(due_on: str, **more: Any) -> dict[str, Any]:
    lines = [{"kind": "repair", "concept": "Llave del lavamanos", "amount": "80000", "with_iva": True}]
    given = {"kind": "rent", "lease": 1, "period": "2026-12-01", "due_on": due_on, "concept": "Canon de diciembre", "base": "950000", "lines": lines}
    return {**given, **more}


def test_an_invoice_is_issued_once(numbered: Casts, soon: str) -> None:
    alfa, program = numbered.alfa, software(numbered.alfa)
    first = program.post("invoices/", rent(soon, administration="265000.00"), key="factura-0001")
    assert first.status_code == 201, first.content
    made = first.json()
    told = [made[name] for name in ("number", "client", "lease", "base", "administration", "iva", "withholding", "total", "balance", "period")]
    assert told == ["FE-1", 1, 1, "950000.00", "265000.00", "15200.00", "0.00", "1310200.00", "1310200.00", "2026-12-01"]
    assert first["Location"] == f"/api/v1/invoices/{made['id']}/"
    assert program.get(first["Location"]).json() == made
    assert program.post("invoices/", rent(soon, administration="265000.00"), key="factura-0001").content == first.content
    with context.in_agency(alfa.agency):
        purge(now=clock.now() + timedelta(hours=49))
    assert program.post("invoices/", rent(soon, administration="265000.00"), key="factura-0001").json() == made
    with context.in_agency(alfa.agency):
        purge(now=clock.now() + timedelta(hours=49))
    other = problem_of(program.post("invoices/", rent(soon, base="1"), key="factura-0001"), 422)
    assert "ya expidió otra factura" in other["detail"]
    with context.in_agency(alfa.agency):
        invoice = Invoice.objects.get(prefix="FE")
        assert (invoice.issued_by, invoice.lines.get().concept) == (alfa.sara, "Llave del lavamanos")
        assert [c.who_name for c in Change.objects.filter(subject="invoice", subject_id=invoice.pk)] == ["API · Contabilidad"]
        check_invariants()
    with context.in_agency(numbered.beta.agency):
        assert not Invoice.objects.filter(prefix="FE").exists()


def test_a_commission_goes_to_an_owner_of_the_lease(numbered: Casts, soon: str) -> None:
    program = software(numbered.alfa)
    given = {"kind": "commission", "lease": 1, "period": "2026-11-01", "due_on": soon, "concept": "Comisión", "base": "76000"}
    made = program.post("invoices/", given).json()
    assert (made["number"], made["client"], made["iva"], made["total"]) == ("FC-1", 2, "14440.00", "90440.00")
    assert set(problem_of(program.post("invoices/", {**given, "client": 1}), 422)["errors"]) == {"client"}
    with context.in_agency(numbered.alfa.agency):
        another_owner(numbered.alfa.lease.unit, numbered.alfa, 40)  # type: ignore[arg-type]
    assert set(problem_of(program.post("invoices/", given), 422)["errors"]) == {"client"}
    assert program.post("invoices/", {**given, "client": 3}).json()["client"] == 3


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"lease": 99}, {"lease"}), ({"lease": None}, {"client"}), ({"client": 2}, {"client"}), ({"period": "2026-12-05"}, {"period"}),
        ({"due_on": "2020-01-01"}, {"due_on"}), ({"lines": [{"kind": "other", "concept": "x", "amount": "0"}]}, {"lines"}),
        ({"lines": [{"kind": "other", "concept": "x", "amount": "1", "with_iva": "true"}]}, {"lines"}), ({"base": 950000}, {"base"}),
        ({"number": 7}, {"number"}), ({"concept": " "}, {"concept"}),
    ],
)  # fmt: skip
def test_a_wrong_invoice_is_refused_by_field(numbered: Casts, soon: str, change: dict[str, Any], where: set[str]) -> None:
    program = software(numbered.alfa)
    assert set(problem_of(program.post("invoices/", {**rent(soon), **change}), 422)["errors"]) == where
    with context.in_agency(numbered.alfa.agency):
        assert not Invoice.objects.filter(prefix="FE").exists()


def test_without_a_numbering_or_a_total_nothing_is_issued(numbered: Casts, soon: str) -> None:
    assert "Numeración" in problem_of(software(numbered.beta).post("invoices/", rent(soon)), 422)["detail"]
    empty = rent(soon, base="0", lines=[])
    assert "cero" in problem_of(software(numbered.alfa).post("invoices/", empty), 422)["detail"]


def test_an_invoice_is_voided_while_no_money_touched_it(numbered: Casts) -> None:
    alfa, program = numbered.alfa, software(numbered.alfa)
    before = program.get("invoices/1/").json()
    assert before["balance"] == before["total"] != "0.00"
    voided = program.post("invoices/1/void/", {"reason": "Se repitió"}).json()
    assert (voided["state"], voided["voided_at"] is not None) == ("void", True)
    assert (voided["balance"], voided["total"]) == ("0.00", before["total"])
    assert program.get("invoices/1/").json() == voided
    assert [one for one in program.get("invoices/").json()["results"] if one["id"] == 1] == [voided]
    assert "ya está anulada" in problem_of(program.post("invoices/1/void/", {"reason": "Otra vez"}), 409)["detail"]
    with context.in_agency(alfa.agency):
        pay(alfa, alfa.overdue, 1000)
        (change,) = Change.objects.filter(subject="invoice", field="voided")
        assert (change.who_name, change.after) == ("API · Contabilidad", "Se repitió")
    assert "dinero aplicado" in problem_of(program.post("invoices/2/void/", {"reason": "No va más"}), 409)["detail"]
    problem_of(program.post("invoices/99/void/", {"reason": "No existe"}), 404)
    with context.in_agency(numbered.beta.agency):
        assert Invoice.objects.get(pk=1).voided_at is None


def test_an_invoice_on_paper(numbered: Casts) -> None:
    answer = software(numbered.alfa).get("invoices/1/pdf/", Accept="application/pdf")
    assert (answer.status_code, answer["Content-Type"], answer.content[:5]) == (200, "application/pdf", b"%PDF-")


def test_a_case_is_handled(cast: Casts) -> None:
    program = software(cast.alfa)
    pk = program.post("cases/", CASE).json()["id"]
    with context.in_agency(cast.alfa.agency):
        User.objects.create_user(username="luis@alfa.example", role=Role.STAFF, name="Luis Servicio", email="luis@alfa.example", password="x" * 12)
    assert program.post(f"cases/{pk}/assign/", {"to": "Luis@alfa.example"}).json()["assigned_to"] == "luis@alfa.example"
    assert program.post(f"cases/{pk}/assign/", {"to": None}).json()["assigned_to"] is None
    for nobody in ("rita@correo.example", "nadie@alfa.example"):
        assert set(problem_of(program.post(f"cases/{pk}/assign/", {"to": nobody}), 422)["errors"]) == {"to"}
    taken = program.post(f"cases/{pk}/take/").json()
    assert (taken["state"], taken["assigned_to"]) == ("in_progress", "sara@alfa.example")
    asked = program.post(f"cases/{pk}/messages/", {"text": "¿Desde cuándo gotea?"}).json()
    assert [(m["purpose"], m["from_staff"], m["author"]) for m in asked["messages"]] == [("message", True, "Sara Equipo")]
    due = asked["due_on"]
    longer = program.post(f"cases/{pk}/extend/", {"days": 5, "reason": "Falta el repuesto."}).json()
    assert longer["due_on"] > due
    assert "ya se prorrogó" in problem_of(program.post(f"cases/{pk}/extend/", {"days": 1, "reason": "Otra vez."}), 409)["detail"]
    answer = {"text": "Mañana va el plomero."}
    answered = program.post(f"cases/{pk}/answer/", answer, key="respuesta-1")
    assert program.post(f"cases/{pk}/answer/", answer, key="respuesta-1").content == answered.content
    assert (answered.json()["state"], answered.json()["answered_at"] is not None) == ("answered", True)
    assert "respondida" in problem_of(program.post(f"cases/{pk}/answer/", answer), 409)["detail"]
    assert program.post(f"cases/{pk}/close/", {}).json()["state"] == "closed"
    problem_of(program.post(f"cases/{pk}/close/", {}), 409)
    problem_of(program.post("cases/99/answer/", answer), 404)
    assert program.get("cases/").json()["results"][0]["assigned_to"] == "sara@alfa.example"
    with context.in_agency(cast.alfa.agency):
        assert Message.objects.filter(case=pk).count() == 3
    with context.in_agency(cast.beta.agency):
        assert not Case.objects.exists()


def test_closing_without_an_answer_says_why(cast: Casts) -> None:
    program = software(cast.alfa)
    pk = program.post("cases/", CASE).json()["id"]
    assert "explique al cliente" in problem_of(program.post(f"cases/{pk}/close/", {}), 409)["detail"]
    assert program.post(f"cases/{pk}/close/", {"reason": "La retiró."}).json()["messages"][0]["purpose"] == "closing"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("invoices/", Scope.INVOICES_WRITE), ("invoices/1/void/", Scope.INVOICES_WRITE),
        *[(f"cases/1/{act}/", Scope.CASES_HANDLE) for act in ("answer", "messages", "take", "assign", "extend", "close")],
    ],
)  # fmt: skip
def test_writing_takes_its_own_scope(cast: Casts, path: str, scope: Scope) -> None:
    others = [each for each in Scope.values if each != scope]
    problem_of(software(cast.alfa, others).post(path, {}), 403)
    assert software(cast.alfa, [scope]).post(path, {}).status_code in (404, 422)
