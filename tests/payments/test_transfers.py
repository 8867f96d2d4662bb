"""Bank transfers with proof: a second gateway behind the same seam. Whatever is said, and however often, is money once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from payments import accounts, checkout, manual, proofs, reconcile, refunds, reversals, settlement, transfers
from payments.gateway import CheckoutRefused, CheckoutRequest, GatewayState, NoticeRefused, Payer, RefundRefused
from payments.models import (
    Attempt,
    AttemptState,
    GatewayAccount,
    Movement,
    MovementKind,
    Payment,
    PaymentState,
    Receipt,
    Review,
    TransferProof,
)
from payments.transfer.gateway import DAYS, Entry, Transfer
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from tenants import context
from tests.desk.desks import assert_desk_only, errors_of
from tests.payments.money import FORM, body_of, check_invariants, receive, say, start
from tests.portal.pages import PAYER, at, queries_of, tags, text_of
from tests.world import NOW, Cast, Casts

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PROOF = proofs.ProofFile(PDF, "application/pdf")
TOLD = {"bank": "Bancolombia", "kind": "Ahorros", "account": "03512345678", "holder": "Inmobiliaria Alfa", "document": "890.903.938-8"}
WHOLE = Decimal(1_215_000)


@pytest.fixture
def ready(cast: Casts, tmp_path: Any) -> Iterator[Cast]:
    """Alfa takes transfers too."""
    before = settings.MEDIA_ROOT
    settings.MEDIA_ROOT = tmp_path
    with context.in_agency(cast.alfa.agency):
        transfers.save_account(TOLD, active=True, staff=cast.alfa.sara, now=NOW)
    yield cast.alfa
    with context.in_agency(cast.alfa.agency):
        check_invariants()
    settings.MEDIA_ROOT = before


@pytest.fixture
def here(ready: Cast) -> Iterator[Cast]:
    """The same, from inside alfa."""
    with context.in_agency(ready.agency):
        yield ready


def begin(here: Cast) -> Attempt:
    """Rita chooses to transfer what her pending invoice asks for."""
    return checkout.start_payment(
        client=here.rita, lines=[(here.invoice, here.invoice.balance)], payer=here.payer, now=NOW, provider=accounts.TRANSFER
    )


def handed_in(here: Cast) -> TransferProof:
    return transfers.hand_in(begin(here).pk, PROOF, now=NOW)


def confirm(here: Cast, proof: TransferProof) -> TransferProof:
    return transfers.confirm(proof.pk, bank_reference="TR-9", staff=here.sara, now=NOW)


def reject(here: Cast, proof: TransferProof) -> TransferProof:
    return transfers.reject(proof.pk, reason="No aparece en el extracto", staff=here.sara, now=NOW)


def states(proof: TransferProof) -> tuple[str, str, Decimal]:
    """Of its attempt and payment, and what its invoice has."""
    attempt = Attempt.objects.select_related("payment").get(pk=proof.attempt_id)
    return attempt.state, attempt.payment.state, attempt.payment.lines.get().invoice.applied


# The states, through the one mover


def test_a_proof_waits_and_is_confirmed(here: Cast) -> None:
    proof = handed_in(here)
    assert states(proof) == ("pending", "pending", 0)
    assert checkout.open_attempt_of(here.invoice, now=NOW + timedelta(days=2)) == proof.attempt
    confirm(here, proof)
    assert states(proof) == ("approved", "approved", WHOLE)
    payment = Payment.objects.get()
    assert (payment.means, payment.reference, payment.basis, payment.credited_by) == ("Transferencia bancaria", "TR-9", "query", proof.attempt)
    receipt = Receipt.objects.get()
    assert (receipt.full_number, receipt.amount, receipt.content["means"]) == ("CP-1", WHOLE, "Transferencia bancaria")
    assert Job.objects.filter(kind="payments.receipt_pdf").count() == 1
    assert not Review.objects.exists()
    assert [(c.before, c.after, c.who_id) for c in Change.objects.filter(subject="transfer_proof")] == [("pending", "approved", here.sara.pk)]


def test_confirmed_twice_is_money_once(here: Cast) -> None:
    proof = handed_in(here)
    confirm(here, proof)
    confirm(here, proof)
    reconcile.ask(proof.attempt_id, now=NOW)
    assert (Payment.objects.count(), Receipt.objects.count(), Movement.objects.count()) == (1, 1, 1)
    with pytest.raises(transfers.TransferRefused, match="reverse el pago"):
        reject(here, proof)
    assert states(proof) == ("approved", "approved", WHOLE)


def test_rejected_with_its_reason_and_tried_again(here: Cast) -> None:
    proof = handed_in(here)
    reject(here, proof)
    reject(here, proof)
    assert states(proof) == ("declined", "declined", 0)
    payment = Payment.objects.get()
    assert payment.reason == "No aparece en el extracto"
    again = checkout.retry_payment(payment=payment, now=NOW)
    assert (again.account.provider, again.reference != proof.attempt.reference) == ("transfer", True)
    second = transfers.hand_in(again.pk, PROOF, now=NOW)
    confirm(here, second)
    assert states(second) == ("approved", "approved", WHOLE)


def test_confirmed_after_it_was_rejected(here: Cast) -> None:
    proof = handed_in(here)
    reject(here, proof)
    confirm(here, proof)
    assert states(proof) == ("approved", "approved", WHOLE)
    assert TransferProof.objects.get().reason == ""


def test_both_tries_turn_out_to_be_money(here: Cast) -> None:
    first = handed_in(here)
    reject(here, first)
    second = transfers.hand_in(checkout.retry_payment(payment=Payment.objects.get(), now=NOW).pk, PROOF, now=NOW)
    confirm(here, second)
    confirm(here, first)
    assert (Payment.objects.filter(state=PaymentState.APPROVED).count(), Receipt.objects.count()) == (2, 2)
    assert Movement.objects.get(kind=MovementKind.CREDIT).amount == WHOLE
    assert Review.objects.filter(kind="again").exists()


def test_confirmed_while_payu_approves(here: Cast) -> None:
    payu = start(here)
    proof = handed_in(here)
    say(payu)
    confirm(here, proof)
    here.invoice.refresh_from_db()
    assert here.invoice.applied == WHOLE
    assert Movement.objects.get(kind=MovementKind.CREDIT).amount == WHOLE
    assert Review.objects.filter(kind="credit").count() == 1


def test_the_other_way_around(here: Cast) -> None:
    payu = start(here)
    confirm(here, handed_in(here))
    say(payu)
    assert Movement.objects.get(kind=MovementKind.CREDIT).attempt == payu
    assert Receipt.objects.count() == 2


def test_without_a_proof_it_expires(here: Cast) -> None:
    attempt = begin(here)
    job = Job.objects.get(kind="payments.ask")
    assert job.due_at == NOW + timedelta(days=DAYS)
    attempt.created_at = NOW
    attempt.save()
    assert reconcile.ask_and_settle(attempt.pk, now=NOW + timedelta(days=DAYS, seconds=1)) is None
    attempt.refresh_from_db()
    assert (attempt.state, Payment.objects.get().state) == (AttemptState.EXPIRED, PaymentState.EXPIRED)
    with pytest.raises(transfers.TransferRefused, match="ya no espera"):
        transfers.hand_in(attempt.pk, PROOF, now=NOW)
    assert not default_storage.exists("proofs") or default_storage.listdir("proofs")[1] == []


def test_a_proof_that_waits_never_expires(here: Cast) -> None:
    proof = handed_in(here)
    later = NOW + timedelta(days=90)
    assert reconcile.ask_and_settle(proof.attempt_id, now=later) == later + timedelta(days=1)
    assert states(proof) == ("pending", "pending", 0)


def test_one_proof_for_each_attempt(here: Cast) -> None:
    proof = handed_in(here)
    assert transfers.hand_in(proof.attempt_id, PROOF, now=NOW) == proof
    assert len(default_storage.listdir("proofs")[1]) == 1


def test_a_payu_attempt_takes_no_proof(here: Cast) -> None:
    with pytest.raises(transfers.TransferRefused):
        transfers.hand_in(start(here).pk, PROOF, now=NOW)


@pytest.mark.parametrize("state", ["4", "6"])
def test_a_callback_says_nothing_of_a_transfer(here: Cast, state: str) -> None:
    proof = handed_in(here)
    # Signed with the empty key of an account that has none: whoever knows the reference can make one.
    outcome = settlement.settle_callback(receive(body_of(proof.attempt, state=state)), now=NOW)
    assert (outcome.state, outcome.reason) == ("quarantined", "malformed")
    assert states(proof) == ("pending", "pending", 0)
    told = {"referenceCode": proof.attempt.reference, "transactionState": "4"}
    assert checkout.record_return(query=told, now=NOW).verified is False


def test_the_nightly_comparison_finds_no_difference(here: Cast) -> None:
    proof = handed_in(here)
    confirm(here, proof)
    assert reconcile.compare(proof.attempt_id, now=NOW).difference == ""


def test_it_is_reversed_by_staff_and_never_refunded_online(here: Cast) -> None:
    proof = handed_in(here)
    confirm(here, proof)
    payment = Payment.objects.get()
    assert refunds.may_refund(payment) is False
    with pytest.raises(RefundRefused, match="por el banco"):
        refunds.request_refund(payment.pk, amount=WHOLE, reason="Pagó dos veces", key=uuid.uuid4(), staff=here.sara, now=NOW)
    reversals.reverse_by_staff(payment.pk, reason="El banco lo devolvió", staff=here.sara, now=NOW)
    reconcile.ask(proof.attempt_id, now=NOW)
    assert states(proof) == ("approved", "reversed", 0)


def test_the_job_that_asks_keeps_the_pace_of_transfers(here: Cast) -> None:
    proof = handed_in(here)
    job = Job.objects.get(kind="payments.ask", payload__attempt_id=proof.attempt_id)
    assert run_job(job.pk, now=job.due_at) is True
    assert states(proof) == ("pending", "pending", 0)


# The gateway alone


REQUEST = CheckoutRequest(
    reference="P1-A", amount=WHOLE, description="x", payer=Payer(full_name="Rita", email="r@correo.example"), response_url="/",
    confirmation_url="/", test=False,
)  # fmt: skip


def test_the_gateway_by_itself(here: Cast) -> None:
    books = {"P1-A": [Entry("s-1", WHOLE, GatewayState.DECLINED, reason="No"), Entry("s-2", WHOLE, GatewayState.APPROVED, bank_reference="7")]}
    gateway = Transfer(books=lambda reference: books.get(reference, []))
    account = accounts.credentials(GatewayAccount.objects.get(provider="transfer"))
    form = gateway.build_form(account, REQUEST)
    assert (form.proof, form.told[2], form.fields) == (True, ("Número de cuenta", "03512345678"), {})
    assert gateway.ask_by_reference(account, "P1-B").known is False
    first, second = gateway.ask_by_reference(account, "P1-A").findings
    assert (first.paid, first.message, second.paid, second.authorization) == (False, "No", True, "7")
    assert gateway.cash_warning(WHOLE) == ""
    gateway.ping(account)
    for refused in (lambda: gateway.read_callback(b"", FORM), lambda: gateway.read_return({})):
        with pytest.raises(NoticeRefused):
            refused()
    with pytest.raises(RefundRefused):
        gateway.check_refund(amount=WHOLE, method="TRANSFER", approved_at=NOW, now=NOW)
    with pytest.raises(CheckoutRefused):
        gateway.build_form(accounts.credentials(GatewayAccount()), REQUEST)


# The pages


def pay(browser: Any, ready: Cast, way: str = "transfer") -> Any:
    return browser.post(at("invoice_pay", ready.invoice.pk), {**PAYER, "chosen_way": way})


def hand_in(browser: Any, ready: Cast, data: bytes = PDF) -> Any:
    with context.in_agency(ready.agency):
        payment = Payment.objects.get()
    return browser.post(at("transfer_proof", payment.pk), {"proof": SimpleUploadedFile("x.pdf", data)}, follow=True)


def test_from_the_invoice_to_the_receipt(ready: Cast, browse: Any) -> None:
    rita, sara = browse(ready.agency, ready.rita.user), browse(ready.agency, ready.sara)
    assert "Transferencia bancaria, con soporte" in text_of(rita.get(at("invoice_pay", ready.invoice.pk)))
    answer = pay(rita, ready)
    with context.in_agency(ready.agency):
        attempt = Attempt.objects.get()
    assert answer["Location"] == at("payment_go", attempt.payment_id)
    text = text_of(rita.get(answer["Location"]))
    assert "$ 1.215.000" in text
    assert "Número de cuenta 03512345678" in text
    assert attempt.reference in text
    assert "Falta el soporte" in text_of(rita.get(at("payment", attempt.payment_id)))
    assert "Adjunte un PDF, una foto JPEG o una imagen PNG." in hand_in(rita, ready, b"hola").content.decode()
    assert "En verificación" in text_of(hand_in(rita, ready))
    assert "En verificación" in text_of(rita.get(at("payments")))
    invoice = text_of(rita.get(at("invoice", ready.invoice.pk)))
    assert "Ya hay un pago en curso para esta factura" in invoice
    assert "En verificación" in invoice
    with context.in_agency(ready.agency):
        proof = TransferProof.objects.get()
    assert "1 transferencia espera que alguien verifique el dinero." in text_of(sara.get(at("desk_reviews")))
    assert "Rita Arrendataria Ñáñez" in text_of(sara.get(at("desk_transfers")))
    assert sara.get(at("desk_transfer_proof", proof.pk)).getvalue() == PDF
    sara.post(at("desk_transfer", proof.pk), {"what": "confirm", "bank_reference": "TR-9"})
    assert "No hay transferencias" in text_of(sara.get(at("desk_transfers")))
    assert not tags(sara.get(at("desk_reviews")), "transfers")
    assert "Confirmada" in text_of(sara.get(at("desk_transfers") + "?estado=decididas"))
    assert "Pago aprobado" in text_of(rita.get(at("payment", attempt.payment_id)))
    desk = text_of(sara.get(at("desk_payment", attempt.payment_id)))
    assert "Transferencia bancaria Ver el soporte" in desk
    assert "Preguntar a PayU" not in desk
    assert "Pedir reembolso" not in desk


def test_a_number_of_the_bank_used_before_is_asked_about_once_more(ready: Cast, browse: Any) -> None:
    rita, sara = browse(ready.agency, ready.rita.user), browse(ready.agency, ready.sara)
    pay(rita, ready)
    hand_in(rita, ready)
    with context.in_agency(ready.agency):
        entry = manual.ManualPayment(
            key=uuid.uuid4(), client=ready.berta, amount=Decimal(1000), means="Consignación", reference="TR-9", paid_on=NOW.date()
        )
        settlement.settle_manual(entry, staff=ready.sara, now=NOW)
        proof = TransferProof.objects.get()
    asked = sara.post(at("desk_transfer", proof.pk), {"what": "confirm", "bank_reference": "TR-9"})
    assert "La referencia TR-9 ya está en el comprobante CP-1, de Berta" in text_of(asked)
    with context.in_agency(ready.agency):
        assert TransferProof.objects.get().state == "pending"
    sure = {"what": "confirm", "bank_reference": "TR-9", "again": "TR-9"}
    assert [sara.post(at("desk_transfer", proof.pk), sure).status_code for _ in range(2)] == [302, 302]
    with context.in_agency(ready.agency):
        assert (TransferProof.objects.get().state, TransferProof.objects.get().bank_reference) == ("approved", "TR-9")


def test_a_client_reads_why_and_tries_again(ready: Cast, browse: Any) -> None:
    rita, sara = browse(ready.agency, ready.rita.user), browse(ready.agency, ready.sara)
    pay(rita, ready)
    hand_in(rita, ready)
    with context.in_agency(ready.agency):
        proof = TransferProof.objects.select_related("attempt").get()
    assert errors_of(sara.post(at("desk_transfer", proof.pk), {"what": "reject", "reason": "no"}), "rejecting") == {
        "reason": ["Asegúrese de que este valor tenga como mínimo 5 caracteres (tiene 2)."]
    }
    sara.post(at("desk_transfer", proof.pk), {"what": "reject", "reason": "No aparece en el extracto"})
    payment = at("payment", proof.attempt.payment_id)
    assert "Motivo: No aparece en el extracto" in text_of(rita.get(payment))
    answer = rita.post(at("payment_retry", proof.attempt.payment_id))
    assert "Número de cuenta 03512345678" in text_of(rita.get(answer["Location"]))


def test_an_agency_without_an_account_offers_no_choice(cast: Casts, browse: Any) -> None:
    page = browse(cast.alfa.agency, cast.alfa.rita.user).get(at("invoice_pay", cast.alfa.invoice.pk))
    assert "Cómo quiere pagar" not in text_of(page)
    pay(browse(cast.alfa.agency, cast.alfa.rita.user), cast.alfa)
    with context.in_agency(cast.alfa.agency):
        assert Attempt.objects.get().account.provider == "payu"


def test_only_transfers(ready: Cast, browse: Any) -> None:
    with context.in_agency(ready.agency):
        GatewayAccount.objects.filter(provider="payu").update(active=False)
    rita = browse(ready.agency, ready.rita.user)
    assert "PayU" not in text_of(rita.get(at("invoice_pay", ready.invoice.pk))).replace("PayU le escribe a este correo.", "")
    rita.post(at("invoice_pay", ready.invoice.pk), PAYER)
    with context.in_agency(ready.agency):
        assert Attempt.objects.get().account.provider == "transfer"


def test_nobody_hands_in_for_another(ready: Cast, browse: Any) -> None:
    pay(browse(ready.agency, ready.rita.user), ready)
    assert hand_in(browse(ready.agency, ready.berta.user), ready).status_code == 404
    with context.in_agency(ready.agency):
        assert not TransferProof.objects.exists()


def test_the_desk_alone_gets_in(ready: Cast, cast: Casts, browse: Any) -> None:
    with context.in_agency(ready.agency):
        proof = handed_in(ready)
    paths = [at("desk_transfers"), at("desk_transfer_account"), at("desk_transfer", proof.pk), at("desk_transfer_proof", proof.pk)]
    for path in paths:
        assert_desk_only(browse, ready, path)
    other = browse(cast.beta.agency, cast.beta.sara)
    assert [other.get(path).status_code for path in paths] == [200, 200, 404, 404]
    sara = browse(ready.agency, ready.sara)
    for path in paths[:3]:
        assert len(queries_of(sara, path)) <= 15, path
    assert len(tags(sara.get(paths[0]), "transfer-row")) == 1


def test_the_account_is_named_at_the_desk(cast: Casts, browse: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    typed = {**TOLD, "kind": "savings", "account": "0351-2345678", "active": "on"}
    assert sara.post(at("desk_transfer_account"), typed).status_code == 302
    with context.in_agency(cast.alfa.agency):
        account = GatewayAccount.objects.get(provider="transfer")
        assert (account.told, account.active) == (TOLD, True)
        assert accounts.active_account() == cast.alfa.account
        typed.pop("active")
    sara.post(at("desk_transfer_account"), typed)
    with context.in_agency(cast.alfa.agency):
        last = Change.objects.filter(subject="transfer_account").latest("pk")
        assert (last.field, last.before, last.after) == ("active", "True", "False")
        assert accounts.active_account(accounts.TRANSFER) is None
        assert GatewayAccount.objects.filter(provider="transfer").count() == 1
