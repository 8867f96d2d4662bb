"""Paying: the page that leads to PayU, coming back, and following a payment until it is settled.

Every state shown is read from our database. Nothing here decides whether money came in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from clientarea.access import client_of
from payments import access, asking, checkout, receipts
from payments.accounts import TRANSFER
from payments.awaiting import awaited
from payments.gateway import GatewayError
from payments.models import Attempt, Payment, PaymentState
from payments.portal_transfer import HandInForm
from payments.reversal_document import reason_of
from payments.transfer.gateway import DAYS
from saas.accounts.doors import client, in_person
from saas.lib import clock, phones
from saas.lib.documents import format_document
from saas.lib.languages import translated
from tenants.hosts import agency_of

OPEN = (PaymentState.STARTED, PaymentState.PENDING)
FAILED = (PaymentState.DECLINED, PaymentState.EXPIRED)
# While the answer is a matter of seconds the page asks often; later (cash, a slow bank) now and then.
FRESH = timedelta(minutes=15)


@in_person
@never_cache
@require_GET
def payment_go(request: HttpRequest, pk: int) -> HttpResponse:
    """*Pagar con PayU*: the form that takes the payer there; or the account to transfer to, and the proof to hand in. Without an
    attempt that waits to be paid, back to the payment."""
    payment = get_object_or_404(access.payments_of(client_of(request)), pk=pk)
    attempt = _waiting_attempt(request, payment)
    if attempt is None:
        return redirect("payment", pk=payment.pk)
    try:
        form = checkout.checkout_form(attempt=attempt, agency=agency_of(request))
    except (checkout.CheckoutError, GatewayError) as error:
        messages.error(request, str(error))
        return redirect("payment", pk=payment.pk)
    context = {
        "payment": payment,
        "attempt": attempt,
        "form": form,
        "hand_in": HandInForm(),
        "days": DAYS,
        "payer_document": format_document(payment.payer_document_type, payment.payer_document),
        "payer_phone": phones.pretty(phones.COUNTRY + payment.payer_phone),
    }
    return render(request, "payments/transfer_go.html" if form.proof else "payments/payment_go.html", context)


@client
@require_POST
def payment_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Another attempt at a payment that did not go through."""
    payment, now = get_object_or_404(access.payments_of(client_of(request)), pk=pk), clock.now()
    if _shown(payment) not in FAILED:
        return redirect("payment_go", pk=payment.pk)
    invoices = [line.invoice for line in payment.lines.all()]
    if checkout.open_attempts_of(invoices, now=now):
        # Another payment of the same is under way: the page that registers one asks whether this one is wanted.
        query = urlencode([("f", invoice.pk) for invoice in invoices])
        return redirect("invoice_pay", pk=invoices[0].pk) if len(invoices) == 1 else redirect(f"{reverse('invoices_pay')}?{query}")
    try:
        checkout.retry_payment(payment=payment, now=now)
    except checkout.CheckoutError as error:
        messages.error(request, str(error))
        return redirect("payment", pk=payment.pk)
    return redirect("payment_go", pk=payment.pk)


@client
@require_POST
def payment_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask PayU now what became of a payment that is open."""
    payment, now = get_object_or_404(access.payments_of(client_of(request)), pk=pk), clock.now()
    attempt = _newest(request, payment)
    if attempt is not None and _shown(payment) in OPEN:
        later = asking.ask_now(attempt, now=now)
        if later is None:
            messages.success(request, _("Le estamos preguntando a PayU. Esta página cambia sola cuando responda."))
        else:
            messages.info(
                request,
                _("PayU permite preguntar por este pago a partir de las %(time)s Si responde antes, esta página cambia sola.")
                % {"time": clock.long_datetime(later).rpartition(", ")[2]},
            )
    return redirect("payment", pk=payment.pk)


@in_person
@require_GET
def payment_return(request: HttpRequest) -> HttpResponse:
    """PayU sends the payer's browser back here. Somebody else's link is not found, and changes nothing."""
    reference = request.GET.get("referenceCode", "")
    rows = access.attempts_of(client_of(request))
    # What no reference has in it (a NUL, for one) PostgreSQL would not even take as a question.
    attempt = rows.filter(reference=reference).first() if reference.isprintable() else None
    if attempt is None:
        raise Http404
    checkout.record_return(query=request.GET.dict(), now=clock.now())
    return redirect("payment", pk=attempt.payment_id)


@client
@require_GET
def payment(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of a payment, followed live until it is settled."""
    row = get_object_or_404(access.payments_of(client_of(request)), pk=pk)
    return render(request, "payments/payment.html", {**_state_of(request, row, now=clock.now()), **_gone_back(request, row)})


@client
@require_GET
def payment_state(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the payment's page that changes."""
    row = get_object_or_404(access.payments_of(client_of(request)), pk=pk)
    if not request.headers.get("HX-Request"):
        return redirect("payment", pk=row.pk)
    response = render(request, "payments/_payment_state.html", _state_of(request, row, now=clock.now()))
    response["Cache-Control"] = "private, no-store"
    return response


def _gone_back(request: HttpRequest, payment: Payment) -> dict[str, Any]:
    """What of a payment was reversed, why, and what is left of it."""
    gone: list[Any] = list(access.reversals_of(client_of(request)).filter(payment=payment))
    for reversal in gone:
        reversal.why = reason_of(reversal)
        for movement in reversal.movements.all():
            movement.back = -movement.amount
    return {"reversals": gone, "left": payment.amount - sum((reversal.amount for reversal in gone), Decimal(0))}


def _shown(payment: Any) -> PaymentState:
    """The state of a payment that came from access.payments_of, which annotates it."""
    return PaymentState(payment.shown)


def _newest(request: HttpRequest, payment: Payment) -> Attempt | None:
    return access.attempts_of(client_of(request)).filter(payment=payment).first()


def _waiting_attempt(request: HttpRequest, payment: Payment) -> Attempt | None:
    """The attempt that may still be paid: the newest, if its form can be sent."""
    attempt = _newest(request, payment)
    if attempt is None or _shown(payment) != PaymentState.STARTED:
        return None
    return attempt if checkout.sendable(attempt, list(payment.lines.all())) else None


def _state_of(request: HttpRequest, payment: Payment, *, now: datetime) -> dict[str, Any]:
    """What the templates of a payment need."""
    shown, attempt, lines = _shown(payment), _newest(request, payment), list(payment.lines.all())
    receipt = access.receipts_of(client_of(request)).select_related("file", "payment").filter(payment=payment).first()
    missing = receipt is not None and not hasattr(receipt, "file") and receipts.on_its_way(receipt, now=now)
    preparing = missing and shown == PaymentState.APPROVED
    started = attempt.created_at if attempt else payment.created_at
    live = shown in OPEN or preparing
    return {
        "payment": payment,
        "lines": lines,
        "attempt": attempt,
        "transfer": attempt is not None and attempt.account.provider == TRANSFER,
        "shown": shown.value,
        "label": shown.label,
        "waiting": shown == PaymentState.STARTED and attempt is not None and checkout.sendable(attempt, lines),
        "still_owed": checkout.still_owed(lines),
        "awaited": awaited(means=attempt.means or payment.means, since=started) if attempt else None,
        "why": translated(payment.reason).rstrip(". "),
        "retry": shown in FAILED and payment.source == "gateway",
        "receipt": receipt,
        "credit": Decimal(receipt.content.get("credit", "0")) if receipt else Decimal(0),
        "preparing": preparing,
        "poll": ("every 2s" if now - started < FRESH or preparing else "every 20s") if live else "",
    }
