"""What an agency allows of those who pay it online: whether an invoice may be paid in parts, and the least that is taken; and
whether a client's credit goes to the next invoice by itself.

One row, or none for the default: invoices are paid whole, and staff apply credits. Reads and checks; money moves elsewhere.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from saas.lib.money import cop


class PaymentPolicy(models.Model):
    """The agency's choice, a single row (id 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    partial = models.BooleanField(gettext_lazy("recibir abonos"), default=False)
    minimum = models.DecimalField(gettext_lazy("abono mínimo"), max_digits=14, decimal_places=2, default=Decimal(50_000))
    use_credit = models.BooleanField(gettext_lazy("aplicar el saldo a favor a la próxima factura"), default=False)

    class Meta:
        verbose_name = gettext_lazy("política de pagos")
        verbose_name_plural = gettext_lazy("políticas de pagos")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="payment_policy_single"),
            models.CheckConstraint(condition=models.Q(minimum__gt=0), name="payment_policy_minimum"),
        ]


def current_policy() -> PaymentPolicy:
    """The agency's policy; the default where it chose none."""
    return PaymentPolicy.objects.first() or PaymentPolicy()


def save_policy(*, partial: bool, minimum: Decimal, use_credit: bool = False) -> PaymentPolicy:
    """Keep what the agency chose."""
    chosen = {"partial": partial, "minimum": minimum, "use_credit": use_credit}
    policy, _made = PaymentPolicy.objects.update_or_create(pk=1, defaults=chosen)
    return policy


def refusal(policy: PaymentPolicy, *, amount: Decimal, balance: Decimal) -> str:
    """Why `amount` (COP) is not taken for an invoice with that balance, for who pays; empty when it is.

    The whole balance is always taken, however small. A part is whole pesos, and not less than the agency's minimum.
    """
    shown = {"balance": cop(balance), "minimum": cop(policy.minimum)}
    if amount == balance:
        return ""
    if amount <= 0:
        return _("Escriba un valor mayor que cero.")
    if amount > balance:
        return _("El valor no puede pasar del saldo, que es %(balance)s.") % shown
    if not policy.partial:
        return _("La inmobiliaria no recibe abonos: se paga el saldo completo, %(balance)s.") % shown
    if amount < policy.minimum:
        return _("El abono mínimo es %(minimum)s. También puede pagar el saldo completo, %(balance)s.") % shown
    if amount != amount.to_integral_value():
        return _("Escriba el abono en pesos enteros, sin centavos.")
    return ""
