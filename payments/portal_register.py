"""*Registrar pago*: one invoice, whole or in part, or several in one payment; who pays; then on to PayU.

The same four steps for one and for many. What belongs to somebody else is not found; nothing is written by looking.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clientarea.access import client_of
from payments import access, checkout
from payments.forms import RegisterPaymentForm, payer_initial
from payments.models import Invoice, InvoiceState
from payments.policy import current_policy
from saas.accounts.doors import client
from saas.lib import clock

MOST = 50  # invoices in one payment


@client
@require_http_methods(["GET", "HEAD", "POST"])
def invoice_pay(request: HttpRequest, pk: int) -> HttpResponse:
    """One invoice. A POST writes the payment down and leads to PayU."""
    invoice = get_object_or_404(access.invoices_of(client_of(request), today=clock.today()), pk=pk)
    if not _needs_money(invoice):
        messages.info(request, _("La factura %(number)s no tiene saldo por pagar.") % {"number": invoice.full_number})
        return redirect("invoice", pk=invoice.pk)
    return _register(request, [invoice])


@client
@require_http_methods(["GET", "HEAD", "POST"])
def invoices_pay(request: HttpRequest) -> HttpResponse:
    """The invoices that the address names (`?f=1&f=2`), in one payment. One that is not the client's: 404."""
    wanted = _ids(request.GET.getlist("f"))
    if not wanted:
        messages.info(request, _("Marque las facturas que quiere pagar y continúe."))
        return redirect("invoices")
    if len(wanted) > MOST:
        messages.error(request, _("En un pago caben hasta %(most)s facturas.") % {"most": MOST})
        return redirect("invoices")
    rows = access.invoices_of(client_of(request), today=clock.today())
    invoices = list(rows.filter(pk__in=wanted).order_by("due_on", "pk"))
    if len(invoices) != len(wanted):
        raise Http404
    for invoice in invoices:
        if not _needs_money(invoice):
            messages.info(request, _("La factura %(number)s no tiene saldo por pagar.") % {"number": invoice.full_number})
            return redirect("invoices")
    if len(invoices) == 1:
        return redirect("invoice_pay", pk=invoices[0].pk)
    return _register(request, invoices)


def _register(request: HttpRequest, invoices: Sequence[Invoice]) -> HttpResponse:
    payer, now = client_of(request), clock.now()
    open_attempts = checkout.open_attempts_of(invoices, now=now)
    under_way = max(open_attempts.values(), key=lambda attempt: attempt.pk, default=None)
    balances, policy = [invoice.balance for invoice in invoices], current_policy()
    ways = checkout.ways()
    form = RegisterPaymentForm(
        request.POST if request.method == "POST" else None,
        balances=balances, policy=policy, under_way=under_way, initial=payer_initial(payer), ways=[way.provider for way in ways],
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            lines = list(zip(invoices, form.amounts(), strict=True))
            attempt = checkout.start_payment(client=payer, lines=lines, payer=form.payer(), now=now, provider=form.way())
        except checkout.CheckoutError as error:
            form.add_error(None, str(error))
        else:
            return redirect("payment_go", pk=attempt.payment_id)
    for invoice in invoices:
        invoice.label = InvoiceState(invoice.state).label  # type: ignore[attr-defined]
    total = sum(balances, Decimal(0))
    context = {
        "invoices": invoices,
        "invoice": invoices[0],
        "total": total,
        "form": form,
        "under_way": under_way,
        "can_continue": under_way is not None and checkout.sendable(under_way, access.lines_of(under_way)),
        "account": ways[0] if ways else None,
        "cash_warning": checkout.cash_notice(total),
    }
    return render(request, "payments/invoice_pay.html", context)


def _needs_money(invoice: Invoice) -> bool:
    return invoice.voided_at is None and invoice.balance > 0


def _ids(texts: Sequence[str]) -> set[int]:
    """The ids of an address. What is not an id is nobody's: 404."""
    if not all(text.isascii() and text.isdigit() and len(text) <= 18 for text in texts):
        raise Http404
    return {int(text) for text in texts}
