"""The desk's forms of invoices: search them, write one, void, credit, attach papers, number, and the rules of a month.

They validate and give back what the domain functions take. No form here saves anything.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, Lease
from payments.desk_forms import CopField, KeyedForm
from payments.invoicing import by_hand, official_papers
from payments.invoicing.drafts import Draft
from payments.models import InvoiceKind, InvoiceState, LineKind, RunKind, Series
from saas.lib import clock
from saas.lib.filters import FilterForm
from saas.lib.form_fields import DayField, LineField, ReasonField
from saas.lib.text import clean_name

LINES = 4
ZERO = Decimal(0)


class MonthField(forms.CharField):
    """A month, as the browser's own picker writes it; its first day. Empty is None where it is not required."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 10, "widget": forms.TextInput(attrs={"type": "month", "placeholder": "2026-11"}), **options})

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return clock.parse_period(text)
        except clock.DateError as error:
            raise ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%Y-%m}" if isinstance(value, date) else value


class PercentField(forms.CharField):
    """A percentage as people write it: `5,2`. Empty is None where it is not required."""

    def __init__(self, *, most: int = 100, **options: Any) -> None:
        self.most = most
        super().__init__(**{"max_length": 10, "widget": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **options})

    def clean(self, value: Any) -> Decimal | None:
        text = str(super().clean(value)).replace("%", "").replace(",", ".").strip()
        if not text:
            return None
        try:
            number = Decimal(text)
        except ArithmeticError as error:
            raise ValidationError(_("Escriba un porcentaje, por ejemplo 5,2.")) from error
        if not number.is_finite() or not 0 <= number <= self.most or number != round(number, 3):
            raise ValidationError(_("Escriba un porcentaje entre 0 y %(most)s, con hasta tres decimales.") % {"most": self.most})
        return number

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}".replace(".", ",") if isinstance(value, Decimal) else value


class InvoiceFilter(FilterForm):
    """Filters of the agency's invoices."""

    q = forms.CharField(label=_("Buscar"), required=False, max_length=100)
    kind = forms.ChoiceField(label=_("Tipo"), required=False, choices=[("", _("Todos")), *InvoiceKind.choices])
    state = forms.ChoiceField(label=_("Estado"), required=False, choices=[("", _("Todos")), *InvoiceState.choices])
    period = MonthField(label=_("Periodo"), required=False)
    client = forms.ModelChoiceField(Client.objects.all(), required=False, widget=forms.HiddenInput)


