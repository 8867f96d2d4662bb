"""The desk's forms of paying owners: until when, what is taken off, what the bank did, and where an owner is paid.

They validate and give back what the domain functions take. No form here saves anything.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from payments import desk_repeats
from payments.desk_forms import CopField, KeyedForm
from payments.models import AccountKind, DeductionKind, PayoutLine
from payments.payouts import bank_files
from saas.lib.form_fields import DayField, LineField

BANKS = (
    "Bancolombia", "Banco de Bogotá", "Davivienda", "BBVA Colombia", "Banco de Occidente", "Banco Popular", "Banco AV Villas",
    "Banco Caja Social", "Scotiabank Colpatria", "Itaú", "Banco Agrario", "Banco GNB Sudameris", "Banco Falabella", "Bancoomeva", "Nequi",
    "Daviplata", "Nu", "Lulo Bank",
)  # fmt: skip


class UntilForm(forms.Form):
    """Until which day the collection is liquidated; today when it says nothing. Of nonsense it says so, and shows today's."""

    hasta = DayField(label=_("Recaudado hasta"), required=False)

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["hasta"].widget.attrs["max"] = today.isoformat()

    def clean_hasta(self) -> date | None:
        day: date | None = self.cleaned_data["hasta"]
        if day is not None and day > self.today:
            raise forms.ValidationError(_("La fecha no puede ser futura."))
        return day

    def until(self) -> date:
        """The day."""
        chosen: date | None = self.cleaned_data.get("hasta") if self.is_valid() else None
        return chosen or self.today


class DeductionForm(KeyedForm):
    """Something to take off one of an order's lines."""

    line = forms.TypedChoiceField(label=_("De qué inmueble y mes"), coerce=int)
    kind = forms.ChoiceField(label=_("Clase"), choices=DeductionKind.choices)
    concept = LineField(label=_("Concepto"), min_length=3, max_length=120, help_text=_("El propietario lo lee en su comprobante."))
    amount = CopField(label=_("Valor"))

    def __init__(self, *args: Any, lines: list[PayoutLine], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            (line.pk, f"{line.liquidation.lease.unit.code} · {line.liquidation.period:%m/%Y}") for line in lines
        ]

    def clean_kind(self) -> DeductionKind:
        return DeductionKind(self.cleaned_data["kind"])


class TransferForm(desk_repeats.AsksAgain, forms.Form):
    """What the bank did with one order."""

    paid_on = DayField(label=_("Fecha del giro"))
    bank_reference = LineField(label=_("Referencia del banco"), max_length=60, required=False)
    again = desk_repeats.AgainField()

    def __init__(self, *args: Any, order: int, today: date, **options: Any) -> None:
        super().__init__(*args, **{**options, "initial": {"paid_on": today}})
        self.order, self.today = order, today
        self.fields["paid_on"].widget.attrs["max"] = today.isoformat()

    def clean_paid_on(self) -> date:
        day: date = self.cleaned_data["paid_on"]
        if day > self.today:
            raise ValidationError(_("La fecha no puede ser futura."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.ask_again(data.get("bank_reference", ""), desk_repeats.paid_out(data.get("bank_reference", ""), order=self.order))
        return data


class FileForm(forms.Form):
    """The bank's file."""

    file = forms.FileField(
        label=_("Archivo del banco"), help_text=_("CSV o Excel (.xlsx) de hasta 2 MB, con las columnas Referencia, NIT, Valor y Fecha."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )  # fmt: skip

    def clean_file(self) -> tuple[str, list[dict[str, Any]]]:
        upload = self.cleaned_data["file"]
        try:
            return upload.name, bank_files.read_file(upload)
        except bank_files.FileRefused as refused:
            raise ValidationError(str(refused)) from refused


class OwnerBankForm(forms.Form):
    """Where an owner is paid. The number that is kept is not shown: it is typed whole to change it."""

    bank = LineField(label=_("Banco"), max_length=60, widget=forms.TextInput(attrs={"list": "banks", "autocomplete": "off"}))
    kind = forms.ChoiceField(label=_("Tipo de cuenta"), choices=AccountKind.choices)
    account = forms.CharField(
        label=_("Número de cuenta"), max_length=30, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )

    def clean_kind(self) -> AccountKind:
        return AccountKind(self.cleaned_data["kind"])

    def clean_account(self) -> str:
        digits = re.sub(r"[\s.-]", "", self.cleaned_data["account"])
        if not (digits.isascii() and digits.isdigit() and 6 <= len(digits) <= 20):
            raise ValidationError(_("Escriba solo el número de la cuenta, de 6 a 20 cifras."))
        return digits
