"""A client hands in the proof of a bank transfer. What the page shows of the account comes from the gateway (portal_paying)."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from clientarea.access import client_of
from payments import access, proofs, transfers
from saas.accounts.doors import client
from saas.lib import clock


class HandInForm(forms.Form):
    """The proof of a transfer."""

    proof = forms.FileField(
        label=gettext_lazy("Soporte de la transferencia"),
        help_text=gettext_lazy("PDF, JPEG o PNG de hasta 5 MB."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )

    def clean_proof(self) -> proofs.ProofFile:
        try:
            return proofs.read_proof(self.cleaned_data["proof"])
        except proofs.ProofRefused as refused:
            raise ValidationError(str(refused)) from refused


@client
@require_POST
def transfer_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the proof of a payment's newest attempt; staff are to look at it."""
    payment = get_object_or_404(access.payments_of(client_of(request)), pk=pk)
    attempt = access.attempts_of(client_of(request)).filter(payment=payment).first()
    form = HandInForm(request.POST, request.FILES)
    if attempt is None or not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return redirect("payment_go", pk=payment.pk)
    try:
        transfers.hand_in(attempt.pk, form.cleaned_data["proof"], now=clock.now())
    except transfers.TransferRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Recibimos el soporte. La inmobiliaria lo verifica y le llega el comprobante por correo."))
    return redirect("payment", pk=payment.pk)
