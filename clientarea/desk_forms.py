"""The forms of the desk: clients, units with their owners, leases. They check and clean; clientarea/people.py and estate.py
write. Clients and units are named by what people know them by (document, code), with suggestions while one types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientarea.forms import ProfileForm, profile_initial
from clientarea.importing.values import percent
from clientarea.models import Client, DocumentKind, Lease, Unit, Use
from saas.lib import documents, money
from saas.lib.form_fields import DayField, LineField, PesosField

CENT = Decimal("0.01")
_KIND = re.compile(r"^(CC|CE|NIT|TI|PA|PPT)\s+")  # as documents are shown: "CC 1.007.975.904"
OWNER_ROWS = 10
SPARE_ROWS = 2


class ClientField(forms.CharField):
    """A client by the document. Cleans to the Client."""

    def __init__(self, **options: Any) -> None:
        attrs = {
            "autocomplete": "off", "list": "clientes", "hx-get": reverse_lazy("desk_client_options"),
            "hx-trigger": "input changed delay:250ms", "hx-target": "#clientes", "hx-sync": "this:replace",
        }  # fmt: skip
        super().__init__(max_length=60, widget=forms.TextInput(attrs=attrs), **options)

    def clean(self, value: Any) -> Any:
        typed = _KIND.sub("", str(super().clean(value)).strip().upper()).split("-")[0]
        number = re.sub(r"[\s.,]", "", typed)
        if not number:
            return None
        client = Client.objects.filter(document=number).first()
        if client is None:
            raise forms.ValidationError(gettext("No hay un cliente con ese documento. Créelo primero, o revise el número."))
        if client.archived_at is not None:
            raise forms.ValidationError(gettext("%(name)s está archivado. Restáurelo primero.") % {"name": client.name})
        return client


class UnitField(forms.CharField):
    """A unit by its code. Cleans to the Unit."""

    def __init__(self, **options: Any) -> None:
        attrs = {
            "autocomplete": "off", "list": "inmuebles", "hx-get": reverse_lazy("desk_unit_options"),
            "hx-trigger": "input changed delay:250ms", "hx-target": "#inmuebles", "hx-sync": "this:replace",
        }  # fmt: skip
        super().__init__(max_length=20, widget=forms.TextInput(attrs=attrs), **options)

    def clean(self, value: Any) -> Any:
        unit = Unit.objects.filter(code=str(super().clean(value)).strip().upper()).first()
        if unit is None:
            raise forms.ValidationError(gettext("No hay un inmueble con ese código. Créelo primero, o revise el código."))
        return unit


class RentField(PesosField):
    """An amount that is asked for each month. Cleans to a Decimal with cents, never negative; left empty it is zero."""

    def clean(self, value: Any) -> Decimal:
        amount = super().clean(value) or Decimal(0)
        if amount < 0:
            raise forms.ValidationError(gettext("El valor no puede ser negativo."))
        return amount.quantize(CENT)


class PercentField(forms.CharField):
    """A percent as people write it: 60, 33,33 %. Cleans to a Decimal from 0 to 100."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=10, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **options)

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value)).strip()
        if not text:
            return None
        try:
            return percent(text if "%" in text else f"{text}%").quantize(CENT)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class SeenForm(forms.Form):
    """A form that brings back the mark of what was seen (saas/lib/seen.py)."""

    seen = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)


