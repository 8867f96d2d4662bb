"""The desk's pages that bring money to invoices: a payment received outside, and a client's credit.

Each form carries a key, so that sending it twice does its work once. Money moves in settlement and credits.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clientarea.desk import search
from clientarea.models import Client
from payments import credits, manual, proofs, reviews
from payments.desk_forms import CreditForm, ManualForm
from payments.models import Invoice, Payment, Review
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole, User
from saas.audit.changes import note
from saas.lib import clock
from saas.lib.money import cop

MOST = 60  # invoices on a form, the oldest first: whoever owes more pays them in turns
FOUND = 20


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_register(request: HttpRequest) -> HttpResponse:
    """*Registrar pago*: first, whose it is."""
    typed = request.GET.get("q", "").strip()[:100]
    clients = list(search(Client.objects.order_by("folded", "pk"), typed)[:FOUND]) if typed else []
    return render(request, "payments/desk_register.html", {"q": typed, "clients": clients})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_register_client(request: HttpRequest, pk: int) -> HttpResponse:
    """*Registrar pago* of a client: how much, how, when, its proof, and which invoices it covers."""
    client, now = get_object_or_404(Client, pk=pk), clock.now()
    today = clock.local(now).date()
    form = ManualForm(
        request.POST if request.method == "POST" else None, request.FILES or None, client=client, today=today,
        invoices=_owed(client), initial={"paid_on": today},
    )  # fmt: skip
    payment = _register(form, staff=who(request), now=now) if request.method == "POST" else None
    if payment is not None:
        told = _("Pago registrado: comprobante %(number)s. Se le envía al cliente por correo.")
        messages.success(request, told % {"number": payment.receipt.full_number})
        return redirect("desk_payment", pk=payment.pk)
    return render(request, "payments/desk_register_client.html", {"client": client, "form": form, "credit": credits.credit_of(client)})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_credit(request: HttpRequest, pk: int) -> HttpResponse:
    """*Saldo a favor* of a client: where it comes from, where it went, and putting it on invoices."""
    client, now = get_object_or_404(Client, pk=pk), clock.now()
    held = credits.credits_of(client)
    credit = sum((left for _payment, left in held), Decimal(0))
    invoices = _owed(client)
    review = _review_of(request, client)
    initial = {f"invoice_{i}": cop(amount).removeprefix("$\u00a0") for i, amount in manual.oldest_first(invoices, credit)}
    form = CreditForm(request.POST if request.method == "POST" else None, invoices=invoices, credit=credit, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                use = credits.apply_credit(client, form.lines(), key=form.cleaned_data["key"], staff=who(request), now=now)
                note("client", pk, field="credit_used", said=f"{cop(use.amount)} (n.º {use.pk})", by=who(request), now=now)
        except credits.CreditRefused as error:
            form.add_error(None, str(error))
        else:
            told = _("Se aplicaron %(amount)s del saldo a favor.") % {"amount": cop(use.amount)}
            if review is not None:
                reviews.close(review.pk, note=told, staff=who(request), now=now)
            messages.success(request, told)
            return redirect("desk_credit", pk=pk)
    uses = client.credit_uses.select_related("made_by").prefetch_related("movements__invoice").order_by("-pk")[:20]
    context = {"client": client, "held": held, "credit": credit, "form": form, "uses": uses, "review": review}
    return render(request, "payments/desk_credit.html", context)


@transaction.atomic
def _register(form: ManualForm, *, staff: User, now: datetime) -> Payment | None:
    """Register what was typed; None if the form says why not. In one transaction from the question about its reference on
    (payments/repeats.py)."""
    if not form.is_valid():
        return None
    try:
        payment = proofs.register_payment(form.entry(), proof=form.cleaned_data["proof"], staff=staff, now=now)
    except manual.EntryRefused as error:
        form.add_error(None, str(error))
        return None
    note("payment", payment.pk, field="registered", said=payment.receipt.full_number, by=staff, now=now)
    return payment


def _owed(client: Client) -> list[Invoice]:
    return list(Invoice.objects.owed().filter(client=client).order_by("due_on", "pk")[:MOST])


def _review_of(request: HttpRequest, client: Client) -> Review | None:
    """The review that brought staff here, which the work closes. Another client's is nobody's."""
    given = request.GET.get("revision", "")
    if not given.isascii() or not given.isdigit() or len(given) > 15:
        return None
    return Review.objects.filter(pk=int(given), payment__client=client, closed_at=None).first()


urlpatterns = [
    path("pagos/registrar/", desk_register, name="desk_register"),
    path("clientes/<int:pk>/registrar-pago/", desk_register_client, name="desk_register_client"),
    path("clientes/<int:pk>/saldo/", desk_credit, name="desk_credit"),
]
