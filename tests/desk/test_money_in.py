"""Money that staff brings in: a payment received outside with its proof, and a client's credit put on invoices."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from PIL import Image

from payments import credits, manual, proofs, reversals, settlement
from payments.models import CreditUse, Movement, MovementKind, Payment, PaymentSource, PaymentState, Proof, Receipt, Review
from saas.jobs.models import Job
from saas.lib import clock
from saas.lib.clock import short_date
from tenants import context
from tests.payments.money import check_invariants, say, start
from tests.portal.pages import at, text_of
from tests.world import NOW, TODAY, Cast, Casts, make_invoice

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
WHOLE = Decimal(1215000)


@pytest.fixture
def here(cast: Casts, tmp_path: Any) -> Any:
    before = settings.MEDIA_ROOT
    settings.MEDIA_ROOT = tmp_path
    yield cast.alfa
    with context.in_agency(cast.alfa.agency):
        check_invariants()
    settings.MEDIA_ROOT = before


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return out.getvalue()


def upload(data: bytes, name: str = "soporte.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "key": str(uuid.uuid4()), "amount": "1.500.000", "paid_on": clock.today().isoformat(), "means": "Transferencia",
        "reference": "TRF-77", "how": "oldest", "proof": upload(PDF), **changes,
    }  # fmt: skip


def post(browser: Browser, cast: Cast, **changes: Any) -> Any:
    return browser.post(at("desk_register_client", cast.rita.pk), typed(**changes))


def entry(here: Cast, *lines: tuple[Any, int], amount: int = 1_215_000, key: uuid.UUID | None = None) -> manual.ManualPayment:
    return manual.ManualPayment(
        key=key or uuid.uuid4(), client=here.rita, amount=Decimal(amount), means="Efectivo", reference="", paid_on=TODAY,
        lines=tuple((invoice.pk, Decimal(part)) for invoice, part in lines),
    )  # fmt: skip


# The domain


def test_a_payment_received_outside_is_money_like_any_other(here: Cast) -> None:
    with context.in_agency(here.agency):
        said = entry(here, (here.overdue, 1_215_000), (here.invoice, 85_000), amount=1_400_000)
        payment = settlement.settle_manual(said, staff=here.sara, now=NOW)
        assert (payment.source, payment.state) == (PaymentSource.MANUAL, PaymentState.APPROVED)
        assert (payment.entered_by, payment.settled_at) == (here.sara, NOW)
        assert sorted((m.kind, m.amount, m.invoice_id or 0) for m in Movement.objects.all()) == [
            (MovementKind.APPLIED, Decimal(85_000), here.invoice.pk), (MovementKind.APPLIED, WHOLE, here.overdue.pk),
            (MovementKind.CREDIT, Decimal(100_000), 0),
        ]  # fmt: skip
        receipt = Receipt.objects.get()
        assert (receipt.full_number, receipt.amount) == ("CP-1", Decimal(1_400_000))
        assert (receipt.content["means"], receipt.content["credit"]) == ("Efectivo", "100000.00")
        assert Job.objects.get(kind="payments.receipt_pdf").payload == {"receipt_id": receipt.pk}
        assert not Review.objects.exists()  # the credit was chosen: nobody needs to look


def test_the_same_form_registers_one_payment(here: Cast) -> None:
    with context.in_agency(here.agency):
        same = entry(here, (here.invoice, 1_215_000))
        first = settlement.settle_manual(same, staff=here.sara, now=NOW)
        assert settlement.settle_manual(same, staff=here.sara, now=NOW) == first
        assert (Payment.objects.count(), Receipt.objects.count()) == (1, 1)


@pytest.mark.parametrize("what", ["too much", "foreign", "void", "paid", "more than received"])
def test_what_cannot_be_applied_is_refused_and_keeps_nothing(here: Cast, what: str) -> None:
    with context.in_agency(here.agency):
        invoice, part, amount = here.invoice, 1_215_000, 1_215_000
        if what == "too much":
            part = amount = 1_215_001
        elif what == "foreign":
            invoice = here.berta_invoice
        elif what == "void":
            invoice.voided_at = NOW
            invoice.save()
        elif what == "paid":
            say(start(here))
        elif what == "more than received":
            amount = 5
        before = (Payment.objects.count(), Receipt.objects.count(), Movement.objects.count())
        with pytest.raises(manual.EntryRefused):
            settlement.settle_manual(entry(here, (invoice, part), amount=amount), staff=here.sara, now=NOW)
        assert (Payment.objects.count(), Receipt.objects.count(), Movement.objects.count()) == before


def test_a_credit_goes_to_invoices_from_the_oldest_payment_on(here: Cast) -> None:
    with context.in_agency(here.agency):
        first = settlement.settle_manual(entry(here, amount=300_000), staff=here.sara, now=NOW)
        second = settlement.settle_manual(entry(here, amount=500_000), staff=here.sara, now=NOW)
        assert credits.credits_of(here.rita) == [(first, Decimal(300_000)), (second, Decimal(500_000))]
        key = uuid.uuid4()
        for _ in range(2):
            use = credits.apply_credit(here.rita, [(here.invoice.pk, Decimal(400_000))], key=key, staff=here.sara, now=NOW)
        assert (use.amount, use.made_by, CreditUse.objects.count()) == (Decimal(400_000), here.sara, 1)
        assert credits.credits_of(here.rita) == [(second, Decimal(400_000))]
        here.invoice.refresh_from_db()
        assert here.invoice.applied == Decimal(400_000)
        # Reversing the payment that brought it takes it back from the invoice too.
        reversals.reverse_by_staff(first.pk, reason="No llegó", staff=here.sara, now=NOW)
        here.invoice.refresh_from_db()
        assert (here.invoice.applied, credits.credit_of(here.rita)) == (Decimal(100_000), Decimal(400_000))


@pytest.mark.parametrize(("part", "said"), [(300_001, "no alcanza"), (0, "Escriba cuánto"), (1_215_001, "tiene un saldo de")])
def test_a_credit_that_is_not_there_is_not_applied(here: Cast, part: int, said: str) -> None:
    with context.in_agency(here.agency):
        settlement.settle_manual(entry(here, amount=300_000), staff=here.sara, now=NOW)
        with pytest.raises(credits.CreditRefused, match=said):
            credits.apply_credit(here.rita, [(here.invoice.pk, Decimal(part))], key=uuid.uuid4(), staff=here.sara, now=NOW)
        with pytest.raises(credits.CreditRefused, match="no es de este cliente"):
            credits.apply_credit(here.rita, [(here.berta_invoice.pk, Decimal(5))], key=uuid.uuid4(), staff=here.sara, now=NOW)
        assert (CreditUse.objects.count(), credits.credit_of(here.rita)) == (0, Decimal(300_000))


# The proof


@pytest.mark.parametrize(("data", "kind"), [(PDF, "application/pdf"), (picture("PNG"), "image/png"), (picture("JPEG"), "image/jpeg")])
def test_a_proof_is_what_its_content_is(data: bytes, kind: str) -> None:
    proof = proofs.read_proof(upload(data, "x.exe"))
    assert proof.content_type == kind


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"MZ\x90", "Adjunte un PDF"), (b"<html>%PDF-</html>", "Adjunte un PDF"), (b"", "Adjunte un PDF"), (PDF[:20], "incompleto"),
        (b"\x89PNG\r\n\x1a\nnada", "no se puede leer"), (b"\xff\xd8\xff\xe0nada", "no se puede leer"),
        (PDF + b" " * proofs.MAX_BYTES, "5 MB"), (picture("PNG", (6400, 6400)), "demasiado grande"), (picture("GIF"), "Adjunte un PDF"),
    ],
)  # fmt: skip
def test_what_is_no_proof_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(proofs.ProofRefused, match=said):
        proofs.read_proof(upload(data))


def test_a_picture_is_drawn_anew() -> None:
    hidden = picture("JPEG") + b"<script>alert(1)</script>"
    proof = proofs.read_proof(upload(hidden))
    assert b"<script>" not in proof.data
    assert Image.open(io.BytesIO(proof.data)).size == (40, 30)


# The pages


def test_staff_registers_a_transfer_with_its_proof(here: Cast, browse: Any) -> None:
    browser = browse(here.agency, here.sara)
    assert "Rita Arrendataria" in text_of(browser.get(at("desk_register"), {"q": "rita"}))
    page = browser.get(at("desk_register_client", here.rita.pk))
    assert "FA-2" in text_of(page)
    answer = post(browser, here)
    with context.in_agency(here.agency):
        payment = Payment.objects.get()
        proof = Proof.objects.get()
        assert answer["Location"] == at("desk_payment", payment.pk)
        assert (payment.amount, payment.means, payment.reference, payment.entered_by) == (Decimal(1_500_000), "Transferencia", "TRF-77", here.sara)
        here.overdue.refresh_from_db()
        here.invoice.refresh_from_db()
        assert (here.overdue.balance, here.invoice.applied) == (0, Decimal(285_000))  # the oldest first
        assert (proof.content_type, proof.made_by, proof.name) == ("application/pdf", here.sara, f"soporte-pago-{payment.pk}.pdf")
        assert here.agency.schema_name in default_storage.path(proof.path)
    got = browser.get(at("desk_payment_proof", payment.pk))
    assert b"".join(got.streaming_content) == PDF
    assert got["Content-Disposition"] == f'attachment; filename="soporte-pago-{payment.pk}.pdf"'
    assert (got["X-Content-Type-Options"], got["Cache-Control"]) == ("nosniff", "private, no-store")
    text = text_of(browser.get(at("desk_payment", payment.pk)))
    for said in ("Pago de $ 1.500.000", "Rita Arrendataria", "Sara Equipo", "TRF-77", "CP-1", "Aplicado a factura · FA-2"):
        assert said in text


def test_the_same_form_sent_twice_registers_once(here: Cast, browse: Any) -> None:
    browser, key = browse(here.agency, here.sara), str(uuid.uuid4())
    first, second = (post(browser, here, key=key, how="credit") for _ in range(2))
    assert first["Location"] == second["Location"]
    with context.in_agency(here.agency):
        assert (Payment.objects.count(), Proof.objects.count(), credits.credit_of(here.rita)) == (1, 1, Decimal(1_500_000))
        assert len(default_storage.listdir("proofs")[1]) == 1


def test_a_reference_used_before_is_asked_about_once_more(here: Cast, browse: Any) -> None:
    browser = browse(here.agency, here.sara)
    assert 'type="checkbox" name="again"' not in browser.get(at("desk_register_client", here.rita.pk)).content.decode()
    post(browser, here, how="credit")
    again = post(browser, here, how="credit", reference="trf-77", amount="80.000")
    day = short_date(clock.today())
    told = f"La referencia trf-77 ya está en el comprobante CP-1, de Rita Arrendataria Ñáñez, por $ 1.500.000 del {day}."
    assert (again.status_code, told in text_of(again)) == (200, True)
    body = again.content.decode()
    assert re.search(r'<input type="checkbox" name="again" value="trf-77"(?![^>]*checked)', body)
    assert ('value="80.000"' in body, 'value="trf-77"' in body) == (True, True)  # what was typed is there
    other = post(browser, here, how="credit", reference="TRF-78", amount="80.000", again="trf-77")  # a new one needs no yes
    assert other.status_code == 302
    asked = post(browser, here, how="credit", reference="TRF-78", again="trf-77")  # a yes is about one reference alone
    assert (asked.status_code, "ya está en el comprobante CP-2" in text_of(asked)) == (200, True)
    assert post(browser, here, how="credit", reference="trf-77", amount="80.000", again="trf-77").status_code == 302
    with context.in_agency(here.agency):
        assert sorted(Payment.objects.values_list("reference", flat=True)) == ["TRF-77", "TRF-78", "trf-77"]
        reversals.reverse_by_staff(Payment.objects.get(reference="TRF-78").pk, reason="No era de ella", staff=here.sara, now=clock.now())
    assert post(browser, here, how="credit", reference="TRF-78").status_code == 302  # what was reversed is not there


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": "0"}, "Escriba un valor mayor que cero."), ({"amount": "mil"}, "No se entiende"),
        ({"paid_on": (clock.today() + timedelta(days=1)).isoformat()}, "La fecha no puede ser futura."),
        ({"paid_on": "2019-01-01"}, "más de un año"), ({"reference": ""}, "Escriba el número de la transferencia."),
        ({"proof": ""}, "Adjunte el soporte de la transferencia."), ({"proof": "", "means": "Cheque"}, "Adjunte una copia del cheque."),
        ({"reference": "", "means": "Cheque"}, "Escriba el número del cheque."), ({"proof": upload(b"MZ")}, "Adjunte un PDF, una foto JPEG"),
        ({"means": "Trueque"}, "Escoja una opción válida"), ({"how": "chosen"}, "Marque por lo menos una factura"),
        ({"how": "chosen", "invoice_1": "9.000.000", "amount": "9.000.000"}, "Su saldo es $ 1.215.000."),
        ({"how": "chosen", "invoice_1": "1.215.000", "amount": "5"}, "pasa del valor recibido"), ({"key": "x"}, "Ingrese un UUID válido"),
        ({"pick_1": "on"}, "Marcó facturas de la lista"), ({"invoice_1": "5"}, "Marcó facturas de la lista"),
        ({"how": "chosen", "pick_1": "on", "pick_2": "on", "amount": "1.000.000"}, "Lo recibido no alcanza para esta factura"),
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_says_why_and_keeps_nothing(here: Cast, browse: Any, changes: dict[str, Any], said: str) -> None:
    answer = post(browse(here.agency, here.sara), here, **changes)
    assert answer.status_code == 200
    assert said.lower() in (text_of(answer) + str(answer.context["form"].errors)).replace("\u00a0", " ").lower()
    with context.in_agency(here.agency):
        assert (Payment.objects.count(), Receipt.objects.count(), Proof.objects.count()) == (0, 0, 0)


def test_cash_needs_no_paper_and_goes_where_staff_says(here: Cast, browse: Any) -> None:
    chosen = {f"invoice_{here.invoice.pk}": "200.000", "how": "chosen", "amount": "250.000"}
    post(browse(here.agency, here.sara), here, means="Efectivo", reference="", proof="", **chosen)
    with context.in_agency(here.agency):
        here.invoice.refresh_from_db()
        here.overdue.refresh_from_db()
        assert (here.invoice.applied, here.overdue.applied, credits.credit_of(here.rita)) == (Decimal(200_000), 0, Decimal(50_000))


@pytest.mark.parametrize(
    ("given", "applied"),
    [
        ({"amount": "1.500.000", "ticked": "12"}, (285_000, 1_215_000, 0)),  # the oldest first
        ({"amount": "1.500.000", "ticked": "1"}, (1_215_000, 0, 285_000)),
        ({"amount": "1.500.000", "ticked": "12", "invoice_2": "500.000"}, (1_000_000, 500_000, 0)),  # what was typed stays
        ({"amount": "1.500.000", "ticked": "1", "invoice_2": "500.000"}, (1_000_000, 500_000, 0)),  # an amount is a tick
    ],
)  # fmt: skip
def test_ticked_invoices_need_no_amount(here: Cast, browse: Any, given: dict[str, str], applied: tuple[int, int, int]) -> None:
    ticks = {f"pick_{number}": "on" for number in given.pop("ticked")}
    browser = browse(here.agency, here.sara)
    wrong = post(browser, here, how="chosen", **ticks, **given, reference="").content.decode()
    assert [f'name="pick_{n}" ' in part and " checked" in part for n in (1, 2) for part in re.findall(rf'<input[^>]*pick_{n}"[^>]*>', wrong)] == [
        f"pick_{n}" in ticks for n in (1, 2)
    ]  # what was ticked stays ticked
    assert post(browser, here, how="chosen", **ticks, **given).status_code == 302
    with context.in_agency(here.agency):
        here.invoice.refresh_from_db()
        here.overdue.refresh_from_db()
        assert (here.invoice.applied, here.overdue.applied, credits.credit_of(here.rita)) == applied


def test_staff_applies_a_credit(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        settlement.settle_manual(entry(here, amount=300_000), staff=here.sara, now=NOW)
    browser = browse(here.agency, here.sara)
    assert "Saldo a favor $ 300.000" in text_of(browser.get(at("desk_client", here.rita.pk)))
    page = browser.get(at("desk_credit", here.rita.pk))
    assert f'name="invoice_{here.overdue.pk}" value="300.000"' in page.content.decode()  # offered to the oldest
    form = {"key": str(uuid.uuid4()), f"invoice_{here.overdue.pk}": "300.000"}
    too_much = browser.post(at("desk_credit", here.rita.pk), {**form, f"invoice_{here.invoice.pk}": "1"})
    assert "El saldo a favor es de $ 300.000 y quiere aplicar $ 300.001." in text_of(too_much)
    assert browser.post(at("desk_credit", here.rita.pk), form).status_code == 302
    text = text_of(browser.get(at("desk_credit", here.rita.pk)))
    assert "No tiene saldo a favor" in text
    assert "FA-2 $ 300.000 Sara Equipo" in text


def test_applying_from_a_review_closes_it(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        say(start(here))
        second = start(here, here.overdue)
        settlement.settle_manual(entry(here, (here.overdue, 1_215_000)), staff=here.sara, now=NOW)
        say(second)
        review = Review.objects.get(kind="credit")
        new = make_invoice(here.lease, 90)
    browser = browse(here.agency, here.sara)
    assert f'href="{at("desk_credit", here.rita.pk)}?revision={review.pk}"' in browser.get(at("desk_review", review.pk)).content.decode()
    form = {"key": str(uuid.uuid4()), f"invoice_{new.pk}": "1.215.000"}
    browser.post(f"{at('desk_credit', here.rita.pk)}?revision={review.pk}", form)
    with context.in_agency(here.agency):
        review.refresh_from_db()
        assert (review.closed_by, review.note.replace("\u00a0", " ")) == (here.sara, "Se aplicaron $ 1.215.000 del saldo a favor.")
