"""A book at the desk: brought, previewed field by field, confirmed word for word, and undone exactly or not at all."""

from __future__ import annotations

import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from clientarea.models import BookImport, BookLine, BookRecord, Client, Lease, Unit
from payments import credits
from payments.invoicing import credit_notes
from payments.models import Invoice, Movement, Payment, Receipt, ReceiptFile, Series
from saas.accounts.models import Role, StaffRole, User
from saas.audit.models import Change
from saas.book import imports as book_imports
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.book.steps import Desk, brought, data_of, imported, upload, work
from tests.desk.desks import assert_desk_only
from tests.importing.books import OSCAR, RITA, Book, assert_money_is_true
from tests.invoicing.helpers import number
from tests.payouts.steps import liquidate
from tests.portal.pages import NBSP, at, queries_of, tags, text_of
from tests.world import NOW, Cast, Casts


@pytest.fixture(autouse=True)
def private_files(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def sara(here: Cast, browse: Any) -> Any:
    return Desk(browse(here.agency, here.sara), here.agency)


@pytest.fixture
def inside(here: Cast) -> Any:
    with context.in_agency(here.agency):
        yield


def book_of(changes: dict[str, Any] | None = None) -> Book:
    """The small book with numbers that the cast does not have."""
    book = Book()
    for sheet, column, row, value in (
        ("Inmuebles", "Código", 2, "LB-1"), ("Contratos", "Inmueble", 2, "LB-1"), ("Contratos", "Número", 2, "LC-1"),
        *(("Facturas", "Contrato", n, "LC-1") for n in (2, 3, 4)), *(("Facturas", "Prefijo", n, "LF") for n in (2, 3)),
        ("Pagos", "Facturas", 2, "LF-1"), ("Egresos", "Contrato", 2, "LC-1"),
    ):  # fmt: skip
        book.change(sheet, row, column, value)
    return book


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of what a book could touch: no import of its own, no history."""
    models = [
        model for label in ("clientarea", "payments", "pqrs", "accounts") for model in apps.get_app_config(label).get_models()
        if not model.__name__.startswith("Book")
    ]  # fmt: skip
    return {
        model._meta.label: [
            {name: value for name, value in row.items() if name not in ("id",) or model.__name__ != "Ownership"}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in models
    }


def test_from_upload_to_import(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    before = everything()
    book = brought(sara, here, book_of(), tmp_path)
    assert everything() == before
    assert (book.state, book.busy, book.made_by_name, book.name) == ("preview", True, "Sara Equipo", "libro.xlsx")
    assert book.counts == {
        "Terceros": [2, 2, 0, 0, 0, 0], "Inmuebles": [1, 1, 0, 0, 0, 0], "Contratos": [1, 1, 0, 0, 0, 0],
        "Facturas": [3, 3, 0, 0, 0, 0], "Pagos": [1, 1, 0, 0, 0, 0], "Egresos": [1, 1, 0, 0, 0, 0],
    }  # fmt: skip
    page = text_of(sara.get(at("desk_book_import", book.pk)))
    assert "Si confirma, se crean 9 y cambian 0" in page
    assert "RC-1 · LF-1 Nueva Pagos, fila 2 Se aplica a: LF-1 $ 1.200.000" in page
    sara.post(at("desk_book_confirm", book.pk), {"digest": book.digest})
    assert work() == 1
    book.refresh_from_db()
    assert (book.state, book.busy, book.applied_by_name) == ("applied", None, "Sara Equipo")
    assert Client.objects.filter(document__in=[RITA, OSCAR]).count() == 2
    assert Invoice.objects.get(prefix="LF", number=1).applied == 1_200_000
    assert_money_is_true()
    assert sorted(BookRecord.objects.values_list("kind", flat=True)) == sorted(
        ["client"] * 2 + ["unit", "shares", "lease"] + ["invoice"] * 3 + ["payment", "movement", "payout"]
    )
    assert [tags(sara.get(at("desk")), "last-import") != [], "libro.xlsx" in text_of(sara.get(at("desk")))] == [True, True]
    assert Change.objects.filter(subject="book").values_list("who_name", "before", "after").get() == (
        "Sara Equipo", "Por confirmar", "Importando",
    )  # fmt: skip


def test_what_changes_is_told_field_by_field(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    imported(sara, here, book_of(), tmp_path)
    book = book_of()
    book.person("1003003", "Nueva Dueña")
    book.change("Contratos", 2, "Canon", "$ 1.100.000")
    book.change("Contratos", 2, "Arrendatario (documento)", "1003003")
    book.change("Contratos", 2, "Fecha fin", "2027-02-28")
    book.change("Contratos", 2, "Comisión", "7,5%")
    book.change("Inmuebles", 2, "Propietarios (documento:participación)", f"{OSCAR}:60%; 1003003:40%")
    book.change("Terceros", 2, "Celular", "310 765 4321")
    book.unit("LB-2", f"{OSCAR}:90%")
    again = brought(sara, here, book, tmp_path)
    lines = {
        (line.sheet, line.row): (line.fate, [[text.replace(NBSP, " ") for text in told] for told in line.differences])
        for line in BookLine.objects.filter(book=again)
    }
    assert lines == {
        ("Terceros", 2): ("updated", [["Celular", "300 123 4567", "310 765 4321"]]),
        ("Terceros", 4): ("created", []),
        ("Inmuebles", 2): (
            "updated",
            [["Propietarios", "Óscar Propietario (1002002) 100 %", "Óscar Propietario (1002002) 60 %; Nueva Dueña (1003003) 40 %"]],
        ),
        ("Inmuebles", 3): ("rejected", []),
        ("Contratos", 2): (
            "updated",
            [
                ["Arrendatario", "Rita Arrendataria (1001001)", "Nueva Dueña (1003003)"],
                ["Canon", "$ 1.000.000", "$ 1.100.000"],
                ["Fecha de fin", "31 ene 2027", "28 feb 2027"],
                ["Comisión", "8 %", "7,5 %"],
            ],
        ),
    }
    assert BookLine.objects.get(book=again, fate="rejected").problems == [
        ["Propietarios (documento:participación)", "Las participaciones de los propietarios suman 90%, no 100%.", "rejected"]
    ]
    assert again.counts["Facturas"] == [3, 0, 0, 3, 0, 0]
    only = sara.get(at("desk_book_import", again.pk), {"hoja": "Inmuebles", "ver": "rejected"})
    assert len(tags(only, "book-line")) == 1
    assert "LB-2" in text_of(only)


def test_what_changed_meanwhile_is_shown_anew_and_nothing_is_done(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    imported(sara, here, book_of(), tmp_path)
    book = book_of()
    book.change("Contratos", 2, "Canon", 1_100_000)
    again = brought(sara, here, book, tmp_path)
    Lease.objects.filter(number="LC-1").update(rent=1_050_000)
    sara.post(at("desk_book_confirm", again.pk), {"digest": again.digest})
    assert work() == 1
    first = again.digest
    again.refresh_from_db()
    assert (again.state, again.stale, again.digest == first) == ("preview", True, False)
    assert Lease.objects.get(number="LC-1").rent == 1_050_000
    assert BookRecord.objects.filter(book=again).count() == 0
    page = text_of(sara.get(at("desk_book_import", again.pk)))
    assert "Los datos cambiaron desde que usted miró." in page
    assert "Canon: $ 1.050.000 → $ 1.100.000" in page
    sara.post(at("desk_book_confirm", again.pk), {"digest": first})  # of a page that was left open
    assert work() == 0
    sara.post(at("desk_book_confirm", again.pk), {"digest": again.digest})
    assert work() == 1
    assert Lease.objects.get(number="LC-1").rent == 1_100_000


def test_two_at_once_are_refused(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    data = data_of(book_of(), tmp_path)
    assert upload(sara, data).status_code == 302
    answer = upload(sara, data)
    assert (answer.status_code, "Ya hay un libro cargado sin terminar" in text_of(answer)) == (422, True)
    assert BookImport.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        BookImport.objects.create(name="x", size=1, sha256="", made_by=here.sara, made_by_name="x", made_at=NOW)
    book = BookImport.objects.get()
    path = book.path
    assert default_storage.exists(path)
    sara.post(at("desk_book_discard", book.pk))
    book.refresh_from_db()
    assert (book.state, book.busy, book.path) == ("discarded", None, "")
    assert upload(sara, data).status_code == 302
    work()
    assert BookImport.objects.get(pk=book.pk).state == "discarded"


def test_who_may(here: Cast, cast: Casts, browse: Any, tmp_path: Path) -> None:
    sara = browse(here.agency, here.sara)
    with context.in_agency(cast.beta.agency):
        there = brought(Desk(browse(cast.beta.agency, cast.beta.sara), cast.beta.agency), cast.beta, book_of(), tmp_path)
    for name in ("desk_book_import", "desk_book_confirm", "desk_book_discard", "desk_book_undo", "desk_book_errors"):
        method = "get" if name == "desk_book_import" else "post"
        assert_desk_only(browse, here, at(name, there.pk), method=method)
        assert getattr(sara, method)(at(name, there.pk)).status_code == 404, name
    for name, method in (("desk_book", "get"), ("desk_book_bring", "post"), ("desk_book_template", "get"), ("desk_book_export", "post")):
        assert_desk_only(browse, here, at(name), method=method)
    with context.in_agency(here.agency):
        book = brought(Desk(sara, here.agency), here, book_of(), tmp_path)
        User.objects.filter(pk=here.sara.pk).update(staff_role=StaffRole.COLLECTIONS)
    looking = sara.get(at("desk_book_import", book.pk))
    assert (looking.status_code, "Solo un dueño lo confirma." in text_of(looking), tags(looking, "confirm")) == (200, True, [])
    assert sara.post(at("desk_book_confirm", book.pk), {"digest": book.digest}).status_code == 403
    with context.in_agency(here.agency):
        assert BookImport.objects.get().state == "preview"


def test_a_job_runs_twice_and_another_has_it(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    made = imported(sara, here, book_of(), tmp_path)
    before = everything()
    book_imports.apply(made.pk, now=clock.now())
    book_imports.read(made.pk, now=clock.now())
    assert everything() == before


def test_a_failure_of_ours_gives_the_import_back(here: Cast, inside: None, sara: Any, tmp_path: Path, monkeypatch: Any) -> None:
    made = brought(sara, here, book_of(), tmp_path)
    before = everything()
    sara.post(at("desk_book_confirm", made.pk), {"digest": made.digest})

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(book_imports, "keep_records", fail)
    job = Job.objects.get(kind="book.apply")
    for _ in range(book_imports.TRIES):
        Job.objects.filter(pk=job.pk).update(due_at=NOW)
        assert run_job(job.pk, now=clock.now())
    job.refresh_from_db()
    made.refresh_from_db()
    assert (job.done_at is not None, made.state, "falla nuestra" in made.error) == (True, "preview", True)
    assert everything() == before


# Undo


def test_an_undo_leaves_what_was_before(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    before = everything()
    imported(sara, here, book_of(), tmp_path)
    between = everything()
    book = book_of()
    book.person("1003003", "Nueva Dueña")
    book.change("Terceros", 2, "Celular", "310 765 4321")
    book.change("Contratos", 2, "Canon", 1_100_000)
    book.change("Contratos", 2, "Coarrendatario (documento)", OSCAR)
    book.change("Inmuebles", 2, "Propietarios (documento:participación)", f"{OSCAR}:60%; 1003003:40%")
    book.change("Facturas", 3, "Estado", "Anulada")
    book.change("Egresos", 2, "Banco", "Davivienda")
    book.invoice(9, "LC-1", RITA, period="2026-12", Prefijo="LF")
    book.payment("RC-2", RITA, "LF-9", amount=1_300_000)
    second = imported(sara, here, book, tmp_path)
    assert Invoice.objects.get(prefix="LF", number=2).voided_at is not None
    assert Movement.objects.filter(kind="credit").count() == 1
    sara.post(at("desk_book_undo", second.pk))
    assert work() == 1
    second.refresh_from_db()
    assert (second.state, second.undone_by_name, second.holding) == ("undone", "Sara Equipo", [])
    assert everything() == between
    assert_money_is_true()
    first = BookImport.objects.earliest("pk")
    sara.post(at("desk_book_undo", first.pk))
    assert work() == 1
    assert everything() == before
    assert [book.state for book in BookImport.objects.all()] == ["undone", "undone"]
    imported(sara, here, book_of(), tmp_path)  # and it may come again


def test_an_undo_of_payments_on_invoices_that_were_there(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    book = book_of()
    book.rows["Pagos"] = []
    imported(sara, here, book, tmp_path)
    before = everything()
    book.payment("RC-1", RITA, "LF-1; LF-2", amount=1_500_000)
    made = imported(sara, here, book, tmp_path)
    assert [invoice.applied for invoice in Invoice.objects.filter(prefix="LF").order_by("number")] == [1_200_000, 300_000]
    sara.post(at("desk_book_undo", made.pk))
    assert work() == 1
    assert everything() == before


def _try_undo(sara: Any, made: BookImport) -> list[str]:
    """What holds an undo, having seen that nothing was done."""
    before = everything()
    sara.post(at("desk_book_undo", made.pk))
    assert work() == 1
    made.refresh_from_db()
    assert (made.state, made.busy) == ("applied", None)
    assert everything() == before
    return [reason for _kind, _pk, reason in made.holding]


def test_what_depends_on_it_holds_an_undo(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    made = imported(sara, here, book_of(), tmp_path)
    rita = Client.objects.get(document=RITA)
    payment = Payment.objects.get(source="imported")
    lease = Lease.objects.get(number="LC-1")
    second = Invoice.objects.get(prefix="LF", number=2)

    file = ReceiptFile.objects.create(receipt=payment.receipt, path="x", sha256="x", size=1)
    assert _try_undo(sara, made) == ["Pago RC-1: tiene el comprobante en PDF, que ya se hizo (1)."]
    file.delete()

    Unit.objects.filter(code="LB-1").update(address="Otra")
    assert _try_undo(sara, made) == ["Inmueble LB-1 · Otra: alguien lo cambió después de la importación."]
    Unit.objects.filter(code="LB-1").update(address="Carrera 1 IN-1")

    user = User.objects.create_user(username=RITA, role=Role.CLIENT, name="Rita", email="r@correo.example")
    Client.objects.filter(pk=rita.pk).update(user=user)
    assert _try_undo(sara, made) == ["Cliente Rita Arrendataria: ya tiene una cuenta o una invitación."]
    Client.objects.filter(pk=rita.pk).update(user=None)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_user WHERE id = %s", [user.pk])

    other = Payment.objects.create(client=rita, source="manual", state="started", amount=1000)
    other.lines.create(invoice=second, amount=1000)
    assert _try_undo(sara, made) == ["Factura LF-2: tiene pagos (1).", "Cliente Rita Arrendataria: tiene pagos (1)."]
    page = sara.get(at("desk_book_import", made.pk))
    assert "No se puede deshacer" in text_of(page)
    assert f'href="{at("desk_client", rita.pk)}"' in page.content.decode()
    other.lines.all().delete()
    other.delete()

    share = lease.unit.ownerships.get()
    share.owner = here.oscar
    share.save()
    assert _try_undo(sara, made) == ["LB-1 · Carrera 1 IN-1: alguien cambió después sus propietarios."]


def test_money_that_moved_since_holds_an_undo(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    book = book_of()
    book.rows["Pagos"], book.rows["Egresos"] = [], []
    imported(sara, here, book, tmp_path)
    book.payment("RC-1", RITA, "LF-1", amount=1_300_000)
    made = imported(sara, here, book, tmp_path)
    payment = Payment.objects.get(source="imported")
    told = "Pago RC-1: su dinero se movió después (nota crédito, saldo a favor o reverso)."
    first, second = Invoice.objects.filter(prefix="LF").order_by("number")[:2]

    moved = transaction.savepoint()
    credits.apply_credit(payment.client, [(second.pk, Decimal(50_000))], key=uuid.uuid4(), staff=here.sara, now=NOW)
    assert told in _try_undo(sara, made)
    BookImport.objects.filter(pk=made.pk).update(state="undoing")  # even then: it is no part of the book
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM payments_movement WHERE credit_use_id IS NOT NULL")
    transaction.savepoint_rollback(moved)

    moved = transaction.savepoint()
    number(here, Series.NOTE)
    credit_notes.issue_note(first.pk, amount=Decimal(1000), reason="Cobro de más", key=uuid.uuid4(), staff=here.sara, now=NOW)
    assert told in _try_undo(sara, made)
    transaction.savepoint_rollback(moved)

    moved = transaction.savepoint()
    liquidate(here)
    assert any("una liquidación al propietario" in reason for reason in _try_undo(sara, made))
    transaction.savepoint_rollback(moved)

    sara.post(at("desk_book_undo", made.pk))
    assert work() == 1
    assert not Payment.objects.filter(source="imported").exists()


def test_a_later_edit_of_a_changed_field_holds_and_of_another_does_not(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    imported(sara, here, book_of(), tmp_path)
    book = book_of()
    book.change("Contratos", 2, "Canon", 1_100_000)
    made = imported(sara, here, book, tmp_path)
    Lease.objects.filter(number="LC-1").update(rent=1_200_000)
    assert _try_undo(sara, made) == ["Contrato LC-1: alguien cambió después canon."]
    Lease.objects.filter(number="LC-1").update(rent=1_100_000, payment_day=20)
    sara.post(at("desk_book_undo", made.pk))
    work()
    lease = Lease.objects.get(number="LC-1")
    assert (lease.rent, lease.payment_day) == (1_000_000, 20)


def test_only_the_last_is_undone(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    first = imported(sara, here, book_of(), tmp_path)
    book = book_of()
    book.person("1003003", "Nueva Dueña")
    imported(sara, here, book, tmp_path)
    sara.post(at("desk_book_undo", first.pk))
    assert work() == 0
    assert tags(sara.get(at("desk_book_import", first.pk)), "undo") == []


def test_the_database_lets_nothing_else_go(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    made = imported(sara, here, book_of(), tmp_path)
    payment = Payment.objects.get(source="imported")
    for table, pk in (
        ("payments_receipt", Receipt.objects.get(payment=payment).pk), ("payments_movement", payment.movements.get().pk),
        ("clientarea_bookrecord", BookRecord.objects.first().pk),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [pk])
    for state in ("undone", "preview"):
        with pytest.raises(IntegrityError), transaction.atomic():
            BookImport.objects.filter(pk=made.pk).update(state=state)
    with transaction.atomic():
        BookImport.objects.filter(pk=made.pk).update(state="undoing", busy=True)
        manual = Payment.objects.create(client=here.rita, source="manual", state="approved", amount=Decimal(1000))
        credit = manual.movements.create(kind="credit", client=here.rita, amount=1000, on=NOW.date())
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM payments_movement WHERE id = %s", [credit.pk])
        transaction.set_rollback(True)


def test_its_queries_do_not_grow(here: Cast, inside: None, sara: Any, tmp_path: Path) -> None:
    book = book_of()
    for n in range(40):
        book.person(str(2_000_000 + n), f"Persona {n}")
    made = imported(sara, here, book, tmp_path)
    assert len(queries_of(sara, at("desk_book_import", made.pk))) <= 12
    assert len(queries_of(sara, at("desk_book"))) <= 12
