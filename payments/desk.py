"""The agency's PayU account, for its staff: which one it is, a form to change it, and a question to PayU whether it works.

Secrets go in and never come out, neither on the page nor in a message.
"""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from payments import accounts, desk_back, desk_close, desk_manual, desk_payments, desk_reviews, desk_transfers
from payments.desk_policy import desk_policy
from payments.forms import AccountForm
from payments.gateway import GatewayRefused, GatewayUnavailable
from payments.invoicing import desk as desk_invoices
from payments.invoicing import desk_acts as desk_invoice_acts
from payments.invoicing import desk_rules as desk_invoicing
from payments.invoicing import desk_runs
from payments.payouts import desk as desk_payouts
from payments.reminders import desk as desk_reminders
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.lib import clock

PING_LIMITS = {"payu_ping": "10/10m/key"}  # questions that one agency may ask, whoever of its staff does


@staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_payu(request: HttpRequest) -> HttpResponse:
    """The account that new payments use, and the form to change it."""
    account = accounts.active_account()
    kept = accounts.credentials(account) if account else None
    if request.method == "POST":
        form = AccountForm(request.POST, kept=kept)
        if form.is_valid():
            accounts.save_by_staff(form.account(), staff=who(request), now=clock.now())
            messages.success(request, _("La cuenta de PayU quedó guardada. Pruebe la conexión para confirmar las llaves."))
            return redirect("desk_payu")
    else:
        shown = ("merchant_id", "account_id", "algorithm", "test")
        form = AccountForm(initial={name: getattr(account, name) for name in shown} if account else {"test": True}, kept=kept)
    return render(request, "payments/desk_payu.html", {"account": account, "form": form})


@staff_of(StaffRole.HEAD)
@require_POST
def desk_payu_ping(request: HttpRequest) -> HttpResponse:
    """Ask PayU whether it is there and takes the credentials that we keep."""
    account = accounts.active_account()
    if account is None:
        messages.error(request, _("Primero guarde la cuenta de PayU."))
        return redirect("desk_payu")
    if not ratelimit.consume(request, app="payments", action="payu_ping", key="agency", config=PING_LIMITS):
        messages.error(request, _("La conexión ya se probó diez veces seguidas. Espere diez minutos y vuelva a intentarlo."))
        return redirect("desk_payu")
    try:
        accounts.gateway().ping(accounts.credentials(account))
    except GatewayUnavailable:
        messages.warning(request, _("PayU no respondió. No quiere decir que las llaves estén mal: intente de nuevo en unos minutos."))
    except GatewayRefused as error:
        messages.error(request, _("PayU rechazó las credenciales: %(reason)s") % {"reason": error})
    else:
        messages.success(request, _("Conexión correcta: PayU aceptó las credenciales."))
    return redirect("desk_payu")


urlpatterns = [
    path("payu/", desk_payu, name="desk_payu"),
    path("payu/probar/", desk_payu_ping, name="desk_payu_ping"),
    *desk_manual.urlpatterns,
    *desk_payments.urlpatterns,
    *desk_back.urlpatterns,
    *desk_reviews.urlpatterns,
    *desk_reminders.urlpatterns,
    *desk_close.urlpatterns,
    *desk_invoices.urlpatterns,
    *desk_invoice_acts.urlpatterns,
    *desk_runs.urlpatterns,
    *desk_invoicing.urlpatterns,
    *desk_payouts.urlpatterns,
    *desk_transfers.urlpatterns,
    path("abonos/", desk_policy, name="desk_policy"),
]