class WriteForm(KeyedForm):
    """*Nueva factura*: for a lease, or for a client without one."""

    kind = forms.ChoiceField(label=_("Tipo"))
    period = MonthField(label=_("Periodo"))
    due_on = DayField(label=_("Vence"))
    concept = forms.CharField(label=_("Concepto"), max_length=200)
    base = CopField(label=_("Canon o comisión, antes de IVA"), required=False)
    administration = CopField(label=_("Cuota de administración"), required=False)
    seen = forms.CharField(required=False, max_length=30, widget=forms.HiddenInput)

    def __init__(self, *args: Any, client: Client, lease: Lease | None, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lease, self.today = lease, today
        # Each kind with whom it would go to: the rent of a lease to its renter, its commission to its owners.
        people = by_hand.addressees(lease) if lease else {kind.value: [client] for kind in InvoiceKind}
        self.addressed = {
            kind if len(found) == 1 else f"{kind}-{each.pk}": (kind, each) for kind, found in people.items() for each in found
        }
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (value, f"{InvoiceKind(kind).label}, a {each.name}" if lease else InvoiceKind(kind).label)
            for value, (kind, each) in self.addressed.items()
        ]
        for number in range(1, LINES + 1):
            self.fields[f"kind_{number}"] = forms.ChoiceField(label=_("Qué es"), choices=LineKind.choices, initial=LineKind.OTHER, required=False)
            self.fields[f"concept_{number}"] = forms.CharField(label=_("Concepto"), max_length=150, required=False)
            self.fields[f"amount_{number}"] = CopField(label=_("Valor"), required=False)
            self.fields[f"iva_{number}"] = forms.BooleanField(label=_("Con IVA"), required=False)

    def plain(self) -> list[forms.BoundField]:
        """The fields that are not a line's."""
        return [field for field in self if not field.name[-1].isdigit()]

    def rows(self) -> list[tuple[forms.BoundField, ...]]:
        """The fields of each extra line."""
        return [tuple(self[f"{name}_{number}"] for name in ("kind", "concept", "amount", "iva")) for number in range(1, LINES + 1)]

    def clean_concept(self) -> str:
        return clean_name(self.cleaned_data["concept"])

    def clean_due_on(self) -> date:
        if self.cleaned_data["due_on"] < self.today:
            raise ValidationError(_("No puede vencer antes de hoy."))
        return self.cleaned_data["due_on"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for number in range(1, LINES + 1):
            if bool(data.get(f"concept_{number}")) != bool(data.get(f"amount_{number}")) and f"amount_{number}" not in self.errors:
                missing = "amount" if data.get(f"concept_{number}") else "concept"
                self.add_error(f"{missing}_{number}", _("Complete el concepto y el valor, o deje vacíos los dos."))
        return data

    def draft(self) -> Draft:
        """What was typed, from a valid form, with its taxes."""
        data = self.cleaned_data
        lines = [
            by_hand.Concept(data[f"kind_{n}"] or LineKind.OTHER, clean_name(data[f"concept_{n}"]), data[f"amount_{n}"], data[f"iva_{n}"])
            for n in range(1, LINES + 1)
            if data.get(f"amount_{n}")
        ]
        kind, client = self.addressed[data["kind"]]
        written = by_hand.Written(
            InvoiceKind(kind), data["period"], data["due_on"], data["concept"], data["base"] or ZERO, data["administration"] or ZERO, lines
        )
        return by_hand.draft(written, client=client, lease=self.lease, today=self.today)


class VoidForm(forms.Form):
    """*Anular*: why, and that it is wanted."""

    reason = ReasonField()
    sure = forms.BooleanField(label=_("Entiendo que el número queda usado y que la factura no se puede recuperar"))


class NoteForm(KeyedForm):
    """*Nota crédito*: how much and why."""

    amount = CopField(label=_("Valor de la nota, con IVA"))
    reason = ReasonField(help_text=_("Sale en el documento."))


class PapersForm(forms.Form):
    """*Documento oficial*: what the accounting software made."""

    cufe = forms.CharField(
        label="CUFE", required=False, max_length=120, help_text=_("96 caracteres."), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    pdf = forms.FileField(
        label=_("PDF oficial"), required=False, help_text=_("Hasta 5 MB."), widget=forms.FileInput(attrs={"accept": "application/pdf"})
    )
    xml = forms.FileField(
        label=_("XML oficial"), required=False, help_text=_("Hasta 5 MB."), widget=forms.FileInput(attrs={"accept": "application/xml,text/xml,.xml"})
    )

    def clean_cufe(self) -> str:
        return self._checked(official_papers.read_cufe, self.cleaned_data["cufe"]) or ""

    def clean_pdf(self) -> official_papers.PaperFile | None:
        return self._checked(official_papers.read_pdf, self.cleaned_data["pdf"])

    def clean_xml(self) -> official_papers.PaperFile | None:
        return self._checked(official_papers.read_xml, self.cleaned_data["xml"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not any(data.values()):
            raise ValidationError(_("Escriba el CUFE o adjunte por lo menos un archivo."))
        return data

    def checked_files(self) -> list[official_papers.PaperFile]:
        """The files, checked."""
        return [file for file in (self.cleaned_data["pdf"], self.cleaned_data["xml"]) if file]

    def _checked(self, read: Any, value: Any) -> Any:
        if not value:
            return None
        try:
            return read(value)
        except official_papers.PaperRefused as error:
            raise ValidationError(str(error)) from error


class RunForm(KeyedForm):
    """*Generar*: which month, and with which date."""

    kind = forms.ChoiceField(label=_("Qué se factura"), choices=RunKind.choices)
    period = MonthField(label=_("Mes"))
    issued_on = DayField(label=_("Fecha de emisión"))

    def clean_period(self) -> date:
        period: date = self.cleaned_data["period"]
        if abs((period - clock.today()).days) > 400:
            raise ValidationError(_("Elija un mes cercano: hasta un año antes o después."))
        return period


class ResolutionForm(forms.Form):
    """*Numeración*: the range that may be used, and until when."""

    series = forms.ChoiceField(label=_("Para"), choices=Series.choices)
    prefix = forms.RegexField(  # type: ignore[assignment]
        r"^[A-Za-z0-9]{0,10}$", label=_("Prefijo"), required=False, max_length=10, error_messages={"invalid": _("Solo letras y números.")}
    )
    first = forms.IntegerField(label=_("Desde el número"), min_value=1, max_value=10**12, initial=1)
    last = forms.IntegerField(label=_("Hasta el número"), min_value=1, max_value=10**12)
    text = LineField(
        label=_("Texto de la resolución"), required=False, max_length=200,
        help_text=_("Como debe salir impreso: «Autorización de numeración DIAN 1876… del 15 de enero de 2026»."),
    )  # fmt: skip
    valid_from = DayField(label=_("Vigente desde"), required=False)
    valid_until = DayField(label=_("Vigente hasta"), required=False)

    def clean_prefix(self) -> str:
        return self.cleaned_data["prefix"].upper()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["last"] < data["first"]:
            self.add_error("last", _("El último número no puede ser menor que el primero."))
        if data.get("valid_from") and data.get("valid_until") and data["valid_until"] < data["valid_from"]:
            self.add_error("valid_until", _("No puede vencer antes de empezar."))
        return data


class RulesForm(forms.Form):
    """*Reglas de facturación*."""

    late_rate = PercentField(
        label=_("Interés de mora mensual, en %"), most=10, help_text=_("Simple y por días. 0 si no se cobra. No puede pasar de la usura.")
    )
    late_grace = forms.IntegerField(label=_("Días de gracia"), min_value=0, max_value=90)
    iva_rate = PercentField(label=_("IVA del arrendamiento comercial, en %"))
    commission_iva_rate = PercentField(label=_("IVA de la comisión, en %"))


class FiguresForm(forms.Form):
    """*Cifras del año*."""

    year = forms.IntegerField(label=_("Año"), min_value=2000, max_value=2100)
    ipc = PercentField(label=_("IPC del año, en %"), required=False, help_text=_("Vacío mientras no se conozca."))
    uvt = CopField(label=_("UVT"), required=False)
    withholding_rate = PercentField(label=_("Retención sobre arrendamientos, en %"), required=False)
    withholding_base = forms.IntegerField(
        label=_("Base de la retención, en UVT"), min_value=0, max_value=10_000, required=False,
        help_text=_("La UVT, el porcentaje y la base solo hacen falta si algún inquilino es agente de retención."),
    )  # fmt: skip


class TaxesForm(forms.Form):
    """*Datos tributarios* of a client."""

    withholding_agent = forms.BooleanField(label=_("Es agente de retención: retiene sobre el canon que paga"), required=False)
    vat_liable = forms.BooleanField(label=_("Es responsable de IVA: sus arriendos comerciales llevan IVA"), required=False)


class RiseForm(forms.Form):
    """*Avisar* an increase."""

    percent = PercentField(label=_("Incremento, en %"))
    from_on = forms.DateField(widget=forms.HiddenInput)

