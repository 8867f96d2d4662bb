"""The desk's pages that take money back: reverse a payment, and ask PayU for a refund."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payments import refunds, reversals
from payments.desk_forms import ReasonForm, RefundForm
from payments.gateway import RefundRefused
from payments.models import Payment
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.audit.changes import note
from saas.lib import clock
from saas.lib.money import cop


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """*Reversar*: why, what will happen, and doing it."""
    payment = get_object_or_404(Payment.objects.select_related("client", "receipt"), pk=pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                reversal = reversals.reverse_by_staff(pk, reason=form.cleaned_data["reason"], staff=who(request), now=clock.now())
                told = f"{reversal.full_number}: {reversal.reason}"
                note("payment", pk, field="reversed", said=told, by=who(request), now=clock.now())
        except reversals.ReversalRefused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Pago reversado con el documento %(number)s.") % {"number": reversal.full_number})
        return redirect("desk_payment", pk=pk)
    lines = payment.lines.select_related("invoice").order_by("invoice_id")
    return render(request, "payments/desk_reverse.html", {"payment": payment, "form": form, "lines": lines, "left": reversals.left_of(payment)})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_refund(request: HttpRequest, pk: int) -> HttpResponse:
    """*Pedir reembolso*: how much and why; a worker sends it to PayU."""
    payment = get_object_or_404(Payment.objects.select_related("client", "credited_by"), pk=pk)
    left = reversals.left_of(payment)
    form = RefundForm(request.POST if request.method == "POST" else None, initial={"amount": cop(left).removeprefix("$\u00a0")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            with transaction.atomic():
                refunds.request_refund(pk, amount=data["amount"], reason=data["reason"], key=data["key"], staff=who(request), now=clock.now())
                told = f"{cop(data['amount'])}: {data['reason']}"
                note("payment", pk, field="refund_asked", said=told, by=who(request), now=clock.now())
        except RefundRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("El reembolso se le está pidiendo a PayU. El pago se reversa cuando PayU lo confirme."))
            return redirect("desk_payment", pk=pk)
    return render(request, "payments/desk_refund.html", {"payment": payment, "form": form, "left": left, "may": refunds.may_refund(payment)})


urlpatterns = [
    path("pagos/<int:pk>/reversar/", desk_reverse, name="desk_reverse"),
    path("pagos/<int:pk>/reembolso/", desk_refund, name="desk_refund"),
]
