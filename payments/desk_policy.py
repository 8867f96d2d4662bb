"""The agency's policy for what its clients pay, for its staff: whether an invoice may be paid in parts online, and from how much;
and whether a credit goes to the next invoice by itself."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from payments.forms import PolicyForm
from payments.policy import current_policy, save_policy
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.audit.changes import record
from saas.lib import clock, money


@staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_policy(request: HttpRequest) -> HttpResponse:
    """The policy in force, and the form to change it."""
    policy = current_policy()
    initial = {"partial": policy.partial, "minimum": money.cop(policy.minimum), "use_credit": policy.use_credit}
    form = PolicyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        told = ("partial", "minimum", "use_credit")
        with transaction.atomic():
            kept = save_policy(**{name: form.cleaned_data[name] for name in told})
            before, after = ({name: getattr(row, name) for name in told} for row in (policy, kept))
            record("payment_policy", 1, before=before, after=after, by=who(request), now=clock.now())
        messages.success(request, _("La política de pagos quedó guardada."))
        return redirect("desk_policy")
    return render(request, "payments/desk_policy.html", {"form": form})
