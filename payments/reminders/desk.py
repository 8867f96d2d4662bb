"""*Recordatorios*: when the agency's clients are reminded of their rents, in what words, and how that looks as a mail.

Also what was sent lately, and telling clients of the invoices that came with the book, which nobody is told of unasked.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.contrib import messages
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clientarea.models import Client
from payments.invoicing import unannounced
from payments.models import Contact, Invoice, InvoiceKind, ReminderPolicy
from payments.reminders import mail as reminder_mail
from payments.reminders import policy as reminder_policy
from payments.reminders import reminding
from payments.reminders.forms import ReminderForm
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.audit.changes import changes_of
from saas.audit.models import Change
from saas.lib import clock, seen
from saas.lib.businessdays import collection_hours, next_collection_time
from tenants import branding
from tenants.hosts import agency_of

RECENT = 10
_SHARED = Q(beside__reminders__invoice__lease__co_renter=F("client"))  # what who signed the lease too was told of
REMINDED = Count("reminders", distinct=True) + Count("beside__reminders", filter=_SHARED, distinct=True)
# A letter carries its styles inside, and runs nothing.
LETTER = {"default-src": [NONE], "style-src": [UNSAFE_INLINE], "img-src": [SELF], "frame-ancestors": [NONE], "sandbox": ["allow-popups"]}


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_reminders(request: HttpRequest) -> HttpResponse:
    """The policy in force, the form to change it, and what it does."""
    policy, now = reminder_policy.current(), clock.now()
    values = reminder_policy.values_of(policy)
    form = ReminderForm(request.POST if request.method == "POST" else None, initial={**values, "seen": seen.mark(values)})
    if form.is_valid():
        try:
            reminder_policy.save(form.cleaned_data, mark=form.cleaned_data["seen"], by=who(request), now=now)
        except seen.StaleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Los recordatorios quedaron guardados."))
            return redirect("desk_reminders")
    today = clock.local(now).date()
    context = {
        "form": form,
        "policy": policy,
        "today_count": reminding.clients_to_remind(policy, today=today).count(),
        "open_now": collection_hours(now),
        "next_time": next_collection_time(now),
        "unannounced": unannounced.unannounced(today=today).aggregate(invoices=Count("pk"), clients=Count("client", distinct=True)),
        "contacts": Contact.objects.select_related("client").annotate(count=REMINDED).order_by("-on", "-pk")[:RECENT],
        "changes": [_told(change, form) for change in changes_of(reminder_policy.SUBJECT, 1)[:RECENT]],
    }
    return render(request, "payments/desk_reminders.html", context, status=422 if form.is_bound else 200)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
@csp(LETTER)
def desk_reminders_preview(request: HttpRequest) -> HttpResponse:
    """How the mail looks, with the texts that were typed (nothing is saved); `?aviso=vencida` for the other one."""
    policy = reminder_policy.current()
    form = ReminderForm(request.POST if request.method == "POST" else None, instance=policy)
    if form.is_bound:
        form.is_valid()
        policy.soon_text = form.cleaned_data.get("soon_text", policy.soon_text)
        policy.late_text = form.cleaned_data.get("late_text", policy.late_text)
    late = request.GET.get("aviso") == "vencida"
    message = reminder_mail.build(
        Client(pk=0, name=_("Nombre del cliente"), email="cliente@example.com"),
        [(_example(policy, late=late), branding.origin(agency_of(request)) + "/")],
        policy,
        late=late,
        agency=agency_of(request),
        key="preview",
        today=clock.today(),
    )
    return HttpResponse(str(message.alternatives[0][0]))


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_announce(request: HttpRequest) -> HttpResponse:
    """Tell clients of the invoices that came with the book."""
    if unannounced.ask_to_announce(staff=who(request), now=clock.now()):
        messages.success(request, _("Empezamos a avisar las facturas nuevas. Los correos salen en los próximos minutos."))
    else:
        messages.info(request, _("No hay facturas nuevas por avisar."))
    return redirect("desk_reminders")


def _told(change: Change, form: ReminderForm) -> dict[str, Any]:
    """A change of the policy as people read it."""
    yes_no = {"True": _("sí"), "False": _("no")}
    words = {"was": yes_no.get(change.before, change.before), "is": yes_no.get(change.after, change.after)}
    return {**words, "label": form.fields[change.field].label, "who_name": change.who_name, "at": change.at}


def _example(policy: ReminderPolicy, *, late: bool) -> Invoice:
    """An invoice as the mail would have it, kept nowhere."""
    today = clock.today()
    due_on = today - timedelta(days=policy.days_after) if late else today + timedelta(days=policy.days_before)
    return Invoice(
        kind=InvoiceKind.RENT, prefix="FA", number=1024, period=due_on.replace(day=1), issued_on=due_on.replace(day=1), due_on=due_on,
        concept=_("Canon de arrendamiento de %(month)s") % {"month": clock.month_name(due_on)}, base=Decimal(1_850_000),
        total=Decimal(1_850_000),
    )  # fmt: skip


urlpatterns = [
    path("ajustes/recordatorios/", desk_reminders, name="desk_reminders"),
    path("ajustes/recordatorios/vista/", desk_reminders_preview, name="desk_reminders_preview"),
    path("ajustes/recordatorios/avisar/", desk_announce, name="desk_announce"),
]
