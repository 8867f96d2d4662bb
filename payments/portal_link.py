"""Paying without logging in: the page of a signed link, the way to PayU and back, and what became of it.

Shows one invoice's number, concept, dates and amount, and its client's initials: no name, no address, no other invoice, no
data of whoever paid before. Ends when the invoice is paid or after 30 days.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from payments import access, checkout, links
from payments.awaiting import awaited
from payments.forms import RegisterPaymentForm
from payments.gateway import GatewayError
from payments.models import Attempt, AttemptState, Invoice, InvoiceState, PaymentState, Receipt
from payments.policy import current_policy
from saas.accounts.doors import everyone
from saas.lib import clock, signing
from saas.lib.languages import translated
from tenants.hosts import agency_of

# A link in many hands must not fill the books with attempts.
MOST_ATTEMPTS, WHILE = 10, timedelta(hours=1)


@everyone
@require_http_methods(["GET", "HEAD", "POST"])
def pay_link(request: HttpRequest, token: str) -> HttpResponse:
    """The invoice, who pays, and the button. A POST writes the payment down and leads to PayU."""
    now = clock.now()
    try:
        invoice = links.invoice_of(token, today=clock.today())
    except signing.BadLink as error:
        return _dead(request, str(error), status=410 if isinstance(error, signing.ExpiredLink) else 404)
    if invoice.voided_at is not None:
        return _dead(request, _("La factura %(number)s fue anulada: no hay nada que pagar.") % {"number": invoice.full_number}, status=410)
    if invoice.balance <= 0:
        return _dead(request, _("La factura %(number)s ya está pagada. Gracias.") % {"number": invoice.full_number}, status=410)
    under_way = checkout.open_attempt_of(invoice, now=now)
    form = RegisterPaymentForm(
        request.POST if request.method == "POST" else None, balances=[invoice.balance], policy=current_policy(), under_way=under_way
    )
    if request.method == "POST" and form.is_valid():
        try:
            _slow_down(invoice)
            (amount,) = form.amounts()
            attempt = checkout.start_payment(client=invoice.client, lines=[(invoice, amount)], payer=form.payer(), now=now)
        except checkout.CheckoutError as error:
            form.add_error(None, str(error))
        else:
            return redirect("pay_link_go", token, attempt.reference)
    context = {
        **_shown(invoice),
        "form": form,
        "under_way": under_way,
        "account": checkout.active_account(),
        "cash_warning": checkout.cash_notice(invoice.balance),
    }
    return _page(request, "payments/link.html", context)


@everyone
@never_cache
@require_GET
def pay_link_go(request: HttpRequest, token: str, reference: str) -> HttpResponse:
    """*Pagar con PayU*: the form that takes the payer there, and that comes back to the page of this link."""
    found = _find(token, reference)
    if found is None:
        return _dead(request, _("Este enlace no es válido."), status=404)
    invoice, attempt = found
    if not checkout.sendable(attempt, access.lines_of(attempt)):
        return redirect("pay_link_result", token, reference)
    back = reverse("pay_link_return", args=[token, reference])
    try:
        form = checkout.checkout_form(attempt=attempt, agency=agency_of(request), response_path=back)
    except (checkout.CheckoutError, GatewayError) as error:
        return _dead(request, str(error), status=409)
    return _page(request, "payments/link_go.html", {**_shown(invoice), "attempt": attempt, "form": form, "token": token})


@everyone
@require_GET
def pay_link_return(request: HttpRequest, token: str, reference: str) -> HttpResponse:
    """PayU sends the payer's browser back here. Noted if it is signed and speaks of this attempt; decides nothing."""
    if _find(token, reference) is None:
        return _dead(request, _("Este enlace no es válido."), status=404)
    if request.GET.get("referenceCode") == reference:
        checkout.record_return(query=request.GET.dict(), now=clock.now())
    return redirect("pay_link_result", token, reference)


@everyone
@require_GET
def pay_link_result(request: HttpRequest, token: str, reference: str) -> HttpResponse:
    """What became of the payment, followed live until it is settled."""
    found = _find(token, reference)
    if found is None:
        return _dead(request, _("Este enlace no es válido."), status=404)
    invoice, attempt = found
    payment, lines = attempt.payment, access.lines_of(attempt)
    # Of an attempt, not of its payment: what the client does with the payment later is not shown here.
    state = PaymentState.STARTED if attempt.state == AttemptState.SENT else PaymentState(attempt.state)
    if state == PaymentState.STARTED and attempt.returned_state == "pending":
        state = PaymentState.PENDING
    context = {
        **_shown(invoice),
        "token": token,
        "attempt": attempt,
        "shown": state.value,
        "why": translated(payment.reason).rstrip(". "),
        "amount": attempt.amount,
        "waiting": checkout.sendable(attempt, lines),
        "still_owed": checkout.still_owed(lines),
        "awaited": awaited(means=attempt.means, since=attempt.created_at),
        "receipt": Receipt.objects.filter(payment=payment).first() if state == PaymentState.APPROVED else None,
        "poll": "every 3s" if state == PaymentState.STARTED else "every 20s" if state == PaymentState.PENDING else "",
    }
    return _page(request, "payments/link_result.html", context)


def _find(token: str, reference: str) -> tuple[Invoice, Attempt] | None:
    try:
        invoice = links.invoice_of(token, today=clock.today())
    except signing.BadLink:
        return None
    attempt = links.attempt_of(invoice, reference)
    return None if attempt is None else (invoice, attempt)


def _slow_down(invoice: Invoice) -> None:
    recent = Attempt.objects.filter(payment__lines__invoice=invoice, created_at__gt=clock.now() - WHILE)
    if recent.count() >= MOST_ATTEMPTS:
        raise checkout.CheckoutError(_("Se empezaron muchos pagos de esta factura. Espere una hora y vuelva a intentar."))


def _shown(invoice: Invoice) -> dict[str, Any]:
    """All that a link tells of an invoice: never the row itself, which knows its client."""
    return {
        "number": invoice.full_number,
        "concept": invoice.concept,
        "period": invoice.period,
        "due_on": invoice.due_on,
        "balance": invoice.balance,
        "state": invoice.state,  # type: ignore[attr-defined]
        "label": InvoiceState(invoice.state).label,  # type: ignore[attr-defined]
        "initials": " ".join(f"{word[0].upper()}." for word in invoice.client.name.split() if word),
    }


def _dead(request: HttpRequest, text: str, *, status: int) -> HttpResponse:
    return _page(request, "payments/link_dead.html", {"text": text}, status=status)


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
