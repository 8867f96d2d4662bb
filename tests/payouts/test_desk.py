"""*Egresos* at the desk: from the collection to the paid order on the pages, the bank's files, and where an owner is paid."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

import workers.payments  # noqa: F401  (the handlers)
from clientarea.models import Client
from payments import accounts, settlement
from payments.gateway import GatewayState
from payments.models import AccountKind, BankFile, OrderState, OwnerBank, Payout, PayoutOrder
from payments.payouts import banks, owner_bank_mail, paying
from saas.accounts.models import StaffRole, User
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock, crypto
from tenants import context, sealing
from tests.desk.desks import assert_desk_only
from tests.payments.money import answer as gateway_answer
from tests.payments.money import finding, start
from tests.payouts.steps import check_payouts, collect, liquidate, pay, share_out
from tests.portal.pages import at, queries_of, tags, text_of
from tests.world import NOW, PAYU, TODAY, Cast, Casts

ACCOUNT = "03512345678"


@pytest.fixture
def here(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    with context.in_agency(cast.alfa.agency):
        collect(cast.alfa, cast.alfa.invoice)
    return cast.alfa


@pytest.fixture
def sara(here: Cast, browse: Any) -> Any:
    return browse(here.agency, here.sara)


def inside(here: Cast, do: Callable[[], Any]) -> Any:
    with context.in_agency(here.agency):
        found = do()
        check_payouts()
        return found


def reviewed(here: Cast) -> PayoutOrder:
    with context.in_agency(here.agency):
        (order,) = liquidate(here)
        paying.review([order.pk], staff=here.sara, now=NOW)
        return order


def bank(here: Cast) -> None:
    with context.in_agency(here.agency):
        banks.save_bank(here.oscar, bank="Davivienda", kind=AccountKind.SAVINGS, account=ACCOUNT, staff=here.sara, now=NOW)


def rows(here: Cast, *lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("giros.csv", "\n".join(["Referencia;NIT;Valor;Fecha", *lines]).encode())


def upload(sara: Any, file: SimpleUploadedFile) -> str:
    answer = sara.post(at("desk_payouts_upload"), {"file": file})
    assert answer.status_code == 302
    return str(answer["Location"])


# The way through the pages


def test_from_the_collection_to_the_voucher(here: Cast, sara: Any, browse: Any) -> None:
    seen = sara.get(at("desk_payouts_make"))
    text = text_of(seen)
    assert "Canon recaudado sin girar $ 950.000 Neto para propietarios $ 859.560" in text
    assert "CP-1, 23 nov 2026: $ 950.000 de FA-1 $ 950.000 $ 76.000 + $ 14.440 · 8 % $ 0 $ 859.560" in text
    assert "No tiene cuenta bancaria" in text
    assert "FA-2 IN-1 · Rita Arrendataria Ñáñez 9 oct 2026 $ 1.215.000" in text
    mark = seen.context["proposal"].mark
    assert sara.post(at("desk_payouts_make"), {"hasta": TODAY.isoformat(), "mark": mark})["Location"] == at("desk_payouts")
    order = inside(here, lambda: PayoutOrder.objects.get())
    assert "Borrador (1) $ 859.560 Revisado (0) $ 0 Girado (0) $ 0" in text_of(sara.get(at("desk_payouts")))
    page = sara.get(at("desk_payout", order.pk))
    line = page.context["lines"][0]
    typed = {"key": page.context["form"]["key"].value(), "line": line.pk, "kind": "repair", "concept": "Cambio de la llave", "amount": "59.560"}
    assert sara.post(at("desk_payout", order.pk), typed).status_code == 302
    assert sara.post(at("desk_payout", order.pk), typed).status_code == 302
    text = text_of(sara.get(at("desk_payout", order.pk)))
    assert "Otros descuentos $ 59.560 Neto $ 800.000 Cambio de la llave Reparación · Sara Equipo, 23 nov 2026 $ 59.560" in text
    assert "CP-1 del 23 nov 2026, factura FA-1: canon $ 950.000" in text
    sara.post(at("desk_payouts"), {"order": [order.pk]})
    sara.post(at("desk_payout_step", order.pk, "girado"), {"paid_on": TODAY.isoformat(), "bank_reference": "B-1"})
    assert inside(here, lambda: PayoutOrder.objects.get().state) == OrderState.PAID
    text = text_of(sara.get(at("desk_payout", order.pk)))
    assert "23 de noviembre de 2026, referencia B-1" in text
    voucher = inside(here, lambda: Payout.objects.get())
    assert sara.get(at("desk_payout_paper", order.pk, voucher.pk)).content[:5] == b"%PDF-"
    oscar = text_of(browse(here.agency, here.oscar.user).get(at("payouts")))
    assert "EG-1 23 nov 2026 noviembre de 2026 Calle 1 # 10-20 $ 950.000 $ 90.440 $ 59.560 $ 800.000" in oscar
    assert "Cambio de la llave" in text_of(browse(here.agency, here.oscar.user).get(at("payout", voucher.pk)))
    with context.in_agency(here.agency):
        fields = [(c.field, c.after) for c in Change.objects.filter(subject="payout_order").order_by("pk")]
    assert [field for field, _after in fields] == ["liquidated", "deduction", "state", "state"]


def test_money_that_never_came_in_is_told_before_it_is_paid_out(here: Cast, sara: Any) -> None:
    """PayU in test mode settles invoices without money: whoever pays the owner sees which."""
    said = "de prueba, no entró dinero"
    assert said not in text_of(sara.get(at("desk_payouts_make")))
    with context.in_agency(here.agency):
        accounts.save_account(replace(PAYU, test=True))
        attempt = start(here, here.overdue)
        settlement.settle_answer(attempt.pk, gateway_answer(finding(attempt, GatewayState.APPROVED, test=True)), now=NOW)
    text = text_of(sara.get(at("desk_payouts_make")))
    assert f"CP-2, 23 nov 2026: $ 950.000 de FA-2 {said}" in text
    assert text.count(said) == 1
    with context.in_agency(here.agency):
        (order,) = liquidate(here)
    text = text_of(sara.get(at("desk_payout", order.pk)))
    assert f"factura FA-2: canon $ 950.000 {said}" in text
    assert text.count(said) == 1


def test_what_is_old_is_not_liquidated(here: Cast, sara: Any) -> None:
    answer = sara.post(at("desk_payouts_make"), {"hasta": TODAY.isoformat(), "mark": "x"}, follow=True)
    assert "cambió el recaudo" in answer.content.decode()
    assert not inside(here, lambda: PayoutOrder.objects.exists())


def test_an_order_goes_back_and_is_undone(here: Cast, sara: Any) -> None:
    order = reviewed(here)
    sara.post(at("desk_payout_step", order.pk, "borrador"))
    liquidation = inside(here, lambda: order.lines.get().liquidation_id)
    assert sara.post(at("desk_payout_discard", order.pk, liquidation))["Location"] == at("desk_payouts")
    assert not inside(here, lambda: PayoutOrder.objects.exists())
    assert sara.post(at("desk_payout_discard", order.pk, liquidation)).status_code == 404


def test_pages_ask_little(here: Cast, sara: Any) -> None:
    bank(here)
    with context.in_agency(here.agency):
        share_out(here, (here.oscar, "60"), (here.berta, "40"))
        collect(here, here.overdue)
        collect(here, here.berta_invoice)
    assert len(queries_of(sara, at("desk_payouts_make"))) <= 15
    with context.in_agency(here.agency):
        first, _second = liquidate(here)
    for page in (at("desk_payouts"), at("desk_payout", first.pk), at("desk_owner_bank", here.oscar.pk)):
        assert len(queries_of(sara, page)) <= 15, page
    upload(sara, rows(here, f"GIRO-{first.pk};1002;1;2026-11-23", ";1003;2;2026-11-23"))
    with context.in_agency(here.agency):
        file = BankFile.objects.get()
    assert len(queries_of(sara, at("desk_payouts_file", file.pk))) <= 15


@pytest.mark.parametrize("name", ["desk_payouts", "desk_payouts_make", "desk_payout", "desk_owner_bank", "desk_payouts_file"])
def test_only_the_desk_gets_in(here: Cast, sara: Any, browse: Any, name: str) -> None:
    order = reviewed(here)
    upload(sara, rows(here, "x;1;1;2026-11-23"))
    with context.in_agency(here.agency):
        args = {"desk_payout": [order.pk], "desk_owner_bank": [here.oscar.pk], "desk_payouts_file": [BankFile.objects.get().pk]}.get(name, [])
    assert_desk_only(browse, here, at(name, *args))


def test_the_other_agency_sees_nothing(here: Cast, cast: Casts, browse: Any) -> None:
    order = reviewed(here)
    other = browse(cast.beta.agency, cast.beta.sara)
    assert other.get(at("desk_payout", order.pk)).status_code == 404
    assert "No hay egresos" in text_of(other.get(at("desk_payouts")))


def test_a_reference_of_another_payout_is_asked_about_once_more(here: Cast, sara: Any) -> None:
    first = reviewed(here)
    done = {"paid_on": TODAY.isoformat(), "bank_reference": "B-7"}
    for _ in range(2):  # the same form sent twice asks nothing
        assert sara.post(at("desk_payout_step", first.pk, "girado"), done).status_code == 302
    with context.in_agency(here.agency):
        collect(here, here.overdue)
    second = reviewed(here)
    step = at("desk_payout_step", second.pk, "girado")
    asked = sara.post(step, {"paid_on": "2026-11-20", "bank_reference": "b-7"})
    told = f"La referencia b-7 ya está en GIRO-{first.pk}, de Óscar Propietario Gómez, por $ 859.560 del 23 nov 2026. Si este es otro, márquelo"
    assert (asked.status_code, told in text_of(asked)) == (422, True)
    assert ('value="2026-11-20"' in asked.content.decode(), 'name="again" value="b-7"' in asked.content.decode()) == (True, True)
    assert inside(here, lambda: PayoutOrder.objects.get(pk=second.pk).state) == OrderState.REVIEWED
    assert sara.post(step, {"paid_on": "2026-11-20", "bank_reference": "b-7", "again": "b-7"}).status_code == 302
    assert inside(here, lambda: PayoutOrder.objects.get(pk=second.pk).bank_reference) == "b-7"


def test_a_wrong_day_of_a_payout_is_said_where_it_was_typed(here: Cast, sara: Any) -> None:
    order = reviewed(here)
    answer = sara.post(at("desk_payout_step", order.pk, "girado"), {"paid_on": "2027-01-01", "bank_reference": "B-7"})
    assert (answer.status_code, "La fecha no puede ser futura." in text_of(answer), 'value="B-7"' in answer.content.decode()) == (422, True, True)


# Where an owner is paid


def test_the_account_is_sealed_and_shown_masked(here: Cast, sara: Any) -> None:
    address = at("desk_owner_bank", here.oscar.pk)
    assert sara.post(address, {"bank": "Davivienda", "kind": "savings", "account": "0351-2345 678"}).status_code == 302
    page = sara.get(address)
    assert "Davivienda, ahorros **** 5678" in text_of(page)
    assert ACCOUNT not in page.content.decode()
    sara.post(address, {"bank": "Davivienda", "kind": "current", "account": "99999995678"})
    with context.in_agency(here.agency):
        row = OwnerBank.objects.get()
        assert ACCOUNT not in row.account
        assert "99999995678" not in row.account
        assert banks.number_of(row) == "99999995678"
        with pytest.raises(crypto.CryptoError):
            crypto.decrypt(row.account, schema="other", model=banks.MODEL, pk=row.pk, field="account")
        assert sealing.unreadable() == 0
        rows_ = Change.objects.filter(subject="owner_bank").exclude(field="owner_told")
        told = [(c.field, c.before, c.after, c.who_id) for c in rows_.order_by("pk")]
    assert told == [
        ("bank", "", "Davivienda", here.sara.pk), ("kind", "", "savings", here.sara.pk), ("account", "", "**** 5678", here.sara.pk),
        ("kind", "savings", "current", here.sara.pk), ("account", "**** 5678", "**** 5678 (otra cuenta)", here.sara.pk),
    ]  # fmt: skip


def test_the_owner_is_told_of_another_account(here: Cast, sara: Any) -> None:
    with context.in_agency(here.agency):
        Client.objects.filter(pk=here.oscar.pk).update(email="")
        here.oscar.refresh_from_db()
    bank(here)
    address = at("desk_owner_bank", here.oscar.pk)
    for _ in range(2):  # the same again changes nothing and tells nobody
        assert sara.post(address, {"bank": "Nequi", "kind": "savings", "account": "99999991111"}).status_code == 302
    with context.in_agency(here.agency):
        Client.objects.filter(pk=here.oscar.pk).update(email="oscar@correo.example")
        assert not Job.objects.filter(kind="payments.owner_bank_mail").exists()
        assert Change.objects.filter(subject="owner_bank", field="owner_told", after=owner_bank_mail.NOWHERE, who_id=None).count() == 2
    for _ in range(2):
        sara.post(address, {"bank": "Davivienda", "kind": "current", "account": "88888881111"})
    with context.in_agency(here.agency):
        job = Job.objects.get(kind="payments.owner_bank_mail")
        assert run_job(job.pk, now=NOW) is True
        owner_bank_mail.send(**job.payload, agency=here.agency, now=NOW)  # a job that ran again
        letter, copy = mail.outbox
        assert letter.extra_headers["Message-ID"] == copy.extra_headers["Message-ID"]
        assert (letter.to, letter.subject) == (["oscar@correo.example"], "Cambió la cuenta donde le giramos · Inmobiliaria Alfa")
        for said in (str(letter.body), str(letter.alternatives[0].content)):
            assert "El 23 de noviembre de 2026, " in said
            assert "Si no lo pidió ni lo acordó" in said
            assert "88888881111" not in said
            assert "9999999" not in said
        assert "- Banco: antes Nequi, ahora Davivienda\n- Tipo: antes Ahorros, ahora Corriente\n" in str(letter.body)
        assert "- Cuenta: antes **** 1111, ahora **** 1111 (otra cuenta)" in str(letter.body)
        (told,) = Change.objects.filter(subject="owner_bank", field="owner_told").exclude(after=owner_bank_mail.NOWHERE)
        assert told.after.startswith("oscar@correo.example, por el cambio del 23 de noviembre de 2026, ")
        assert set(job.payload) == {"owner_id", "change_ids"}
    assert "Aviso al propietario: oscar@correo.example" in text_of(sara.get(address))
    with context.in_agency(here.agency):
        other = Client.objects.get(pk=here.berta.pk)
        owner_bank_mail.send(other.pk, job.payload["change_ids"], agency=here.agency, now=NOW)  # another's change is told to nobody
        assert len(mail.outbox) == 2


def test_a_command_knows_what_is_sealed() -> None:
    code = (
        "import os, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'saas.settings'); django.setup()\n"
        "from saas.lib import crypto; print(sorted(crypto.sealed_columns()))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=settings.BASE_DIR, timeout=120)
    assert said.stdout.strip() == "['api.NoticeAddress', 'payments.GatewayAccount', 'payments.OwnerBank']"


@pytest.mark.parametrize("account", ["12345", "1" * 21, "12345a7", "", "١٢٣٤٥٦٧"])
def test_what_is_no_account_is_refused(here: Cast, sara: Any, account: str) -> None:
    answer = sara.post(at("desk_owner_bank", here.oscar.pk), {"bank": "Nequi", "kind": "savings", "account": account})
    assert answer.status_code == 200
    assert not inside(here, lambda: OwnerBank.objects.exists())


# To the bank


def test_the_file_for_the_bank(here: Cast, sara: Any, browse: Any) -> None:
    order = reviewed(here)
    bank(here)
    answer = sara.post(at("desk_payouts_bank"))
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/csv; charset=utf-8", "private, no-store")
    heading, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert tuple(heading) == banks.HEADINGS
    assert row == [
        f"GIRO-{order.pk}", "CC", "1002", "Óscar Propietario Gómez", "Davivienda", "Ahorros", ACCOUNT, "859560", "Canon de arrendamiento",
    ]  # fmt: skip
    with context.in_agency(here.agency):
        assert Change.objects.get(subject="payout_bank_file").after == "1 egresos, $\u00a0859.560"
        User.objects.filter(pk=here.sara.pk).update(staff_role=StaffRole.VIEWER)
    viewer = browse(here.agency, here.sara)
    assert (viewer.get(at("desk_payouts_bank")).status_code, viewer.post(at("desk_payouts_bank")).status_code) == (405, 403)


# From the bank


def test_a_file_marks_what_fits_and_lists_the_rest(here: Cast, sara: Any) -> None:
    order = reviewed(here)
    file = upload(
        sara,
        rows(
            here, "GIRO-9999;1002;859.560;23/11/2026", f"pago giro {order.pk};1002;859.560;23/11/2026", f"GIRO-{order.pk};1002;859.560;23/11/2026",
            ";1002;1;23/11/2026", "nada;;x;",
        ),
    )  # fmt: skip
    text = text_of(sara.get(file))
    assert "Cuadran (1)" in text
    assert "No cuadran (4)" in text
    assert f"El egreso GIRO-{order.pk} ya está en la fila 3." in text
    assert inside(here, lambda: Payout.objects.count()) == 0
    sara.post(file)
    sara.post(file)
    text = text_of(sara.get(file))
    assert "Girados (1)" in text
    assert "No cuadran (4)" in text
    assert inside(here, lambda: Payout.objects.get().paid_on) == date(2026, 11, 23)
    again = text_of(sara.get(upload(sara, rows(here, f"GIRO-{order.pk};1002;859.560;23/11/2026"))))
    assert "ya se marcó como girado" in again
    with context.in_agency(here.agency):
        assert [len(each.rows) for each in BankFile.objects.order_by("pk")] == [5, 1]


@pytest.mark.parametrize(
    ("row", "trouble"),
    [
        ("GIRO-{pk};1002;859.561;2026-11-23", "El valor no es el del egreso, que es $ 859.560."),
        ("GIRO-{pk};1003;859.560;2026-11-23", "El documento no es el de Óscar Propietario Gómez."),
        ("GIRO-{pk};1002;mucho;2026-11-23", "No se entiende el valor."), ("GIRO-{pk};1002;859.560;ayer", "No se entiende la fecha."),
        ("GIRO-{pk};1002;859.560;2026-11-24", "La fecha es posterior a hoy."), (";1002;859.561;2026-11-23", "Ningún egreso revisado corresponde"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_why(here: Cast, sara: Any, row: str, trouble: str) -> None:
    order = reviewed(here)
    file = upload(sara, rows(here, row.format(pk=order.pk)))
    assert trouble in text_of(sara.get(file))
    sara.post(file)
    assert not inside(here, lambda: Payout.objects.exists())


def test_a_draft_is_not_paid_by_a_file(here: Cast, sara: Any) -> None:
    with context.in_agency(here.agency):
        (order,) = liquidate(here)
    assert "todavía es un borrador" in text_of(sara.get(upload(sara, rows(here, f"GIRO-{order.pk};1002;859.560;2026-11-23"))))


def test_a_workbook_without_our_reference_fits_by_document_and_amount(here: Cast, sara: Any) -> None:
    reviewed(here)
    book, out = Workbook(), io.BytesIO()
    sheet: Any = book.active
    for line in (["Documento", "Valor", "Fecha de pago"], [1002, 859560.0, date(2026, 11, 20)], [None, None, None]):
        sheet.append(line)
    book.save(out)
    file = upload(sara, SimpleUploadedFile("banco.xlsx", out.getvalue()))
    assert len(tags(sara.get(file), "fits")) == 1
    sara.post(file)
    assert inside(here, lambda: Payout.objects.get().paid_on) == date(2026, 11, 20)


def test_two_orders_of_the_same_amount_need_a_reference(here: Cast, sara: Any) -> None:
    reviewed(here)
    with context.in_agency(here.agency):
        collect(here, here.overdue)
        (other,) = liquidate(here)
        paying.review([other.pk], staff=here.sara, now=NOW)
    assert "falta la referencia" in text_of(sara.get(upload(sara, rows(here, ";1002;859.560;2026-11-23"))))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "vac"), (b"Referencia;Valor\nx;1", "le faltan columnas: Fecha"), (b"Valor;Fecha\n1;2026-11-23", "Referencia o NIT"),
        (b"Referencia;Valor;Fecha\n", "no trae ning"), (b"PK\x03\x04nada", "Excel"), (b"a\0b", "no es CSV"), (b"x" * (2 * 1024 * 1024 + 1), "2 MB"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(here: Cast, sara: Any, data: bytes, told: str) -> None:
    answer = sara.post(at("desk_payouts_upload"), {"file": SimpleUploadedFile("x.csv", data)}, follow=True)
    assert told in answer.content.decode()
    assert not inside(here, lambda: BankFile.objects.exists())


def test_a_file_pays_an_order_that_someone_paid_meanwhile_once(here: Cast, sara: Any) -> None:
    order = reviewed(here)
    file = upload(sara, rows(here, f"GIRO-{order.pk};1002;859.560;2026-11-23"))
    with context.in_agency(here.agency):
        pay(here, order)
    sara.post(file)
    assert "ya se marcó como girado" in text_of(sara.get(file))
    assert inside(here, lambda: Payout.objects.count()) == 1
