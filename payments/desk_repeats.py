"""A bank's reference that was used before (payments/repeats.py), in words, and the form's question whether this is really another one.

It asks and never refuses: a bank may give one reference to several transfers, and staff see the statement. Reads only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import repeats
from payments.models import Payment
from payments.payouts.paying import totals_of
from saas.lib.clock import short_date
from saas.lib.money import cop

if TYPE_CHECKING:
    _Form = forms.Form
else:
    _Form = object


def in_words(payment: Payment) -> str:
    """Which payment that is: its receipt, whose, how much, when."""
    receipt = getattr(payment, "receipt", None)
    words = {
        "what": _("el comprobante %(number)s") % {"number": receipt.full_number} if receipt else _("un pago"), "name": payment.client.name,
        "amount": cop(payment.amount), "day": short_date(payment.paid_on or payment.created_at),
    }  # fmt: skip
    return _("%(what)s, de %(name)s, por %(amount)s del %(day)s") % words


def received(reference: str, *, key: UUID | None = None, proof: int | None = None) -> str:
    """The money that came in under that reference, in words; empty if none did."""
    payment = repeats.payment_with(reference, key=key, proof=proof)
    return in_words(payment) if payment else ""


def paid_out(reference: str, *, order: int) -> str:
    """The payout that another order was paid by under that reference, in words; empty if none was."""
    other = repeats.order_with(reference, order=order)
    if other is None or other.paid_on is None:
        return ""
    words = {"what": other.reference, "name": other.owner.name, "amount": cop(totals_of([other])[other.pk]), "day": short_date(other.paid_on)}
    return _("%(what)s, de %(name)s, por %(amount)s del %(day)s") % words


class _AgainBox(forms.CheckboxInput):
    """A box, never ticked beforehand, that sends the reference it asks about."""

    def __init__(self, reference: str) -> None:
        super().__init__(check_test=lambda value: False)
        self.reference = reference

    def format_value(self, value: Any) -> str:
        return self.reference


class AgainField(forms.CharField):
    """Not there until a reference was used before: then a box to tick. It holds the reference that was confirmed, so that
    another one asks anew."""

    def __init__(self) -> None:
        label = gettext_lazy("Sí, es otro movimiento: use la misma referencia")
        super().__init__(label=label, required=False, max_length=80, widget=forms.HiddenInput)


class AsksAgain(_Form):
    """For a form with a reference and an AgainField `again`: asks once more before a reference is used again."""

    def ask_again(self, reference: str, other: str) -> None:
        """Ask, if `other` (in words) has the reference and nobody confirmed it yet."""
        if other and self.cleaned_data.get("again") != reference:
            self.fields["again"].widget = _AgainBox(reference)
            told = _("La referencia %(reference)s ya está en %(other)s. Si este es otro, márquelo y envíe de nuevo.")
            self.add_error("again", told % {"reference": reference, "other": other})
