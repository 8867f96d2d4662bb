"""The desk's pages of bank transfers: where clients send them, those that wait for somebody to look, and one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from payments import desk_repeats, proofs, transfers
from payments.models import AccountKind, TransferProof, TransferState
from payments.payouts.forms import BANKS, OwnerBankForm
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole, User
from saas.audit import changes
from saas.lib import clock
from saas.lib.downloads import stored_download
from saas.lib.form_fields import LineField, ReasonField
from saas.lib.paging import page_of


class TransferAccountForm(OwnerBankForm):
    """The agency's own account: unlike an owner's it is for everybody to read."""

    holder = LineField(label=gettext_lazy("A nombre de"), max_length=120)
    document = LineField(label=gettext_lazy("NIT o documento"), max_length=30)
    active = forms.BooleanField(label=gettext_lazy("Mis clientes pueden pagar por transferencia"), required=False)

    def told(self) -> dict[str, str]:
        """What payers are told, from a valid form."""
        data = self.cleaned_data
        kind = str(AccountKind(data["kind"]).label)
        return {"bank": data["bank"], "kind": kind, "account": data["account"], "holder": data["holder"], "document": data["document"]}


class ConfirmForm(desk_repeats.AsksAgain, forms.Form):
    """*Confirmar*: the transfer's number at the bank."""

    bank_reference = LineField(label=gettext_lazy("Número en el banco"), max_length=60, help_text=gettext_lazy("Como aparece en el extracto."))
    again = desk_repeats.AgainField()

    def __init__(self, *args: Any, proof: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.proof = proof

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.ask_again(data.get("bank_reference", ""), desk_repeats.received(data.get("bank_reference", ""), proof=self.proof))
        return data


class RejectForm(forms.Form):
    """*Rechazar*: why."""

    reason = ReasonField(help_text=gettext_lazy("El cliente lo lee."))


@staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_transfer_account(request: HttpRequest) -> HttpResponse:
    """Where clients send their transfers."""
    account = transfers.account_of()
    kinds = {str(label): value for value, label in AccountKind.choices}
    initial: dict[str, Any] = {**account.told, "kind": kinds.get(account.told.get("kind", ""), ""), "active": account.active} if account else {}
    form = TransferAccountForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        transfers.save_account(form.told(), active=form.cleaned_data["active"], staff=who(request), now=clock.now())
        messages.success(request, _("La cuenta para transferencias quedó guardada."))
        return redirect("desk_transfer_account")
    history = changes.changes_of("transfer_account", account.pk)[:30] if account else []
    return render(request, "payments/desk_transfer_account.html", {"form": form, "account": account, "banks": BANKS, "history": history})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_transfers(request: HttpRequest) -> HttpResponse:
    """*Transferencias*: those that wait, the oldest first; or those that were decided, the last first."""
    decided = request.GET.get("estado") == "decididas"
    rows = TransferProof.objects.select_related("attempt__payment__client", "decided_by")
    waiting = rows.filter(state=TransferState.WAITING)
    page = page_of(request, rows.exclude(state=TransferState.WAITING).order_by("-decided_at", "-pk") if decided else waiting.order_by("pk"))
    return render(request, "payments/desk_transfers.html", {"page": page, "decided": decided})


@transaction.atomic
def _confirm(form: ConfirmForm, *, staff: User, now: datetime) -> bool:
    """Confirm it under the number that was typed; False if the form says why not. In one transaction from the question about the
    number on (payments/repeats.py)."""
    if not form.is_valid():
        return False
    transfers.confirm(form.proof, bank_reference=form.cleaned_data["bank_reference"], staff=staff, now=now)
    return True


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_transfer(request: HttpRequest, pk: int) -> HttpResponse:
    """One transfer: what it is for, its proof, and confirming or rejecting it."""
    proof = get_object_or_404(TransferProof.objects.select_related("attempt__payment__client", "decided_by"), pk=pk)
    wanted = request.POST.get("what")
    confirming = ConfirmForm(request.POST if wanted == "confirm" else None, proof=pk)
    rejecting = RejectForm(request.POST if wanted == "reject" else None)
    try:
        if wanted == "confirm" and _confirm(confirming, staff=who(request), now=clock.now()):
            messages.success(request, _("Transferencia confirmada. El comprobante se le envía al cliente."))
            return redirect("desk_transfer", pk=pk)
        if wanted == "reject" and rejecting.is_valid():
            transfers.reject(pk, **rejecting.cleaned_data, staff=who(request), now=clock.now())
            messages.success(request, _("Transferencia rechazada. El cliente ve el motivo y puede intentar de nuevo."))
            return redirect("desk_transfer", pk=pk)
    except transfers.TransferRefused as refused:
        messages.error(request, str(refused))
        return redirect("desk_transfer", pk=pk)
    payment = proof.attempt.payment
    context = {
        "proof": proof,
        "payment": payment,
        "lines": payment.lines.select_related("invoice").order_by("invoice_id"),
        "owed": all(line.invoice.voided_at is None and line.invoice.balance >= line.amount for line in payment.lines.select_related("invoice")),
        "confirming": confirming,
        "rejecting": rejecting,
    }
    return render(request, "payments/desk_transfer.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_transfer_proof(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The proof, always as a download."""
    proof = get_object_or_404(TransferProof, pk=pk)
    file = proofs.open_proof(proof)
    if file is None:
        raise Http404
    return stored_download(file, proof.name, proof.content_type)


urlpatterns = [
    path("transferencias/", desk_transfers, name="desk_transfers"),
    path("transferencias/cuenta/", desk_transfer_account, name="desk_transfer_account"),
    path("transferencias/<int:pk>/", desk_transfer, name="desk_transfer"),
    path("transferencias/<int:pk>/soporte/", desk_transfer_proof, name="desk_transfer_proof"),
]
