"""The rules of Terceros, Inmuebles and Contratos, each on a small workbook."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clientarea.models import Client, Lease, Ownership, Unit
from saas.accounts.models import User
from tenants.models import Agency
from tests.importing.books import OSCAR, RITA, Book, counts, dump, load, told
from tests.world import make_client

PROPIETARIOS = "Propietarios (documento:participación)"


@pytest.fixture
def book() -> Book:
    return Book()


def test_the_small_book_is_right(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    report = load(book, inside_alfa, tmp_path)
    assert counts(report) == {
        "Terceros": (2, 0, 0, 0), "Inmuebles": (1, 0, 0, 0), "Contratos": (1, 0, 0, 0), "Facturas": (3, 0, 0, 0),
        "Pagos": (1, 0, 0, 0), "Egresos": (1, 0, 0, 0),
    }  # fmt: skip
    assert report.problems == []


@pytest.mark.parametrize(
    ("kind", "written", "dv", "kept", "check"),
    [
        ("C.C.", "143.645.637", None, "143645637", ""),
        ("cédula", 1081254676, None, "1081254676", ""),
        ("CC", 670459676.0, None, "670459676", ""),
        ("nit", "890.903.938-8", None, "890903938", "8"),
        ("NIT", 860002964, 4, "860002964", "4"),
        ("NIT", "865507385", None, "865507385", ""),
        ("Pasaporte", "ab-123456", None, "AB123456", ""),
    ],
)
def test_documents(
    inside_alfa: Agency, tmp_path: Path, book: Book, kind: str, written: Any, dv: Any, kept: str, check: str
) -> None:
    book.person(written, "Nueva Persona", kind=kind, DV=dv)
    assert load(book, inside_alfa, tmp_path).problems == []
    client = Client.objects.get(name="Nueva Persona")
    assert (client.document, client.document_check) == (kept, check)


@pytest.mark.parametrize(
    ("kind", "written", "changes", "column"),
    [
        ("NIT", "890903938-7", {}, "Documento"),
        ("NIT", "890903938", {"DV": 7}, "DV"),
        ("CC", "12ab", {}, "Documento"),
        ("Carné", "123456", {}, "Tipo documento"),
        ("CC", None, {}, "Documento"),
        ("CC", "123456", {"Nombre o razón social": "  "}, "Nombre o razón social"),
        ("CC", "123456", {"Nombre o razón social": "x" * 201}, "Nombre o razón social"),
        ("CC", "123456", {"Ciudad": "#N/A"}, "Ciudad"),
    ],
)
def test_refused_people(
    inside_alfa: Agency, tmp_path: Path, book: Book, kind: str, written: Any, changes: dict[str, Any], column: str
) -> None:
    row = book.person(written, "Nueva Persona", kind=kind, **changes)
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Terceros", row, column, "rejected")]
    assert counts(report)["Terceros"] == (2, 0, 0, 1)
    assert Client.objects.count() == 2


def test_a_phone_or_mail_that_cannot_be_read_is_left_out(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.person("3003", "Sin Teléfono", Celular="12345", Correo="no es un correo")
    book.person("3004", "Con Fijo", Celular="(601) 745 2030")
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [
        ("Terceros", 4, "Celular", "notice"), ("Terceros", 4, "Correo", "notice"), ("Terceros", 5, "Celular", "notice"),
    ]  # fmt: skip
    assert counts(report)["Terceros"] == (4, 0, 0, 0)
    assert "«12345» no es un teléfono" in report.problems[0].reason
    assert Client.objects.filter(document="3003").values_list("mobile", "email").get() == ("", "")
    assert Client.objects.filter(document="3004").values_list("mobile", "landline").get() == ("", "+576017452030")


def test_a_document_twice_the_later_row_wins(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.person("1.001.001", "Rita Arrendataria")  # the same again
    book.person(RITA, "Rita Casada", Ciudad="Pereira")
    report = load(book, inside_alfa, tmp_path)
    assert counts(report)["Terceros"] == (2, 1, 1, 0)
    assert told(report) == [("Terceros", 5, "Nombre o razón social", "notice")]
    assert Client.objects.filter(document=RITA).values_list("name", "city").get() == ("Rita Casada", "Pereira")
    before = dump()
    assert counts(load(book, inside_alfa, tmp_path))["Terceros"] == (0, 0, 4, 0)  # not back and forth
    assert dump() == before


def test_a_blank_cell_takes_nothing_away_and_accounts_are_left_alone(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    rita = make_client(RITA, "Rita Antes", city="Cali", address="Calle vieja")
    book.change("Terceros", 2, "Correo", None)
    book.change("Terceros", 2, "Dirección", "Calle nueva")
    report = load(book, inside_alfa, tmp_path)
    assert counts(report)["Terceros"] == (1, 1, 0, 0)
    kept = Client.objects.get(document=RITA)
    assert (kept.pk, kept.user_id, kept.name) == (rita.pk, rita.user_id, "Rita Arrendataria")
    assert (kept.email, kept.address, kept.folded) == ("rita@correo.example", "Calle nueva", "rita arrendataria 1001001")
    assert User.objects.get(pk=rita.user_id).name == "Rita Antes"


@pytest.mark.parametrize(
    ("owners", "reason"),
    [
        (f"{OSCAR}:60%; {RITA}:30%", "suman 90%"),
        (f"{OSCAR}:33,33%; {RITA}:33,33%", "suman 66,66%"),
        (f"{OSCAR}:60%; {RITA}:60%", "suman 120%"),
        (f"{OSCAR}:60%; {OSCAR}:40%", "está dos veces"),
        (f"{OSCAR}:100%; {RITA}:0%", "mayor que cero"),
        ("999999:100%", "No hay un tercero"),
        (f"{OSCAR}; {RITA}:40%", "porcentaje"),
        (f"{OSCAR}:", "porcentaje"),
        ("", "Falta el propietario"),
    ],
)
def test_refused_owners(inside_alfa: Agency, tmp_path: Path, book: Book, owners: str, reason: str) -> None:
    row = book.unit("IN-2", owners)
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Inmuebles", row, PROPIETARIOS, "rejected")]
    assert reason in report.problems[0].reason
    assert list(Unit.objects.values_list("code", flat=True)) == ["IN-1"]
    assert Ownership.objects.count() == 1


def test_a_lone_owner_needs_no_share(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.unit("IN-2", "1.002.002")
    book.unit("IN-3", OSCAR)
    book.unit("IN-3", f"{RITA}:40%")
    report = load(book, inside_alfa, tmp_path)
    assert {(s.owner.document, s.share) for s in Ownership.objects.filter(unit__code="IN-2")} == {(OSCAR, Decimal(100))}
    # Two rows of one unit: the one without a share was all of it, so that nothing is guessed.
    assert not Unit.objects.filter(code="IN-3").exists()
    assert {problem.reason for problem in report.problems} == {"Las participaciones de los propietarios suman 140%, no 100%."}


def test_a_unit_in_several_rows(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.unit("IN-2", f"{OSCAR}:60")
    book.unit("in-2", f"1.002.002:60%;{RITA}:40,00 %", Dirección="Carrera 1 IN-2")
    book.unit("IN-3", f"{OSCAR}:50%")
    book.unit("IN-3", f"{RITA}:50%")
    book.unit("IN-3", f"{RITA}:50%")
    book.unit("IN-4", f"{OSCAR}:50%")
    book.unit("IN-4", f"{RITA}:40%")
    book.unit("IN-5", f"{OSCAR}:100%")
    book.unit("IN-5", f"{OSCAR}:50%; {RITA}:50%")
    book.unit("IN-5", f"{OSCAR}:100%", Ciudad="Pereira")
    report = load(book, inside_alfa, tmp_path)
    assert counts(report)["Inmuebles"] == (6, 0, 1, 4)
    assert [(p.row, p.column, p.reason) for p in report.problems] == [
        (8, PROPIETARIOS, "Las participaciones de los propietarios suman 90%, no 100%."),
        (9, PROPIETARIOS, "Las participaciones de los propietarios suman 90%, no 100%."),
        (11, PROPIETARIOS, "IN-5 está repetido: ya venía en la fila 10 con otros datos."),
        (12, "Código", "IN-5 está repetido: ya venía en la fila 10 con otros datos."),
    ]
    assert {s.owner.document: s.share for s in Ownership.objects.filter(unit__code="IN-2")} == {OSCAR: 60, RITA: 40}
    assert {s.owner.document: s.share for s in Ownership.objects.filter(unit__code="IN-5")} == {OSCAR: 100}
    assert {s.owner.document: s.share for s in Ownership.objects.filter(unit__code="IN-3")} == {OSCAR: 50, RITA: 50}


def test_a_unit_changes_hands(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    load(book, inside_alfa, tmp_path)
    before = Unit.objects.get(code="IN-1")
    book.change("Inmuebles", 2, PROPIETARIOS, f"{OSCAR}:60%;{RITA}:40%")
    report = load(book, inside_alfa, tmp_path)
    assert counts(report)["Inmuebles"] == (0, 1, 0, 0)
    shares = {s.owner.document: s.share for s in Ownership.objects.filter(unit=before)}
    assert shares == {OSCAR: Decimal(60), RITA: Decimal(40)}
    assert Lease.objects.get(number="CA-1").unit_id == before.pk


def test_a_stratum_that_cannot_be_read_is_left_out(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    row = book.unit("IN-2", f"{OSCAR}:100%", Estrato="alto")
    assert told(load(book, inside_alfa, tmp_path)) == [("Inmuebles", row, "Estrato", "notice")]
    assert Unit.objects.get(code="IN-2").stratum is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Inmueble", "IN-99"),
        ("Arrendatario (documento)", "999999"),
        ("Arrendatario (documento)", None),
        ("Canon", "un millón"),
        ("Canon", -5),
        ("Cuota de administración", None),
        ("Fecha inicio", "31/02/2026"),
        ("Fecha fin", "2024-12-31"),
        ("Día de pago", 32),
        ("Uso", "Bodega"),
        ("Comisión", "120%"),
        ("Número", None),
    ],
)
def test_refused_leases(inside_alfa: Agency, tmp_path: Path, book: Book, column: str, value: Any) -> None:
    row = book.lease("CA-2", "IN-1", RITA)
    book.change("Contratos", row, column, value)
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Contratos", row, column, "rejected")]
    assert list(Lease.objects.values_list("number", flat=True)) == ["CA-1"]


@pytest.mark.parametrize(
    ("written", "kept"), [("8%", "8"), ("7,5 %", "7.5"), ("7.5", "7.5"), (8, "8"), (0.08, "8"), (0.075, "7.5"), (0, "0")]
)
def test_commissions(inside_alfa: Agency, tmp_path: Path, book: Book, written: Any, kept: str) -> None:
    book.change("Contratos", 2, "Comisión", written)
    load(book, inside_alfa, tmp_path)
    assert Lease.objects.get(number="CA-1").commission == Decimal(kept)


@pytest.mark.parametrize(
    ("co_renter", "kept"), [(OSCAR, OSCAR), (RITA, None), ("1.001.001", None), ("999999", None), (None, None)]
)
def test_co_renters(inside_alfa: Agency, tmp_path: Path, book: Book, co_renter: str | None, kept: str | None) -> None:
    book.change("Contratos", 2, "Coarrendatario (documento)", co_renter)
    report = load(book, inside_alfa, tmp_path)
    notice = [("Contratos", 2, "Coarrendatario (documento)", "notice")] if co_renter and not kept else []
    assert told(report) == notice
    assert counts(report)["Contratos"] == (1, 0, 0, 0)
    found = Lease.objects.get(number="CA-1").co_renter
    assert (found.document if found else None) == kept


def test_a_lease_said_twice(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.lease("ca-1", "IN-1", "1.001.001")
    row = book.lease("CA-1", "IN-1", RITA, Canon=1)
    report = load(book, inside_alfa, tmp_path)
    assert counts(report)["Contratos"] == (1, 0, 1, 1)
    assert told(report) == [("Contratos", row, "Número", "rejected")]
    assert Lease.objects.get().rent == 1000000


def test_a_renter_named_with_the_check_digit(inside_alfa: Agency, tmp_path: Path, book: Book) -> None:
    book.person("890903938-8", "Empresa S.A.S.", kind="NIT")
    book.lease("CA-2", "IN-1", "890.903.938-8")
    row = book.lease("CA-3", "IN-1", "890.903.938-7")
    report = load(book, inside_alfa, tmp_path)
    assert told(report) == [("Contratos", row, "Arrendatario (documento)", "rejected")]
    assert Lease.objects.get(number="CA-2").renter.name == "Empresa S.A.S."
