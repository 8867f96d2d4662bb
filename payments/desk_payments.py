"""The desk's list of payments and the page of one: its attempts, what PayU said of them, and where the money went.

What PayU said is told in words; the raw text of a callback, with its signature, is never shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from payments import accounts, desk_access, documents, proofs, receipts, refunds, reversal_document, reversals, reviews
from payments.desk_forms import PaymentFilter
from payments.gateway import GatewayState, NoticeRefused
from payments.models import Attempt, Callback, CallbackSource, CallbackState, Payment, PaymentState, Reversal, TransferProof
from payments.payu import states
from saas.accounts.doors import staff_of
from saas.accounts.models import StaffRole
from saas.jobs.defer import defer
from saas.jobs.models import Job
from saas.lib import clock
from saas.lib.downloads import PDF, drawn_download, stored_download
from saas.lib.money import cop
from saas.lib.paging import page_of
from tenants.hosts import agency_of

# How long the page waits for PayU's answer by itself.
WAIT = timedelta(minutes=2)
REASONS = {
    "malformed": gettext_lazy("No se pudo leer."),
    "unknown_reference": gettext_lazy("No conocemos esa referencia."),
    "signature": gettext_lazy("La firma no es de PayU: no se creyó."),
    "merchant": gettext_lazy("Es de otro comercio."),
    "amount": gettext_lazy("El valor o la moneda no son los pedidos."),
    "test": gettext_lazy("Es de prueba y el pago es real."),
    "state": gettext_lazy("Trae un estado que por sí solo no decide nada."),
    "repeated": gettext_lazy("Ya se había aplicado."),
    "needs_evidence": gettext_lazy("Otra aprobación: se le preguntó a PayU."),
    "after_approval": gettext_lazy("El pago ya estaba aprobado."),
}


@dataclass(frozen=True)
class Saying:
    """One thing that PayU said of an attempt, in words."""

    at: datetime
    asked: bool  # it answered our question, rather than calling by itself
    lines: tuple[str, ...]
    verdict: str
    state: str
    reason: str
    times: int


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_payments(request: HttpRequest) -> HttpResponse:
    """*Pagos*: all of them, searched and filtered, with their totals."""
    wanted = PaymentFilter(request.GET, means=desk_access.means())
    rows = desk_access.chosen(desk_access.payments(), wanted)
    context = {"filters": wanted, "page": page_of(request, rows), "totals": desk_access.totals(rows)}
    return render(request, "payments/desk_payments.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """One payment, with all that is known of it and what can be done."""
    rows = Payment.objects.select_related("client", "receipt", "entered_by", "proof", "credited_by__account").prefetch_related("refunds__made_by")
    payment = get_object_or_404(rows, pk=pk)
    gone = list(payment.reversals.select_related("made_by").order_by("pk"))
    left = payment.amount - sum((reversal.amount for reversal in gone), Decimal(0))
    context = {
        "payment": payment,
        "lines": payment.lines.select_related("invoice").order_by("invoice_id"),
        "movements": payment.movements.select_related("invoice", "reversal", "credit_use__made_by").order_by("pk"),
        "reversals": gone,
        "left": left,
        "can_reverse": payment.state == PaymentState.APPROVED and not _refund_open(payment),
        "can_refund": refunds.may_refund(payment),
        "reviews": [(review, reviews.label(review)) for review in payment.reviews.select_related("closed_by").order_by("pk")],
        **_attempts(payment),
    }
    return render(request, "payments/desk_payment.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_payment_payu(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page with what PayU says, for itself: it is asked for again until the answer is there."""
    payment = get_object_or_404(Payment.objects.select_related("credited_by"), pk=pk)
    return render(request, "payments/_desk_payu.html", {"payment": payment, **_attempts(payment)})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_payment_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """*Preguntar a PayU*: a worker asks at once about each attempt; the page shows the answer."""
    payment = get_object_or_404(Payment.objects.select_related("credited_by"), pk=pk)
    attempts = _attempts_of(payment)
    if not attempts:
        messages.info(request, _("Este pago no pasó por PayU: no hay qué preguntar."))
        return redirect("desk_payment", pk=pk)
    now = clock.now()
    with transaction.atomic():
        for attempt in attempts:
            # Pressed twice within ten seconds it is one question.
            defer("payments.ask_now", f"{attempt.pk}:desk:{int(now.timestamp()) // 10}", now=now, attempt_id=attempt.pk)
    return redirect("desk_payment", pk=pk)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_payment_receipt(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The receipt as a PDF: the stored one, or drawn for this download."""
    payment = get_object_or_404(Payment.objects.select_related("receipt__client", "receipt__payment"), pk=pk)
    receipt = getattr(payment, "receipt", None)
    if receipt is None:
        raise Http404
    name = f"comprobante-{receipt.full_number}.pdf"
    file = receipts.open_pdf(receipt)
    if file is not None:
        return stored_download(file, name, PDF)
    return drawn_download(
        request,
        lambda: documents.receipt_pdf(receipts.receipt_document(receipt, agency_of(request))),
        name,
        back=reverse("desk_payment", args=[pk]),
    )


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_reversal_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper of money that went back."""
    reversal = get_object_or_404(Reversal.objects.select_related("payment__receipt", "client"), pk=pk)
    return drawn_download(
        request,
        lambda: reversal_document.reversal_pdf(reversal_document.reversal_document(reversal, agency_of(request))),
        f"reversion-{reversal.full_number}.pdf",
        back=reverse("desk_payment", args=[reversal.payment_id]),
    )


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_payment_proof(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The proof that staff attached, always as a download."""
    payment = get_object_or_404(Payment.objects.select_related("proof"), pk=pk)
    proof = getattr(payment, "proof", None)
    file = proofs.open_proof(proof) if proof is not None else None
    if proof is None or file is None:
        raise Http404
    return stored_download(file, proof.name, proof.content_type)


def sayings_of(attempts: list[Attempt]) -> dict[int, list[Saying]]:
    """What PayU said of each attempt (by id), the last first."""
    said: dict[int, list[Saying]] = {attempt.pk: [] for attempt in attempts}
    for row in Callback.objects.filter(attempt__in=attempts).order_by("-pk"):
        if row.attempt_id is not None:
            said[row.attempt_id].append(_saying(row))
    return said


def _attempts(payment: Payment) -> dict[str, Any]:
    attempts = _attempts_of(payment)
    said = sayings_of(attempts) if attempts else {}
    jobs = Job.objects.filter(kind="payments.ask_now", done_at=None, dead_at=None, created_at__gt=clock.now() - WAIT)
    waiting = list(jobs.filter(payload__attempt_id__in=[attempt.pk for attempt in attempts])) if attempts else []
    newest = attempts[0] if attempts else None
    by_transfer = newest is not None and newest.account.provider == accounts.TRANSFER
    return {
        "transfer": by_transfer and (getattr(newest, "transfer_proof", None) or TransferProof()),
        "attempts": [(attempt, said[attempt.pk]) for attempt in attempts],
        "waiting": bool(waiting),
        "trouble": any(job.last_error not in ("", "NotNow") for job in waiting),
    }


def _attempts_of(payment: Payment) -> list[Attempt]:
    """The trips of a payment, and the one that brought its money where that was another's."""
    attempts = list(payment.attempts.select_related("account", "transfer_proof").order_by("-pk"))
    if payment.credited_by is not None and payment.credited_by not in attempts:
        attempts.insert(0, payment.credited_by)
    return attempts


def _refund_open(payment: Payment) -> bool:
    return any(refund.state in reversals.OPEN_REFUNDS for refund in payment.refunds.all())


def _saying(row: Callback) -> Saying:
    asked = row.source == CallbackSource.QUERY
    return Saying(
        at=row.processed_at if asked and row.processed_at else row.received_at,
        asked=asked,
        lines=tuple(_answer(row) if asked else _notice(row)),
        verdict="" if asked else str(CallbackState(row.state).label),
        state=row.state,
        reason=str(REASONS.get(row.reason, "")),
        times=row.times,
    )


def _notice(row: Callback) -> list[str]:
    try:
        said = accounts.gateway().read_callback(row.body.encode("latin-1"), row.content_type)
    except NoticeRefused:
        return [_("Un aviso que no se puede leer.")]
    amount = cop(said.amount) if said.amount is not None else "—"
    parts = (states.state_label(said.state), amount, said.method_label, said.message, said.gateway_transaction_id)
    return [" · ".join(part for part in parts if part)]


def _answer(row: Callback) -> list[str]:
    told = json.loads(row.body)
    if not told["known"] or not told["findings"]:
        return [_("PayU todavía no tiene registro de esta referencia. No quiere decir que se haya rechazado.")]
    return [_found(finding) for finding in told["findings"]]


def _found(finding: dict[str, Any]) -> str:
    what = _("Reembolso") if finding["kind"] == "refund" else _("Pago")
    state = states.state_label(GatewayState(finding["state"]))
    amount = cop(Decimal(finding["amount"])) if finding["amount"] is not None else "—"
    message = finding["message"] if finding["state"] != "approved" else ""
    return " · ".join(part for part in (f"{what}: {state}", amount, finding["means"], message, finding["gateway_transaction"]) if part)


urlpatterns = [
    path("pagos/", desk_payments, name="desk_payments"),
    path("pagos/<int:pk>/", desk_payment, name="desk_payment"),
    path("pagos/<int:pk>/payu/", desk_payment_payu, name="desk_payment_payu"),
    path("pagos/<int:pk>/preguntar/", desk_payment_ask, name="desk_payment_ask"),
    path("pagos/<int:pk>/comprobante/", desk_payment_receipt, name="desk_payment_receipt"),
    path("pagos/reversiones/<int:pk>/", desk_reversal_pdf, name="desk_reversal_pdf"),
    path("pagos/<int:pk>/soporte/", desk_payment_proof, name="desk_payment_proof"),
]
