"""The form of a statement: which of a client's accounts, and between which days. By default the first account, this year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.statements.account import Account

FIRST = date(2000, 1, 1)


class StatementForm(forms.Form):
    """An account and a range of days, both included. The last day is never after today: what will be is not known."""

    account = forms.ChoiceField(label=_("Cuenta"), required=False)
    since = forms.DateField(label=_("Desde"), required=False)
    until = forms.DateField(label=_("Hasta"), required=False)

    def __init__(self, data: Mapping[str, Any], *, accounts: Sequence[Account], today: date) -> None:
        first = {"account": accounts[0].value, "since": today.replace(month=1, day=1).isoformat(), "until": today.isoformat()}
        super().__init__({name: data.get(name) or value for name, value in first.items()})
        self.today = today
        self.fields["account"].choices = [(account.value, account.label) for account in accounts]  # type: ignore[attr-defined]
        for name in ("since", "until"):
            attrs = {"type": "date", "min": FIRST.isoformat(), "max": today.isoformat()}
            self.fields[name].widget = forms.DateInput(format="%Y-%m-%d", attrs=attrs)
        if len(accounts) == 1:
            self.fields["account"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if until and until > self.today:
            self.add_error("until", _("La fecha final no puede ser posterior a hoy."))
        if since and since < FIRST:
            self.add_error("since", _("Elija una fecha inicial del año 2000 en adelante."))
        if since and until and since > until:
            self.add_error("since", _("La fecha inicial debe ser anterior o igual a la final."))
        return data

    @property
    def account_chosen(self) -> Account:
        """The account, from a valid form."""
        return Account(self.cleaned_data["account"])
