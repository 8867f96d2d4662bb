"""The forms of money: who pays and how much, what to look at in a list, and an agency's PayU account and policy.

They validate with saas.lib and give back what it keeps. No form here saves anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from clientarea.models import Client, DocumentKind
from payments.accounts import PAYU, TRANSFER, AccountData
from payments.gateway import Credentials, Payer
from payments.models import InvoiceState, PaymentState
from payments.policy import PaymentPolicy, refusal
from saas.lib import clock, documents, money, phones
from saas.lib.filters import FilterForm
from saas.lib.form_fields import PesosField, PositivePesosField
from saas.lib.text import clean_name

WAYS = {PAYU: _("En línea con PayU: tarjeta, PSE o efectivo"), TRANSFER: _("Transferencia bancaria, con soporte")}
ALGORITHMS = [("MD5", "MD5"), ("SHA", "SHA-1"), ("SHA256", "SHA-256"), ("HMAC-SHA256", "HMAC-SHA256")]


class PayerForm(forms.Form):
    """*Registrar pago*: the data of who pays, as PayU wants them."""

    name = forms.CharField(
        label=_("Nombre de quien paga"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Correo"),
        max_length=254,
        help_text=_("PayU le escribe a este correo."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
    phone = forms.CharField(
        label=_("Teléfono"), max_length=30, widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"})
    )
    document_type = forms.ChoiceField(label=_("Tipo de documento"), choices=DocumentKind.choices)
    document = forms.CharField(
        label=_("Número de documento"), max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean_name(self) -> str:
        name = clean_name(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("Escriba el nombre de quien paga."))
        return name

    def clean_phone(self) -> str:
        try:
            return phones.normalise(self.cleaned_data["phone"])
        except phones.PhoneError as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, number = data.get("document_type"), data.get("document")
        if kind and number:
            try:
                data["document"] = documents.normalise_document(number, kind)
            except documents.DocumentError as error:
                self.add_error("document", str(error))
        return data

    def payer(self) -> Payer:
        """Who pays, from a valid form."""
        data = self.cleaned_data
        return Payer(
            full_name=data["name"],
            email=data["email"],
            phone=data["phone"].removeprefix(phones.COUNTRY),
            document_type=data["document_type"],
            document=data["document"],
        )


class RegisterPaymentForm(PayerForm):
    """*Registrar pago*: who pays; how much, where the agency takes parts of the one invoice; and, while another payment
    of it is under way, that this one is wanted all the same."""

    amount = PesosField(label=_("Valor a pagar"))
    anyway = forms.BooleanField(
        label=_("Entiendo que hay otro pago en curso y quiero pagar de todos modos"),
        error_messages={"required": _("Hay un pago en curso para esta factura. Marque la casilla solo si quiere pagar de todos modos.")},
    )
    chosen_way = forms.ChoiceField(label=_("Cómo quiere pagar"), widget=forms.RadioSelect(attrs={"class": "form-check-input"}))
    field_order = ["chosen_way", "amount"]

    def __init__(
        self, data: Any = None, *, balances: Sequence[Decimal], policy: PaymentPolicy, under_way: Any, initial: dict[str, Any] | None = None,
        ways: Sequence[str] = (PAYU,),
    ) -> None:  # fmt: skip
        self.balances, self.policy, self.ways = balances, policy, ways
        (first, *others) = balances
        parts = policy.partial and not others
        super().__init__(data, initial={**(initial or {}), "amount": money.cop(first)} if parts else initial)
        if parts:
            self.fields["amount"].help_text = _("Puede abonar desde %(minimum)s, o pagar el saldo completo.") % {
                "minimum": money.cop(min(policy.minimum, first))
            }
        else:
            del self.fields["amount"]
        if not under_way:
            del self.fields["anyway"]
        if len(ways) > 1:
            self.fields["chosen_way"].choices = [(way, WAYS[way]) for way in ways]  # type: ignore[attr-defined]
            self.initial.setdefault("chosen_way", ways[0])
        else:
            del self.fields["chosen_way"]

    def way(self) -> str:
        """The provider of the account to pay to, from a valid form."""
        return str(self.cleaned_data.get("chosen_way") or (self.ways[0] if self.ways else PAYU))

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if why := refusal(self.policy, amount=amount, balance=self.balances[0]):
            raise ValidationError(why)
        return amount

    def amounts(self) -> list[Decimal]:
        """COP for each invoice, in their order, from a valid form."""
        return [self.cleaned_data["amount"]] if "amount" in self.fields else list(self.balances)


def payer_initial(client: Client) -> dict[str, str]:
    """What `PayerForm` shows at first: the client's own data."""
    return {
        "name": client.name,
        "email": client.email,
        "phone": phones.pretty(client.mobile or client.landline),
        "document_type": client.document_type,
        "document": client.document,
    }


