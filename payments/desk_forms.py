"""The desk's forms of money: search payments, register one, share a credit, reverse, refund, and close a review.

They validate and give back what the domain functions take. No form here saves anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client
from payments import desk_repeats, manual, proofs
from payments.models import Invoice, PaymentSource, PaymentState
from saas.lib import money
from saas.lib.filters import FilterForm
from saas.lib.form_fields import DayField, LineField, PositivePesosField, ReasonField

OLDEST_FIRST, CHOSEN, CREDIT = "oldest", "chosen", "credit"
HOW = [
    (OLDEST_FIRST, _("A las facturas más antiguas; si sobra, queda como saldo a favor")),
    (CHOSEN, _("A las facturas que marco en la lista; si sobra, queda como saldo a favor")),
    (CREDIT, _("Guardarlo todo como saldo a favor")),
]
NEEDED = {  # what each means does not go without, in words; cash goes without both
    "Transferencia": (_("Escriba el número de la transferencia."), _("Adjunte el soporte de la transferencia.")),
    "Consignación": (_("Escriba el número de la consignación."), _("Adjunte el recibo de la consignación.")),
    "Cheque": (_("Escriba el número del cheque."), _("Adjunte una copia del cheque.")),
}
OLDEST_DAY = timedelta(days=366)


class CopField(PositivePesosField):
    """An amount in pesos above zero, at the right as the desk's columns of money are."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "text-end"})
        super().__init__(**{"widget": widget, **options})


class _EmptyForCash:
    """A field that only cash goes without: its hint says so, and its label does not call it an option."""

    hint_says_when = True


class _ReferenceField(_EmptyForCash, LineField):
    """The bank's number of a payment."""


class _ProofField(_EmptyForCash, forms.FileField):
    """The paper that shows a payment."""