class ClientForm(ProfileForm, SeenForm):
    """A client: identity and contact data."""

    document_type = forms.ChoiceField(label=_("Tipo de documento"), choices=DocumentKind.choices)
    document = forms.CharField(
        label=_("Número de documento"),
        max_length=30,
        help_text=_("Un NIT puede llevar el dígito de verificación: 900.123.456-8."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = LineField(label=_("Nombre o razón social"), max_length=200)
    field_order = ("document_type", "document", "name", "email", "mobile", "landline", "address", "city", "seen")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        email.required = False
        email.help_text = gettext("Sin correo no se le puede invitar ni enviar comprobantes.")
        for field in self.fields.values():
            if field.widget.attrs.get("autocomplete"):
                field.widget.attrs["autocomplete"] = "off"  # the browser knows the data of staff, not of the client

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if len(name) < 3:
            raise forms.ValidationError(gettext("Escriba el nombre completo."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "document" in data and "document_type" in data:
            kind = documents.DocumentType(data["document_type"])
            try:
                data["document"], check = documents.split_document(data["document"], kind)
                data["document_check"] = check or (documents.nit_check_digit(data["document"]) if kind == "NIT" else "")
            except documents.DocumentError as error:
                self.add_error("document", str(error))
        return data


def client_initial(client: Client) -> dict[str, Any]:
    """A client as the form shows it."""
    number = f"{client.document}-{client.document_check}" if client.document_check else client.document
    return {**profile_initial(client), "document_type": client.document_type, "document": number, "name": client.name}


class UnitForm(SeenForm):
    """A unit: its code, kind and address."""

    code = LineField(label=_("Código"), max_length=20)
    kind = LineField(label=_("Tipo"), max_length=40, help_text=_("Apartamento, casa, local, oficina, bodega…"))
    address = LineField(label=_("Dirección"), max_length=200)
    city = LineField(label=_("Ciudad"), max_length=80)
    neighbourhood = LineField(label=_("Barrio"), max_length=80, required=False)
    stratum = forms.TypedChoiceField(
        label=_("Estrato"), required=False, coerce=int, empty_value=None, choices=[("", "—"), *[(n, str(n)) for n in range(7)]]
    )
    registry = LineField(label=_("Matrícula inmobiliaria"), max_length=40, required=False)

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).upper()


class OwnerForm(forms.Form):
    """One owner of a unit, with the share in percent."""

    owner = ClientField(label=_("Documento"), required=False)
    share = PercentField(label=_("Parte %"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        owner, share = data.get("owner"), data.get("share")
        if owner is not None and share is None and "share" not in self.errors:
            self.add_error("share", gettext("Escriba la participación."))
        if share is not None and owner is None and "owner" not in self.errors:
            self.add_error("owner", gettext("Escriba el documento del propietario."))
        if share is not None and not 0 < share <= 100:
            self.add_error("share", gettext("Debe ser mayor que 0 y hasta 100."))
        return data


class BaseOwners(forms.BaseFormSet):
    """The owners of a unit. `shares` once it is valid."""

    def clean(self) -> None:
        known: set[int] = set()
        for form in self.forms:
            owner = form.cleaned_data.get("owner") if hasattr(form, "cleaned_data") else None
            if owner is None:
                continue
            if owner.pk in known:
                form.add_error("owner", gettext("Este propietario está dos veces."))
            known.add(owner.pk)

    @property
    def shares(self) -> dict[int, Decimal]:
        """Percent by client's id."""
        return {row["owner"].pk: row["share"] for row in self.cleaned_data if row.get("owner") is not None}


OwnerSet = forms.formset_factory(OwnerForm, formset=BaseOwners, extra=SPARE_ROWS, max_num=OWNER_ROWS, absolute_max=OWNER_ROWS)


def owners_initial(unit: Unit) -> list[dict[str, Any]]:
    """The owners of a unit as the form shows them."""
    rows = unit.ownerships.select_related("owner").order_by("-share", "pk")
    return [{"owner": row.owner.document, "share": f"{row.share.normalize():f}".replace(".", ",")} for row in rows]


class LeaseForm(SeenForm):
    """A lease: unit, renters, amounts and dates."""

    number = LineField(label=_("Número de contrato"), max_length=30)
    unit = UnitField(label=_("Inmueble (código)"))
    renter = ClientField(label=_("Inquilino (documento)"))
    co_renter = ClientField(label=_("Coarrendatario (documento)"), required=False)
    starts_on = DayField(label=_("Empieza"))
    ends_on = DayField(label=_("Termina"))
    rent = RentField(label=_("Canon mensual"))
    administration = RentField(label=_("Cuota de administración"), required=False)
    payment_day = forms.IntegerField(label=_("Día de pago"), min_value=1, max_value=31)
    use = forms.ChoiceField(label=_("Uso"), choices=Use.choices, help_text=_("El arriendo de vivienda no paga IVA."))
    commission = PercentField(label=_("Comisión sobre el canon %"))

    def clean_number(self) -> str:
        return str(self.cleaned_data["number"]).upper()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts_on") and data.get("ends_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", gettext("El contrato no puede terminar antes de empezar."))
        if data.get("co_renter") is not None and data.get("co_renter") == data.get("renter"):
            self.add_error("co_renter", gettext("El coarrendatario es el mismo inquilino."))
        return data

    def values(self) -> dict[str, Any]:
        """The fields of a lease."""
        data: Mapping[str, Any] = self.cleaned_data
        rest = ("number", "starts_on", "ends_on", "rent", "administration", "payment_day", "use", "commission")
        co_renter = data["co_renter"]
        return {
            **{name: data[name] for name in rest},
            "unit_id": data["unit"].pk,
            "renter_id": data["renter"].pk,
            "co_renter_id": co_renter.pk if co_renter else None,
        }


def lease_initial(lease: Lease) -> dict[str, Any]:
    """A lease as the form shows it."""
    return {
        "number": lease.number, "unit": lease.unit.code, "renter": lease.renter.document,
        "co_renter": lease.co_renter.document if lease.co_renter else "", "starts_on": lease.starts_on, "ends_on": lease.ends_on,
        "rent": money.cop(lease.rent), "administration": money.cop(lease.administration), "payment_day": lease.payment_day,
        "use": lease.use, "commission": f"{lease.commission.normalize():f}".replace(".", ","),
    }  # fmt: skip


class EndForm(forms.Form):
    """When a lease ends."""

    on = DayField(label=_("Último día del contrato"))
