"""The forms of keys and of addresses for notices. They check; saas/api/keys.py and addresses.py write."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from saas.api.models import OutgoingKind
from saas.api.scopes import Scope
from saas.lib.form_fields import DayField, LineField


def _boxes() -> forms.CheckboxSelectMultiple:
    return forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})


class KeyForm(forms.Form):
    """A new key."""

    name = LineField(label=_("Nombre"), max_length=80, help_text=_("Para qué programa es: contabilidad, página web…"))
    scopes = forms.MultipleChoiceField(label=_("Permisos"), choices=Scope.choices, widget=_boxes())
    expires_on = DayField(
        label=_("Vence"), required=False, help_text=_("El último día en que sirve. Sin fecha, sirve hasta que la revoque.")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_expires_on(self) -> date | None:
        day: date | None = self.cleaned_data["expires_on"]
        if day is not None and day < self.today:
            raise forms.ValidationError(gettext("Esa fecha ya pasó."))
        return day


class AddressForm(forms.Form):
    """Where to tell of what."""

    url = forms.CharField(
        label=_("Dirección"), max_length=500, help_text=_("Debe empezar por https:// y estar en internet."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url", "placeholder": "https://sistema.ejemplo.co/avisos"}),
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(label=_("Avisar cuando"), choices=OutgoingKind.choices, widget=_boxes())


class AddressEditForm(AddressForm):
    """The same, and whether it is on."""

    active = forms.BooleanField(label=_("Enviar avisos a esta dirección"), required=False)