class PaymentFilter(FilterForm):
    """Filters of the agency's payments."""

    q = forms.CharField(label=_("Buscar"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("Estado"), required=False, choices=[("", _("Todos")), *PaymentState.choices])
    source = forms.ChoiceField(label=_("Origen"), required=False, choices=[("", _("Todos")), *PaymentSource.choices])
    means = forms.ChoiceField(label=_("Medio"), required=False)
    since = DayField(label=_("Desde"), required=False)
    until = DayField(label=_("Hasta"), required=False)

    def __init__(self, data: Any, *, means: Sequence[str]) -> None:
        super().__init__(data)
        self.fields["means"].choices = [("", _("Todos")), *((each, each) for each in means)]  # type: ignore[attr-defined]


class KeyedForm(forms.Form):
    """A form that does its work once, however often it is sent: it carries its own key."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        options["initial"] = {"key": uuid.uuid4(), **options.get("initial", {})}
        super().__init__(data, files, **options)


class _LinesForm(KeyedForm):
    """Amounts for some of a client's invoices, one field each."""

    def __init__(self, *args: Any, invoices: Sequence[Invoice], **options: Any) -> None:
        super().__init__(*args, **options)
        self.invoices = invoices
        for invoice in invoices:
            label = _("Aplicar a la factura %(number)s") % {"number": invoice.full_number}
            self.fields[f"invoice_{invoice.pk}"] = CopField(label=label, required=False)

    def rows(self) -> list[tuple[Invoice, forms.BoundField, forms.BoundField | None]]:
        """Each invoice with its amount and, where there is one, its box to tick."""
        return [(i, self[f"invoice_{i.pk}"], self[f"pick_{i.pk}"] if f"pick_{i.pk}" in self.fields else None) for i in self.invoices]

    def plain(self) -> list[forms.BoundField]:
        """The fields that are not an invoice's."""
        return [field for field in self if not field.name.startswith(("invoice_", "pick_"))]

    def lines(self) -> tuple[tuple[int, Decimal], ...]:
        """(invoice id, COP) of those that have an amount."""
        data = self.cleaned_data
        return tuple((i.pk, data[f"invoice_{i.pk}"]) for i in self.invoices if data.get(f"invoice_{i.pk}"))

    def check_balances(self) -> None:
        """Mark the amounts that pass what an invoice owes."""
        for invoice in self.invoices:
            amount = self.cleaned_data.get(f"invoice_{invoice.pk}")
            if amount and amount > invoice.balance:
                self.add_error(f"invoice_{invoice.pk}", _("Su saldo es %(owed)s.") % {"owed": money.cop(invoice.balance)})


class ManualForm(desk_repeats.AsksAgain, _LinesForm):
    """*Registrar pago*: money that came in outside. An invoice that is ticked and has no amount gets what there is, the oldest first."""

    amount = CopField(label=_("Valor recibido"), help_text=_("En pesos, por ejemplo 1.215.000."))
    paid_on = DayField(label=_("Fecha en que pagó"))
    means = forms.ChoiceField(label=_("Medio"), choices=[(each, each) for each in manual.MEANS])
    reference = _ReferenceField(
        label=_("Referencia"),
        max_length=80,
        required=False,
        help_text=_("El número de la transferencia, la consignación o el cheque. En efectivo puede dejarla vacía."),
    )
    again = desk_repeats.AgainField()
    proof = _ProofField(
        label=_("Soporte"),
        required=False,
        help_text=_("PDF, JPEG o PNG de hasta 5 MB. En efectivo puede ir sin él. Solo lo ve el equipo."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )
    how = forms.ChoiceField(
        label=_("Cómo aplicarlo"), choices=HOW, initial=OLDEST_FIRST, widget=forms.RadioSelect(attrs={"class": "form-check-input"})
    )

    def __init__(self, *args: Any, client: Client, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.client, self.today = client, today
        self.fields["paid_on"].widget.attrs.update(max=today.isoformat(), min=(today - OLDEST_DAY).isoformat())
        for invoice in self.invoices:
            box = forms.CheckboxInput(attrs={"class": "form-check-input", "data-owed": str(invoice.balance)})
            label = _("Marcar la factura %(number)s") % {"number": invoice.full_number}
            self.fields[f"pick_{invoice.pk}"] = forms.BooleanField(label=label, required=False, widget=box)
        if not self.invoices:
            self.fields["how"].choices = [HOW[2]]  # type: ignore[attr-defined]
            self.initial["how"] = CREDIT

    def clean_paid_on(self) -> date:
        day: date = self.cleaned_data["paid_on"]
        if day > self.today:
            raise ValidationError(_("La fecha no puede ser futura."))
        if day < self.today - OLDEST_DAY:
            raise ValidationError(_("La fecha es de hace más de un año: revísela."))
        return day

    def clean_proof(self) -> proofs.ProofFile | None:
        upload = self.cleaned_data["proof"]
        if not upload:
            return None
        try:
            return proofs.read_proof(upload)
        except proofs.ProofRefused as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (needed := NEEDED.get(data.get("means", ""))) is not None:
            if not data.get("reference") and "reference" not in self.errors:
                self.add_error("reference", needed[0])
            if not data.get("proof") and "proof" not in self.errors:
                self.add_error("proof", needed[1])
        self.ask_again(data.get("reference", ""), desk_repeats.received(data.get("reference", ""), key=data.get("key")))
        if data.get("how") == CHOSEN:
            self._check_chosen()
        elif "how" in data and any(data.get(f"pick_{i.pk}") or data.get(f"invoice_{i.pk}") for i in self.invoices):
            self.add_error("how", _("Marcó facturas de la lista: elija aplicarlo a las que marca, o quite las marcas y los valores."))
        return data

    def lines(self) -> tuple[tuple[int, Decimal], ...]:
        """What was typed, and of the rest what the ticked ones owe."""
        typed = super().lines()
        left = self.cleaned_data["amount"] - sum((amount for _pk, amount in typed), Decimal(0))
        return (*typed, *manual.oldest_first(self._to_fill(), left))

    def _to_fill(self) -> list[Invoice]:
        """The ticked ones without an amount."""
        data = self.cleaned_data
        return [i for i in self.invoices if data.get(f"pick_{i.pk}") and not data.get(f"invoice_{i.pk}") and f"invoice_{i.pk}" not in self.errors]

    def _check_chosen(self) -> None:
        self.check_balances()
        typed, to_fill = super().lines(), self._to_fill()
        if not typed and not to_fill and not self.errors:
            self.add_error("how", _("Marque por lo menos una factura."))
        received = self.cleaned_data.get("amount")
        if received is None:
            return
        told = sum((amount for _pk, amount in typed), Decimal(0))
        if told > received:
            self.add_error("amount", _("Lo que aplica a las facturas (%(told)s) pasa del valor recibido.") % {"told": money.cop(told)})
            return
        filled = {pk for pk, _amount in manual.oldest_first(to_fill, received - told)}
        for invoice in to_fill:
            if invoice.pk not in filled:
                self.add_error(f"invoice_{invoice.pk}", _("Lo recibido no alcanza para esta factura: quítele la marca."))

    def entry(self) -> manual.ManualPayment:
        """What was typed, from a valid form."""
        data = self.cleaned_data
        lines: tuple[tuple[int, Decimal], ...] = ()
        if data["how"] == OLDEST_FIRST:
            lines = manual.oldest_first(self.invoices, data["amount"])
        elif data["how"] == CHOSEN:
            lines = self.lines()
        return manual.ManualPayment(
            key=data["key"], client=self.client, amount=data["amount"], means=data["means"], reference=data["reference"],
            paid_on=data["paid_on"], lines=lines,
        )  # fmt: skip


class CreditForm(_LinesForm):
    """How much of a client's credit goes to each invoice."""

    def __init__(self, *args: Any, credit: Decimal, **options: Any) -> None:
        super().__init__(*args, **options)
        self.credit = credit

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.check_balances()
        told = sum((amount for _pk, amount in self.lines()), Decimal(0))
        if not self.errors and not told:
            raise ValidationError(_("Escriba cuánto aplicar a por lo menos una factura."))
        if told > self.credit:
            sums = {"credit": money.cop(self.credit), "told": money.cop(told)}
            raise ValidationError(_("El saldo a favor es de %(credit)s y quiere aplicar %(told)s.") % sums)
        return data


class ReasonForm(forms.Form):
    """*Reversar*: why, and that it is wanted."""

    reason = ReasonField(help_text=_("Queda en el documento y se le dice al cliente."))
    sure = forms.BooleanField(label=_("Entiendo que las facturas vuelven a quedar por cobrar y que se avisa al cliente"))


class RefundForm(KeyedForm):
    """*Pedir reembolso*: how much and why."""

    amount = CopField(label=_("Valor por devolver"))
    reason = ReasonField(help_text=_("Se le envía a PayU."))


class NoteForm(forms.Form):
    """*Marcar como visto*: what was decided."""

    note = forms.CharField(
        label=_("Qué se hizo"), min_length=5, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Queda guardado con su nombre y la hora."),
    )  # fmt: skip


class DayForm(forms.Form):
    """The day of a close; today when it says nothing or nonsense."""

    dia = DayField(label=_("Día"), required=False)
