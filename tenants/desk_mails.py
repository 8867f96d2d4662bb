"""*Correos y textos*: from whom the agency's mails are, where answers go, their foot, and its instructions to pay. Dueños only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from saas.accounts import doors
from saas.accounts.models import StaffRole
from saas.lib import clock
from saas.lib.form_fields import AddressField, LineField
from tenants import own, senders
from tenants.hosts import agency_of
from tenants.models import Agency

_OFF = {"autocomplete": "off"}


class MailsForm(forms.Form):
    """The words."""

    mail_name = LineField(  # it stands in a header: one line
        label=gettext_lazy("Nombre del remitente"), max_length=80, required=False, help_text=gettext_lazy("Vacío: el nombre de la inmobiliaria.")
    )
    mail_foot = forms.CharField(
        label=gettext_lazy("Pie de los correos"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Al final de cada correo: horario, dirección, redes."),
    )  # fmt: skip
    pay_text = forms.CharField(
        label=gettext_lazy("Instrucciones para pagar"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Las ve el cliente al registrar un pago. La cuenta para transferencias se registra en Pagos."),
    )  # fmt: skip


class ReplyForm(forms.Form):
    """Where answers go."""

    email = AddressField(
        label=gettext_lazy("Correo para respuestas"), required=False, widget=forms.EmailInput(attrs=_OFF),
        help_text=gettext_lazy("Le enviamos un código para confirmarlo. Vacío: el correo de la inmobiliaria."),
    )  # fmt: skip


class CodeForm(forms.Form):
    """The digits."""

    code = forms.CharField(
        label=gettext_lazy("Código"), max_length=12, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": gettext_lazy("Escriba el código de seis números.")},
    )  # fmt: skip


@doors.staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_mails(request: HttpRequest) -> HttpResponse:
    """The words of mails."""
    agency = _agency(request)
    form = MailsForm(request.POST if request.method == "POST" else None, initial={name: getattr(agency, name) for name in senders.FIELDS})
    if form.is_valid():
        senders.change(agency, form.cleaned_data, by=doors.who(request), now=clock.now())
        messages.success(request, _("Los textos quedaron guardados."))
        return redirect("desk_mails")
    return _page(request, agency, form=form)


@doors.staff_of(StaffRole.HEAD)
@require_POST
def desk_mails_reply(request: HttpRequest) -> HttpResponse:
    """Ask for another address for answers."""
    agency, form = _agency(request), ReplyForm(request.POST)
    if not form.is_valid():
        return _page(request, agency, reply=form)
    email = form.cleaned_data["email"]
    senders.ask(agency, email, by=doors.who(request), now=clock.now())
    said = _("Enviamos un código a %(email)s.") % {"email": email} if email else _("Las respuestas llegan al correo de la inmobiliaria.")
    messages.success(request, said)
    return redirect("desk_mails")


@doors.staff_of(StaffRole.HEAD)
@require_POST
def desk_mails_confirm(request: HttpRequest) -> HttpResponse:
    """The code."""
    agency, form = _agency(request), CodeForm(request.POST)
    if form.is_valid():
        try:
            email = senders.confirm(agency, form.cleaned_data["code"], by=doors.who(request), now=clock.now())
        except senders.CodeError as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, _("Las respuestas llegan a %(email)s.") % {"email": email})
            return redirect("desk_mails")
    return _page(request, _agency(request), code=form)


def _agency(request: Any) -> Agency:
    return own.fresh(agency_of(request))


def _page(request: HttpRequest, agency: Agency, **forms_: forms.Form) -> HttpResponse:
    page = {
        "form": forms_.get("form") or MailsForm(initial={name: getattr(agency, name) for name in senders.FIELDS}),
        "reply_form": forms_.get("reply") or ReplyForm(initial={"email": agency.reply_to}), "code_form": forms_.get("code") or CodeForm(),
        "kept": agency, "waiting": senders.waiting(agency, now=clock.now()), "address": settings.MAIL_FROM,
    }  # fmt: skip
    bound = any(form.is_bound for form in forms_.values())
    return render(request, "tenants/desk_mails.html", page, status=422 if bound else 200)


urlpatterns = [
    path("ajustes/correos/", desk_mails, name="desk_mails"),
    path("ajustes/correos/respuestas/", desk_mails_reply, name="desk_mails_reply"),
    path("ajustes/correos/confirmar/", desk_mails_confirm, name="desk_mails_confirm"),
]