class StateAndYearFilter(FilterForm):
    """Filters of a list by state and by year, each where there is something to choose from."""

    state = forms.ChoiceField(label=_("Estado"), required=False)
    year = forms.ChoiceField(label=_("Año"), required=False)

    def __init__(self, data: Any, *, states: Iterable[tuple[str, Any]] = (), years: Iterable[int] = ()) -> None:
        super().__init__(data)
        states, years = list(states), list(years)
        self.fields["state"].choices = [("", _("Todos")), *states]  # type: ignore[attr-defined]
        self.fields["year"].choices = [("", _("Todos")), *[(str(year), str(year)) for year in years]]  # type: ignore[attr-defined]
        for name, wanted in (("state", states), ("year", years)):
            if not wanted:
                del self.fields[name]


SORTS = {
    "": (_("Más recientes"), ("-period", "-number")),
    "vence": (_("Vencen primero"), ("due_on", "number")),
    "valor": (_("Mayor valor"), ("-total", "-period", "-number")),
    "saldo": (_("Mayor saldo"), ("-balance_due", "-period", "-number")),
}


class InvoiceFilterForm(FilterForm):
    """Filters of a client's invoices, and their order."""

    not_filters = ("sort",)

    q = forms.CharField(
        label=_("Buscar"),
        required=False,
        max_length=80,
        strip=True,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Número, concepto o inmueble")}),
    )
    state = forms.ChoiceField(label=_("Estado"), required=False, choices=[("", _("Todos")), *InvoiceState.choices])
    lease = forms.ChoiceField(label=_("Contrato"), required=False)
    period = forms.ChoiceField(label=_("Periodo"), required=False)
    sort = forms.ChoiceField(label=_("Orden"), required=False, choices=[(key, label) for key, (label, _order) in SORTS.items()])

    def __init__(self, data: Any, *, leases: Iterable[tuple[int, str]], months: Iterable[date]) -> None:
        super().__init__(data)
        leases, months = list(leases), list(months)
        years = sorted({month.year for month in months}, reverse=True)
        of_year = [
            (str(year), [(str(year), _("Todo %(year)s") % {"year": year}), *[(f"{m:%Y-%m}", clock.month_name(m)) for m in months if m.year == year]])
            for year in years
        ]
        self.fields["lease"].choices = [("", _("Todos")), *[(str(pk), label) for pk, label in leases]]  # type: ignore[attr-defined]
        self.fields["period"].choices = [("", _("Todos")), *of_year]  # type: ignore[attr-defined]
        if len(leases) < 2:
            del self.fields["lease"]


PAYMENT_STATES = list(PaymentState.choices)


class AccountForm(forms.Form):
    """The agency's PayU account. Secrets go in and never come out: left empty, those that are kept stay."""

    merchant_id = forms.CharField(
        label=_("Id del comercio (merchantId)"),
        validators=[RegexValidator(r"^[0-9]{1,12}$", _("De 1 a 12 dígitos, como aparece en PayU."))],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    account_id = forms.CharField(
        label=_("Id de la cuenta (accountId)"),
        validators=[RegexValidator(r"^[0-9]{1,6}$", _("De 1 a 6 dígitos, como aparece en PayU."))],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    api_login = forms.CharField(
        label="API login", required=False, max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    api_key = forms.CharField(
        label="API key", required=False, max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    hmac_secret = forms.CharField(
        label=_("Clave secreta HMAC"),
        required=False,
        max_length=200,
        help_text=_("Solo si firma con HMAC-SHA256."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    algorithm = forms.ChoiceField(label=_("Algoritmo de firma"), choices=ALGORITHMS)
    test = forms.BooleanField(
        label=_("Modo de pruebas"),
        required=False,
        help_text=_("Mientras esté marcado, los pagos no mueven dinero."),
    )

    def __init__(self, *args: Any, kept: Credentials | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept
        if kept is not None:
            for name in ("api_login", "api_key", "hmac_secret"):
                if getattr(kept, name):
                    self.fields[name].help_text = _("Ya está guardada. Déjela vacía para conservarla.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # Another merchant has other keys: the ones we keep are no use to it.
        same = self.kept is not None and self.kept.merchant_id == data.get("merchant_id")
        for name in ("api_login", "api_key", "hmac_secret"):
            if same and not data.get(name):
                data[name] = getattr(self.kept, name)
        for name in ("api_login", "api_key"):
            if not data.get(name):
                self.add_error(name, _("Escríbala como aparece en PayU."))
        if data.get("algorithm") == "HMAC-SHA256" and not data.get("hmac_secret"):
            self.add_error("hmac_secret", _("Con HMAC-SHA256 hace falta la clave secreta."))
        return data

    def account(self) -> AccountData:
        """The account, from a valid form."""
        return AccountData(**self.cleaned_data)


class PolicyForm(forms.Form):
    """Whether clients may pay a part of an invoice online, and whether their credits are applied by themselves."""

    partial = forms.BooleanField(
        label=_("Recibir abonos"), required=False, help_text=_("Sus clientes podrán pagar una parte de una factura en línea.")
    )
    minimum = PositivePesosField(label=_("Abono mínimo"), help_text=_("El saldo completo se puede pagar siempre."))
    use_credit = forms.BooleanField(
        label=_("Aplicar el saldo a favor a la próxima factura"), required=False,
        help_text=_("Al expedir una factura de arrendamiento se le aplica el saldo a favor de su cliente. Sin esto lo aplica su equipo."),
    )  # fmt: skip
