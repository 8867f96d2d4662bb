"""Fields that many forms have: a line of text, a reason and an e-mail address as they are kept, a day, and an amount."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from saas.lib import money
from saas.lib.text import clean_name


class LineField(forms.CharField):
    """One line of text, cleaned as `clean_name` does before it is looked at: what is invisible is not there.

    The browser does not offer what was typed before, which was about somebody else; give a `widget` where it should.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": forms.TextInput(attrs={"autocomplete": "off"}), **options})

    def to_python(self, value: Any) -> Any:
        return clean_name(super().to_python(value) or "")


class ReasonField(LineField):
    """Why it is done, in a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Motivo"), min_length=5, max_length=200, **options)


class AddressField(forms.EmailField):
    """An e-mail address, in small letters as it is kept."""

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").lower()


class DayField(forms.DateField):
    """A day, picked in the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), input_formats=["%Y-%m-%d"], **options)


class PesosField(forms.CharField):
    """An amount in pesos as people write it: `1.850.000`. Its clean value is a Decimal, or None where it may be left empty."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(**{"max_length": 30, "widget": widget, **options})

    def clean(self, value: Any) -> Decimal | None:
        text = str(super().clean(value)).strip()
        if not text:
            return None
        try:
            return money.parse_cop(text)
        except money.MoneyError as error:
            raise forms.ValidationError(str(error)) from error


class PositivePesosField(PesosField):
    """An amount in pesos above zero."""

    def clean(self, value: Any) -> Decimal | None:
        amount = super().clean(value)
        if amount is not None and amount <= 0:
            raise forms.ValidationError(_("Escriba un valor mayor que cero."))
        return amount
