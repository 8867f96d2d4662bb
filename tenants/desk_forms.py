"""The forms of an agency's own settings. They check and clean; tenants/own.py writes."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from saas.lib import phones
from saas.lib.form_fields import AddressField
from saas.lib.text import clean_name
from tenants.own import LOGO_BYTES

COLOUR = re.compile(r"#[0-9a-f]{6}")
_OFF = {"autocomplete": "off"}


class AgencyForm(forms.Form):
    """How the agency is called, reached and dressed."""

    name = forms.CharField(label=_("Nombre"), max_length=120, widget=forms.TextInput(attrs=_OFF))
    colour = forms.CharField(
        label=_("Color"),
        max_length=7,
        help_text=_("El de los botones, los enlaces y los documentos. Calculamos el texto que se lee mejor sobre él."),
        widget=forms.TextInput(
            attrs={
                "type": "color", "hx-get": reverse_lazy("desk_settings_preview"), "hx-trigger": "input delay:150ms, change",
                "hx-target": "#vista-previa", "hx-include": "closest form", "hx-params": "colour,name", "hx-sync": "this:replace",
            }
        ),
    )  # fmt: skip
    email = AddressField(
        label=_("Correo"), required=False, help_text=_("Lo ven sus clientes en el portal y en los documentos."), widget=forms.EmailInput(attrs=_OFF)
    )
    phone = forms.CharField(label=_("Teléfono"), max_length=30, required=False, widget=forms.TextInput(attrs={**_OFF, "inputmode": "tel"}))
    address = forms.CharField(label=_("Dirección"), max_length=200, required=False, widget=forms.TextInput(attrs=_OFF))
    city = forms.CharField(label=_("Ciudad"), max_length=80, required=False, widget=forms.TextInput(attrs=_OFF))
    welcome = forms.CharField(
        label=_("Presentación"),
        max_length=600,
        required=False,
        help_text=_("El texto de su página pública, hasta 600 letras."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def clean_name(self) -> str:
        name = clean_name(self.cleaned_data["name"])  # it stands in the headers of mails: one line
        if len(name) < 3 or not any(sign.isalpha() for sign in name):
            raise forms.ValidationError(gettext("Escriba el nombre completo de la inmobiliaria."))
        return name

    def clean_colour(self) -> str:
        colour = str(self.cleaned_data["colour"]).strip().lower()
        if not COLOUR.fullmatch(colour):
            raise forms.ValidationError(gettext("Elija un color de la paleta, o escríbalo así: #1f5fa8."))
        return colour

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        try:
            return phones.normalise(typed) if typed else ""
        except phones.PhoneError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for field in ("address", "city"):
            if field in data:
                data[field] = clean_name(data[field])
        return data


class LogoForm(forms.Form):
    """The logo's file."""

    file = forms.FileField(
        label=_("Archivo"),
        help_text=_("PNG, JPEG o WebP, hasta 2 MB. Mejor horizontal y con fondo transparente."),
        error_messages={"required": _("Elija primero el archivo del logo."), "empty": _("El archivo está vacío. Elija otro.")},
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LOGO_BYTES:
            raise forms.ValidationError(gettext("El archivo pesa más de 2 MB. Redúzcalo y vuelva a subirlo."))
        return file
