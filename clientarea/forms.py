"""The forms of the client area and of the desk's client pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client
from saas.lib import phones
from saas.lib.form_fields import AddressField, LineField


class ProfileForm(forms.Form):
    """How to reach a client. Checked and cleaned, never saved here."""

    email = AddressField(
        label=_("Correo electrónico"),
        max_length=254,
        help_text=_("Recibe sus comprobantes y los enlaces para ingresar. Si lo cambia, le enviamos un código al nuevo para confirmarlo."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    mobile = forms.CharField(
        label=_("Celular"),
        max_length=30,
        required=False,
        help_text=_("Diez dígitos, por ejemplo 300 123 4567."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    landline = forms.CharField(
        label=_("Teléfono fijo"),
        max_length=30,
        required=False,
        help_text=_("Con indicativo, por ejemplo 601 234 5678."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    address = LineField(
        label=_("Dirección"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "street-address"})
    )
    city = LineField(
        label=_("Ciudad"), max_length=80, required=False, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )

    def clean_mobile(self) -> str:
        number = _phone(self.cleaned_data["mobile"])
        if number and not phones.is_mobile(number):
            raise forms.ValidationError(_("Ese es un teléfono fijo: un celular empieza por 3."))
        return number

    def clean_landline(self) -> str:
        number = _phone(self.cleaned_data["landline"])
        if number and phones.is_mobile(number):
            raise forms.ValidationError(_("Ese es un celular: un fijo empieza por 60 y el indicativo de su ciudad."))
        return number


def profile_initial(client: Client) -> dict[str, Any]:
    """What the form shows before anything is typed."""
    return {
        "email": client.email,
        "mobile": phones.pretty(client.mobile),
        "landline": phones.pretty(client.landline),
        "address": client.address,
        "city": client.city,
    }


def _phone(typed: str) -> str:
    if not typed:
        return ""
    try:
        return phones.normalise(typed)
    except phones.PhoneError as error:
        raise forms.ValidationError(str(error)) from error
