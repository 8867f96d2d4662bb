"""The desk's queue of what a person must look at: what happened, the evidence, and the actions that are safe."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from payments import credits, manual, refunds, reviews, settlement
from payments.desk_forms import NoteForm
from payments.desk_payments import sayings_of
from payments.models import Payment, Review, TransferProof, TransferState
from saas.accounts.doors import staff_of
from saas.accounts.models import StaffRole
from saas.lib import clock
from saas.lib.paging import page_of

# What to think of, by kind.
ADVICE = {
    "credit": gettext_lazy("El dinero es del cliente. Puede aplicarlo a otra factura suya o devolvérselo."),
    "again": gettext_lazy("El cliente pagó dos veces. Pregúntele si lo deja para otra factura o si quiere que se lo devuelvan."),
    "second": gettext_lazy("Una firma sola no prueba un segundo pago. Si PayU no lo muestra en su respuesta, no hay dinero: márquelo como visto."),
    "amount": gettext_lazy("No se aplicó nada. Si la respuesta de PayU muestra el dinero, puede tomarlo como saldo a favor del cliente."),
    "test": gettext_lazy("Un pago de prueba no mueve dinero. Revise si la cuenta de PayU está en modo de pruebas."),
    "state": gettext_lazy("PayU avisó un cambio. Si lo confirma al preguntarle, el pago se reversa solo."),
    "unseen": gettext_lazy("El dinero entró y salió antes de que lo supiéramos. No falta ni sobra nada."),
    "refund": gettext_lazy("Confirme con el cliente que recibió el dinero."),
    "refund_unmatched": gettext_lazy("Mire en PayU cuál de los pagos se devolvió y reverse ese."),
    "chargeback": gettext_lazy("El banco del pagador devolvió el dinero. Tiene pocos días para responderle a PayU con los soportes."),
    "chargeback_unmatched": gettext_lazy("Mire en PayU cuál de los pagos se devolvió y reverse ese."),
    "restored": gettext_lazy("Compruebe en PayU que el dinero volvió y regístrelo como un pago nuevo."),
}


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_reviews(request: HttpRequest) -> HttpResponse:
    """*Por revisar*: what is open, the oldest first; or what was closed, the last first."""
    closed = request.GET.get("estado") == "cerradas"
    rows = Review.objects.select_related("payment__client", "closed_by")
    rows = rows.exclude(closed_at=None).order_by("-closed_at", "-pk") if closed else rows.filter(closed_at=None).order_by("pk")
    page = page_of(request, rows)
    for row in page:
        row.label = reviews.label(row)
    transfers = TransferProof.objects.filter(state=TransferState.WAITING).count()
    return render(request, "payments/desk_reviews.html", {"page": page, "closed": closed, "transfers": transfers})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_review(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them, with its evidence and what can safely be done."""
    return _page(request, _review(pk), NoteForm())


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_review_close(request: HttpRequest, pk: int) -> HttpResponse:
    """*Marcar como visto*, with a note."""
    review = _review(pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, review, form)
    reviews.close(pk, note=form.cleaned_data["note"], staff=request.user, now=clock.now())  # type: ignore[arg-type]
    messages.success(request, _("Quedó marcado como visto."))
    return redirect("desk_reviews")


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_review_credit(request: HttpRequest, pk: int) -> HttpResponse:
    """*Tomar como saldo a favor*: money that PayU holds and that fits no invoice."""
    review, now = _review(pk), clock.now()
    try:
        payment = settlement.settle_as_credit(review.pk, now=now)
    except manual.EntryRefused as error:
        messages.error(request, str(error))
        return redirect("desk_review", pk=pk)
    note = _("Se tomó como saldo a favor, con el comprobante %(number)s.") % {"number": payment.receipt.full_number}
    reviews.close(pk, note=note, staff=request.user, now=now)  # type: ignore[arg-type]
    messages.success(request, note)
    return redirect("desk_payment", pk=payment.pk)


def _review(pk: int) -> Review:
    rows = Review.objects.select_related("payment__client", "payment__receipt", "attempt", "callback", "closed_by")
    return get_object_or_404(rows, pk=pk)


def _page(request: HttpRequest, review: Review, form: NoteForm) -> HttpResponse:
    payment: Payment | None = review.payment
    context: dict[str, Any] = {
        "review": review,
        "label": reviews.label(review),
        "advice": ADVICE.get(review.kind, ""),
        "payment": payment,
        "sayings": sayings_of([review.attempt])[review.attempt.pk][:6] if review.attempt else [],
        "form": form,
    }
    if payment is not None and review.closed_at is None:
        held = {other.pk: left for other, left in credits.credits_of(payment.client)}
        context["credit"] = held.get(payment.pk, Decimal(0))
        context["can_refund"] = review.kind in ("credit", "again") and refunds.may_refund(payment)
        context["can_take"] = review.kind == "amount" and review.evidence.get("state") == "approved" and review.evidence.get("currency") == "COP"
    return render(request, "payments/desk_review.html", context)


urlpatterns = [
    path("por-revisar/", desk_reviews, name="desk_reviews"),
    path("por-revisar/<int:pk>/", desk_review, name="desk_review"),
    path("por-revisar/<int:pk>/cerrar/", desk_review_close, name="desk_review_close"),
    path("por-revisar/<int:pk>/saldo/", desk_review_credit, name="desk_review_credit"),
]
